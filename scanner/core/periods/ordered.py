"""Sorts deviations by when they began, and makes each one only when it is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import nsmallest
from itertools import chain
from operator import attrgetter
from typing import Final, Protocol, TypeVar, overload

from scanner.model.period import Deviation

T = TypeVar("T")
SortKey = tuple[str, str, str, str, str]
"""When a deviation began, target, check, region, resource."""
_Entry = tuple[SortKey, int, int]
"""A sort key, the index of a source, and the index of the deviation in that source."""
_SELECT_BELOW: Final = 8
"""Picking out the first is quicker than sorting all of them, as long as all are this many times as
many.
"""
_sort_key: Final[Callable[[Deviation], SortKey]] = attrgetter(
    "opened_by", "target", "check", "region", "resource"
)


class DeviationSource(Protocol):
    """A collection of deviations that exist, or can be made one by one."""

    def __len__(self) -> int: ...
    def began(self) -> Sequence[str]:
        """When each began: the first member of its sort key."""
        ...

    def key(self, index: int) -> SortKey:
        """The sort key of one of them."""
        ...

    def make(self, index: int) -> Deviation:
        """One of them."""
        ...


class DeviationList:
    """A source of deviations that exist."""

    __slots__ = ("_deviations",)

    def __init__(self, deviations: Sequence[Deviation]) -> None:
        self._deviations = deviations

    def __len__(self) -> int:
        return len(self._deviations)

    def began(self) -> Sequence[str]:
        return [one.opened_by for one in self._deviations]

    def key(self, index: int) -> SortKey:
        return _sort_key(self._deviations[index])

    def make(self, index: int) -> Deviation:
        return self._deviations[index]


class SortedDeviations(Sequence[T]):
    """The deviations of several sources as one sorted sequence.

    Each is passed through `convert` when it is accessed.

    A large year has hundreds of thousands and a report for people shows a few of them, so only as
    many are sorted as are accessed.
    """

    __slots__ = ("_convert", "_sources")

    def __init__(
        self, sources: Iterable[DeviationSource], convert: Callable[[Deviation], T]
    ) -> None:
        self._sources = tuple(sources)
        self._convert = convert

    def __len__(self) -> int:
        return sum(map(len, self._sources))

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        indices = range(len(self))[index]
        if isinstance(indices, int):
            return self._make(self._first(indices + 1)[-1])
        entries = self._first(max(indices, default=-1) + 1)
        return tuple(self._make(entries[one]) for one in indices)

    def __iter__(self) -> Iterator[T]:
        return map(self._make, self._first(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __repr__(self) -> str:
        return repr(tuple(self))

    def _make(self, entry: _Entry) -> T:
        _, source, index = entry
        return self._convert(self._sources[source].make(index))

    def _first(self, count: int) -> list[_Entry]:
        """The first entries in order."""
        began = [source.began() for source in self._sources]
        latest: str | None = None
        if 0 < count < len(self) / _SELECT_BELOW:
            latest = nsmallest(count, chain.from_iterable(began))[-1]
        return sorted(self._entries(began, latest))[:count]

    def _entries(
        self,
        began: Sequence[Sequence[str]],
        latest: str | None,
    ) -> Iterator[_Entry]:
        """Entries that began at a time or before it; all of them where it is None."""
        for number, source in enumerate(self._sources):
            for index, when in enumerate(began[number]):
                # Ties of the last one stay in: among them the rest of the key decides.
                if latest is None or when <= latest:
                    yield source.key(index), number, index
