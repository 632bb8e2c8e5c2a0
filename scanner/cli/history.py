"""Lists, shows, anchors and compacts committed scans: `tscan history`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from scanner.cli.support.lazy import LazyGroup
from scanner.cli.support.options import store_option, target_option
from scanner.errors import TscanError
from scanner.rendering.sanitize import sanitized, shortened
from scanner.words import plural

if TYPE_CHECKING:
    from scanner.history.ledger.anchors import Anchors
    from scanner.history.ledger.ledger import Ledger
    from scanner.model.history import Record

history = LazyGroup(
    name="history",
    help="""List, show, add, anchor and export committed scans, list the samples that were
drawn, and remove leftovers of interrupted scans.

\b
Examples:
  tscan history list
  tscan history show 12 --target aws:111122223333
  tscan history add evidence.snapshot.jsonl.gz
  tscan history draws
  tscan history anchor --git ../anchors
  tscan history compact --store s3://bucket/tscan
  tscan history export --to history-2026""",
    lazy={
        "list": ("scanner.cli.history:list_", "List records, one line each."),
        "show": (
            "scanner.cli.history:show",
            "Show a record: callers, times, versions and changes.",
        ),
        "add": ("scanner.cli.history_add:add", "Evaluate recorded evidence and commit it."),
        "draws": ("scanner.cli.history_draws:draws", "List the samples that were drawn."),
        "anchor": ("scanner.cli.history:anchor", "Tag the newest records in a Git repository."),
        "export": (
            "scanner.cli.history_export:export",
            "Write Parquet tables for Spark, Athena or DuckDB.",
        ),
        "compact": ("scanner.cli.history:compact_", "Remove leftovers of interrupted scans."),
    },
)


@click.command("list")
@store_option
@target_option
def list_(store: str, target: str) -> int:
    """List records, one line each: number, target, time, verdicts, changes, gaps.

    \b
    Examples:
      tscan history list
      tscan history list --store s3://bucket/tscan --target aws:111122223333
    """
    ledger = open_ledger(store)
    for name in chosen_targets(ledger, target):
        for record in ledger.records(name):
            click.echo(sanitized(f"{record.seq:>6}  {name}  {_summary(record)}"))
    return 0


def _summary(record: Record) -> str:
    verdicts = [f"{count} {verdict}" for verdict, count in record.counts.items() if count]
    counts = ", ".join(verdicts) or "no finding"
    changes = sum(segment.rows for segment in record.segments if segment.kind == "transitions")
    line = f"{record.finished}  {counts}; {plural(changes, 'change')}"
    if record.gaps:
        line += f", {plural(len(record.gaps), 'gap')}"
    return line


@click.command()
@click.argument("seq", type=click.IntRange(1), required=False)
@store_option
@target_option
def show(seq: int | None, store: str, target: str) -> int:
    """Show a record, by default the newest: callers, times, versions, files and changes.

    \b
    Examples:
      tscan history show
      tscan history show 12 --target aws:111122223333
    """
    ledger = open_ledger(store)
    names = chosen_targets(ledger, target)
    # Every chain counts its own records: a number alone names one of each.
    if len(names) > 1:
        raise TscanError(
            f"{ledger.store.name} holds {len(names)} chains",
            f"name one with --target: {', '.join(names[:5])}",
        )
    records = ledger.records(names[0])
    if (seq or 1) > len(records):
        raise TscanError(
            f"{names[0]} has {plural(len(records), 'record')}", "see 'tscan history list'"
        )
    record = records[-1]
    if seq is not None:
        record = records[seq - 1]
    # Read before the first line is printed: the file of changes may be damaged.
    changes = list(ledger.changes(record))
    for line in _lines(record):
        click.echo(sanitized(line))
    for change in changes:
        verdicts = f"{change.previous or 'new'} -> {change.verdict or 'gone'}"
        cause = f"({change.cause.value}) {change.reason}"
        line = f"  {change.check}  {change.resource}  {verdicts}  {cause}"
        click.echo(sanitized(line.rstrip()))
    return 0


def _lines(record: Record) -> Iterator[str]:
    params = "none"
    if record.params:
        params = shortened(record.params, 2000)
    times = f"{record.started} to {record.finished}"
    checks = plural(len(record.checks), "check")
    regions = plural(len(record.regions), "region")
    yield f"record {record.seq} of {record.chain}: {record.sha256}"
    if record.scope:
        yield f"scope {', '.join(record.scope)}"
    yield f"scan {record.scan}, {times}, tscan {record.version}"
    yield f"follows {record.previous_sha256 or 'nothing (first record)'}"
    yield f"pack {record.pack_sha256}"
    yield f"waivers {record.waivers_sha256 or 'none'}"
    for old, new in sorted(record.renamed.items()):
        yield f"check {old} is now {new}"
    yield f"parameters set: {params}"
    yield f"callers {', '.join(record.callers) or 'none'}"
    yield f"{checks}, {regions}, {plural(len(record.gaps), 'gap')}"
    for gap in record.gaps:
        yield f"  gap {gap}"
    for segment in record.segments:
        rows = plural(segment.rows, "row")
        yield f"  {segment.kind}: {segment.path}, {rows}, {segment.bytes} bytes"


@click.command("compact")
@store_option
def compact_(store: str) -> int:
    """Remove files without a record that are older than an hour, and superseded checkpoints.

    \b
    Examples:
      tscan history compact
      tscan history compact --store s3://bucket/tscan
    """
    from scanner.cli.support.store_location import named_location
    from scanner.history.ledger.compact import compact
    from scanner.history.stores import open_store

    removed = compact(open_store(named_location(store).store))
    orphans = f"{plural(removed.orphans, 'segment')} without a record"
    checkpoints = plural(removed.superseded, "superseded checkpoint")
    unfinished = plural(removed.unfinished, "unfinished file")
    click.echo(f"removed {orphans}, {checkpoints}, {unfinished}")
    return 0


@click.command()
@click.option(
    "--git", default="", metavar="REPO", help="A Git repository; default: that of tscan.yaml."
)
@store_option
@target_option
def anchor(git: str, store: str, target: str) -> int:
    """Tag the newest record of each chain in a Git repository, so that its deletion is detected.

    The tag contains chain, number and digest of the record. It proves something once it is pushed
    to a repository that others can read and you cannot rewrite. 'tscan verify --git' compares the
    store with all such tags.

    \b
    Examples:
      tscan history anchor --git ../anchors
      tscan history anchor --git ../anchors --store s3://bucket/tscan --target aws:111122223333
    """
    from scanner.cli.support.store_location import configured_location
    from scanner.history.ledger.git_anchors import PUSH, GitAnchors

    repository = git or configured_location().anchors
    if not repository:
        raise TscanError(
            "no Git repository is configured",
            "name it with --git, or as 'anchor: {git: …}' in tscan.yaml",
        )
    ledger = open_ledger(store)
    for line in anchored(ledger, chosen_targets(ledger, target), GitAnchors(repository)):
        click.echo(line)
    # A tag that is not pushed proves nothing: who rewrites the store can rewrite it too.
    click.echo(f"push them: git -C {repository} push {PUSH}")
    return 0


def anchored(ledger: Ledger, targets: Iterable[str], anchors: Anchors) -> Iterator[str]:
    """Anchor the newest record of each chain; a line for each anchor that was made."""
    from scanner.history.ledger.anchors import anchor_heads

    made = anchor_heads(ledger, targets, anchors)
    for record, name in made:
        yield sanitized(f"anchor: {record.chain} {record.seq} is {name} in {anchors.name}")
    if not made:
        yield sanitized(f"anchor: {anchors.name} already has the newest records")


def open_ledger(store: str) -> Ledger:
    """The ledger of the store that `--store` names, or of the configured one."""
    from scanner.cli.support.store_location import named_location
    from scanner.history.ledger.ledger import Ledger
    from scanner.history.stores import open_store

    return Ledger(open_store(named_location(store).store))


def chosen_targets(ledger: Ledger, target: str) -> list[str]:
    """The chain that `--target` names, or all; TscanError where the ledger does not have it."""
    names = list(ledger.chains())
    if not names:
        raise TscanError(
            f"{ledger.store.name}: no history found",
            "name the store that 'tscan scan' wrote",
        )
    if not target:
        return names
    if target not in names:
        from scanner.words import did_you_mean

        raise TscanError(
            f"{ledger.store.name} has no history of {target}", did_you_mean(target, names)
        )
    return [target]
