"""Finds the ways in which a principal can escalate its own privileges, over all its policies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from scanner.core.policies.document import Statement
from scanner.core.policies.effects import denies_action, denies_resource
from scanner.core.policies.queries import grants_admin
from scanner.core.policies.wildcards import covered_by_any, covers
from scanner.model.values import Unreadable

Truth = bool | Unreadable
"""Kleene's three values: true, false, and a reason why neither is known."""

Methods = list[str] | Unreadable
"""The ids of the methods that a holder has."""
Worth = Mapping[str, Truth]
"""By ARN: whether reaching the principal gives more rights."""
Leads = Callable[[str], Truth]
"""Whether acting on what a resource pattern names leads on."""

_OWN_USER: Final = "/${aws:username}"
"""How a resource ends that is the caller itself."""
_VARIABLE: Final = re.compile(r"\$\{[^}]*\}")
_TARGETS: Final = {"credential": ":user/", "trust": ":role/", "pass": ":role/"}
"""What a method of each reach acts on."""
_SECOND_FACTOR: Final = frozenset({"aws:multifactorauthpresent", "aws:multifactorauthage"})
"""Keys of conditions that every principal with the right can meet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A set of actions that together give more rights."""

    id: str
    reach: str
    """`grant`, `credential`, `trust` or `pass`: what the first action works on."""
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A user or role with every statement that applies to it.

    These are its own, its groups' and its managed policies'.
    """

    arn: str
    statements: tuple[Statement, ...]
    boundary: tuple[Statement, ...] | None
    """The permissions boundary; None: it has none."""
    unread: str = ""
    """Why some statement of it is not known."""


@cache
def methods() -> tuple[Method, ...]:
    """The known methods, from `escalation.tsv`."""
    text = files(__package__).joinpath("escalation.tsv").read_text(encoding="utf-8")
    found: list[Method] = []
    for line in text.splitlines():
        if not line or line.startswith(("#", "id\t")):
            continue
        name, reach, actions = line.split("\t")
        needed = tuple(actions.lower().split())
        found.append(Method(id=name, reach=reach, actions=needed))
    return tuple(found)


def administrator(holder: Principal, account: str) -> Truth:
    """Whether the holder already has every right."""
    is_granted = grants_admin(holder.statements, account)
    is_bounded = holder.boundary is not None and not grants_admin(holder.boundary, account)
    if is_granted and not is_bounded:
        return True
    # A policy or boundary that was not read may give what is lacking here.
    if holder.unread:
        return Unreadable(holder.unread)
    return False


def escalations(holders: Sequence[Principal], account: str) -> dict[str, Methods]:
    """By ARN: the methods that each holder has; Unreadable where conditions or unread policies
    leave it open.

    Passing a role, or taking a user's credentials, leads somewhere only if what it reaches is
    worth it: an administrator, or one that can itself escalate. That is a fixed point, reached
    after at most as many rounds as there are holders.
    """
    worth = {holder.arn: administrator(holder, account) for holder in holders}
    found = _methods_by_holder(holders, worth)
    for _ in holders:
        grown: dict[str, Truth] = {}
        for arn, truth in worth.items():
            grown[arn] = _any_of([truth, _has_any(found[arn])])
        if grown == worth:
            break
        worth = grown
        found = _methods_by_holder(holders, worth)
    return found


def _methods_by_holder(holders: Sequence[Principal], worth: Worth) -> dict[str, Methods]:
    return {holder.arn: _methods_of(holder, worth) for holder in holders}


def _methods_of(holder: Principal, worth: Worth) -> Methods:
    certain: list[str] = []
    doubts: list[Unreadable] = []
    if holder.unread:
        doubts.append(Unreadable(holder.unread))
    for method in methods():
        truth = _has_method(holder, method, worth)
        if truth is True:
            certain.append(method.id)
        elif isinstance(truth, Unreadable):
            doubts.append(Unreadable(f"{method.id}: {truth.reason}"))
    # What is certain is a failure, whatever the open methods would turn out to be.
    if certain or not doubts:
        return certain
    return doubts[0]


def _has_method(holder: Principal, method: Method, worth: Worth) -> Truth:
    def leads_on(resource: str) -> Truth:
        return _leads(resource, method.reach, holder.arn, worth)

    first, *others = method.actions
    # Only the first action works on something that must be worth it: `iam:PassRole` on the role,
    # for one.
    held = [_may_do(holder, first, leads_on)]
    for action in others:
        held.append(_may_do(holder, action, _anywhere))
    return _all_of(held)


def _anywhere(resource: str) -> Truth:
    return True


def _leads(resource: str, reach: str, own: str, worth: Worth) -> Truth:
    """Whether acting on what a resource pattern names is worth more than what the holder has."""
    if reach == "grant":
        return True
    if reach == "credential" and resource.endswith(_OWN_USER):
        return False
    if "${" in resource:
        # The value of a variable is not known here; as a wildcard it matches no less.
        widest = _leads(_VARIABLE.sub("*", resource), reach, own, worth)
        if widest is False:
            return False
        return Unreadable(f"{resource} depends on a policy variable")
    return _any_of(_worth_of_targets(resource, reach, own, worth))


def _worth_of_targets(resource: str, reach: str, own: str, worth: Worth) -> Iterator[Truth]:
    for arn, truth in worth.items():
        if arn != own and _TARGETS[reach] in arn and covers(resource, arn):
            yield truth


def _may_do(holder: Principal, action: str, leads: Leads) -> Truth:
    """Whether the holder may do the action on something that leads on."""
    granted = _any_of(_grants(holder.statements, action, leads))
    if granted is False:
        return False
    # A boundary grants nothing: it only limits what the policies grant. A Deny counts wherever it
    # stands.
    boundary = holder.boundary or ()
    within: Truth = True
    if holder.boundary is not None:
        within = _any_of(_grants(boundary, action, _anywhere))
    denied = _any_of(_denials((*holder.statements, *boundary), action))
    return _all_of([granted, within, _negated(denied)])


def _grants(statements: Iterable[Statement], action: str, leads: Leads) -> Iterator[Truth]:
    for statement in statements:
        if statement.allow:
            yield _grants_action(statement, action, leads)


def _grants_action(allow: Statement, action: str, leads: Leads) -> Truth:
    is_named = covered_by_any(allow.actions, action)
    if is_named == allow.not_action:
        return False
    resources = allow.resources
    if allow.not_resource:
        resources = ("*",)
    reaches = _any_of(map(leads, resources))
    if reaches is False:
        return False
    if all(condition.key in _SECOND_FACTOR for condition in allow.conditions):
        return reaches
    return Unreadable(f"{action} is allowed under a condition")


def _denials(statements: Iterable[Statement], action: str) -> Iterator[Truth]:
    for statement in statements:
        if not statement.allow:
            yield _denies(statement, action)


def _denies(deny: Statement, action: str) -> Truth:
    if not denies_action(deny, action):
        return False
    # A Deny without a second factor does not hold a principal back that has one.
    if any(condition.key in _SECOND_FACTOR for condition in deny.conditions):
        return False
    if deny.conditions or not denies_resource(deny, "*"):
        return Unreadable(f"{action} is denied in part")
    return True


def _has_any(found: Methods) -> Truth:
    if isinstance(found, Unreadable):
        return found
    return bool(found)


def _negated(truth: Truth) -> Truth:
    if isinstance(truth, Unreadable):
        return truth
    return not truth


def _any_of(truths: Iterable[Truth]) -> Truth:
    """Kleene's or: one true settles it, otherwise the first unread value leaves it open."""
    doubt: Unreadable | None = None
    for truth in truths:
        if truth is True:
            return True
        if isinstance(truth, Unreadable) and doubt is None:
            doubt = truth
    return doubt or False


def _all_of(truths: Iterable[Truth]) -> Truth:
    """Kleene's and: one false settles it, otherwise the first unread value leaves it open."""
    doubt: Unreadable | None = None
    for truth in truths:
        if truth is False:
            return False
        if isinstance(truth, Unreadable) and doubt is None:
            doubt = truth
    return doubt or True
