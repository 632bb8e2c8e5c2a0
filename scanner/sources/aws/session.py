"""One AWS account, opened: the door through which every call goes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from scanner.core.steps import Steps, walk
from scanner.model.answers import Account, Answer, Call, Caller, State, Target
from scanner.sources import Rules
from scanner.sources.aws.answers import UnexpectedValueError, plain
from scanner.sources.aws.clients import Clients
from scanner.sources.aws.clock import Clock, Skew
from scanner.sources.aws.identity import Identity, expired
from scanner.sources.aws.operations import OPERATIONS
from scanner.sources.aws.outcomes import FAILURES, Failure, classify
from scanner.sources.aws.pace import Attempts, Limiter
from scanner.sources.aws.paging import MAX_PAGES, NotAListError, Pager, Pagers, join, list_at
from scanner.sources.aws.plans import Plan
from scanner.sources.redaction import Redactor


class OperationNotListedError(Exception):
    """An operation that is not on the reviewed list was asked for: an error in a kind, never a gap."""


@dataclass(slots=True)
class _Reading:
    """What was read so far for one call."""

    data: dict[str, Any] | None = None
    failure: Failure | None = None
    pages: int = 0
    request_ids: list[str] = field(default_factory=list)


class Tools:
    """What the doors of all accounts share: clients, rules, and the deadline."""

    def __init__(self, clients: Clients, rules: Rules, clock: Clock) -> None:
        self.clients = clients
        self.rules = rules
        self.clock = clock
        self.redactor = Redactor(rules)
        self.pagers = Pagers(clients.session.get_component("data_loader"))
        self.deadline = clock.monotonic() + rules.scan_deadline

    def until(self, more: float = 0.0) -> float:
        """By when a call that begins now must have ended."""
        return min(self.clock.monotonic() + self.rules.call_deadline + more, self.deadline)


class Door:
    """Makes declared calls in one account: paced, retried, paged, classified, redacted."""

    def __init__(self, tools: Tools, identity: Identity) -> None:
        self.tools = tools
        self.clock = tools.clock
        self.skew = Skew(tools.clock)
        self._identity = identity
        self._limiters: dict[tuple[str, str], Limiter] = {}
        self._lock = threading.Lock()

    def ask(self, call: Call) -> Answer:
        """The outcome of one call, waited for."""
        return walk(self.steps(call), self.clock.sleep)

    def steps(self, call: Call) -> Steps[Answer]:
        """The outcome of one call, yielding the seconds that it waits; OperationNotListedError for one that is not
        reviewed."""
        if call.operation not in OPERATIONS:
            raise OperationNotListedError(call.operation)
        service, _, operation = call.operation.partition(":")
        started = self.clock.stamp()
        attempts = Attempts(service, self._limiter(service, call.region), self.clock, self.tools.until(call.wait))
        reading = _Reading()
        if (yield from attempts.wait(call.wait)):
            yield from self._read(call, service, operation, attempts, reading)
        else:
            reading.failure = Failure(state=State.ERROR, code="Deadline", message="the scan's deadline has passed")
        return self._answer(call, reading, attempts, started)

    def _limiter(self, service: str, region: str) -> Limiter:
        with self._lock:
            return self._limiters.setdefault((service, region), Limiter(self.clock))

    def _read(self, call: Call, service: str, operation: str, attempts: Attempts, reading: _Reading) -> Steps[None]:
        """Read every page into `reading`, or until one fails."""
        try:
            plan = self.tools.clients.plan(service, call.region, operation)
        except FAILURES as error:
            reading.failure = classify(service, error)
            return
        pager = self.tools.pagers.of(service, plan.model)
        try:
            yield from self._pages(call, plan, pager, attempts, reading)
        except (NotAListError, UnexpectedValueError) as error:
            reading.failure = Failure(
                state=State.ERROR, code=type(error).__name__.removesuffix("Error"), message=str(error)
            )

    def _pages(self, call: Call, plan: Plan, pager: Pager, attempts: Attempts, reading: _Reading) -> Steps[None]:
        arguments: dict[str, Any] = dict(call.params)
        # The lists that the model pages are joined too: another kind may read one that this call does not name.
        paths = dict.fromkeys((*call.items, *pager.lists))
        seen: set[str] = set()
        while reading.failure is None:
            page = yield from attempts.ask(lambda: self._request(plan, arguments))
            if isinstance(page, Failure):
                reading.failure = page
                return
            following = pager.next(page)
            reading.request_ids.append(str(page.get("ResponseMetadata", {}).get("RequestId", "")))
            reading.pages += 1
            data = plain(call.operation, page)
            for name in pager.members:
                data.pop(name, None)
            if reading.data is None:
                reading.data = data
            else:
                join(reading.data, data, paths)
            if not following:
                return
            reading.failure = _cannot_follow(call, following, seen, reading.pages)
            arguments.update(following)

    def _request(self, plan: Plan, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """One request, signed for this account; once more where its credentials had just run out."""
        try:
            return self._once(plan, arguments)
        except ClientError as error:
            if not expired(error) or not self._identity.renew():
                raise
        return self._once(plan, arguments)

    def _once(self, plan: Plan, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return self.skew.of(lambda: plan.ask(arguments, self._identity.key(), self.clock.now()))

    def _answer(self, call: Call, reading: _Reading, attempts: Attempts, started: str) -> Answer:
        failure = reading.failure
        data, redacted = self.tools.redactor.clean(call.operation, reading.data)
        count, failure = _count(call, reading.data, failure)
        ids = [*reading.request_ids, *([failure.request_id] if failure and failure.request_id else [])]
        return Answer(
            call=call,
            state=_state(call, reading, failure, count),
            data=data,
            code=_written(failure.code) if failure else "",
            message=self.tools.redactor.text(_written(failure.message)) if failure else "",
            started=started,
            finished=self.clock.stamp(),
            request_ids=tuple(request for request in ids if request),
            pages=reading.pages,
            count=count,
            retries=attempts.retries,
            redacted=redacted,
        )


def _written(text: str) -> str:
    """A text that can be written as UTF-8."""
    return text.encode("utf-8", "replace").decode()


def _cannot_follow(call: Call, following: Mapping[str, Any], seen: set[str], pages: int) -> Failure | None:
    """Why the next page is not asked for, if it is not."""
    token = repr(sorted(following.items()))
    if token in seen:
        return Failure(state=State.PARTIAL, code="RepeatedPageToken", message="a page token came twice")
    seen.add(token)
    if not call.items:
        return Failure(state=State.PARTIAL, code="MorePages", message="more pages exist, but no items are declared")
    if pages >= MAX_PAGES:
        return Failure(state=State.PARTIAL, code="TooManyPages", message=f"more than {MAX_PAGES} pages")
    return None


def _count(call: Call, data: dict[str, Any] | None, failure: Failure | None) -> tuple[int, Failure | None]:
    """Items read, and the failure that a declared list of another type is."""
    if data is None or not call.items:
        return (0, failure) if data is None else (1, failure)
    try:
        return sum(len(list_at(data, path) or ()) for path in call.items), failure
    except NotAListError as error:
        return 0, Failure(state=State.ERROR, code="NotAList", message=str(error))


def _state(call: Call, reading: _Reading, failure: Failure | None, count: int) -> State:
    if failure is None:
        return State.EMPTY if call.items and count == 0 else State.OK
    if reading.data is not None and failure.state is not State.ERROR:
        return State.PARTIAL
    if reading.data is not None:
        return State.ERROR if failure.code in ("NotAList", "UnexpectedValue") else State.PARTIAL
    return State.ABSENT if failure.code in call.absent_on else failure.state


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsSession:
    """One AWS account and the regions in which it is read."""

    target: Target
    name: str
    partition: str
    callers: tuple[Caller, ...]
    answers: Mapping[str, Answer]
    regions: tuple[str, ...]
    regions_excluded: tuple[str, ...]
    regions_open: str
    door: Door
    accounts: tuple[Account, ...] = ()
    management_open: str = ""

    @property
    def clock_skew(self) -> float | None:
        """AWS's clock minus ours in seconds, where they differed most."""
        return self.door.skew.largest

    def steps(self, call: Call) -> Steps[Answer]:
        """The outcome of one call, made only if its operation is on the reviewed list."""
        return self.door.steps(call)

    def ask(self, call: Call) -> Answer:
        """The same, waited for."""
        return self.door.ask(call)
