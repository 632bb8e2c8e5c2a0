"""Finds the ways in which a principal can escalate its own privileges, over all its policies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final

from scanner.core.policies.control import Control
from scanner.core.policies.methods import Method, methods
from scanner.core.policies.permitted import Principal
from scanner.core.policies.queries import grants_admin
from scanner.core.policies.truth import Truth, all_of, any_of
from scanner.model.values import Unreadable

Methods = list[str] | Unreadable
"""The ids of the methods that a holder has."""

_NESTED: Final = frozenset({"join", "boundary"})
"""Reaches that ask what a holder could do with more; that question does not ask itself again."""
_ATTACHED: Final = "iam:policyarn"
_WIDE_POLICIES: Final = ("AdministratorAccess", "IAMFullAccess")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The principals of an account, its groups, and the managed policies in it."""

    id: str
    holders: Sequence[Principal]
    groups: Mapping[str, Principal] = field(default_factory=dict)
    """By ARN; each holds the group's statements."""
    policies: Mapping[str, Principal] = field(default_factory=dict)
    """By ARN; each holds the statements of the version in force."""


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


def escalations(account: Account) -> dict[str, Methods]:
    """By ARN: the methods that each holder has; Unreadable where conditions or unread policies
    leave it open.

    Passing a role, or taking a user's credentials, leads somewhere only if what it reaches is
    worth it: an administrator, or one that can itself escalate. That is a fixed point, reached
    after at most as many rounds as there are holders.
    """
    search = _Search(account)
    found = search.round()
    for _ in account.holders:
        grown: dict[str, Truth] = {}
        for arn, truth in search.worth.items():
            grown[arn] = any_of([truth, _has_any(found[arn])])
        if grown == search.worth:
            break
        search.worth = grown
        found = search.round()
    return found


@dataclass(slots=True, init=False)
class _Search:
    """One round of the fixed point over an account."""

    account: Account
    worth: dict[str, Truth]
    """By ARN: whether reaching the principal gives more rights."""
    control: Control

    def __init__(self, account: Account) -> None:
        self.account = account
        self.control = Control(account.holders)
        self.worth = {holder.arn: administrator(holder, account.id) for holder in account.holders}

    def round(self) -> dict[str, Methods]:
        """The methods of each holder, by what is known of the others' worth."""
        found: dict[str, Methods] = {}
        for holder in self.account.holders:
            found[holder.arn] = _Ways(self, holder).methods()
        return found


