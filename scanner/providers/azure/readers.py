"""Readers of Azure: who administers a directory or a subscription, and where break-glass accounts signed in."""

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
    Asking,
    Row,
    allows,
    asked,
    patterns,
    rows_of,
)

_UNLICENSED: Final = ("AadPremiumLicenseRequired",)
"""Error code of a tenant without the licence for eligible assignments, which end with it."""
_GIVERS: Final = frozenset(
    {"18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "f58310d9-a9f6-439a-9e8d-f62e7b41a168"}
)
"""Ids of User Access Administrator and of Role Based Access Control Administrator: the same in every tenant."""
_ASSIGN: Final = "microsoft.authorization/roleassignments/write"
_OBJECT: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grant:
    """A role given to a user, an application or a group."""

    principal: str
    kind: str
    """`user`, `group`, `serviceprincipal`; empty where Azure does not say."""
    name: str
    role: str
    eligible: bool
    through: str = ""


@dataclass(slots=True)
class _Found:
    """Grants as they are found, with why there may be more."""

    grants: list[_Grant] = field(default_factory=list)
    unread: list[Unreadable] = field(default_factory=list)

    def rows(self, answer: Answer) -> list[Row]:
        """The rows of an answer; whatever is not one is said to be unread."""
        rows, unread = rows_of(answer)
        self.unread.extend(unread)
        return rows

    def add(self, answer: Answer, grants: Iterable[_Grant | None]) -> None:
        """Keep grants; one that could not be read is said."""
        for grant in grants:
            if grant is None:
                self.unread.append(
                    Unreadable(
                        f"{answer.call.operation} gave a row that names no holder or no role"
                    )
                )
            else:
                self.grants.append(grant)

    def listed(self, items: list[Any]) -> Any:
        """The items, open where something was not read."""
        if not self.unread:
            return items
        return OpenList(
            items, self.unread[0].reason, frozenset().union(*(one.gaps for one in self.unread))
        )


def directory_administrators(context: ReadContext) -> Asking:
    """Holders of the roles in `params.entra_admin_roles`, one for each role: active and eligible, groups expanded."""
    found = _Found()
    wanted = context.params.get("entra_admin_roles")
    if not isinstance(wanted, list):
        return Unreadable("set params.entra_admin_roles")
    for operation, eligible in (
        ("graph:ListRoleAssignments", False),
        ("graph:ListRoleEligibilityScheduleInstances", True),
    ):
        absent = _UNLICENSED if eligible else ()
        answer = yield asked(operation, {"$expand": "principal"}, absent)
        found.add(answer, (_of_directory(row, eligible) for row in found.rows(answer)))
    kept = [grant for grant in found.grants if grant.role in wanted]
    members = yield from _expanded(kept, found)
    return found.listed(_holders(members))


def _of_directory(row: Row, eligible: bool) -> _Grant | None:
    principal, role, whole = (
        row.get("principalId"),
        row.get("roleDefinitionId"),
        row.get("principal"),
    )
    if not isinstance(principal, str) or not isinstance(role, str):
        return None
    inside = whole if isinstance(whole, Mapping) else {}
    return _Grant(
        principal=principal.lower(),
        kind=_kind(inside),
        name=_called(inside, principal),
        role=role.lower(),
        eligible=eligible,
    )


def subscription_administrators(context: ReadContext) -> Asking:
    """Holders of roles that give every right, or the right to assign roles, on the whole subscription.

    From every scope at or above it, active and eligible, custom roles among them, groups expanded.
    """
    found = _Found()
    place = {"subscription": context.account}
    answer = yield asked(CUSTOM_ROLES, place | {"$filter": "type eq 'CustomRole'"})
    strong = _strong_roles(found.rows(answer), found)
    for operation, eligible in (
        ("Microsoft.Authorization:RoleAssignments_ListForSubscription", False),
        ("Microsoft.Authorization:RoleEligibilityScheduleInstances_ListForScope", True),
    ):
        answer = yield asked(operation, place, _UNLICENSED if eligible else ())
        rows = found.rows(answer)
        found.add(
            answer,
            (_of_subscription(row, eligible) for row in rows if _is_whole(row, context.account)),
        )
    kept = [grant for grant in found.grants if grant.role in strong]
    members = yield from _expanded(kept, found)
    return found.listed(_people(members, strong))


def _strong_roles(definitions: Sequence[Row], found: _Found) -> dict[str, bool]:
    """Roles by id that can give rights, and whether they also have every right themselves."""
    strong = {OWNER: True} | dict.fromkeys(_GIVERS, False)
    for row in definitions:
        properties, name = row.get("properties"), row.get("name")
        permissions = properties.get("permissions") if isinstance(properties, Mapping) else None
        if not isinstance(name, str) or not isinstance(permissions, list):
            found.unread.append(Unreadable("RoleDefinitions_List gave a role without permissions"))
            continue
        given = [
            part for part in permissions if isinstance(part, Mapping) and allows(part, _ASSIGN)
        ]
        if given:
            strong[name.lower()] = any("*" in patterns(part, "actions") for part in given)
    return strong


def _is_whole(row: Row, subscription: str) -> bool:
    """Whether an assignment holds on the whole subscription; one that does not say where is kept."""
    properties = row.get("properties")
    scope = properties.get("scope") if isinstance(properties, Mapping) else None
    if not isinstance(scope, str):
        return True
    parts = scope.lower().strip("/").split("/")
    return parts[0] != "subscriptions" or parts == ["subscriptions", subscription.lower()]


def _of_subscription(row: Row, eligible: bool) -> _Grant | None:
    properties = row.get("properties")
    inside = properties if isinstance(properties, Mapping) else {}
    principal, role, kind = (
        inside.get("principalId"),
        inside.get("roleDefinitionId"),
        inside.get("principalType"),
    )
    if (
        not isinstance(principal, str)
        or not isinstance(role, str)
        or not isinstance(inside.get("scope"), str)
    ):
        return None
    return _Grant(
        principal=principal.lower(),
        kind=kind.lower() if isinstance(kind, str) else "",
        name=principal,
        role=role.lower().rpartition("/")[2],
        eligible=eligible,
    )


def _expanded(grants: Sequence[_Grant], found: _Found) -> Generator[Call, Answer, list[_Grant]]:
    """The grants, each group replaced by its members; those who may activate membership are eligible."""
    people = [grant for grant in grants if grant.kind != "group"]
    for group in dict.fromkeys(grant.principal for grant in grants if grant.kind == "group"):
        given = [grant for grant in grants if grant.principal == group]
        answer = yield asked("graph:ListGroupTransitiveMembers", {"group": group})
        # Members of groups inside it are among them; the groups themselves hold nothing.
        found.add(
            answer,
            _members(
                (row for row in found.rows(answer) if _kind(row) != "group"), given, eligible=False
            ),
        )
        of_group = {"$filter": f"groupId eq '{group}'", "$expand": "principal"}
        answer = yield asked("graph:ListGroupEligibilityScheduleInstances", of_group, _UNLICENSED)
        able = (row.get("principal") for row in found.rows(answer))
        found.add(answer, _members(able, given, eligible=True))
    people.extend(grant for grant in found.grants if grant.through)
    return people


def _members(
    rows: Iterable[Any], given: Sequence[_Grant], *, eligible: bool
) -> Iterator[_Grant | None]:
    for row in rows:
        identity = row.get("id") if isinstance(row, Mapping) else None
        if not isinstance(identity, str):
            yield None
            continue
        for grant in given:
            yield _Grant(
                principal=identity.lower(),
                kind=_kind(row),
                name=_called(row, identity),
                role=grant.role,
                eligible=grant.eligible or eligible,
                through=grant.principal,
            )


def _kind(row: Row) -> str:
    """`user`, `group`, `serviceprincipal`, from `#microsoft.graph.user`."""
    return str(row.get("@odata.type", "")).rpartition(".")[2].lower()


def _called(row: Row, otherwise: str) -> str:
    return str(row.get("userPrincipalName") or row.get("displayName") or otherwise)


def _holders(grants: Sequence[_Grant]) -> list[Row]:
    """One row for each principal and role; a role that is held actively is not eligible only."""
    rows: dict[tuple[str, str], list[_Grant]] = {}
    for grant in grants:
        rows.setdefault((grant.principal, grant.role), []).append(grant)
    return [
        {
            "principal": principal,
            "role": role,
            "name": _name(given),
            "eligible": all(grant.eligible for grant in given),
            "through": _through(given),
        }
        for (principal, role), given in rows.items()
    ]


def _people(grants: Sequence[_Grant], strong: Mapping[str, bool]) -> list[Row]:
    """One row for each principal."""
    rows: dict[str, list[_Grant]] = {}
    for grant in grants:
        rows.setdefault(grant.principal, []).append(grant)
    return [
        {
            "principal": principal,
            "name": _name(given),
            "owner": any(strong[grant.role] for grant in given),
            "active": any(not grant.eligible for grant in given),
            "through": _through(given),
        }
        for principal, given in rows.items()
    ]


def _name(given: Sequence[_Grant]) -> str:
    """What people call a holder, where one of the answers says it."""
    return next(
        (grant.name for grant in given if grant.name.lower() != grant.principal), given[0].principal
    )


def _through(given: Sequence[_Grant]) -> list[str]:
    return sorted({grant.through for grant in given if grant.through})


def break_glass_sign_ins(context: ReadContext) -> Asking:
    """Sign-ins of the Entra accounts among `params.break_glass_users`, as far back as Entra remembers."""
    named = context.params.get("break_glass_users")
    users = (
        [user.lower() for user in named if isinstance(user, str)] if isinstance(named, list) else []
    )
    users = sorted({user for user in users if _OBJECT.fullmatch(user)})
    if not users:
        return Unreadable("params.break_glass_users names no object id of an Entra user")
    found = _Found()
    rows: list[Row] = []
    for user in users:
        answer = yield asked("graph:ListSignIns", {"$filter": f"userId eq '{user}'"})
        rows.extend(found.rows(answer))
    return found.listed(rows)
