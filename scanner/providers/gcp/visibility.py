"""Whether anything can be hidden from the caller: the permissions that a listing is filtered by, on a whole project."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import Unreadable
from scanner.providers.gcp.permissions import permissions_of

_TEST: Final = "cloudresourcemanager:projects.testIamPermissions"


def caller_sees_everything(context: ReadContext) -> Generator[Call, Answer, Any]:
    """True where the caller may do on the whole project what each listed resource asks for; else what is lacking.

    An inventory is asked for a whole project, and refuses whoever may not have all of it.
    """
    asked = [request for request in context.listed_by if request.rows is None]
    needed = sorted(
        {name for one in asked for name in one.permission or permissions_of(one.operation)}
    )
    if not needed:
        return True
    params = {"resource": f"projects/{context.account}", "permissions": needed}
    answer = yield Call(operation=_TEST, region="", params=params)
    if answer.state is not State.OK:
        return answer.unread
    held = answer.data.get("permissions", []) if isinstance(answer.data, Mapping) else []
    lacking = [name for name in needed if not isinstance(held, list) or name not in held]
    return Unreadable(f"the caller has not {lacking[0]} on the whole project") if lacking else True
