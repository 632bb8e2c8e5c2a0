"""Makes a formula of CloudTrail's event selectors: which events a trail records.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/filtering-data-events.html: of one field,
Equals, StartsWith and EndsWith are alternatives, and each NotEquals, NotStartsWith and NotEndsWith
leaves events out; all fields of a selector must match, and one selector is enough.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from scanner.matching.formula import And, Atom, Formula, Or
from scanner.matching.json_values import Differs, Is, TextIs
from scanner.matching.texts import TextPattern, ends_with, literal, starts_with
from scanner.model.values import OpenList, Unreadable

_SELECT: Final[Mapping[str, Callable[[str], TextPattern]]] = {
    "equals": literal,
    "starts_with": starts_with,
    "ends_with": ends_with,
}
_LEAVE_OUT: Final[Mapping[str, Callable[[str], TextPattern]]] = {
    "not_equals": literal,
    "not_starts_with": starts_with,
    "not_ends_with": ends_with,
}
_WHOLE_SERVICE: Final = re.compile(r"arn:[a-z0-9-]+:[a-z0-9-]+")
_READ_ONLY: Final[Mapping[str, tuple[Formula, ...]]] = {
    "All": (),
    "ReadOnly": (Atom(("readOnly",), Is(True)),),
    "WriteOnly": (Atom(("readOnly",), Is(False)),),
}


def recorded(basic: Sequence[object], advanced: Sequence[object]) -> Formula:
    """The events that selectors, records of the kind `aws.cloudtrail.trail`, record.

    A trail without any records every management event.
    """
    for selectors in (basic, advanced):
        # Of a list that was cut off, what is missing may be a selector.
        if isinstance(selectors, OpenList):
            raise ValueError(f"event selectors were not read: {_reason(selectors)}")
    found: list[Formula] = []
    if not basic and not advanced:
        # CloudTrail's default: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/
        # logging-management-events-with-cloudtrail.html
        return _is(("eventCategory",), "Management")
    for selector in basic:
        found.extend(_basic(selector))
    for selector in advanced:
        found.append(And(tuple(map(_field, _list(selector, "fields")))))
    return Or(tuple(found))


def _basic(selector: object) -> list[Formula]:
    way = _member(selector, "read_write", str)
    if way not in _READ_ONLY:
        raise ValueError(f"event selector has an unknown read-write type '{way}'")
    read_only = _READ_ONLY[way]
    found: list[Formula] = []
    if _member(selector, "management", bool):
        excluded = [
            _differs(("eventSource",), literal(name), name) for name in _texts(selector, "excluded")
        ]
        found.append(And((_is(("eventCategory",), "Management"), *read_only, *excluded)))
    for resource in _list(selector, "data"):
        kind = _member(resource, "type", str)
        values = [_resource(kind, value) for value in _texts(resource, "values")]
        data = _is(("eventCategory",), "Data")
        found.append(And((data, _is(("resources", "type"), kind), Or(tuple(values)), *read_only)))
    return found


def _resource(kind: str, value: str) -> Formula:
    """The resources that a value of a basic selector names."""
    # For S3 a value is a prefix; elsewhere it is one resource, or all of a service.
    pattern = literal(value)
    if kind == "AWS::S3::Object" or _WHOLE_SERVICE.fullmatch(value):
        pattern = starts_with(value)
    return Atom(("resources", "ARN"), TextIs(pattern, value))


def _field(condition: object) -> Formula:
    name = _member(condition, "field", str)
    path = tuple(name.split("."))
    selected: list[Formula] = []
    left_out: list[Formula] = []
    for operator, pattern_of in _SELECT.items():
        for value in _texts(condition, operator):
            selected.append(_matches(path, pattern_of(value), value))
    for operator, pattern_of in _LEAVE_OUT.items():
        for value in _texts(condition, operator):
            left_out.append(_differs(path, pattern_of(value), value))
    if not selected:
        return And(tuple(left_out))
    return And((Or(tuple(selected)), *left_out))


def _matches(path: tuple[str, ...], pattern: TextPattern, value: str) -> Formula:
    # An event has `readOnly` as a bool, a selector as a text.
    if path == ("readOnly",):
        ways = [Atom(path, Is(way)) for way in (True, False) if pattern.matches(str(way).lower())]
        return Or(tuple(ways))
    return Atom(path, TextIs(pattern, value))


def _differs(path: tuple[str, ...], pattern: TextPattern, value: str) -> Formula:
    if path == ("readOnly",):
        ways = [way for way in (True, False) if not pattern.matches(str(way).lower())]
        return Or(tuple(Atom(path, Is(way)) for way in ways))
    return Atom(path, Differs(TextIs(pattern, value)))


def _is(path: tuple[str, ...], value: str) -> Formula:
    return Atom(path, TextIs(literal(value), value))


def _member(record: object, name: str, kind: type) -> Any:
    """A member of a record; ValueError where it was not read."""
    if not isinstance(record, dict):
        raise ValueError(f"event selector was not read: {_reason(record)}")
    value = record.get(name)
    if type(value) is not kind:
        raise ValueError(f"{name} of an event selector was not read: {_reason(value)}")
    return value


def _list(record: object, name: str) -> list[Any]:
    value = record.get(name, []) if isinstance(record, dict) else record
    # A list that was cut off may leave out more than was read.
    if type(value) is not list:
        raise ValueError(f"{name} of an event selector were not read: {_reason(value)}")
    return value


def _texts(record: object, name: str) -> list[str]:
    values = _list(record, name)
    for value in values:
        if not isinstance(value, str):
            raise ValueError(f"{name} of an event selector were not read: {_reason(value)}")
    return values


def _reason(value: object) -> str:
    if isinstance(value, Unreadable | OpenList):
        return value.reason
    return "the response has another form"
