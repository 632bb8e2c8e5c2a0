"""`tscan drift`: what changed between two scans."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.support.history_options import HistoryContext, day, looking_back, now, open_past
from scanner.cli.support.output import show
from scanner.errors import EXIT_CLEAN, EXIT_FAILING, EXIT_UNREAD, TscanError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner.core.drift.comparison import Drift
    from scanner.model.history import Record


@click.command()
@click.option(
    "--since",
    default="",
    metavar="DAY",
    help="From the last scan before this day; the last but one if left out.",
)
@click.option(
    "--waivers",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Name the ends of these, not of the last scan's.",
)
@click.option(
    "--who", is_flag=True, help="Ask the audit log who did it; needs credentials, as a scan does."
)
@click.option(
    "--format", type=click.Choice(("terminal", "json")), default="terminal", show_default=True
)
@looking_back
def drift(since: str, waivers: Path | None, who: bool, format: str, **options: Any) -> int:  # noqa: A002
    """What changed between two scans: new failures, what is no longer seen, what is fixed.

    Exit code 1: something new fails. 3: something is no longer seen, or was not looked at again. 0: neither.

    \b
    Examples:
      tscan drift
      tscan drift --since 2026-06-01 --waivers waivers.yaml
      tscan drift --who
      tscan drift --target aws:111122223333 --format json
    """
    from scanner.rendering.sanitize import sanitized
    from scanner.reports.drift import as_json, as_text

    past = open_past(**options)
    pairs = {target: _pair(past, target, since) for target in past.targets}
    found = [_drift(past, pair, waivers) for pair in pairs.values() if not isinstance(pair, str)]
    for target, pair in pairs.items():
        if isinstance(pair, str):
            click.echo(sanitized(f"{target}: {pair}: there is no drift to show."), err=True)
    if not found:
        return EXIT_UNREAD
    if format == "json" and len(found) > 1:
        raise TscanError(
            "the JSON document is of one target",
            f"name one with --target: {', '.join(past.targets[:5])}",
        )
    if who:
        from scanner.cli.support.attribution import attributed

        found = attributed(found, past)
    click.echo(as_json(found[0]), nl=False) if format == "json" else show(as_text(found))
    code = exit_of(found)
    # A target that was not looked at again is out of sight too.
    return EXIT_UNREAD if code == EXIT_CLEAN and len(found) < len(pairs) else code


def exit_of(found: Sequence[Drift]) -> int:
    """1: something new fails; 3: something is no longer seen; else 0."""
    from scanner.core.drift.comparison import What

    seen = {moved.what for one in found for moved in one.moved}
    if What.NEW_FAILURE in seen:
        return EXIT_FAILING
    blind = seen & {What.NEW_UNKNOWN, What.OUT_OF_SIGHT}
    return EXIT_UNREAD if blind or any(one.gaps for one in found) else EXIT_CLEAN


def _pair(past: HistoryContext, target: str, since: str) -> tuple[Record, Record] | str:
    """The records to compare, or why there are none."""
    from scanner.core.calendar import moment, window

    records = past.ledger.records(target)
    if len(records) < 2:
        return "two scans are needed to compare"
    if not since:
        return records[-2], records[-1]
    date = day(since, "--since")
    begins = window(date, date, past.zone).start
    if moment(records[-1].finished) < begins:
        return f"no scan ended on {since} or later"
    earlier = [record for record in records[:-1] if moment(record.finished) < begins]
    # Without a scan before that day, the first one is what there is to compare with.
    return (earlier[-1] if earlier else records[0]), records[-1]


def _drift(past: HistoryContext, pair: tuple[Record, Record], file: Path | None) -> Drift:
    from scanner.content.waivers import load_waivers
    from scanner.core.drift.between_records import drift_between
    from scanner.core.periods.versions import Versions

    waivers = load_waivers(file, past.library) if file else past.said.waivers(pair[1])
    found = drift_between(
        past.ledger, *pair, past.library, waivers=waivers, today=now().astimezone(past.zone).date()
    )
    chain = past.ledger.records(pair[1].target)[pair[0].seq - 1 : pair[1].seq]
    changed = len({record.pack_sha256 for record in chain}) > 1
    versions = Versions(today=past.library, packs=past.packs(chain) if changed else {})
    return replace(found, changes=tuple(versions.told(found.changes, chain)))
