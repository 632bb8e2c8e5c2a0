"""Decides whether a query of Cloud Logging takes every entry that has given fields.

An entry is described by what is known of it. The query covers it if it holds whatever the other
fields are (Kleene's logic, a field that is not given being unknown), and does not if it fails for
some values of them: a counterexample is looked for among the values that the query itself names.
Where neither is found, the answer is open, and QueryError says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, islice, product
from typing import Final

from scanner.matching.formula import And, Not, Or
from scanner.matching.logging_query.parser import (
    Comparison,
    LogId,
    Node,
    Path,
    Search,
    parse,
)
from scanner.matching.logging_query.tokens import QueryError

Truth = bool | None
"""None: open, as long as the fields that are not given may hold anything."""

_SEVERITIES: Final = (
    "DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY",
)  # fmt: skip
_SEVERITY: Final[Path] = ("severity",)
_LOG_NAME: Final[Path] = ("logName",)
_ELSEWHERE: Final[Path] = ("",)
"""Stands for any other field of an entry, for values that are searched for everywhere."""
_MOST_ATTEMPTS: Final = 4_096
_PATTERN_MEMORY: Final = 1_048_576


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a log entry."""

    fields: Mapping[Path, tuple[str, ...]]
    """The values of each field; several of a repeated one."""
    repeated: frozenset[Path] = field(default=frozenset())
    """Fields that may have more values than these."""
    whole: bool = False
    """Whether there are no other fields."""


def covers(query: str, entries: str) -> bool:
    """Whether a query takes every entry of a description.

    A description is itself a query, of comparisons that all hold: `field="value"`, or
    `field:"value"` for a repeated field that has this value among others. Alternatives in
    parentheses describe an entry each. QueryError where the query has a form that is not judged,
    or where the question stays open.
    """
    tree = parse(query)
    still_open = False
    for entry in described(entries):
        covered = _covers_entry(tree, entry, query)
        if covered is False:
            return False
        still_open = still_open or covered is None
    if still_open:
        raise QueryError("whether it matches every such entry is not known", query, 0)
    return True


@lru_cache(maxsize=1024)
def described(text: str) -> tuple[Entry, ...]:
    """The entries that a description names, at least one; QueryError where it is none."""
    tree = parse(text)
    parts = tree.parts if isinstance(tree, And) else (tree,)
    alternatives = [part.parts if isinstance(part, Or) else (part,) for part in parts]
    return tuple(_entry(chosen, text) for chosen in product(*alternatives))


def _entry(parts: Sequence[Node], text: str) -> Entry:
    fields: dict[Path, tuple[str, ...]] = {}
    repeated: set[Path] = set()
    for part in parts:
        if not isinstance(part, Comparison) or part.operator not in ("=", ":"):
            raise QueryError("a description has comparisons by '=' and ':' only", text, 0)
        fields[part.path] = (*fields.get(part.path, ()), part.value)
        if part.operator == ":":
            repeated.add(part.path)
    return Entry(fields, frozenset(repeated))


def _covers_entry(tree: Node, entry: Entry, query: str) -> Truth:
    truth = _truth(tree, entry, query)
    if truth is not None:
        return truth
    for completed in _completions(tree, entry):
        if _truth(tree, completed, query) is False:
            return False
    return None


def _truth(node: Node, entry: Entry, query: str) -> Truth:
    """The query's outcome for an entry, by Kleene's logic."""
    match node:
        case And(parts):
            return _joined(parts, False, entry, query)
        case Or(parts):
            return _joined(parts, True, entry, query)
        case Not(part):
            truth = _truth(part, entry, query)
            return None if truth is None else not truth
        case Search(value):
            return _found_anywhere(value, entry)
        case LogId(value):
            return _is_log(value, entry)
        case Comparison():
            return _compared(node, entry, query)


def _joined(parts: tuple[Node, ...], decisive: bool, entry: Entry, query: str) -> Truth:
    """One part with the decisive outcome decides; an open part leaves the others to."""
    outcome: Truth = not decisive
    for part in parts:
        truth = _truth(part, entry, query)
        if truth is decisive:
            return decisive
        if truth is None:
            outcome = None
    return outcome


def _found_anywhere(value: str, entry: Entry) -> Truth:
    wanted = value.casefold()
    for values in entry.fields.values():
        if any(wanted in one.casefold() for one in values):
            return True
    return False if entry.whole else None


def _is_log(value: str, entry: Entry) -> Truth:
    if _LOG_NAME not in entry.fields:
        return False if entry.whole else None
    _, _, last = entry.fields[_LOG_NAME][0].partition("/logs/")
    return last.casefold() == value.replace("/", "%2F").casefold()


def _compared(node: Comparison, entry: Entry, query: str) -> Truth:
    values = entry.fields.get(node.path)
    if node.operator == "exists":
        return _exists(node.path, entry)
    if values is None:
        _refuse_unlike(node, entry, query)
        # A comparison with a field that is not there fails, whatever the operator.
        return False if entry.whole else None
    outcomes = [_holds(node, value, query) for value in values]
    if node.path in entry.repeated or len(values) > 1:
        return _any_value(outcomes, node, entry)
    return outcomes[0]


def _exists(path: Path, entry: Entry) -> Truth:
    # A field with something in it is there itself.
    if any(known[: len(path)] == path for known in entry.fields):
        return True
    return False if entry.whole else None


