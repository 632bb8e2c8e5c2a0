"""The direct path for plain member chains over raw answers, such as `it.Rules[0].Status`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from scanner.language.emitter import SLOW
from scanner.language.tree import Index, Literal, Member, Name, Node
from scanner.language.types import DYN, TIMESTAMP, ListType, MapType, Type
from scanner.language.unread import CLASSES

_WHOLE: Final = frozenset({bool, int, float, str, list, dict, datetime, timedelta})


def compile_chain(
    tree: Node, types: dict[Node, Type], want: Type
) -> Callable[[Any, int], Any] | None:
    """The function from a scope and a budget to a value or SLOW; None when the tree is no plain chain."""
    keys: list[str | int] = []
    node = tree
    while isinstance(node, Member | Index):
        keys.append(_key(node))
        node = node.operand
    if (
        not isinstance(node, Name)
        or types[node] is not DYN
        or want is TIMESTAMP
        or isinstance(want, ListType | MapType)
        or "" in keys
    ):
        return None
    return _walk(
        (node.name, *reversed(keys)),
        _WHOLE if want is DYN else frozenset({CLASSES.get(want, dict)}),
    )


def _key(node: Member | Index) -> str | int:
    """The key that a step takes; the empty text stands for one that is not plain."""
    if isinstance(node, Member):
        return node.name
    value = node.index.value if isinstance(node.index, Literal) else ""
    return value if isinstance(value, str) or (type(value) is int and value >= 0) else ""


def _walk(keys: tuple[str | int, ...], allowed: frozenset[type]) -> Callable[[Any, int], Any]:
    first = keys[0]
    rest: tuple[tuple[Any, type], ...] = tuple(
        (key, list if type(key) is int else dict) for key in keys[1:]
    )

    def fast(scope: Any, left: int) -> Any:
        value: Any = scope[first]
        for key, container in rest:
            kind = type(value)
            if kind is not container:
                return SLOW
            value = value[key]
        return value if type(value) in allowed else SLOW

    return fast
