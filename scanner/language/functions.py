"""Defines the functions of the language: their types, and what they compute on values that were
read.

An implementation raises ValueError, OverflowError or ZeroDivisionError on a malformed argument; the
evaluators turn that into an unread value.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, Final

from scanner.language.address_ranges import (
    cidr_prefix,
    cidr_within,
    cidrs_between,
    internet_ranges,
)
from scanner.language.types import BOOL as BOOLEAN
from scanner.language.types import (
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NOTHING,
    STRING,
    TIMESTAMP,
    ListType,
    MapType,
    Type,
)
from scanner.matching import (
    filter_covers,
    scan_filter_matches,
    selectors_cover,
    triggering_series,
)
from scanner.matching.logging_query.coverage import covers as query_covers
from scanner.model.redacted import is_mark, with_unread_marks

INT_LIMIT: Final = 2**63
DEFAULT_MEMORY: Final = 10_000_000
"""Characters and items that one evaluation may make."""

# Every number of digits is bounded: Python converts a long text to a number in more than linear
# time.
_TIMESTAMP: Final = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)
_DURATION: Final = re.compile(r"[+-]?(?:\d{1,15}(?:\.\d{1,9})?(?:h|ms|m|s|us))+", re.ASCII)
_PIECE: Final = re.compile(r"(\d+)(?:\.(\d+))?(h|ms|m|s|us)", re.ASCII)
_MICROSECONDS: Final = {
    "h": 3_600_000_000,
    "m": 60_000_000,
    "s": 1_000_000,
    "ms": 1_000,
    "us": 1,
}
_INT: Final = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_DOUBLE: Final = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_UPPER: Final = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_LOWER: Final = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Overload:
    """One list of parameter types, and the type of the result."""

    parameters: tuple[Type, ...]
    result: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function by its name: how it is written, its types, and its implementation."""

    name: str
    overloads: tuple[Overload, ...]
    run: Callable[..., Any]
    method: bool = False
    """Written as `x.name(…)`."""
    plain: bool = True
    """Written as `name(x, …)`."""
    example: str
    certain: int = 0
    """How many of the items that it makes of a list are there whatever else the list holds; of an
    open list it then gives an open one."""
    cost: Callable[..., int] | None = None
    """Characters and items that a call makes, known before it is made; None: next to nothing."""


@lru_cache(maxsize=4096)
def to_timestamp(text: str) -> datetime:
    """The moment that an RFC 3339 text names, in UTC, to the microsecond."""
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a timestamp such as 2026-01-31T12:00:00Z")
    moment = datetime.fromisoformat(match[1]).replace(tzinfo=UTC)
    # Finer digits than Python keeps are cut off, not rounded: a moment never moves into the future.
    microseconds = (match[2] or "0").ljust(6, "0")[:6]
    moment += timedelta(microseconds=int(microseconds))
    if match[3] is None:
        return moment
    hours_off = int(match[4])
    minutes_off = int(match[5])
    if minutes_off > 59:
        raise ValueError(f"{text!r} has no valid offset")
    offset = timedelta(hours=hours_off, minutes=minutes_off)
    if match[3] == "-":
        offset = -offset
    return moment.replace(tzinfo=timezone(offset)).astimezone(UTC)


@lru_cache(maxsize=4096)
def to_duration(text: str) -> timedelta:
    """The duration that a text such as `36h` or `1h30m` names."""
    if _DURATION.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a duration such as 36h or 1h30m")
    total = 0
    for whole, fraction, unit in _PIECE.findall(text):
        scaled = int(whole + fraction) * _MICROSECONDS[unit]
        microseconds, rest = divmod(scaled, int(10 ** len(fraction)))
        if rest:
            raise ValueError(f"{text!r} is finer than a microsecond")
        total += microseconds
    if text.startswith("-"):
        total = -total
    return timedelta(microseconds=total)


def to_int(value: str | float) -> int:
    """The integer that a decimal text names, or a double cut towards zero."""
    # int() also takes spaces, underscores and the digits of other scripts.
    if isinstance(value, str) and _INT.fullmatch(value) is None:
        raise ValueError(f"{value!r} is not an integer")
    number = int(value)
    if not -INT_LIMIT <= number < INT_LIMIT:
        raise OverflowError(f"{value!r} does not fit into 64 bits")
    return number


def to_double(value: str | float) -> float:
    """The double that a decimal text or a number names."""
    # float() also takes `nan` and `infinity`.
    if isinstance(value, str) and _DOUBLE.fullmatch(value) is None:
        raise ValueError(f"{value!r} is not a number")
    return float(value)


