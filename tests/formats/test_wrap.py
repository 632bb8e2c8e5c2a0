"""Lines folded for a terminal: under what they belong to, with no name cut."""

from __future__ import annotations

import pytest

from scanner.rendering.wrap import wrapped


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("short\n", "short\n"),
        ("\n", "\n"),
        ("", ""),
        ("one two three four five six\n", "one two three four\n  five six\n"),
        (
            "  grace     a correction takes two days\n",
            "  grace     a\n  correction takes\n  two days\n",
        ),
        ("  why  it is so and not otherwise\n", "  why  it is so and\n       not otherwise\n"),
        (
            "    a-name-that-is-longer-than-it-may-be here\n",
            "    a-name-that-is-longer-than-it-may-be\n      here\n",
        ),
    ],
)
def test_what_goes_on_stands_below_its_beginning(text: str, said: str) -> None:
    assert wrapped(text, 20) == said
