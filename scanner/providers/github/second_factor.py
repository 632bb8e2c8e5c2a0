"""Reads second factors; those of accounts that an enterprise manages are at its identity provider.

Such an account has no password and no second factor at GitHub, so that GitHub's own switch and list
say nothing of it. Its login alone has an underscore, before the enterprise's short code.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping
from typing import Any, Final

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import OpenList, Unreadable
from scanner.providers.github.branches import rows_in
from scanner.providers.github.connections import Known, flag

_ORGANIZATION: Final = "github:orgs/get"
_MEMBERS: Final = "github:orgs/list-members"
_MANAGED_MARK: Final = "_"
_MANAGED: Final = "the identity provider of its enterprise, which tscan does not read, asks for it"

Program = Generator[Call, Answer, dict[str, Known]]


def second_factor_rule(context: ReadContext) -> Program:
    """Whether the organization requires a second factor, as `required`."""
    answer = yield Call(operation=_ORGANIZATION, region="", params={"org": context.account})
    if answer.state is not State.OK:
        return {"required": answer.unread}
    required = flag(answer.data, "two_factor_requirement_enabled")
    if required is not False:
        return {"required": required}
    # The switch cannot be turned on where an enterprise manages all accounts.
    answer = yield _members(context)
    members = rows_in(answer, "items")
    if isinstance(members, Unreadable):
        return {"required": members}
    if any(_is_plain(member) for member in members):
        return {"required": False}
    if isinstance(members, OpenList):
        return {"required": members.rest}
    return {"required": Unreadable(f"accounts are managed: {_MANAGED}")}


def member_second_factor(context: ReadContext) -> Program:
    """Whether a member has a second factor, as `enabled`."""
    if not _is_plain(context.it):
        return {"enabled": Unreadable(f"the account is managed: {_MANAGED}")}
    answer = yield _members(context, filter="2fa_disabled")
    without = rows_in(answer, "items")
    if isinstance(without, Unreadable):
        return {"enabled": without}
    logins = {row.get("login") for row in without if isinstance(row, Mapping)}
    if context.it["login"] in logins:
        return {"enabled": False}
    if isinstance(without, OpenList):
        return {"enabled": without.rest}
    if not _are_names(logins) or len(logins) < len(without):
        return {"enabled": Unreadable(f"{_MEMBERS} returned a member without a login")}
    return {"enabled": True}


def _members(context: ReadContext, **params: str) -> Call:
    return Call(
        operation=_MEMBERS,
        region="",
        params={"org": context.account, **params, "per_page": 100},
        items=("items",),
    )


def _is_plain(member: Any) -> bool:
    """Whether an account is a person's own: their logins have letters, digits and hyphens."""
    login = member.get("login") if isinstance(member, Mapping) else None
    return isinstance(login, str) and _MANAGED_MARK not in login


def _are_names(logins: Collection[object]) -> bool:
    return all(isinstance(login, str) and login for login in logins)
