"""From raw answers to typed attributes: a value of the declared type, `ABSENT` or `Unreadable`, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from scanner.core.policies import read_policy, read_trust_policy
from scanner.core.reading.canonical import canonical_list
from scanner.model.kinds import Attribute
from scanner.model.values import ABSENT, OpenList, Unreadable

Scope = dict[str, Any]
Conform = Callable[[Any, Scope], Any]

CALLS: Final = "$calls"
"""The name in a scope of the operation behind each raw name, for reasons."""
_SCALARS: Mapping[str, type] = {
    "bool": bool,
    "int": int,
    "string": str,
    "timestamp": datetime,
    "duration": timedelta,
}


def read_attribute(attribute: Attribute, scope: Scope) -> Any:
    """The value of one attribute, from the raw answers in `scope`."""
    if attribute.null_words and _is_null(attribute, scope):
        return _absence(attribute, scope)
    raw = attribute.api.evaluate(scope)
    if raw is ABSENT:
        return _absence(attribute, scope)
    if isinstance(raw, Unreadable):
        return _absence(attribute, scope) if raw.missing else raw
    return _conform(attribute, raw, scope)


def _is_null(attribute: Attribute, scope: Scope) -> bool:
    """Whether a text that the attribute reads is one of those that mean that there is no value."""
    for path in attribute.api.paths:
        value: Any = scope.get(path[0])
        for step in path[1:]:
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, str) and value in attribute.null_words:
            return True
    return False


def _absence(attribute: Attribute, scope: Scope) -> Any:
    """What a member that is missing from whole answers means; undeclared, it is unread, and the calls are named."""
    if attribute.has_absent:
        return attribute.absent
    if attribute.optional:
        return ABSENT
    calls = scope.get(CALLS, {})
    asked = sorted({calls[path[0]] for path in attribute.api.paths if path[0] in calls})
    return Unreadable(f"{' and '.join(asked) or 'the answer'} does not say {attribute.name}")


def _conform(attribute: Attribute, raw: Any, scope: Scope) -> Any:
    kind = attribute.type.removesuffix("?")
    if kind in ("policy", "trust_policy"):
        return _policy(kind, raw, scope)
    if kind == "list(record)":
        return _records(attribute, raw, scope)
    return conform(kind, raw, attribute)


def conform(kind: str, raw: Any, attribute: Attribute) -> Any:
    """The value if it is exactly of the type that is written `kind`; else `Unreadable`."""
    if isinstance(raw, Unreadable):
        return raw
    wanted = _SCALARS.get(kind)
    if wanted is not None:
        return raw if type(raw) is wanted else _mismatch(attribute, kind, raw)
    if kind == "double":
        return float(raw) if type(raw) in (int, float) else _mismatch(attribute, kind, raw)
    inner = kind[kind.index("(") + 1 : -1]
    if kind.startswith("list("):
        return _list(inner, raw, attribute)
    pairs = _pairs(raw)
    if pairs is None:
        return _mismatch(attribute, kind, raw)
    return {key: conform(inner, value, attribute) for key, value in pairs.items()}


def _pairs(raw: Any) -> dict[str, Any] | None:
    """A map, also when the provider writes it as a list of keys and values (labels often are)."""
    if isinstance(raw, dict) and "$redacted" not in raw:
        return raw
    if not isinstance(raw, list) or isinstance(raw, OpenList):
        return None
    for key, value in (("Key", "Value"), ("key", "value"), ("TagKey", "TagValue")):
        if all(isinstance(item, dict) and isinstance(item.get(key), str) for item in raw):
            return {item[key]: item.get(value, "") for item in raw}
    return None


def _list(inner: str, raw: Any, attribute: Attribute) -> Any:
    if not isinstance(raw, list):
        return _mismatch(attribute, f"list({inner})", raw)
    items = [conform(inner, item, attribute) for item in raw]
    if not attribute.ordered:
        items = canonical_list(items)
    return OpenList(items, raw.reason, raw.gaps) if isinstance(raw, OpenList) else items


def _records(attribute: Attribute, raw: Any, scope: Scope) -> Any:
    if not isinstance(raw, list):
        return _mismatch(attribute, "list(record)", raw)
    records: list[Any] = []
    for position, item in enumerate(raw):
        inner = {**scope, "item": item}
        record = {name: read_attribute(field, inner) for name, field in attribute.each.items()}
        records.append({**record, "position": position} if attribute.ordered else record)
    if not attribute.ordered:
        records = canonical_list(records)
    return OpenList(records, raw.reason, raw.gaps) if isinstance(raw, OpenList) else records


def _policy(kind: str, raw: Any, scope: Scope) -> Any:
    read = read_policy if kind == "policy" else read_trust_policy
    return read(raw, account=scope["account"], resource=scope.get("resource", ""))


def _mismatch(attribute: Attribute, kind: str, raw: Any) -> Unreadable:
    if isinstance(raw, dict) and "$redacted" in raw:
        return Unreadable(f"{attribute.name} was redacted ({raw['$redacted']})")
    return Unreadable(f"{attribute.name} should be {kind}, the answer has {type(raw).__name__}")
