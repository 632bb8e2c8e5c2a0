"""Fills in what the cloud gives where a block leaves an argument out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scanner.core.plans.world import PlanResource
from scanner.model.plan_maps import ArgumentPath
from scanner.model.values import OpenList, Symbol


def with_default(value: Any, path: ArgumentPath, given: Any, resource: PlanResource) -> Any:
    """A value with the default below it, in each block of a new resource that lacks it."""
    if not resource.is_new or not path:
        return value
    step, rest = path[0], path[1:]
    if step == "[]" and isinstance(value, OpenList):
        return value
    if step == "[]" and isinstance(value, list):
        return [with_default(item, rest, given, resource) for item in value]
    if not isinstance(value, Mapping):
        return value
    if rest:
        below = value.get(step)
        return {**value, step: with_default(below, rest, given, resource)} if below else value
    return {**value, step: given} if _is_left_out(value.get(step), resource) else value


def _is_left_out(value: object, resource: PlanResource) -> bool:
    """Whether nobody sets it: then the provider will, or the cloud does."""
    if isinstance(value, Symbol):
        return value.owner == resource.address
    return value is None
