"""Counts the resources of a region by type: AWS Config, the tagging API and Resource Explorer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping
from typing import Any, Final

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import ABSENT, Absent, Unreadable
from scanner.providers.aws.config_recorder import rows, running_recorders

_COUNTS: Final = "config:GetDiscoveredResourceCounts"
_TAGGED: Final = "resourcegroupstaggingapi:GetResources"
_VIEW: Final = "resource-explorer-2:GetDefaultView"
_INDEXED: Final = "resource-explorer-2:ListResources"
_WITHOUT_TYPE: Final = {"s3": "bucket", "sns": "topic", "sqs": "queue", "codepipeline": "pipeline"}
"""Services whose ARNs name a resource without its type, and that type."""
_PLACES: Final = frozenset({"regional", "global"})
"""First parts of ARNs of web ACLs that say where, not what."""

Counting = Generator[Call, Answer, Mapping[str, Any] | Absent | Unreadable]


def recorded_types(context: ReadContext) -> Counting:
    """By type, how many resources AWS Config counts; `ABSENT` where nothing is recorded."""
    recorders = yield from running_recorders(context.region)
    if isinstance(recorders, Unreadable):
        return recorders
    if not recorders:
        return ABSENT
    answer = yield Call(operation=_COUNTS, region=context.region, items=("resourceCounts",))
    found = _counted(answer, "resourceCounts")
    if isinstance(found, Unreadable):
        return found
    counts: dict[str, Any] = {}
    for row in found:
        name = row.get("resourceType")
        if not isinstance(name, str):
            return Unreadable(f"{_COUNTS} returned a count without a type")
        counts[name] = row.get("count")
    return counts


def tagged_types(context: ReadContext) -> Counting:
    """By type, how many resources have or had a tag."""
    answer = yield Call(
        operation=_TAGGED,
        region=context.region,
        items=("ResourceTagMappingList",),
    )
    found = _counted(answer, "ResourceTagMappingList")
    if isinstance(found, Unreadable):
        return found
    counts: Counter[str] = Counter()
    for row in found:
        counts[_type_in(row.get("ResourceARN"))] += 1
    return dict(counts)


def indexed_types(context: ReadContext) -> Counting:
    """By type, how many resources of the region Resource Explorer has in its index.

    `ABSENT` where no default view shows one.
    """
    answer = yield Call(operation=_VIEW, region=context.region)
    if answer.state not in (State.OK, State.EMPTY) or not isinstance(answer.data, Mapping):
        return answer.unread
    view = answer.data.get("ViewArn", "")
    if not isinstance(view, str):
        return Unreadable(f"{_VIEW} returned no name of a view")
    if not view:
        return ABSENT
    answer = yield Call(
        operation=_INDEXED,
        region=context.region,
        params={"ViewArn": view},
        items=("Resources",),
    )
    found = _counted(answer, "Resources")
    if isinstance(found, Unreadable):
        return found
    counts: Counter[str] = Counter()
    for row in found:
        # The view of an aggregator shows other regions too, which have readers of their own.
        if row.get("Region") == context.region:
            counts[str(row.get("ResourceType"))] += 1
    return dict(counts)


def _counted(answer: Answer, member: str) -> list[Mapping[str, Any]] | Unreadable:
    """The rows of a complete answer; one without the list counted nothing, and is unread."""
    found = rows(answer, member)
    if found == [] and isinstance(answer.data, Mapping) and member not in answer.data:
        return Unreadable(f"{answer.call.operation} returned no {member}")
    return found


def _type_in(arn: object) -> str:
    """`service:type` of an ARN; the text itself where it is none, so that it is counted."""
    parts = str(arn).split(":", 5)
    if len(parts) < 6:
        return str(arn)
    service, resource = parts[2], parts[5]
    steps = [step for step in resource.replace(":", "/").split("/") if step]
    if len(steps) > 1 and steps[0] in _PLACES:
        steps = steps[1:]
    if service in _WITHOUT_TYPE:
        return f"{service}:{_WITHOUT_TYPE[service]}"
    # Without a second step, the only one is the resource's own name.
    if len(steps) < 2:
        return service
    return f"{service}:{steps[0]}"
