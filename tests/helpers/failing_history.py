"""A history in which something begins to fail."""

from __future__ import annotations

from scanner.model.controls import Role
from tests.helpers.nights import Nights, library_of, night
from tests.helpers.small_library import make_check, make_control

KEY = ("a", "eu-west-1", "bucket")
LIBRARY = library_of(make_control(("a", Role.EVIDENCES)), checks=(make_check("a"),))


def failing() -> Nights:
    return states("pass", "fail")


def states(*verdicts: str) -> Nights:
    history = Nights()
    for number, verdict in enumerate(verdicts):
        history.commit(night(number), {KEY: verdict})
    return history
