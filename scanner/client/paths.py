"""Paths into answers, as a tree that is walked beside the data: `Functions[].Environment.Variables.*`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_STEP = re.compile(r"[^.\[]+(?:\[[^\]]*\])*")
_SPARED = re.compile(r"\[([^\]!=]+)!=([^\]]+)\]")


@dataclass(slots=True)
class PathTree:
    """A set of paths. Lists are transparent: `[]` may be written or left out. `*` is any key.

    `items[key!=a,b].value` passes over the records whose `key` is `a` or `b`.
    """

    children: dict[str, PathTree] = field(default_factory=dict)
    end: bool = False
    spared: tuple[str, frozenset[str]] | None = None
    """The member and its values by which a record is passed over."""

    @classmethod
    def of(cls, paths: Iterable[str]) -> PathTree:
        """The tree of these paths."""
        root = cls()
        for path in paths:
            node = root
            for step in _STEP.findall(path):
                word, _, index = step.partition("[")
                found = _SPARED.fullmatch(f"[{index}")
                spared = (found[1], frozenset(found[2].split(","))) if found else None
                known = node.children.get(word)
                # Where two paths differ on what is spared, nothing is.
                node.children[word] = known or cls(spared=spared)
                node = node.children[word]
                if node.spared != spared:
                    node.spared = None
            node.end = True
        return root

    def spares(self, record: Mapping[str, Any]) -> bool:
        """Whether a record is one of those that are passed over."""
        if self.spared is None:
            return False
        value = record.get(self.spared[0])
        return isinstance(value, str) and value in self.spared[1]


def descend(trees: tuple[PathTree, ...], key: str) -> tuple[PathTree, ...]:
    """All the trees that continue under a key, from several."""
    found: tuple[PathTree, ...] = ()
    for parent in trees:
        children = parent.children
        for name in (key, "*"):
            if name in children:
                found = (*found, children[name])
    return found
