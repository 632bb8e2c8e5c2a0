"""Samples that anyone can draw again: a population fixed before the seed is known, and an order by digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Final

from scanner.core.periods.observations import Observations
from scanner.core.periods.timelines import ANY
from scanner.model.decisions import WaivedSpan
from scanner.model.history import Transition
from scanner.model.period import Deviation, Item, PopulationFile

MOST_OFTEN: Final = "per event"
_WORDS: Final = {
    "continuous": MOST_OFTEN,
    "on change": MOST_OFTEN,
    "on hire": MOST_OFTEN,
    "per run": MOST_OFTEN,
}
"""Frequencies of controls that are occurrences without a calendar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many items are usually tested of a control that operates so often."""

    frequency: str
    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One item of a sample with the digest that put it there."""

    place: int
    digest: str
    item: Item


@cache
def sizes() -> dict[str, Size]:
    """The table of sizes, from `sizes.tsv`."""
    text = files(__package__).joinpath("sizes.tsv").read_text(encoding="utf-8")
    rows = [
        line.split("\t")
        for line in text.splitlines()
        if line and not line.startswith(("#", "frequency\t"))
    ]
    return {row[0]: Size(frequency=row[0], least=int(row[1]), most=int(row[2])) for row in rows}


def usual_size(frequency: str) -> Size:
    """The row of the table for the most frequent of a control's frequencies."""
    table = sizes()
    names = [_WORDS.get(word.strip(), word.strip()) for word in frequency.split(",")]
    known = [table[name] for name in names if name in table]
    return max(known, key=lambda size: size.most, default=table[MOST_OFTEN])


def members(
    checks: Collection[str], target: str, reads: Observations, transitions: Iterable[Transition]
) -> list[Item]:
    """Every item of some checks that was read in the period, sorted."""
    open_since: dict[tuple[str, str, str], int] = {}
    found: set[tuple[str, str, str]] = set()
    for row in transitions:
        place = reads.places.get(row.seq, -1)
        if place < 0 or row.check not in checks or row.resource == ANY:
            continue
        key = (row.check, row.region, row.resource)
        if row.verdict:
            open_since.setdefault(key, place)
        elif key in open_since and reads.of(row.check, row.region).weight(
            open_since.pop(key), place
        ):
            found.add(key)
    for key, place in open_since.items():
        if reads.of(key[0], key[1]).weight(place, len(reads.records)):
            found.add(key)
    return [
        Item(target=target, check=key[0], region=key[1], resource=key[2]) for key in sorted(found)
    ]


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
    """The population with its digest: over what it is of and every item id, not over when it was taken."""
    ordered = tuple(sorted(items, key=lambda item: item.id))
    head = {"control": control, "end": end, "query": query, "start": start, "count": len(ordered)}
    digest = hashlib.sha256(json.dumps(head, sort_keys=True, ensure_ascii=True).encode() + b"\n")
    for item in ordered:
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


def draw(items: Sequence[Item], seed: str, size: int) -> tuple[Drawn, ...]:
    """The first `size` items by the SHA-256 of `seed:item id`, in hexadecimal and ascending."""
    hashed = sorted(
        (hashlib.sha256(f"{seed}:{item.id}".encode("utf-8", "surrogatepass")).hexdigest(), item.id, item)
        for item in items
    )  # fmt: skip
    return tuple(
        Drawn(place=place, digest=digest, item=item) for place, (digest, _, item) in enumerate(hashed[:size], 1)
    )  # fmt: skip


def deviating(spans: Iterable[Deviation | WaivedSpan], items: Iterable[Item]) -> int:
    """Items of a population that deviated; one that was waived did."""
    known = {(item.target, item.check, item.region, item.resource) for item in items}
    return len({(one.target, one.check, one.region, one.resource) for one in spans} & known)


def chance_to_miss(count: int, failing: int, size: int) -> float:
    """The chance that a random sample of `size` out of `count` holds none of `failing` items: hypergeometric, exact."""
    size, failing = min(size, count), min(failing, count)
    if size + failing > count:
        return 0.0
    chance = Fraction(1)
    few, many = sorted((size, failing))
    for step in range(few):
        chance *= Fraction(count - many - step, count - step)
    return float(chance)
