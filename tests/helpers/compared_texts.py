"""Texts in answers that conditions compare with texts of their own, by path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from scanner.language import Program
from scanner.language.paths import Path, Variables, Walker
from scanner.language.scopes import NodeTypes
from scanner.language.tree import Binary, Call, ListLiteral, Literal, Node, children
from scanner.model.expressions import Expression

_OPERATORS: Final = frozenset({"==", "!=", "in"})
_METHODS: Final = frozenset({"startsWith", "endsWith", "contains", "matches"})


@cache
def compared(expression: Expression) -> Mapping[Path, frozenset[str]]:
    """The texts that each path is compared with, by any operator or method of texts."""
    assert isinstance(expression, Program)
    walker = _Comparisons(expression.types)
    walker.walk(expression.tree, {})
    return {path: frozenset(texts) for path, texts in walker.compared.items()}


class _Comparisons(Walker):
    """A walk that notes on the way what is compared with a text."""

    def __init__(self, types: NodeTypes) -> None:
        super().__init__(types)
        self.compared: dict[Path, set[str]] = defaultdict(set)

    def walk(self, node: Node, variables: Variables) -> None:
        """Note what a node reads, and what it compares."""
        sides = _sides(node)
        for side in sides:
            texts = {text for other in sides if other is not side for text in texts_in(other)}
            # Compared with nothing is asked whether it is there.
            texts.discard("")
            if texts:
                for path in self._paths_in(side, variables):
                    self.compared[path] |= texts
        super().walk(node, variables)

    def _paths_in(self, node: Node, variables: Variables) -> frozenset[Path]:
        inner = Walker(self.types)
        inner.walk(node, variables)
        return frozenset(inner.found)


def _sides(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Binary) and node.operator in _OPERATORS:
        return node.left, node.right
    if isinstance(node, Call) and node.function in _METHODS:
        return node.arguments
    return ()


def texts_in(node: Node) -> Iterator[str]:
    """Texts that a side of a comparison consists of."""
    if isinstance(node, Literal) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ListLiteral):
        for item in children(node):
            yield from texts_in(item)
