"""Fills in what the cloud gives where a block leaves an argument out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scanner.core.plans.world import PlanResource
from scanner.model.plan_maps import ArgumentPath
from scanner.model.values import OpenList, Symbol


def with_default(value: Any, path: ArgumentPath, given: Any, resource: PlanResource) -> Any:
    """The value of an argument with the default in each block of a new resource that lacks it.

    `path` leads from the resource to what the block leaves out.
    """
    if not resource.is_new or (isinstance(given, list) and not _shows_blocks(path, resource)):
        return value
    return _filled(value, path[1:], given, resource)


def _shows_blocks(path: ArgumentPath, resource: PlanResource) -> bool:
    """Whether the source shows that no dynamic block makes it: the configuration does not."""
    name = ".".join(step for step in path if step != "[]")
    source = resource.source
    return source.get("is_read", False) and name not in source.get("dynamic", ())


def _filled(value: Any, path: ArgumentPath, given: Any, resource: PlanResource) -> Any:
    step, rest = path[0], path[1:]
    if step == "[]":
        if not isinstance(value, list) or isinstance(value, OpenList):
            return value
        return [_filled(item, rest, given, resource) for item in value]
    if not isinstance(value, Mapping):
        return value
    if not rest:
        is_lacking = _is_left_out(value.get(step), resource)
        return {**value, step: given} if is_lacking else value
    if step not in value:
        return value
    return {**value, step: _filled(value[step], rest, given, resource)}


def _is_left_out(value: object, resource: PlanResource) -> bool:
    """Whether nobody sets it: then the provider will, or the cloud does."""
    if isinstance(value, Symbol):
        return value.owner == resource.address
    return value is None
