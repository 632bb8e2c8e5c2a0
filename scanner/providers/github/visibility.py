"""Decides whether the caller sees every repository: by the organization's own counts, or by the
app's installation.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Final

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import Unreadable

_ORGANIZATION: Final = "github:orgs/get"
_REPOSITORIES: Final = "github:repos/list-for-org"
_INSTALLATION: Final = "github:apps/list-repos-accessible-to-installation"
_NO_APP: Final = (
    "403 You must authenticate with an installation access token"
    " in order to list repositories for an installation."
)

Visibility = Generator[Call, Answer, bool | Unreadable]


def caller_sees_everything(context: ReadContext) -> Visibility:
    """True where the caller sees as many repositories as the organization has, or its app is
    installed on all.

    A token that is not shown the count of private repositories may see any part of them.
    """
    organization = {"org": context.account}
    answer = yield Call(operation=_ORGANIZATION, region="", params=organization)
    if answer.state is not State.OK or not isinstance(answer.data, Mapping):
        return answer.unread
    public = answer.data.get("public_repos")
    private = answer.data.get("total_private_repos")
    answer = yield Call(
        operation=_REPOSITORIES,
        region="",
        params={**organization, "type": "all", "per_page": 100},
        items=("items",),
    )
    known = answer.state in (State.OK, State.EMPTY)
    if not known or not isinstance(answer.data, Mapping):
        return answer.unread
    listed_public, listed_private = _count_by_privacy(answer.data.get("items"))
    # By kind: a surplus of public repositories must not make up for private ones that are hidden.
    if _covers(listed_public, public) and _covers(listed_private, private):
        return True
    app = yield from _app_sees_everything()
    if app is not None:
        return app
    if type(private) is not int:
        return Unreadable("GitHub does not show this token the number of private repositories")
    listed = listed_public + listed_private
    return Unreadable(
        f"{listed} listed, but {_ORGANIZATION} counts {public} public and {private} private"
    )


def _covers(listed: int, counted: object) -> bool:
    """Whether at least as many are listed as the organization counts; a count that is not shown
    covers nothing.
    """
    return type(counted) is int and counted <= listed


def _app_sees_everything() -> Generator[Call, Answer, bool | Unreadable | None]:
    """Whether the caller is an app that is installed on all repositories; None: the caller is no
    app.
    """
    answer = yield Call(
        operation=_INSTALLATION,
        region="",
        params={"per_page": 1},
        absent_on=(_NO_APP,),
    )
    if answer.state is State.ABSENT:
        return None
    if answer.state is not State.OK or not isinstance(answer.data, Mapping):
        return answer.unread
    if answer.data.get("repository_selection") == "all":
        return True
    return Unreadable("the app is not installed on all repositories")


def _count_by_privacy(rows: object) -> tuple[int, int]:
    """How many public and how many private repositories are listed."""
    if not isinstance(rows, list):
        return 0, 0
    private = [row.get("private") for row in rows if isinstance(row, Mapping)]
    return private.count(False), private.count(True)
