"""Readers of second sources: what AWS Config counts in a region, and which accounts stand in the organisation's tree."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import Any, Final

from scanner.core.reading import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import ABSENT, Unreadable

_RECORDERS: Final = "config:DescribeConfigurationRecorders"
_STATUS: Final = "config:DescribeConfigurationRecorderStatus"
_COUNTS: Final = "config:GetDiscoveredResourceCounts"
_ROOTS: Final = "organizations:ListRoots"
_CHILDREN: Final = "organizations:ListChildren"
_NO_ORGANIZATION: Final = "AWSOrganizationsNotInUseException"
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
    rows = _rows(answer, "resourceCounts")
    if isinstance(rows, Unreadable):
        return rows
    counts = {str(row.get("resourceType")): row.get("count") for row in rows}
    return {name: count for name, count in counts.items() if any(records(one, name) for one in recorders)}


def running_recorders(region: str) -> Generator[Call, Answer, list[Row] | Unreadable]:
    """The recorders of a region that run."""
    # The same questions as the kind of recorders asks: each is put once.
    answer = yield Call(operation=_RECORDERS, region=region, items=("ConfigurationRecorders",))
    found = _rows(answer, "ConfigurationRecorders")
    if isinstance(found, Unreadable):
        return found
    running: list[Row] = []
    for recorder in found:
        status = yield Call(
            operation=_STATUS, region=region, params={"ConfigurationRecorderNames": [recorder.get("name")]}
        )
        states = _rows(status, "ConfigurationRecordersStatus")
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


def organization_tree(context: ReadContext) -> Generator[Call, Answer, Any]:
    """Ids of the accounts that stand in the organisation's tree, walked from its root; `ABSENT` without one."""
    answer = yield Call(operation=_ROOTS, region="", items=("Roots",), absent_on=(_NO_ORGANIZATION,))
    if answer.state is State.ABSENT or answer.code == _NO_ORGANIZATION:
        return ABSENT
    above = _ids(answer, "Roots")
    accounts: list[str] = []
    walked: set[str] = set()
    while not isinstance(above, Unreadable) and above:
        parent, *above = above
        if parent in walked:
            return Unreadable(f"{_CHILDREN} leads in a circle")
        walked.add(parent)
        for kind in ("ACCOUNT", "ORGANIZATIONAL_UNIT"):
            answer = yield Call(
                operation=_CHILDREN, region="", params={"ParentId": parent, "ChildType": kind}, items=("Children",)
            )
            found = _ids(answer, "Children")
            if isinstance(found, Unreadable):
                return found
            if kind == "ACCOUNT":
                accounts.extend(found)
            else:
                above.extend(found)
    return above if isinstance(above, Unreadable) else accounts


def _ids(answer: Answer, member: str) -> list[str] | Unreadable:
    rows = _rows(answer, member)
    if isinstance(rows, Unreadable):
        return rows
    ids = [row["Id"] for row in rows if isinstance(row.get("Id"), str)]
    return ids if len(ids) == len(rows) else Unreadable(f"{answer.call.operation} gave something without an id")


def _rows(answer: Answer, member: str) -> list[Row] | Unreadable:
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
