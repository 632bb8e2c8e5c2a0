"""Decides which principals a policy allows once its Deny statements are applied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Final

from scanner.core.policies.conditions import (
    Restriction,
    account_of,
    requires_key,
    restrictions,
    restricts_source,
    spared,
)
from scanner.core.policies.document import Condition, Statement
from scanner.core.policies.wildcards import apart, covered_by_any, has_wildcard

_MOST_WORK: Final = 10_000_000
"""Letters of Allows times letters of Denies; a larger document is judged as if it denied
nothing, the worse answer."""


_NAMING: Final = ("account", "arn", "principal")
"""What names principals, of what a condition restricts to."""
_WAYS_IN: Final = (
    "sts:assumerole",
    "sts:assumerolewithsaml",
    "sts:assumerolewithwebidentity",
)
"""Actions by which a role is taken."""


@dataclass(frozen=True, slots=True)
class _Deny:
    """A Deny to everyone but those whom it spares by name."""

    statement: Statement
    spared: tuple[Restriction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The statements of one document with the account that it belongs to."""

    statements: tuple[Statement, ...]
    account: str
    trust: bool = False
    """Whether it is the trust policy of a role."""
    allows: tuple[Statement, ...] = field(init=False)
    denies: tuple[_Deny, ...] = field(init=False)
    """Deny statements to everyone who cannot be named."""

    def __post_init__(self) -> None:
        allows: list[Statement] = []
        denies: list[_Deny] = []
        for statement in self.statements:
            if statement.allow:
                entry = _entering(statement) if self.trust else statement
                if entry is not None:
                    allows.append(entry)
            else:
                # A Deny to some leaves the others, and anyone may be among them.
                found = _deny_to_all_unnamed(statement)
                if found is not None:
                    denies.append(found)
        if _letters(allows) * _letters(deny.statement for deny in denies) > _MOST_WORK:
            denies.clear()
        object.__setattr__(self, "allows", tuple(allows))
        object.__setattr__(self, "denies", tuple(denies))

    @property
    def is_public(self) -> bool:
        """Whether an Allow reaches anyone."""
        return any(map(self._is_public, self.allows))

    @property
    def cross_account_principals(self) -> list[str]:
        """Principals outside the account that an Allow reaches; `*` where it reaches anyone."""
        found: set[str] = set()
        for statement in self.allows:
            found.update(self._principals_outside(statement))
        return sorted(found)

    @property
    def services(self) -> list[str]:
        """Service principals that an Allow names."""
        found: set[str] = set()
        for statement in self.allows:
            found.update(_named_principals(statement, "Service"))
        return sorted(found)

    @property
    def unconfused(self) -> bool:
        """Whether every Allow to a service is restricted to a named source.

        Otherwise the service is a confused deputy: a stranger can have it act on this resource
        for them.
        """
        return all(
            restricts_source(statement.conditions)
            for statement in self.allows
            if _named_principals(statement, "Service")
        )

    def _is_public(self, statement: Statement) -> bool:
        if not _open_to_anyone(statement) or restrictions(statement.conditions):
            return False
        return not self._is_denied(statement, self.denies)

    def _is_denied(self, allow: Statement, denies: Sequence[_Deny]) -> bool:
        """Whether each action on each resource of the Allow is denied again by one of these."""
        statements = [deny.statement for deny in denies]
        # One Deny must cover both an action and a resource, not one the action and another the
        # resource. One bit for each Deny, because a hostile document has thousands of pairs.
        by_action = {_mask(statements, denies_action, action) for action in _actions(allow)}
        by_resource = {
            _mask(statements, denies_resource, resource) for resource in _resources(allow)
        }
        pairs = product(by_action, by_resource)
        return all(action_mask & resource_mask for action_mask, resource_mask in pairs)

    def _principals_outside(self, statement: Statement) -> Iterable[str]:
        inside = [deny for deny in self.denies if self._spares_inside(deny)]
        if self._is_denied(statement, inside):
            return ()
        restricted = restrictions(statement.conditions)
        anyone = _open_to_anyone(statement)
        if "organization" in [restriction.by for restriction in restricted]:
            return ()
        # An external id names nobody: by itself it does not make a role that anyone may assume less
        # open.
        is_named = bool(restricted) or not anyone
        if is_named and self._requires_external_id(statement):
            return ()
        if not anyone:
            return self._outside(_accountable_principals(statement))
        return self._restricted_outsiders(statement, restricted)

    def _requires_external_id(self, statement: Statement) -> bool:
        return self.trust and _requires_external_id(statement)

    def _spares_inside(self, deny: _Deny) -> bool:
        """Whether a Deny spares nobody outside the account, its organization and AWS itself."""
        for restriction in deny.spared:
            if restriction.by == "network":
                return False
            if restriction.by in _NAMING and self._outside(restriction.values):
                return False
        return True

    def _restricted_outsiders(
        self, statement: Statement, restricted: Iterable[Restriction]
    ) -> list[str]:
        """Outsiders that the conditions name, or that a Deny of all others spares.

        All conditions must hold, so the one that leaves the fewest outsiders decides.
        """
        named = [
            self._outside(restriction.values)
            for restriction in restricted
            if restriction.by in _NAMING
        ]
        for deny in self.denies:
            names = _spared_names(deny)
            if names is not None and self._is_denied(statement, [deny]):
                named.append(self._outside(names))
        return min(named, key=len, default=["*"])

    def _outside(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if not self._is_inside(name)]

    def _is_inside(self, name: str) -> bool:
        if name.lower() == "${aws:resourceaccount}":
            return True
        # Where the account is not known, no name is inside it; the empty text must not equal
        # itself.
        return self.account != "" and account_of(name) == self.account


