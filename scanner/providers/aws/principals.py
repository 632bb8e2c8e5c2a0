"""Joins users and roles with every policy that applies to them, and finds privilege escalations."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from scanner.core.policies.document import Statement, read_document
from scanner.core.policies.escalation import Account, administrator, escalations
from scanner.core.policies.permitted import Principal
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
"""By filter of the request: the list of the response."""
_ARN: Final = "arn:"
_MANAGED: Final = ("LocalManagedPolicy", "AWSManagedPolicy")
_INLINE: Final = {
    "UserName": "UserPolicyList",
    "GroupName": "GroupPolicyList",
    "RoleName": "RolePolicyList",
}
"""By the member that names a user, group or role: its list of inline policies."""
_LEFT_OUT: Final = frozenset({"UserPolicyList"})
"""Lists that IAM leaves out where they are empty, as the example in its reference shows."""
_USABLE: Final = (State.OK, State.EMPTY, State.PARTIAL)
Row = Mapping[str, Any]
T = TypeVar("T")


def principals(
    context: ReadContext,
) -> Generator[Call, Answer, Sequence[Row] | Unreadable]:
    """Users and roles, each with `Administrator` and with the `Escalations` that its policies
    allow.
    """
    read: dict[str, list[Row]] = {}
    gaps: dict[str, str] = {}
    for kind, member in _LISTS.items():
        # The same calls as the kinds of users, groups, roles and policies make: each is made once.
        call = Call(operation=_DETAILS, region="", params={"Filter": [kind]}, items=(member,))
        answer = yield call
        if answer.state not in _USABLE or not isinstance(answer.data, Mapping):
            return answer.unread
        unread: list[str] = []
        if answer.state is State.PARTIAL:
            unread.append(answer.reason)
        read[kind] = _named(_records(answer.data, member, unread), member, unread)
        if unread:
            gaps[kind] = unread[0]
    return _joined(read, gaps, context.account)


def _named(rows: Sequence[Row], member: str, unread: list[str]) -> list[Row]:
    """The rows that have an ARN: by it everything is joined, and it names the partition."""
    named = [row for row in rows if str(row.get("Arn")).startswith(_ARN)]
    if len(named) < len(rows):
        unread.append(f"{_DETAILS} returned a row of {member} without an ARN")
    return named


def _joined(
    read: Mapping[str, list[Row]],
    gaps: Mapping[str, str],
    account: str,
) -> list[Row]:
    managed = _managed_policies(read)
    groups = {str(row.get("GroupName")): row for row in read["Group"]}
    rows = [*read["User"], *read["Role"]]
    holders = [_holder(row, groups, managed) for row in rows]
    known = Account(
        id=account,
        holders=holders,
        groups=_groups(read["Group"], managed),
        policies=_Policies(managed),
    )
    ways = escalations(known)
    # A principal that was not listed could be a role worth passing: that no way was found does not
    # show that there is none.
    unlisted = gaps.get("User") or gaps.get("Role") or gaps.get("Group") or ""
    items: list[Row] = []
    for row, holder in zip(rows, holders, strict=True):
        item = _principal(row)
        item["Administrator"] = administrator(holder, account)
        item["Escalations"] = ways[holder.arn] or _none_found(unlisted)
        items.append(item)
    if unlisted:
        return OpenList(items, unlisted)
    return items


def _groups(rows: Sequence[Row], managed: Mapping[str, Row]) -> dict[str, Principal]:
    """Groups by their ARN, each with its statements."""
    found: dict[str, Principal] = {}
    for row in rows:
        unread: list[str] = []
        statements: list[Statement] = []
        for document in _documents(row, managed, unread):
            statements.extend(_statements(document, unread))
        arn = str(row.get("Arn"))
        found[arn] = _bearer(arn, statements, unread)
    return found


class _Policies(Mapping[str, Principal]):
    """Managed policies by their ARN, each with the statements of the version in force.

    A policy is parsed when it is asked for: an account has over a thousand of AWS's own.
    """

    def __init__(self, managed: Mapping[str, Row]) -> None:
        self._managed = managed
        self._read: dict[str, Principal] = {}

    def __getitem__(self, arn: str) -> Principal:
        if arn not in self._managed:
            raise KeyError(arn)
        if arn not in self._read:
            unread: list[str] = []
            statements = _statements(_version_in_force(arn, self._managed, unread), unread)
            self._read[arn] = _bearer(arn, statements, unread)
        return self._read[arn]

    def __iter__(self) -> Iterator[str]:
        return iter(self._managed)

    def __len__(self) -> int:
        return len(self._managed)


def _bearer(arn: str, statements: Sequence[Statement], unread: Sequence[str]) -> Principal:
    reason = unread[0] if unread else ""
    return Principal(arn=arn, statements=tuple(statements), boundary=None, unread=reason)


def _managed_policies(read: Mapping[str, list[Row]]) -> dict[str, Row]:
    """Managed policies by their ARN."""
    managed: dict[str, Row] = {}
    for kind in _MANAGED:
        for policy in read[kind]:
            managed[str(policy.get("Arn"))] = policy
    return managed


def _principal(row: Row) -> dict[str, Any]:
    return {
        "Arn": row.get("Arn"),
        "Name": row.get("UserName") or row.get("RoleName"),
        "Path": row.get("Path", "/"),
    }


def _none_found(unlisted: str) -> list[Any] | Unreadable:
    return Unreadable(unlisted) if unlisted else []


def _holder(
    row: Row,
    groups: Mapping[str, Row],
    managed: Mapping[str, Row],
) -> Principal:
    """A user or role with its own statements and those of its groups; `unread`: what is not known
    of them.
    """
    unread: list[str] = []
    names = _texts(row, "GroupList", unread) if "UserName" in row else []
    owners = [row]
    for name in names:
        if name in groups:
            owners.append(groups[name])
        else:
            unread.append(f"group {name} was not read")
    documents: list[Any] = []
    for owner in owners:
        documents.extend(_documents(owner, managed, unread))
    statements: list[Statement] = []
    for document in documents:
        statements.extend(_statements(document, unread))
    edge = _boundary_arn(row)
    boundary = None
    if edge:
        boundary = _statements(_version_in_force(edge, managed, unread), unread)
    return Principal(
        arn=str(row.get("Arn")),
        statements=tuple(statements),
        boundary=boundary,
        boundary_arn=edge,
        groups=tuple(str(owner.get("Arn")) for owner in owners[1:]),
        policies=tuple(_attached(owners)),
        trust=_trust(row),
        unread=unread[0] if unread else "",
    )


def _attached(owners: Sequence[Row]) -> Iterator[str]:
    """The managed policies of a principal and its groups; gaps are noted with their documents."""
    for owner in owners:
        for policy in _records(owner, "AttachedManagedPolicies", []):
            yield str(policy.get("PolicyArn"))


def _trust(row: Row) -> tuple[Statement, ...] | None:
    """Who may assume a role, nobody of a user; None: it is not known."""
    if "UserName" in row:
        return ()
    statements = read_document(row.get("AssumeRolePolicyDocument"))
    return None if isinstance(statements, Unreadable) else statements


def _boundary_arn(row: Row) -> str:
    """The ARN of the permissions boundary; empty where there is none."""
    bound = row.get("PermissionsBoundary")
    if isinstance(bound, Mapping):
        bound = bound.get("PermissionsBoundaryArn")
    return "" if bound is None else str(bound)


def _documents(
    owner: Row,
    managed: Mapping[str, Row],
    unread: list[str],
) -> Iterator[Any]:
    inline = [member for name, member in _INLINE.items() if name in owner]
    if not inline:
        unread.append(f"{_DETAILS} returned a principal without a name")
    for member in inline:
        for policy in _records(owner, member, unread):
            yield policy.get("PolicyDocument")
    for policy in _records(owner, "AttachedManagedPolicies", unread):
        yield _version_in_force(str(policy.get("PolicyArn")), managed, unread)


def _version_in_force(
    arn: str,
    managed: Mapping[str, Row],
    unread: list[str],
) -> Any:
    """The document of a managed policy's default version; an empty one, noted as unread, where it
    is not known.
    """
    versions = _records(managed.get(arn, {}), "PolicyVersionList", unread)
    found: list[Any] = []
    for version in versions:
        if version.get("IsDefaultVersion") is True:
            found.append(version.get("Document"))
    if len(found) == 1:
        return found[0]
    unread.append(f"policy {arn} was not read")
    return {"Version": "2012-10-17", "Statement": []}


def _records(
    owner: Row,
    member: str,
    unread: list[str],
) -> list[Row]:
    """The records of a list; a list that is missing, and an element of another type, is noted as
    unread.
    """
    return _elements(owner, member, Mapping, unread)  # type: ignore[type-abstract]


def _texts(owner: Row, member: str, unread: list[str]) -> list[str]:
    """The same for a list of texts."""
    return _elements(owner, member, str, unread)


def _elements(
    owner: Row,
    member: str,
    kind: type[T],
    unread: list[str],
) -> list[T]:
    found = owner.get(member, [] if member in _LEFT_OUT else None)
    elements: list[T] = []
    if isinstance(found, list):
        elements = [element for element in found if isinstance(element, kind)]
    # Policies in a form that is not known may grant anything: they must not read as if there were
    # none.
    if not isinstance(found, list) or len(elements) < len(found):
        unread.append(f"{_DETAILS} returned {member} in an unknown format")
    return elements


def _statements(document: Any, unread: list[str]) -> tuple[Statement, ...]:
    statements = read_document(document)
    if isinstance(statements, Unreadable):
        unread.append(statements.reason)
        return ()
    return statements
