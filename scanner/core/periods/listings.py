"""Tracks incomplete listings over the records of a target, and which items they may hide."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from scanner.core.periods.observations import Observations
from scanner.core.periods.timelines import GONE, FindingKey, StatusChange


class Listing:
    """The listings of one check, by region."""

    def __init__(self) -> None:
        self._positions: list[int] = []
        self._incomplete: list[frozenset[str]] = []

    def add(
        self,
        position: int,
        verdicts: Mapping[str, str],
    ) -> None:
        """Add the next record in which a listing became incomplete, or complete again.

        `verdicts` are those of the listings that changed, by region.
        """
        incomplete: set[str] = set()
        if self._incomplete:
            incomplete.update(self._incomplete[-1])
        for region, verdict in verdicts.items():
            if verdict == GONE:
                incomplete.discard(region)
            else:
                incomplete.add(region)
        self._positions.append(position)
        self._incomplete.append(frozenset(incomplete))

    def may_hide_items(self, region: str, position: int) -> bool:
        """Whether an incomplete listing could hide an item of a region, after a record."""
        changes = bisect_right(self._positions, position)
        if changes == 0:
            return False
        return may_hide(self._incomplete[changes - 1], region)

    def changed(self, after: int, before: int) -> Iterator[int]:
        """Positions, between two others, of records in which a listing changed."""
        return (position for position in self._positions if after < position < before)


def may_hide(incomplete: Collection[str], region: str) -> bool:
    """Whether incomplete listings, by region, could hide an item of a region."""
    # A listing without a region could hold any item, and an item without a region could be in any
    # listing.
    return bool(incomplete) and ("" in incomplete or region in incomplete or region == "")


def is_covered(
    incomplete: Collection[tuple[str, str]],
    key: FindingKey,
) -> bool:
    """The same for one item, where incomplete listings are given by check and region."""
    check, region, _ = key
    if not incomplete:
        return False
    if (check, "") in incomplete or (check, region) in incomplete:
        return True
    return region == "" and any(name == check for name, _ in incomplete)


def read_listings(
    timelines: Mapping[FindingKey, Sequence[StatusChange]], observations: Observations
) -> dict[str, Listing]:
    """The listings of every check that ever had an incomplete one."""
    changes_by_check: dict[str, dict[int, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for (check, region, _), changes in timelines.items():
        for seq, verdict, _, _ in changes:
            position = observations.positions.get(seq, -1)
            if position >= 0:
                changes_by_check[check][position][region] = verdict
    listings: dict[str, Listing] = {}
    for check, by_position in changes_by_check.items():
        listings[check] = Listing()
        for position in sorted(by_position):
            listings[check].add(position, by_position[position])
    return listings
