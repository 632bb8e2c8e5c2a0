"""A policy document in one strict shape; whatever AWS would not have accepted is unreadable, never guessed at."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scanner.model.values import Unreadable

_LONGEST: Final = 262_144
"""Characters of a document; the longest that AWS stores is 32 KiB (a KMS key policy)."""
_LONGEST_TEXT: Final = 2_048
_MOST: Final = 10_000
"""Texts in a document."""
_ELEMENTS: Final = frozenset({"Version", "Id", "Statement"})
_PARTS: Final = frozenset(
    [
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ]
)
_PRINCIPALS: Final = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})
_OPERATORS: Final = frozenset(
    [
        "StringEquals",
        "StringNotEquals",
        "StringEqualsIgnoreCase",
        "StringNotEqualsIgnoreCase",
        "StringLike",
        "StringNotLike",
        "NumericEquals",
        "NumericNotEquals",
        "NumericLessThan",
        "NumericLessThanEquals",
        "NumericGreaterThan",
        "NumericGreaterThanEquals",
        "DateEquals",
        "DateNotEquals",
        "DateLessThan",
        "DateLessThanEquals",
        "DateGreaterThan",
        "DateGreaterThanEquals",
        "Bool",
        "BinaryEquals",
        "IpAddress",
        "NotIpAddress",
        "ArnEquals",
        "ArnLike",
        "ArnNotEquals",
        "ArnNotLike",
        "Null",
    ]
)
_QUANTIFIERS: Final = frozenset({"", "ForAnyValue", "ForAllValues"})


class MalformedError(ValueError):
    """A document that AWS would have refused, or one too large to be judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One key of a Condition block; all of a statement's must hold for it to apply."""

    quantifier: str
    operator: str
    if_exists: bool
    key: str
    """In lower case: AWS compares keys so."""
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement, every element a tuple."""

    allow: bool
    principals: Mapping[str, tuple[str, ...]] | None
    """By type; None where the policy belongs to an identity."""
    not_principal: bool
    actions: tuple[str, ...]
    """In lower case."""
    not_action: bool
    resources: tuple[str, ...]
    not_resource: bool
    conditions: tuple[Condition, ...]

    @property
    def everyone(self) -> bool:
        """Whether it names any principal at all, the anonymous one included."""
        if self.principals is None or self.not_principal:
            return False
        return "*" in self.principals.get("AWS", ())


def read_document(document: Any) -> tuple[Statement, ...] | Unreadable:
    """The statements of a document, given as JSON text or as parsed."""
    try:
        return _statements(_parsed(document))
    except MalformedError as malformed:
        return Unreadable(f"policy document {malformed}")


def _parsed(document: Any) -> Mapping[str, Any]:
    if isinstance(document, str):
        if len(document) > _LONGEST:
            raise MalformedError("is longer than any that AWS stores")
        try:
            document = json.loads(document, object_pairs_hook=_unique, parse_constant=_no_constant)
        except MalformedError:
            raise
        except (ValueError, RecursionError) as error:
            raise MalformedError("is not JSON") from error
    if not isinstance(document, Mapping):
        raise MalformedError("is not a JSON object")
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedError("writes a key twice")
    return found


def _no_constant(name: str) -> None:
    raise MalformedError(f"holds {name}, which is not JSON")


def _statements(document: Mapping[str, Any]) -> tuple[Statement, ...]:
    _known(document, _ELEMENTS, "element")
    if document.get("Version", "2008-10-17") not in ("2012-10-17", "2008-10-17"):
        raise MalformedError("has a version that is not known")
    raw = document.get("Statement")
    statements = [raw] if isinstance(raw, Mapping) else raw
    if not isinstance(statements, list):
        raise MalformedError("has no list of statements")
    if len(statements) > _MOST:
        raise MalformedError("has too many statements")
    read = tuple(_statement(statement) for statement in statements)
    if sum(map(_size, read)) > _MOST:
        raise MalformedError("holds too many texts to be judged")
    if len({statement.principals is None for statement in read}) > 1:
        raise MalformedError("names a principal in some statements only")
    return read


def _size(statement: Statement) -> int:
    principals = sum(map(len, (statement.principals or {}).values()))
    conditions = sum(len(condition.values) for condition in statement.conditions)
    return principals + conditions + len(statement.actions) + len(statement.resources)


def _statement(raw: Any) -> Statement:
    if not isinstance(raw, Mapping):
        raise MalformedError("has a statement that is not an object")
    _known(raw, _PARTS, "element")
    if raw.get("Effect") not in ("Allow", "Deny"):
        raise MalformedError("has a statement whose Effect is neither Allow nor Deny")
    principal, not_principal = _either(raw, "Principal", needed=False)
    actions, not_action = _either(raw, "Action", needed=True)
    resources, not_resource = _either(raw, "Resource", needed=False)
    return Statement(
        allow=raw["Effect"] == "Allow",
        principals=None if principal is None else _principals(principal),
        not_principal=not_principal,
        actions=tuple(action.lower() for action in _texts(actions)),
        not_action=not_action,
        # A policy of a repository, or of a role's trust, speaks of the thing it is attached to.
        resources=("*",) if resources is None else _texts(resources),
        not_resource=not_resource,
        conditions=tuple(_conditions(raw.get("Condition", {}))),
    )


def _known(raw: Mapping[str, Any], known: frozenset[str], what: str) -> None:
    # Keys in another type than text cannot come from JSON; they are refused here as well.
    if not known.issuperset(raw):
        raise MalformedError(f"has an {what} that is not known")


def _either(raw: Mapping[str, Any], name: str, *, needed: bool) -> tuple[Any, bool]:
    """The value of an element or of its negation, and whether it is the negation."""
    if name in raw and f"Not{name}" in raw:
        raise MalformedError(f"has a statement with both {name} and Not{name}")
    if name in raw:
        return _present(raw[name], name), False
    if f"Not{name}" in raw:
        return _present(raw[f"Not{name}"], name), True
    if needed:
        raise MalformedError(f"has a statement without {name}")
    return None, False


def _present(value: Any, name: str) -> Any:
    if value is None:
        raise MalformedError(f"has a statement whose {name} is null")
    return value


def _texts(raw: Any) -> tuple[str, ...]:
    texts = raw if isinstance(raw, list) else [raw]
    if not texts or len(texts) > _MOST:
        raise MalformedError("has an element without values, or with too many")
    if not all(isinstance(text, str) and text for text in texts):
        raise MalformedError("has a value that is not a text")
    return tuple(map(_ordinary, texts))


def _ordinary(text: str) -> str:
    """A text that can be compared in bounded time and written out again."""
    if len(text) > _LONGEST_TEXT:
        raise MalformedError("has a text that is longer than any ARN")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise MalformedError("has a text that is not Unicode")
    return text


def _principals(raw: Any) -> Mapping[str, tuple[str, ...]]:
    if raw == "*":
        return {"AWS": ("*",)}
    if not isinstance(raw, Mapping) or not raw:
        raise MalformedError("has a statement whose principal is neither '*' nor an object")
    _known(raw, _PRINCIPALS, "type of principal")
    return {kind: _texts(names) for kind, names in raw.items()}


def _conditions(raw: Any) -> Iterable[Condition]:
    if not isinstance(raw, Mapping):
        raise MalformedError("has a Condition that is not an object")
    for name, keys in raw.items():
        if not isinstance(name, str) or not isinstance(keys, Mapping):
            raise MalformedError("has a Condition that is not an object of objects")
        if not keys:
            raise MalformedError("has a condition operator without keys")
        quantifier, operator, if_exists = _operator(name)
        for key, values in keys.items():
            if not isinstance(key, str):
                raise MalformedError("has a condition key that is not a text")
            yield Condition(
                quantifier=quantifier,
                operator=operator,
                if_exists=if_exists,
                key=key.lower(),
                values=_values(values),
            )


def _operator(name: str) -> tuple[str, str, bool]:
    quantifier, _, operator = name.rpartition(":")
    if_exists = operator.endswith("IfExists")
    operator = operator.removesuffix("IfExists")
    if (
        operator not in _OPERATORS
        or quantifier not in _QUANTIFIERS
        or (if_exists and operator == "Null")
    ):
        raise MalformedError("has a condition operator that is not known")
    return quantifier, operator, if_exists


def _values(raw: Any) -> tuple[str, ...]:
    values = raw if isinstance(raw, list) else [raw]
    if len(values) > _MOST:
        raise MalformedError("has a condition with too many values")
    return tuple(map(_value, values))


def _value(raw: Any) -> str:
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, str):
        return _ordinary(raw)
    # Python refuses to print an integer of more than 4,300 digits.
    if isinstance(raw, float) or (isinstance(raw, int) and raw.bit_length() <= 64):
        return repr(raw)
    raise MalformedError("has a condition value that is not a text")
