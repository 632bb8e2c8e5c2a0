"""Parameters: defaults, what is unset, and what is looser than documented."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from scanner.core.judging.parameters import loosened, resolve_params
from scanner.model.checks import Parameter
from scanner.model.values import Unreadable


def parameter(
    default: Any = None, stricter: str = "", *, has_default: bool = True
) -> dict[str, Parameter]:
    return {
        "p": Parameter(
            name="p",
            meaning="",
            type="int",
            default=default,
            has_default=has_default,
            stricter=stricter,
        )
    }


def test_values() -> None:
    assert resolve_params(parameter(90), {}) == {"p": 90}
    assert resolve_params(parameter(90), {"p": 30, "unknown": 1}) == {"p": 30}
    assert resolve_params(parameter(has_default=False), {"p": False}) == {"p": False}
    unset = resolve_params(parameter(has_default=False), {})["p"]
    assert isinstance(unset, Unreadable)
    assert unset.reason == "params.p is not set"


@pytest.mark.parametrize(
    ("default", "stricter", "value", "looser"),
    [
        (90, "lower", 91, True), (90, "lower", 90, False), (90, "lower", 30, False), (90, "lower", 90.5, True),
        (14, "higher", 13, True), (14, "higher", 14, False), (14, "higher", 20, False), (14, "", 1, False),
        (14, "higher", True, True), (14, "higher", "15", True), (14, "higher", float("nan"), True),
        ([22, 80], "subset", [22], False), ([22, 80], "subset", [], False), ([22, 80], "subset", [22, 443], True),
        ([22, 80], "subset", 22, True), ([22, 80], "subset", "22", True),
        (timedelta(days=7), "lower", timedelta(days=8), True), (timedelta(days=7), "lower", timedelta(days=6), False),
        (True, "higher", False, True), (True, "higher", True, False), ("a", "lower", None, True),
    ],
)  # fmt: skip
def test_loosened(default: Any, stricter: str, value: Any, looser: bool) -> None:
    assert loosened(parameter(default, stricter), {"p": value, "unknown": 1}) == (
        ("p",) if looser else ()
    )


def test_without_a_default_nothing_is_looser() -> None:
    assert loosened(parameter(stricter="lower", has_default=False), {"p": 1}) == ()