def _any_value(outcomes: list[Truth], node: Comparison, entry: Entry) -> Truth:
    """Of a repeated field, one value is enough; of a negated operator, Google does not say."""
    if node.operator in ("!=", "!~"):
        different = set(outcomes)
        return different.pop() if entry.whole and len(different) == 1 else None
    if True in outcomes:
        return True
    if None in outcomes or not entry.whole:
        return None
    return False


def _refuse_unlike(node: Comparison, entry: Entry, query: str) -> None:
    """Refuse a field that may be a known one, or hold it, in a way that Google does not say."""
    wanted = _folded(node.path)
    for known in entry.fields:
        if _folded(known) == wanted:
            message = f"'{'.'.join(node.path)}' is another spelling of a field"
            raise QueryError(message, query, node.at)
        if known[: len(node.path)] == node.path:
            message = f"'{'.'.join(node.path)}' is compared as a whole"
            raise QueryError(message, query, node.at)


def _folded(path: Path) -> str:
    return ".".join(path).replace("_", "").casefold()


def _holds(node: Comparison, value: str, query: str) -> Truth:
    """Whether one value stands in the relation to the query's; None where that is not known."""
    match node.operator:
        case "=":
            return value.casefold() == node.value.casefold()
        case "!=":
            return value.casefold() != node.value.casefold()
        case ":":
            return node.value.casefold() in value.casefold()
        case "=~":
            return _searcher(node.value, query, node.at)(value)
        case "!~":
            return not _searcher(node.value, query, node.at)(value)
        case _:
            return _ordered(node, value)


def _ordered(node: Comparison, value: str) -> Truth:
    """The order of severities and of numbers; of other texts it is not known."""
    if node.path == _SEVERITY:
        ranks = {name: rank for rank, name in enumerate(_SEVERITIES)}
        left, right = ranks.get(value.upper()), ranks.get(node.value.upper())
    else:
        left, right = _number(value), _number(node.value)
    if left is None or right is None:
        return None
    outcomes = {">": left > right, "<": left < right, ">=": left >= right, "<=": left <= right}
    return outcomes[node.operator]


def _number(text: str) -> int | None:
    if len(text) > 18 or not text.removeprefix("-").isdecimal() or not text.isascii():
        return None
    return int(text)


def _searcher(pattern: str, query: str, at: int) -> Callable[[str], bool]:
    try:
        return _compiled(pattern)
    except ValueError as error:
        raise QueryError(f"{pattern!r} is not a pattern: {error}", query, at) from error


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Callable[[str], bool]:
    """A search with RE2, as Logging's is; ValueError on a pattern that it does not take."""
    # Imported where a pattern is first compiled: most commands compile none. Not the language's
    # own `matcher`: that refuses forms, such as `(?i)`, that Logging takes.
    import re2

    options = re2.Options()
    options.max_mem = _PATTERN_MEMORY
    options.log_errors = False
    try:
        search = re2.compile(pattern.encode(), options).search
    except re2.error as error:
        raise ValueError(error.args[0].decode(errors="replace")) from error
    return lambda text: search(text.encode()) is not None


def _completions(tree: Node, entry: Entry) -> Iterator[Entry]:
    """Whole entries with the known fields, and with values for others that the query names."""
    choices: dict[Path, list[tuple[str, ...]]] = {}
    for node in _leaves(tree):
        path, values = _suggested(node)
        if path in entry.fields and path not in entry.repeated:
            continue
        found = choices.setdefault(path, _without(path))
        found += [(value,) for value in values]
    # First each field by itself, which finds nearly all; then all together, up to a limit.
    named = [list(product((path,), options)) for path, options in choices.items()]
    for path, option in chain.from_iterable(named):
        yield _completed(entry, {path: option}, choices)
    for chosen in islice(product(*named), _MOST_ATTEMPTS):
        yield _completed(entry, dict(chosen), choices)


def _without(path: Path) -> list[tuple[str, ...]]:
    """The choices for any field: it is not there; but an entry always has a severity."""
    if path == _SEVERITY:
        return [(name,) for name in _SEVERITIES]
    return [(), ("?",)]


def _completed(
    entry: Entry,
    chosen: Mapping[Path, tuple[str, ...]],
    choices: Mapping[Path, list[tuple[str, ...]]],
) -> Entry:
    fields = dict(entry.fields)
    for path, options in choices.items():
        added = chosen.get(path, options[0])
        if added:
            fields[path] = (*entry.fields.get(path, ()), *added)
    return Entry(fields, frozenset(), whole=True)


def _leaves(node: Node) -> Iterator[Comparison | Search | LogId]:
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _leaves(part)
        case Not(part):
            yield from _leaves(part)
        case Comparison() | Search() | LogId():
            yield node


def _suggested(node: Comparison | Search | LogId) -> tuple[Path, list[str]]:
    """A field, and values of it that may decide a restriction."""
    match node:
        case Search(value):
            return _ELSEWHERE, [value]
        case LogId(value):
            return _LOG_NAME, [f"projects/p/logs/{value.replace('/', '%2F')}"]
        case Comparison(path=path, operator=operator, value=literal):
            number = _number(literal)
            if path == _SEVERITY or operator == "exists":
                return path, []
            if number is None:
                return path, [literal]
            return path, [str(number - 1), literal, str(number + 1)]
