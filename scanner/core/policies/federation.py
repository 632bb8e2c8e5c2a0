"""Web-identity trusts: which provider may vouch, and whether for a named subject and audience."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from scanner.core.policies.conditions import demands
from scanner.core.policies.document import Condition, Statement
from scanner.core.policies.wildcards import apart, wild

_ACTION: Final = "sts:assumerolewithwebidentity"
_OPERATORS: Final = frozenset({"StringEquals", "StringEqualsIgnoreCase", "StringLike"})
_SUBJECTS: Final = {"www.amazon.com": ("user_id",), "graph.facebook.com": ("id",)}
_AUDIENCES: Final = {
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
"""Subjects that may end in a wildcard because the part that matters is named: `repo:acme/site:*` is one repository,
`repo:acme/*` and `repo:acme/site*` are not."""


def federated(allows: Iterable[Statement]) -> list[dict[str, Any]]:
    """One record for each provider and way in which a statement trusts it."""
    found = {trust for statement in allows for trust in _trusts(statement)}
    names = ("provider", "subject_bound", "audience_bound")
    return [dict(zip(names, trust, strict=True)) for trust in sorted(found)]


def _trusts(statement: Statement) -> Iterator[tuple[str, bool, bool]]:
    if statement.not_principal or statement.principals is None or not _by_web_identity(statement):
        return
    for name in statement.principals.get("Federated", ()):
        if ":saml-provider/" in name:
            continue
        provider = name.partition(":oidc-provider/")[2] or name
        subjects = _SUBJECTS.get(provider, ("sub",))
        audiences = _AUDIENCES.get(provider, ("aud",))
        yield (
            provider,
            _bound(statement, provider, subjects),
            _bound(statement, provider, audiences),
        )


def _by_web_identity(statement: Statement) -> bool:
    if statement.not_action:
        return _ACTION not in statement.actions
    return any(not apart(action, _ACTION) for action in statement.actions)


def _bound(statement: Statement, provider: str, claims: tuple[str, ...]) -> bool:
    keys = {f"{provider}:{claim}".lower() for claim in claims}
    return any(
        condition.key in keys and demands(condition, statement.conditions) and _names(condition)
        for condition in statement.conditions
    )


def _names(condition: Condition) -> bool:
    if condition.operator not in _OPERATORS or not condition.values:
        return False
    return all(
        bool(value)
        and (
            not wild(value) or (_NAMED_SUBJECTS.fullmatch(value) is not None and "${" not in value)
        )
        for value in condition.values
    )
