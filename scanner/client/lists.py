"""Lists in answers: where they stand, and how pages add up to one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class NotAListError(Exception):
    """A declared list that is something else in the answer."""


def list_at(data: Mapping[str, Any], path: str) -> list[Any] | None:
    """The list at a dotted path, None if it is missing; NotAListError if it is anything else."""
    value = _value_at(data, path)
    if value is None or isinstance(value, list):
        return value
    raise NotAListError(f"{path} is not a list")


def count_at(data: Mapping[str, Any], path: str) -> int:
    """How many items stand at a path; at one of a mapping (`items{}`), in all the lists inside it."""
    if not path.endswith("{}"):
        return len(list_at(data, path) or ())
    return sum(
        len(found)
        for group in _groups(data, path).values()
        for found in group.values()
        if _is_list(found)
    )


def join(first: dict[str, Any], page: Mapping[str, Any], paths: Iterable[str]) -> None:
    """Add a later page's lists, and those inside its mappings, to the first page."""
    for path in paths:
        if path.endswith("{}"):
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
    found = _value_at(data, path.removesuffix("{}"))
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(group, dict) for group in found.values()):
        raise NotAListError(f"{path} is not a mapping of mappings")
    return found


def _join_groups(first: dict[str, Any], page: Mapping[str, Any], path: str) -> None:
    have, more = dict(_groups(first, path)), _groups(page, path)
    for name, group in more.items():
        known = have.setdefault(name, {})
        for key, value in group.items():
            known[key] = (
                [*known[key], *value] if _is_list(value) and _is_list(known.get(key)) else value
            )
    if have:
        _put(first, path.removesuffix("{}"), have)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _put(data: dict[str, Any], path: str, value: Any) -> None:
    *outer, last = path.split(".")
    for word in outer:
        data = data.setdefault(word, {})
    data[last] = value
