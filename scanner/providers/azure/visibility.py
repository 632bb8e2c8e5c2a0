"""Whether anything can be hidden from the caller: what their roles on a whole subscription allow them to read.

The resource manager's lists of a subscription leave out, without a word, what the caller may not read, and so does
Resource Graph (https://learn.microsoft.com/azure/governance/resource-graph/overview). They are believed where roles
show that nothing can be lacking in them.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any, Final

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.kinds import Request
from scanner.model.values import Unreadable
from scanner.providers.azure.permissions import actions_of
from scanner.providers.azure.role_permissions import OWNER, Asking, Row, allows, asked, rows_of

_READS_ALL: Final = frozenset(
    {OWNER, "acdd72a7-3385-48ef-bd42-f606fba81ae7", "b24988ac-6180-42a0-ab88-20f7382dd24c"}
)
"""Ids of Owner, Reader and Contributor, which allow to read everything: that need not be asked."""
_EVERYTHING: Final[Row] = {"actions": ["*/read"], "notActions": []}
_OBJECT: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def caller_sees_everything(context: ReadContext) -> Asking:
    """True where nothing that the kind's listing lists can be hidden from the caller; else why it may be.

    They must hold, on the whole subscription, roles that allow to read it, and nothing may deny it anywhere.
    """
    actions = sorted({action for request in context.listed_by for action in _actions(request)})
    if not actions:
        return Unreadable("what the listing needs to be allowed is not known")
    hidden = yield from _hidden(context, actions)
    return True if hidden is None else hidden


def _actions(request: Request) -> Iterator[str]:
    """What a listing needs to be allowed, in small letters; of rows of an inventory, to read what they tell of."""
    if request.rows is not None:
        yield f"{request.rows.type}/read"
        return
    for name in request.permission or actions_of(request.operation):
        if "/" in name:  # the others are permissions in Microsoft Graph, which answers or refuses
            yield name.lower()


def _hidden(
    context: ReadContext, actions: Sequence[str]
) -> Generator[Call, Answer, Unreadable | None]:
    """Why something that these actions read may be hidden from the caller; None where nothing can be."""
    if not _OBJECT.fullmatch(context.principal):
        return Unreadable(
            "whoever asks is not known by an object id, so that no role shows what they may read"
        )
    place = {"subscription": context.account}
    mine = {**place, "$filter": f"assignedTo('{context.principal}')"}
    given, unread = rows_of(
        (yield asked("Microsoft.Authorization:RoleAssignments_ListForSubscription", mine))
    )
    allowed, unknown = yield from _allowed(
        place, {role for row in given for role in _on_the_whole(row, context.account)}
    )
    for action in actions:
        if not any(allows(part, action) for part in allowed):
            return next(
                iter((*unread, *unknown)),
                Unreadable(f"no role on the whole subscription allows {action}"),
            )
    denied, unread = rows_of((yield asked("Microsoft.Authorization:DenyAssignments_List", place)))
    covered = [action for action in actions if any(_denies(row, action) for row in denied)]
    return (
        unread[0]
        if unread
        else Unreadable(f"a deny assignment covers {covered[0]}")
        if covered
        else None
    )


def _on_the_whole(row: Row, subscription: str) -> Iterator[str]:
    """The role of an assignment without condition, on the subscription or above it."""
    properties = row.get("properties")
    inside = properties if isinstance(properties, Mapping) else {}
    scope, role = inside.get("scope"), inside.get("roleDefinitionId")
    if not isinstance(scope, str) or not isinstance(role, str) or inside.get("condition"):
        return
    parts = scope.lower().strip("/").split("/")
    above = scope == "/" or (
        parts[:3] == ["providers", "microsoft.management", "managementgroups"] and len(parts) == 4
    )
    if above or parts == ["subscriptions", subscription.lower()]:
        yield role.lower().rpartition("/")[2]


def _allowed(
    place: Mapping[str, str], roles: set[str]
) -> Generator[Call, Answer, tuple[list[Row], list[Unreadable]]]:
    """What these roles allow together, and why some may allow more."""
    if roles & _READS_ALL:
        return [_EVERYTHING], []
    allowed: list[Row] = []
    unread: list[Unreadable] = []
    for role in sorted(one for one in roles if _OBJECT.fullmatch(one)):
        call = Call(
            operation="Microsoft.Authorization:RoleDefinitions_Get",
            region="",
            params={**place, "role": role},
        )
        answer = yield call
        parts = _parts(answer.data) if answer.state is State.OK else None
        # Later versions of the interface know parts of roles that hold under a condition.
        allowed.extend(part for part in parts or () if not part.get("condition"))
        if answer.state is not State.OK:
            unread.append(answer.unread)
    return allowed, unread


def _denies(row: Row, action: str) -> bool:
    """Whether a deny assignment covers an action, whomever it spares; one in no known form may."""
    parts = _parts(row)
    return parts is None or any(allows(part, action) for part in parts)


def _parts(row: Any) -> list[Row] | None:
    """The permissions of a role or of a deny assignment; None where one of them has no known form."""
    properties = row.get("properties") if isinstance(row, Mapping) else None
    parts = properties.get("permissions") if isinstance(properties, Mapping) else None
    return parts if isinstance(parts, list) and all(map(_is_known, parts)) else None


def _is_known(part: Any) -> bool:
    lists = [part.get("actions"), part.get("notActions")] if isinstance(part, Mapping) else [None]
    return all(
        isinstance(texts, list) and all(isinstance(text, str) for text in texts) for texts in lists
    )
