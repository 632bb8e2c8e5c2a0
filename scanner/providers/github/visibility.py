"""Whether a repository can be hidden from the caller: what the organisation counts, or what an app was given."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import Unreadable

_ORGANIZATION: Final = "github:orgs/get"
_REPOSITORIES: Final = "github:repos/list-for-org"
_INSTALLATION: Final = "github:apps/list-repos-accessible-to-installation"
_NO_APP: Final = "403 You must authenticate with an installation access token in order to list repositories for an installation."


def caller_sees_everything(context: ReadContext) -> Generator[Call, Answer, Any]:
    """True where as many repositories are listed as the organisation has, or its app may see all of them; else why not.

    Whoever is not told how many private ones there are may see any part of them.
    """
    answer = yield Call(operation=_ORGANIZATION, region="", params={"org": context.account})
    if answer.state is not State.OK or not isinstance(answer.data, Mapping):
        return answer.unread
    counted = [answer.data.get(name) for name in ("public_repos", "total_private_repos")]
    asked = {"org": context.account, "type": "all", "per_page": 100}
    answer = yield Call(operation=_REPOSITORIES, region="", params=asked, items=("items",))
    if answer.state not in (State.OK, State.EMPTY) or not isinstance(answer.data, Mapping):
        return answer.unread
    listed = _by_privacy(answer.data.get("items"))
    if all(type(said) is int and said <= came for said, came in zip(counted, listed, strict=True)):
        return True
    answer = yield Call(
        operation=_INSTALLATION, region="", params={"per_page": 1}, absent_on=(_NO_APP,)
    )
    if answer.state is State.OK and isinstance(answer.data, Mapping):
        selection = answer.data.get("repository_selection")
        return selection == "all" or Unreadable("the app is not installed on all repositories")
    if answer.state is not State.ABSENT:
        return answer.unread
    if type(counted[1]) is not int:
        return Unreadable("the token is not told how many private repositories there are")
    return Unreadable(
        f"{sum(listed)} are listed, {_ORGANIZATION} counts {counted[0]} public and {counted[1]} private"
    )


def _by_privacy(rows: Any) -> tuple[int, int]:
    """How many public and how many other repositories are listed."""
    told = (
        [row.get("private") for row in rows if isinstance(row, Mapping)]
        if isinstance(rows, list)
        else []
    )
    return told.count(False), told.count(True)
