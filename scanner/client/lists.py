"""Finds the lists in answers, and joins those of several pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

_GROUPS: Final = "{}"
"""The end of a path to a mapping of mappings, in each of which are lists (`items{}`)."""


class NotAListError(Exception):
    """A declared list that is something else in the answer."""


def list_at(data: Mapping[str, Any], path: str) -> list[Any] | None:
    """The list at a dotted path, None if it is missing; NotAListError if it is anything else."""
    value = _value_at(data, path)
    if value is None or isinstance(value, list):
        return value
    raise NotAListError(f"{path} is not a list")


def count_at(data: Mapping[str, Any], path: str) -> int:
    """The number of items in the list at a path; at one of groups, in all lists of all of them."""
    if not path.endswith(_GROUPS):
        return len(list_at(data, path) or ())
    count = 0
    for group in _groups(data, path).values():
        for value in group.values():
            if isinstance(value, list):
                count += len(value)
    return count


def join(
    first: dict[str, Any],
    page: Mapping[str, Any],
    paths: Iterable[str],
) -> None:
    """Append a later page's lists, and those inside its groups, to those of the first page."""
    for path in paths:
        if path.endswith(_GROUPS):
            _join_groups(first, page, path)
            continue
        more = list_at(page, path)
        have = list_at(first, path)
        if have is not None:
            have.extend(more or [])
        elif more:
            _put(first, path, more)


def _value_at(data: Mapping[str, Any], path: str) -> Any:
    value: Any = data
    for word in path.split("."):
        if not isinstance(value, Mapping):
            raise NotAListError(f"{path} is not a list")
        value = value.get(word)
        if value is None:
            return None
    return value


def _groups(data: Mapping[str, Any], path: str) -> Mapping[str, dict[str, Any]]:
    """The mappings inside the mapping at a path; NotAListError for anything else."""
    found = _value_at(data, path.removesuffix(_GROUPS))
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(group, dict) for group in found.values()):
        raise NotAListError(f"{path} is not a mapping of mappings")
    return found


def _join_groups(
    first: dict[str, Any],
    page: Mapping[str, Any],
    path: str,
) -> None:
    have = dict(_groups(first, path))
    for name, group in _groups(page, path).items():
        known = have.setdefault(name, {})
        for key, value in group.items():
            # Compute Engine continues a zone's list on the next page; what is no list is replaced.
            if isinstance(value, list) and isinstance(known.get(key), list):
                known[key] = [*known[key], *value]
            else:
                known[key] = value
    if have:
        _put(first, path.removesuffix(_GROUPS), have)


def _put(data: dict[str, Any], path: str, value: Any) -> None:
    *outer, last = path.split(".")
    for word in outer:
        data = data.setdefault(word, {})
    data[last] = value
