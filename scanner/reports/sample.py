"""A population or a sample: for people, as JSON, and as CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from scanner.core.periods.sampling import Drawn
from scanner.rendering.dataclass_json import dumps
from scanner.rendering.sanitize import sanitized

SCHEMA: Final = "tscan.sample/1"
_LEAST: Final = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A fixed population, and what a seed drew from it."""

    control: str
    source: str
    query: str
    fixed: str
    """When the population was fixed."""
    start: str
    end: str
    count: int
    sha256: str
    frequency: str
    usual: tuple[int, int]
    """Sizes that are usual in practice for this frequency."""
    seed: str
    size: int
    deviating: int
    """Items of the population that have a deviation in the period, or were waived in it."""
    misses_one: float
    """Chance that a random sample of this size misses one given item."""
    misses_all: float
    """Chance that it holds no deviating item; 0 where there is none."""
    items: tuple[str, ...]
    """The population, as long as no seed is given."""
    drawn: tuple[Drawn, ...]


def as_json(sample: Sample) -> str:
    """All of it."""
    return dumps(SCHEMA, sample)


def as_text(sample: Sample) -> str:
    """For people."""
    return "\n".join(sanitized(line) for line in _lines(sample)) + "\n"


def as_csv(sample: Sample) -> str:
    """Rows for a spreadsheet; an item id begins with the name of a cloud, so no cell is a formula."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    if sample.seed:
        rows.writerow(("place", "sha256", "item"))
        rows.writerows((one.place, one.digest, sanitized(one.item.id)) for one in sample.drawn)
    else:
        rows.writerow(("item",))
        rows.writerows((sanitized(item),) for item in sample.items)
    return out.getvalue()


def _lines(sample: Sample) -> Iterator[str]:
    least, most = sample.usual
    yield f"Population of {sample.control}: {sample.count} items"
    yield f"  source     {sample.source}"
    yield f"  query      {sample.query}"
    yield f"  cut-offs   {sample.start} to {sample.end}"
    yield f"  fixed      {sample.fixed}"
    yield f"  sha256     {sample.sha256}"
    yield f"  usual size {least} to {most} for '{sample.frequency}' (practice of firms; no standard fixes it)"
    yield f"  size       {sample.size}"
    yield f"  deviating  {sample.deviating} items, all listed by 'tscan period'"
    yield f"  a random sample of {sample.size} misses one given item with a chance {_chance(sample.misses_one)}"
    if sample.deviating:
        yield f"  and all {sample.deviating} deviating items with a chance {_chance(sample.misses_all)}"
    if not sample.seed:
        yield "The population is fixed. Let the auditor choose a seed, then run this again with --seed."
        return
    yield f"Sample by seed {sample.seed}: the {sample.size} lowest SHA-256 of 'seed:item'"
    for one in sample.drawn:
        yield f"  {one.place:4}  {one.digest[:16]}  {one.item.id}"


def _chance(value: float) -> str:
    """A chance that rounds to none or to certainty, and is neither, says so."""
    if 0 < value < _LEAST:
        return f"below {_LEAST:.1%}"
    return f"above {1 - _LEAST:.1%}" if 1 - _LEAST < value < 1 else f"of {value:.1%}"


FORMS: Final[Mapping[str, Callable[[Sample], str]]] = {
    "terminal": as_text,
    "json": as_json,
    "csv": as_csv,
}
