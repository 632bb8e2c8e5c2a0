"""Which conditions tie a statement to principals or networks that can be named, and which leave it open."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Final

from scanner.core.policies.document import Condition
from scanner.core.policies.wildcards import wild

_STRINGS: Final = frozenset({"StringEquals", "StringEqualsIgnoreCase", "StringLike"})
_ARNS: Final = frozenset({"ArnEquals", "ArnLike"})
_NEGATED: Final = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
}
_ACCOUNT: Final = re.compile(r"[0-9]{12}", re.ASCII)
_ORGANISATION: Final = re.compile(r"o-[a-z0-9]+", re.ASCII)
_ORGANISATION_PATH: Final = re.compile(r"o-[a-z0-9]+/.*", re.ASCII | re.DOTALL)
_VPC: Final = re.compile(r"vpce?-[0-9a-z]+", re.ASCII)
_PRINCIPAL_ID: Final = re.compile(
    r"(?:[0-9]{12}|A[A-Z]{3}[A-Z0-9]{12,}(?::.*)?)", re.ASCII | re.DOTALL
)
_PRIVATE_V4: Final = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_PRIVATE_V6: Final = IPv6Network("fc00::/7")
_WIDEST_V4: Final = 2**24
"""Addresses of a /8: S3 calls a wider IPv4 range public (Amazon S3 User Guide, "The meaning of public")."""
_WIDEST_V6: Final = 2**96
"""Addresses of a /32, by the same rule."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What a condition ties a statement to."""

    by: str
    """`account`, `arn`, `principal`, `organisation` or `network`."""
    values: tuple[str, ...]


def account_of(text: str) -> str:
    """The account that an id or an ARN names without a wildcard; an empty text where it names none."""
    if _ACCOUNT.fullmatch(text):
        return text
    parts = text.split(":", 5)
    named = len(parts) == 6 and parts[0] == "arn" and _ACCOUNT.fullmatch(parts[4])
    return parts[4] if named else ""


def _account(text: str, operator: str) -> bool:
    return _ACCOUNT.fullmatch(text) is not None or text.lower() == "${aws:resourceaccount}"


def _arn(text: str, operator: str) -> bool:
    """An ARN that names its account, or a global one (a bucket's) that names its resource."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or "${" in text:
        return False
    # StringLike lets `*` run over colons: `arn:aws:logs:*:111122223333:*` also matches a log group that another
    # account has named 111122223333. The Arn operators compare part by part.
    if operator in _STRINGS and any(wild(part) for part in parts[:5]):
        return False
    if _ACCOUNT.fullmatch(parts[4]):
        return True
    return (
        parts[2] == "s3" and not parts[3] and not parts[4] and bool(parts[5]) and not wild(parts[5])
    )


def _organisation(text: str, operator: str) -> bool:
    return _ORGANISATION.fullmatch(text) is not None or text.lower() == "${aws:resourceorgid}"


def _organisation_path(text: str, operator: str) -> bool:
    return _ORGANISATION_PATH.fullmatch(text) is not None and "${" not in text


def _vpc(text: str, operator: str) -> bool:
    return _VPC.fullmatch(text) is not None


def _principal_id(text: str, operator: str) -> bool:
    return _PRINCIPAL_ID.fullmatch(text) is not None and "${" not in text


_ANYONE: Final[dict[str, tuple[str, Callable[[str, str], bool]]]] = {
    "aws:principalaccount": ("account", _account),
    "aws:sourceaccount": ("account", _account),
    "aws:sourceowner": ("account", _account),
    "kms:calleraccount": ("account", _account),
    "s3:dataaccesspointaccount": ("account", _account),
    "aws:vpceaccount": ("account", _account),
    "aws:principalarn": ("arn", _arn),
    "aws:sourcearn": ("arn", _arn),
    "lambda:sourcefunctionarn": ("arn", _arn),
    "s3:dataaccesspointarn": ("arn", _arn),
    "aws:principalorgid": ("organisation", _organisation),
    "aws:sourceorgid": ("organisation", _organisation),
    "aws:vpceorgid": ("organisation", _organisation),
    "aws:principalorgpaths": ("organisation", _organisation_path),
    "aws:sourceorgpaths": ("organisation", _organisation_path),
    "aws:vpceorgpaths": ("organisation", _organisation_path),
    "aws:sourcevpc": ("network", _vpc),
    "aws:sourcevpce": ("network", _vpc),
    "aws:sourcevpcarn": ("network", _arn),
    "aws:userid": ("principal", _principal_id),
}
"""Keys that hold who asks or from where, and which values name it. A tag, a header or a service name is not here:
anyone can carry one."""

_SOURCES: Final = frozenset(
    [
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceowner",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
    ]
)


def bounds(conditions: Iterable[Condition]) -> tuple[Bound, ...]:
    """What an Allow with these conditions is tied to; none: it is open to whomever its principal names."""
    conditions = tuple(conditions)
    found = (_bound(condition) for condition in conditions if demands(condition, conditions))
    return tuple(bound for bound in found if bound is not None)


def leaves_only_named(conditions: Iterable[Condition]) -> bool:
    """Whether a Deny with these conditions still denies everyone who cannot be named.

    Without conditions it denies everyone. With negated ones (`unless aws:PrincipalOrgID is ours`) it spares those
    that one of them names: a negated operator also holds where the key is missing, so the anonymous are denied.
    """
    return all(
        condition.quantifier == ""
        and condition.operator in _NEGATED
        and _bound(condition, _NEGATED[condition.operator]) is not None
        for condition in conditions
    )


def source_bound(conditions: Iterable[Condition]) -> bool:
    """Whether a service can act only for a named account, ARN or organisation."""
    conditions = tuple(conditions)
    return any(
        _names_source(condition) for condition in conditions if demands(condition, conditions)
    )


def demands(condition: Condition, conditions: tuple[Condition, ...]) -> bool:
    """Whether the condition fails when its key is missing from the request, as it is for a stranger's."""
    if condition.quantifier != "ForAllValues" and not condition.if_exists:
        return True
    return any(
        other.operator == "Null"
        and other.key == condition.key
        and set(map(str.lower, other.values)) == {"false"}
        for other in conditions
        if other.quantifier == ""
    )


