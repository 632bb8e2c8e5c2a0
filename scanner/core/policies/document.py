"""Parses a policy document into one strict shape.

What AWS would not have accepted is unreadable, never guessed at.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from scanner.model.redacted import with_unread_marks
from scanner.model.values import Unreadable

_LONGEST_DOCUMENT: Final = 262_144
"""Characters of a document; the longest that AWS stores is 32 KiB (a KMS key policy)."""
_LONGEST_TEXT: Final = 2_048
_MOST_TEXTS: Final = 10_000
"""Texts in a document."""
_ELEMENTS: Final = frozenset({"Version", "Id", "Statement"})
_STATEMENT_ELEMENTS: Final = frozenset(
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
_PRINCIPAL_TYPES: Final = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})
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
_SECRET_KEYS: Final = frozenset({"sts:externalid"})
"""Condition keys whose value is a secret, and decides nothing unless it has wildcards: those are
not redacted."""
_SOME_VALUE: Final = "redacted"
_REDACTED: Final = "has a value that was redacted"
_QUANTIFIERS: Final = frozenset({"", "ForAnyValue", "ForAllValues"})


RawObject = Mapping[str, object]
"""A JSON object."""


class MalformedError(ValueError):
    """A document that AWS would have refused, or one too large to be judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One key of a Condition block; all of a statement's must hold for it to apply."""

    quantifier: str
    """`ForAnyValue`, `ForAllValues` or empty."""
    operator: str
    """Without its quantifier and `IfExists`."""
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


def read_document(document: object) -> tuple[Statement, ...] | Unreadable:
    """The statements of a document, given as JSON text or as parsed."""
    try:
        return _statements(_parsed(document))
    except MalformedError as malformed:
        return Unreadable(f"policy document {malformed}")


def _parsed(document: object) -> RawObject:
    if isinstance(document, str):
        document = _parsed_json(document)
    if not isinstance(document, Mapping):
        raise MalformedError("is not a JSON object")
    return document


def _parsed_json(text: str) -> object:
    if len(text) > _LONGEST_DOCUMENT:
        raise MalformedError("is longer than AWS allows")
    try:
        # A key that is written twice would hide its first value: a Deny, for one.
        parsed: object = json.loads(
            text, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant
        )
        parsed = with_unread_marks(parsed, "the policy")
    except MalformedError:
        raise
    except (ValueError, RecursionError) as error:
        raise MalformedError("is not JSON") from error
    return parsed


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedError("has a duplicate key")
    return found


def _refuse_constant(name: str) -> None:
    raise MalformedError(f"contains {name}, which is not JSON")


def _statements(document: RawObject) -> tuple[Statement, ...]:
    _refuse_unknown(document, _ELEMENTS, "element")
    if document.get("Version", "2008-10-17") not in ("2012-10-17", "2008-10-17"):
        raise MalformedError("has an unknown version")
    raw = document.get("Statement")
    # AWS takes one statement in place of a list of one.
    statements = [raw] if isinstance(raw, Mapping) else raw
    if not isinstance(statements, list):
        raise MalformedError("has no list of statements")
    if len(statements) > _MOST_TEXTS:
        raise MalformedError("has too many statements")
    found = tuple(map(_statement, statements))
    if sum(map(_count_texts, found)) > _MOST_TEXTS:
        raise MalformedError("has too many values to evaluate")
    with_principal = sum(statement.principals is not None for statement in found)
    if with_principal not in (0, len(found)):
        raise MalformedError("has a principal in only some statements")
    return found


def _count_texts(statement: Statement) -> int:
    count = len(statement.actions)
    count += len(statement.resources)
    count += sum(len(condition.values) for condition in statement.conditions)
    if statement.principals is not None:
        count += sum(map(len, statement.principals.values()))
    return count


def _statement(raw: object) -> Statement:
    if not isinstance(raw, Mapping):
        raise MalformedError("has a statement that is not an object")
    _refuse_unknown(raw, _STATEMENT_ELEMENTS, "element")
    effect = raw.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise MalformedError("has a statement whose Effect is neither Allow nor Deny")
    principal, not_principal = _element(raw, "Principal")
    action, not_action = _element(raw, "Action")
    resource, not_resource = _element(raw, "Resource")
    if action is None:
        raise MalformedError("has a statement without Action")
    principals = None
    if principal is not None:
        principals = _principals(principal)
    # A policy of a repository, or of a role's trust, has no Resource: it applies to the thing it is
    # attached to.
    resources: tuple[str, ...] = ("*",)
    if resource is not None:
        resources = _texts(resource)
    return Statement(
        allow=effect == "Allow",
        principals=principals,
        not_principal=not_principal,
        actions=tuple(text.lower() for text in _texts(action)),
        not_action=not_action,
        resources=resources,
        not_resource=not_resource,
        conditions=tuple(_conditions(raw.get("Condition", {}))),
    )


