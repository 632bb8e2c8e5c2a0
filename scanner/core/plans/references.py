"""Follows references in the configuration of a plan to the attribute that they lead to."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from scanner.core.plans import addresses

_DEEPEST: Final = 20
"""Modules and outputs that a reference is followed through."""


@dataclass(frozen=True, slots=True)
class Found:
    """The attribute that a reference leads to."""

    row: Mapping[str, Any]
    attribute: str
    is_plain: bool | None
    """Whether the value is that attribute itself; None: only the source would show it."""


class References:
    """The references of one reduced plan, on one side of it."""

    def __init__(
        self, plan: Mapping[str, Any], side: str, rows: Iterable[Mapping[str, Any]]
    ) -> None:
        self._plan = plan
        self._side = side
        self._instances: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
        for row in rows:
            self._instances[row["module"], block_of(row)].append(row)

    def module(self, address: str) -> Mapping[str, Any]:
        """The blocks, calls, outputs and locals of a module, whichever instance it is."""
        empty: Mapping[str, Any] = {"blocks": {}, "calls": {}, "outputs": {}, "locals": {}}
        found: Mapping[str, Any] = self._plan["modules"].get(addresses.module_name(address), empty)
        return found

    def follow(
        self, module: str, expression: Mapping[str, Any], index: addresses.Index, depth: int = 0
    ) -> Found | None:
        """The one attribute of one resource that an expression leads to; None: none, or several."""
        reference = addresses.single_reference(expression.get("references", []))
        if reference is None or depth > _DEEPEST:
            return None
        own_index = index if reference.by_instance else None
        found = self._led_to(module, reference.text, index, own_index, depth)
        if found is None:
            return None
        return replace(found, is_plain=_both_plain(expression.get("plain"), found.is_plain))

    def _led_to(
        self,
        module: str,
        reference: str,
        index: addresses.Index,
        own_index: addresses.Index,
        depth: int,
    ) -> Found | None:
        variable = addresses.variable(reference)
        if variable:
            return self._follow_variable(module, variable, depth)
        local = addresses.local(reference)
        if local:
            expression = self.module(module)["locals"].get(local, {})
            return self.follow(module, expression, index, depth + 1)
        output = addresses.output(reference)
        if output:
            return self._follow_output(module, output, own_index, depth)
        attribute = addresses.attribute(reference)
        if attribute is None:
            return None
        block, key, name = attribute
        return self._instance(module, block, own_index if key is None else key, name)

    def _instance(self, module: str, block: str, key: addresses.Index, name: str) -> Found | None:
        instances = self._instances.get((module, block), [])
        if not instances and block.partition(".")[0] in self._plan["other_types"]:
            # No map reads its type, so that nothing is kept of it: only that it will be there.
            return Found(self._unmapped(module, block, key), name or "id", True)
        if key is not None or len(instances) > 1:
            instances = [row for row in instances if row["index"] == key]
        if len(instances) != 1:
            return None
        # `x[count.index].id` is listed as `x` and `count.index`: the attribute is lost.
        return Found(instances[0], name or "id", True)

    def _unmapped(self, module: str, block: str, key: addresses.Index) -> Mapping[str, Any]:
        prefix = f"{module}." if module else ""
        index = "" if key is None else f"[{json.dumps(key)}]"
        address = f"{prefix}{block}{index}"
        return {"address": address, "type": block.partition(".")[0], self._side: None}

    def _follow_variable(self, module: str, name: str, depth: int) -> Found | None:
        steps = addresses.module_steps(module)
        if not steps:
            return None
        parent = addresses.module_address(steps[:-1])
        call, index = steps[-1]
        arguments = self.module(parent)["calls"].get(call, {})
        return self.follow(parent, arguments.get(name, {}), index, depth + 1)

    def _follow_output(
        self,
        module: str,
        output: tuple[str, addresses.Index, str],
        own_index: addresses.Index,
        depth: int,
    ) -> Found | None:
        call, key, name = output
        if key is None:
            key = own_index
        child = addresses.module_address((*addresses.module_steps(module), (call, key)))
        expression = self.module(child)["outputs"].get(name, {})
        return self.follow(child, expression, None, depth + 1)


def _both_plain(one: bool | None, other: bool | None) -> bool | None:
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def block_of(row: Mapping[str, Any]) -> str:
    """The block that a resource is an instance of, within its module."""
    prefix = "data." if row["mode"] == "data" else ""
    return f"{prefix}{row['type']}.{row['name']}"
