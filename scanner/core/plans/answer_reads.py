"""What each answer of a map is made of: arguments of the resource, and parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scanner.model.plan_maps import (
    Count,
    Each,
    EachPart,
    FirstOf,
    FromPart,
    IfDeleted,
    IfNew,
    Items,
    Joined,
    Members,
    One,
    PlanMap,
    Tree,
    When,
)


@dataclass(frozen=True, slots=True)
class AnswerReads:
    """What one answer is made of."""

    arguments: frozenset[str]
    """Of the resource itself."""
    parts: frozenset[str]


def reads_by_answer(plan_map: PlanMap) -> dict[str, AnswerReads]:
    """By answer that the map makes: what it is made of."""
    trees: dict[str, Tree] = {"it": plan_map.item, **plan_map.details}
    if plan_map.parent is not None:
        trees["parent"] = plan_map.parent
    found: dict[str, AnswerReads] = {}
    for name, tree in trees.items():
        found[name] = AnswerReads(_arguments(plan_map, name), frozenset(_parts(tree)))
    return found


def _arguments(plan_map: PlanMap, answer: str) -> frozenset[str]:
    names: set[str] = set()
    for member, places in plan_map.made_of.items():
        for types, path in places:
            if member[0] == answer and types == plan_map.types and path:
                names.add(path[0])
    return frozenset(names)


def _parts(tree: Tree | None) -> Iterator[str]:
    """The parts that a tree names, however deep."""
    if isinstance(tree, EachPart | FromPart | IfDeleted):
        yield tree.part
    for inner in _below(tree):
        yield from _parts(inner)


def _below(tree: Tree | None) -> tuple[Tree | None, ...]:
    match tree:
        case Members():
            return tuple(tree.members.values())
        case Items():
            return tree.items
        case Joined():
            return tree.lists
        case FirstOf():
            return tree.options
        case When():
            return tree.then, tree.otherwise
        case Each():
            return tree.make, tree.otherwise
        case One() | EachPart() | FromPart() | IfNew() | IfDeleted():
            return (tree.make,)
        case Count():
            return (tree.items,)
        case _:
            return ()
