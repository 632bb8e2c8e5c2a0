"""Small policy documents for tests: statements with ordinary parts, so that a case names only what
is odd."""

from __future__ import annotations

from typing import Any

ACCOUNT = "111122223333"
OTHER = "444455556666"
BUCKET = "arn:aws:s3:::estate"
OBJECTS = f"{BUCKET}/*"
GITHUB = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
ANYONE: Any = "*"


def allow(principal: Any = ANYONE, **parts: Any) -> dict[str, Any]:
    """An Allow to someone on the bucket's objects; a part that is None is left out."""
    return _statement(
        {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": OBJECTS},
        parts,
    )


def deny(principal: Any = ANYONE, **parts: Any) -> dict[str, Any]:
    """A Deny of everything on the bucket and its objects."""
    resources = [BUCKET, OBJECTS]
    return _statement(
        {"Effect": "Deny", "Principal": principal, "Action": "s3:*", "Resource": resources}, parts
    )


def identity(effect: str = "Allow", **parts: Any) -> dict[str, Any]:
    """A statement of an identity policy: everything on everything."""
    return _statement({"Effect": effect, "Action": "*", "Resource": "*"}, parts)


def trust(principal: Any, action: str = "sts:AssumeRole", **parts: Any) -> dict[str, Any]:
    """A statement of a trust policy."""
    return _statement({"Effect": "Allow", "Principal": principal, "Action": action}, parts)


def plain(
    value: object = "false", operator: str = "Bool", key: str = "aws:SecureTransport"
) -> dict[str, Any]:
    """The condition that a request comes without TLS."""
    return {operator: {key: value}}


def document(*statements: Any) -> dict[str, Any]:
    """A document of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _statement(base: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    for name, value in parts.items():
        if name in ("NotPrincipal", "NotAction", "NotResource"):
            base.pop(name.removeprefix("Not"), None)
        base[name] = value
    return {name: value for name, value in base.items() if value is not None}
