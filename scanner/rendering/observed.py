"""Writes values that decided a finding for people: `http_tokens = optional, wanted required`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scanner.model.findings import Finding, Observation
from scanner.model.values import NO_VALUE, Absent, Wanted
from scanner.rendering.sanitize import sanitized, shortened, shortened_text

_OWN: Final = ("self.", "size(self.")
_EMPTY: Final[tuple[object, ...]] = ("", [], {})


def observed_values(finding: Finding) -> tuple[str, ...]:
    """The resource's own values that decided, each once.

    Values of parameters are part of what was wanted; literals of the condition and the clock are
    left out.
    """
    texts = [observed_text(item) for item in _own(finding)]
    return tuple(dict.fromkeys(texts))


def unmet_value(finding: Finding) -> str:
    """The first value of which is known what was wanted; empty where there is none."""
    for item in _own(finding):
        if item.wanted and not _says_itself(item.value):
            return observed_text(item)
    return ""


def _own(finding: Finding) -> Iterator[Observation]:
    for item in finding.observed:
        if item.path.startswith(_OWN):
            yield item


def observed_text(item: Observation) -> str:
    """A value with its name, and what the condition wanted it to be."""
    name = sanitized(item.label or item.path).replace("self.", "")
    text = f"{name} = {_plain(item.value)}"
    if not item.wanted or _says_itself(item.value):
        return text
    return f"{text}, wanted {' or '.join(_wanted(one) for one in item.wanted)}"


def _says_itself(value: object) -> bool:
    # Of a flag, and of something that is not there, it is the opposite that was wanted.
    return isinstance(value, bool | Absent) or value in _EMPTY


def _wanted(wanted: Wanted) -> str:
    if wanted.value is NO_VALUE:
        return wanted.words
    value = wanted.value
    if isinstance(value, list) and value:
        items = ", ".join(_plain(item) for item in value)
        return wanted.words.replace("{}", shortened_text(items))
    return wanted.words.replace("{}", _plain(value))


def _plain(value: object) -> str:
    """A value without the quotes of JSON, where it can stand without them."""
    if value in _EMPTY:
        return "empty"
    if isinstance(value, str):
        return shortened_text(value)
    return shortened(value)
