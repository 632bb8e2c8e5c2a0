"""Decides which conditions restrict a statement to named principals or networks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from scanner.core.policies.document import Condition
from scanner.core.policies.wildcards import has_wildcard
from scanner.language.address_ranges import internet_ranges

_STRING_OPERATORS: Final = frozenset({"StringEquals", "StringEqualsIgnoreCase", "StringLike"})
_ARN_OPERATORS: Final = frozenset({"ArnEquals", "ArnLike"})
_POSITIVE_OF_NEGATED: Final = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
}
_ACCOUNT: Final = re.compile(r"[0-9]{12}", re.ASCII)
_ORGANIZATION: Final = re.compile(r"o-[a-z0-9]+", re.ASCII)
_ORGANIZATION_PATH: Final = re.compile(r"o-[a-z0-9]+/.*", re.ASCII | re.DOTALL)
_VPC: Final = re.compile(r"vpce?-[0-9a-z]+", re.ASCII)
_PRINCIPAL_ID: Final = re.compile(
    r"(?:[0-9]{12}|A[A-Z]{3}[A-Z0-9]{12,}(?::.*)?)", re.ASCII | re.DOTALL
)
_WIDEST_V4: Final = 8
"""S3 calls a wider IPv4 range public (Amazon S3 User Guide, "The meaning of public")."""
_WIDEST_V6: Final = 32
"""By the same rule."""
_SERVICE_LINKED: Final = re.compile(
    r"arn:[a-z-]+:iam::[^:]+:role/aws-service-role/.*", re.ASCII | re.DOTALL
)
"""Roles that only an AWS service takes, in whatever account."""


@dataclass(frozen=True, slots=True)
class Restriction:
    """What a condition restricts a statement to."""

    by: str
    """`account`, `arn`, `principal`, `organization`, `network` or `service`."""
    values: tuple[str, ...]


def account_of(text: str) -> str:
    """The account that an id or an ARN names without a wildcard; empty where it names none."""
    if _ACCOUNT.fullmatch(text):
        return text
    arn = _arn_parts(text)
    if arn is not None and _ACCOUNT.fullmatch(arn[4]):
        return arn[4]
    return ""


def _arn_parts(text: str) -> list[str] | None:
    """`arn`, partition, service, region, account and resource; None where it is no ARN."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        return None
    return parts


def _names_account(text: str, operator: str) -> bool:
    if text.lower() == "${aws:resourceaccount}":
        return True
    return _ACCOUNT.fullmatch(text) is not None


def _names_arn(text: str, operator: str) -> bool:
    """An ARN that names its account, or a global one (a bucket's) that names its resource."""
    parts = _arn_parts(text)
    # The caller may choose the value of a policy variable.
    if parts is None or "${" in text:
        return False
    # StringLike lets `*` run over colons: `arn:aws:logs:*:111122223333:*` also matches a log group
    # that another account has named 111122223333. The Arn operators compare part by part.
    if operator in _STRING_OPERATORS and any(map(has_wildcard, parts[:5])):
        return False
    _, _, service, region, account, resource = parts
    if _ACCOUNT.fullmatch(account):
        return True
    is_bucket = service == "s3" and not region and not account
    if not is_bucket or not resource:
        return False
    return not has_wildcard(resource)


def _names_organization(text: str, operator: str) -> bool:
    if text.lower() == "${aws:resourceorgid}":
        return True
    return _ORGANIZATION.fullmatch(text) is not None


def _names_organization_path(text: str, operator: str) -> bool:
    if "${" in text:
        return False
    return _ORGANIZATION_PATH.fullmatch(text) is not None


def _names_vpc(text: str, operator: str) -> bool:
    return _VPC.fullmatch(text) is not None


def _names_principal_id(text: str, operator: str) -> bool:
    if "${" in text:
        return False
    return _PRINCIPAL_ID.fullmatch(text) is not None


_NamesOne = Callable[[str, str], bool]
_RESTRICTING_KEYS: Final[dict[str, tuple[str, _NamesOne]]] = {
    "aws:principalaccount": ("account", _names_account),
    "aws:sourceaccount": ("account", _names_account),
    "aws:sourceowner": ("account", _names_account),
    "kms:calleraccount": ("account", _names_account),
    "s3:dataaccesspointaccount": ("account", _names_account),
    "aws:vpceaccount": ("account", _names_account),
    "aws:principalarn": ("arn", _names_arn),
    "aws:sourcearn": ("arn", _names_arn),
    "lambda:sourcefunctionarn": ("arn", _names_arn),
    "s3:dataaccesspointarn": ("arn", _names_arn),
    "aws:principalorgid": ("organization", _names_organization),
    "aws:sourceorgid": ("organization", _names_organization),
    "aws:vpceorgid": ("organization", _names_organization),
    "aws:principalorgpaths": ("organization", _names_organization_path),
    "aws:sourceorgpaths": ("organization", _names_organization_path),
    "aws:vpceorgpaths": ("organization", _names_organization_path),
    "aws:sourcevpc": ("network", _names_vpc),
    "aws:sourcevpce": ("network", _names_vpc),
    "aws:sourcevpcarn": ("network", _names_arn),
    "aws:userid": ("principal", _names_principal_id),
}
"""Keys that identify the caller or its network, what each restricts to, and which values name
one. A tag, a header or a service name is not among them: any caller can carry one."""

