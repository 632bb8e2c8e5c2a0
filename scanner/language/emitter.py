"""Writes the lines of a fast path: Python of generated names and literals only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from scanner.language.scopes import NodeTypes
from scanner.language.types import BOOL, TIMESTAMP, ListType, MapType, Type, comparable, holds_dyn
from scanner.language.unread import CLASSES
from scanner.model.values import ABSENT

SLOW: Final = object()
"""What a fast path gives when a value was not as declared: the careful evaluator must decide."""

_DEEPEST: Final = 80
_MOST_LOOPS: Final = 15
"""Python refuses more than 20 blocks within each other, and 100 levels of indentation."""
# Without builtins, so that the code can reach nothing but what it is given here.
BASE: Final[dict[str, Any]] = {
    "__builtins__": {},
    "SLOW": SLOW,
    "ABSENT": ABSENT,
    "UTC": UTC,
    "type": type,
    "len": len,
    "bool": bool,
    "int": int,
    "float": float,
    "str": str,
    "list": list,
    "dict": dict,
    "datetime": datetime,
    "timedelta": timedelta,
}


class TooComplexError(Exception):
    """The tree cannot be written as a fast path; the careful evaluator serves it alone."""


class Emitter:
    """The lines written so far, the constants they use, and the reads that can be used again."""

    def __init__(self, types: NodeTypes, *, raw: bool = False) -> None:
        self.types = types
        self.raw = raw
        """Whether an optional member may be read without a guard, so that has() says nothing
        about a later read."""
        self.lines: list[str] = []
        self.constants: dict[str, Any] = {}
        self.variables: dict[str, str] = {}
        self._depth = 1
        self._loops = 0
        self._count = 0
        self._reads: list[dict[str, str]] = [{}]

    def fresh(self) -> str:
        """A new local name."""
        self._count += 1
        return f"t{self._count}"

    def line(self, code: str) -> None:
        """Write one line at the present indentation."""
        self.lines.append(" " * self._depth + code)

    def take_room(self, size: str) -> None:
        """Take what a text or list needs, before it is made; the careful evaluator decides where
        that is too much."""
        self.line(f"room -= {size}")
        self.line("if room < 0: return SLOW")

    def constant(self, value: object) -> str:
        """The name under which the code finds a value made at compile time."""
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def kept(self, code: str) -> str:
        """A local name that holds the value of some code."""
        if code.isidentifier():
            return code
        name = self.fresh()
        self.line(f"{name} = {code}")
        return name

    def known(self, path: str) -> str | None:
        """The local name that already holds the value at a path."""
        for reads in reversed(self._reads):
            if path in reads:
                return reads[path]
        return None

    def remember(self, path: str, name: str) -> None:
        """Keep a read for the rest of the present block."""
        self._reads[-1][path] = name

    @contextmanager
    def block(self) -> Iterator[None]:
        """An indented block; what it reads is forgotten behind it.

        Where the block is not run, a name that it sets has no value.
        """
        self._depth += 1
        if self._depth > _DEEPEST:
            raise TooComplexError
        self._reads.append({})
        yield
        self._reads.pop()
        self._depth -= 1

    @contextmanager
    def loop(self) -> Iterator[None]:
        """The body of a loop."""
        self._loops += 1
        if self._loops > _MOST_LOOPS:
            raise TooComplexError
        with self.block():
            yield
        self._loops -= 1

    @contextmanager
    def aside(self) -> Iterator[list[str]]:
        """A block whose lines are handed over instead of written."""
        outer, self.lines = self.lines, []
        written = self.lines
        with self.block():
            yield written
        self.lines = outer

    def guard(self, name: str, kind: Type) -> None:
        """Leave for the careful evaluator unless a value has exactly the declared type."""
        self.line(f"if {_wrong(name, kind)}: return SLOW")

    def guard_whole(self, name: str, kind: Type) -> None:
        """The same for everything inside a list or map that is compared or given as a whole."""
        if isinstance(kind, ListType | MapType) and comparable(kind):
            self.line(f"if not {self.constant(conforms(kind))}({name}): return SLOW")


def _wrong(name: str, kind: Type) -> str:
    """The Python condition under which a value is not exactly of a type; a bool is no int."""
    if holds_dyn(kind):
        raise TooComplexError
    if kind is BOOL:
        return f"{name} is not True and {name} is not False"
    if kind is TIMESTAMP:
        return f"type({name}) is not datetime or {name}.tzinfo is not UTC"
    if kind in CLASSES:
        return f"type({name}) is not {CLASSES[kind].__name__}"
    if isinstance(kind, ListType):
        # An OpenList is a list to isinstance: what was not read of it would be taken for nothing.
        return f"type({name}) is not list"
    return f"type({name}) is not dict"


def conforms(kind: Type) -> Callable[[object], bool]:
    """The predicate on values that are of a type all through."""
    if isinstance(kind, ListType):
        item = conforms(kind.item)

        def conforming_list(value: object) -> bool:
            return type(value) is list and all(map(item, value))

        return conforming_list
    if isinstance(kind, MapType):
        inner = conforms(kind.value)

        def conforming_map(value: object) -> bool:
            return type(value) is dict and all(map(inner, value.values()))

        return conforming_map
    if kind is TIMESTAMP:
        return lambda value: type(value) is datetime and value.tzinfo is UTC
    wanted = CLASSES.get(kind)
    # NaN, which does not equal itself, is left to the careful evaluator: Python compares lists by
    # identity first.
    return lambda value: type(value) is wanted and value == value
