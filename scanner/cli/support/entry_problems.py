"""Names the option behind a mistake in an entry that is not written: the file has no such line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from scanner.errors import ContentError, Problem, TscanError

_ARGUMENTS: Final = frozenset({"control", "finding", "gap"})
"""Keys that come of an argument, whose messages name it by themselves."""
_DAY: Final = "write the day as YYYY-MM-DD"
_HINTS: Final[Mapping[str, str]] = {
    "approver": "name the person who approves by e-mail address, such as cto@example.com",
    "by": "name the person who states it by e-mail address, such as security@example.com",
    "covers": _DAY,
    "expires": _DAY,
    "id": "leave it out: the next W-… number is used",
    "reason": "write in one sentence why it is accepted",
    "statement": "write in one sentence what is stated",
    "valid_until": _DAY,
}
"""By key, for a rule of the schema, which gives no hint of its own."""


def named_by_option(error: ContentError, first: int, lines: Iterable[str]) -> TscanError:
    """The error by options, for an entry whose `lines` would begin on line `first` of the file.

    The error itself where a mistake is elsewhere in the file: it has its place there.
    """
    keys = _keys(first, lines)
    if any(problem.line not in keys for problem in error.problems):
        return error
    texts = [_by_option(problem, keys[problem.line]) for problem in error.problems]
    return TscanError("\n".join(texts))


def _keys(first: int, lines: Iterable[str]) -> Mapping[int, str]:
    """The top key that each line of an entry belongs to."""
    found: dict[int, str] = {}
    key = ""
    for number, line in enumerate(lines, start=first):
        # A nested key belongs to that above it.
        if line[:1].isalpha():
            key = line.partition(":")[0]
        found[number] = key
    return found


def _by_option(problem: Problem, key: str) -> str:
    option = _option(key)
    message = problem.message.replace(f"'{key}'", option)
    if key not in _ARGUMENTS and option not in message:
        message = f"{option}: {message}"
    hint = problem.hint or _HINTS.get(key, "")
    hint = hint.replace("in 'compensating'", "with --compensating")
    if hint:
        return f"{message}\n  hint: {hint}"
    return message


def _option(key: str) -> str:
    return "--" + key.replace("_", "-")
