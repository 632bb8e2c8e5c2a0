"""Random queries of Cloud Logging, and a reference that decides single entries.

The reference follows Google's published rules for one whole entry, and shares nothing with the
parser: a query is made as a tree, which is written as text for tscan and evaluated as a tree here.
"""

from __future__ import annotations

import operator as operators
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from random import Random

Tree = tuple[object, ...]
"""`("all" | "some", trees)`, `("not", tree)`, `("search", value)`, `("log", id)` or
`("compare", field, operator, value)`."""
Whole = dict[str, tuple[str, ...]]
"""A whole entry: the values of each field that it has."""

TEXTS = ("red", "Red", "dark red", "blue", 'a"b', "x.y", "5")
NUMBERS = ("4", "5", "6", "50")
SEVERITIES = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")  # fmt: skip
SCALARS = ("paint.color", "paint.maker")
REPEATED = "paint.coats"
NUMBER = "paint.layers"
ORDER = {
    "=": operators.eq,
    "!=": operators.ne,
    ">": operators.gt,
    ">=": operators.ge,
    "<": operators.lt,
    "<=": operators.le,
}
PATTERNS = ("^red$", "(?i)red", "d", "b|x", r"x\.y", "^$")


@dataclass(frozen=True, slots=True)
class Case:
    """A query, and a description of entries."""

    query: str
    tree: Tree
    description: str
    known: Whole
    entries: tuple[Whole, ...]
    """Some of the whole entries that fit it."""

    def every_entry(self) -> Iterator[Whole]:
        """All whole entries of a small world that fit the description."""
        choices = _choices(self.known)
        for row in product(*choices.values()):
            yield _entry(self.known, dict(zip(choices, row, strict=True)))


def make_case(rng: Random) -> Case:
    """A random case."""
    tree = _tree(rng, rng.randint(0, 3))
    known: Whole = {"paint.color": (rng.choice(TEXTS),)}
    if rng.random() < 0.5:
        known[REPEATED] = (rng.choice(TEXTS),)
    if rng.random() < 0.3:
        known["logName"] = (f"projects/p/logs/{rng.choice(('a%2Fb', 'c'))}",)
    if rng.random() < 0.3:
        known["severity"] = (rng.choice(SEVERITIES),)
    if rng.random() < 0.3:
        known[NUMBER] = (rng.choice(NUMBERS),)
    entries = tuple(_completed(rng, known))
    return Case(write(tree, rng), tree, _description(known, rng), known, entries)


def holds(tree: Tree, entry: Whole) -> bool:
    """Whether a whole entry matches a query, by Google's rules."""
    match tree:
        case ("all", parts):
            return all(holds(part, entry) for part in parts)  # type: ignore[attr-defined]
        case ("some", parts):
            return any(holds(part, entry) for part in parts)  # type: ignore[attr-defined]
        case ("not", part):
            return not holds(part, entry)  # type: ignore[arg-type]
        case ("search", value):
            every = [one for values in entry.values() for one in values]
            return any(str(value).lower() in one.lower() for one in every)
        case ("log", value):
            names = entry.get("logName", ())
            return any(one.split("/logs/")[1] == str(value).replace("/", "%2F") for one in names)
        case ("compare", field, operator, value):
            found = entry.get(str(field), ())
            return any(_fits(str(field), str(operator), one, str(value)) for one in found)
    raise AssertionError(tree)


def _fits(field: str, operator: str, found: str, wanted: str) -> bool:
    if operator == "=":
        return found.lower() == wanted.lower()
    if operator == "!=":
        return found.lower() != wanted.lower()
    if operator == ":":
        return wanted == "*" or wanted.lower() in found.lower()
    if operator in ("=~", "!~"):
        return (re.search(wanted, found) is not None) == (operator == "=~")
    if field == "severity":
        left, right = SEVERITIES.index(found), SEVERITIES.index(wanted)
    else:
        left, right = int(found), int(wanted)
    return ORDER[operator](left, right)


def _tree(rng: Random, depth: int) -> Tree:
    if depth == 0 or rng.random() < 0.2:
        return _restriction(rng)
    shape = rng.choice(("all", "some", "not"))
    if shape == "not":
        return ("not", _tree(rng, depth - 1))
    return (shape, tuple(_tree(rng, depth - 1) for _ in range(rng.randint(2, 3))))


def _restriction(rng: Random) -> Tree:
    roll = rng.random()
    if roll < 0.1:
        return ("search", rng.choice(TEXTS))
    if roll < 0.2:
        return ("log", rng.choice(("a/b", "c")))
    if roll < 0.3:
        return (
            "compare",
            "severity",
            rng.choice(("=", "!=", ">", ">=", "<", "<=")),
            rng.choice(SEVERITIES),
        )
    if roll < 0.4:
        return (
            "compare",
            NUMBER,
            rng.choice(("=", "!=", ">", ">=", "<", "<=")),
            rng.choice(NUMBERS),
        )
    field = rng.choice((*SCALARS, REPEATED))
    # What a negated operator means for several values, Google does not say.
    operators = ("=", ":", "=~") if field == REPEATED else ("=", "!=", ":", "=~", "!~")
    operator = rng.choice(operators)
    if operator in ("=~", "!~"):
        return ("compare", field, operator, rng.choice(PATTERNS))
    if operator == ":" and rng.random() < 0.3:
        return ("compare", field, ":", "*")
    return ("compare", field, operator, rng.choice(TEXTS))


