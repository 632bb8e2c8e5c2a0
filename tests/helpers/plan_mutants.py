"""Plans of which less is known than of another: what a verdict must not get better or worse by."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from scanner.core.plans.addresses import without_indices

Path = tuple[str | int, ...]

NOWHERE: Final = {"references": ["var.nowhere"]}
"""An expression that leads to nothing in the plan."""
WAYS: Final = ("unknown", "dynamic", "sensitive", "cut", "unconfigured", "dropped")


@dataclass(frozen=True, slots=True)
class PlanMutant:
    """One thing that is taken from a plan."""

    way: str
    address: str
    """The resource, or the block of the configuration, that loses something."""
    path: Path = ()
    place: Path = ()
    """Where in the plan it stands."""

    def __str__(self) -> str:
        return f"{self.way} {self.address} {'.'.join(map(str, self.path))}".rstrip()

    def apply(self, plan: Mapping[str, Any]) -> dict[str, Any]:
        """The plan without it."""
        # Not a deep copy, in which the two sides of an unchanged resource stay one object.
        mutated: dict[str, Any] = json.loads(json.dumps(plan))
        _APPLY[self.way](self, mutated)
        return mutated

    def sources(self, sources: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
        """The blocks of the source, as they would be beside the plan without it."""
        changed = dict(sources)
        block = without_indices(self.address)
        if self.way == "unconfigured":
            changed.pop(block, None)
        elif self.way == "dynamic" and block in changed:
            changed[block] = {**changed[block], "dynamic": [self.path[0]]}
        return changed


def plan_mutants(plan: Mapping[str, Any]) -> Iterator[PlanMutant]:
    """Everything that can be taken from a plan, one at a time."""
    for at, one in enumerate(plan.get("resource_changes", ())):
        address, place = one["address"], ("resource_changes", at)
        yield PlanMutant("dropped", address, place=place)
        after = one["change"].get("after") or {}
        unknown = one["change"].get("after_unknown") or {}
        for path, value in _members(after, unknown, ()):
            yield PlanMutant("unknown", address, path, place)
            if not isinstance(value, bool | dict):
                yield PlanMutant("sensitive", address, path, place)
            if len(path) == 1 and isinstance(value, list):
                yield PlanMutant("dynamic", address, path, place)
    root = plan.get("configuration", {}).get("root_module", {})
    yield from _in_module(root, ("configuration", "root_module"), "")


def _members(value: Any, unknown: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Each known member and item, at any depth."""
    if path:
        yield path, value
    steps: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        steps = list(value.items())
    elif isinstance(value, list):
        steps = list(enumerate(value))
    for step, inner in steps:
        later = _at(unknown, step)
        if inner is not None and later is not True:
            yield from _members(inner, later, (*path, step))


def _at(tree: Any, step: str | int) -> Any:
    if isinstance(tree, dict):
        return tree.get(step)
    if isinstance(tree, list) and isinstance(step, int) and step < len(tree):
        return tree[step]
    return None


def _in_module(module: Mapping[str, Any], place: Path, prefix: str) -> Iterator[PlanMutant]:
    for at, block in enumerate(module.get("resources", ())):
        inside, address = (*place, "resources", at), f"{prefix}{block['address']}"
        yield PlanMutant("unconfigured", address, place=inside)
        yield from _references(block.get("expressions", {}), address, inside, ())
    for name, output in module.get("outputs", {}).items():
        inside, expression = (*place, "outputs", name), {"expression": output.get("expression")}
        yield from _references(expression, f"{prefix}output.{name}", inside, ())
    for name, call in module.get("module_calls", {}).items():
        inside, address = (*place, "module_calls", name), f"{prefix}module.{name}"
        yield from _references(call.get("expressions", {}), address, inside, ())
        yield from _in_module(call.get("module", {}), (*inside, "module"), f"{address}.")


def _references(tree: Any, address: str, place: Path, path: Path) -> Iterator[PlanMutant]:
    if isinstance(tree, dict) and tree.get("references"):
        yield PlanMutant("cut", address, path, place)
    elif isinstance(tree, dict):
        for name, inner in tree.items():
            yield from _references(inner, address, place, (*path, name))
    elif isinstance(tree, list):
        for at, inner in enumerate(tree):
            yield from _references(inner, address, place, (*path, at))


