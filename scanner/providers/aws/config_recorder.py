"""Reads what AWS Config knows of a region: numbers of resources, and recent changes."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from scanner.core.reading.context import ReadContext, Reader
from scanner.model.answers import Answer, Call, State
from scanner.model.values import ABSENT, Absent, Unreadable

_RECORDERS: Final = "config:DescribeConfigurationRecorders"
_STATUS: Final = "config:DescribeConfigurationRecorderStatus"
_COUNTS: Final = "config:GetDiscoveredResourceCounts"
_DISCOVERED: Final = "config:ListDiscoveredResources"
_NAMED_STRATEGIES: Final = ("", "ALL_SUPPORTED_RESOURCE_TYPES", "INCLUSION_BY_RESOURCE_TYPES")
_WELL: Final = frozenset({"notapplicable", "pending", "success"})
"""What `lastStatus` is beside a failure, in any case: AWS's own documents differ."""
Row = Mapping[str, Any]


def recorded_counts(
    context: ReadContext,
) -> Generator[Call, Answer, Row | Absent | Unreadable]:
    """By type: how many resources AWS Config counts in a region, of the types that it records as
    they change.

    `ABSENT` where nothing is recorded: then it counts nothing.
    """
    recorders = yield from running_recorders(context.region)
    if isinstance(recorders, Unreadable):
        return recorders
    if not recorders:
        return ABSENT
    answer = yield Call(operation=_COUNTS, region=context.region, items=("resourceCounts",))
    found = rows(answer, "resourceCounts")
    if isinstance(found, Unreadable):
        return found
    counts: dict[str, Any] = {}
    for row in found:
        kind = row.get("resourceType")
        if not isinstance(kind, str) or type(row.get("count")) is not int:
            # Another source would be taken to count nothing of the type that is not named.
            return Unreadable(f"{_COUNTS} returned a count without its type, or without a number")
        # A type that is recorded once a day, or no longer, has a count of the past.
        if _recorded(recorders, kind):
            counts[kind] = row["count"]
    return counts


def running_recorders(region: str) -> Generator[Call, Answer, list[Row] | Unreadable]:
    """The recorders of a region that are recording."""
    # The same calls as the kind of recorders makes: each is made once.
    answer = yield Call(operation=_RECORDERS, region=region, items=("ConfigurationRecorders",))
    found = rows(answer, "ConfigurationRecorders")
    if isinstance(found, Unreadable):
        return found
    running: list[Row] = []
    for recorder in found:
        name = recorder.get("name")
        if not isinstance(name, str):
            return Unreadable(f"{_RECORDERS} returned a recorder without a readable name")
        status = yield Call(
            operation=_STATUS,
            region=region,
            params={"ConfigurationRecorderNames": [name]},
        )
        states = rows(status, "ConfigurationRecordersStatus")
        if isinstance(states, Unreadable):
            return states
        if not all(isinstance(state.get("recording"), bool) for state in states):
            return Unreadable(f"{_STATUS} did not return whether a recorder is recording")
        if _is_of_aws(recorder) and any(_records_well(state) for state in states):
            running.append(recorder)
    return running


def _is_of_aws(recorder: Row) -> bool:
    """Whether a recorder records this account for the entity: one with a connector records another
    cloud, and what one of scope INTERNAL records only the linked service is shown.
    """
    return not recorder.get("connectorArn") and recorder.get("recordingScope", "PAID") == "PAID"


def _records_well(state: Row) -> bool:
    """Whether a recorder records, and did not fail to when something last changed."""
    return state.get("recording") is True and str(state.get("lastStatus")).casefold() in _WELL


def records(recorder: Row, kind: str) -> bool:
    """Whether a recorder records each change of a type of resource when it happens, and not once a
    day.
    """
    group = recorder.get("recordingGroup")
    if not isinstance(group, Mapping):
        return False
    return (
        _chosen(group, kind) and _frequency(_part(recorder, "recordingMode"), kind) == "CONTINUOUS"
    )


def _chosen(group: Row, kind: str) -> bool:
    strategy = _part(group, "recordingStrategy").get("useOnly", "")
    if strategy == "EXCLUSION_BY_RESOURCE_TYPES":
        excluded = _part(group, "exclusionByResourceTypes").get("resourceTypes")
        return kind not in _names(excluded)
    # What a strategy chooses that nobody knows yet is not known either.
    if strategy not in _NAMED_STRATEGIES:
        return False
    return group.get("allSupported") is True or kind in _names(group.get("resourceTypes"))


def _recorded(recorders: list[Row], kind: str) -> bool:
    return any(records(recorder, kind) for recorder in recorders)


def _frequency(mode: Row, kind: str) -> str:
    overrides = mode.get("recordingModeOverrides")
    if isinstance(overrides, list):
        for override in overrides:
            if isinstance(override, Mapping) and kind in _names(override.get("resourceTypes")):
                return str(override.get("recordingFrequency"))
    # A recorder that was made before there was a choice has no mode, and is continuous.
    return str(mode.get("recordingFrequency", "CONTINUOUS"))


def rows(answer: Answer, member: str) -> list[Row] | Unreadable:
    """The records of a complete answer."""
    if answer.state not in (State.OK, State.EMPTY) or not isinstance(answer.data, Mapping):
        return answer.unread
    if member not in answer.data:
        return Unreadable(f"{answer.call.operation} returned no {member}")
    found = answer.data[member]
    if not isinstance(found, list) or not all(isinstance(row, Mapping) for row in found):
        return Unreadable(f"{answer.call.operation} returned {member} in an unknown format")
    return found


def _part(record: Row, name: str) -> Row:
    found = record.get(name)
    if isinstance(found, Mapping):
        return found
    return {}


def _names(value: Any) -> list[str]:
    if not isinstance(value, list):
        return []
    return [name for name in value if isinstance(name, str)]


def _changed(kind: str) -> Reader:
    """The reader of recorded resources of a type that exist, or existed within the days looked
    back.
    """

    def read(context: ReadContext) -> Generator[Call, Answer, list[Row] | Unreadable]:
        recorders = yield from running_recorders(context.region)
        if isinstance(recorders, Unreadable):
            return recorders
        if not _recorded(recorders, kind):
            # Config would answer with an empty list, which does not show that nothing changed.
            return Unreadable(
                f"AWS Config does not record every change of {kind} in {context.region}"
            )
        answer = yield Call(
            operation=_DISCOVERED,
            region=context.region,
            params={"resourceType": kind, "includeDeletedResources": True},
            items=("resourceIdentifiers",),
        )
        found = rows(answer, "resourceIdentifiers")
        if isinstance(found, Unreadable):
            return found
        since = _since(answer, context.params.get("config_history_days"))
        if isinstance(since, Unreadable):
            return since
        recent: list[Row] = []
        for row in found:
            if str(row.get("resourceDeletionTime") or since) >= since:
                recent.append({**row, "since": since})
        return recent

    return read


def _since(answer: Answer, days: Any) -> str | Unreadable:
    """The first day that is looked at: counted back from the answer, so that a replay looks at the
    same days.
    """
    try:
        day = datetime.fromisoformat(answer.finished) - timedelta(days=days)
    except (ValueError, TypeError, OverflowError):
        return Unreadable(f"the time of {_DISCOVERED} is not known")
    return f"{day:%Y-%m-%dT00:00:00Z}"


security_groups = _changed("AWS::EC2::SecurityGroup")
databases = _changed("AWS::RDS::DBInstance")
