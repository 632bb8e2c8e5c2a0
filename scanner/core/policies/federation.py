"""Lists the web-identity providers that a role trusts, with what its conditions name of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from scanner.core.policies.conditions import requires_key
from scanner.core.policies.document import Condition, Statement
from scanner.core.policies.wildcards import covered_by_any, has_wildcard
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
    r"|organization:[^*?:]+:pipeline:[^*?:]+:.*"  # Buildkite: a pipeline
    r"|org/[^*?:/]+/project/[^*?:/]+/.*"  # CircleCI: a project
    r"|\{[^*?:{}]+\}:.*"  # Bitbucket: a repository
    r"|repository:[^*?:/]+/[^*?:/]+:.*"  # GitHub, by the parts that an organization chose
    r"|(?:repository_owner_id:[0-9]+:)?repository_id:[0-9]+:.*",  # the same, by numbers
    re.DOTALL,
)
"""Subjects that may end in a wildcard because the part that matters is named: `repo:acme/site:*`
is one repository, `repo:acme/*` and `repo:acme/site*` are not."""


_GITHUB: Final = "token.actions.githubusercontent.com"
_NAMING_CLAIMS: Final = {
    _GITHUB: ("repository", "repository_id"),
    "oidc.circleci.com": ("oidc.circleci.com/project-id",),
}
"""Claims beside the subject that name the workload, by the host of the provider. Who started it
(`actor`), whose it is (`repository_owner`), or a workflow that others may call
(`job_workflow_ref`) does not."""
_POSITIVE: Final = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
}

_Trust = tuple[str, bool, bool]
"""Provider, whether the subject is named, and whether the audience is."""


def federated(
    allows: Iterable[Statement], statements: Iterable[Statement] = ()
) -> list[Mapping[str, Value]]:
    """One record of `FEDERATION_TYPE` for each provider and way in which a statement trusts it.

    The Allows have the actions by which a role is taken, each by its name. A Deny among the
    statements may bind what an Allow leaves open.
    """
    denies = [deny for deny in statements if not deny.allow and _denies_web_identity(deny)]
    found: set[_Trust] = set()
    for statement in allows:
        found.update(_trusts(statement, denies))
    return [
        {"provider": provider, "subject_bound": subject, "audience_bound": audience}
        for provider, subject, audience in sorted(found)
    ]


def _trusts(statement: Statement, denies: Iterable[Statement]) -> Iterator[_Trust]:
    if statement.not_principal or statement.principals is None:
        return
    if _ACTION not in statement.actions:
        return
    for name in statement.principals.get("Federated", ()):
        # SAML providers cannot be used for sts:AssumeRoleWithWebIdentity.
        if ":saml-provider/" in name:
            continue
        provider = name.partition(":oidc-provider/")[2] or name
        against = [deny for deny in denies if _is_denied_to(deny, name)]
        subjects = _SUBJECT_CLAIMS.get(provider, ("sub",))
        audiences = _AUDIENCE_CLAIMS.get(provider, ("aud",))
        others = _NAMING_CLAIMS.get(provider.partition("/")[0], ())
        subject_bound = _binds(statement, against, _keys(provider, subjects), _names_one) or _binds(
            statement, against, _keys(provider, others), _is_literal
        )
        audience_bound = _binds(statement, against, _keys(provider, audiences), _names_one)
        yield provider, subject_bound, audience_bound


def _keys(provider: str, claims: Iterable[str]) -> frozenset[str]:
    return frozenset(f"{provider}:{claim}".lower() for claim in claims)


def _is_denied_to(deny: Statement, provider: str) -> bool:
    if deny.everyone:
        return True
    return not deny.not_principal and provider in (deny.principals or {}).get("Federated", ())


def _denies_web_identity(deny: Statement) -> bool:
    return covered_by_any(deny.actions, _ACTION) != deny.not_action


def _binds(
    allow: Statement,
    denies: Iterable[Statement],
    keys: frozenset[str],
    names_one: Callable[[str], bool],
) -> bool:
    """Whether the Allow, or a Deny of all others, names the claim's values."""
    for condition in allow.conditions:
        is_required = condition.key in keys and requires_key(condition, allow.conditions)
        if is_required and _names_values(condition, condition.operator, names_one):
            return True
    return any(_spares_only(deny, keys, names_one) for deny in denies)


def _spares_only(deny: Statement, keys: frozenset[str], names_one: Callable[[str], bool]) -> bool:
    """Whether a Deny spares nobody but who bears a named value.

    All its conditions must be negations over the claim: where another fails, it denies nothing.
    """
    if not deny.conditions:
        return False
    for condition in deny.conditions:
        positive = _POSITIVE.get(condition.operator, "")
        if condition.quantifier or condition.key not in keys:
            return False
        if not _names_values(condition, positive, names_one):
            return False
    return True


def _names_values(condition: Condition, operator: str, names_one: Callable[[str], bool]) -> bool:
    # Without values the `all` below would be vacuously true.
    if operator not in _OPERATORS or not condition.values:
        return False
    return all(map(names_one, condition.values))


def _is_literal(value: str) -> bool:
    return value != "" and not has_wildcard(value)


def _names_one(value: str) -> bool:
    if _is_literal(value):
        return True
    if "${" in value:
        return False
    return _NAMED_SUBJECTS.fullmatch(value) is not None
