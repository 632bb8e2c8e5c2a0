"""Compiles plain member chains over raw answers into a loop over their keys.

`it.Rules[0].Status` is one: most expressions of a resource kind are.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from scanner.language.compiler import FastPath
from scanner.language.emitter import SLOW
from scanner.language.scopes import NodeTypes
from scanner.language.tree import Index, Literal, Member, Name, Node
from scanner.language.types import DYN, TIMESTAMP, ListType, MapType, Type
from scanner.language.unread import CLASSES

Key = str | int

_READABLE: Final[frozenset[type]] = frozenset(
    {bool, int, float, str, list, dict, datetime, timedelta}
)
"""Classes of values that need no look by the careful evaluator; None, ABSENT, OpenList and
Unreadable do."""


def compile_chain(tree: Node, types: NodeTypes, want: Type) -> FastPath | None:
    """The fast path of a plain chain; None when the tree is none."""
    # A timestamp must be brought to UTC, and a list or map checked all through: neither is a matter
    # of one class.
    if want is TIMESTAMP or isinstance(want, ListType | MapType):
        return None
    keys: list[Key] = []
    node = tree
    while isinstance(node, Member | Index):
        key = _plain_key(node)
        if key is None:
            return None
        keys.append(key)
        node = node.operand
    if not isinstance(node, Name) or types[node] is not DYN:
        return None
    allowed = _READABLE
    if want is not DYN:
        allowed = frozenset({CLASSES.get(want, dict)})
    return _walk(node.name, keys[::-1], allowed)


def _plain_key(node: Member | Index) -> Key | None:
    """The key that a step takes; None where it is computed, negative or empty."""
    if isinstance(node, Member):
        return node.name
    if not isinstance(node.index, Literal):
        return None
    key = node.index.value
    if isinstance(key, str):
        return key or None
    if type(key) is int and key >= 0:
        return key
    return None


def _container_of(key: Key) -> type:
    if type(key) is int:
        return list
    return dict


def _walk(name: str, keys: list[Key], allowed: frozenset[type]) -> FastPath:
    steps: list[tuple[Any, type]] = []
    for key in keys:
        steps.append((key, _container_of(key)))

    def fast(scope: Any, left: int) -> object:
        value: Any = scope[name]
        for key, container in steps:
            kind = type(value)
            if kind is not container:
                return SLOW
            value = value[key]
        if type(value) in allowed:
            return value
        return SLOW

    return fast