def _deny_to_all_unnamed(statement: Statement) -> _Deny | None:
    """A Deny to everyone but those that its NotPrincipal or its conditions name."""
    found = spared(statement.conditions)
    if found is None:
        return None
    if statement.everyone:
        return _Deny(statement, found)
    if not statement.not_principal or any(map(has_wildcard, _principal_names(statement))):
        return None
    names = (*_not_principals(statement, "AWS"), *_not_principals(statement, "CanonicalUser"))
    # Whoever a provider signs in is not named.
    if _not_principals(statement, "Federated"):
        return None
    return _Deny(statement, (*found, Restriction("principal", names)))


def _spared_names(deny: _Deny) -> list[str] | None:
    """The principals that a Deny spares by name; None where it also spares others."""
    names: list[str] = []
    for restriction in deny.spared:
        if restriction.by not in (*_NAMING, "service"):
            return None
        names.extend(restriction.values)
    return names


def _entering(allow: Statement) -> Statement | None:
    """An Allow of a trust policy with the actions by which one takes the role; None: there is none.

    Tagging a session, or setting its source, is no way in.
    """
    entries = [
        action for action in _WAYS_IN if covered_by_any(allow.actions, action) != allow.not_action
    ]
    if not entries:
        return None
    return replace(allow, actions=tuple(entries), not_action=False)


def denies_action(deny: Statement, action: str) -> bool:
    """Whether a Deny covers every action that a pattern matches."""
    if deny.not_action:
        return all(apart(spared, action) for spared in deny.actions)
    return covered_by_any(deny.actions, action)


def denies_resource(deny: Statement, resource: str) -> bool:
    """Whether a Deny covers every resource that a pattern matches."""
    if deny.not_resource:
        return all(apart(spared, resource) for spared in deny.resources)
    return covered_by_any(deny.resources, resource)


def _actions(allow: Statement) -> tuple[str, ...]:
    """Patterns that cover what an Allow allows.

    NotAction counts as every action, which is the worse answer.
    """
    if allow.not_action:
        return ("*",)
    return allow.actions


def _resources(allow: Statement) -> tuple[str, ...]:
    if allow.not_resource:
        return ("*",)
    return allow.resources


def _open_to_anyone(statement: Statement) -> bool:
    """Whether the principals of an Allow are not a list of names."""
    if statement.principals is None:
        return False
    if statement.not_principal:
        return True
    # AWS takes no wildcard but a lone `*`; one that was stored all the same is read in the worse
    # way.
    return any(map(has_wildcard, _principal_names(statement)))


def _principal_names(statement: Statement) -> Iterator[str]:
    for names in (statement.principals or {}).values():
        yield from names


def _named_principals(statement: Statement, kind: str) -> tuple[str, ...]:
    if statement.not_principal or statement.principals is None:
        return ()
    return statement.principals.get(kind, ())


def _not_principals(statement: Statement, kind: str) -> tuple[str, ...]:
    return (statement.principals or {}).get(kind, ())


def _accountable_principals(statement: Statement) -> Iterator[str]:
    yield from _named_principals(statement, "AWS")
    yield from _named_principals(statement, "CanonicalUser")
    # A SAML or OIDC provider lives in an account; a public identity provider is judged in
    # `federated`.
    for provider in _named_principals(statement, "Federated"):
        if account_of(provider):
            yield provider


def _letters(statements: Iterable[Statement]) -> int:
    letters = 0
    for statement in statements:
        letters += sum(map(len, statement.actions))
        letters += sum(map(len, statement.resources))
    return letters


def _mask(
    denies: Iterable[Statement], covers_pattern: Callable[[Statement, str], bool], pattern: str
) -> int:
    """Which of the Deny statements cover a pattern: bit 0 is the first."""
    mask = 0
    for index, deny in enumerate(denies):
        mask |= covers_pattern(deny, pattern) << index
    return mask


def _requires_external_id(statement: Statement) -> bool:
    """Whether a caller must present an agreed id to assume the role."""
    return any(
        _names_external_id(condition) and requires_key(condition, statement.conditions)
        for condition in statement.conditions
    )


def _names_external_id(condition: Condition) -> bool:
    if condition.key != "sts:externalid" or not condition.values:
        return False
    if condition.operator not in ("StringEquals", "StringEqualsIgnoreCase", "StringLike"):
        return False
    return all(value and not has_wildcard(value) for value in condition.values)
