"""Decides whether the caller sees every resource of a subscription, by the roles assigned to the
caller on it.

Lists of Azure Resource Manager leave out, in silence, what the caller may not read, and so does
Resource Graph (https://learn.microsoft.com/azure/governance/resource-graph/overview). A list is
complete only where role assignments show that nothing can be missing from it.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Final

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.kinds import Request
from scanner.model.values import Unreadable
from scanner.providers.azure.permissions import actions_of
from scanner.providers.azure.role_permissions import (
    OWNER,
    Row,
    allows,
    list_call,
    properties_of,
    rows_of,
)

_READS_EVERYTHING: Final = frozenset(
    {OWNER, "acdd72a7-3385-48ef-bd42-f606fba81ae7", "b24988ac-6180-42a0-ab88-20f7382dd24c"}
)
"""Ids of Owner, Reader and Contributor: their definitions need not be fetched."""
_EVERYTHING: Final[Row] = {"actions": ["*/read"], "notActions": []}
_OBJECT_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def caller_sees_everything(
    context: ReadContext,
) -> Generator[Call, Answer, bool | Unreadable]:
    """True where nothing that the kind's listing lists can be hidden from the caller; else why it
    may be.

    The caller's roles on the whole subscription must allow reading it, and no deny assignment may
    cover it.
    """
    actions = sorted(set(_actions_of_listings(context.listed_by)))
    # Without any action there is nothing to test, which must not pass for "nothing is hidden"
    # (vacuous truth).
    if not actions:
        return Unreadable("the permissions for the listing are not known")
    if not _OBJECT_ID.fullmatch(context.principal):
        return Unreadable("the caller has no known object id, so its roles are not known")
    unread = yield from _unread_by_roles(context, actions)
    if unread is not None:
        return unread
    denied = yield from _denied(context.account, actions)
    return True if denied is None else denied


def _actions_of_listings(requests: Sequence[Request]) -> Iterator[str]:
    """The read actions of listings, in lower case; for rows of an inventory, that of the type they
    describe.
    """
    for request in requests:
        if request.rows is not None:
            for row_type in (request.rows.type, *request.rows.below):
                yield f"{row_type}/read"
            continue
        for name in request.permission or actions_of(request.operation):
            # A name without a slash is a permission of Microsoft Graph, which refuses instead of
            # filtering.
            if "/" in name:
                yield name.lower()


def _unread_by_roles(
    context: ReadContext, actions: Sequence[str]
) -> Generator[Call, Answer, Unreadable | None]:
    """Why the caller's roles may not allow these actions on the whole subscription; None where they
    do.
    """
    scope = {"subscription": context.account}
    assigned = {**scope, "$filter": f"assignedTo('{context.principal}')"}
    answer = yield list_call(
        "Microsoft.Authorization:RoleAssignments_ListForSubscription", assigned
    )
    assignments, unread_assignments = rows_of(answer)
    roles = {_role_on_subscription(row, context.account) for row in assignments} - {""}
    allowed, unread_roles = yield from _permission_blocks(scope, roles)
    for action in actions:
        if any(allows(block, action) for block in allowed):
            continue
        # What was not read may be the role that allows it: that reason comes first.
        for unread in (*unread_assignments, *unread_roles):
            return unread
        return Unreadable(f"no role on the whole subscription allows {action}")
    return None


def _denied(
    subscription: str, actions: Sequence[str]
) -> Generator[Call, Answer, Unreadable | None]:
    """Why a deny assignment may hide something from the caller; None where none can."""
    scope = {"subscription": subscription}
    answer = yield list_call("Microsoft.Authorization:DenyAssignments_List", scope)
    denials, unread = rows_of(answer)
    if unread:
        return unread[0]
    for action in actions:
        if any(_denies(row, action) for row in denials):
            return Unreadable(f"a deny assignment covers {action}")
    return None


def _role_on_subscription(row: Row, subscription: str) -> str:
    """The role of an assignment on the subscription or above it; empty for any other."""
    properties = properties_of(row)
    # What a condition leaves of a role is not evaluated: a conditional assignment shows nothing.
    if properties.get("condition"):
        return ""
    scope = properties.get("scope")
    role = properties.get("roleDefinitionId")
    if not isinstance(scope, str) or not isinstance(role, str):
        return ""
    if _is_above(scope) or scope.lower().strip("/") == f"subscriptions/{subscription.lower()}":
        return role.lower().rpartition("/")[2]
    return ""


def _is_above(scope: str) -> bool:
    """Whether a scope is the root or a management group: assignments there are inherited."""
    if scope == "/":
        return True
    parts = scope.lower().strip("/").split("/")
    management_group = ["providers", "microsoft.management", "managementgroups"]
    return parts[:3] == management_group and len(parts) == 4


def _permission_blocks(
    scope: Mapping[str, str], roles: set[str]
) -> Generator[Call, Answer, tuple[list[Row], list[Unreadable]]]:
    """The permission blocks of roles, and the reasons why a role may allow more."""
    if roles & _READS_EVERYTHING:
        return [_EVERYTHING], []
    allowed: list[Row] = []
    unread: list[Unreadable] = []
    for role in sorted(roles):
        if not _OBJECT_ID.fullmatch(role):
            continue
        answer = yield Call(
            operation="Microsoft.Authorization:RoleDefinitions_Get",
            region="",
            params={**scope, "role": role},
        )
        if answer.state is not State.OK:
            unread.append(answer.unread)
            continue
        for block in _blocks_in(answer.data) or ():
            # Later API versions have blocks that apply only under a condition, which is not
            # evaluated.
            if not block.get("condition"):
                allowed.append(block)
    return allowed, unread


def _denies(row: Row, action: str) -> bool:
    """Whether a deny assignment covers an action; one of unknown form may."""
    blocks = _blocks_in(row)
    # Principals that it excludes are not evaluated: a deny assignment counts for everybody.
    return blocks is None or any(allows(block, action) for block in blocks)


def _blocks_in(row: object) -> list[Row] | None:
    """The permission blocks of a role or deny assignment; None where one of them has an unknown
    form.
    """
    if not isinstance(row, Mapping):
        return None
    blocks = properties_of(row).get("permissions")
    if not isinstance(blocks, list) or not all(_is_known_block(block) for block in blocks):
        return None
    return blocks


def _is_known_block(block: object) -> bool:
    if not isinstance(block, Mapping):
        return False
    return _is_list_of_texts(block.get("actions")) and _is_list_of_texts(block.get("notActions"))


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)