def _refuse_unknown(raw: RawObject, known: frozenset[str], what: str) -> None:
    # Keys in another type than text cannot come from JSON; they are refused here as well.
    if not known.issuperset(raw):
        raise MalformedError(f"has an unknown {what}")


def _element(raw: RawObject, name: str) -> tuple[object, bool]:
    """The value of an element or of its negation, and whether it is the negation.

    The value is None where neither is there.
    """
    negation = f"Not{name}"
    if name in raw and negation in raw:
        raise MalformedError(f"has a statement with both {name} and {negation}")
    for key in (name, negation):
        if key in raw:
            # `"Principal": null` must not read as an identity policy, which has no Principal.
            if raw[key] is None:
                raise MalformedError(f"has a statement whose {name} is null")
            return raw[key], key == negation
    return None, False


def _texts(raw: object) -> tuple[str, ...]:
    texts = raw if isinstance(raw, list) else [raw]
    if not texts or len(texts) > _MOST_TEXTS:
        raise MalformedError("has an element without values, or with too many")
    if any(isinstance(text, Unreadable) for text in texts):
        raise MalformedError(_REDACTED)
    if not all(isinstance(text, str) and text for text in texts):
        raise MalformedError("has a value that is not a string")
    return tuple(map(_bounded_text, texts))


def _bounded_text(text: str) -> str:
    """A text that can be compared in bounded time and written out again."""
    if len(text) > _LONGEST_TEXT:
        raise MalformedError("has a string longer than any ARN")
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise MalformedError("has a string that is not Unicode")
    return text


def _principals(raw: object) -> Mapping[str, tuple[str, ...]]:
    if raw == "*":
        return {"AWS": ("*",)}
    if not isinstance(raw, Mapping) or not raw:
        raise MalformedError("has a statement whose principal is neither '*' nor an object")
    _refuse_unknown(raw, _PRINCIPAL_TYPES, "type of principal")
    return {kind: _texts(names) for kind, names in raw.items()}


def _conditions(raw: object) -> Iterator[Condition]:
    if not isinstance(raw, Mapping):
        raise MalformedError("has a Condition that is not an object")
    for name, keys in raw.items():
        if not isinstance(name, str) or not isinstance(keys, Mapping):
            raise MalformedError("has a Condition that is not an object of objects")
        # An operator without keys would make a condition that always holds: vacuous truth.
        if not keys:
            raise MalformedError("has a condition operator without keys")
        quantifier, operator, if_exists = _operator(name)
        for key, values in keys.items():
            if not isinstance(key, str):
                raise MalformedError("has a condition key that is not a string")
            yield Condition(
                quantifier=quantifier,
                operator=operator,
                if_exists=if_exists,
                key=key.lower(),
                values=_condition_values(key.lower(), values),
            )


def _operator(name: str) -> tuple[str, str, bool]:
    """Quantifier, operator, and whether it ends in `IfExists`."""
    quantifier, _, operator = name.rpartition(":")
    if_exists = operator.endswith("IfExists")
    operator = operator.removesuffix("IfExists")
    is_known = operator in _OPERATORS and quantifier in _QUANTIFIERS
    if not is_known or (if_exists and operator == "Null"):
        raise MalformedError("has an unknown condition operator")
    return quantifier, operator, if_exists


def _condition_values(key: str, raw: object) -> tuple[str, ...]:
    values = raw if isinstance(raw, list) else [raw]
    if len(values) > _MOST_TEXTS:
        raise MalformedError("has a condition with too many values")
    return tuple(_condition_value(key, value) for value in values)


def _condition_value(key: str, raw: object) -> str:
    if isinstance(raw, Unreadable):
        if key in _SECRET_KEYS:
            return _SOME_VALUE
        raise MalformedError(_REDACTED)
    if isinstance(raw, bool):
        return str(raw).lower()
    if isinstance(raw, str):
        return _bounded_text(raw)
    # Python refuses to print an integer of more than 4,300 digits.
    if isinstance(raw, int) and raw.bit_length() <= 64:
        return repr(raw)
    if isinstance(raw, float):
        return repr(raw)
    raise MalformedError("has a condition value that is not a string")
