"""Judges snapshot files and writes the reports: what every judging command does with evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scanner.cli.support.options import (
    JudgingOptions,
    categories,
    load,
    parameters,
    selected,
    selected_controls,
)
from scanner.cli.support.output import destinations, write
from scanner.core.judging.selection import narrowed
from scanner.errors import TscanError
from scanner.formats import Report
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.checks import Severity
from scanner.model.config import Config
from scanner.pipeline import judge

if TYPE_CHECKING:
    from scanner.cli.support.output import Destination
    from scanner.core.judging.baseline import Baseline
    from scanner.model.answers import Snapshot
    from scanner.model.attestations import Attestation
    from scanner.model.findings import Assessment
    from scanner.model.library import Library
    from scanner.model.waivers import Waiver

    Compare = Callable[[Assessment, Library, "Decisions"], Baseline]
    """Makes the baseline that an assessment is compared with."""


PATTERNS: Final = ("*.snapshot.jsonl.gz", "*.snapshot.jsonl")
"""The names of snapshot files in a folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What people decided and stated: an input of judging, beside evidence and library."""

    waivers: tuple[Waiver, ...] = ()
    attestations: tuple[Attestation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Evidence that was judged."""

    assessment: Assessment
    """Everything that was judged: what history keeps."""
    report: Report
    """The report on it, or on what was selected of it."""


def judge_files(
    paths: Sequence[Path],
    options: JudgingOptions,
    *,
    matrix_only: bool = False,
    compare: Compare | None = None,
) -> int:
    """Judge snapshot files, write the reports and return the exit code.

    `compare` makes the baseline of new failures.
    """
    # First, for it fails in a moment what would fail after a minute of judging.
    places = destinations(options.format, quiet=options.quiet)
    library = load(options)
    decisions = load_decisions(options, library, Config())
    judged = judge_with(
        paths, options, library, places, decisions, matrix_only=matrix_only, compare=compare
    )
    return judged.report.exit_code


def judge_with(
    paths: Sequence[Path],
    options: JudgingOptions,
    library: Library,
    places: Sequence[Destination],
    decisions: Decisions,
    *,
    configured: Mapping[str, tuple[str, ...]] | None = None,
    matrix_only: bool = False,
    compare: Compare | None = None,
) -> Judged:
    """Judge snapshot files with a loaded library, and write the report to checked destinations.

    `configured` are the categories in scope by framework that the configuration names.
    """
    checks = selected(options, library)
    assessment = judge(
        # One at a time: the evidence of an organization does not fit into memory at once.
        (read_snapshot(path) for path in snapshot_files(paths)),
        library,
        checks=checks,
        params=parameters(options, library),
        categories=categories(options, library, configured or {}),
        waivers=decisions.waivers,
        attestations=decisions.attestations,
    )
    baseline = None
    if compare is not None:
        baseline = compare(assessment, library, decisions)
    report = Report(
        assessment=narrowed(assessment, library, checks, selected_controls(options, library)),
        library=library,
        fail_on=Severity(options.fail_on),
        controls=options.controls,
        matrix_only=matrix_only,
        selected=options.selects,
        baseline=baseline,
    )
    write(report, places)
    return Judged(assessment=assessment, report=report)


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
