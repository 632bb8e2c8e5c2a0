"""Whether anything can be hidden from the caller: what their roles on a whole subscription allow them to read.

Resource Graph leaves out, without a word, what the caller may not read, and so does the resource manager's own list of
resources (https://learn.microsoft.com/azure/governance/resource-graph/overview). The first is held against the second,
and the second is believed where roles show that nothing can be lacking in it.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any, Final

from scanner.core.reading import ReadContext
from scanner.model.answers import Answer, Call
from scanner.model.values import Unreadable
from scanner.sources.azure.rights import CUSTOM_ROLES, OWNER, Asking, Row, allows, asked, rows_of

_READS_ALL: Final = frozenset({OWNER, "acdd72a7-3385-48ef-bd42-f606fba81ae7", "b24988ac-6180-42a0-ab88-20f7382dd24c"})
"""Ids of Owner, Reader and Contributor, which allow to read everything."""
_OBJECT: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def nothing_hidden(context: ReadContext) -> Asking:
    """An empty list, where nothing of the type that is read in bulk can be hidden from the caller; else why it may be.

    They must hold, on the whole subscription, a role that allows to read the type, and nothing may deny it anywhere.
    """
    hidden = yield from _hidden(context, f"{context.inventory}/read")
    return [] if hidden is None else hidden


def _hidden(context: ReadContext, action: str) -> Generator[Call, Answer, Unreadable | None]:
    """Why something that an action reads may be hidden from the caller; None where nothing can be."""
    if not _OBJECT.fullmatch(context.principal):
        return Unreadable("whoever asks is not known by an object id, so that no role shows what they may read")
    place = {"subscription": context.account}
    mine = {**place, "$filter": f"assignedTo('{context.principal}')"}
    given, unread = rows_of((yield asked("Microsoft.Authorization:RoleAssignments_ListForSubscription", mine)))
    custom, also = rows_of((yield asked(CUSTOM_ROLES, {**place, "$filter": "type eq 'CustomRole'"})))
    roles = {role for row in given for role in _on_the_whole(row, context.account)}
    if not roles & _that_allow(custom, action):
        return next(iter((*unread, *also)), Unreadable(f"no role on the whole subscription allows {action}"))
    denied, unread = rows_of((yield asked("Microsoft.Authorization:DenyAssignments_List", place)))
    if unread:
        return unread[0]
    return Unreadable(f"a deny assignment covers {action}") if any(_denies(row, action) for row in denied) else None


def _on_the_whole(row: Row, subscription: str) -> Iterator[str]:
    """The role of an assignment without condition, on the subscription or above it."""
    properties = row.get("properties")
    inside = properties if isinstance(properties, Mapping) else {}
    scope, role = inside.get("scope"), inside.get("roleDefinitionId")
    if not isinstance(scope, str) or not isinstance(role, str) or inside.get("condition"):
        return
    parts = scope.lower().strip("/").split("/")
    above = scope == "/" or (parts[:3] == ["providers", "microsoft.management", "managementgroups"] and len(parts) == 4)
    if above or parts == ["subscriptions", subscription.lower()]:
        yield role.lower().rpartition("/")[2]


def _that_allow(custom: Sequence[Row], action: str) -> frozenset[str]:
    """Ids of the roles that allow an action."""
    mine = {row.get("name") for row in custom if any(allows(part, action) for part in _parts(row) or ())}
    return _READS_ALL | {name.lower() for name in mine if isinstance(name, str)}


def _denies(row: Row, action: str) -> bool:
    """Whether a deny assignment covers an action, whomever it spares; one in no known form may."""
    parts = _parts(row)
    return parts is None or any(allows(part, action) for part in parts)


def _parts(row: Row) -> list[Row] | None:
    """The permissions of a role or of a deny assignment; None where one of them has no known form."""
    properties = row.get("properties")
    parts = properties.get("permissions") if isinstance(properties, Mapping) else None
    return parts if isinstance(parts, list) and all(map(_is_known, parts)) else None


def _is_known(part: Any) -> bool:
    lists = [part.get("actions"), part.get("notActions")] if isinstance(part, Mapping) else [None]
    return all(isinstance(texts, list) and all(isinstance(text, str) for text in texts) for texts in lists)
