"""Names resources that another service knows of: a listing that lacks one of them is too short."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import datetime
from typing import Any, Final

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call
from scanner.model.values import ABSENT, Absent, Unreadable
from scanner.providers.aws.config_recorder import rows

_BUCKETS: Final = "s3:ListBuckets"
_TAGGED: Final = "resourcegroupstaggingapi:GetResources"
_VOLUMES: Final = "ec2:DescribeVolumes"
_LETTING_GO: Final = ("detaching", "detached")

Naming = Generator[Call, Answer, list[str] | Absent | Unreadable]


def tagged_buckets(context: ReadContext) -> Naming:
    """The buckets that have or had a tag, in each region of a listed bucket.

    `ABSENT` where the listing itself was not read: then there is nothing to compare.
    """
    # The same call as the kind makes: it is made once.
    answer = yield Call(
        operation=_BUCKETS,
        region=context.region,
        params={"MaxBuckets": 1000},
        items=("Buckets",),
    )
    listed = rows(answer, "Buckets")
    if isinstance(listed, Unreadable):
        return ABSENT
    named: list[str] = []
    for region in sorted({str(row.get("BucketRegion") or "") for row in listed} - {""}):
        answer = yield Call(
            operation=_TAGGED,
            region=region,
            params={"ResourceTypeFilters": ["s3:bucket"]},
            items=("ResourceTagMappingList",),
        )
        found = rows(answer, "ResourceTagMappingList")
        if isinstance(found, Unreadable):
            return found
        named.extend(str(row.get("ResourceARN")) for row in found)
    return named


def attached_instances(context: ReadContext) -> Naming:
    """The instances that volumes are attached to since before reading began.

    Instances come and go: one that was launched meanwhile may be in one of the two answers alone.
    """
    answer = yield Call(operation=_VOLUMES, region=context.region, items=("Volumes",))
    found = rows(answer, "Volumes")
    if isinstance(found, Unreadable):
        return found
    head = f"arn:{context.partition}:ec2:{context.region}:{context.account}:instance/"
    named: set[str] = set()
    for row in found:
        attached = _attached_before(row, context.started)
        if isinstance(attached, Unreadable):
            return attached
        named.update(head + name for name in attached)
    return sorted(named)


def _attached_before(volume: Mapping[str, Any], moment: datetime) -> list[str] | Unreadable:
    attachments = volume.get("Attachments")
    if not isinstance(attachments, list):
        return Unreadable(f"{_VOLUMES} returned a volume without a list of attachments")
    named: list[str] = []
    for one in attachments:
        if not isinstance(one, Mapping):
            return Unreadable(f"{_VOLUMES} returned an attachment of another shape")
        if _is_of_no_instance(one):
            continue
        name, time = one.get("InstanceId"), _time(one.get("AttachTime"))
        if not isinstance(name, str) or not name or time is None:
            return Unreadable(f"{_VOLUMES} returned an attachment without its instance and time")
        if time < moment:
            named.append(name)
    return named


def _is_of_no_instance(attachment: Mapping[str, Any]) -> bool:
    # Instances that are being terminated let go of their volumes.
    if attachment.get("State") in _LETTING_GO:
        return True
    # What a service of AWS runs, such as a task, is no instance.
    of_service = attachment.get("AssociatedResource") or attachment.get("InstanceOwningService")
    return bool(of_service) and not attachment.get("InstanceId")


def _time(text: object) -> datetime | None:
    """A moment with its time zone; None where it is none."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
