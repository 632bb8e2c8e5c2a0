"""What decided, and what was wanted: only what a condition says of a value by itself."""

from __future__ import annotations

import pytest

from scanner.language.constraints import constraints
from scanner.language.program import compile_expression
from scanner.language.types import BOOL, INT, STRING, Field, ListType, RecordType
from scanner.model.checks import Severity
from scanner.model.findings import Finding, Observation, ResourceRef, Verdict
from scanner.model.values import ABSENT, OpenList
from scanner.rendering.fix_steps import fix_steps
from scanner.rendering.observed import observed_values

NAMES = {
    "self": RecordType(
        "thing",
        {
            "tokens": Field(STRING),
            "days": Field(INT),
            "on": Field(BOOL),
            "public": Field(BOOL),
            "items": Field(ListType(STRING)),
        },
    ),
    "params": RecordType("params", {"days": Field(INT)}),
}


def shown(condition: str, *observed: tuple[str, object], verdict: Verdict = Verdict.FAIL) -> str:
    found = Finding(
        check="c",
        verdict=verdict,
        severity=Severity.LOW,
        resource=ResourceRef(kind="k", id="i", name="n", target="aws:1", region=""),
        observed=tuple(Observation(path, value) for path, value in observed),
    )
    return "; ".join(observed_values(found, compile_expression(condition, NAMES)))


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        ("self.tokens == 'required'", "optional", "tokens = optional, wanted required"),
        ("'required' == self.tokens", "optional", "tokens = optional, wanted required"),
        ("!(self.tokens != 'required')", "optional", "tokens = optional, wanted required"),
        ("self.tokens != 'off'", "off", "tokens = off, wanted anything but off"),
        ("self.tokens != ''", "", 'tokens = "", wanted a value'),
        ("self.tokens in ['a', 'b']", "c", "tokens = c, wanted a or b"),
        ("self.tokens in ['a', 'b', 'c', 'd']", "e", "tokens = e"),
        ("!(self.tokens in ['a'])", "a", "tokens = a"),
        ("self.tokens == 'a' || self.on", "c", "tokens = c"),
        ("!(self.tokens != 'a' || self.on)", "c", "tokens = c, wanted a"),
        ("self.tokens == 'a' && self.on", "c", "tokens = c, wanted a"),
        ("self.tokens + 'b' == 'a'", "c", "tokens = c"),
        ("self.tokens == 'a'", ABSENT, "tokens = absent, wanted a"),
    ],
)
def test_a_text(condition: str, value: object, expected: str) -> None:
    assert shown(condition, ("self.tokens", value)) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("self.days >= 7", "days = 5, wanted at least 7"),
        ("7 <= self.days", "days = 5, wanted at least 7"),
        ("self.days > 7", "days = 5, wanted more than 7"),
        ("self.days < 5", "days = 5, wanted less than 5"),
        ("self.days <= 3", "days = 5, wanted at most 3"),
        ("self.days <= -3", "days = 5, wanted at most -3"),
        ("!(self.days > 3)", "days = 5, wanted at most 3"),
        ("self.days > 0 && self.days <= 3", "days = 5, wanted at most 3"),
        ("self.days + 1 <= 3", "days = 5"),
    ],
)
def test_a_number(condition: str, expected: str) -> None:
    assert shown(condition, ("self.days", 5)) == expected


def test_a_parameter_is_the_value_that_was_compared() -> None:
    condition = "self.days >= params.days"
    observed = (("self.days", 5), ("params.days", 30))
    assert shown(condition, *observed) == "days = 5, wanted at least 30"
    # Not observed, not known: a default could have been changed.
    assert shown(condition, ("self.days", 5)) == "days = 5"


@pytest.mark.parametrize(
    ("condition", "path", "value", "expected"),
    [
        ("self.on", "self.on", False, "on = false, wanted true"),
        ("!self.public", "self.public", True, "public = true, wanted false"),
        ("size(self.items) > 0", "self.items", [], "items = none, wanted at least 1"),
        ("size(self.items) == 0", "self.items", ["a"], "items = a, wanted none"),
        ("size(self.items) == 0", "size(self.items)", 30, "items = 30 items, wanted none"),
        ("size(self.items) < 2", "self.items", ["a", "b"], "items = a, b, wanted less than 2"),
    ],
)
def test_switches_and_lists(condition: str, path: str, value: object, expected: str) -> None:
    assert shown(condition, (path, value)) == expected


def test_nothing_is_wanted_of_what_is_not_known() -> None:
    observed = ("self.on", False)
    assert shown("self.on", observed, verdict=Verdict.UNKNOWN) == "on = false"
    open_list = ("self.items", OpenList(["a"], "cut off"))
    assert "cut off" in shown("size(self.items) > 2", open_list, verdict=Verdict.UNKNOWN)


def test_neither_an_index_nor_a_literal_nor_the_clock_is_shown() -> None:
    text = shown(
        "self.items.all(item, item == 'a')",
        ("self.rules[3].from", 22),
        ("self.rules[7].from", 3389),
        ("self.rules[9].from", 22),
        ("['CreateRole', 'DeleteRole'][0]", "CreateRole"),
        ("now", "2026-01-01"),
        ("params.admin_ports[0]", 22),
    )
    assert text == "rules.from = 22, 3389"


def test_a_name_from_a_cloud_does_not_act() -> None:
    assert shown("self.on", ("self.tokens", "a\x1b[2J")) == "tokens = a\\x1b[2J"


def test_a_parameter_of_a_constraint_is_named() -> None:
    (found,) = constraints(compile_expression("self.days >= params.days", NAMES))
    assert (found.path, found.operator, found.parameter) == ("self.days", ">=", "params.days")


def test_a_fix_is_split_where_a_command_begins_and_ends() -> None:
    fix = (
        "Turn it on.\nConsole: Open the page.\nCLI: aws s3api put-thing --bucket NAME\n--option a=b\n"
        "Terraform: a_resource with x. CLI: aws kms\n\nThen read it again.\n"
    )
    assert fix_steps(fix) == (
        "Turn it on.",
        "Console: Open the page.",
        "CLI: aws s3api put-thing --bucket NAME --option a=b",
        "Terraform: a_resource with x.",
        "CLI: aws kms",
        "Then read it again.",
    )
