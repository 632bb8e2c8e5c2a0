"""Renders a population or a sample: for people, as JSON, and as CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from scanner.core.periods.sampling import Drawn, seeds_before
from scanner.model.period import Draw, Item
from scanner.rendering.dataclass_json import dumps
from scanner.rendering.sanitize import sanitized
from scanner.words import plural

SCHEMA: Final = "tscan.sample/1"
_SMALLEST: Final = 0.001
"""Chances nearer to 0 or to 1 are not printed as numbers."""


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
    """Resources of the population that have a deviation in the period, or were waived in it."""
    misses_one: float
    """Chance that a random sample of this size misses one given resource."""
    misses_all: float
    """Chance that it holds no deviating resource; 0 where there is none."""
    items: tuple[Item, ...]
    """The population, as long as no seed is given."""
    drawn: tuple[Drawn, ...]
    context: tuple[str, ...] = ()
    """What the population does not show: missed runs, exclusions, calls, changes, deviations."""
    draws: tuple[Draw, ...] = ()
    """Every recorded draw of this control and period."""


def as_json(sample: Sample) -> str:
    """The population or the sample as a JSON document, complete."""
    return dumps(SCHEMA, sample)


def as_text(sample: Sample) -> str:
    """The population or the sample for people."""
    return "\n".join(map(sanitized, _lines(sample))) + "\n"


def as_csv(sample: Sample) -> str:
    """Rows for a spreadsheet: the items drawn, or without a seed the whole population."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    # The id of a resource begins with the name of a cloud: no cell can be taken for a formula.
    if sample.seed:
        rows.writerow(("place", "sha256", "resource", "checks"))
        for drawn in sample.drawn:
            checks = ", ".join(drawn.item.checks)
            rows.writerow((drawn.place, drawn.digest, sanitized(drawn.item.id), checks))
    else:
        rows.writerow(("resource", "checks"))
        for item in sample.items:
            rows.writerow((sanitized(item.id), ", ".join(item.checks)))
    return out.getvalue()


def _lines(sample: Sample) -> Iterator[str]:
    yield from _population(sample)
    yield from _chances(sample)
    for line in sample.context:
        yield f"  {line}"
    yield from _recorded(sample)
    if not sample.seed:
        yield (
            "The population is fixed. "
            "Have the auditor choose a seed, then run the command with --seed."
        )
        return
    resources = plural(sample.size, "resource")
    lowest = f"the {resources} with the lowest SHA-256 of 'seed:resource'"
    yield f"Sample by seed {sample.seed}: {lowest}"
    for drawn in sample.drawn:
        yield f"  {drawn.place:4}  {drawn.digest[:16]}  {drawn.item.id}"
        yield f"        read by {', '.join(drawn.item.checks)}"


def _recorded(sample: Sample) -> Iterator[str]:
    if not sample.draws:
        yield "  draws      none recorded"
    for draw in sample.draws:
        yield f"  draw {draw.number:<5} {draw_line(draw, sample.draws)}"


def draws_as_text(draws: Sequence[Draw]) -> str:
    """All recorded draws for people."""
    return "\n".join(map(sanitized, _draw_lines(draws))) + "\n"


def _draw_lines(draws: Sequence[Draw]) -> Iterator[str]:
    if not draws:
        yield "No sample was drawn."
    for draw in draws:
        yield f"{draw.control}  {draw.start} to {draw.end}  draw {draw.number}"
        yield f"  {draw_line(draw, draws)}"
        yield f"  population sha256:{draw.population_sha256}"


def draw_line(draw: Draw, draws: Sequence[Draw]) -> str:
    """One recorded draw; one that repeats another with a different seed is shown as such."""
    line = f"seed {draw.seed}, {plural(draw.size, 'resource')}, {draw.drawn} by {draw.by}"
    others = seeds_before(draw, draws)
    if others:
        line += f"; repeated: drawn before with seed {', '.join(others)}"
    return line


def _population(sample: Sample) -> Iterator[str]:
    least, most = sample.usual
    usual = f"{least} to {most} for '{sample.frequency}'"
    yield f"Population of {sample.control}: {plural(sample.count, 'resource')}"
    yield f"  source     {sample.source}"
    yield f"  query      {sample.query}"
    yield f"  cut-offs   {sample.start} to {sample.end}"
    yield f"  fixed      {sample.fixed}"
    yield f"  sha256     {sample.sha256}"
    yield f"  usual size {usual} (common practice; no standard prescribes it)"
    yield f"  size       {sample.size}"
    yield f"  deviating  {plural(sample.deviating, 'resource')}, all listed by 'tscan period'"


def _chances(sample: Sample) -> Iterator[str]:
    misses_one = f"misses a given resource with a probability {_chance(sample.misses_one)}"
    yield f"  a random sample of {sample.size} {misses_one}"
    if sample.deviating:
        chance = _chance(sample.misses_all)
        deviating = plural(sample.deviating, "deviating resource")
        yield f"  and all {deviating} with a probability {chance}"


def _chance(value: float) -> str:
    """`of 12.3%`, or a bound: what rounds to 0 or 100 % and is neither must not read as certain."""
    if 0 < value < _SMALLEST:
        return f"below {_SMALLEST:.1%}"
    if 1 - _SMALLEST < value < 1:
        return f"above {1 - _SMALLEST:.1%}"
    return f"of {value:.1%}"


FORMS: Final[Mapping[str, Callable[[Sample], str]]] = {
    "terminal": as_text,
    "json": as_json,
    "csv": as_csv,
}
