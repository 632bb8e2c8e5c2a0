"""Reads who administers an Entra directory or an Azure subscription, and where break-glass accounts
signed in.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call
from scanner.model.values import OpenList, Unreadable
from scanner.providers.azure.role_permissions import (
    CUSTOM_ROLES,
    OWNER,
    Listing,
    Row,
    allows,
    list_call,
    patterns,
    properties_of,
    rows_of,
)

# A tenant without the license has no eligible assignments: they end with it.
_UNLICENSED: Final = ("AadPremiumLicenseRequired",)
_ACCESS_ADMINISTRATORS: Final = frozenset(
    {"18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "f58310d9-a9f6-439a-9e8d-f62e7b41a168"}
)
"""Ids of User Access Administrator and of Role Based Access Control Administrator, the same in
every tenant.
"""
_SINGLE: Final = frozenset({"device", "orgcontact", "serviceprincipal", "user"})
_GROUPS: Final = frozenset({"foreigngroup", "group"})
"""Kinds of principals, in lower case: a group of another tenant cannot be expanded."""
_ASSIGN_ROLES: Final = "microsoft.authorization/roleassignments/write"
_OBJECT_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grant:
    """A role given to a user, an application or a group."""

    principal: str
    kind: str
    """`user`, `group`, `serviceprincipal`; empty where Azure does not report it."""
    name: str
    role: str
    eligible: bool
    through: str = ""
    """Id of the group by which the principal holds the role; empty: directly."""


@dataclass(slots=True)
class _Grants:
    """Grants as they are read, with the reasons why there may be more."""

    grants: list[_Grant] = field(default_factory=list)
    unread: list[Unreadable] = field(default_factory=list)

    def rows(self, answer: Answer) -> list[Row]:
        """The rows of an answer; what is not a row is noted as unread."""
        rows, unread = rows_of(answer)
        self.unread.extend(unread)
        return rows

    def add(self, answer: Answer, grants: Iterable[_Grant | None]) -> None:
        """Keep grants; None stands for a row of unknown form, which is noted as unread."""
        for grant in grants:
            if grant is not None:
                self.grants.append(grant)
                continue
            message = f"{answer.call.operation} returned a row without a principal or a role"
            self.unread.append(Unreadable(message))

    def note_hidden(self, grants: Iterable[_Grant]) -> None:
        """Note as unread whoever may stand behind a principal that is no single one."""
        for grant in grants:
            if grant.kind not in _SINGLE:
                sort = grant.kind or "of a kind that Azure did not report"
                reason = f"principal {grant.principal} is {sort}: its members are not read"
                self.unread.append(Unreadable(reason))

    def listed(self, items: list[Row]) -> list[Row]:
        """The items; an open list where something was not read."""
        if not self.unread:
            return items
        gaps: set[str] = set()
        for unread in self.unread:
            gaps |= unread.gaps
        return OpenList(items, self.unread[0].reason, frozenset(gaps))


def directory_administrators(context: ReadContext) -> Listing:
    """Holders of the roles in `params.entra_admin_roles`, one row per role: active and eligible,
    groups expanded.
    """
    wanted = context.params.get("entra_admin_roles")
    # Without roles, no holder would be found, which must not pass for "nobody is administrator".
    if not isinstance(wanted, list):
        return Unreadable("params.entra_admin_roles is not set")
    found = _Grants()
    for operation, eligible in (
        ("graph:ListRoleAssignments", False),
        ("graph:ListRoleEligibilityScheduleInstances", True),
    ):
        absent_on = _UNLICENSED if eligible else ()
        answer = yield list_call(operation, {"$expand": "principal"}, absent_on)
        rows = found.rows(answer)
        found.add(answer, [_directory_grant(row, eligible) for row in rows])
    kept = [grant for grant in found.grants if grant.role in wanted]
    members = yield from _with_group_members(kept, found)
    return found.listed(_rows_by_principal_and_role(members))


def _directory_grant(row: Row, eligible: bool) -> _Grant | None:
    principal = row.get("principalId")
    role = row.get("roleDefinitionId")
    if not isinstance(principal, str) or not isinstance(role, str) or not role:
        return None
    expanded = row.get("principal")
    if not isinstance(expanded, Mapping):
        expanded = {}
    return _Grant(
        principal=principal.lower(),
        kind=_kind(expanded),
        name=_display_name(expanded, principal),
        role=role.lower(),
        eligible=eligible,
    )


def subscription_administrators(context: ReadContext) -> Listing:
    """Holders of roles that give every right, or the right to assign roles, on the whole
    subscription.

    From every scope at or above it: active and eligible, custom roles included, groups expanded.
    """
    found = _Grants()
    scope = {"subscription": context.account}
    # A custom role may assign roles under any name: by its actions, not by its id, it is known.
    custom_roles = {**scope, "$filter": "type eq 'CustomRole'"}
    answer = yield list_call(CUSTOM_ROLES, custom_roles)
    privileged = _privileged_roles(found.rows(answer), found)
    for operation, eligible in (
        ("Microsoft.Authorization:RoleAssignments_ListForSubscription", False),
        ("Microsoft.Authorization:RoleEligibilityScheduleInstances_ListForScope", True),
    ):
        absent_on = _UNLICENSED if eligible else ()
        answer = yield list_call(operation, scope, absent_on)
        rows = found.rows(answer)
        of_subscription = [row for row in rows if _covers_subscription(row, context.account)]
        found.add(answer, [_subscription_grant(row, eligible) for row in of_subscription])
    kept = [grant for grant in found.grants if grant.role in privileged]
    members = yield from _with_group_members(kept, found)
    return found.listed(_rows_by_principal(members, privileged))


def _privileged_roles(definitions: Sequence[Row], found: _Grants) -> dict[str, bool]:
    """Roles that can assign roles, by id, each with whether it also has every right itself."""
    privileged = {OWNER: True}
    for role in _ACCESS_ADMINISTRATORS:
        privileged[role] = False
    for row in definitions:
        role_id = row.get("name")
        permissions = properties_of(row).get("permissions")
        if not isinstance(role_id, str) or not isinstance(permissions, list):
            reason = "RoleDefinitions_List returned a role without permissions"
            found.unread.append(Unreadable(reason))
            continue
        assigning = _blocks_that_assign_roles(permissions)
        if assigning:
            has_every_right = any("*" in patterns(block, "actions") for block in assigning)
            privileged[role_id.lower()] = has_every_right
    return privileged


def _blocks_that_assign_roles(permissions: list[Any]) -> list[Row]:
    """The permission blocks of a role by which its holder can give roles to anybody."""
    blocks = [block for block in permissions if isinstance(block, Mapping)]
    return [block for block in blocks if allows(block, _ASSIGN_ROLES)]


def _covers_subscription(row: Row, subscription: str) -> bool:
    """Whether an assignment covers the whole subscription."""
    scope = properties_of(row).get("scope")
    # A row without a scope is kept here, so that it is later noted as unread instead of being
    # dropped.
    if not isinstance(scope, str):
        return True
    parts = scope.lower().strip("/").split("/")
    # Any scope that is not below a subscription is above one: a management group, or the root.
    if parts[0] != "subscriptions":
        return True
    return parts == ["subscriptions", subscription.lower()]


def _subscription_grant(row: Row, eligible: bool) -> _Grant | None:
    properties = properties_of(row)
    principal = properties.get("principalId")
    role = properties.get("roleDefinitionId")
    kind = properties.get("principalType")
    if not isinstance(principal, str) or not isinstance(role, str) or not role:
        return None
    if not isinstance(properties.get("scope"), str):
        return None
    if not isinstance(kind, str):
        kind = ""
    return _Grant(
        principal=principal.lower(),
        kind=kind.lower(),
        name=principal,
        role=role.lower().rpartition("/")[2],
        eligible=eligible,
    )


def _with_group_members(
    grants: Sequence[_Grant], found: _Grants
) -> Generator[Call, Answer, list[_Grant]]:
    """The grants, each group replaced by its members; members who must first activate membership
    are eligible.
    """
    people = [grant for grant in grants if grant.kind != "group"]
    groups = dict.fromkeys(grant.principal for grant in grants if grant.kind == "group")
    for group in groups:
        # Also what the group holds by a row that does not report its kind.
        given = [grant for grant in grants if grant.principal == group]
        yield from _add_members(group, given, found)
    members = [grant for grant in found.grants if grant.through]
    _note_hidden(people, members, found)
    return people + members


def _note_hidden(people: Sequence[_Grant], members: Sequence[_Grant], found: _Grants) -> None:
    """Note who may stand behind principals that are neither single ones nor expanded."""
    expanded = {grant.through for grant in members}
    found.note_hidden(grant for grant in people if grant.principal not in expanded)
    # Members of a nested group are listed with the others; those of an eligible one are not.
    found.note_hidden(grant for grant in members if grant.kind in _GROUPS)


def _add_members(
    group: str, given: Sequence[_Grant], found: _Grants
) -> Generator[Call, Answer, None]:
    """Add what a group was given, for each of its members."""
    answer = yield list_call("graph:ListGroupTransitiveMembers", {"group": group})
    # The members of nested groups are listed too; the nested groups themselves hold nothing.
    members = [row for row in found.rows(answer) if _kind(row) != "group"]
    found.add(answer, _member_grants(members, given, eligible=False))
    params = {
        "$filter": f"groupId eq '{group}'",
        "$expand": "principal",
    }
    # Whoever may activate the membership may hold the role within minutes.
    answer = yield list_call("graph:ListGroupEligibilityScheduleInstances", params, _UNLICENSED)
    eligible_members = [row.get("principal") for row in found.rows(answer)]
    found.add(answer, _member_grants(eligible_members, given, eligible=True))


def _member_grants(
    members: Iterable[object], given: Sequence[_Grant], *, eligible: bool
) -> Iterator[_Grant | None]:
    """What a group was given, for each of its members; None for a member of unknown form."""
    for member in members:
        if not isinstance(member, Mapping):
            yield None
            continue
        identity = member.get("id")
        if not isinstance(identity, str):
            yield None
            continue
        for grant in given:
            yield _Grant(
                principal=identity.lower(),
                kind=_kind(member),
                name=_display_name(member, identity),
                role=grant.role,
                eligible=grant.eligible or eligible,
                through=grant.principal,
            )


def _kind(row: Row) -> str:
    """`user`, `group`, `serviceprincipal`, from `#microsoft.graph.user`."""
    odata_type = str(row.get("@odata.type", ""))
    return odata_type.rpartition(".")[2].lower()


def _display_name(row: Row, default: str) -> str:
    name = row.get("userPrincipalName") or row.get("displayName")
    return str(name or default)


def _rows_by_principal_and_role(grants: Sequence[_Grant]) -> list[Row]:
    """One row for each principal and role; a role that is also held actively is not eligible."""
    groups: dict[tuple[str, str], list[_Grant]] = {}
    for grant in grants:
        groups.setdefault((grant.principal, grant.role), []).append(grant)
    rows: list[Row] = []
    for (principal, role), given in groups.items():
        row = {
            "principal": principal,
            "role": role,
            "name": _name(given),
            "eligible": all(grant.eligible for grant in given),
            "through": _through(given),
        }
        rows.append(row)
    return rows


def _rows_by_principal(grants: Sequence[_Grant], privileged: Mapping[str, bool]) -> list[Row]:
    """One row for each principal."""
    groups: dict[str, list[_Grant]] = {}
    for grant in grants:
        groups.setdefault(grant.principal, []).append(grant)
    rows: list[Row] = []
    for principal, given in groups.items():
        row = {
            "principal": principal,
            "name": _name(given),
            "owner": any(privileged[grant.role] for grant in given),
            "active": any(not grant.eligible for grant in given),
            "through": _through(given),
        }
        rows.append(row)
    return rows


def _name(given: Sequence[_Grant]) -> str:
    """The display name of a principal, where one of the answers has it; else its id."""
    for grant in given:
        if grant.name.lower() != grant.principal:
            return grant.name
    return given[0].principal


def _through(given: Sequence[_Grant]) -> list[str]:
    return sorted({grant.through for grant in given if grant.through})


def break_glass_sign_ins(context: ReadContext) -> Listing:
    """Sign-ins of the Entra accounts among `params.break_glass_users`, as far back as Entra keeps
    them.
    """
    users = _object_ids(context.params.get("break_glass_users"))
    # No user, no sign-in: silence must not pass for an account that nobody used (vacuous truth).
    if not users:
        return Unreadable("params.break_glass_users has no object id of an Entra user")
    found = _Grants()
    rows: list[Row] = []
    for user in users:
        of_user = {"$filter": f"userId eq '{user}'"}
        answer = yield list_call("graph:ListSignIns", of_user)
        rows.extend(found.rows(answer))
    return found.listed(rows)


def _object_ids(users: Any) -> list[str]:
    """The object ids among the configured users, which may also be those of other clouds."""
    if not isinstance(users, list):
        return []
    found: set[str] = set()
    for user in users:
        # The text becomes a part of a filter: nothing but an id may (injection).
        if isinstance(user, str) and _OBJECT_ID.fullmatch(user.lower()):
            found.add(user.lower())
    return sorted(found)
