"""Judges snapshot files and writes the reports: what every judging command does with evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from scanner.cli.support.newest import check_files_only, newest_scans, no_scan
from scanner.cli.support.options import JudgingOptions, categories, load, parameters, selected
from scanner.cli.support.output import destinations, write
from scanner.core.periods.first_seen import FirstSeen
from scanner.errors import TscanError
from scanner.formats import Report
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.checks import Severity
from scanner.model.config import Config
from scanner.pipeline import judge
from scanner.rendering.sanitize import sanitized

if TYPE_CHECKING:
    from scanner.cli.support.newest import EvidenceOptions
    from scanner.cli.support.output import Destination
    from scanner.history.ledger.ledger import Ledger
    from scanner.model.answers import Snapshot
    from scanner.model.attestations import Attestation
    from scanner.model.findings import Assessment
    from scanner.model.history import Record
    from scanner.model.library import Library
    from scanner.model.waivers import Waiver


PATTERNS: Final = ("*.snapshot.jsonl.gz", "*.snapshot.jsonl")
"""The names of snapshot files in a folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What people decided and stated: an input of judging, beside evidence and library."""

    waivers: tuple[Waiver, ...] = ()
    attestations: tuple[Attestation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The report on the evidence that options choose, with what it was judged by."""

    report: Report
    config: Config
    records: tuple[Record, ...] = ()
    """Those of history that hold the evidence; none: it came from files."""


def judge_evidence(
    evidence: EvidenceOptions, options: JudgingOptions, *, matrix_only: bool = False
) -> int:
    """Judge files or the newest scans, write the reports and return the exit code."""
    # First, for it fails in a moment what would fail after a minute of judging.
    places = destinations(options.format, quiet=options.quiet)
    judged = judge_chosen(evidence, options, matrix_only=matrix_only)
    if judged.records and not options.quiet:
        click.echo(newest_line(judged.records), err=True)
    write(judged.report, places)
    return judged.report.exit_code


def judge_chosen(
    evidence: EvidenceOptions, options: JudgingOptions, *, matrix_only: bool = False
) -> Judged:
    """The report on files or the newest scans, judged by what tscan.yaml and options name.

    TscanError where no file is named and history holds no scan.
    """
    from scanner.cli.support.store_location import load_configuration, with_configured_content

    check_files_only(evidence)
    options = with_configured_content(options, evidence.config)
    library = load(options)
    config = load_configuration(evidence.config, library)
    decisions = load_decisions(options, library, config)
    judge_these = partial(
        judged_report,
        options=options,
        library=library,
        decisions=decisions,
        configured=config.categories,
        matrix_only=matrix_only,
    )
    if evidence.snapshots:
        files = map(read_snapshot, snapshot_files(evidence.snapshots))
        return Judged(report=judge_these(files), config=config)
    newest = newest_scans(evidence, config)
    if newest is None:
        raise no_scan(evidence, config)
    report = judge_these(newest.snapshots())
    report = replace(report, first_seen=first_seen_after(newest.ledger, newest.records))
    return Judged(report=report, config=config, records=newest.records)


def newest_line(records: Sequence[Record]) -> str:
    """`newest scan of aws:111122223333 (2026-06-30T02:10:00.000Z)`, or how many and how old."""
    if len(records) == 1:
        return sanitized(f"newest scan of {records[0].target} ({records[0].finished})")
    ends = sorted(record.finished for record in records)
    return f"newest scans of {len(records)} targets ({ends[0]} to {ends[-1]})"


def judge_with(
    paths: Sequence[Path],
    options: JudgingOptions,
    library: Library,
    places: Sequence[Destination],
    decisions: Decisions,
    *,
    configured: Mapping[str, tuple[str, ...]] | None = None,
    ledger: Ledger | None = None,
) -> Report:
    """Judge snapshot files with a loaded library, and write the report to checked destinations.

    `configured` are the categories in scope by framework that the configuration names. `ledger` is
    the history that the files will be committed to; None: to none.
    """
    ended: dict[str, str] = {}

    def snapshots() -> Iterator[Snapshot]:
        for path in snapshot_files(paths):
            snapshot = read_snapshot(path)
            ended[str(snapshot.target)] = snapshot.finished
            yield snapshot

    report = judged_report(
        snapshots(),
        options=options,
        library=library,
        decisions=decisions,
        configured=configured or {},
    )
    if ledger is not None:
        report = replace(report, first_seen=FirstSeen(ended, ledger.state))
    write(report, places)
    return report


def judged_report(
    snapshots: Iterable[Snapshot],
    *,
    options: JudgingOptions,
    library: Library,
    decisions: Decisions,
    configured: Mapping[str, tuple[str, ...]],
    matrix_only: bool = False,
) -> Report:
    """The report on snapshots, which are taken one at a time."""
    assessment = judge(
        # One at a time: the evidence of an organization does not fit into memory at once.
        snapshots,
        library,
        checks=selected(options, library),
        params=parameters(options, library),
        categories=categories(options, library, configured),
        waivers=decisions.waivers,
        attestations=decisions.attestations,
    )
    return Report(
        assessment=assessment,
        library=library,
        fail_on=Severity(options.fail_on),
        controls=options.controls,
        matrix_only=matrix_only,
    )


def first_seen_after(ledger: Ledger, records: Sequence[Record]) -> FirstSeen:
    """Since when findings have their verdict, by history up to and with these records."""
    by_target = {record.target: record for record in records}
    ended = {target: record.finished for target, record in by_target.items()}
    return FirstSeen(ended, lambda target: ledger.state(target, by_target[target].seq))


def load_decisions(options: JudgingOptions, library: Library, config: Config) -> Decisions:
    """The waivers and attestations that the options name, or else the configuration."""
    from scanner.content.attestations import load_attestations
    from scanner.content.waivers import load_waivers

    waivers_file = options.waivers or config.waivers
    attestations_folder = options.attestations or config.attestations
    waivers: tuple[Waiver, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    if waivers_file:
        waivers = load_waivers(waivers_file, library)
    if attestations_folder:
        attestations = load_attestations(attestations_folder, library)
    return Decisions(waivers=waivers, attestations=attestations)


def judge_recorded(
    snapshots: Sequence[Snapshot],
    library: Library,
    waivers: tuple[Waiver, ...],
    attestations: tuple[Attestation, ...],
    checks: tuple[str, ...] | None = None,
) -> Assessment:
    """The assessment of history's evidence with the inputs that history kept for that day.

    No parameters: those of the day are in the snapshots.
    """
    return judge(snapshots, library, checks=checks, waivers=waivers, attestations=attestations)


def snapshot_files(paths: Sequence[Path]) -> Iterator[Path]:
    """The files that are named, and those in the folders that are named, in order of name."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside: list[Path] = []
        for pattern in PATTERNS:
            inside += path.glob(pattern)
        # An empty folder judged as evidence would pass with nothing read.
        if not inside:
            raise TscanError(
                f"{path} holds no snapshot", "name a folder of *.snapshot.jsonl.gz files"
            )
        yield from sorted(inside)
