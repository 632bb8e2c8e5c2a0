"""Collects the answers that the selected checks read; each call of a target is made once."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from scanner.client.boundary import guarded
from scanner.client.failures import Failure
from scanner.client.interfaces import Connected, Connector, Session, TargetFacts, Unreachable
from scanner.core.reading.answer_lookup import AnswerLookup
from scanner.core.reading.projection import Estate, principal
from scanner.executors import Executor
from scanner.model.answers import Answer, Call

AT_ONCE: Final = 8
"""Targets that are read at the same time: enough that none waits for a slow one; more would only
take memory.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the reading of a target has come."""

    target: str
    done: int
    known: int
    """Calls known so far to be needed; grows while listings come in."""
    operation: str
    ended: int = 0
    """Targets that are completely read."""
    targets: int = 1


class Asks(Protocol):
    """A reader that requests answers: a kind in one region, or whatever else knows its calls."""

    def ask(self, lookup: AnswerLookup, /) -> None: ...


def estate(
    opened: TargetFacts,
    params: Mapping[str, Any],
    started: str,
) -> Estate:
    """The facts of a connected target that reading depends on; `Estate.of` takes the same from its
    snapshot.
    """
    return Estate(
        target=opened.target,
        account=opened.target.account,
        partition=opened.partition,
        regions=opened.regions,
        regions_open=opened.regions_open,
        params=params,
        started=started,
        management_open=opened.management_open,
        organization_only=opened.organization_only,
        principal=principal(opened.callers),
    )


class Collection:
    """The calls of all readers of one target, each known as soon as the answers before it are
    there.
    """

    def __init__(self, readers: Iterable[Asks], known: Mapping[str, Answer]) -> None:
        self.answers: dict[str, Answer] = dict(known)
        self._waiting: dict[str, list[int]] = defaultdict(list)
        """By key of a call: the readers that need its answer."""
        self._outstanding: dict[int, set[str]] = {}
        """By reader: the calls whose answers it still lacks."""
        self._readers = list(readers)
        self._first: list[Call] = []
        for number in range(len(self._readers)):
            self._first.extend(self._advance(number))

    @property
    def first(self) -> list[Call]:
        """Calls that need no answer before them."""
        return self._first

    @property
    def known(self) -> int:
        """Calls made or known to be needed."""
        return len(self._waiting)

    def then(self, call: Call, answer: Answer) -> list[Call]:
        """Keep an answer; the further calls that are now known to be needed."""
        key = call.key
        self.answers[key] = answer
        following: list[Call] = []
        for number in self._waiting[key]:
            self._outstanding[number].discard(key)
            if not self._outstanding[number]:
                following.extend(self._advance(number))
        return following

    def _advance(self, number: int) -> list[Call]:
        """Run a reader as far as the answers go; the calls that it lacks and that no reader
        requested before.
        """
        # From its beginning each time: a reader is pure, so that it comes to the same place again.
        lookup = AnswerLookup(self.answers)
        self._readers[number].ask(lookup)
        self._outstanding[number] = set(lookup.missing_calls)
        fresh = [call for key, call in lookup.missing_calls.items() if key not in self._waiting]
        for key in lookup.missing_calls:
            self._waiting[key].append(number)
        return fresh


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """A target with all its answers."""

    number: int
    """Its place among the connectors."""
    opened: Session | Unreachable
    answers: Mapping[str, Answer]
    started: str
    finished: str


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work: to connect to a target, or to make a call there."""

    number: int
    """The target's place among the connectors."""
    call: Call | None = None
    """None: connect."""


@dataclass(slots=True)
class TargetRun:
    """One target while it is read."""

    started: str
    opened: Session | Unreachable | None = None
    collection: Collection = field(default_factory=lambda: Collection((), {}))
    backlog: deque[Call] = field(default_factory=deque)
    in_flight: int = 1
    done: int = 0


