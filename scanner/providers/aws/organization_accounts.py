"""Lists the accounts of an organization, and connects to each by a role."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from scanner.client.failures import Failure
from scanner.client.interfaces import Connected, Connector, Session, Unreachable
from scanner.client.redaction import text_redactor
from scanner.client.retry import RateLimiter, Retry
from scanner.errors import NotConnectedError
from scanner.model.answers import Account, AccountState, Answer, Call, Caller, State, Target
from scanner.model.config import Organization
from scanner.providers.aws.connect import (
    CALLER,
    NOT_IN_USE,
    ORGANIZATION,
    Connection,
    connect_account,
    role_identity,
)
from scanner.providers.aws.credentials import Identity
from scanner.providers.aws.errors import FAILURES, classify
from scanner.providers.aws.session import AwsSession

ACCOUNTS: Final = Call(operation="organizations:ListAccounts", region="", items=("Accounts",))
ASSUME: Final = "sts:AssumeRole"
NOWHERE: Final = Target("aws:organization")
"""Stands for the accounts that could not be listed."""
_ACTIVE: Final = "ACTIVE"


def account_connectors(front: Connection, organization: Organization) -> tuple[Connector, ...]:
    """The leading account, every other account in scope, and a place for those that could not be
    listed.
    """
    session = front.session
    own = session.target.account
    if session.answers[ORGANIZATION.key].code == NOT_IN_USE:
        raise NotConnectedError(f"account {own} is not in an organization", "remove --organization")
    listed = session.request(ACCOUNTS)
    rows: list[Any] = (listed.data or {}).get("Accounts", [])
    found = (_account(row, organization) for row in rows)
    accounts = tuple(sorted(found, key=lambda account: account.id))
    for account in accounts:
        if account.id == own and account.state is AccountState.EXCLUDED:
            raise NotConnectedError(
                f"account {own} lists the organization, so it cannot be excluded",
                "scan from a delegated administrator",
            )
    return _connectors(front, organization, accounts, listed)


def _connectors(
    front: Connection,
    organization: Organization,
    accounts: tuple[Account, ...],
    listed: Answer,
) -> tuple[Connector, ...]:
    session = front.session
    if not listed.state.whole:
        # Accounts that a cut-off listing does not name are in scope all the same: they stay a gap.
        unlisted = Account(
            id=NOWHERE.account, name="accounts that were not listed", state=AccountState.IN_SCOPE
        )
        accounts += (unlisted,)
    # AWS lists accounts for the management account and delegated administrators alone: whoever can
    # list, can read the organization.
    management_open = session.management_open
    if (listed.data or {}).get("Accounts"):
        management_open = ""
    leader = replace(
        session,
        accounts=accounts,
        answers={**session.answers, listed.call.key: listed},
        management_open=management_open,
    )
    connectors: list[Connector] = [Connected(leader)]
    limiter = RateLimiter(front.access.context.clock)
    elsewhere = (session.target.account, NOWHERE.account)
    for account in accounts:
        if account.state is AccountState.IN_SCOPE and account.id not in elsewhere:
            connectors.append(
                Member(front=front, organization=organization, account=account, limiter=limiter)
            )
    if not listed.state.whole:
        connectors.append(Unlisted(listed, leader))
    return tuple(connectors)


def _account(row: Any, organization: Organization) -> Account:
    """A listed account and whether it is in scope; one whose state is not known is."""
    # A row without an id is an account that cannot be connected: it stays in the list, as a gap.
    identity = str(row.get("Id", "?"))
    name = row.get("Name", "")
    if not isinstance(name, str):
        name = ""
    # AWS replaces `Status` by `State`; an account without either is taken for active.
    status = str(row.get("State") or row.get("Status") or _ACTIVE)
    if status != _ACTIVE:
        return Account(id=identity, name=name, state=AccountState.CLOSED, reason=status)
    for exclusion in organization.exclude:
        if exclusion.account == identity:
            return Account(
                id=identity,
                name=name,
                state=AccountState.EXCLUDED,
                reason=exclusion.reason,
                approver=exclusion.approver,
            )
    return Account(id=identity, name=name, state=AccountState.IN_SCOPE)


@dataclass(frozen=True, slots=True)
class Unlisted:
    """The accounts that a refused or cut-off listing does not name."""

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
            why=f"{self.listed.reason}: the list of accounts is incomplete",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An account of the organization, before its role is assumed."""

    front: Connection
    organization: Organization
    account: Account
    limiter: RateLimiter
    """Of AssumeRole: all members request it with the leading account's credentials."""

    @property
    def target(self) -> Target:
        return Target(f"aws:{self.account.id}")

    def connect(self) -> Session | Unreachable:
        """The account, by its role."""
        access, front = self.front.access, self.front.session
        clock = access.context.clock
        role = f"arn:{front.partition}:iam::{self.account.id}:role/{self.organization.role}"
        identity = role_identity(access, self.front.identity, role, self.organization.external_id)
        started = clock.stamp()
        # Now, and not at the first call: a refusal is then one gap with one reason.
        refused = self._assume(identity)
        if refused is not None:
            call = Call(operation=ASSUME, region=access.home, params={"RoleArn": role})
            answer = _refusal(call, refused, started, clock.stamp())
            return self._unreachable(answer, front.callers)
        session = connect_account(access, access.client(identity), member=True)
        if isinstance(session, Answer):
            return self._unreachable(session, ())
        if session.target != self.target:
            return self._wrong_account(session)
        return replace(
            session,
            name=session.name or self.account.name,
            management_open=f"the organization is read from account {front.target.account}",
        )

    def _assume(self, identity: Identity) -> Failure | None:
        """Request the role's first credentials; why there are none."""
        context = self.front.access.context
        retry = Retry(self.limiter, context.clock, context.call_deadline())

        def assume() -> Failure | None:
            try:
                identity.key()
            except FAILURES as error:
                return classify("sts", error)
            return None

        return retry.run(assume)

    def _wrong_account(self, session: AwsSession) -> Unreachable:
        # The confused deputy: what is read under another account's name would be evidence of
        # nothing.
        callers = (answer for answer in session.answers.values() if answer.call.operation == CALLER)
        wrong = replace(next(callers), state=State.ERROR, code="WrongAccount", data=None)
        return self._unreachable(wrong, session.callers)

    def _unreachable(self, answer: Answer, callers: tuple[Caller, ...]) -> Unreachable:
        return Unreachable(
            target=self.target,
            name=self.account.name,
            partition=self.front.session.partition,
            callers=callers,
            answers={answer.call.key: answer},
            why=f"{answer.reason}: tscan could not connect to account {self.account.id}",
        )


def _refusal(
    call: Call,
    failure: Failure,
    started: str,
    finished: str,
) -> Answer:
    """A refused role as evidence. A role that was given never becomes an answer: it would hold
    credentials.
    """
    redactor = text_redactor()
    request_ids: tuple[str, ...] = ()
    if failure.request_id:
        request_ids = (redactor.code(failure.request_id),)
    return Answer(
        call=call,
        state=failure.state,
        code=redactor.code(failure.code),
        message=redactor.text(failure.message),
        started=started,
        finished=finished,
        request_ids=request_ids,
        pages=0,
    )
