"""What the Allow statements of a policy leave open after its Deny statements: to anyone, to others, to services."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from scanner.core.policies.conditions import (
    account_of,
    bounds,
    demands,
    leaves_only_named,
    source_bound,
)
from scanner.core.policies.document import Condition, Statement
from scanner.core.policies.wildcards import apart, covers, wild

_MOST_WORK: Final = 10_000_000
"""Letters of Allows times letters of Denies; a larger document is judged as if it denied nothing, the worse answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The statements of one document with the account that it belongs to."""

    statements: tuple[Statement, ...]
    account: str
    trust: bool = False
    allows: tuple[Statement, ...] = field(init=False)
    denies: tuple[Statement, ...] = field(init=False)
    """Deny statements to everyone."""

    def __post_init__(self) -> None:
        allows = tuple(statement for statement in self.statements if statement.allow)
        denies = tuple(
            statement for statement in self.statements if not statement.allow and statement.everyone
        )
        object.__setattr__(self, "allows", allows)
        object.__setattr__(
            self, "denies", denies if _letters(allows) * _letters(denies) <= _MOST_WORK else ()
        )

    @property
    def is_public(self) -> bool:
        """Whether an Allow reaches anyone."""
        return any(self._public(statement) for statement in self.allows)

    @property
    def cross_account_principals(self) -> list[str]:
        """Principals outside the account that an Allow reaches; `*` where it reaches anyone."""
        return sorted({who for statement in self.allows for who in self._outsiders(statement)})

    @property
    def services(self) -> list[str]:
        """Service principals that an Allow names."""
        return sorted({name for statement in self.allows for name in _named(statement, "Service")})

    @property
    def unconfused(self) -> bool:
        """Whether every Allow to a service is tied to a source that can be named."""
        return all(
            source_bound(statement.conditions)
            for statement in self.allows
            if _named(statement, "Service")
        )

    def _public(self, statement: Statement) -> bool:
        if not _open_to_anyone(statement) or bounds(statement.conditions):
            return False
        return not self._denied(statement, leaves_only_named)

    def _denied(self, allow: Statement, applies: Callable[[tuple[Condition, ...]], bool]) -> bool:
        """Whether each action on each resource of the Allow is denied again to everyone."""
        denies = [deny for deny in self.denies if applies(deny.conditions)]
        actions = ("*",) if allow.not_action else allow.actions
        resources = ("*",) if allow.not_resource else allow.resources
        by_action = {_mask(denies_action(deny, action) for deny in denies) for action in actions}
        by_resource = {
            _mask(denies_resource(deny, resource) for deny in denies) for resource in resources
        }
        return all(one & other for one in by_action for other in by_resource)

    def _outsiders(self, statement: Statement) -> Iterable[str]:
        if self._denied(statement, lambda conditions: not conditions):
            return ()
        tied = bounds(statement.conditions)
        anyone = _open_to_anyone(statement)
        if any(bound.by == "organisation" for bound in tied):
            return ()
        # An external id names nobody: by itself it does not make a role that anyone may assume less open.
        if self.trust and _external_id(statement) and (tied or not anyone):
            return ()
        if not anyone:
            return self._outside(_accountable(statement))
        named = [
            self._outside(bound.values)
            for bound in tied
            if bound.by in ("account", "arn", "principal")
        ]
        return min(named, key=len, default=("*",))

    def _outside(self, names: Iterable[str]) -> Sequence[str]:
        inside = {self.account} - {""}
        return [
            name
            for name in names
            if account_of(name) not in inside and name.lower() != "${aws:resourceaccount}"
        ]


def denies_action(deny: Statement, action: str) -> bool:
    """Whether a Deny covers every action that a pattern stands for."""
    if deny.not_action:
        return all(apart(spared, action) for spared in deny.actions)
    return any(covers(pattern, action) for pattern in deny.actions)


def denies_resource(deny: Statement, resource: str) -> bool:
    """Whether a Deny covers every resource that a pattern stands for."""
    if deny.not_resource:
        return all(apart(spared, resource) for spared in deny.resources)
    return any(covers(pattern, resource) for pattern in deny.resources)


def _open_to_anyone(statement: Statement) -> bool:
    """Whether the principals of an Allow are not a list of names."""
    if statement.principals is None:
        return False
    return statement.not_principal or any(map(_anyone, _names(statement)))


def _anyone(name: str) -> bool:
    # AWS takes no wildcard but a lone `*`; one that was stored all the same is read in the worse way.
    return wild(name)


def _names(statement: Statement) -> Iterator[str]:
    for names in (statement.principals or {}).values():
        yield from names


def _named(statement: Statement, kind: str) -> tuple[str, ...]:
    return () if statement.not_principal else tuple((statement.principals or {}).get(kind, ()))


def _accountable(statement: Statement) -> Iterator[str]:
    yield from _named(statement, "AWS")
    yield from _named(statement, "CanonicalUser")
    # A SAML or OIDC provider lives in an account; a public identity provider is asked about in `federated`.
    yield from (name for name in _named(statement, "Federated") if account_of(name))


def _letters(statements: Iterable[Statement]) -> int:
    return sum(
        len(text) for statement in statements for text in statement.actions + statement.resources
    )


def _mask(flags: Iterable[bool]) -> int:
    return sum(flag << place for place, flag in enumerate(flags))


def _external_id(statement: Statement) -> bool:
    """Whether assuming the role takes an agreed id."""
    return any(
        condition.key == "sts:externalid"
        and condition.operator in ("StringEquals", "StringEqualsIgnoreCase", "StringLike")
        and bool(condition.values)
        and all(value and not wild(value) for value in condition.values)
        and demands(condition, statement.conditions)
        for condition in statement.conditions
    )
