"""The accounts of an organisation: listed by the one that leads it, each entered by a role."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from scanner.client.failures import Failure
from scanner.client.interfaces import Connected, Connector, Session, Unreachable
from scanner.client.retry import RateLimiter, Retry
from scanner.errors import TscanError
from scanner.model.answers import Account, AccountState, Answer, Call, Caller, State, Target
from scanner.model.config import Organization
from scanner.providers.aws.connect import (
    NOT_IN_USE,
    ORGANIZATION,
    Connection,
    assumed,
    connect_account,
)
from scanner.providers.aws.credentials import Identity
from scanner.providers.aws.errors import FAILURES, classify
from scanner.providers.aws.session import AwsSession

ACCOUNTS: Final = Call(operation="organizations:ListAccounts", region="", items=("Accounts",))
ASSUME: Final = "sts:AssumeRole"
NOWHERE: Final = Target("aws:organization")
"""What stands for the accounts that could not be listed."""
_ACTIVE: Final = "ACTIVE"


def entrances(front: Connection, organization: Organization) -> tuple[Connector, ...]:
    """The leading account, every other account in scope, and a place for those that could not be listed."""
    session = front.session
    own = session.target.account
    if session.answers[ORGANIZATION.key].code == NOT_IN_USE:
        raise TscanError(f"account {own} is in no organisation", "leave out the organisation")
    listed = session.request(ACCOUNTS)
    rows: list[Any] = (listed.data or {}).get("Accounts", [])
    accounts = tuple(
        sorted((_account(row, organization) for row in rows), key=lambda account: account.id)
    )
    if any(account.id == own and account.state is AccountState.EXCLUDED for account in accounts):
        raise TscanError(
            f"account {own} lists the organisation and cannot be excluded",
            "scan from a delegated administrator",
        )
    # Only the management account and delegated administrators are answered: whoever lists, reads the organisation.
    leads = "" if rows else session.management_open
    if not listed.state.whole:
        accounts += (
            Account(
                id=NOWHERE.account,
                name="accounts that were not listed",
                state=AccountState.IN_SCOPE,
            ),
        )
    leader = replace(
        session,
        accounts=accounts,
        answers={**session.answers, listed.call.key: listed},
        management_open=leads,
    )
    limiter = RateLimiter(front.access.context.clock)
    members = [
        Member(front=front, organization=organization, account=account, limiter=limiter)
        for account in accounts
        if account.state is AccountState.IN_SCOPE and account.id not in (own, NOWHERE.account)
    ]
    return (
        Connected(leader),
        *members,
        *(() if listed.state.whole else (Unlisted(listed, leader),)),
    )


def _account(row: Any, organization: Organization) -> Account:
    """An account with what becomes of it; one whose state is not known is in scope."""
    # A row without an id is an account that nobody can enter: it stays in the list, as a gap.
    identity, name = str(row.get("Id", "?")), row.get("Name", "")
    name = name if isinstance(name, str) else ""
    status = str(row.get("State") or row.get("Status") or _ACTIVE)
    excluded = next((one for one in organization.exclude if one.account == identity), None)
    if status != _ACTIVE:
        return Account(id=identity, name=name, state=AccountState.CLOSED, reason=status)
    if excluded is None:
        return Account(id=identity, name=name, state=AccountState.IN_SCOPE)
    return Account(
        id=identity,
        name=name,
        state=AccountState.EXCLUDED,
        reason=excluded.reason,
        approver=excluded.approver,
    )


@dataclass(frozen=True, slots=True)
class Unlisted:
    """The accounts that a listing which was refused or cut off does not name."""

    listed: Answer
    leader: AwsSession

    @property
    def target(self) -> Target:
        return NOWHERE

    def connect(self) -> Unreachable:
        """What is not known cannot be connected."""
        return Unreachable(
            target=NOWHERE,
            partition=self.leader.partition,
            callers=self.leader.callers,
            answers={self.listed.call.key: self.listed},
            why=f"{self.listed.reason}: accounts of the organisation are not known",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An account of the organisation, before its role is assumed."""

    front: Connection
    organization: Organization
    account: Account
    limiter: RateLimiter
    """Of the roles that are assumed: they are all asked for with the leading account's credentials."""

    @property
    def target(self) -> Target:
        return Target(f"aws:{self.account.id}")

    def connect(self) -> Session | Unreachable:
        """The account with its role assumed."""
        access, clock = self.front.access, self.front.access.context.clock
        role = f"arn:{self.front.session.partition}:iam::{self.account.id}:role/{self.organization.role}"
        identity = assumed(access, self.front.identity, role, self.organization.external_id)
        started = clock.stamp()
        refused = self._assume(identity)
        if refused is not None:
            call = Call(operation=ASSUME, region=access.home, params={"RoleArn": role})
            return self._unentered(
                _refusal(call, refused, started, clock.stamp()), self.front.session.callers
            )
        session = connect_account(access, access.client(identity), member=True)
        if isinstance(session, Answer):
            return self._unentered(session, ())
        if session.target != self.target:
            # Never to be seen; what was read under another account's name would be evidence of nothing.
            wrong = replace(
                session.answers[_caller_key(session)],
                state=State.ERROR,
                code="WrongAccount",
                data=None,
            )
            return self._unentered(wrong, session.callers)
        elsewhere = f"the organisation is read from account {self.front.session.target.account}"
        return replace(session, name=session.name or self.account.name, management_open=elsewhere)

    def _assume(self, identity: Identity) -> Failure | None:
        """Make the role's first credentials; why there are none."""
        context = self.front.access.context
        retry = Retry(self.limiter, context.clock, context.call_deadline())

        def assume() -> Failure | None:
            try:
                identity.key()
            except FAILURES as error:
                return classify("sts", error)
            return None

        return retry.run(assume)

    def _unentered(self, answer: Answer, callers: tuple[Caller, ...]) -> Unreachable:
        return Unreachable(
            target=self.target,
            name=self.account.name,
            partition=self.front.session.partition,
            callers=callers,
            answers={answer.call.key: answer},
            why=f"{answer.reason}: account {self.account.id} was not entered",
        )


def _caller_key(session: AwsSession) -> str:
    return next(
        key
        for key, answer in session.answers.items()
        if answer.call.operation == "sts:GetCallerIdentity"
    )


def _refusal(call: Call, failure: Failure, started: str, finished: str) -> Answer:
    """A refused role as evidence; a role that was given never becomes an answer, for it would hold credentials."""
    return Answer(
        call=call,
        state=failure.state,
        code=failure.code,
        message=failure.message,
        started=started,
        finished=finished,
        request_ids=(failure.request_id,) if failure.request_id else (),
        pages=0,
    )
