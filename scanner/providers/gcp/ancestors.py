"""Reads what a Google Cloud project inherits: IAM policies, log sinks and mute rules of its folders
and organization.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import OpenList, Unreadable

Row = dict[str, Any]
Inherited = Generator[Call, Answer, list[Row] | Unreadable]

ANCESTRY: Final = "cloudresourcemanager:projects.getAncestry"
_PLURALS: Final = {"project": "projects", "folder": "folders", "organization": "organizations"}
_POLICY: Final = {
    level: f"cloudresourcemanager:{level}.getIamPolicy" for level in _PLURALS.values()
}
_ROLE: Final = {level: f"iam:{level}.roles.get" for level in ("projects", "organizations")}
_SINKS: Final = {level: f"logging:{level}.sinks.list" for level in _PLURALS.values()}
# The organization's own mute rules are a kind of the organization, and are read there.
_MUTES: Final = {
    level: f"securitycenter:{level}.muteConfigs.list" for level in ("projects", "folders")
}


@dataclass(slots=True)
class _Rows:
    """Rows that were read, and the first reason why there may be more."""

    rows: list[Row] = field(default_factory=list)
    rest: Unreadable | None = None

    def note_gap(self, gap: Unreadable) -> None:
        """Keep the reason why something was not read."""
        self.rest = self.rest or gap

    def listed(self) -> list[Row]:
        """The rows; an open list where something was not read."""
        if self.rest is None:
            return self.rows
        return OpenList(self.rows, self.rest.reason, self.rest.gaps)


Convert = Callable[[Mapping[str, Any]], Iterable[Row | None]]
"""The rows that one record of an answer becomes; None in place of a row of unknown form."""


def inherited_policies(
    context: ReadContext,
) -> Generator[Call, Answer, dict[str, list[Row]] | Unreadable]:
    """`{Bindings, AuditLogs}` of a project: from its own IAM policy and from those of its
    ancestors. A binding of a custom role has the role's permissions.
    """
    levels = yield from _levels(context)
    if isinstance(levels, Unreadable):
        return levels
    bindings = _Rows()
    audit_logs = _Rows()
    for level in levels:
        answer = yield _policy_call(level)
        known = answer.state in (State.OK, State.EMPTY)
        if not known or not isinstance(answer.data, Mapping):
            bindings.note_gap(answer.unread)
            audit_logs.note_gap(answer.unread)
            continue
        _convert(answer, "bindings", bindings, partial(_binding, level))
        _convert(answer, "auditConfigs", audit_logs, partial(_audit_logs, level))
    permissions = yield from _custom_permissions(bindings.rows)
    for row in bindings.rows:
        if row["Role"] in permissions:
            row["Permissions"] = permissions[row["Role"]]
    return {"Bindings": bindings.listed(), "AuditLogs": audit_logs.listed()}


def _custom_permissions(
    bindings: Iterable[Row],
) -> Generator[Call, Answer, dict[str, list[str] | Unreadable]]:
    """What each custom role permits, by its name: that says nothing of it."""
    found: dict[str, list[str] | Unreadable] = {}
    for role in sorted({row["Role"] for row in bindings}):
        operation = _ROLE.get(_plural(role))
        if operation is not None:
            answer = yield Call(operation=operation, region="", params={"name": role})
            found[role] = _permissions_in(answer)
    return found


def _permissions_in(answer: Answer) -> list[str] | Unreadable:
    if answer.state is not State.OK or not isinstance(answer.data, Mapping):
        return answer.unread
    permissions: list[str] = answer.data.get("includedPermissions", [])
    if not _is_list_of_texts(permissions):
        return Unreadable(f"{answer.call.operation} returned an unknown format")
    # A deleted role gives nothing, until somebody restores it.
    if answer.data.get("deleted"):
        return []
    return permissions


def _policy_call(level: str) -> Call:
    # Only version 3 reports conditions; older ones put a mangled role in place of a conditional
    # binding: https://cloud.google.com/iam/docs/policies#versions
    version = {"requestedPolicyVersion": 3}
    return Call(
        operation=_POLICY[_plural(level)],
        region="",
        params={"resource": level, "options": version},
    )


def _plural(level: str) -> str:
    """`folders`, of `folders/123`."""
    return level.partition("/")[0]


def inherited_sinks(context: ReadContext) -> Inherited:
    """`{Level, Item}` for each log sink of a project, its folders and its organization."""
    return (yield from _inherited(context, _SINKS, "sinks"))


def inherited_mute_configs(context: ReadContext) -> Inherited:
    """`{Level, Item}` for each mute rule of a project and its folders."""
    return (yield from _inherited(context, _MUTES, "muteConfigs"))


def _inherited(context: ReadContext, operations: Mapping[str, str], member: str) -> Inherited:
    levels = yield from _levels(context)
    if isinstance(levels, Unreadable):
        return levels
    found = _Rows()
    for level in levels:
        operation = operations.get(_plural(level))
        if operation is None:
            continue
        answer = yield Call(
            operation=operation,
            region="",
            params={"parent": level},
            items=(member,),
        )
        if answer.state not in (State.OK, State.EMPTY):
            found.note_gap(answer.unread)
        # What was read before a page was refused is kept: it may already decide a check.
        if answer.state in (State.OK, State.EMPTY, State.PARTIAL):
            _convert(answer, member, found, partial(_at_level, level))
    return found.listed()


def _levels(context: ReadContext) -> Generator[Call, Answer, list[str] | Unreadable]:
    """The project and its ancestors, each as `folders/123`; unreadable where one of them is not
    known.
    """
    answer = yield ancestry_call(context.account)
    return ancestry_levels(answer, context.account)


def ancestry_call(project: str) -> Call:
    """The call that lists the ancestors of a project."""
    return Call(operation=ANCESTRY, region="", params={"projectId": project})


def ancestry_levels(answer: Answer, project: str) -> list[str] | Unreadable:
    """The project and its ancestors, each as `folders/123`, in the answer to `ancestry_call`."""
    if answer.state is not State.OK or not isinstance(answer.data, Mapping):
        return answer.unread
    ancestors = answer.data.get("ancestor")
    levels: list[str] = []
    if isinstance(ancestors, list):
        levels = [_level(row) for row in ancestors]
    if not levels or "" in levels or not levels[0].startswith("projects/"):
        return Unreadable(f"{ANCESTRY} returned an unknown format")
    # A caller without rights on the organization is shown the folders below it, and nothing else:
    # the policies that the project inherits from the organization would be missing in silence.
    if levels[-1].startswith("folders/"):
        return Unreadable(f"{ANCESTRY} ends in a folder, so the organization above it is not known")
    # The project by the id that was configured, so that calls of other kinds have the same key.
    return [f"projects/{project}", *levels[1:]]


def _level(row: object) -> str:
    """`folders/123`; empty for a row of unknown form."""
    if not isinstance(row, Mapping):
        return ""
    resource = row.get("resourceId")
    if not isinstance(resource, Mapping):
        return ""
    identity = resource.get("id")
    plural = _PLURALS.get(str(resource.get("type")))
    if not isinstance(identity, str) or not identity or plural is None:
        return ""
    return f"{plural}/{identity}"


def _convert(answer: Answer, member: str, found: _Rows, convert: Convert) -> None:
    """Add the rows of each record of a list; a record of unknown form leaves the list open."""
    if not isinstance(answer.data, Mapping):
        return
    records = answer.data.get(member, [])
    if not isinstance(records, list):
        records = [None]
    unknown_form = f"{answer.call.operation} returned {member} in an unknown format"
    for record in records:
        rows: Iterable[Row | None] = [None]
        if isinstance(record, Mapping):
            rows = convert(record)
        for row in rows:
            if row is None:
                found.note_gap(Unreadable(unknown_form))
            else:
                found.rows.append(row)


def _at_level(level: str, record: Mapping[str, Any]) -> Iterator[Row]:
    yield {"Level": level, "Item": record}


def _binding(level: str, record: Mapping[str, Any]) -> Iterator[Row | None]:
    role = record.get("role")
    members = record.get("members", [])
    if not isinstance(role, str) or not _is_list_of_texts(members):
        yield None
        return
    yield {
        "Role": role,
        "Members": members,
        "Conditional": bool(record.get("condition")),
        "Level": level,
    }


def _audit_logs(level: str, record: Mapping[str, Any]) -> Iterator[Row | None]:
    logs = record.get("auditLogConfigs", [])
    if not isinstance(logs, list):
        yield None
        return
    for log in logs:
        if isinstance(log, Mapping):
            yield _audit_log(level, record.get("service"), log)
        else:
            yield None


def _audit_log(level: str, service: object, log: Mapping[str, Any]) -> Row | None:
    log_type = log.get("logType")
    exempt = log.get("exemptedMembers", [])
    if not isinstance(service, str) or not isinstance(log_type, str):
        return None
    if not _is_list_of_texts(exempt):
        return None
    return {
        "Service": service,
        "Type": log_type,
        "Exempt": exempt,
        "Level": level,
    }


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
