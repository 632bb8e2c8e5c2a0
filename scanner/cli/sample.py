"""`tscan sample`: a population that is fixed before the seed is known, then a sample that anyone can draw again."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import click

from scanner.cli.support.history_options import (
    HistoryContext,
    between,
    looking_back,
    now,
    open_past,
)
from scanner.cli.support.output import show
from scanner.errors import TscanError

if TYPE_CHECKING:
    from scanner.core.periods.sampling import Size
    from scanner.model.period import Period, PopulationFile
    from scanner.reports.sample import Sample

FOLDER: Final = "populations"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A population with the report that its deviations are in."""

    population: PopulationFile
    period: Period
    size: Size


@click.command()
@click.argument("control")
@click.option("--from", "first", required=True, metavar="DAY", help="The first day.")
@click.option("--to", "last", required=True, metavar="DAY", help="The last day, included.")
@click.option("--seed", metavar="TEXT", help="Given by the auditor once the population is fixed.")
@click.option(
    "--size",
    type=click.IntRange(1),
    help="Items to draw; the usual size for the control's frequency.",
)
@click.option(
    "--format",
    type=click.Choice(("terminal", "json", "csv")),
    default="terminal",
    show_default=True,
)
@looking_back
def sample(
    control: str, first: str, last: str, seed: str | None, size: int | None, format: str, **options: Any  # noqa: A002
) -> int:  # fmt: skip
    """Fix the population of a control; once it is fixed, draw a sample from it by a seed.

    Without --seed the population's digest is printed and kept in the store. With --seed the items come in the order of
    the SHA-256 of "seed:item id", which a spreadsheet can repeat.

    \b
    Examples:
      tscan sample BKP-01 --from 2026-01-01 --to 2026-06-30
      tscan sample BKP-01 --from 2026-01-01 --to 2026-06-30 --seed 48151623
      tscan sample BKP-01 --from 2026-01-01 --to 2026-06-30 --seed 48151623 --format csv
    """
    from scanner.reports.sample import FORMS

    if seed is not None and not seed.strip():
        raise TscanError(
            "--seed is empty", "give the auditor's text; to fix the population, leave --seed out"
        )
    past = open_past(**options)
    asked = _population(past, control, first, last)
    if not asked.population.items:
        raise TscanError(
            f"{control}: no item was read in this period", "there is nothing to draw from"
        )
    fixed = _fix(past, asked.population, new=seed is None)
    text = FORMS[format](_sample(asked, fixed, seed or "", size or asked.size.most))
    show(text) if format == "terminal" else click.echo(text, nl=False)
    return 0


def _population(past: HistoryContext, name: str, first: str, last: str) -> _Asked:
    from scanner.cli.period import made
    from scanner.core.calendar import iso
    from scanner.core.periods.observations import Observations
    from scanner.core.periods.sampling import members, population, usual_size

    period = made(past, first, last, (name,))
    if period.until < period.window.end:
        raise TscanError(
            f"--to {last} is not over: nobody knows the population yet",
            "give a last day that is over",
        )
    (found,) = period.controls
    checks = sorted({check.check for check in found.checks})
    window = between(first, last, past.zone)
    items = []
    for one in past.chains():
        reads = Observations.over(one.records, window, past.schedule, period.until)
        items += members(checks, one.target, reads, one.transitions)
    heads = ", ".join(
        f"{one.target} records {one.first_seq} to {one.last_seq}" for one in period.targets
    )
    return _Asked(
        population=population(
            name, items, source=f"history: {heads}", query=f"items of {', '.join(checks)} that were read",
            taken=iso(now()), start=iso(window.start), end=iso(window.end),
        ),
        period=period,
        size=usual_size(found.frequency),
    )  # fmt: skip


def _fix(past: HistoryContext, found: PopulationFile, *, new: bool) -> PopulationFile:
    """The population as it was fixed; `new`: it is fixed now, unless it was. TscanError where it must have been."""
    store = past.ledger.store
    key = f"{FOLDER}/{found.control}-{found.start[:10]}-{found.end[:10]}-{found.sha256}.json"
    content = store.get(key)
    if content is None and not new:
        raise TscanError(
            f"{found.control}: this population was not fixed before the seed was given",
            "run the same without --seed first; where records were added since, that makes another population",
        )
    if content is None:
        text = (
            json.dumps(
                {**found.header(), "items": [item.id for item in found.items]}, sort_keys=True
            )
            + "\n"
        )
        store.put_new(key, text.encode())
        content = store.get(key) or text.encode()
    return _as_fixed(found, content, f"{store.name}/{key}")


def _as_fixed(found: PopulationFile, content: bytes, name: str) -> PopulationFile:
    """The same population, with the source and the time that were written down; TscanError for another text."""
    with suppress(ValueError, KeyError, TypeError):
        kept = json.loads(content)
        fixed = replace(found, source=str(kept["source"]), taken=str(kept["taken"]))
        if kept == {**fixed.header(), "items": [item.id for item in fixed.items]}:
            return fixed
    raise TscanError(
        f"{name} is damaged: it is not the population of this digest",
        "restore it, or ask who changed it",
    )


def _sample(asked: _Asked, fixed: PopulationFile, seed: str, size: int) -> Sample:
    from scanner.core.periods.sampling import chance_to_miss, deviating, draw
    from scanner.reports.sample import Sample

    items = fixed.items
    (control,) = asked.period.controls
    failing = deviating(
        chain.from_iterable((*one.deviations, *one.waived) for one in control.checks), items
    )
    size = min(size, len(items))
    return Sample(
        control=fixed.control,
        source=fixed.source,
        query=fixed.query,
        fixed=fixed.taken,
        start=fixed.start,
        end=fixed.end,
        count=len(items),
        sha256=fixed.sha256,
        frequency=asked.size.frequency,
        usual=(asked.size.least, asked.size.most),
        seed=seed,
        size=size,
        deviating=failing,
        misses_one=chance_to_miss(len(items), 1, size),
        misses_all=chance_to_miss(len(items), failing, size) if failing else 0.0,
        items=tuple(item.id for item in items) if not seed else (),
        drawn=draw(items, seed, size) if seed else (),
    )
