"""Readers of what Google Cloud hands down: policies, sinks and mute rules of a project and of what is above it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import OpenList, Unreadable

Program = Generator[Call, Answer, Any]
Row = Mapping[str, Any]
Made = list[dict[str, Any] | None]
"""Rows that a record becomes; None for one of a form that is not known."""

ANCESTRY: Final = "cloudresourcemanager:projects.getAncestry"
_PLURALS: Final = {"project": "projects", "folder": "folders", "organization": "organizations"}
_POLICY: Final = {
    level: f"cloudresourcemanager:{level}.getIamPolicy" for level in _PLURALS.values()
}
_SINKS: Final = {level: f"logging:{level}.sinks.list" for level in _PLURALS.values()}
_MUTES: Final = {
    level: f"securitycenter:{level}.muteConfigs.list" for level in ("projects", "folders")
}
"""The organisation's own mute rules are a kind of the organisation."""


@dataclass(slots=True)
class _Found:
    """Rows that were read, and the first reason why there may be more."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    rest: Unreadable | None = None

    def lack(self, unread: Unreadable) -> None:
        """Note that something was not read."""
        self.rest = self.rest or unread

    def listed(self) -> list[dict[str, Any]]:
        """The rows, open where something was not read."""
        return OpenList(self.rows, self.rest.reason, self.rest.gaps) if self.rest else self.rows


def inherited_policies(context: ReadContext) -> Program:
    """`{Bindings, AuditLogs}` of a project: what its own policy says, and what those above it say."""
    levels = yield from _levels(context)
    if isinstance(levels, Unreadable):
        return levels
    bindings, audit_logs = _Found(), _Found()
    for level in levels:
        operation = _POLICY[level.partition("/")[0]]
        # The third form is the only one that tells conditions; others give a mangled role in their place.
        params = {"resource": level, "options": {"requestedPolicyVersion": 3}}
        answer = yield Call(operation=operation, region="", params=params)
        if answer.state not in (State.OK, State.EMPTY) or not isinstance(answer.data, Mapping):
            bindings.lack(answer.unread)
            audit_logs.lack(answer.unread)
            continue
        _each(answer, "bindings", bindings, partial(_bindings, level))
        _each(answer, "auditConfigs", audit_logs, partial(_audit_logs, level))
    return {"Bindings": bindings.listed(), "AuditLogs": audit_logs.listed()}


def inherited_sinks(context: ReadContext) -> Program:
    """`{Level, Item}` for each log sink of a project, its folders and its organisation."""
    return (yield from _inherited(context, _SINKS, "sinks"))


def inherited_mute_configs(context: ReadContext) -> Program:
    """`{Level, Item}` for each mute rule of a project and its folders."""
    return (yield from _inherited(context, _MUTES, "muteConfigs"))


def _inherited(context: ReadContext, operations: Mapping[str, str], member: str) -> Program:
    levels = yield from _levels(context)
    if isinstance(levels, Unreadable):
        return levels
    found = _Found()
    for level in levels:
        operation = operations.get(level.partition("/")[0])
        if operation is None:
            continue
        answer = yield Call(
            operation=operation, region="", params={"parent": level}, items=(member,)
        )
        if answer.state is State.PARTIAL:
            found.lack(answer.unread)
        elif answer.state not in (State.OK, State.EMPTY):
            found.lack(answer.unread)
            continue
        _each(answer, member, found, partial(_at_level, level))
    return found.listed()


def _levels(context: ReadContext) -> Generator[Call, Answer, list[str] | Unreadable]:
    """The project and what is above it, each as `folders/123`; one that is not told leaves everything unread."""
    answer = yield ancestry(context.account)
    return levels_of(answer, context.account)


def ancestry(project: str) -> Call:
    """The call that tells what is above a project."""
    return Call(operation=ANCESTRY, region="", params={"projectId": project})


def levels_of(answer: Answer, project: str) -> list[str] | Unreadable:
    """The project and what is above it, as an answer tells."""
    if answer.state is not State.OK or not isinstance(answer.data, Mapping):
        return answer.unread
    ancestors = answer.data.get("ancestor")
    levels = [_level(row) for row in ancestors] if isinstance(ancestors, list) else []
    if not levels or "" in levels or not levels[0].startswith("projects/"):
        return Unreadable(f"{ANCESTRY} gave an answer of an unexpected form")
    if levels[-1].startswith("folders/"):
        return Unreadable(
            f"{ANCESTRY} ends in a folder, and does not tell the organisation above it"
        )
    # The project is named as it was asked for, so that its calls are the same as those of other kinds.
    return [f"projects/{project}", *levels[1:]]


def _level(row: Any) -> str:
    named = row.get("resourceId") if isinstance(row, Mapping) else None
    if not isinstance(named, Mapping) or not isinstance(named.get("id"), str) or not named["id"]:
        return ""
    plural = _PLURALS.get(str(named.get("type")))
    return f"{plural}/{named['id']}" if plural else ""


def _each(answer: Answer, member: str, found: _Found, made: Callable[[Row], Made]) -> None:
    """Add what each record of a list becomes; a record of another form leaves the list open."""
    listed = answer.data.get(member, []) if isinstance(answer.data, Mapping) else []
    rows = listed if isinstance(listed, list) else [None]
    for row in rows:
        for one in made(row) if isinstance(row, Mapping) else [None]:
            if one is None:
                found.lack(
                    Unreadable(f"{answer.call.operation} gave {member} in a form that is not known")
                )
            else:
                found.rows.append(one)


def _at_level(level: str, row: Row) -> Made:
    return [{"Level": level, "Item": row}]


def _bindings(level: str, row: Row) -> Made:
    role, members = row.get("role"), row.get("members", [])
    if not isinstance(role, str) or not _texts(members):
        return [None]
    return [
        {
            "Role": role,
            "Members": members,
            "Conditional": bool(row.get("condition")),
            "Level": level,
        }
    ]


def _audit_logs(level: str, row: Row) -> Made:
    logs = row.get("auditLogConfigs", [])
    return [_audit_log(row, log, level) for log in logs] if isinstance(logs, list) else [None]


def _audit_log(row: Row, log: Any, level: str) -> dict[str, Any] | None:
    exempt = log.get("exemptedMembers", []) if isinstance(log, Mapping) else None
    if (
        not isinstance(row.get("service"), str)
        or not _texts(exempt)
        or not isinstance(log.get("logType"), str)
    ):
        return None
    return {"Service": row["service"], "Type": log["logType"], "Exempt": exempt, "Level": level}


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