def write(tree: Tree, rng: Random) -> str:
    """The tree as text, in one of the ways in which a person might write it."""
    text = _written(tree, rng, 0)
    return rng.choice(("", " ", "\n", "-- all of it\n")) + text + rng.choice(("", " ", "\n"))


def _written(tree: Tree, rng: Random, binding: int) -> str:
    """`binding`: 0 where AND may stand, 1 where only OR may, 2 where neither may."""
    match tree:
        case ("all", parts):
            joined = ""
            for part in parts:  # type: ignore[attr-defined]
                joiner = rng.choice((" AND ", "\nAND ", " ", "\n", " -- and\n", "\t", " AND\n"))
                joined += (joiner if joined else "") + _written(part, rng, 1)
            return f"({joined})" if binding > 0 or rng.random() < 0.2 else joined
        case ("some", parts):
            grouped = _grouped(parts, rng)  # type: ignore[arg-type]
            if grouped:
                return grouped
            joiner = rng.choice((" OR ", "\nOR ", " OR\n"))
            joined = joiner.join(_written(part, rng, 2) for part in parts)  # type: ignore[attr-defined]
            return f"({joined})" if binding > 1 or rng.random() < 0.2 else joined
        case ("not", part):
            return rng.choice(("NOT ", "-", "NOT\n")) + _atom(part, rng)  # type: ignore[arg-type]
        case _:
            return _atom(tree, rng)


def _atom(tree: Tree, rng: Random) -> str:
    match tree:
        case ("search", value):
            return _quoted(str(value), rng)
        case ("log", value):
            return f'{rng.choice(("log_id", "LOG_ID"))}("{value}")'
        case ("compare", field, operator, value):
            space = rng.choice(("", " "))
            written = "*" if value == "*" else _quoted(str(value), rng)
            if operator in ("=~", "!~"):
                written = '"' + str(value).replace("\\", rng.choice(("\\", "\\\\"))) + '"'
            return f"{_field(str(field), rng)}{space}{operator}{space}{written}"
    return f"({_written(tree, rng, 0)})"


def _grouped(parts: tuple[Tree, ...], rng: Random) -> str:
    """Comparisons of one field by one operator as `field:("a" OR "b")`, where they are that."""
    if any(part[0] != "compare" for part in parts) or len({part[1:3] for part in parts}) != 1:
        return ""
    _, field, operator, _ = parts[0]
    if operator not in ("=", ":") or any(part[3] == "*" for part in parts):
        return ""
    values = " OR ".join(_quoted(str(part[3]), rng) for part in parts)
    return f"{field}{operator}({values})"


def _field(field: str, rng: Random) -> str:
    first, _, second = field.partition(".")
    if second and rng.random() < 0.2:
        return f'{first}."{second}"'
    return field


def _quoted(value: str, rng: Random) -> str:
    if re.fullmatch(r"[A-Za-z0-9.]+", value) and rng.random() < 0.4:
        return value
    return '"' + value.replace('"', '\\"') + '"'


def _description(known: Whole, rng: Random) -> str:
    parts = []
    for field, (value,) in known.items():
        operator = ":" if field == REPEATED else "="
        escaped = value.replace('"', '\\"')
        parts.append(f'{field}{operator}"{escaped}"')
    rng.shuffle(parts)
    return " AND ".join(parts)


def _choices(known: Whole) -> dict[str, list[tuple[str, ...]]]:
    """What the fields of an entry may hold that the description does not give."""
    choices: dict[str, list[tuple[str, ...]]] = {
        "paint.maker": [(), *((text,) for text in (*TEXTS, *PATTERNS)), ("?",)],
        "severity": [(one,) for one in SEVERITIES],
        NUMBER: [(), *((one,) for one in ("3", *NUMBERS, "7", "49", "51"))],
        "logName": [(), ("projects/p/logs/a%2Fb",), ("projects/p/logs/c",), ("projects/p/logs/d",)],
        "other": [(), ("?",), *((text,) for text in TEXTS)],
    }
    for field in known:
        choices.pop(field, None)
    coats = known.get(REPEATED, ())
    choices[REPEATED] = [coats, *((*coats, text) for text in (*TEXTS, *PATTERNS))]
    return choices


def _completed(rng: Random, known: Whole) -> Iterator[Whole]:
    """Some whole entries with these fields: each that differs in one field, and a sample."""
    choices = _choices(known)
    for field, options in choices.items():
        for values in options:
            yield _entry(known, {field: values})
    for _ in range(100):
        yield _entry(known, {field: rng.choice(options) for field, options in choices.items()})


def _entry(known: Whole, added: Whole) -> Whole:
    entry = {"severity": ("INFO",), **known, **added}
    return {field: values for field, values in entry.items() if values}
