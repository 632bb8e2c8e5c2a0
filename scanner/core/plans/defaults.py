"""Fills in what the cloud gives where nobody sets an argument."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scanner.core.plans.world import PlanResource
from scanner.model.plan_maps import ArgumentPath, argument_path
from scanner.model.values import JsonValue, OpenList, Symbol, Unreadable


def with_defaults(
    values: Mapping[str, Any], unset: Mapping[str, JsonValue], resource: PlanResource
) -> dict[str, Any]:
    """The arguments of a resource with the cloud's own where nobody sets one."""
    filled = dict(values)
    for name, given in unset.items():
        path = argument_path(name)
        if len(path) > 1:
            if path[0] in filled and _is_for(path, given, resource):
                filled[path[0]] = _in_blocks(filled[path[0]], path[1:], given, resource)
        elif _is_unread(name, filled, resource):
            filled[name] = Unreadable(f"the provider does not read {name}")
        elif _is_unset(name, filled.get(name), given, resource):
            filled[name] = given
    return filled


def _is_unread(name: str, values: Mapping[str, Any], resource: PlanResource) -> bool:
    """Whether an existing resource lacks an argument that another version of its provider has.

    Null is not lacking: then the provider read that nobody has set it.
    """
    return not resource.is_new and name not in resource.refreshed and name not in values


def _is_unset(name: str, value: object, given: JsonValue, resource: PlanResource) -> bool:
    """Whether nobody sets an argument, so that the cloud's own value holds."""
    if value is None:
        return True
    is_later = isinstance(value, Symbol) and value.owner == resource.address
    if not is_later or name in resource.written:
        return False
    # The configuration of a plan leaves dynamic blocks out, which only the source shows.
    # Without the source it is not known that the block has none.
    is_read = resource.source.get("is_read", False)
    may_be_dynamic = isinstance(given, list) and not is_read
    return resource.is_new and not may_be_dynamic


# -- in blocks ------------------------------------------------------------------------------------


def _is_for(path: ArgumentPath, given: JsonValue, resource: PlanResource) -> bool:
    """Whether the blocks of a resource may lack the argument, and no dynamic block makes it."""
    if not resource.is_new or not isinstance(given, list):
        return resource.is_new
    name = ".".join(step for step in path if step != "[]")
    source = resource.source
    return source.get("is_read", False) and name not in source.get("dynamic", ())


def _in_blocks(value: Any, path: ArgumentPath, given: JsonValue, resource: PlanResource) -> Any:
    """A value with the default in each block of it that lacks the argument."""
    step, rest = path[0], path[1:]
    if step == "[]":
        if not isinstance(value, list) or isinstance(value, OpenList):
            return value
        return [_in_blocks(item, rest, given, resource) for item in value]
    if not isinstance(value, Mapping):
        return value
    if not rest:
        is_lacking = _is_left_out(value.get(step), resource)
        return {**value, step: given} if is_lacking else value
    if step not in value:
        return value
    return {**value, step: _in_blocks(value[step], rest, given, resource)}


def _is_left_out(value: object, resource: PlanResource) -> bool:
    """Whether nobody sets it: then the provider will, or the cloud does."""
    if isinstance(value, Symbol):
        return value.owner == resource.address
    return value is None
