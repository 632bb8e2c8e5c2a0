"""`tscan history`: what was committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from scanner.cli.support.lazy import LazyGroup
from scanner.rendering.sanitize import sanitized, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scanner.history.ledger.anchors import Anchors
    from scanner.history.ledger.ledger import Ledger
    from scanner.model.history import Record

_STORE = click.option(
    "--store",
    default="",
    metavar="PLACE",
    help="A folder or s3://…; that of tscan.yaml, or .tscan.",
)
_TARGET = click.option(
    "--target", default="", metavar="ID", help="Only this target, such as aws:111122223333."
)


history = LazyGroup(
    name="history",
    help="""List, show, add, anchor and export scans that are committed, and remove what broken-off scans left.

\b
Examples:
  tscan history list
  tscan history show 12 --target aws:111122223333
  tscan history add evidence.snapshot.jsonl.gz
  tscan history anchor --git ../anchors
  tscan history compact --store s3://bucket/tscan
  tscan history export --to history-2026""",
    lazy={
        "list": ("scanner.cli.history:list_", "One line for each record."),
        "show": ("scanner.cli.history:show", "A record: who, when, by what, and what changed."),
        "add": ("scanner.cli.history_add:add", "Judge recorded evidence and commit it."),
        "anchor": ("scanner.cli.history:anchor", "Tag the newest records in a Git repository."),
        "export": (
            "scanner.cli.history_export:export",
            "Write Parquet tables for Spark, Athena or DuckDB.",
        ),
        "compact": ("scanner.cli.history:compact_", "Remove what broken-off scans left."),
    },
)


@click.command("list")
@_STORE
@_TARGET
def list_(store: str, target: str) -> int:
    """One line for each record: number, target, when, verdicts, changes, unanswered calls.

    \b
    Examples:
      tscan history list
      tscan history list --store s3://bucket/tscan --target aws:111122223333
    """

    ledger = _open(store)
    for name in _targets(ledger, target):
        for record in ledger.records(name):
            counts = ", ".join(
                f"{count} {verdict}" for verdict, count in record.counts.items() if count
            )
            changes = sum(
                segment.rows for segment in record.segments if segment.kind == "transitions"
            )
            gaps = f", {len(record.gaps)} calls unanswered" if record.gaps else ""
            click.echo(
                sanitized(
                    f"{record.seq:>6}  {name}  {record.finished}  {counts or 'no finding'}; {changes} changes{gaps}"
                )
            )
    return 0


@click.command()
@click.argument("seq", type=click.IntRange(1), required=False)
@_STORE
@_TARGET
def show(seq: int | None, store: str, target: str) -> int:
    """A record, the newest if none is named: who, when, by what, which files, and what changed.

    \b
    Examples:
      tscan history show
      tscan history show 12 --target aws:111122223333
    """
    from scanner.errors import TscanError

    ledger = _open(store)
    names = _targets(ledger, target)
    if len(names) > 1:
        raise TscanError(
            f"{ledger.store.name} holds {len(names)} targets",
            f"name one with --target: {', '.join(names[:5])}",
        )
    records = ledger.records(names[0])
    if (seq or 1) > len(records):
        raise TscanError(f"{names[0]} has {len(records)} records", "see 'tscan history list'")
    record = records[seq - 1 if seq else -1]
    moves = list(ledger.changes(record))  # before anything is said: they may be damaged
    for line in _lines(record):
        click.echo(sanitized(line))
    for move in moves:
        change = f"{move.previous or 'new'} -> {move.verdict or 'gone'}"
        click.echo(
            sanitized(
                f"  {move.check}  {move.resource}  {change}  ({move.cause.value}) {move.reason}".rstrip()
            )
        )
    return 0


@click.command("compact")
@_STORE
def compact_(store: str) -> int:
    """Remove files that no record names and that are older than an hour, and superseded checkpoints.

    \b
    Examples:
      tscan history compact
      tscan history compact --store s3://bucket/tscan
    """
    from scanner.cli.support.store_location import named_place
    from scanner.history.ledger.compact import compact
    from scanner.history.stores import open_store

    removed = compact(open_store(named_place(store).store))
    click.echo(
        f"removed {removed.orphans} segments that no record names, {removed.superseded} superseded checkpoints, "
        f"{removed.unfinished} unfinished files"
    )
    return 0


@click.command()
@click.option(
    "--git", default="", metavar="REPO", help="A Git repository; that of tscan.yaml if left out."
)
@_STORE
@_TARGET
def anchor(git: str, store: str, target: str) -> int:
    """Tag the newest record of each target in a Git repository, so that it cannot be cut off unseen.

    The tag names chain, number and digest of the record. It proves something once it is pushed to where others read
    it and you cannot remove it; 'tscan verify --git' holds the store against all such tags.

    \b
    Examples:
      tscan history anchor --git ../anchors
      tscan history anchor --git ../anchors --store s3://bucket/tscan --target aws:111122223333
    """
    from scanner.cli.support.store_location import configured_place
    from scanner.errors import TscanError
    from scanner.history.ledger.git_anchors import PUSH, GitAnchors

    place = git or configured_place().anchors
    if not place:
        raise TscanError(
            "no repository is named", "name it with --git, or as 'anchor: {git: …}' in tscan.yaml"
        )
    ledger = _open(store)
    for line in anchored(ledger, _targets(ledger, target), GitAnchors(place)):
        click.echo(line)
    click.echo(f"push them: git -C {place} push {PUSH}")
    return 0


def anchored(ledger: Ledger, targets: Iterable[str], anchors: Anchors) -> Iterator[str]:
    """Anchor the newest record of each target, and say in a line what was kept."""
    from scanner.history.ledger.anchors import anchor_heads

    made = anchor_heads(ledger, targets, anchors)
    for record, name in made:
        yield sanitized(f"anchor: {record.target} {record.seq} is {name} in {anchors.name}")
    if not made:
        yield sanitized(f"anchor: {anchors.name} has the newest records already")


def _open(store: str) -> Ledger:
    from scanner.cli.support.store_location import named_place
    from scanner.history.ledger.ledger import Ledger
    from scanner.history.stores import open_store

    return Ledger(open_store(named_place(store).store))


def _targets(ledger: Ledger, target: str) -> list[str]:
    from scanner.errors import TscanError

    names = list(ledger.targets())
    if not names:
        raise TscanError(
            f"{ledger.store.name}: there is no history here",
            "name the store that 'tscan scan' wrote",
        )
    if target and target not in names:
        raise TscanError(
            f"{ledger.store.name} has no history of {target}", f"there is {', '.join(names[:5])}"
        )
    return [target] if target else names


def _lines(record: Record) -> list[str]:

    return [
        f"record {record.seq} of {record.target}: {record.sha256}",
        f"scan {record.scan}, {record.started} to {record.finished}, tscan {record.version}",
        f"follows {record.previous_sha256 or 'nothing: it is the first'}",
        f"pack {record.pack_sha256}",
        f"waivers {record.waivers_sha256 or 'none'}",
        f"parameters that were set: {shortened(record.params, 2000) if record.params else 'none'}",
        f"callers {', '.join(record.callers) or 'none'}",
        f"{len(record.checks)} checks, {len(record.regions)} regions, {len(record.gaps)} calls unanswered",
        *(f"  unanswered {gap}" for gap in record.gaps),
        *(
            f"  {one.kind}: {one.path}, {one.rows} rows, {one.bytes} bytes"
            for one in record.segments
        ),
    ]
