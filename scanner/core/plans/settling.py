"""Settles the arguments of a resource: names of older providers, and what the cloud gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scanner.core.plans.defaults import with_defaults
from scanner.core.plans.world import PlanResource
from scanner.model.values import JsonValue, Symbol, Unreadable


def settle(
    found: PlanResource,
    given: Mapping[str, Any],
    unset: Mapping[str, JsonValue],
    renamed: Mapping[str, str],
) -> dict[str, Any]:
    """The arguments under their newer names, with what the cloud gives where nobody sets one."""
    values = dict(given)
    for old, name in renamed.items():
        _rename(found, values, old, name)
    return with_defaults(values, unset, found)


def _rename(found: PlanResource, values: dict[str, Any], old: str, name: str) -> None:
    """Put the value of an older argument under its newer name, unless the newer one is set."""
    if values.get(old, "") == "" or name in found.written:
        return
    older, newer = values[old], values.get(name)
    if newer is None or old in found.written:
        # Beside an older argument that is set, the newer one still has what it was before.
        values[name] = older
    elif older != newer and not _is_own(found, newer, name):
        values[name] = Unreadable(f"whether {old} or {name} is set is not known")


def _is_own(found: PlanResource, value: object, attribute: str) -> bool:
    """Whether a value is one that the provider computes after apply."""
    if not isinstance(value, Symbol):
        return False
    return value.owner == found.address and value.attribute == attribute