# -- taking it away -------------------------------------------------------------------------------


def _in_plan(plan: Any, place: Path) -> Any:
    for step in place:
        plan = plan[step]
    return plan


def _make_unknown(mutant: PlanMutant, plan: dict[str, Any]) -> None:
    one = _in_plan(plan, mutant.place)
    _take(one["change"]["after"], mutant.path)
    _mark(one["change"], "after_unknown", one["change"]["after"], mutant.path)
    block = _block(plan, one)
    if block is not None:
        _forget_expression(block.setdefault("expressions", {}), mutant.path)


def _make_dynamic(mutant: PlanMutant, plan: dict[str, Any]) -> None:
    one = _in_plan(plan, mutant.place)
    _take(one["change"]["after"], mutant.path)
    _mark(one["change"], "after_unknown", one["change"]["after"], mutant.path)
    block = _block(plan, one)
    if block is not None:
        block.setdefault("expressions", {}).pop(mutant.path[0], None)


def _make_sensitive(mutant: PlanMutant, plan: dict[str, Any]) -> None:
    change = _in_plan(plan, mutant.place)["change"]
    _mark(change, "after_sensitive", change["after"], mutant.path)


def _cut(mutant: PlanMutant, plan: dict[str, Any]) -> None:
    owner = _in_plan(plan, mutant.place)
    tree = owner.get("expressions", owner)
    *above, last = mutant.path
    _in_plan(tree, tuple(above))[last] = NOWHERE


def _remove(mutant: PlanMutant, plan: dict[str, Any]) -> None:
    *above, last = mutant.place
    del _in_plan(plan, tuple(above))[last]


_APPLY: Final = {
    "unknown": _make_unknown,
    "dynamic": _make_dynamic,
    "sensitive": _make_sensitive,
    "cut": _cut,
    "unconfigured": _remove,
    "dropped": _remove,
}


def _take(values: Any, path: Path) -> None:
    *above, last = path
    parent = _in_plan(values, tuple(above))
    if isinstance(parent, list):
        parent[last] = None  # type: ignore[index]
    else:
        del parent[last]


def _mark(change: dict[str, Any], name: str, values: Any, path: Path) -> None:
    """Set a path to true in a tree of marks, which has the form of the values."""
    marks: Any = change.get(name)
    change[name] = marks = marks if isinstance(marks, dict) else {}
    for step, following in pairwise(path):
        values = _at(values, step)
        inner = _at(marks, step)
        if isinstance(following, int):
            inner = list(inner) if isinstance(inner, list) else []
            inner.extend({} for _ in range(len(inner), len(values or ())))
        elif not isinstance(inner, dict):
            inner = {}
        marks[step] = inner
        marks = inner
    marks[path[-1]] = True


def _block(plan: Mapping[str, Any], one: Mapping[str, Any]) -> Any:
    """The block of a resource in the configuration; None: it is not there."""
    module = plan.get("configuration", {}).get("root_module", {})
    for step in one.get("module_address", "").split("."):
        name = step.partition("[")[0]
        if name and name != "module":
            module = module.get("module_calls", {}).get(name, {}).get("module", {})
    prefix = "data." if one["mode"] == "data" else ""
    address = f"{prefix}{one['type']}.{one['name']}"
    return next((b for b in module.get("resources", ()) if b["address"] == address), None)


def _forget_expression(expressions: Any, path: Path) -> None:
    """Put an expression that leads nowhere at a path, or at the argument that it is a part of."""
    for at, step in enumerate(path):
        inner = _at(expressions, step)
        is_block = isinstance(inner, list | dict) and not _is_expression(inner)
        if at == len(path) - 1 or not is_block:
            if isinstance(expressions, dict):
                expressions[step] = NOWHERE
            return
        expressions = inner


def _is_expression(tree: Any) -> bool:
    return isinstance(tree, dict) and bool(
        tree.keys() & {"references", "constant_value"} or not tree
    )
