"""Lists the web-identity providers that a role trusts, with what its conditions name of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from scanner.core.policies.conditions import requires_key
from scanner.core.policies.document import Condition, Statement
from scanner.core.policies.wildcards import apart, has_wildcard
from scanner.model.values import Value

_ACTION: Final = "sts:assumerolewithwebidentity"
_OPERATORS: Final = frozenset({"StringEquals", "StringEqualsIgnoreCase", "StringLike"})
_SUBJECT_CLAIMS: Final = {"www.amazon.com": ("user_id",), "graph.facebook.com": ("id",)}
_AUDIENCE_CLAIMS: Final = {
    "www.amazon.com": ("app_id",),
    "graph.facebook.com": ("app_id",),
    "accounts.google.com": ("aud", "oaud"),
}

_NAMED_SUBJECTS: Final = re.compile(
    r"repo:[^*?:/]+/[^*?:/]+:.*"  # GitHub: a repository
    r"|project_path:[^*?:/]+/[^*?:]+:.*"  # GitLab: a project
    r"|system:serviceaccount:[^*?:]+:.*"  # Kubernetes: a namespace
    r"|organization:[^*?:]+:project:[^*?:]+:workspace:[^*?:]+:.*"  # HCP Terraform: a workspace
    r"|organization:[^*?:]+:pipeline:[^*?:]+:.*",  # Buildkite: a pipeline
    re.DOTALL,
)
"""Subjects that may end in a wildcard because the part that matters is named: `repo:acme/site:*`
is one repository, `repo:acme/*` and `repo:acme/site*` are not."""


_Trust = tuple[str, bool, bool]
"""Provider, whether the subject is named, and whether the audience is."""


def federated(allows: Iterable[Statement]) -> list[Mapping[str, Value]]:
    """One record of `FEDERATION_TYPE` for each provider and way in which a statement trusts it."""
    found: set[_Trust] = set()
    for statement in allows:
        found.update(_trusts(statement))
    return [
        {"provider": provider, "subject_bound": subject, "audience_bound": audience}
        for provider, subject, audience in sorted(found)
    ]


def _trusts(statement: Statement) -> Iterator[_Trust]:
    if statement.not_principal or statement.principals is None:
        return
    if not _allows_web_identity(statement):
        return
    for name in statement.principals.get("Federated", ()):
        # SAML providers cannot be used for sts:AssumeRoleWithWebIdentity.
        if ":saml-provider/" in name:
            continue
        provider = name.partition(":oidc-provider/")[2] or name
        subjects = _SUBJECT_CLAIMS.get(provider, ("sub",))
        audiences = _AUDIENCE_CLAIMS.get(provider, ("aud",))
        subject_bound = _names_claim(statement, provider, subjects)
        audience_bound = _names_claim(statement, provider, audiences)
        yield provider, subject_bound, audience_bound


def _allows_web_identity(statement: Statement) -> bool:
    if statement.not_action:
        return _ACTION not in statement.actions
    return any(not apart(action, _ACTION) for action in statement.actions)


def _names_claim(statement: Statement, provider: str, claims: tuple[str, ...]) -> bool:
    keys = {f"{provider}:{claim}".lower() for claim in claims}
    return any(
        condition.key in keys and _names_values(condition, statement.conditions)
        for condition in statement.conditions
    )


def _names_values(condition: Condition, conditions: tuple[Condition, ...]) -> bool:
    if condition.operator not in _OPERATORS or not requires_key(condition, conditions):
        return False
    # Without values the `all` below would be vacuously true.
    if not condition.values:
        return False
    return all(map(_names_one, condition.values))


def _names_one(value: str) -> bool:
    if not has_wildcard(value):
        return value != ""
    if "${" in value:
        return False
    return _NAMED_SUBJECTS.fullmatch(value) is not None
