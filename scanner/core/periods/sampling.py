"""Draws samples that anyone can draw again.

A population is fixed before the seed is known, and ordered by digests.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Final

from scanner.core.periods.observations import Observations
from scanner.core.periods.timelines import LISTING, FindingKey
from scanner.model.decisions import WaivedSpan
from scanner.model.history import Transition
from scanner.model.period import Deviation, Draw, Item, PopulationFile

PER_EVENT: Final = "per event"
_WITHOUT_CALENDAR: Final = {
    "continuous": PER_EVENT,
    "on change": PER_EVENT,
    "on hire": PER_EVENT,
    "per run": PER_EVENT,
}
"""Frequencies of controls that are occurrences without a calendar."""


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
)
class Size:
    """How many items are usually tested of a control of one frequency."""

    frequency: str
    least: int
    most: int


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
)
class Drawn:
    """One item of a sample, its place from 1, and the digest by which it was drawn."""

    place: int
    digest: str
    item: Item


@cache
def sizes() -> dict[str, Size]:
    """The sizes in `sizes.tsv`, by frequency."""
    text = files(__package__).joinpath("sizes.tsv").read_text(encoding="utf-8")
    table: dict[str, Size] = {}
    for line in text.splitlines():
        if not line or line.startswith(("#", "frequency\t")):
            continue
        frequency, least, most = line.split("\t")
        table[frequency] = Size(
            frequency=frequency,
            least=int(least),
            most=int(most),
        )
    return table


def usual_size(frequency: str) -> Size:
    """The row of the table for the most frequent of a control's frequencies."""
    table = sizes()
    words = [word.strip() for word in frequency.split(",")]
    names = [_WITHOUT_CALENDAR.get(word, word) for word in words]
    known = [table[name] for name in names if name in table]
    # The most frequent one needs the largest sample. An unknown frequency is taken for that.
    return max(known, key=lambda size: size.most, default=table[PER_EVENT])


def items_read(
    checks: Collection[str],
    target: str,
    observations: Observations,
    transitions: Iterable[Transition],
) -> list[Item]:
    """Every resource that some checks read in the period, sorted, with those that did."""
    checks_by_resource: dict[tuple[str, str], set[str]] = defaultdict(set)
    for key, start, end in _presences(checks, observations, transitions):
        check, region, resource = key
        # An item that was there only between two scans was never read, and cannot be tested.
        if observations.of(check, region).days_between(start, end):
            checks_by_resource[region, resource].add(check)
    items: list[Item] = []
    for (region, resource), found in sorted(checks_by_resource.items()):
        items.append(
            Item(
                target=target,
                region=region,
                resource=resource,
                checks=tuple(sorted(found)),
            )
        )
    return items


def _presences(
    checks: Collection[str],
    observations: Observations,
    transitions: Iterable[Transition],
) -> Iterator[tuple[FindingKey, int, int]]:
    """From which record to before which one each item was there, by their positions."""
    present_since: dict[FindingKey, int] = {}
    for row in transitions:
        position = observations.positions.get(row.seq)
        if position is None or row.check not in checks or row.resource == LISTING:
            continue
        key = (row.check, row.region, row.resource)
        if row.verdict:
            present_since.setdefault(key, position)
        elif key in present_since:
            yield key, present_since.pop(key), position
    end = len(observations.records)
    for key, since in present_since.items():
        yield key, since, end


def population(
    control: str,
    items: Sequence[Item],
    *,
    source: str,
    query: str,
    taken: str,
    start: str,
    end: str,
) -> PopulationFile:
    """The population with its digest, which covers the query, the period and every item id.

    The digest leaves out when the population was taken: whoever takes it again must get the same
    one.
    """
    ordered = tuple(sorted(items, key=lambda item: item.id))
    head = {
        "control": control,
        "query": query,
        "start": start,
        "end": end,
        "count": len(ordered),
    }
    text = json.dumps(head, sort_keys=True, ensure_ascii=True)
    digest = hashlib.sha256(f"{text}\n".encode())
    for item in ordered:
        # Ids may hold what the provider's bytes decoded to, which need not be valid text.
        digest.update(item.id.encode("utf-8", "surrogatepass") + b"\n")
    return PopulationFile(
        control=control,
        source=source,
        query=query,
        taken=taken,
        start=start,
        end=end,
        items=ordered,
        sha256=digest.hexdigest(),
    )


def draw(
    items: Sequence[Item],
    seed: str,
    size: int,
) -> tuple[Drawn, ...]:
    """The first `size` items by the SHA-256 of `seed:item id`, in hexadecimal and ascending."""
    # Digests, and no random generator: a spreadsheet can repeat the draw in any year.
    by_digest: list[tuple[str, str, int]] = []
    for position, item in enumerate(items):
        by_digest.append((_drawing_digest(seed, item), item.id, position))
    by_digest.sort()
    drawn: list[Drawn] = []
    for place, (digest, _, position) in enumerate(by_digest[:size], 1):
        drawn.append(Drawn(place=place, digest=digest, item=items[position]))
    return tuple(drawn)


def _drawing_digest(seed: str, item: Item) -> str:
    return hashlib.sha256(f"{seed}:{item.id}".encode("utf-8", "surrogatepass")).hexdigest()


def seeds_before(draw: Draw, draws: Iterable[Draw]) -> tuple[str, ...]:
    """Other seeds with which a control and period had been drawn before a draw."""
    series = (draw.control, draw.start, draw.end)
    seeds: dict[str, None] = {}
    for one in draws:
        earlier = (one.control, one.start, one.end) == series and one.number < draw.number
        if earlier and one.seed != draw.seed:
            seeds[one.seed] = None
    return tuple(seeds)


def deviating(
    intervals: Iterable[Deviation | WaivedSpan],
    items: Iterable[Item],
) -> int:
    """How many resources of a population deviated; one that was waived did."""
    population = {(item.target, item.region, item.resource) for item in items}
    deviated = {(one.target, one.region, one.resource) for one in intervals}
    return len(deviated & population)


def chance_to_miss(
    count: int,
    failing: int,
    size: int,
) -> float:
    """The probability that a random sample of `size` out of `count` has none of `failing` items.

    The hypergeometric distribution at zero, computed exactly. It is symmetric in `size` and
    `failing`, so the product runs over the smaller of the two.
    """
    size, failing = min(size, count), min(failing, count)
    # More than the items that do not fail: the sample must have one that does.
    if size + failing > count:
        return 0.0
    fewer, more = sorted((size, failing))
    chance = Fraction(1)
    for step in range(fewer):
        chance *= Fraction(count - more - step, count - step)
    return float(chance)
