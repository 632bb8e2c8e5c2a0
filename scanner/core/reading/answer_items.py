"""Finds the items of an answer at a dotted path, and leaves lists open where a page is missing.

`Reservations[].Instances` goes into each element of a list, `items{}.instances` into each value of
a mapping.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from scanner.model.values import ABSENT, OpenList, RawValue, Unreadable
from scanner.words import described

Items = list[RawValue] | Unreadable
"""The items of an answer, or why they are not known; a list may be an `OpenList`."""

_NESTING: Final = re.compile(r"(\[\]|\{\})(?:\.|$)")


@dataclass(frozen=True, slots=True)
class OpenMapping(Unreadable):
    """The part of a mapping that was read; more keys may exist, so that it is no value itself."""

    known: Mapping[str, RawValue] = field(default_factory=dict)


# -- answers that were cut off --------------------------------------------------------------------


def paged_part(path: str) -> str:
    """The part of an items path that pages add to: its first list, or first mapping of lists."""
    before_mapping, mapping_sign, _ = path.partition("{}")
    before_list, list_sign, _ = before_mapping.partition("[]")
    if list_sign:
        return before_list
    return before_mapping + mapping_sign


def with_open_lists(
    data: RawValue,
    paths: tuple[str, ...],
    rest: Unreadable,
) -> RawValue:
    """The data of a cut-off answer with its paged lists open; other members stay as they are.

    `rest` says why later pages were not read.
    """
    if not paths or not isinstance(data, dict):
        return rest
    opened = dict(data)
    for path in paths:
        step, _, below = paged_part(path).partition(".")
        member = step.removesuffix("{}")
        # A missing member may stand on a page that was not read: it is open, not absent.
        if below:
            found = opened.get(member, {})
            opened[member] = with_open_lists(found, (below,), rest)
        elif step.endswith("{}"):
            found = opened.get(member, {})
            opened[member] = _open_mapping(found, rest)
        else:
            found = opened.get(member, [])
            opened[member] = _open_list(found, rest)
    return opened


def _open_mapping(found: RawValue, rest: Unreadable) -> Unreadable:
    if not isinstance(found, dict):
        return rest
    return OpenMapping(rest.reason, gaps=rest.gaps, known=found)


def _open_list(found: RawValue, rest: Unreadable) -> RawValue:
    if not isinstance(found, list):
        return rest
    return OpenList(found, rest.reason, rest.gaps)


# -- items ----------------------------------------------------------------------------------------


def items_at(
    data: RawValue,
    path: str,
    *,
    leaves_out: bool = False,
) -> Items:
    """The items at a dotted path; `Unreadable` where there is no list.

    `leaves_out`: the provider leaves out a list that is empty, so that none is no item. Elsewhere a
    list that is missing is one that was not read.
    """
    if data is ABSENT:
        return []
    if isinstance(data, Unreadable):
        return data
    nesting = _NESTING.search(path)
    if nesting is None:
        return _list_at(data, path, path, leaves_out)
    head = path[: nesting.start()]
    tail = path[nesting.end() :]
    if nesting[1] == "{}":
        elements = _mapping_values(data, head, path, leaves_out)
        if isinstance(elements, list) and {} in elements:
            # A part of a cloud that holds nothing has a warning in place of its list.
            return Unreadable(f"{path}: the response has a part without anything in it")
    else:
        elements = _list_at(data, head, path, leaves_out)
    if isinstance(elements, Unreadable) or not tail:
        return elements
    return _concatenated(elements, tail, leaves_out)


def _list_at(
    data: RawValue,
    head: str,
    path: str,
    leaves_out: bool,
) -> Items:
    found = _member(data, head, path, leaves_out)
    if found is ABSENT:
        return []
    if isinstance(found, list | Unreadable):
        return found
    return _unexpected(path, "a list", found)


def _mapping_values(
    data: RawValue,
    head: str,
    path: str,
    leaves_out: bool,
) -> Items:
    """The values of a mapping in the order of its keys, whatever order the provider chose."""
    found = _member(data, head, path, leaves_out)
    if found is ABSENT:
        return []
    # First, for it is an `Unreadable` too: what it does hold is not lost.
    if isinstance(found, OpenMapping):
        known = _sorted_values(found.known)
        return OpenList(known, found.reason, found.gaps)
    if isinstance(found, dict):
        return _sorted_values(found)
    if isinstance(found, Unreadable):
        return found
    return _unexpected(path, "a mapping", found)


def _sorted_values(mapping: Mapping[str, RawValue]) -> list[RawValue]:
    return [mapping[key] for key in sorted(mapping)]


def _member(
    data: RawValue,
    head: str,
    path: str,
    leaves_out: bool,
) -> RawValue:
    """The value at a path of plain members; `ABSENT` where the last one is left out as empty."""
    if not head:
        return data
    found = data
    *above, last = head.split(".")
    for step in (*above, last):
        if isinstance(found, Unreadable):
            return found
        if not isinstance(found, dict):
            return Unreadable(f"{path}: expected a mapping")
        if step not in found:
            # Vacuous truth: without the list that was asked for, nothing says that there are none.
            may_lack = leaves_out and step == last
            return ABSENT if may_lack else Unreadable(f"{path}: the response has no '{step}'")
        found = found[step]
    return found


def _concatenated(elements: list[RawValue], tail: str, leaves_out: bool) -> Items:
    """The items below each element, in one list; open if the elements or one of their lists are."""
    items: list[RawValue] = []
    rest: Unreadable | None = None
    if isinstance(elements, OpenList):
        rest = elements.rest
    for element in elements:
        below = items_at(element, tail, leaves_out=leaves_out)
        if isinstance(below, Unreadable):
            return below
        if isinstance(below, OpenList):
            rest = rest or below.rest
        items.extend(below)
    if rest is None:
        return items
    return OpenList(items, rest.reason, rest.gaps)


def _unexpected(
    path: str,
    expected: str,
    found: RawValue,
) -> Unreadable:
    return Unreadable(f"{path}: expected {expected}, the response has {described(found)}")
