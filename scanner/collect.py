"""Collection: asks a target for what the selected checks read, each distinct call once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from scanner.core.door import Door
from scanner.core.units import Unit
from scanner.executors import Executor
from scanner.model.answers import Answer, Call
from scanner.sources import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the reading of a target has come."""

    target: str
    done: int
    known: int
    """Calls known so far to be needed; grows while listings come in."""
    operation: str


class Collection:
    """The calls of all units, asked as soon as the answers before them are there."""

    def __init__(self, units: Iterable[Unit], known: Mapping[str, Answer]) -> None:
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
        door = Door(self.answers)
        self._units[number].read(door)
        self._outstanding[number] = set(door.wanted)
        fresh = [call for key, call in door.wanted.items() if key not in self._waiting]
        for key in door.wanted:
            self._waiting[key].append(number)
        return fresh


def collect(
    session: Session,
    units: Iterable[Unit],
    executor: Executor,
    progress: Callable[[Progress], None],
) -> dict[str, Answer]:
    """All answers that the units read, by key."""
    collection = Collection(units, session.answers)
    done = 0

    def then(call: Call, answer: Answer) -> list[Call]:
        nonlocal done
        done += 1
        following = collection.then(call, answer)
        progress(Progress(target=session.target, done=done, known=collection.known, operation=call.operation))
        return following

    executor.run(session, collection.first, then)
    return collection.answers
