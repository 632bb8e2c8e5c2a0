"""Decides whether the attribute condition of a workload identity provider admits only tokens of
named tenants.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

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
"""Claims that the issuer sets by the identity of the requester. `aud` is not one: the requester
chooses it.
"""

_TENANT_PREFIX: Final = re.compile(
    r"(repo:|project_path:)?[^/:*]+/|organization:[^:*]+:|org/[^/*]+/"
)
"""Prefixes that name a whole tenant: `repo:acme/`, and not `repo:acme`, which `acme-evil` has too.
"""


def bound_to_tenant(condition: object, mapping: object) -> bool | Unreadable:
    """Whether a condition holds only for tokens whose tenant is written in it; `Unreadable` where
    it cannot be read.
    """
    if condition == "":
        return False
    if not isinstance(condition, str) or not isinstance(mapping, Mapping):
        return Unreadable("the provider's condition or mapping is not a string")
    try:
        tree = parse(condition)
    except ExpressionErrors:
        return Unreadable("tscan cannot analyze this attribute condition")
    return _binds(tree, mapping)


def _binds(node: Node, mapping: Mapping[str, object]) -> bool:
    """Whether a condition binds the tenant; anything that is not understood binds nothing."""
    match node:
        case Logic(operator="&&", terms=terms):
            return True in _terms_bind(terms, mapping)
        case Logic(terms=terms):
            # One alternative that binds nothing lets every tenant in (confused deputy).
            return False not in _terms_bind(terms, mapping)
        case Binary(operator="==", left=left, right=right):
            return _equals_text(left, right, mapping) or _equals_text(right, left, mapping)
        case Binary(operator="in", left=left, right=ListLiteral(items=items)):
            return _is_tenant_claim(left, mapping) and all(_text(item) for item in items)
        case Call(function="startsWith", method=True, arguments=(left, right)):
            return _begins_with_tenant(left, right, mapping)
        case _:
            return False


def _begins_with_tenant(claim: Node, text: Node, mapping: Mapping[str, object]) -> bool:
    if _TENANT_PREFIX.match(_text(text)) is None:
        return False
    return _is_tenant_claim(claim, mapping)


def _terms_bind(terms: Iterable[Node], mapping: Mapping[str, object]) -> set[bool]:
    return {_binds(term, mapping) for term in terms}


def _equals_text(claim: Node, text: Node, mapping: Mapping[str, object]) -> bool:
    return _text(text) != "" and _is_tenant_claim(claim, mapping)


def _is_tenant_claim(node: Node, mapping: Mapping[str, object]) -> bool:
    """Whether a value is a tenant claim: of the token (`assertion.repository`), or mapped to an
    attribute.
    """
    path = _path(node)
    if not path.startswith("assertion."):
        mapped = mapping.get(path)
        path = mapped if isinstance(mapped, str) else ""
    if not path.startswith("assertion."):
        return False
    return path.removeprefix("assertion.") in TENANT_CLAIMS


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
    """The text of a literal; empty for anything else."""
    if isinstance(node, Literal) and isinstance(node.value, str):
        return node.value
    return ""
