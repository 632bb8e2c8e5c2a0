"""One AWS account, opened: the door through which every call goes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from scanner.client.clock import Clock
from scanner.client.failures import Failure, OperationNotListedError
from scanner.client.interfaces import Rules
from scanner.client.lists import NotAListError, join
from scanner.client.page_reader import PageReader, cannot_follow, finished
from scanner.client.redaction import Redactor
from scanner.client.retry import RateLimiter
from scanner.core.steps import Prompt, Steps, walk
from scanner.model.answers import Account, Answer, Call, Caller, State, Target
from scanner.providers.aws.clients import Clients
from scanner.providers.aws.clock import Skew
from scanner.providers.aws.credentials import Identity, expired
from scanner.providers.aws.errors import FAILURES, classify
from scanner.providers.aws.io_pool import IoPool
from scanner.providers.aws.json_values import UnexpectedValueError, plain
from scanner.providers.aws.operations import OPERATIONS
from scanner.providers.aws.paging import Pager, Pagers
from scanner.providers.aws.prepared_call import PreparedCall
from scanner.providers.aws.retry import AwsRetry


class Tools:
    """What the doors of all accounts share: clients, the way out, rules, and the deadline."""

    def __init__(self, clients: Clients, rules: Rules, clock: Clock) -> None:
        self.clients = clients
        self.exchanges = IoPool(rules.calls_at_once)
        self.rules = rules
        self.clock = clock
        self.redactor = Redactor(rules)
        self.pagers = Pagers(clients.session.get_component("data_loader"))
        self.deadline = clock.monotonic() + rules.scan_deadline

    def until(self, more: float = 0.0) -> float:
        """By when a call that begins now must have ended."""
        return min(self.clock.monotonic() + self.rules.call_deadline + more, self.deadline)


class AwsClient:
    """Makes declared calls in one account: paced, retried, paged, classified, redacted."""

    def __init__(self, tools: Tools, identity: Identity) -> None:
        self.tools = tools
        self.clock = tools.clock
        self.skew = Skew(tools.clock)
        self._identity = identity
        self._limiters: dict[tuple[str, str], RateLimiter] = {}
        self._lock = threading.Lock()

    def ask(self, call: Call) -> Answer:
        """The outcome of one call, waited for."""
        return walk(self.steps(call), self.clock.sleep)

    def steps(self, call: Call) -> Steps[Answer]:
        """The outcome of one call, yielding what it waits for; OperationNotListedError for one that is not
        reviewed."""
        return Prompt(self._steps(call))

    def _steps(self, call: Call) -> Steps[Answer]:
        if call.operation not in OPERATIONS:
            raise OperationNotListedError(call.operation)
        service, _, operation = call.operation.partition(":")
        started = self.clock.stamp()
        attempts = AwsRetry(
            service, self._limiter(service, call.region), self.clock, self.tools.until(call.wait)
        )
        reading = PageReader()
        if (yield from attempts.wait(call.wait)):
            yield from self._read(call, service, operation, attempts, reading)
        else:
            reading.failure = Failure(
                state=State.ERROR, code="Deadline", message="the scan's deadline has passed"
            )
        return finished(
            call,
            reading,
            self.tools.redactor,
            retries=attempts.retries,
            started=started,
            clock=self.clock,
        )

    def _limiter(self, service: str, region: str) -> RateLimiter:
        with self._lock:
            return self._limiters.setdefault((service, region), RateLimiter(self.clock))

    def _read(
        self, call: Call, service: str, operation: str, attempts: AwsRetry, reading: PageReader
    ) -> Steps[None]:
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
                state=State.ERROR,
                code=type(error).__name__.removesuffix("Error"),
                message=str(error),
            )

    def _pages(
        self, call: Call, plan: PreparedCall, pager: Pager, attempts: AwsRetry, reading: PageReader
    ) -> Steps[None]:
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
            reading.failure = cannot_follow(call, following, seen, reading.pages)
            arguments.update(following)

    def _request(self, plan: PreparedCall, arguments: Mapping[str, Any]) -> Steps[dict[str, Any]]:
        """One request, signed for this account; once more where its credentials had just run out."""
        try:
            return (yield from self._once(plan, arguments))
        except ClientError as error:
            if not expired(error) or not self._identity.renew():
                raise
        return (yield from self._once(plan, arguments))

    def _once(self, plan: PreparedCall, arguments: Mapping[str, Any]) -> Steps[dict[str, Any]]:
        if self._identity.stale:
            yield from self.tools.exchanges.run(self._identity.key)
        made = plan.request(arguments, self._identity.key(), self.clock.now())
        reply = yield from self.tools.exchanges.send(made.route, made.content)
        return self.skew.of(lambda: plan.read(reply, made))


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
    door: AwsClient
    accounts: tuple[Account, ...] = ()
    management_open: str = ""
    organization_only: bool = False

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