def to_string(value: str | int | bool | datetime) -> str:
    """The text of an integer, a bool, or a timestamp.

    A timestamp is written as RFC 3339 in UTC, with no more digits than it needs.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        whole, point, fraction = value.replace(tzinfo=None).isoformat().partition(".")
        return f"{whole}{point}{fraction.rstrip('0')}Z"
    return str(value)


def lower_ascii(text: str) -> str:
    """The text with A to Z, and nothing else, folded."""
    if text.isascii():
        return text.lower()
    return text.translate(_LOWER)


def upper_ascii(text: str) -> str:
    """The text with a to z, and nothing else, raised."""
    if text.isascii():
        return text.upper()
    return text.translate(_UPPER)


def split(text: str, separator: str) -> list[str]:
    """The parts of a text between separators; its characters when the separator is empty."""
    if separator:
        return text.split(separator)
    return list(text) or [""]


def join(parts: list[str], separator: str) -> str:
    """The parts with a separator between them."""
    return separator.join(parts)


def days(count: int) -> timedelta:
    """A duration of whole days."""
    return timedelta(days=count)


def hours(count: int) -> timedelta:
    """A duration of whole hours."""
    return timedelta(hours=count)


def contains(text: str, part: str) -> bool:
    """Whether a text contains another."""
    return part in text


def parse_json(text: str) -> Any:
    """The raw data that a JSON text holds (a queue's redrive policy is one)."""
    try:
        return with_unread_marks(json.loads(text), "the JSON text")
    except RecursionError as error:
        raise ValueError("the JSON text is nested too deeply") from error


def _joined_size(parts: list[str], separator: str) -> int:
    # The careful evaluator may find something unread among the parts: join() says so.
    sizes = (len(part) for part in parts if isinstance(part, str))
    return sum(sizes) + len(separator) * len(parts)


def _flat_size(lists: list[list[str]]) -> int:
    return sum(len(items) for items in lists if isinstance(items, list))


def _text_size(text: str, *_: object) -> int:
    return len(text)


def _json_size(text: str) -> int:
    # `[[],[],…` is twenty times as large in memory as in the text.
    return _BLOWN_UP * len(text)


_BLOWN_UP: Final = 4


def _of(result: Type, *parameters: Type) -> Overload:
    return Overload(parameters=parameters, result=result)


def keys_of(mapping: dict[str, Any]) -> list[str]:
    """The keys of a mapping, sorted; those of a redacted one are not its own."""
    # A secret that was redacted may have been a mapping or not: its one key is tscan's.
    if is_mark(mapping):
        raise ValueError("the mapping was redacted")
    return sorted(mapping)


def flatten(lists: list[list[str]]) -> list[str]:
    """The items of all lists, in order."""
    found: list[str] = []
    for items in lists:
        # An OpenList is a list to isinstance: what was not read of it would be taken for nothing.
        if type(items) is not list:
            raise ValueError("an item is not a whole list")
        found += items
    return found


_TEXT_TEST: Final = _of(BOOLEAN, STRING, STRING)
_ALL: Final = (
    Function(
        name="size",
        overloads=(
            _of(INT, STRING),
            _of(INT, ListType(NOTHING)),
            _of(INT, MapType(NOTHING)),
        ),
        run=len,
        method=True,
        example="size(list)",
    ),
    Function(
        name="matches",
        overloads=(_TEXT_TEST,),
        # Both evaluators compile the pattern of a call once, and search with that.
        run=NotImplemented,
        method=True,
        plain=False,
        example="text.matches('^prod-')",
    ),
    Function(
        name="startsWith",
        overloads=(_TEXT_TEST,),
        run=str.startswith,
        method=True,
        plain=False,
        example="text.startsWith('arn:')",
    ),
    Function(
        name="endsWith",
        overloads=(_TEXT_TEST,),
        run=str.endswith,
        method=True,
        plain=False,
        example="text.endsWith('.com')",
    ),
    Function(
        name="contains",
        overloads=(_TEXT_TEST,),
        run=contains,
        method=True,
        plain=False,
        example="text.contains('prod')",
    ),
    Function(
        name="lowerAscii",
        overloads=(_of(STRING, STRING),),
        run=lower_ascii,
        method=True,
        plain=False,
        cost=_text_size,
        example="text.lowerAscii()",
    ),
    Function(
        name="upperAscii",
        overloads=(_of(STRING, STRING),),
        run=upper_ascii,
        method=True,
        plain=False,
        cost=_text_size,
        example="text.upperAscii()",
    ),
    Function(
        name="split",
        overloads=(_of(ListType(STRING), STRING, STRING),),
        run=split,
        method=True,
        plain=False,
        cost=_text_size,
        example="text.split(',')",
    ),
    Function(
        name="join",
        overloads=(_of(STRING, ListType(STRING), STRING),),
        run=join,
        method=True,
        plain=False,
        cost=_joined_size,
        example="list.join(', ')",
    ),
    Function(
        name="timestamp",
        overloads=(_of(TIMESTAMP, STRING),),
        run=to_timestamp,
        example="timestamp('2026-01-31T12:00:00Z')",
    ),
    Function(
        name="duration",
        overloads=(_of(DURATION, STRING),),
        run=to_duration,
        example="duration('36h')",
    ),
    Function(
        name="int",
        overloads=(
            _of(INT, STRING),
            _of(INT, DOUBLE),
        ),
        run=to_int,
        example="int('22')",
    ),
    Function(
        name="double",
        overloads=(
            _of(DOUBLE, STRING),
            _of(DOUBLE, INT),
            # A number of JSON is either, as it happens to be written.
            _of(DOUBLE, DOUBLE),
        ),
        run=to_double,
        example="double(3)",
    ),
    Function(
        name="string",
        overloads=(
            _of(STRING, INT),
            _of(STRING, BOOLEAN),
            _of(STRING, STRING),
            _of(STRING, TIMESTAMP),
        ),
        run=to_string,
        example="string(22)",
    ),
    Function(
        name="days",
        overloads=(_of(DURATION, INT),),
        run=days,
        example="days(90)",
    ),
    Function(
        name="hours",
        overloads=(_of(DURATION, INT),),
        run=hours,
        example="hours(36)",
    ),
    Function(
        name="keys",
        overloads=(_of(ListType(STRING), MapType(NOTHING)),),
        run=keys_of,
        cost=len,
        example="keys(map)",
    ),
    Function(
        name="json",
        overloads=(_of(DYN, STRING),),
        run=parse_json,
        cost=_json_size,
        example="json('{}')",
    ),
    Function(
        name="cidrPrefix",
        overloads=(_of(INT, STRING),),
        run=cidr_prefix,
        example="cidrPrefix('10.0.0.0/8')",
    ),
    Function(
        name="cidrWithin",
        overloads=(_of(BOOLEAN, STRING, STRING),),
        run=cidr_within,
        example="cidrWithin('10.1.0.0/16', '10.0.0.0/8')",
    ),
    Function(
        name="cidrsBetween",
        overloads=(_of(ListType(STRING), STRING, STRING),),
        run=cidrs_between,
        example="cidrsBetween('10.0.0.0', '10.0.0.9')",
    ),
    Function(
        name="internetRanges",
        overloads=(_of(ListType(STRING), ListType(STRING), INT, INT),),
        run=internet_ranges,
        # Ranges that add up become others with more of them, and are never none.
        certain=1,
        example="internetRanges(cidrs, 8, 16)",
    ),
    Function(
        name="logQueryCovers",
        overloads=(_TEXT_TEST,),
        run=query_covers,
        example="""logQueryCovers(filter, 'resource.type="project"')""",
    ),
    Function(
        name="flatten",
        overloads=(_of(ListType(STRING), ListType(ListType(STRING))),),
        run=flatten,
        certain=sys.maxsize,
        method=True,
        plain=False,
        cost=_flat_size,
        example="lists.flatten()",
    ),
    Function(
        name="filterCovers",
        overloads=(_TEXT_TEST,),
        run=filter_covers,
        example="filterCovers(filter.pattern, '{ $.eventName = CreateVpc }')",
    ),
    Function(
        name="selectorsCover",
        overloads=(_of(BOOLEAN, ListType(NOTHING), ListType(NOTHING), STRING),),
        run=selectors_cover,
        example="selectorsCover(t.selectors, t.advanced_selectors, '{ $.readOnly IS TRUE }')",
    ),
    Function(
        name="alarmTriggers",
        overloads=(
            _of(ListType(STRING), STRING, STRING, DOUBLE, STRING, INT),
            _of(ListType(STRING), STRING, STRING, INT, STRING, INT),
        ),
        run=triggering_series,
        example="alarmTriggers('Sum', 'GreaterThanThreshold', 0.0, 'missing', 1)",
    ),
    Function(
        name="scanFilterMatches",
        overloads=(_TEXT_TEST,),
        run=scan_filter_matches,
        example="scanFilterMatches('prod*', repository.name)",
    ),
)
FUNCTIONS: Final = {function.name: function for function in _ALL}


def accepts(parameter: Type, argument: Type) -> bool:
    """Whether a parameter of one type accepts an argument of another.

    A raw argument is accepted everywhere: its class is checked at run time.
    """
    if parameter is NOTHING or argument is DYN or argument is NOTHING:
        return True
    if isinstance(parameter, ListType) and isinstance(argument, ListType):
        return accepts(parameter.item, argument.item)
    if isinstance(parameter, MapType) and isinstance(argument, MapType):
        return accepts(parameter.value, argument.value)
    return parameter == argument
