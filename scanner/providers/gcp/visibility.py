"""Decides whether the caller sees every resource of a project, by the permissions that filter its
listings.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Final

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import Unreadable
from scanner.providers.gcp.permissions import permissions_of

_TEST: Final = "cloudresourcemanager:projects.testIamPermissions"


def caller_sees_everything(context: ReadContext) -> Generator[Call, Answer, bool | Unreadable]:
    """True where the caller holds, on the whole project, each permission that the kind's listings
    are filtered by.
    """
    needed = _permissions_of_listings(context)
    # An inventory lists a whole project, and refuses a caller who may not read all of it: nothing
    # to test.
    if not needed:
        return True
    params = {"resource": f"projects/{context.account}", "permissions": needed}
    answer = yield Call(operation=_TEST, region="", params=params)
    if answer.state is not State.OK:
        return answer.unread
    held: object = None
    if isinstance(answer.data, Mapping):
        held = answer.data.get("permissions")
    # The API leaves the member out where the caller holds none.
    if not isinstance(held, list):
        held = []
    for permission in needed:
        if permission not in held:
            return Unreadable(f"the caller lacks {permission} on the project")
    return True


def _permissions_of_listings(context: ReadContext) -> list[str]:
    needed: set[str] = set()
    for request in context.listed_by:
        if request.rows is None:  # rows are those of an inventory
            needed.update(request.permission or permissions_of(request.operation))
    return sorted(needed)