_SOURCE_KEYS: Final = frozenset(
    [
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceowner",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
    ]
)


def restrictions(conditions: tuple[Condition, ...]) -> tuple[Restriction, ...]:
    """What an Allow with these conditions is restricted to.

    Empty where every principal that it names may use it.
    """
    found: list[Restriction] = []
    for condition in conditions:
        if not requires_key(condition, conditions):
            continue
        restriction = _restriction(condition, condition.operator)
        if restriction is not None:
            found.append(restriction)
    return tuple(found)


def spared(conditions: tuple[Condition, ...]) -> tuple[Restriction, ...] | None:
    """Whom a Deny with these conditions spares, where it denies everyone who cannot be named.

    Without conditions it spares nobody. With negated ones (`unless aws:PrincipalOrgID is ours`)
    it spares those that one of them names: a negated operator also holds where the key is
    missing, so the anonymous are denied. None: it spares some that nothing names.
    """
    found: list[Restriction] = []
    for condition in conditions:
        restriction = _spares(condition)
        if restriction is None:
            return None
        found.append(restriction)
    return tuple(found)


def _spares(condition: Condition) -> Restriction | None:
    if _spares_services(condition):
        return Restriction("service", ())
    positive = _POSITIVE_OF_NEGATED.get(condition.operator)
    # Of a key with several values, one that is named does not show that all are: only ForAllValues
    # over a negated operator spares no more than those with a named value. Over a missing key
    # ForAnyValue does not hold, and the anonymous would be spared.
    is_missed = condition.quantifier == "ForAnyValue" and not condition.if_exists
    if positive is None or is_missed:
        return None
    if _names_service_roles(condition):
        return Restriction("service", ())
    return _restriction(condition, positive)


def _names_service_roles(condition: Condition) -> bool:
    if condition.key != "aws:principalarn" or not condition.values:
        return False
    return all(map(_SERVICE_LINKED.fullmatch, condition.values))


def _spares_services(condition: Condition) -> bool:
    """Whether only AWS services themselves are spared.

    An anonymous request has no such key, so that without IfExists it would be spared as well.
    """
    is_key = condition.key == "aws:principalisawsservice" and condition.operator == "Bool"
    if not is_key or not condition.if_exists or condition.quantifier:
        return False
    return {value.lower() for value in condition.values} == {"false"}


def restricts_source(conditions: tuple[Condition, ...]) -> bool:
    """Whether a service can act only for a named account, ARN or organization.

    Otherwise a stranger can have the service act on the resource for them (confused deputy).
    """
    return any(
        _names_source(condition) and requires_key(condition, conditions) for condition in conditions
    )


def requires_key(condition: Condition, conditions: tuple[Condition, ...]) -> bool:
    """Whether the condition fails when its key is missing, as it is from a stranger's request."""
    # ForAllValues is vacuously true over a missing key, and so is every operator that ends in
    # IfExists.
    if condition.quantifier != "ForAllValues" and not condition.if_exists:
        return True
    return any(_requires_presence(other, condition.key) for other in conditions)


def _requires_presence(condition: Condition, key: str) -> bool:
    if condition.operator != "Null" or condition.quantifier or condition.key != key:
        return False
    return {value.lower() for value in condition.values} == {"false"}


def _restriction(condition: Condition, operator: str) -> Restriction | None:
    """What a condition restricts to, read as if it had this operator."""
    values = condition.values
    if condition.key in _RESTRICTING_KEYS:
        return _named_restriction(condition, operator)
    if (condition.key, operator) == ("aws:sourceip", "IpAddress"):
        if values and _smaller_than_internet(values):
            return Restriction("network", values)
        return None
    # A mount target is an address in one's own VPC.
    mount_target = ("elasticfilesystem:accessedviamounttarget", "Bool")
    if (condition.key, operator) == mount_target and values == ("true",):
        return Restriction("network", ())
    return None


def _named_restriction(condition: Condition, operator: str) -> Restriction | None:
    by, names_one = _RESTRICTING_KEYS[condition.key]
    if not condition.values or not _compares(operator, arns=names_one is _names_arn):
        return None
    if all(names_one(value, operator) for value in condition.values):
        return Restriction(by, condition.values)
    return None


def _compares(operator: str, *, arns: bool) -> bool:
    """Whether an operator compares texts, or ARNs where the key holds one."""
    if operator in _ARN_OPERATORS:
        return arns
    return operator in _STRING_OPERATORS


def _names_source(condition: Condition) -> bool:
    if condition.key in _SOURCE_KEYS:
        return _restriction(condition, condition.operator) is not None
    # A service states the ARN it encrypts for; only for a service is the encryption context not the
    # caller's choice.
    is_context = condition.key.startswith("kms:encryptioncontext:aws:")
    if not is_context or not condition.key.endswith(":arn"):
        return False
    # Without values the `all` below would be vacuously true.
    if not _compares(condition.operator, arns=True) or not condition.values:
        return False
    return all(_names_arn(value, condition.operator) for value in condition.values)


def _smaller_than_internet(ranges: Sequence[str]) -> bool:
    """Whether the address ranges together are smaller than what counts as the public internet."""
    try:
        return not internet_ranges(ranges, _WIDEST_V4, _WIDEST_V6)
    except ValueError:
        return False
