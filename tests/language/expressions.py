"""Random expressions of a wanted type that fit a place, guards included."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from scanner.language.types import (
    BOOL,
    DOUBLE,
    DURATION,
    INT,
    STRING,
    TIMESTAMP,
    ListType,
    MapType,
    RecordType,
    Type,
    comparable,
)
from tests.language.generate import _KEYS, _WORDS, LS, PATTERNS, SCALARS, Place

_ORDERED = (INT, DOUBLE, TIMESTAMP, DURATION)


def marked(path: str, kind: Type) -> str:
    """A path, marked where the oracle must convert: it takes no moments and durations inside
    records."""
    return f"«{kind}|{path}»" if kind in (TIMESTAMP, DURATION) and path != "now" else path


def ours(source: str) -> str:
    """The expression as we read it."""
    return re.sub("«[a-z]+[|]([^»]*)»", r"\1", source)


def theirs(source: str) -> str:
    """The expression as the oracle reads it."""
    return re.sub("«([a-z]+)[|]([^»]*)»", r"\1(\2)", source)


class Writer:
    """A writer of random expressions."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def write(self, kind: Type, at: Place, depth: int) -> str:
        """An expression of a type."""
        found = [path for path, one in at.paths if one == kind]
        if found and self.rng.random() < (0.35 if depth > 0 else 0.8):
            return marked(self.rng.choice(found), kind)
        if depth <= 0:
            return self.literal(kind, at)
        if isinstance(kind, ListType):
            return self.a_list(kind, at, depth - 1)
        if isinstance(kind, MapType | RecordType):
            return self.rng.choice(found) if found else self.literal(kind, at)
        return {
            BOOL: self.a_bool,
            INT: self.an_int,
            DOUBLE: self.a_double,
            STRING: self.a_string,
            TIMESTAMP: self.a_timestamp,
            DURATION: self.a_duration,
        }[kind](at, depth - 1)

    def literal(self, kind: Type, at: Place) -> str:
        rng = self.rng
        if isinstance(kind, ListType):
            return (
                "[" + ", ".join(self.literal(kind.item, at) for _ in range(rng.randint(0, 2))) + "]"
            )
        if isinstance(kind, MapType | RecordType):
            raise LookupError(kind)
        return {
            BOOL: lambda: rng.choice(("true", "false")),
            INT: lambda: rng.choice(("0", "1", "2", "22", "-1", "443", "9223372036854775807")),
            DOUBLE: lambda: rng.choice(("0.0", "1.5", "-2.0")),
            STRING: lambda: repr(rng.choice(_WORDS)),
            TIMESTAMP: lambda: rng.choice(("now", "timestamp('2026-01-30T12:00:00Z')")),
            DURATION: lambda: rng.choice(("days(1)", "hours(36)", "duration('24h')")),
        }[kind]()

    def a_bool(self, at: Place, depth: int) -> str:
        forms = (
            *(self.logic,) * 4,
            *(self.guard,) * 5,
            *(self.quantifier,) * 6,
            *(self.comparison,) * 4,
            self.membership,
            self.membership,
            self.text_test,
            self.negation,
            self.ternary_bool,
            self.network,
        )
        return self.rng.choice(forms)(at, depth)

    def logic(self, at: Place, depth: int) -> str:
        terms = [self.write(BOOL, at, depth) for _ in range(self.rng.randint(2, 3))]
        return "(" + self.rng.choice((" && ", " || ")).join(terms) + ")"

    def negation(self, at: Place, depth: int) -> str:
        return f"!({self.write(BOOL, at, depth)})"

    def ternary_bool(self, at: Place, depth: int) -> str:
        return self.ternary(BOOL, at, depth)

    def ternary(self, kind: Type, at: Place, depth: int) -> str:
        parts = (
            self.write(BOOL, at, depth),
            self.write(kind, at, depth),
            self.write(kind, at, depth),
        )
        return "({} ? {} : {})".format(*parts)

    def guard(self, at: Place, depth: int) -> str:
        """A guard, and behind it an expression that may use what it guards."""
        rng = self.rng
        lists = [(path, kind) for path, kind in at.paths if isinstance(kind, ListType)]
        maps = [(path, kind) for path, kind in at.paths if isinstance(kind, MapType)]
        choice = rng.random()
        if at.optional and choice < 0.7:
            path, kind = rng.choice(at.optional)
            test, inner = f"has({path})", at.reading(path, kind)
        elif maps and choice < 0.85:
            path, kind = rng.choice(maps)
            key = rng.choice(_KEYS)
            test, inner = f"('{key}' in {path})", at.reading(f"{path}['{key}']", kind.value)
        elif lists:
            path, kind = rng.choice(lists)
            test, inner = (
                f"(size({path}) > 1)",
                at.reading(f"{path}[{rng.randint(0, 1)}]", kind.item),
            )
        else:
            return self.logic(at, depth)
        body, other = self.write(BOOL, inner, depth), self.write(BOOL, at, depth)
        forms = (f"({test} && {body})", f"(!({test}) || {body})", f"({test} ? {body} : {other})")
        return rng.choice((*forms, f"({other} || {test} && {body})", test))

    def quantifier(self, at: Place, depth: int) -> str:
        rng = self.rng
        if at.loops >= 3:
            return self.comparison(at, depth)
        path, item = self.a_range(at, depth)
        variable = f"v{at.loops}"
        inner = replace(at.reading(variable, item), loops=at.loops + 1)
        kind = rng.choice(("all", "exists", "all", "exists", "exists_one"))
        return f"{path}.{kind}({variable}, {self.write(BOOL, inner, depth)})"

    def a_range(self, at: Place, depth: int, *, maps: bool = True) -> tuple[str, Type]:
        """Something that a macro may go over, and the type of its items; the keys of a map have
        no order."""
        rng = self.rng
        found = [
            (path, kind)
            for path, kind in at.paths
            if isinstance(kind, ListType | MapType if maps else ListType)
        ]
        if not found or rng.random() < 0.1:
            return self.write(LS, at, depth), STRING
        path, kind = rng.choice(found)
        if isinstance(kind, MapType):
            return path, STRING
        if rng.random() < 0.15 and at.loops < 3:
            variable = f"v{at.loops}"
            inner = replace(at.reading(variable, kind.item), loops=at.loops + 1)
            path = f"{path}.filter({variable}, {self.write(BOOL, inner, depth - 1)})"
        return path, kind.item

    def comparison(self, at: Place, depth: int) -> str:
        rng = self.rng
        if rng.random() < 0.5:
            kind: Type = rng.choice(_ORDERED)
            symbol = rng.choice(("<", "<=", ">", ">="))
        else:
            kinds = [one for _, one in at.paths if comparable(one)] or list(SCALARS)
            kind = rng.choice(kinds)
            symbol = rng.choice(("==", "!="))
        return f"({self.write(kind, at, depth)} {symbol} {self.write(kind, at, depth)})"

    def membership(self, at: Place, depth: int) -> str:
        kinds = [
            one for _, one in at.paths if isinstance(one, ListType | MapType) and comparable(one)
        ] or [LS]
        kind = self.rng.choice(kinds)
        item = kind.item if isinstance(kind, ListType) else STRING
        return f"({self.write(item, at, depth)} in {self.write(kind, at, depth)})"

    def text_test(self, at: Place, depth: int) -> str:
        subject = self.write(STRING, at, depth)
        if self.rng.random() < 0.5:
            pattern = self.rng.choice(PATTERNS)
            return f"{subject}.matches(r'{pattern}')"
        name = self.rng.choice(("startsWith", "endsWith", "contains"))
        return f"{subject}.{name}({self.write(STRING, at, depth)})"

    def network(self, at: Place, depth: int) -> str:
        if self.rng.random() < 0.3:
            return f"(size(cidrsBetween({self.write(STRING, at, depth)}, {self.write(STRING, at, 0)})) > 1)"
        return f"cidrWithin({self.write(STRING, at, depth)}, {self.write(STRING, at, 0)})"

    def an_int(self, at: Place, depth: int) -> str:
        rng = self.rng
        choice = rng.randint(0, 6)
        if choice <= 1:
            return (
                f"({self.write(INT, at, depth)} {rng.choice('+-*/%')} {self.write(INT, at, depth)})"
            )
        if choice == 2:
            return f"cidrPrefix({self.write(STRING, at, depth)})"
        if choice == 3:
            return f"int({self.write(STRING, at, depth)})"
        if choice == 4:
            return self.ternary(INT, at, depth)
        sized = [
            path
            for path, kind in at.paths
            if isinstance(kind, ListType | MapType) or kind is STRING
        ]
        return f"size({rng.choice(sized) if sized else self.write(LS, at, depth)})"

    def a_double(self, at: Place, depth: int) -> str:
        if self.rng.random() < 0.3:
            return f"double({self.rng.choice(('1', '22', '-3'))})"
        return f"({self.write(DOUBLE, at, depth)} {self.rng.choice('+-*')} {self.write(DOUBLE, at, depth)})"

    def a_string(self, at: Place, depth: int) -> str:
        rng = self.rng
        choice = rng.randint(0, 5)
        if choice == 0:
            return f"({self.write(STRING, at, depth)} + {self.write(STRING, at, depth)})"
        if choice == 1:
            return (
                f"{self.write(STRING, at, depth)}.{self.rng.choice(('lowerAscii', 'upperAscii'))}()"
            )
        if choice == 2:
            return self.ternary(STRING, at, depth)
        if choice == 3:
            return f"{self.write(LS, at, depth)}.join(',')"
        if choice == 4:
            return f"string({self.write(rng.choice((INT, INT, TIMESTAMP)), at, depth)})"
        return self.literal(STRING, at)

    def a_timestamp(self, at: Place, depth: int) -> str:
        return f"({self.write(TIMESTAMP, at, depth)} {self.rng.choice('+-')} {self.write(DURATION, at, depth)})"

    def a_duration(self, at: Place, depth: int) -> str:
        if self.rng.random() < 0.4:
            return f"({self.write(TIMESTAMP, at, depth)} - {self.write(TIMESTAMP, at, depth)})"
        return f"({self.write(DURATION, at, depth)} {self.rng.choice('+-')} {self.write(DURATION, at, depth)})"

    def a_list(self, kind: ListType, at: Place, depth: int) -> str:
        rng = self.rng
        choice = rng.randint(0, 3)
        maps = [path for path, one in at.paths if isinstance(one, MapType)]
        if choice == 0 and kind == LS and maps and rng.random() < 0.5:
            return f"keys({rng.choice(maps)})"
        if choice == 0 and kind == LS:
            return f"{self.write(STRING, at, depth)}.split(',')"
        if choice == 1 and at.loops < 3:
            path, item = self.a_range(at, depth, maps=False)
            variable = f"v{at.loops}"
            inner = replace(at.reading(variable, item), loops=at.loops + 1)
            return f"{path}.map({variable}, {self.write(kind.item, inner, depth)})"
        if choice == 2:
            return f"({self.write(kind, at, depth)} + {self.write(kind, at, depth)})"
        return (
            "["
            + ", ".join(self.write(kind.item, at, depth) for _ in range(rng.randint(1, 2)))
            + "]"
        )
