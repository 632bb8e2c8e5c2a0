"""Readers of AWS: sequences of calls that a declaration cannot say. No SDK is needed to replay them."""

from __future__ import annotations

import csv
from collections.abc import Generator, Mapping
from typing import Any, Final

from scanner.core.reading import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import OpenList, Unreadable

_GET: Final = "iam:GetCredentialReport"
_GENERATE: Final = "iam:GenerateCredentialReport"
_NOT_READY: Final = ("ReportNotPresent", "ReportExpired", "ReportInProgress")
"""IAM's error codes for a report that must be made first, or is being made."""
_POLLS: Final = 10
_LONGEST_WAIT: Final = 5.0


def credential_report(context: ReadContext) -> Generator[Call, Answer, Any]:
    """The rows of IAM's credential report, each with `report_generated`; it is made, and waited for, where needed."""
    answer = yield Call(operation=_GET, region="", absent_on=_NOT_READY)
    for attempt in range(1, _POLLS + 1):
        if answer.code not in _NOT_READY:
            break
        made = yield Call(operation=_GENERATE, region="", attempt=attempt)
        if not made.state.whole:
            return made.unread
        wait = min(float(attempt), _LONGEST_WAIT)
        answer = yield Call(operation=_GET, region="", attempt=attempt, wait=wait, absent_on=_NOT_READY)
    return _rows(answer)


def _rows(answer: Answer) -> list[dict[str, str]] | Unreadable:
    if answer.state is not State.OK or not isinstance(answer.data, Mapping):
        return answer.unread
    content, generated = answer.data.get("Content"), answer.data.get("GeneratedTime")
    if not isinstance(content, str) or not isinstance(generated, str):
        return Unreadable(f"{_GET} gave no report")
    try:
        header, *rows = list(csv.reader(content.splitlines(), strict=True)) or [[]]
    except csv.Error as error:
        return Unreadable(f"{_GET} gave a malformed report ({error})")
    if not rows or "arn" not in header or len(set(header)) != len(header):
        return Unreadable(f"{_GET} gave a report without rows or with a malformed header")
    if any(len(row) != len(header) for row in rows):
        return Unreadable(f"{_GET} gave a report that is cut off")
    return [dict(zip(header, row, strict=True)) | {"report_generated": generated} for row in rows]


def policy_holders(context: ReadContext) -> Generator[Call, Answer, Any]:
    """Who holds AdministratorAccess, directly or by a group: `{"principals": [ARN, …], "groups": [name, …]}`."""
    policy = f"arn:{context.partition}:iam::aws:policy/AdministratorAccess"
    held = yield Call(
        operation="iam:ListEntitiesForPolicy",
        region="",
        params={"PolicyArn": policy},
        items=("PolicyGroups", "PolicyUsers", "PolicyRoles"),
    )
    if held.state not in _READ or not isinstance(held.data, Mapping):
        return held.unread
    missing = [] if held.state.whole else [held.reason]
    principals: set[str] = set()
    # The entities come without their ARNs, and a name does not tell the path: the listings do.
    for call, entities, key in _LISTINGS:
        wanted = {row[key] for row in _rows_of(held, entities, missing, key)}
        if not wanted:
            continue
        listed = yield call
        arns = {row[key]: row["Arn"] for row in _rows_of(listed, call.items[0], missing, key, "Arn")}
        principals.update(arns[entity] for entity in wanted & arns.keys())
        if wanted - arns.keys():
            missing.append(f"{call.operation} lacks an entity that is listed" if listed.state.whole else listed.reason)
    groups = sorted(row["GroupName"] for row in _rows_of(held, "PolicyGroups", missing, "GroupName"))
    for group in groups:
        members = yield Call(operation="iam:GetGroup", region="", params={"GroupName": group}, items=("Users",))
        principals.update(row["Arn"] for row in _rows_of(members, "Users", missing, "Arn"))
        if not members.state.whole:
            missing.append(members.reason)
    found = sorted(principals)
    return {"principals": OpenList(found, missing[0]) if missing else found, "groups": groups}


_READ: Final = (State.OK, State.EMPTY, State.PARTIAL)
_LISTINGS: Final = (
    (Call(operation="iam:ListUsers", region="", items=("Users",)), "PolicyUsers", "UserId"),
    (Call(operation="iam:ListRoles", region="", items=("Roles",)), "PolicyRoles", "RoleId"),
)


def _rows_of(answer: Answer, member: str, missing: list[str], *keys: str) -> list[Mapping[str, Any]]:
    """The records of one list that have these texts, as far as the answer goes; the rest is noted as missing."""
    if answer.state not in _READ:
        return []
    found = answer.data.get(member, []) if isinstance(answer.data, Mapping) else None
    listed = found if isinstance(found, list) else []
    rows = [row for row in listed if isinstance(row, Mapping) and all(isinstance(row.get(key), str) for key in keys)]
    if not isinstance(found, list) or len(rows) < len(found):
        missing.append(f"{answer.call.operation} gave {member} in a form that is not known")
    return rows
