"""Follows a bucket's policy to the access points that it leaves the decision to."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final

from scanner.core.policies.delegation import delegated_accounts
from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import Unreadable

_NO_BUCKET_POLICY: Final = "NoSuchBucketPolicy"
_NO_POLICY: Final = "NoSuchAccessPointPolicy"
_LIST: Final = "s3control:ListAccessPoints"
_STATUS: Final = "s3control:GetAccessPointPolicyStatus"
_SETTINGS: Final = "s3control:GetAccessPoint"


def public_access_points(
    context: ReadContext,
) -> Generator[Call, Answer, Mapping[str, Any] | Unreadable]:
    """`{"Public": [...]}`: access points through which anyone reaches a bucket whose policy
    leaves that to them; nothing more is read where it does not.
    """
    bucket = context.it.get("Name") if isinstance(context.it, Mapping) else None
    if not isinstance(bucket, str) or not context.region:
        return Unreadable("a bucket's name or region is not known")
    # The same call as the kind makes for the policy itself: it is made once.
    answer = yield Call(
        operation="s3:GetBucketPolicy",
        region=context.region,
        params={"Bucket": bucket},
        absent_on=(_NO_BUCKET_POLICY,),
    )
    accounts = _deciding_accounts(answer, context.account)
    if isinstance(accounts, Unreadable):
        return accounts
    if not accounts:
        return {"Public": []}
    return (yield from _public_ones(context, bucket))


def _deciding_accounts(answer: Answer, own: str) -> frozenset[str] | Unreadable:
    """This account, where its access points decide; Unreadable where those of another do."""
    if answer.state is State.ABSENT or answer.code == _NO_BUCKET_POLICY:
        return frozenset()
    if answer.state is not State.OK or not isinstance(answer.data, Mapping):
        return answer.unread
    accounts = delegated_accounts(answer.data.get("Policy", '{"Statement": []}'), own)
    if not isinstance(accounts, Unreadable) and accounts - {own}:
        return Unreadable("the bucket policy leaves access to access points of another account")
    return accounts


def _public_ones(
    context: ReadContext, bucket: str
) -> Generator[Call, Answer, Mapping[str, Any] | Unreadable]:
    answer = yield Call(
        operation=_LIST,
        region=context.region,
        params={"AccountId": context.account, "Bucket": bucket},
        items=("AccessPointList",),
    )
    if answer.state not in (State.OK, State.EMPTY) or not isinstance(answer.data, Mapping):
        return answer.unread
    found: list[str] = []
    for point in answer.data.get("AccessPointList", []):
        name = point.get("Name") if isinstance(point, Mapping) else None
        if not isinstance(name, str):
            return Unreadable(f"{_LIST} returned an access point without a name")
        # Such a one is reached from its VPC alone.
        if point.get("NetworkOrigin") == "VPC":
            continue
        is_public = yield from _is_public(context, name)
        if isinstance(is_public, Unreadable):
            return is_public
        if is_public:
            found.append(name)
    return {"Public": found}


def _is_public(context: ReadContext, name: str) -> Generator[Call, Answer, bool | Unreadable]:
    params = {"AccountId": context.account, "Name": name}
    status = yield Call(
        operation=_STATUS, region=context.region, params=params, absent_on=(_NO_POLICY,)
    )
    if status.state is State.ABSENT or status.code == _NO_POLICY:
        return False
    is_public = _member(status, "PolicyStatus", "IsPublic")
    if isinstance(is_public, Unreadable) or not is_public:
        return is_public
    settings = yield Call(operation=_SETTINGS, region=context.region, params=params)
    restricted = _member(settings, "PublicAccessBlockConfiguration", "RestrictPublicBuckets")
    if isinstance(restricted, Unreadable):
        return restricted
    return not restricted


def _member(answer: Answer, record: str, member: str) -> bool | Unreadable:
    if answer.state is not State.OK or not isinstance(answer.data, Mapping):
        return answer.unread
    found = answer.data.get(record)
    value = found.get(member) if isinstance(found, Mapping) else None
    if not isinstance(value, bool):
        return Unreadable(f"{answer.call.operation} returned no {member}")
    return value