class _Ways:
    """The ways of one holder; `nested`: only those that do not ask what more rights would do."""

    def __init__(self, search: _Search, holder: Principal, *, nested: bool = False) -> None:
        self.search = search
        self.holder = holder
        self.nested = nested
        self.permissions = search.control.permissions(holder)
        self.account = search.account
        self.reaches: dict[str, Callable[[Method], Truth]] = {
            "user": self._writes_user,
            "group": self._writes_group,
            "role": self._writes_role,
            "policy": self._writes_policy,
            "join": self._joins,
            "credential": self._takes_credentials,
            "trust": self._takes_role,
            "pass": self._passes_role,
            "boundary": self._lifts_boundary,
        }

    def methods(self) -> Methods:
        """The ids of the methods that the holder certainly has, or why that is open."""
        certain: list[str] = []
        doubts: list[Unreadable] = []
        if self.holder.unread:
            doubts.append(Unreadable(self.holder.unread))
        for method in methods():
            truth = self._has(method)
            if truth is True:
                certain.append(method.id)
            elif isinstance(truth, Unreadable):
                doubts.append(Unreadable(f"{method.id}: {truth.reason}"))
        # What is certain is a failure, whatever the open methods would turn out to be.
        if certain or not doubts:
            return certain
        return doubts[0]

    def _has(self, method: Method) -> Truth:
        if self.nested and method.reach in _NESTED:
            return False
        first, *others = method.actions
        if not self.permissions.relevant(first).allows:
            return False
        held = all_of(self.permissions.may(action) for action in others)
        if held is False:
            return False
        return all_of([held, self.reaches[method.reach](method)])

    # What rights are written to.

    def _writes_user(self, method: Method) -> Truth:
        action = method.actions[0]
        users = [holder for holder in self.account.holders if holder.is_user]
        # Who is a user knows itself; a role may come to act as a user that is made tomorrow.
        anywhere: Truth = False
        if not self.holder.is_user:
            anywhere = self._writes_any(action, "user/*")
        return any_of(chain([anywhere], (self._written(action, user) for user in users)))

    def _writes_role(self, method: Method) -> Truth:
        action = method.actions[0]
        roles = [holder for holder in self.account.holders if not holder.is_user]
        anywhere = self._writes_any(action, "role/*")
        return any_of(chain([anywhere], (self._written(action, role) for role in roles)))

    def _writes_group(self, method: Method) -> Truth:
        action = method.actions[0]
        known = {*self.account.groups, *self.holder.groups}
        anywhere = self._writes_any(action, "group/*")
        ways = (
            all_of([self._may_write(action, group), self._is_in(group)]) for group in sorted(known)
        )
        return any_of(chain([anywhere], ways))

    def _writes_policy(self, method: Method) -> Truth:
        action = method.actions[0]
        known = {*self.account.policies, *self.holder.policies, self.holder.boundary_arn}
        for other in self.account.holders:
            known.update(other.policies)
        anywhere = self._writes_any(action, "policy/*")
        ways = (
            all_of([self.permissions.may(action, policy), self._bears(policy)])
            for policy in sorted(known)
            # AWS's own policies are not written by customers.
            if policy and ":iam::aws:" not in policy
        )
        return any_of(chain([anywhere], ways))

    def _writes_any(self, action: str, name: str) -> Truth:
        """Whether rights can be written to everything of a type: then also to what is made
        tomorrow, of which nobody knows who will bear it.
        """
        return self._may_write(action, self._arn(name))

    def _written(self, action: str, target: Principal) -> Truth:
        """Whether rights can be written to a principal that is the holder's."""
        written = self._may_write(action, target.arn, bound=target.boundary_arn)
        if written is False:
            return False
        return all_of([written, self._is_mine(target)])

    def _may_write(self, action: str, target: str, bound: str = "") -> Truth:
        """Whether the holder may write rights that are worth it, of those that conditions leave."""
        if not self.permissions.relevant(action).allows:
            return False
        return any_of(
            all_of([worth, self._may_choosing(action, target, policy, bound)])
            for policy, worth in list(self._choices(action))
        )

    def _may_choosing(self, action: str, target: str, policy: str, bound: str) -> Truth:
        chosen = {"iam__policyarn": policy} if policy else {}
        return self.permissions.may(action, target, iam__permissionsboundary=bound, **chosen)

    def _choices(self, action: str) -> Iterator[tuple[str, Truth]]:
        """The policies that conditions on `iam:PolicyARN` may leave to attach, and whether each
        is worth it; one without a name where no condition is on it.
        """
        mentioned = list(self.permissions.mentions(action, _ATTACHED))
        if not mentioned:
            yield "", True
            return
        for name in _WIDE_POLICIES:
            yield self._aws_policy(name), True
        for policy in sorted({*self.account.policies, *mentioned}):
            if self.permissions.may(action, iam__policyarn=policy) is not False:
                yield policy, self._policy_gains(policy)

    def _policy_gains(self, policy: str) -> Truth:
        if self.nested:
            return False
        writable = any_of(
            self.permissions.may(action, policy)
            for action in ("iam:createpolicy", "iam:createpolicyversion")
            if ":iam::aws:" not in policy
        )
        if writable is True:
            return True
        document = self.account.policies.get(policy)
        if document is not None:
            return any_of([writable, self._gains(document)])
        if "*" in policy or "?" in policy:
            return writable
        return any_of([writable, Unreadable(f"policy {policy} was not read")])

    # What is the holder's, or can come to be.

    def _is_mine(self, target: Principal) -> Truth:
        return self.search.control.controls(self.holder, target)

    def _mine(self) -> Iterator[tuple[Principal, Truth]]:
        for other in self.account.holders:
            if other.arn != self.holder.arn:
                mine = self._is_mine(other)
                if mine is not False:
                    yield other, mine

    def _is_in(self, group: str) -> Truth:
        if group in self.holder.groups:
            return True
        joined = self.permissions.may("iam:addusertogroup", group)
        members = [mine for other, mine in self._mine() if group in other.groups]
        return any_of([joined, *members])

    def _bears(self, policy: str) -> Truth:
        if policy in self.holder.policies:
            return True
        ways: list[Truth] = [mine for other, mine in self._mine() if policy in other.policies]
        if policy == self.holder.boundary_arn:
            ways.append(self._unbounded_gains())
        return any_of(ways)

    # What the holder reaches.

    def _takes_credentials(self, method: Method) -> Truth:
        return any_of(
            all_of([worth, self.permissions.may(method.actions[0], other.arn)])
            for other, worth in self._worthy()
            if other.is_user
        )

    def _takes_role(self, method: Method) -> Truth:
        return any_of(
            all_of([worth, self.permissions.may(method.actions[0], other.arn)])
            for other, worth in self._worthy()
            if not other.is_user
        )

    def _passes_role(self, method: Method) -> Truth:
        control = self.search.control
        return any_of(
            all_of([worth, control.may_pass(self.holder, other, method)])
            for other, worth in self._worthy()
            if not other.is_user
        )

    def _worthy(self) -> Iterator[tuple[Principal, Truth]]:
        for other in self.account.holders:
            worth = self.search.worth[other.arn]
            if worth is not False and other.arn != self.holder.arn:
                yield other, worth

    def _joins(self, method: Method) -> Truth:
        action = method.actions[0]
        ways = [
            all_of([self.permissions.may(action, arn), self._gains(group)])
            for arn, group in sorted(self.account.groups.items())
            if self.permissions.may(action, arn) is not False
        ]
        return any_of([*ways, self.permissions.may(action, self._arn("group/*"))])

    def _lifts_boundary(self, method: Method) -> Truth:
        action = method.actions[0]
        is_for_users = "user" in action
        if self.holder.boundary is None or is_for_users != self.holder.is_user:
            return False
        widest = self._aws_policy(_WIDE_POLICIES[0])
        lifted = self.permissions.may(action, self.holder.arn, iam__permissionsboundary=widest)
        if lifted is False:
            return False
        return all_of([lifted, self._unbounded_gains()])

    def _unbounded_gains(self) -> Truth:
        if self.nested or self.holder.boundary is None:
            return False
        return self._more(replace(self.holder, boundary=None, boundary_arn=""))

    def _gains(self, extra: Principal) -> Truth:
        """Whether the holder could do more with these statements besides its own."""
        if self.nested:
            return False
        statements = (*self.holder.statements, *extra.statements)
        unread = self.holder.unread or extra.unread
        return self._more(replace(self.holder, statements=statements, unread=unread))

    def _more(self, grown: Principal) -> Truth:
        admin = administrator(grown, self.account.id)
        if admin is True:
            return True
        before = _Ways(self.search, self.holder, nested=True).methods()
        after = _Ways(self.search, grown, nested=True).methods()
        if isinstance(after, Unreadable):
            # What was as open before is reported for the holder itself.
            return admin if after == before else after
        if isinstance(before, Unreadable):
            before = []
        return any_of([bool(set(after) - set(before)), admin])

    def _arn(self, name: str) -> str:
        partition = self.holder.arn.split(":")[1]
        return f"arn:{partition}:iam::{self.account.id}:{name}"

    def _aws_policy(self, name: str) -> str:
        partition = self.holder.arn.split(":")[1]
        return f"arn:{partition}:iam::aws:policy/{name}"


def _has_any(found: Methods) -> Truth:
    if isinstance(found, Unreadable):
        return found
    return bool(found)
