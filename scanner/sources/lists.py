"""Lists in answers: where they stand, and how pages add up to one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class NotAListError(Exception):
    """A declared list that is something else in the answer."""


def list_at(data: Mapping[str, Any], path: str) -> list[Any] | None:
    """The list at a dotted path, None if it is missing; NotAListError if it is anything else."""
    value: Any = data
    for word in path.split("."):
        if not isinstance(value, Mapping):
            raise NotAListError(f"{path} is not a list")
        value = value.get(word)
        if value is None:
            return None
    if not isinstance(value, list):
        raise NotAListError(f"{path} is not a list")
    return value


def join(first: dict[str, Any], page: Mapping[str, Any], paths: Iterable[str]) -> None:
    """Add a later page's lists to the first page."""
    for path in paths:
        more = list_at(page, path)
        have = list_at(first, path)
        if have is not None:
            have.extend(more or [])
        elif more:
            place = first
            *outer, last = path.split(".")
            for word in outer:
                place = place.setdefault(word, {})
            place[last] = more
