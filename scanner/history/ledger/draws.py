"""Records every sample that was drawn, so that a draw repeated with another seed shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any, Final

from scanner.errors import TscanError
from scanner.history.stores import Store
from scanner.model.answers import canonical
from scanner.model.period import Draw

FOLDER: Final = "draws"
"""The folder of the store that holds draws."""
_MEMBERS: Final = {field.name for field in fields(Draw)}
_NUMBERS: Final = ("number", "size")
_MAX_ATTEMPTS: Final = 100


def record_draw(store: Store, draw: Draw) -> tuple[Draw, ...]:
    """Record a draw, and return all draws of its control and period, in order.

    The same seed and size again is the same sample, and adds nothing.
    """
    for _ in range(_MAX_ATTEMPTS):
        earlier = draws_of(store, draw.control, draw.start, draw.end)
        if any(_is_same(one, draw) for one in earlier):
            return earlier
        previous = ""
        if earlier:
            previous = _digest(earlier[-1])
        new = replace(draw, number=len(earlier) + 1, previous_sha256=previous)
        # Another process may have drawn at the same moment: then this one is the next.
        if store.put_new(_key(new), _content(new)):
            return (*earlier, new)
    raise TscanError(
        f"{store.name}: others drew samples {_MAX_ATTEMPTS} times meanwhile", "draw again"
    )


def draws_of(store: Store, control: str, start: str, end: str) -> tuple[Draw, ...]:
    """The draws of one control and period; TscanError where one is missing or damaged."""
    found = _read(store, f"{FOLDER}/{_series(control, start, end)}/")
    return tuple(found)


def all_draws(store: Store) -> tuple[Draw, ...]:
    """Every draw, by control, period and number; errors as in `draws_of`."""
    return tuple(_read(store, f"{FOLDER}/"))


def _is_same(one: Draw, other: Draw) -> bool:
    return (one.seed, one.size, one.population_sha256) == (
        other.seed,
        other.size,
        other.population_sha256,
    )


def _series(control: str, start: str, end: str) -> str:
    return f"{control}-{start[:10]}-{end[:10]}"


def _key(draw: Draw) -> str:
    return f"{FOLDER}/{_series(draw.control, draw.start, draw.end)}/{draw.number:06d}.json"


def _content(draw: Draw) -> bytes:
    members = {name: getattr(draw, name) for name in _MEMBERS}
    return canonical(members).encode() + b"\n"


def _digest(draw: Draw) -> str:
    return hashlib.sha256(_content(draw)).hexdigest()


def _read(store: Store, folder: str) -> Iterator[Draw]:
    """The draws in a folder, each compared with its place and with the one before it."""
    before: Draw | None = None
    for entry in store.list(folder):
        draw = _parsed(store, entry.key)
        if before is not None and _series_of(before) != _series_of(draw):
            before = None
        number, previous = 1, ""
        if before is not None:
            number, previous = before.number + 1, _digest(before)
        # Whoever can write the store could remove the draw that they did not like.
        if (draw.number, draw.previous_sha256) != (number, previous) or entry.key != _key(draw):
            raise _damaged(store, entry.key, "a draw before it is missing or was changed")
        yield draw
        before = draw


def _series_of(draw: Draw) -> str:
    return _series(draw.control, draw.start, draw.end)


def _parsed(store: Store, key: str) -> Draw:
    content = store.get(key) or b""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise _damaged(store, key, "it is not JSON") from None
    if not isinstance(value, dict) or value.keys() != _MEMBERS:
        raise _damaged(store, key, "it lacks members of a draw or has others")
    if not all(_is_well_typed(name, member) for name, member in value.items()):
        raise _damaged(store, key, "a member has the wrong type")
    draw = Draw(**{**value, "items": tuple(value["items"])})
    if _content(draw) != content:
        raise _damaged(store, key, "it is not in canonical form")
    return draw


def _is_well_typed(name: str, member: Any) -> bool:
    if name == "items":
        return isinstance(member, list) and all(isinstance(one, str) for one in member)
    return type(member) is (int if name in _NUMBERS else str)


def _damaged(store: Store, key: str, why: str) -> TscanError:
    return TscanError(f"{store.name}/{key} is damaged: {why}", "restore it from a backup")
