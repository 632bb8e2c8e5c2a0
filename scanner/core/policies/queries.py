"""Answers questions about a policy document, each decided over all its statements together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from string import ascii_lowercase
from typing import Final

from scanner.core.policies.document import Condition, Statement, read_document
from scanner.core.policies.effects import Policy, denies_action, denies_resource
from scanner.core.policies.federation import federated
from scanner.core.policies.wildcards import covered_by_any, covers
from scanner.model.values import Unreadable, Value

_PARTITION: Final = re.compile(r"arn:(aws(?:-[a-z-]+)?):", re.ASCII)
_MOST_COMPARISONS: Final = 50_000
"""Pairs of patterns that are compared; beyond, the worse answer is given."""


def read_policy(
    document: object, *, account: str, resource: str = ""
) -> dict[str, Value] | Unreadable:
    """The fields of `POLICY_TYPE` of a document, which is JSON text or parsed.

    `resource` is the ARN of what the policy is attached to.
    """
    statements = read_document(document)
    if isinstance(statements, Unreadable):
        return statements
    policy = Policy(statements=statements, account=account)
    return {
        **_exposure(policy),
        "requires_tls": requires_tls(statements, resource),
        "grants_admin": grants_admin(statements, account),
    }


def read_trust_policy(
    document: object, *, account: str, resource: str = ""
) -> dict[str, Value] | Unreadable:
    """The fields of `TRUST_POLICY_TYPE` of a role's trust policy (JSON text or parsed)."""
    statements = read_document(document)
    if isinstance(statements, Unreadable):
        return statements
    if any(statement.principals is None for statement in statements):
        return Unreadable("trust policy has a statement without Principal")
    policy = Policy(statements=statements, account=account, trust=True)
    return {**_exposure(policy), "federated": federated(policy.allows, statements)}


def _exposure(policy: Policy) -> dict[str, Value]:
    return {
        "is_public": policy.is_public,
        "cross_account_principals": policy.cross_account_principals,
        "services": policy.services,
        "unconfused": policy.unconfused,
    }


def requires_tls(statements: Iterable[Statement], resource: str) -> bool:
    """Whether each request without TLS, for any action, is denied to everyone on the resource
    and what is in it.

    One statement must cover all actions of the service; several may share out the bucket and its
    objects. A rule over `s3:TlsVersion` is not counted: a plain HTTP request has no such key.
    """
    service, targets = _tls_targets(resource)
    denies = [
        statement
        for statement in statements
        if _denies_plain_http(statement) and denies_action(statement, f"{service}:?*")
    ]
    return all(_denied_by_any(denies, target) for target in targets)


def _denied_by_any(denies: Iterable[Statement], target: str) -> bool:
    return any(denies_resource(deny, target) for deny in denies)


def _tls_targets(resource: str) -> tuple[str, tuple[str, ...]]:
    """The service of a resource, and the patterns of what is requested from it."""
    parts = resource.split(":", 5)
    # Where the resource is not known, only a Deny of everything on everything is enough.
    if len(parts) != 6 or parts[0] != "arn" or not parts[2]:
        return "?*", ("*",)
    service = parts[2]
    if service == "s3":
        return service, (resource, f"{resource}/*")
    return service, (resource,)


def _denies_plain_http(statement: Statement) -> bool:
    if statement.allow or not statement.everyone:
        return False
    # Without any condition it denies every request, those over plain HTTP among them.
    return all(map(_holds_for_plain_http, statement.conditions))


def _holds_for_plain_http(condition: Condition) -> bool:
    is_transport = condition.key == "aws:securetransport" and condition.operator == "Bool"
    if not is_transport or condition.quantifier:
        return False
    return "false" in map(str.lower, condition.values)


def grants_admin(statements: Sequence[Statement], account: str) -> bool:
    """Whether the Allow statements together give every action on every resource.

    A condition does not make an administrator less of one, and only a Deny of everything,
    without condition, does. NotAction counts as every action unless it keeps IAM out, from where
    any other right can be had.
    """
    everything_given: list[str] = []
    exclusions: list[tuple[str, ...]] = []
    for statement in statements:
        if not statement.allow:
            if _denies_everything(statement):
                return False
        elif not _on_every_resource(statement, account):
            continue
        elif statement.not_action:
            exclusions.append(statement.actions)
        else:
            everything_given.extend(statement.actions)
    if _every_action(everything_given):
        return True
    return any(_leaves_iam(excluded, everything_given) for excluded in exclusions)


def _denies_everything(deny: Statement) -> bool:
    if deny.conditions:
        return False
    if deny.principals is not None and not deny.everyone:
        return False
    return denies_action(deny, "*") and denies_resource(deny, "*")


def _on_every_resource(allow: Statement, account: str) -> bool:
    if allow.not_resource:
        return True
    for partition in _partitions(allow.resources):
        for owner in ("*", account):
            everything = f"arn:{partition}:*:*:{owner}:*"
            if covered_by_any(allow.resources, everything):
                return True
    return False


def _partitions(resources: Iterable[str]) -> set[str]:
    """The partitions that patterns name, whichever AWS will have made, and the first of all."""
    named = {"aws"}
    for resource in resources:
        match = _PARTITION.match(resource)
        if match is not None:
            named.add(match[1])
    return named


def _every_action(given: list[str]) -> bool:
    # By first letter, so that ["a*", "b*", …] is seen for what it is.
    return all(covered_by_any(given, f"{letter}*:?*") for letter in ascii_lowercase)


def _leaves_iam(excluded: tuple[str, ...], given: list[str]) -> bool:
    """Whether a NotAction leaves IAM in, or other statements give it back."""
    # Only what it excludes of IAM counts: with IAM, the holder can grant itself every other action.
    iam_excluded = {action for action in excluded if covers(action, "iam:?*")}
    if len(iam_excluded) * len(given) > _MOST_COMPARISONS:
        return True
    return all(covered_by_any(given, action) for action in iam_excluded)
