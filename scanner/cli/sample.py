"""Fixes a population, and draws a sample from it that anyone can draw again: `tscan sample`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from scanner.cli.support.history_options import (
    HistoryContext,
    HistoryOptions,
    history_options,
    now,
    open_history,
    period_between,
)
from scanner.cli.support.options import from_option, to_option
from scanner.cli.support.output import show
from scanner.errors import TscanError

if TYPE_CHECKING:
    from scanner.core.periods.sampling import Size
    from scanner.model.decisions import WaivedSpan
    from scanner.model.library import Library
    from scanner.model.period import Deviation, Draw, Period, PopulationFile, TargetPeriod
    from scanner.reports.sample import Sample

FOLDER: Final = "populations"
"""The folder of the store that holds fixed populations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Population:
    """A population, with the report that has the deviations of its items."""

    file: PopulationFile
    period: Period
    usual: Size
    """The size that is usual in practice for the frequency of the control."""


@click.command()
@click.argument("control")
@from_option
@to_option
@click.option("--seed", metavar="TEXT", help="Chosen by the auditor after the population is fixed.")
@click.option(
    "--size",
    type=click.IntRange(1),
    help="Resources to draw; default: the usual size for the frequency.",
)
@click.option(
    "--by",
    default="",
    metavar="NAME",
    help="Who draws, for the record; default: the address that Git knows, or the login.",
)
@click.option(
    "--format",
    type=click.Choice(("terminal", "json", "csv")),
    default="terminal",
    show_default=True,
)
@history_options
def sample(
    control: str,
    first: str,
    last: str,
    seed: str | None,
    size: int | None,
    by: str,
    format: str,  # noqa: A002 - click names it after the option
    options: HistoryOptions,
) -> int:
    """Fix the population of a control, then draw a sample from it with a seed.

    The population is the resources that the control's checks read. Without --seed its digest is
    printed and stored. With --seed resources are drawn in the order of the SHA-256 of
    "seed:resource", which a spreadsheet can repeat, and the draw is recorded in the store: 'tscan
    history draws' lists all draws.

    \b
    Examples:
      tscan sample BKP-01 --from 2026-01-01 --to 2026-06-30
      tscan sample BKP-01 --from 2026-01-01 --to 2026-06-30 --seed 48151623
      tscan sample BKP-01 --from 2026-01-01 --to 2026-06-30 --seed 48151623 --format csv
    """
    from scanner.reports.sample import FORMS

    # An empty seed, from a variable that is not set, would draw a sample that nobody chose.
    if seed is not None and not seed.strip():
        raise TscanError(
            "--seed is empty", "give the auditor's text; to fix the population, leave --seed out"
        )
    history = open_history(options)
    population = _population(history, control, first, last)
    if not population.file.items:
        raise TscanError(
            f"{control}: no resource was read in this period", "there is nothing to draw from"
        )
    fixed = _fixed_population(history, population.file, fix_now=seed is None)
    found = _sample(population, fixed, seed or "", size or population.usual.most, history.library)
    text = FORMS[format](replace(found, draws=_draws(history, found, by)))
    if format == "terminal":
        show(text)
    else:
        click.echo(text, nl=False)
    return 0


def _population(history: HistoryContext, control: str, first: str, last: str) -> _Population:
    from scanner.cli.period import period_report
    from scanner.core.calendar import format_time
    from scanner.core.periods.observations import Observations
    from scanner.core.periods.sampling import items_read, population, usual_size

    period = period_report(history, first, last, (control,))
    # A population that can still grow would have another digest when the sample is drawn.
    if period.until < period.window.end:
        raise TscanError(
            f"--to {last} is not over: the population is not final yet",
            "choose a last day in the past",
        )
    (found,) = period.controls
    checks = sorted({check.check for check in found.checks})
    window = period_between(first, last, history.zone)
    items = []
    for chain in history.chains():
        reads = Observations.over(chain.records, window, history.schedule, period.until)
        items += items_read(checks, chain.target, reads, chain.transitions)
    records = ", ".join(
        f"{target.target} records {target.first_seq} to {target.last_seq}"
        for target in period.targets
    )
    file = population(
        control,
        items,
        source=f"history: {records}",
        query=f"resources that {', '.join(checks)} read",
        taken=format_time(now()),
        start=format_time(window.start),
        end=format_time(window.end),
    )
    return _Population(file=file, period=period, usual=usual_size(found.frequency))


