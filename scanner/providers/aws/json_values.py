"""botocore's parsed answers as JSON values."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

TEXT_BYTES: Final = frozenset({("iam:GetCredentialReport", "Content")})
"""Members that are bytes in botocore's answer and text in ours."""

DECODED: Final[Mapping[str, tuple[str, ...]]] = {
    "iam:GetAccountAuthorizationDetails": (
        "UserDetailList[].UserPolicyList[].PolicyDocument",
        "GroupDetailList[].GroupPolicyList[].PolicyDocument",
        "RoleDetailList[].AssumeRolePolicyDocument",
        "RoleDetailList[].RolePolicyList[].PolicyDocument",
        "Policies[].PolicyVersionList[].Document",
    ),
    "iam:GetGroupPolicy": ("PolicyDocument",),
    "iam:GetPolicyVersion": ("PolicyVersion.Document",),
    "iam:GetRole": ("Role.AssumeRolePolicyDocument",),
    "iam:GetRolePolicy": ("PolicyDocument",),
    "iam:GetUserPolicy": ("PolicyDocument",),
    "iam:ListRoles": ("Roles[].AssumeRolePolicyDocument",),
}
"""Members that botocore's handlers decode: a mapping in the answer although the model says text."""


class UnexpectedValueError(Exception):
    """A value of a type that an answer cannot hold."""


def plain(operation: str, value: Any) -> dict[str, Any]:
    """An answer as JSON values, without metadata; UnexpectedValueError for what has no place in evidence."""
    if not isinstance(value, dict):
        raise UnexpectedValueError(f"the answer is {type(value).__name__}, not a mapping")
    return {
        key: item.decode()
        if (operation, key) in TEXT_BYTES and isinstance(item, bytes)
        else _json(item)
        for key, item in value.items()
        if key != "ResponseMetadata" and item is not None
    }


def _json(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        # A lone surrogate cannot be written as UTF-8, nor digested.
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if kind is dict:
        return {str(_json(key)): _json(item) for key, item in value.items() if item is not None}
    if kind is list:
        return [_json(item) for item in value if item is not None]
    if kind is bool or kind is int:
        return value
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, datetime):
        return _iso(value)
    if isinstance(value, float):
        # JSON has no NaN or Infinity.
        return value if value - value == 0.0 else str(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (bytes, bytearray)):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, Mapping):
        return _json(dict(value))
    if isinstance(value, (list, tuple)):
        return _json(list(value))
    if isinstance(value, str):
        return _json(str(value))
    raise UnexpectedValueError(f"a value is {type(value).__name__}")


def _iso(value: datetime) -> str:
    """UTC, `2026-01-01T00:00:00Z`, with milliseconds only if they are not zero."""
    utc = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    precision = "milliseconds" if utc.microsecond >= 1000 else "seconds"
    return utc.isoformat(timespec=precision).replace("+00:00", "Z")
