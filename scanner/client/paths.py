"""Walks paths into answers beside the data: `Functions[].Environment.Variables.*`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_STEP = re.compile(r"[^.\[]+(?:\[[^\]]*\])*")
_SPARED = re.compile(r"\[([^\]!=]+)!=([^\]]+)\]")
_ANY_DEPTH = "**"
Spared = tuple[str, frozenset[str]]
"""A member, and its values by which a record is passed over."""


@dataclass(slots=True)
class PathTree:
    """A set of paths. Lists are transparent: `[]` may be written or left out. `*` is any key.

    `items[key!=a,b].value` passes over the records whose `key` is `a` or `b`. `**` is any number of
    members: `WebACL.**.SearchString`.
    """

    children: dict[str, PathTree] = field(default_factory=dict)
    end: bool = False
    spared: Spared | None = None
    any_depth: bool = False
    """Whether this is `**`, which stays wherever one goes down from it."""

    @classmethod
    def of(cls, paths: Iterable[str]) -> PathTree:
        """The tree of these paths."""
        root = cls()
        for path in paths:
            root._add(path)
        return root

    def _add(self, path: str) -> None:
        node = self
        for step in _STEP.findall(path):
            word, _, index = step.partition("[")
            spared = _parse_spared(f"[{index}")
            child = node.children.get(word)
            if child is None:
                child = node.children[word] = PathTree(spared=spared)
            elif child.spared != spared:
                # Where two paths differ on what is spared, nothing is: a secret more is replaced
                # rather than kept.
                child.spared = None
            node = child
            node.any_depth = word == _ANY_DEPTH
        node.end = True

    def spares(self, record: Mapping[str, Any]) -> bool:
        """Whether a record is one of those that are passed over."""
        if self.spared is None:
            return False
        member, values = self.spared
        value = record.get(member)
        return isinstance(value, str) and value in values


def _parse_spared(index: str) -> Spared | None:
    found = _SPARED.fullmatch(index)
    if found is None:
        return None
    return found[1], frozenset(found[2].split(","))


def descend(trees: tuple[PathTree, ...], key: str) -> tuple[PathTree, ...]:
    """All the trees that continue under a key, from several."""
    found: tuple[PathTree, ...] = ()
    for parent in (*trees, *_deeper(trees)):
        children = parent.children
        for name in (key, "*"):
            if name in children:
                found = (*found, children[name])
        if parent.any_depth:
            found = (*found, parent)
    return found


def _deeper(trees: tuple[PathTree, ...]) -> Iterator[PathTree]:
    """The `**` below these trees: they may stand for no member at all."""
    for parent in trees:
        if _ANY_DEPTH in parent.children:
            yield parent.children[_ANY_DEPTH]
