"""Settles the arguments of a resource: names of older providers, and what the cloud gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scanner.core.plans.defaults import with_default
from scanner.core.plans.world import PlanResource
from scanner.model.plan_maps import Defaults, argument_path
from scanner.model.values import JsonValue, Symbol, Unreadable


def settle(found: PlanResource, given: Mapping[str, Any], defaults: Defaults) -> dict[str, Any]:
    """The arguments, with what the cloud gives where nobody sets one."""
    values = dict(given)
    for old, name in defaults.renamed.items():
        _rename(found, values, old, name)
    for path, default in defaults.unset.items():
        name, *rest = argument_path(path)
        if rest and name in values:
            values[name] = with_default(values.get(name), tuple(rest), default, found)
        elif rest:
            continue
        elif _is_unread(found, name, values):
            values[name] = Unreadable(f"the provider does not read {name}")
        elif _is_unset(found, name, values.get(name), default):
            values[name] = default
    return values


def _rename(found: PlanResource, values: dict[str, Any], old: str, name: str) -> None:
    """Put the value of an older argument under its newer name, unless the newer one is set."""
    if old not in values or name in found.written:
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


def _is_unread(found: PlanResource, name: str, values: Mapping[str, Any]) -> bool:
    """Whether an existing resource lacks an argument that another version of its provider has.

    Null is not lacking: then the provider read that nobody has set it.
    """
    return not found.is_new and name not in found.refreshed and name not in values


def _is_unset(found: PlanResource, name: str, value: object, default: JsonValue) -> bool:
    """Whether nobody sets an argument, so that the cloud's own value holds."""
    if value is None:
        return True
    is_later = isinstance(value, Symbol) and value.owner == found.address
    if not is_later or name in found.written:
        return False
    # The configuration of a plan leaves dynamic blocks out, which only the source shows.
    # Without the source it is not known that the block has none.
    is_read = found.source.get("is_read", False)
    may_be_dynamic = isinstance(default, list) and not is_read
    return found.is_new and not may_be_dynamic
