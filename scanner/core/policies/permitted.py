"""Decides whether a principal may make a call, from all policies that apply to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scanner.core.policies.document import Statement
from scanner.core.policies.effects import denies_action
from scanner.core.policies.request_conditions import (
    Request,
    allow_applies,
    deny_applies,
    substituted,
    widened,
)
from scanner.core.policies.truth import Truth, all_of, any_of, negated
from scanner.core.policies.wildcards import covered_by_any, covers
from scanner.model.values import Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A user or role with every statement that applies to it.

    These are its own, its groups' and its managed policies'.
    """

    arn: str
    statements: tuple[Statement, ...]
    boundary: tuple[Statement, ...] | None
    """The permissions boundary; None: it has none."""
    boundary_arn: str = ""
    groups: tuple[str, ...] = ()
    """ARNs of the groups that a user is in."""
    policies: tuple[str, ...] = ()
    """ARNs of its managed policies, its groups' among them."""
    trust: tuple[Statement, ...] | None = ()
    """Who may assume a role; None: it was not read."""
    unread: str = ""
    """Why some statement of it is not known."""

    @property
    def is_user(self) -> bool:
        return ":user/" in self.arn

    @property
    def account(self) -> str:
        return self.arn.split(":")[4] if self.arn.count(":") > 4 else ""


@dataclass(frozen=True, slots=True)
class _Relevant:
    """The statements of a principal that name an action."""

    allows: tuple[Statement, ...]
    within: tuple[Statement, ...] | None
    """Those Allows of the boundary; None: there is no boundary."""
    denies: tuple[Statement, ...]


@dataclass(slots=True)
class Permissions:
    """What one principal may do; remembers what was asked before."""

    holder: Principal
    _by_action: dict[str, _Relevant] = field(default_factory=dict)

    def may(self, action: str, resource: str = "", **context: str) -> Truth:
        """Whether it may make a call on a resource, on any where none is given.

        The names of the context's keys are written with `__` for `:`.
        """
        relevant = self.relevant(action)
        if not relevant.allows:
            return False
        keys = {name.replace("__", ":"): value for name, value in context.items()}
        request = Request(action, resource, {**_context(self.holder), **keys})
        granted = any_of(_allows(allow, request) for allow in relevant.allows)
        # A boundary grants nothing: it only limits what the policies grant. A Deny counts wherever
        # it stands.
        within: Truth = True
        if relevant.within is not None:
            within = any_of(_allows(allow, request) for allow in relevant.within)
        denied = any_of(_denies(deny, request) for deny in relevant.denies)
        return all_of([granted, within, negated(denied)])

    def mentions(self, action: str, key: str) -> Iterable[str]:
        """The values to which statements on the action compare a key of the request."""
        relevant = self.relevant(action)
        for statement in (*relevant.allows, *relevant.denies):
            for condition in statement.conditions:
                if condition.key == key:
                    yield from condition.values

    def relevant(self, action: str) -> _Relevant:
        """The statements that name the action."""
        if action not in self._by_action:
            self._by_action[action] = _relevant(self.holder, action)
        return self._by_action[action]


def _relevant(holder: Principal, action: str) -> _Relevant:
    boundary = holder.boundary or ()
    within: tuple[Statement, ...] | None = None
    if holder.boundary is not None:
        within = tuple(_naming(boundary, action))
    denies = [
        statement
        for statement in (*holder.statements, *boundary)
        if not statement.allow and denies_action(statement, action)
    ]
    return _Relevant(tuple(_naming(holder.statements, action)), within, tuple(denies))


def _naming(statements: Iterable[Statement], action: str) -> Iterable[Statement]:
    for statement in statements:
        if statement.allow and covered_by_any(statement.actions, action) != statement.not_action:
            yield statement


def _context(holder: Principal) -> Mapping[str, str]:
    """What AWS itself puts into every direct request of a principal."""
    known = {
        "aws:principalarn": holder.arn,
        "aws:principalaccount": holder.account,
        "aws:resourceaccount": holder.account,
        "aws:principalisawsservice": "false",
        "aws:principaltype": "User" if holder.is_user else "AssumedRole",
    }
    if holder.is_user:
        known["aws:username"] = holder.arn.rpartition("/")[2]
    return known


def _allows(allow: Statement, request: Request) -> Truth:
    if not request.resource:
        reaches: Truth = True
    else:
        reaches = _names_resource(allow, request)
    if reaches is False:
        return False
    return all_of([reaches, allow_applies(allow.conditions, request)])


def _denies(deny: Statement, request: Request) -> Truth:
    reaches = _names_resource(deny, request) if request.resource else _denies_all(deny, request)
    if reaches is False:
        return False
    return all_of([reaches, deny_applies(deny.conditions, request)])


def _denies_all(deny: Statement, request: Request) -> Truth:
    """Whether a Deny leaves the caller no resource to name."""
    if deny.not_resource:
        return False
    if covered_by_any(deny.resources, "*"):
        return True
    # All things of one type: whether the call needs one of that type is not known here.
    if any(map(_whole_type, deny.resources)):
        return Unreadable(f"{request.action} is denied in part")
    return False


def _whole_type(pattern: str) -> bool:
    parts = pattern.split(":", 5)
    if len(parts) != 6:
        return "*" in pattern
    *_, region, _account, resource = parts
    return region in ("", "*") and resource.lstrip("abcdefghijklmnopqrstuvwxyz-") in (
        "*",
        "/*",
        ":*",
    )


def _names_resource(statement: Statement, request: Request) -> Truth:
    named = any_of(_matches(pattern, request) for pattern in statement.resources)
    return negated(named) if statement.not_resource else named


def _matches(pattern: str, request: Request) -> Truth:
    pattern = substituted(pattern, request.context)
    if "${" not in pattern:
        return covers(pattern, request.resource)
    if not covers(widened(pattern), request.resource):
        return False
    return Unreadable(f"{pattern} depends on a policy variable")
