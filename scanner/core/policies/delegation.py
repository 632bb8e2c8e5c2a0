"""Finds what a bucket's policy leaves to the policies of access points."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from scanner.core.policies.conditions import account_of
from scanner.core.policies.document import Statement, read_document
from scanner.core.policies.effects import Policy
from scanner.model.values import Unreadable

_KEYS: Final = frozenset({"s3:dataaccesspointaccount", "s3:dataaccesspointarn"})


def delegated_accounts(document: object, account: str) -> frozenset[str] | Unreadable:
    """The accounts whose access points decide who reaches the bucket; none where it decides itself.

    Its policy then lets in everyone who comes through such an access point.
    """
    statements = read_document(document)
    if isinstance(statements, Unreadable):
        return statements
    found: set[str] = set()
    denies = [statement for statement in statements if not statement.allow]
    for statement in statements:
        # What would be public without the access points is as public as they are.
        through = _without_access_points(statement)
        if statement.allow and through != statement:
            policy = Policy(statements=(through, *denies), account=account)
            if policy.is_public:
                found.update(_accounts(statement))
    return frozenset(found)


def _without_access_points(statement: Statement) -> Statement:
    kept = [condition for condition in statement.conditions if condition.key not in _KEYS]
    return replace(statement, conditions=tuple(kept))


def _accounts(statement: Statement) -> set[str]:
    """The accounts that are named; empty text for one that no account is named of."""
    found: set[str] = set()
    for condition in statement.conditions:
        if condition.key in _KEYS:
            found.update(map(account_of, condition.values))
    return found
