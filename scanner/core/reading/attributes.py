"""Makes typed attributes from raw answers: the declared type, `ABSENT` or `Unreadable`, no more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from scanner.core.policies import read_open_policy
from scanner.core.reading.canonical import canonical_list
from scanner.core.reading.read_scope import Bindings
from scanner.model.expressions import Expression
from scanner.model.kinds import PARAMETER, Attribute
from scanner.model.redacted import MARK, is_mark
from scanner.model.values import ABSENT, OpenList, RawValue, Symbol, Unreadable, Value
from scanner.words import described

OPERATIONS: Final = "$operations"
"""Bound to the operation behind each raw name, so that a reason can name the calls."""

_Scalar = bool | int | str | datetime | timedelta
_SCALARS: Final[Mapping[str, type[_Scalar]]] = {
    "bool": bool,
    "int": int,
    "string": str,
    "timestamp": datetime,
    "duration": timedelta,
}
_POLICIES: Final = frozenset({"policy", "trust_policy"})
_PAIR_MEMBERS: Final = (
    ("Key", "Value"),
    ("key", "value"),
    ("TagKey", "TagValue"),
)

_NO_VALUE: Final = Unreadable("a tag was returned without its value")
"""An empty value is written out."""

_ASKED: Final = re.compile(r"\.exists\(| ==")
"""What is asked of a member comes after it: `it.parts.exists(p, …)`, `it.mode == 'x'`."""


def read_attribute(attribute: Attribute, bindings: Bindings) -> Value:
    """The value of one attribute, from the raw answers in `bindings`."""
    if attribute.null_words and _is_null_word(attribute, bindings):
        return _absence(attribute, bindings)
    unread = _first_set(attribute, attribute.unknown_if_set, bindings)
    if unread is not None:
        return unread
    value = _read(attribute, bindings)
    more = _first_set(attribute, attribute.more_if_set, bindings)
    if more is not None and isinstance(value, list):
        return OpenList(value, more.reason, more.gaps)
    return value


def _read(attribute: Attribute, bindings: Bindings) -> Value:
    raw = attribute.api.evaluate(bindings)
    if _is_missing(raw):
        return _absence(attribute, bindings)
    kind = attribute.type.removesuffix("?")
    if kind in _POLICIES:
        return _policy(kind, raw, bindings)
    if isinstance(raw, Unreadable):
        return raw
    if kind == "list(record)":
        return _records(attribute, raw, bindings)
    return conform(kind, raw, attribute)


def _is_missing(raw: object) -> bool:
    """Whether a complete answer lacks the member; a denied call shows no absence."""
    return raw is ABSENT or (isinstance(raw, Unreadable) and raw.missing)


def _first_set(
    attribute: Attribute, members: Iterable[Expression], bindings: Bindings
) -> Unreadable | None:
    for member in members:
        unread = _unread_if_set(attribute, member.source, member.evaluate(bindings))
        if unread is not None:
            return unread
    return None


def _unread_if_set(attribute: Attribute, member: str, value: object) -> Unreadable | None:
    """Why the attribute is unread, if a member that changes its meaning is set or is unread."""
    if isinstance(value, Unreadable):
        return None if value.missing else value
    # Providers write what nobody set as empty: "", [], {}, false, null.
    if value is ABSENT or not value:
        return None
    _, _, shown = _ASKED.split(member)[0].partition(".")
    return Unreadable(f"{shown} is set, and may change what {attribute.name} means")


def _is_null_word(attribute: Attribute, bindings: Bindings) -> bool:
    """Whether a text that the attribute reads is declared to mean that there is no value."""
    for path in attribute.api.paths:
        value = bindings.get(path[0])
        for step in path[1:]:
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, str) and value in attribute.null_words:
            return True
    return False


def _absence(attribute: Attribute, bindings: Bindings) -> Value:
    """What a member that is missing from a complete answer means, as the attribute declares."""
    if attribute.has_absent:
        declared: Value = attribute.absent
        return declared
    if attribute.optional:
        return ABSENT
    # Undeclared absence is no knowledge: providers leave members out without saying why.
    if attribute.unknown:
        return Unreadable(_with_params(attribute.unknown, bindings["params"]))
    operations: Mapping[str, str] = bindings.get(OPERATIONS, {})
    sources: set[str] = set()
    for path in attribute.api.paths:
        if path[0] in operations:
            sources.add(operations[path[0]])
    source = " and ".join(sorted(sources)) or "the response"
    return Unreadable(f"{source} returned no {attribute.name}")


def _with_params(sentence: str, params: Mapping[str, object]) -> str:
    """The sentence with the values of the parameters that it names."""
    return PARAMETER.sub(lambda found: str(params.get(found[1], found[1])), sentence)


def conform(
    kind: str,
    raw: object,
    attribute: Attribute,
) -> Value:
    """The value if it is exactly of the type that is written `kind`; else `Unreadable`."""
    if isinstance(raw, Unreadable):
        return raw
    scalar = _SCALARS.get(kind)
    if scalar is not None:
        # Not isinstance: for Python, True is an int.
        if type(raw) is scalar:
            return raw
        return _mismatch(attribute, kind, raw)
    if kind == "double":
        if type(raw) is float or type(raw) is int:
            return float(raw)
        return _mismatch(attribute, kind, raw)
    inner = kind[kind.index("(") + 1 : -1]
    if kind.startswith("list("):
        return _list(inner, raw, attribute)
    pairs = _pairs(raw)
    if pairs is None:
        return _mismatch(attribute, kind, raw)
    values: dict[str, Value] = {}
    for key, value in pairs.items():
        values[key] = conform(inner, value, attribute)
    return values


def _pairs(raw: object) -> dict[str, RawValue] | None:
    """A map, also when the provider writes it as a list of keys and values; tags often are."""
    if isinstance(raw, dict) and not is_mark(raw):
        return raw
    # A map has no form that is open: the tags of a cut-off list are unread as a whole.
    if not isinstance(raw, list) or isinstance(raw, OpenList):
        return None
    for key, value in _PAIR_MEMBERS:
        if all(_has_text(item, key) for item in raw):
            return {item[key]: item.get(value, _NO_VALUE) for item in raw}
    return None


def _has_text(item: object, member: str) -> bool:
    return isinstance(item, dict) and isinstance(item.get(member), str)


def _list(
    inner: str,
    raw: object,
    attribute: Attribute,
) -> Value:
    if not isinstance(raw, list):
        return _mismatch(attribute, f"list({inner})", raw)
    items = [conform(inner, item, attribute) for item in raw]
    if not attribute.ordered:
        items = canonical_list(items)
    return _open_as(raw, items)


def _records(
    attribute: Attribute,
    raw: object,
    bindings: Bindings,
) -> Value:
    if not isinstance(raw, list):
        return _mismatch(attribute, "list(record)", raw)
    records: list[Value] = []
    for position, item in enumerate(raw):
        inner = {**bindings, "item": item}
        record: dict[str, Value] = {}
        for name, field in attribute.each.items():
            record[name] = read_attribute(field, inner)
        if attribute.ordered:
            record["position"] = position
        records.append(record)
    if not attribute.ordered:
        records = canonical_list(records)
    return _open_as(raw, records)


def _open_as(raw: list[RawValue], items: list[Value]) -> list[Value]:
    """The items, as an open list where the raw list is one."""
    if isinstance(raw, OpenList):
        return OpenList(items, raw.reason, raw.gaps)
    return items


def _policy(
    kind: str,
    raw: object,
    bindings: Bindings,
) -> Value:
    if isinstance(raw, Symbol) and raw.document is not None:
        # The text is not known yet, and what it will say is.
        raw = raw.document
    if isinstance(raw, Unreadable):
        return raw
    resource = bindings.get("resource", "")
    return read_open_policy(kind, raw, account=bindings["account"], resource=resource)


def _mismatch(
    attribute: Attribute,
    kind: str,
    raw: object,
) -> Unreadable:
    # A redacted value has a form of its own, so that it never passes for the secret's text.
    if isinstance(raw, dict) and MARK in raw:
        return Unreadable(f"{attribute.name} was redacted ({raw[MARK]})")
    return Unreadable(f"{attribute.name} should be {kind}, the response has {described(raw)}")
