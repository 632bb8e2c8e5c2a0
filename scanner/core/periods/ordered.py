"""Deviations in the order in which they began, each made when it is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import nsmallest
from itertools import chain
from operator import attrgetter
from typing import Any, Final, Protocol, TypeVar, overload

from scanner.model.period import Deviation

T = TypeVar("T")
Key = tuple[str, str, str, str, str]
"""When it began, target, check, region, resource."""
_FEW: Final = 8
"""So many times less than all of them are picked out quicker than all are put in order."""
_key: Final[Callable[[Deviation], Key]] = attrgetter(
    "opened_by", "target", "check", "region", "resource"
)


class Part(Protocol):
    """Deviations that are, or can be made."""

    def __len__(self) -> int: ...
    def began(self) -> Sequence[str]:
        """When each began: what they are put in order by at first."""
        ...

    def key(self, place: int) -> Key:
        """By what one of them is put in order."""
        ...

    def make(self, place: int) -> Deviation:
        """One of them."""
        ...


class Listed:
    """Deviations that are."""

    __slots__ = ("_found",)

    def __init__(self, found: Sequence[Deviation]) -> None:
        self._found = found

    def __len__(self) -> int:
        return len(self._found)

    def began(self) -> Sequence[str]:
        return [one.opened_by for one in self._found]

    def key(self, place: int) -> Key:
        return _key(self._found[place])

    def make(self, place: int) -> Deviation:
        return self._found[place]


class Ordered(Sequence[T]):
    """All of some parts as one sequence: a large year has hundreds of thousands, and people are shown a few of them."""

    __slots__ = ("_judge", "_parts")

    def __init__(self, parts: Iterable[Part], judge: Callable[[Deviation], T]) -> None:
        self._parts = tuple(parts)
        self._judge = judge

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        places = range(len(self))[index]
        if isinstance(places, int):
            return self._made(self._first(places + 1)[-1])
        entries = self._first(max(places, default=-1) + 1)
        return tuple(self._made(entries[place]) for place in places)

    def __iter__(self) -> Iterator[T]:
        return map(self._made, self._first(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __repr__(self) -> str:
        return repr(tuple(self))

    def _made(self, entry: tuple[Any, int, int]) -> T:
        _, part, place = entry
        return self._judge(self._parts[part].make(place))

    def _first(self, count: int) -> list[tuple[Key, int, int]]:
        """The first of them in order: the key, the part, and the place in it."""
        began = [part.began() for part in self._parts]
        few = 0 < count < len(self) / _FEW
        last = nsmallest(count, chain.from_iterable(began))[-1] if few else None
        entries = (
            (part.key(place), number, place)
            for number, part in enumerate(self._parts)
            for place, when in enumerate(began[number])
            if last is None or when <= last
        )
        return sorted(entries)[:count]
