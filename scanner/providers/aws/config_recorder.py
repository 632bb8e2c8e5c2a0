"""Readers of AWS Config: how many resources it counts in a region, and of which ones it knows the changes."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from scanner.core.reading.context import ReadContext, Reader
from scanner.model.answers import Answer, Call, State
from scanner.model.values import ABSENT, Unreadable

_RECORDERS: Final = "config:DescribeConfigurationRecorders"
_STATUS: Final = "config:DescribeConfigurationRecorderStatus"
_COUNTS: Final = "config:GetDiscoveredResourceCounts"
_DISCOVERED: Final = "config:ListDiscoveredResources"
Row = Mapping[str, Any]


def recorded_counts(context: ReadContext) -> Generator[Call, Answer, Any]:
    """How many resources AWS Config knows in a region, by type: of those types that it records as they change.

    `ABSENT` where nothing is recorded, for then it counts nothing.
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
    counts = {str(row.get("resourceType")): row.get("count") for row in found}
    return {
        name: count
        for name, count in counts.items()
        if any(records(one, name) for one in recorders)
    }


def running_recorders(region: str) -> Generator[Call, Answer, list[Row] | Unreadable]:
    """The recorders of a region that run."""
    # The same questions as the kind of recorders asks: each is put once.
    answer = yield Call(operation=_RECORDERS, region=region, items=("ConfigurationRecorders",))
    found = rows(answer, "ConfigurationRecorders")
    if isinstance(found, Unreadable):
        return found
    running: list[Row] = []
    for recorder in found:
        status = yield Call(
            operation=_STATUS,
            region=region,
            params={"ConfigurationRecorderNames": [recorder.get("name")]},
        )
        states = rows(status, "ConfigurationRecordersStatus")
        if isinstance(states, Unreadable):
            return states
        running += [recorder] * any(state.get("recording") is True for state in states)
    return running


def records(recorder: Row, kind: str) -> bool:
    """Whether a recorder writes down each change of a type of resource when it happens, and not once a day."""
    group = recorder.get("recordingGroup")
    if not isinstance(group, Mapping):
        return False
    strategy = _part(group, "recordingStrategy").get("useOnly", "")
    if strategy == "EXCLUSION_BY_RESOURCE_TYPES":
        chosen = kind not in _names(_part(group, "exclusionByResourceTypes").get("resourceTypes"))
    else:
        chosen = group.get("allSupported") is True or kind in _names(group.get("resourceTypes"))
    return chosen and _frequency(_part(recorder, "recordingMode"), kind) == "CONTINUOUS"


def _frequency(mode: Row, kind: str) -> str:
    overrides = mode.get("recordingModeOverrides")
    for override in overrides if isinstance(overrides, list) else ():
        if isinstance(override, Mapping) and kind in _names(override.get("resourceTypes")):
            return str(override.get("recordingFrequency"))
    # A recorder that was made before there was a choice has no mode, and is continuous.
    return str(mode.get("recordingFrequency", "CONTINUOUS"))


def rows(answer: Answer, member: str) -> list[Row] | Unreadable:
    """The records of a whole answer."""
    if answer.state not in (State.OK, State.EMPTY) or not isinstance(answer.data, Mapping):
        return answer.unread
    found = answer.data.get(member, [])
    if not isinstance(found, list) or not all(isinstance(row, Mapping) for row in found):
        return Unreadable(f"{answer.call.operation} gave {member} in another form")
    return found


def _part(record: Row, name: str) -> Row:
    found = record.get(name)
    return found if isinstance(found, Mapping) else {}


def _names(value: Any) -> Iterator[str]:
    return (one for one in value if isinstance(one, str)) if isinstance(value, list) else iter(())


def _changed(kind: str) -> Reader:
    """The reader of resources of a type that AWS Config records: that are, or were within the days looked back."""

    def read(context: ReadContext) -> Generator[Call, Answer, Any]:
        recorders = yield from running_recorders(context.region)
        if isinstance(recorders, Unreadable):
            return recorders
        if not any(records(one, kind) for one in recorders):
            # Config would answer with an empty list, which is no knowledge that nothing changed.
            return Unreadable(
                f"AWS Config does not record each change of {kind} in {context.region}"
            )
        answer = yield Call(
            operation=_DISCOVERED,
            region=context.region,
            params={"resourceType": kind, "includeDeletedResources": True},
            items=("resourceIdentifiers",),
        )
        found = rows(answer, "resourceIdentifiers")
        since = _since(answer, context.params.get("config_history_days"))
        if isinstance(found, Unreadable) or isinstance(since, Unreadable):
            return found if isinstance(found, Unreadable) else since
        return [
            {**row, "since": since}
            for row in found
            if str(row.get("resourceDeletionTime") or since) >= since
        ]

    return read


def _since(answer: Answer, days: Any) -> str | Unreadable:
    """The day from which on changes are looked at: counted from the answer, so that a replay looks at the same."""
    try:
        day = datetime.fromisoformat(answer.finished) - timedelta(days=days)
    except (ValueError, TypeError, OverflowError):
        return Unreadable(f"it is not known when {_DISCOVERED} was answered")
    return f"{day:%Y-%m-%dT00:00:00Z}"


security_groups = _changed("AWS::EC2::SecurityGroup")
databases = _changed("AWS::RDS::DBInstance")
