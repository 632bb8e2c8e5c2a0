"""The reader of principals: users and roles with all policies that speak of them, joined from one account's listing."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from typing import Any, Final

from scanner.core.policies.document import Statement, read_document
from scanner.core.policies.escalation import Holder, administrator, escalations
from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import OpenList, Unreadable

_DETAILS: Final = "iam:GetAccountAuthorizationDetails"
_LISTS: Final = {
    "User": "UserDetailList",
    "Group": "GroupDetailList",
    "Role": "RoleDetailList",
    "LocalManagedPolicy": "Policies",
    "AWSManagedPolicy": "Policies",
}
_INLINE: Final = ("UserPolicyList", "GroupPolicyList", "RolePolicyList")
Row = Mapping[str, Any]


def principals(context: ReadContext) -> Generator[Call, Answer, Any]:
    """Users and roles, each with `administrator` and with the `escalations` that its policies allow."""
    read: dict[str, list[Row]] = {}
    gaps: dict[str, str] = {}
    for kind, member in _LISTS.items():
        # The same questions as the kinds of users, groups, roles and policies ask: each is put once.
        answer = yield Call(
            operation=_DETAILS, region="", params={"Filter": [kind]}, items=(member,)
        )
        if answer.state not in (State.OK, State.EMPTY, State.PARTIAL) or not isinstance(
            answer.data, Mapping
        ):
            return answer.unread
        unread = [answer.reason] if answer.state is State.PARTIAL else []
        read[kind] = _records(answer.data, member, unread)
        if unread:
            gaps[kind] = unread[0]
    return _joined(read, gaps, context.account)


def _joined(read: Mapping[str, list[Row]], gaps: Mapping[str, str], account: str) -> Any:
    rows = [*read["User"], *read["Role"]]
    managed = {
        str(row.get("Arn")): row
        for kind in ("LocalManagedPolicy", "AWSManagedPolicy")
        for row in read[kind]
    }
    groups = {str(row.get("GroupName")): row for row in read["Group"]}
    holders = [_holder(row, groups, managed) for row in rows]
    ways = escalations(holders, account)
    # What was not listed could be a role worth passing, so that finding no way is not yet knowing that there is none.
    unlisted = next((gaps[kind] for kind in ("User", "Role") if kind in gaps), "")
    items = [
        {
            "Arn": row.get("Arn"),
            "Name": row.get("UserName") or row.get("RoleName"),
            "Path": row.get("Path", "/"),
            "Administrator": administrator(holder, account),
            "Escalations": ways[holder.arn] or (Unreadable(unlisted) if unlisted else []),
        }
        for row, holder in zip(rows, holders, strict=True)
    ]
    return OpenList(items, unlisted) if unlisted else items


def _holder(row: Row, groups: Mapping[str, Row], managed: Mapping[str, Row]) -> Holder:
    unread: list[str] = []
    names = _texts(row, "GroupList", unread)
    unread.extend(f"group {name} was not read" for name in names if name not in groups)
    owners = [row, *(groups[name] for name in names if name in groups)]
    documents = [document for owner in owners for document in _documents(owner, managed, unread)]
    statements = [
        statement for document in documents for statement in _statements(document, unread)
    ]
    bound = row.get("PermissionsBoundary")
    bound = bound.get("PermissionsBoundaryArn") if isinstance(bound, Mapping) else bound
    boundary: tuple[Statement, ...] | None = None
    if bound is not None:
        boundary = tuple(_statements(_in_force(str(bound), managed, unread), unread))
    return Holder(
        arn=str(row.get("Arn")),
        statements=tuple(statements),
        boundary=boundary,
        unread=(unread or [""])[0],
    )


def _documents(owner: Row, managed: Mapping[str, Row], unread: list[str]) -> Iterable[Any]:
    for member in _INLINE:
        for policy in _records(owner, member, unread):
            yield policy.get("PolicyDocument")
    for policy in _records(owner, "AttachedManagedPolicies", unread):
        yield _in_force(str(policy.get("PolicyArn")), managed, unread)


def _in_force(arn: str, managed: Mapping[str, Row], unread: list[str]) -> Any:
    """The document of a managed policy's version in force; an empty one where it is not known, and then said so."""
    versions = _records(managed.get(arn, {}), "PolicyVersionList", unread)
    found = [
        version.get("Document") for version in versions if version.get("IsDefaultVersion") is True
    ]
    if len(found) == 1:
        return found[0]
    unread.append(f"policy {arn} was not read")
    return {"Version": "2012-10-17", "Statement": []}


def _records(owner: Row, member: str, unread: list[str]) -> list[Row]:
    """The records of a list, none where it is missing; whatever is not a record is said to be unread."""
    found = owner.get(member, [])
    records = [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []
    if not isinstance(found, list) or len(records) < len(found):
        unread.append(f"{_DETAILS} gave {member} in a form that is not known")
    return records


def _texts(owner: Row, member: str, unread: list[str]) -> list[str]:
    """The same for a list of texts."""
    found = owner.get(member, [])
    texts = [text for text in found if isinstance(text, str)] if isinstance(found, list) else []
    if not isinstance(found, list) or len(texts) < len(found):
        unread.append(f"{_DETAILS} gave {member} in a form that is not known")
    return texts


def _statements(document: Any, unread: list[str]) -> tuple[Statement, ...]:
    statements = read_document(document)
    if isinstance(statements, Unreadable):
        unread.append(statements.reason)
        return ()
    return statements
