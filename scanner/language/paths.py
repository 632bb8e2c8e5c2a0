"""Lists the paths that an expression reads, which are what collection must provide.

A path is a tuple from the declared name: `("self", "rules", "[]", "port")`.
"""

from __future__ import annotations

from collections.abc import Mapping

from scanner.language.scopes import NodeTypes
from scanner.language.tree import Has, Index, Literal, Macro, Member, Name, Node, Ternary, children
from scanner.language.types import MapType

Path = tuple[str, ...]
ITEM = "[]"
"""In a path: any item of a list, or a key that is computed."""
Variables = Mapping[str, Path | None]
"""The path that each loop variable is bound to; None where it is bound to several."""


def paths_of(tree: Node, types: NodeTypes) -> frozenset[Path]:
    """Every path that the expression may read."""
    walker = Walker(types)
    walker.walk(tree, {})
    return frozenset(walker.found)


class Walker:
    """A walk over a tree that knows which path each loop variable is bound to."""

    def __init__(self, types: NodeTypes) -> None:
        self.types = types
        self.found: set[Path] = set()

    def walk(self, node: Node, variables: Variables) -> None:
        """Note what a node reads."""
        if isinstance(node, Has):
            node = node.member
        path = self._path(node, variables)
        if path is not None:
            self.found.add(path)
            self._walk_keys(node, variables)
        elif isinstance(node, Macro):
            self.walk(node.range, variables)
            self.walk(node.body, self._inside(node, variables))
        else:
            for part in children(node):
                self.walk(part, variables)

    def _inside(self, node: Macro, variables: Variables) -> Variables:
        """The variables in the body of a macro."""
        item = self._item(node.range, variables)
        return {**variables, node.variable: item}

    def _walk_keys(self, node: Node, variables: Variables) -> None:
        while isinstance(node, Member | Index):
            if isinstance(node, Index):
                self.walk(node.index, variables)
            node = node.operand

    def _path(self, node: Node, variables: Variables) -> Path | None:
        if isinstance(node, Name):
            return variables.get(node.name, (node.name,))
        if not isinstance(node, Member | Index):
            return None
        base = self._path(node.operand, variables)
        if base is None:
            return None
        if isinstance(node, Member):
            return (*base, node.name)
        match node.index:
            case Literal(value=str() as key):
                return (*base, key)
            case _:
                return (*base, ITEM)

    def _item(self, node: Node, variables: Variables) -> Path | None:
        """The path of the items of a list, also through filter() and map() to a member."""
        # Too many paths only cost calls; one too few would leave the condition without its values.
        if isinstance(node, Macro) and node.kind == "filter":
            return self._item(node.range, variables)
        if isinstance(node, Macro) and node.kind == "map":
            return self._path(node.body, self._inside(node, variables))
        if isinstance(node, Ternary):
            first = self._item(node.then, variables)
            second = self._item(node.otherwise, variables)
            if first == second:
                return first
            return None
        path = self._path(node, variables)
        # A macro over a map goes over its keys, which are read with the map itself.
        if path is None or isinstance(self.types.get(node), MapType):
            return None
        return (*path, ITEM)
