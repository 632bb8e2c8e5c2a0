"""Patterns agree with Python's `re` on the shared subset, in linear time."""

from __future__ import annotations

import random
import re
import time

import pytest

from scanner.language import STRING, compile_expression
from scanner.language.patterns import PatternError, matcher
from scanner.model.values import Unreadable

_ATOMS = ("a", "b", "c", ".", "[ab]", "[^a]", r"\d", r"\w", "0", r"\W", "[a-c0]", r"\.", r"[\d.]")
_REPEATS = ("*", "+", "?", "{1,2}", "{2}", "{0,3}", "{1,}", "*?")


def _pattern(rng: random.Random, depth: int) -> str:
    choice = rng.random()
    if depth == 0 or choice < 0.35:
        return rng.choice(_ATOMS)
    inner = _pattern(rng, depth - 1)
    if choice < 0.6:
        return inner + _pattern(rng, depth - 1)
    if choice < 0.7:
        return f"(?:{inner}|{_pattern(rng, depth - 1)})"
    if choice < 0.9:
        return f"({inner}){rng.choice(_REPEATS)}"
    return rng.choice(("^", "(^|b)", "")) + inner + rng.choice(("", "$", "(b|$)"))


def test_against_re() -> None:
    rng = random.Random(5)
    for _ in range(1_500):
        pattern = _pattern(rng, 4)
        reference = re.compile(pattern.replace("$", r"\Z"), re.ASCII)
        for _ in range(5):
            text = "".join(rng.choice("abc01\n.é😀") for _ in range(rng.randrange(9)))
            expected = reference.search(text) is not None
            assert matcher(pattern)(text) is expected, (pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a$", "a\n", False),
        ("^$", "", True),
        ("(?:)", "", True),
        ("", "x", True),
        (r"^\s$", "\v", False),
        (r"^\s$", "\f", True),
        (r"\d", "٣", False),
        (r"[^\x00-\x7f]", "é", True),
        ("x{0}y", "y", True),
        ("[]a]", "]", True),
        ("[a-]", "-", True),
        (r"[\]]", "]", True),
        ("a|", "b", True),
    ],
)
def test_special_cases(pattern: str, text: str, expected: bool) -> None:
    assert matcher(pattern)(text) is expected


@pytest.mark.parametrize(
    ("pattern", "offset"),
    [
        ("a(?=b)", 1),
        ("(?i)a", 0),
        (r"(a)\1", 3),
        ("a**", 1),
        ("*a", 0),
        ("(a", 2),
        ("a)", 1),
        ("[a", 2),
        ("[z-a]", 1),
        ("a{2,1}", 1),
        ("a{1000}", 1),
        ("a{x}", 1),
        ("(a{200}){200}", 2),
        (r"\bword", 0),
        (r"\pL", 0),
        ("[[:alpha:]]", 1),
        ("^*", 1),
        ("a$+", 2),
        ("a{2}{3}", 1),
        ("(|*)", 2),
        (r"[\d-z]", 3),
        (r"[a-\d]", 5),
        (r"\_", 0),
        (r"\x4", 2),
        ("(?P<n>a)", 0),
        (r"\Qa\E", 0),
        ("a{,3}", 1),
        ("[^]", 3),
        ("\\", 1),
    ],
)
def test_refused(pattern: str, offset: int) -> None:
    with pytest.raises(PatternError) as caught:
        matcher(pattern)
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    "pattern",
    ["(a*)*b", "(a|a)*b", "(a|aa)+$", "a*a*a*a*a*b", "^(a?){50}a{50}b", "(.*)(.*)(.*)x", "a+b"],
)
def test_linear_time(pattern: str) -> None:
    started = time.process_time()
    assert matcher(pattern)("a" * 100_000 + "c") is False
    assert time.process_time() - started < 2


def test_a_pattern_that_outgrows_its_memory_still_matches() -> None:
    # RE2 then discards states, or runs its slower engine; `re2.Set` would report that nothing
    # matched.
    search = matcher("(a|b)*a(a|b){12}c")
    rng = random.Random(3)
    text = "".join(rng.choice("ab") for _ in range(20_000))
    assert search(text) is False
    assert search(text + "a" * 13 + "c") is True


def test_a_pattern_too_large_for_its_memory_is_refused() -> None:
    assert matcher("[^a]{200}" * 4)("b" * 800) is True
    with pytest.raises(PatternError, match="pattern too large"):
        matcher("[^a]{200}" * 40)
    with pytest.raises(PatternError, match="longer than 1000 characters"):
        matcher("a" * 1_001)


def test_nested_groups_have_a_limit() -> None:
    assert matcher("(" * 30 + "a" + ")" * 30)("a") is True
    with pytest.raises(PatternError, match="nested too deeply"):
        matcher("(" * 31 + "a" + ")" * 31)


def test_text_that_is_not_unicode_is_unread() -> None:
    program = compile_expression("self.matches('^a')", {"self": STRING})
    for outcome in (
        program.evaluate({"self": "a\ud800"}),
        program.evaluate_slowly({"self": "a\ud800"}),
    ):
        assert isinstance(outcome, Unreadable)
        assert "surrogates not allowed" in outcome.reason
    with pytest.raises(PatternError):
        matcher("a\ud800")
