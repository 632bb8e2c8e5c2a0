"""The list of parameters: what is set, what waits, which way is stricter."""

from __future__ import annotations

from scanner.reports.parameters import ParameterList, ParameterRow, as_text, parameter_list
from tests.helpers.library import shipped_library

SET = {
    ("access_key_max_age_days", ""): 400,
    ("admin_ports", "aws:audit"): [22],
    ("approved_administrators", ""): ["arn:aws:iam::111122223333:role/admin"],
}


def row(parameters: ParameterList, name: str) -> ParameterRow:
    (found,) = [one for one in parameters.parameters if one.name == name]
    return found


def test_every_parameter_is_listed_with_what_reads_it() -> None:
    library = shipped_library()
    parameters = parameter_list(library, {})
    assert [one.name for one in parameters.parameters] == sorted(library.parameters)
    age = row(parameters, "access_key_max_age_days")
    assert "aws-iam-access-key-rotated-90d" in age.checks
    assert (age.default, age.stricter, age.settings) == (90, "lower", ())


def test_those_without_a_value_come_first() -> None:
    library = shipped_library()
    unset = parameter_list(library, {})
    assert row(unset, "approved_administrators").waiting
    assert row(unset, "approved_administrators").controls == ("ACC-08",)
    text = as_text(unset)
    assert text.index("  approved_administrators (") < text.index("\nParameters\n")
    chosen = parameter_list(library, SET)
    assert not row(chosen, "approved_administrators").waiting
    after = as_text(chosen)
    assert after.index("  approved_administrators: ") > after.index("\nParameters\n")


def test_a_value_that_is_looser_than_the_default_is_named() -> None:
    text = as_text(parameter_list(shipped_library(), SET))
    assert "set to 400 (looser than the default); lower is stricter" in text
    assert "set to [22] for aws:audit" in text
    assert "set to 30;" in as_text(
        parameter_list(shipped_library(), {("access_key_max_age_days", ""): 30})
    )
