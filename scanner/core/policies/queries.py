"""What a policy document means, each field decided over all its statements."""

from __future__ import annotations

from collections.abc import Iterable
from string import ascii_lowercase
from typing import Any, Final

from scanner.core.policies.document import Condition, Statement, read_document
from scanner.core.policies.effects import Policy, denies_action, denies_resource
from scanner.core.policies.federation import federated
from scanner.core.policies.wildcards import covers
from scanner.model.values import Unreadable

_PARTITIONS: Final = ("aws", "aws-cn", "aws-us-gov")
_COMPARISONS: Final = 50_000
"""Pairs of patterns that are compared; beyond, the worse answer is given."""


def read_policy(document: Any, *, account: str, resource: str = "") -> dict[str, Any] | Unreadable:
    """The fields of `POLICY_TYPE` of a document (JSON text or parsed), attached to `resource` (its ARN)."""
    statements = read_document(document)
    if isinstance(statements, Unreadable):
        return statements
    policy = Policy(statements=statements, account=account)
    return {
        **_reach(policy),
        "requires_tls": requires_tls(statements, resource),
        "grants_admin": grants_admin(statements, account),
    }


def read_trust_policy(
    document: Any, *, account: str, resource: str = ""
) -> dict[str, Any] | Unreadable:
    """The fields of `TRUST_POLICY_TYPE` of a role's trust policy (JSON text or parsed)."""
    statements = read_document(document)
    if isinstance(statements, Unreadable):
        return statements
    if any(statement.principals is None for statement in statements):
        return Unreadable("trust policy has a statement without Principal")
    policy = Policy(statements=statements, account=account, trust=True)
    return {**_reach(policy), "federated": federated(policy.allows)}


def _reach(policy: Policy) -> dict[str, Any]:
    return {
        "is_public": policy.is_public,
        "cross_account_principals": policy.cross_account_principals,
        "services": policy.services,
        "unconfused": policy.unconfused,
    }


def requires_tls(statements: Iterable[Statement], resource: str) -> bool:
    """Whether each request without TLS, for any action, is denied to everyone on the resource and what is in it.

    One statement must cover all actions of the service; several may share out the bucket and its objects.
    A rule over `s3:TlsVersion` is not counted: a plain HTTP request has no such key.
    """
    denies = [
        statement for statement in statements if not statement.allow and _denies_plain(statement)
    ]
    service, targets = _targets(resource)
    return all(
        any(
            denies_action(deny, f"{service}:?*") and denies_resource(deny, target)
            for deny in denies
        )
        for target in targets
    )


def _targets(resource: str) -> tuple[str, tuple[str, ...]]:
    parts = resource.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not parts[2]:
        return "?*", ("*",)
    if parts[2] == "s3":
        return "s3", (resource, f"{resource}/*")
    return parts[2], (resource,)


def _denies_plain(statement: Statement) -> bool:
    return statement.everyone and all(map(_plain, statement.conditions))


def _plain(condition: Condition) -> bool:
    return (
        condition.operator == "Bool"
        and condition.key == "aws:securetransport"
        and condition.quantifier == ""
        and "false" in map(str.lower, condition.values)
    )


def grants_admin(statements: Iterable[Statement], account: str) -> bool:
    """Whether the Allow statements together give every action on every resource.

    A condition does not make an administrator less of one, and only a Deny of everything, without condition, does.
    NotAction counts as every action unless it keeps IAM out, from where any other right can be had.
    """
    statements = tuple(statements)
    if any(_denies_everything(statement) for statement in statements if not statement.allow):
        return False
    wide = [
        statement
        for statement in statements
        if statement.allow and _every_resource(statement, account)
    ]
    given = [
        action for statement in wide if not statement.not_action for action in statement.actions
    ]
    return _every_action(given) or any(
        _all_but_little(statement, given) for statement in wide if statement.not_action
    )


def _denies_everything(deny: Statement) -> bool:
    if deny.conditions or not (deny.principals is None or deny.everyone):
        return False
    return denies_action(deny, "*") and denies_resource(deny, "*")


def _every_resource(allow: Statement, account: str) -> bool:
    if allow.not_resource:
        return True
    everything = [
        f"arn:{partition}:*:*:{owner}:*" for partition in _PARTITIONS for owner in ("*", account)
    ]
    return any(covers(pattern, target) for pattern in allow.resources for target in everything)


def _every_action(given: list[str]) -> bool:
    # By first letter, so that ["a*", "b*", …] is seen for what it is.
    return all(
        any(covers(pattern, f"{letter}*:?*") for pattern in given) for letter in ascii_lowercase
    )


def _all_but_little(allow: Statement, given: list[str]) -> bool:
    """Whether a NotAction leaves IAM in, or another statement gives it back."""
    without_iam = {action for action in allow.actions if covers(action, "iam:?*")}
    if len(without_iam) * len(given) > _COMPARISONS:
        return True
    return all(any(covers(pattern, action) for pattern in given) for action in without_iam)
