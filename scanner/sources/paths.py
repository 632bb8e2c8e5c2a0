"""Paths into answers, as a tree that is walked beside the data: `Functions[].Environment.Variables.*`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_INDEX = re.compile(r"\[[^\]]*\]")


@dataclass(slots=True)
class PathTree:
    """A set of paths. Lists are transparent: `[]` may be written or left out. `*` is any key."""

    children: dict[str, PathTree] = field(default_factory=dict)
    end: bool = False

    @classmethod
    def of(cls, paths: Iterable[str]) -> PathTree:
        """The tree of these paths."""
        root = cls()
        for path in paths:
            node = root
            for word in _INDEX.sub("", path).split("."):
                if word:
                    node = node.children.setdefault(word, cls())
            node.end = True
        return root


def descend(trees: tuple[PathTree, ...], key: str) -> tuple[PathTree, ...]:
    """All the trees that continue under a key, from several."""
    found: tuple[PathTree, ...] = ()
    for parent in trees:
        children = parent.children
        for name in (key, "*"):
            if name in children:
                found = (*found, children[name])
    return found