def _bound(condition: Condition, operator: str = "") -> Bound | None:
    operator = operator or condition.operator
    if condition.key == "aws:sourceip":
        limited = operator == "IpAddress" and condition.values and _limited(condition.values)
        return Bound("network", condition.values) if limited else None
    if condition.key == "elasticfilesystem:accessedviamounttarget":
        # A mount target is an address in one's own VPC.
        return (
            Bound("network", ()) if operator == "Bool" and condition.values == ("true",) else None
        )
    if condition.key not in _ANYONE or not condition.values:
        return None
    by, names = _ANYONE[condition.key]
    if operator not in _STRINGS and (operator not in _ARNS or names is not _arn):
        return None
    return (
        Bound(by, condition.values)
        if all(names(value, operator) for value in condition.values)
        else None
    )


def _names_source(condition: Condition) -> bool:
    if condition.key in _SOURCES:
        return _bound(condition) is not None
    # A service states the ARN it encrypts for; only for a service is the encryption context not the caller's choice.
    context = condition.key.startswith("kms:encryptioncontext:aws:") and condition.key.endswith(
        ":arn"
    )
    if not context or condition.operator not in _STRINGS | _ARNS or not condition.values:
        return False
    return all(_arn(value, condition.operator) for value in condition.values)


def _limited(values: Iterable[str]) -> bool:
    """Whether the address ranges together are smaller than what counts as the public internet."""
    v4: list[IPv4Network] = []
    v6: list[IPv6Network] = []
    for value in values:
        try:
            network = ip_network(value, strict=False)
        except ValueError:
            return False
        # Not `is_private`: before Python 3.11.4 it looks at both ends only, and so calls 0.0.0.0/0 private.
        if isinstance(network, IPv4Network):
            v4 += [] if any(network.subnet_of(private) for private in _PRIVATE_V4) else [network]
        elif network.network_address.ipv4_mapped is not None:
            return False
        else:
            v6 += [] if network.subnet_of(_PRIVATE_V6) else [network]
    return (
        sum(network.num_addresses for network in collapse_addresses(v4)) <= _WIDEST_V4
        and sum(network.num_addresses for network in collapse_addresses(v6)) <= _WIDEST_V6
    )
