"""Holds raw answers to the values that a provider's model knows: another value is unread.

A condition such as `status != 'DISABLED'` would take a value that nobody has thought of for a
good one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from scanner.core.reading.read_scope import Bindings
from scanner.model.kinds import Enumeration
from scanner.model.values import OpenList, Unreadable

_LONGEST: Final = 60
"""Characters of an unknown value that a reason repeats."""


def with_known_values(enumerations: Iterable[Enumeration], bindings: Bindings) -> Bindings:
    """The bindings, with every value that an enumeration does not know replaced by `Unreadable`.

    Answers are shared by kinds and resources: what is changed is copied first.
    """
    held = bindings
    for enumeration in enumerations:
        root, *steps = enumeration.path
        if root not in held or enumeration.open:
            continue
        value = _held(held[root], steps, enumeration)
        if value is not held[root]:
            held = {**held, root: value}
    return held


def _held(value: Any, steps: list[str], enumeration: Enumeration) -> Any:
    """The value with what lies at the steps held to the enumeration; itself if nothing changed."""
    if not steps and isinstance(value, str):
        return _known(value, enumeration)
    if steps and isinstance(value, list) and steps[0] == "[]":
        return _held_items(value, steps[1:], enumeration)
    if steps and isinstance(value, Mapping) and steps[0] != "[]":
        return _held_member(value, steps, enumeration)
    return value


def _held_member(
    value: Mapping[str, Any], steps: list[str], enumeration: Enumeration
) -> Mapping[str, Any]:
    step, rest = steps[0], steps[1:]
    if step == "*":
        changed = {key: _held(inner, rest, enumeration) for key, inner in value.items()}
    elif step in value:
        changed = {step: _held(value[step], rest, enumeration)}
    else:
        return value
    if all(inner is value[key] for key, inner in changed.items()):
        return value
    return {**value, **changed}


def _held_items(value: list[Any], steps: list[str], enumeration: Enumeration) -> list[Any]:
    items = [_held(item, steps, enumeration) for item in value]
    if all(item is given for item, given in zip(items, value, strict=True)):
        return value
    if isinstance(value, OpenList):
        # Cut off before, cut off after: a plain list would claim to be whole.
        return OpenList(items, value.reason, value.gaps)
    return items


def _known(value: str, enumeration: Enumeration) -> str | Unreadable:
    """The value in the model's spelling; Unreadable where the model has no such value."""
    if value in enumeration.known:
        return value
    flags = re.IGNORECASE if enumeration.any_case else 0
    if enumeration.pattern and re.fullmatch(enumeration.pattern, value, flags):
        return value
    if enumeration.any_case:
        for known in enumeration.known:
            if known.casefold() == value.casefold():
                return known
    shown = value if len(value) <= _LONGEST else value[:_LONGEST] + "…"
    return Unreadable(f"{enumeration.shown} has a value that tscan does not know: {shown!r}")