def _fixed_population(
    history: HistoryContext, population: PopulationFile, *, fix_now: bool
) -> PopulationFile:
    """The population as the store holds it, written now if `fix_now`.

    TscanError if it had to be fixed before: with a seed in hand one could try populations until
    the sample is a good one.
    """
    store = history.ledger.store
    days = f"{population.start[:10]}-{population.end[:10]}"
    key = f"{FOLDER}/{population.control}-{days}-{population.sha256}.json"
    content = store.get(key)
    if content is None and not fix_now:
        raise TscanError(
            f"{population.control}: this population was not fixed before the seed was given",
            "run the command without --seed first; new records make a new population",
        )
    if content is None:
        text = json.dumps(_file_content(population), sort_keys=True) + "\n"
        content = text.encode()
        store.put_new(key, content)
        # Another run may have fixed it at the same moment: what the store holds counts.
        content = store.get(key) or content
    return _parsed(population, content, f"{store.name}/{key}")


def _file_content(population: PopulationFile) -> dict[str, Any]:
    items = [{"id": item.id, "checks": list(item.checks)} for item in population.items]
    return {**population.header(), "items": items}


def _parsed(population: PopulationFile, content: bytes, name: str) -> PopulationFile:
    """The population with the source and time that were written down; TscanError for another."""
    with suppress(ValueError, KeyError, TypeError):
        kept = json.loads(content)
        fixed = replace(population, source=str(kept["source"]), taken=str(kept["taken"]))
        # The name holds the digest, but whoever can write the store can write another text into it.
        if kept == _file_content(fixed):
            return fixed
    raise TscanError(
        f"{name} is damaged: its digest differs",
        "restore it from a backup",
    )


def _of_the_control(period: Period, library: Library) -> Period:
    """The period with only the unanswered calls that the control's checks read."""
    from scanner.history.ledger.evidence_refs import operations

    (control,) = period.controls
    checks = {check.check for check in control.checks}
    # What a check of an earlier pack read is not known here: then every call may be one of them.
    if not checks <= set(library.checks):
        return period
    read = set().union(*operations(library, checks).values())
    targets: list[TargetPeriod] = []
    for target in period.targets:
        gaps = {call: runs for call, runs in target.gaps.items() if call.partition("@")[0] in read}
        targets.append(replace(target, gaps=gaps))
    return replace(period, targets=tuple(targets))


def _sample(
    population: _Population, fixed: PopulationFile, seed: str, size: int, library: Library
) -> Sample:
    from scanner.core.periods.sampling import chance_to_miss, deviating, draw
    from scanner.reports.period import context_lines
    from scanner.reports.sample import Sample

    count = len(fixed.items)
    size = min(size, count)
    failing = deviating(_deviations(population.period), fixed.items)
    result = Sample(
        control=fixed.control,
        source=fixed.source,
        query=fixed.query,
        fixed=fixed.taken,
        start=fixed.start,
        end=fixed.end,
        count=count,
        sha256=fixed.sha256,
        frequency=population.usual.frequency,
        usual=(population.usual.least, population.usual.most),
        seed=seed,
        size=size,
        deviating=failing,
        misses_one=chance_to_miss(count, 1, size),
        misses_all=0.0,
        items=(),
        drawn=(),
        context=context_lines(_of_the_control(population.period, library)),
    )
    if failing:
        result = replace(result, misses_all=chance_to_miss(count, failing, size))
    if seed:
        return replace(result, drawn=draw(fixed.items, seed, size))
    return replace(result, items=fixed.items)


def _draws(history: HistoryContext, sample: Sample, by: str) -> tuple[Draw, ...]:
    """The draws of this control and period, with this one recorded if it has a seed."""
    from scanner.core.calendar import format_time
    from scanner.history.ledger.draws import draws_of, record_draw
    from scanner.model.period import Draw

    store = history.ledger.store
    if not sample.seed:
        return draws_of(store, sample.control, sample.start, sample.end)
    draw = Draw(
        control=sample.control,
        start=sample.start,
        end=sample.end,
        population_sha256=sample.sha256,
        seed=sample.seed,
        size=sample.size,
        drawn=format_time(now()),
        by=by or _own_name(),
        items=tuple(drawn.item.id for drawn in sample.drawn),
    )
    return record_draw(store, draw)


def _own_name() -> str:
    """The address that Git would commit with here; else the login; else that none is known."""
    from scanner.content.git_blame import own_address

    address = own_address(Path("tscan.yaml"))
    if address:
        return address
    # No login and no home: a container of a build has neither.
    with suppress(KeyError, OSError):
        return getuser()
    return "not known"


def _deviations(period: Period) -> Iterator[Deviation | WaivedSpan]:
    # A waived item deviates too: what is accepted is no pass.
    (control,) = period.controls
    for check in control.checks:
        yield from check.deviations
        yield from check.waived
