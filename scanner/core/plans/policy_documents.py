"""Builds the documents of `aws_iam_policy_document`, whose text is known after apply only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from scanner.model.values import RawValue, Unreadable

TYPE: Final = "aws_iam_policy_document"
TEXTS: Final = frozenset({"json", "minified_json"})
"""The attributes that hold the document."""
OTHERS: Final = (
    "override_json",
    "override_policy_documents",
    "source_json",
    "source_policy_documents",
)
"""Arguments by which statements of other documents are taken in."""
_ELEMENTS: Final = {
    "actions": "Action",
    "not_actions": "NotAction",
    "resources": "Resource",
    "not_resources": "NotResource",
}
_PRINCIPALS: Final = {"principals": "Principal", "not_principals": "NotPrincipal"}


def policy_document(values: Mapping[str, Any]) -> Mapping[str, RawValue] | None:
    """The document of the data source's arguments; None where a part of it lies elsewhere."""
    statements = values.get("statement")
    if not isinstance(statements, list) or any(values.get(name) for name in OTHERS):
        return None
    if not all(isinstance(statement, Mapping) for statement in statements):
        return None
    return {"Version": "2012-10-17", "Statement": [_statement(one) for one in statements]}


def _statement(values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"Effect": values.get("effect", "Allow")}
    for name, element in _ELEMENTS.items():
        if values.get(name):
            found[element] = values[name]
    for name, element in _PRINCIPALS.items():
        if values.get(name):
            found[element] = _principals(values[name])
    if values.get("condition"):
        found["Condition"] = _conditions(values["condition"])
    return found


def _unread_in(blocks: Any) -> Unreadable | None:
    """What is not known of some blocks as a whole; None: each of them is there."""
    if isinstance(blocks, Unreadable):
        return blocks
    return next((block for block in blocks if isinstance(block, Unreadable)), None)


def _principals(blocks: Any) -> Any:
    unread = _unread_in(blocks)
    if unread is not None:
        return unread
    found: dict[str, Any] = {}
    for block in blocks:
        kind, names = block.get("type"), block.get("identifiers", [])
        if isinstance(kind, Unreadable):
            return kind
        if kind == "*":
            return "*"
        if isinstance(names, Unreadable):
            names = [names]
        found.setdefault(kind, []).extend(names)
    return found


def _conditions(blocks: Any) -> Any:
    unread = _unread_in(blocks)
    if unread is not None:
        return unread
    found: dict[str, dict[str, Any]] = {}
    for block in blocks:
        test, variable = block.get("test"), block.get("variable")
        for part in (test, variable):
            if isinstance(part, Unreadable):
                return part
        values = block.get("values", [])
        if isinstance(values, Unreadable):
            values = [values]
        found.setdefault(test, {}).setdefault(variable, []).extend(values)
    return found
