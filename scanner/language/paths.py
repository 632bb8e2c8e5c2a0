"""The paths that an expression reads, as tuples from the declared name: what collection must provide."""

from __future__ import annotations

from collections.abc import Mapping

from scanner.language.tree import Has, Index, Literal, Macro, Member, Name, Node, Ternary, children
from scanner.language.types import MapType, Type

Path = tuple[str, ...]
ITEM = "[]"


def paths_of(tree: Node, types: Mapping[Node, Type]) -> frozenset[Path]:
    """Every path that the expression may read."""
    walker = _Walker(types)
    walker.walk(tree, {})
    return frozenset(walker.found)


class _Walker:
    """A walk over a tree that knows which path each loop variable stands for."""

    def __init__(self, types: Mapping[Node, Type]) -> None:
        self._types = types
        self.found: set[Path] = set()

    def walk(self, node: Node, variables: Mapping[str, Path | None]) -> None:
        """Note what a node reads."""
        if isinstance(node, Has):
            node = node.member
        path = self._path(node, variables)
        if path is not None:
            self.found.add(path)
            self._walk_keys(node, variables)
        elif isinstance(node, Macro):
            self.walk(node.range, variables)
            self.walk(node.body, {**variables, node.variable: self._item(node.range, variables)})
        else:
            for part in children(node):
                self.walk(part, variables)

    def _walk_keys(self, node: Node, variables: Mapping[str, Path | None]) -> None:
        while isinstance(node, Member | Index):
            if isinstance(node, Index):
                self.walk(node.index, variables)
            node = node.operand

    def _path(self, node: Node, variables: Mapping[str, Path | None]) -> Path | None:
        if isinstance(node, Name):
            return variables.get(node.name, (node.name,))
        if not isinstance(node, Member | Index):
            return None
        base = self._path(node.operand, variables)
        if base is None:
            return None
        if isinstance(node, Member):
            return (*base, node.name)
        key = node.index.value if isinstance(node.index, Literal) else None
        return (*base, key if isinstance(key, str) else ITEM)

    def _item(self, node: Node, variables: Mapping[str, Path | None]) -> Path | None:
        """The path of the items of a list, also through filter() and map() to a member."""
        if isinstance(node, Macro) and node.kind == "filter":
            return self._item(node.range, variables)
        if isinstance(node, Macro) and node.kind == "map":
            inner = {**variables, node.variable: self._item(node.range, variables)}
            return self._path(node.body, inner)
        if isinstance(node, Ternary):
            first, second = self._item(node.then, variables), self._item(node.otherwise, variables)
            return first if first == second else None
        path = self._path(node, variables)
        if path is None or isinstance(self._types.get(node), MapType):
            return None
        return (*path, ITEM)
