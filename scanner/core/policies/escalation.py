"""Ways in which a principal can give itself more rights than it has, decided over all its policies together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from scanner.core.policies.document import Statement
from scanner.core.policies.effects import denies_action, denies_resource
from scanner.core.policies.queries import grants_admin
from scanner.core.policies.wildcards import covers
from scanner.model.values import Unreadable

Truth = bool | Unreadable
_OWN: Final = ("/${aws:username}",)
"""How a resource ends that is the caller itself."""
_VARIABLE: Final = re.compile(r"\$\{[^}]*\}")
_TARGETS: Final = {"credential": ":user/", "trust": ":role/", "pass": ":role/"}
"""What a method of each reach acts on."""
_SECOND_FACTOR: Final = frozenset({"aws:multifactorauthpresent", "aws:multifactorauthage"})
"""Conditions that everybody meets who holds the right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A set of actions that together give more rights."""

    id: str
    reach: str
    """`grant`, `credential`, `trust` or `pass`: what the first action works on."""
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A user or role, with every statement that speaks of it: its own, its groups', its managed policies'."""

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
    rows = [
        line.split("\t")
        for line in text.splitlines()
        if line and not line.startswith(("#", "id\t"))
    ]
    return tuple(
        Method(id=row[0], reach=row[1], actions=tuple(row[2].lower().split())) for row in rows
    )


def administrator(holder: Holder, account: str) -> Truth:
    """Whether the holder already has every right."""
    if not grants_admin(holder.statements, account):
        return Unreadable(holder.unread) if holder.unread else False
    if holder.boundary is None or grants_admin(holder.boundary, account):
        return True
    return Unreadable(holder.unread) if holder.unread else False


def escalations(holders: Sequence[Holder], account: str) -> dict[str, list[str] | Unreadable]:
    """By ARN: the methods that each holder has; Unreadable where conditions or unread policies leave it open.

    Passing a role, or taking a user's credentials, leads somewhere only if what it reaches is worth it: an
    administrator, or one that can itself escalate. That is a fixed point, reached after at most as many rounds as there
    are holders.
    """
    worth = {holder.arn: administrator(holder, account) for holder in holders}
    found = _round(holders, worth)
    for _ in holders:
        grown = {arn: _either(truth, _any(found[arn])) for arn, truth in worth.items()}
        if grown == worth:
            break
        worth, found = grown, _round(holders, grown)
    return found


def _round(holders: Sequence[Holder], worth: dict[str, Truth]) -> dict[str, list[str] | Unreadable]:
    return {holder.arn: _methods_of(holder, worth) for holder in holders}


def _methods_of(holder: Holder, worth: dict[str, Truth]) -> list[str] | Unreadable:
    certain: list[str] = []
    doubt = Unreadable(holder.unread) if holder.unread else None
    for method in methods():
        truth = _has(holder, method, worth)
        if truth is True:
            certain.append(method.id)
        elif isinstance(truth, Unreadable):
            doubt = doubt or Unreadable(f"{method.id}: {truth.reason}")
    # What is certain is a failure whatever the rest would say.
    return certain if certain or doubt is None else doubt


def _has(holder: Holder, method: Method, worth: dict[str, Truth]) -> Truth:
    first = _held(
        holder,
        method.actions[0],
        lambda resource: _leads(resource, method.reach, holder.arn, worth),
    )
    rest = [_held(holder, action, lambda resource: True) for action in method.actions[1:]]
    return _all([first, *rest])


def _leads(resource: str, reach: str, own: str, worth: dict[str, Truth]) -> Truth:
    """Whether acting on what a resource pattern names is worth more than what the holder has."""
    if reach == "grant":
        return True
    if reach == "credential" and resource.endswith(_OWN):
        return False
    if "${" in resource:
        # What a variable stands for is not known here; as a wildcard it stands for no less.
        widest = _leads(_VARIABLE.sub("*", resource), reach, own, worth)
        return widest and Unreadable(f"{resource} depends on a policy variable")
    others = ((arn, truth) for arn, truth in worth.items() if arn != own and _TARGETS[reach] in arn)
    return _any_of(truth for arn, truth in others if covers(resource, arn))


def _held(holder: Holder, action: str, leads: Callable[[str], Truth]) -> Truth:
    """Whether the holder may do the action on something that leads on."""
    given = _any_of(
        _gives(statement, action, leads) for statement in holder.statements if statement.allow
    )
    if given is False:
        return False
    if holder.boundary is not None:
        bounded = _any_of(
            _gives(item, action, lambda resource: True) for item in holder.boundary if item.allow
        )
        given = _all([given, bounded])
    denied = _any_of(
        _denies(statement, action)
        for statement in (*holder.statements, *(holder.boundary or ()))
        if not statement.allow
    )
    return _all([given, denied if isinstance(denied, Unreadable) else not denied])


def _gives(allow: Statement, action: str, leads: Callable[[str], Truth]) -> Truth:
    named = any(covers(pattern, action) for pattern in allow.actions)
    if named == allow.not_action:
        return False
    reaches = (
        leads("*")
        if allow.not_resource
        else _any_of(leads(resource) for resource in allow.resources)
    )
    if reaches is False or all(condition.key in _SECOND_FACTOR for condition in allow.conditions):
        return reaches
    return Unreadable(f"{action} is allowed under a condition")


def _denies(deny: Statement, action: str) -> Truth:
    if not denies_action(deny, action):
        return False
    if any(condition.key in _SECOND_FACTOR for condition in deny.conditions):
        return False
    if deny.conditions or not denies_resource(deny, "*"):
        return Unreadable(f"{action} is denied in part")
    return True


def _any(found: list[str] | Unreadable) -> Truth:
    return found if isinstance(found, Unreadable) else bool(found)


def _either(one: Truth, other: Truth) -> Truth:
    return _any_of([one, other])


def _any_of(truths: Iterable[Truth]) -> Truth:
    doubt: Unreadable | None = None
    for truth in truths:
        if truth is True:
            return True
        if isinstance(truth, Unreadable):
            doubt = doubt or truth
    return doubt or False


def _all(truths: Iterable[Truth]) -> Truth:
    doubt: Unreadable | None = None
    for truth in truths:
        if truth is False:
            return False
        if isinstance(truth, Unreadable):
            doubt = doubt or truth
    return doubt or True
