"""Converts botocore's parsed responses to JSON values."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from scanner.words import described

TEXT_BYTES: Final = frozenset({("iam:GetCredentialReport", "Content")})
"""Members that are bytes in botocore's response and text in our answer."""

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
"""Members that botocore's handlers decode: a mapping in the response although the model says text.
"""


class UnexpectedValueError(Exception):
    """A value of a type that evidence cannot hold."""


def plain(operation: str, response: Any) -> dict[str, Any]:
    """A response as JSON values, without its metadata; UnexpectedValueError for a value that
    evidence cannot hold.
    """
    if not isinstance(response, dict):
        raise UnexpectedValueError(f"the response is {described(response)}, not a mapping")
    data: dict[str, Any] = {}
    for key, item in response.items():
        if key == "ResponseMetadata" or item is None:
            continue
        if isinstance(item, bytes) and (operation, key) in TEXT_BYTES:
            data[key] = item.decode()
        else:
            data[key] = _json(item)
    return data


def _json(value: Any) -> Any:
    # By type and not by isinstance: nearly every value is one of these, and there are millions.
    kind = type(value)
    if kind is str:
        return _text(value)
    if kind is dict:
        return {str(_json(key)): _json(item) for key, item in value.items() if item is not None}
    if kind is list:
        return [_json(item) for item in value if item is not None]
    if kind is bool or kind is int:
        return value
    return _scalar(value)


def _text(value: str) -> str:
    # A lone surrogate cannot be written as UTF-8, nor digested.
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


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
        return _text(str(value))
    raise UnexpectedValueError(f"a value is {type(value).__name__}")


def _iso(value: datetime) -> str:
    """UTC, `2026-01-01T00:00:00Z`, with milliseconds only if they are not zero."""
    # botocore's times without a zone are UTC.
    utc = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    precision = "milliseconds" if utc.microsecond >= 1000 else "seconds"
    return utc.isoformat(timespec=precision).replace("+00:00", "Z")
