"""What the attribute condition of a workload identity provider binds: whether every token names a known tenant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from scanner.language import ExpressionErrors
from scanner.language.parser import parse
from scanner.language.tree import (
    Binary,
    Call,
    Index,
    ListLiteral,
    Literal,
    Logic,
    Member,
    Name,
    Node,
)
from scanner.model.values import Unreadable

TENANT_CLAIMS: Final = frozenset(
    {
        "sub",
        # GitHub
        "repository",
        "repository_id",
        "repository_owner",
        "repository_owner_id",
        "enterprise",
        "enterprise_id",
        # GitLab
        "namespace_id",
        "namespace_path",
        "project_id",
        "project_path",
        # HCP Terraform
        "terraform_organization_id",
        "terraform_organization_name",
        "terraform_project_id",
        "terraform_workspace_id",
        # Buildkite, CircleCI, Bitbucket
        "organization_id",
        "organization_slug",
        "oidc.circleci.com/project-id",
        "workspaceUuid",
        "repositoryUuid",
        # Google and Microsoft
        "email",
        "hd",
        "tid",
        "oid",
    }
)
"""Claims that an issuer sets by who asks for the token. `aud` is not among them: whoever asks may choose it."""

_PREFIXES: Final = re.compile(r"(repo:|project_path:)?[^/:*]+/|organization:[^:*]+:|org/[^/*]+/")
"""Beginnings of a text that name a whole tenant: `repo:acme/`, and not `repo:acme`, which `acme-evil` has too."""


def bound_to_tenant(condition: Any, mapping: Any) -> bool | Unreadable:
    """Whether a condition holds only for tokens whose tenant is written in it; `Unreadable` where it cannot be read."""
    if condition == "":
        return False
    if not isinstance(condition, str) or not isinstance(mapping, Mapping):
        return Unreadable("the provider's condition or mapping is no text")
    try:
        tree = parse(condition)
    except ExpressionErrors:
        return Unreadable(
            "the attribute condition uses more of its language than is understood here"
        )
    return _binds(tree, mapping)


def _binds(node: Node, mapping: Mapping[str, Any]) -> bool:
    match node:
        case Logic(operator="&&", terms=terms):
            return any(_binds(term, mapping) for term in terms)
        case Logic(terms=terms):
            return all(_binds(term, mapping) for term in terms)
        case Binary(operator="==", left=left, right=right):
            return (_names(left, mapping) and _text(right) != "") or (
                _names(right, mapping) and _text(left) != ""
            )
        case Binary(operator="in", left=left, right=ListLiteral(items=items)):
            return _names(left, mapping) and all(_text(item) != "" for item in items)
        case Call(function="startsWith", method=True, arguments=(left, right)):
            return _names(left, mapping) and _PREFIXES.match(_text(right)) is not None
        case _:
            return False


def _names(node: Node, mapping: Mapping[str, Any]) -> bool:
    """Whether a value is a claim that names the tenant, read from the token or by the provider's own mapping of it."""
    path = _path(node)
    claim = path.removeprefix("assertion.")
    if claim == path:
        mapped = mapping.get(path)
        claim = (
            mapped.removeprefix("assertion.")
            if isinstance(mapped, str) and mapped.startswith("assertion.")
            else ""
        )
    return claim in TENANT_CLAIMS


def _path(node: Node) -> str:
    match node:
        case Name(name=name):
            return name
        case Member(operand=operand, name=name):
            return f"{_path(operand)}.{name}"
        case Index(operand=operand, index=Literal(value=str() as key)):
            return f"{_path(operand)}.{key}"
        case _:
            return ""


def _text(node: Node) -> str:
    return node.value if isinstance(node, Literal) and isinstance(node.value, str) else ""
