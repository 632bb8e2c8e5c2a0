"""Plurals, and the names that are suggested for an unknown one."""

from __future__ import annotations

import pytest

from scanner.words import amount, closest, did_you_mean, nearest, plural

MANY = [f"aws-kind{number:02}-thing-is-on" for number in range(20)]


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 findings"), (1, "1 finding"), (2, "2 findings")]
)
def test_a_noun_follows_its_number(count: int, text: str) -> None:
    assert plural(count, "finding") == text


def test_a_noun_with_a_plural_of_its_own() -> None:
    assert plural(1, "entry", "entries") == "1 entry"
    assert plural(3, "entry", "entries") == "3 entries"


def test_a_misspelled_name_has_one_suggestion() -> None:
    assert did_you_mean("encrption", ["encryption", "name"]) == "did you mean 'encryption'?"
    assert closest("encrption", ["encryption", "name"]) == "encryption"


def test_a_few_names_are_all_listed() -> None:
    assert did_you_mean("zzz", ["b", "a"]) == "known: a, b"
    assert closest("zzz", ["b", "a"]) == ""


def test_of_many_names_the_nearest_are_listed_and_not_the_first() -> None:
    names = [*MANY, "zz-root-user-has-mfa", "zz-users-with-password-have-mfa"]
    assert did_you_mean("mfa", names) == (
        "nearest of 22: zz-root-user-has-mfa, zz-users-with-password-have-mfa,"
        " aws-kind00-thing-is-on"
    )


def test_a_word_in_common_is_nearer_than_letters_in_common() -> None:
    names = ["amf-afm-fma", "iam-mfa-enabled-for-every-user-with-a-password"]
    assert nearest("MFA", names, 1) == ["iam-mfa-enabled-for-every-user-with-a-password"]


def test_where_nothing_is_known_there_is_no_hint() -> None:
    assert did_you_mean("anything", []) == ""


def test_the_case_of_letters_does_not_matter() -> None:
    assert did_you_mean("cc6.1x", ["CC6.1", "P6.1"]) == "did you mean 'CC6.1'?"
    assert closest("ENCRPTION", ["encryption", "name"]) == "encryption"


@pytest.mark.parametrize(
    ("number", "text"),
    [(1.0, "1 day"), (1.04, "1 day"), (22.0, "22 days"), (1.9, "1.9 days"), (0.0, "0 days")],
)
def test_an_amount_has_no_tenth_where_there_is_none(number: float, text: str) -> None:
    assert amount(number, "day") == text
