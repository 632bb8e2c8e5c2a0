"""Collection: asks targets for what the selected checks read, each distinct call of a target once."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from scanner.client.interfaces import Entrance, Inside, Opened, Session, Unreachable
from scanner.core.reading.answer_lookup import AnswerLookup
from scanner.core.reading.projection import Estate, principal
from scanner.core.steps import Steps
from scanner.executors import Executor
from scanner.model.answers import Answer, Call

AT_ONCE: Final = 8
"""Targets that are read at the same time: enough that none waits for one that is slow; more only takes memory."""
IN_FLIGHT: Final = 32
"""Calls of one target that are begun and not ended: enough that requests are at hand while answers gather. One target
that is throttled lets the rest of its calls wait outside their deadlines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the reading of a target has come."""

    target: str
    done: int
    known: int
    """Calls known so far to be needed; grows while listings come in."""
    operation: str
    ended: int = 0
    """Targets that are read to their end."""
    targets: int = 1


class Asks(Protocol):
    """What asks at a door: a kind in one place, or whatever else knows its calls."""

    def ask(self, door: AnswerLookup) -> None: ...


def estate(opened: Opened, params: Mapping[str, Any], started: str) -> Estate:
    """What lies in a target that is open: as `Estate.of` says it of its snapshot."""
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
    """The calls of all units, asked as soon as the answers before them are there."""

    def __init__(self, units: Iterable[Asks], known: Mapping[str, Answer]) -> None:
        self.answers: dict[str, Answer] = dict(known)
        self._waiting: dict[str, list[int]] = defaultdict(list)
        self._outstanding: dict[int, set[str]] = {}
        self._units = list(units)
        self._first = [call for number in range(len(self._units)) for call in self._advance(number)]

    @property
    def first(self) -> list[Call]:
        """Calls that need no answer before them."""
        return self._first

    @property
    def known(self) -> int:
        """Calls asked or waiting to be asked."""
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
        """Read a unit as far as the answers go; the calls that it lacks and that nobody has asked yet."""
        door = AnswerLookup(self.answers)
        self._units[number].ask(door)
        self._outstanding[number] = set(door.wanted)
        fresh = [call for key, call in door.wanted.items() if key not in self._waiting]
        for key in door.wanted:
            self._waiting[key].append(number)
        return fresh


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """A target with everything that was asked of it."""

    number: int
    """Its place among the entrances."""
    opened: Session | Unreachable
    answers: Mapping[str, Answer]
    started: str
    finished: str


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work: to enter a target, or to ask it something."""

    number: int
    call: Call | None = None


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
    """Targets that are read together, a few at a time; each is handed over as soon as nothing is left to ask of it."""

    def __init__(
        self, entrances: Sequence[Entrance], units: Callable[[int, Session, str], Iterable[Asks]]
    ) -> None:
        self._entrances = entrances
        self._units = units
        self._waiting = deque(range(len(entrances)))
        self._visits: dict[int, TargetRun] = {}
        self._ready: list[Collected] = []
        self._ended = 0

    def first(self) -> list[Job]:
        """The first targets, to be entered."""
        return [errand for _ in range(AT_ONCE) for errand in self._next()]

    def steps(self, errand: Job) -> Steps[Session | Unreachable | Answer]:
        """Enter, or ask."""
        if errand.call is None:
            return self._entrances[errand.number].enter()
        session = self._visits[errand.number].opened
        if session is None or isinstance(session, Unreachable):
            raise LookupError(f"nobody has entered {self._entrances[errand.number].target}")
        return session.steps(errand.call)

    def then(self, errand: Job, outcome: Session | Unreachable | Answer) -> list[Job]:
        """What follows from an outcome, in its target or, where that is read to its end, in the next."""
        visit = self._visits[errand.number]
        visit.in_flight -= 1
        if errand.call is not None and isinstance(outcome, Answer):
            visit.done += 1
            visit.backlog.extend(visit.collection.then(errand.call, outcome))
        elif not isinstance(outcome, Answer):
            visit.opened = outcome
            if not isinstance(outcome, Unreachable):
                visit.collection = Collection(
                    self._units(errand.number, outcome, visit.started), outcome.answers
                )
                visit.backlog.extend(visit.collection.first)
        following = []
        while visit.backlog and visit.in_flight < IN_FLIGHT:
            visit.in_flight += 1
            following.append(Job(errand.number, visit.backlog.popleft()))
        return following if visit.in_flight else self._end(errand.number)

    def taken(self) -> list[Collected]:
        """The targets that have been read since this was last asked."""
        ready, self._ready = self._ready, []
        return ready

    def progress(self, errand: Job) -> Progress:
        """How far it has come, seen from the target of an errand."""
        visit = self._visits.get(errand.number)
        return Progress(
            target=self._entrances[errand.number].target,
            done=visit.done if visit else 0,
            known=visit.collection.known if visit else 0,
            operation=errand.call.operation if errand.call else "entered",
            ended=self._ended,
            targets=len(self._entrances),
        )

    def _next(self) -> list[Job]:
        if not self._waiting:
            return []
        number = self._waiting.popleft()
        self._visits[number] = TargetRun(stamp())
        return [Job(number)]

    def _end(self, number: int) -> list[Job]:
        visit = self._visits.pop(number)
        self._ended += 1
        if visit.opened is not None:
            answers = (
                visit.opened.answers
                if isinstance(visit.opened, Unreachable)
                else visit.collection.answers
            )
            self._ready.append(
                Collected(
                    number=number,
                    opened=visit.opened,
                    answers=answers,
                    started=visit.started,
                    finished=stamp(),
                )
            )
        return self._next()


def collect_all(
    entrances: Sequence[Entrance],
    units: Callable[[int, Session, str], Iterable[Asks]],
    executor: Executor,
    progress: Callable[[Progress], None],
) -> Iterator[Collected]:
    """Every target with its answers, in the order in which they come to an end."""
    tour = Scheduler(entrances, units)
    for errand in executor.each(tour, tour.first(), tour.then):
        progress(tour.progress(errand))
        yield from tour.taken()


def collect(
    session: Session,
    units: Iterable[Asks],
    executor: Executor,
    progress: Callable[[Progress], None],
) -> Mapping[str, Answer]:
    """All answers that the units read in one target that is open, by key."""
    (collected,) = collect_all(
        [Inside(session)], lambda _number, _session, _started: units, executor, progress
    )
    return collected.answers


def stamp() -> str:
    """UTC now, ISO 8601 with milliseconds and `Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
