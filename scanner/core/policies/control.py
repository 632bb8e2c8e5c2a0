"""Decides which principals another can act as, so that rights written to them become its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from scanner.core.policies.document import Statement
from scanner.core.policies.methods import Method, of_reach
from scanner.core.policies.permitted import Permissions, Principal
from scanner.core.policies.request_conditions import Request, allow_applies
from scanner.core.policies.truth import Truth, all_of, any_of
from scanner.core.policies.wildcards import covered_by_any
from scanner.model.values import Unreadable

_ASSUME: Final = "sts:assumerole"
_SERVICE_LINKED: Final = ":role/aws-service-role/"
_NO_SERVICE: Final = "any.amazonaws.com"
"""Stands for services that no condition names."""


class Control:
    """Who acts as whom; remembers what was asked before."""

    def __init__(self, holders: Sequence[Principal]) -> None:
        self._permissions: dict[int, Permissions] = {}
        self._known: dict[tuple[int, str], Truth] = {}
        for holder in holders:
            self._permissions[id(holder)] = Permissions(holder)

    def permissions(self, holder: Principal) -> Permissions:
        """What a holder may do."""
        # A holder with more rights, as tried out, is not kept: its id would be another's tomorrow.
        return self._permissions.get(id(holder)) or Permissions(holder)

    def controls(self, holder: Principal, target: Principal) -> Truth:
        """Whether the holder is the target, or can act as it."""
        if holder.arn == target.arn:
            return True
        if id(holder) not in self._permissions:
            return any_of(self._ways(Permissions(holder), target))
        key = (id(holder), target.arn)
        if key not in self._known:
            self._known[key] = any_of(self._ways(self._permissions[id(holder)], target))
        return self._known[key]

    def may_pass(self, holder: Principal, role: Principal, method: Method) -> Truth:
        """Whether the holder may pass a role to a service of the method.

        A statement that is not limited to services counts for each role: its trust may be
        rewritten. One that is counts for roles that trust the service.
        """
        return _may_pass(self.permissions(holder), role, method)

    def _ways(self, permissions: Permissions, target: Principal) -> Iterator[Truth]:
        if target.is_user:
            for method in of_reach("credential"):
                yield permissions.may(method.actions[0], target.arn)
            return
        # Only its service takes and changes a service-linked role.
        if _SERVICE_LINKED in target.arn:
            return
        yield _assumes(permissions, target)
        for method in of_reach("trust"):
            yield permissions.may(method.actions[0], target.arn)
        for method in of_reach("pass"):
            if permissions.relevant(method.actions[0]).allows:
                yield all_of(
                    [
                        *map(permissions.may, method.actions[1:]),
                        _passes_or_trusts(permissions, target, method),
                    ]
                )
        for method in of_reach("run"):
            trusted = any_of(trusts_service(target, service) for service in method.services)
            yield all_of([trusted, *map(permissions.may, method.actions)])


def _passes_or_trusts(permissions: Permissions, role: Principal, method: Method) -> Truth:
    """Whether a role that trusts a service of the method may be passed to it."""
    if role.trust is None:
        return Unreadable(f"the trust policy of {role.arn} was not read")
    ways: list[Truth] = []
    for service in method.services:
        trusted = _trusted_names(role.trust, service)
        # A partition has its own suffix, and takes the common one as well.
        names = sorted({*trusted, f"{service}.amazonaws.com"}) if trusted else []
        for name in names:
            passed = permissions.may(method.actions[0], role.arn, iam__passedtoservice=name)
            ways.append(passed)
    return any_of(ways)


def _may_pass(permissions: Permissions, role: Principal, method: Method) -> Truth:
    if _SERVICE_LINKED in role.arn:
        return False
    action = method.actions[0]
    ways: list[Truth] = [permissions.may(action, role.arn, iam__passedtoservice=_NO_SERVICE)]
    ways.append(_passes_or_trusts(permissions, role, method))
    return any_of(ways)


def trusts_service(role: Principal, service: str) -> Truth:
    """Whether a role may be assumed by a service."""
    if role.trust is None:
        return Unreadable(f"the trust policy of {role.arn} was not read")
    return bool(_trusted_names(role.trust, service))


def _trusted_names(trust: Sequence[Statement], service: str) -> list[str]:
    """The names by which a trust policy lets a service in."""
    found: list[str] = []
    for statement in trust:
        if not statement.allow or statement.not_principal or not _allows_assuming(statement):
            continue
        for name in (statement.principals or {}).get("Service", ()):
            if name.startswith(f"{service}."):
                found.append(name)
    return found


def _allows_assuming(statement: Statement) -> bool:
    return covered_by_any(statement.actions, _ASSUME) != statement.not_action


def _assumes(permissions: Permissions, role: Principal) -> Truth:
    if role.trust is None:
        return Unreadable(f"the trust policy of {role.arn} was not read")
    return any_of(
        _lets_in(statement, permissions, role)
        for statement in role.trust
        if statement.allow and _allows_assuming(statement)
    )


def _lets_in(statement: Statement, permissions: Permissions, role: Principal) -> Truth:
    holder = permissions.holder
    names = (statement.principals or {}).get("AWS", ())
    if statement.not_principal:
        permitted = permissions.may(_ASSUME, role.arn)
    elif any(_names_holder(name, holder) for name in names):
        permitted = True
    elif _names_account(names, holder.account):
        permitted = permissions.may(_ASSUME, role.arn)
    else:
        return False
    request = Request(_ASSUME, role.arn, {"aws:principalarn": holder.arn})
    return all_of([permitted, allow_applies(statement.conditions, request)])


def _names_holder(name: str, holder: Principal) -> bool:
    """Whether a principal of a trust policy is the holder itself, one of its sessions, or anyone.

    Such a one needs no permission of its own to assume the role.
    """
    if name in ("*", holder.arn):
        return True
    _, _, role = holder.arn.rpartition("/")
    return not holder.is_user and f":{holder.account}:assumed-role/{role}/" in name


def _names_account(names: Sequence[str], account: str) -> bool:
    owner = f"::{account}:root"
    return any(name == account or name.endswith(owner) for name in names)