class Scheduler:
    """Reads several targets at a time; each is handed over as soon as its last answer is there.

    Every target has a share of the workers, because a call that is throttled sleeps in its worker:
    without a bound, one throttled account would hold all of them.
    """

    def __init__(
        self,
        connectors: Sequence[Connector],
        readers: Callable[[int, Session, str], Iterable[Asks]],
        workers: int,
    ) -> None:
        self._connectors = connectors
        self._readers = readers
        self._workers = workers
        self._waiting = deque(range(len(connectors)))
        self._running: dict[int, TargetRun] = {}
        self._ready: list[Collected] = []
        self._ended = 0

    def first(self) -> list[Job]:
        """The jobs that connect to the first targets."""
        jobs: list[Job] = []
        for _ in range(AT_ONCE):
            jobs.extend(self._next_target())
        return jobs

    def work(self, job: Job) -> Session | Unreachable | Answer:
        """Connect, or make the call; runs in a worker."""
        if job.call is None:
            return self._connect(self._connectors[job.number])
        session = self._running[job.number].opened
        if session is None or isinstance(session, Unreachable):
            raise LookupError(f"{self._connectors[job.number].target} is not connected")
        return session.request(job.call)

    def _connect(self, connector: Connector) -> Session | Unreachable:
        outcome = guarded(f"connect {connector.target}", connector.connect)
        if isinstance(outcome, Failure):
            why = f"not connected: {outcome.code} ({outcome.message})"
            return Unreachable(target=connector.target, why=why)
        return outcome

    def then(self, job: Job, outcome: Session | Unreachable | Answer) -> list[Job]:
        """The jobs that follow from an outcome, in its target or, where that is completely read, in
        the next.
        """
        run = self._running[job.number]
        run.in_flight -= 1
        if isinstance(outcome, Answer):
            if job.call is not None:
                run.done += 1
                run.backlog.extend(run.collection.then(job.call, outcome))
        else:
            self._connected(job.number, run, outcome)
        following: list[Job] = []
        share = self._share()
        while run.backlog and run.in_flight < share:
            run.in_flight += 1
            following.append(Job(job.number, run.backlog.popleft()))
        return following if run.in_flight else self._end(job.number)

    def taken(self) -> list[Collected]:
        """The targets that were completed since the last call of this."""
        ready, self._ready = self._ready, []
        return ready

    def progress(self, job: Job) -> Progress:
        """How far the scan has come, seen from the target of a job."""
        run = self._running.get(job.number)
        done = known = 0
        if run is not None:
            done, known = run.done, run.collection.known
        return Progress(
            target=self._connectors[job.number].target,
            done=done,
            known=known,
            operation=job.call.operation if job.call else "entered",
            ended=self._ended,
            targets=len(self._connectors),
        )

    def _connected(
        self,
        number: int,
        run: TargetRun,
        outcome: Session | Unreachable,
    ) -> None:
        run.opened = outcome
        if isinstance(outcome, Unreachable):
            # It ends as a target of its own, with the refusal as its evidence: a gap in every
            # check.
            return
        readers = self._readers(number, outcome, run.started)
        run.collection = Collection(readers, outcome.answers)
        run.backlog.extend(run.collection.first)

    def _share(self) -> int:
        """How many calls of one target may be begun and not ended."""
        targets = len(self._running)
        if targets == 1:
            # Nobody to be fair to: a second call lies ready for each worker, so that none waits for
            # this thread.
            return 2 * self._workers
        # A quarter, where an equal share would be less: targets that only list leave most of theirs
        # unused.
        return max(self._workers // targets, self._workers // 4, 1)

    def _next_target(self) -> list[Job]:
        if not self._waiting:
            return []
        number = self._waiting.popleft()
        self._running[number] = TargetRun(stamp())
        return [Job(number)]

    def _end(self, number: int) -> list[Job]:
        # Let go of before the next target is begun: the answers of all accounts would fill memory.
        run = self._running.pop(number)
        self._ended += 1
        if run.opened is not None:
            answers: Mapping[str, Answer] = run.collection.answers
            if isinstance(run.opened, Unreachable):
                answers = run.opened.answers
            self._ready.append(
                Collected(
                    number=number,
                    opened=run.opened,
                    answers=answers,
                    started=run.started,
                    finished=stamp(),
                )
            )
        return self._next_target()


def collect_all(
    connectors: Sequence[Connector],
    readers: Callable[[int, Session, str], Iterable[Asks]],
    executor: Executor,
    progress: Callable[[Progress], None],
) -> Iterator[Collected]:
    """Every target with its answers, in the order in which they are completed."""
    scheduler = Scheduler(connectors, readers, executor.workers)
    for job in executor.each(scheduler.work, scheduler.first(), scheduler.then):
        progress(scheduler.progress(job))
        yield from scheduler.taken()


def collect(
    session: Session,
    readers: Iterable[Asks],
    executor: Executor,
    progress: Callable[[Progress], None],
) -> Mapping[str, Answer]:
    """All answers that the readers need from one connected target, by key."""
    (collected,) = collect_all(
        [Connected(session)], lambda _number, _session, _started: readers, executor, progress
    )
    return collected.answers


def stamp() -> str:
    """UTC now, ISO 8601 with milliseconds and `Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
