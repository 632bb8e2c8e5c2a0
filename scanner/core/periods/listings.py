"""Listings that were not read whole, over the records of one target: what they may have hidden."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from scanner.core.periods.observations import Observations
from scanner.core.periods.timelines import GONE, Key, Move


class Listing:
    """The listings of one check, region by region."""

    def __init__(self) -> None:
        self._places: list[int] = []
        self._blind: list[frozenset[str]] = []

    def add(self, place: int, verdicts: Mapping[str, str]) -> None:
        """What one more record says of the listings that changed with it, by region."""
        blind = set(self._blind[-1]) if self._blind else set()
        for region, verdict in verdicts.items():
            if verdict == GONE:
                blind.discard(region)
            else:
                blind.add(region)
        self._places.append(place)
        self._blind.append(frozenset(blind))

    def covers(self, region: str, place: int) -> bool:
        """Whether after a record a listing that is not read whole could hold an item of a region."""
        before = bisect_right(self._places, place)
        return before > 0 and may_hide(self._blind[before - 1], region)

    def changed(self, after: int, before: int) -> Iterator[int]:
        """Records between two others with which it became known of a listing whether it was read whole."""
        return (place for place in self._places if after < place < before)


def may_hide(blind: Collection[str], region: str) -> bool:
    """Whether listings that were not read whole, by region, could hold an item; one without a region could hold any."""
    return bool(blind) and ("" in blind or region in blind or region == "")


def is_covered(blind: Mapping[tuple[str, str], str], key: Key) -> bool:
    """The same for one item, where listings that were not read whole are given by check and region."""
    check, region, _ = key
    if not blind:
        return False
    if (check, "") in blind or (check, region) in blind:
        return True
    return region == "" and any(name == check for name, _ in blind)


def read_listings(stories: Mapping[Key, Sequence[Move]], reads: Observations) -> dict[str, Listing]:
    """Every check's listings, where one was ever not read whole."""
    changes: dict[str, dict[int, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for (check, region, _), moves in stories.items():
        for seq, verdict, _, _ in moves:
            place = reads.places.get(seq, -1)
            if place >= 0:
                changes[check][place][region] = verdict
    found: dict[str, Listing] = {}
    for check, places in changes.items():
        found[check] = Listing()
        for place in sorted(places):
            found[check].add(place, places[place])
    return found
