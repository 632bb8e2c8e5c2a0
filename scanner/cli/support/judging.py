"""Judges snapshot files and writes the reports: what every judging command does with evidence."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scanner.cli.support.denied import denied_permissions
from scanner.cli.support.options import JudgingOptions, categories, load, parameters, selected
from scanner.cli.support.output import destinations, write
from scanner.errors import TscanError
from scanner.formats import Report, Source
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.checks import Severity
from scanner.model.config import Config
from scanner.pipeline import judge

if TYPE_CHECKING:
    from scanner.cli.support.output import Destination
    from scanner.model.answers import Snapshot
    from scanner.model.attestations import Attestation
    from scanner.model.findings import Assessment
    from scanner.model.library import Library
    from scanner.model.waivers import Waiver


PATTERNS: Final = ("*.snapshot.jsonl.gz", "*.snapshot.jsonl")
"""The names of snapshot files in a folder."""
NOT_NAMED: Final = Source()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What people decided and stated: an input of judging, beside evidence and library."""

    waivers: tuple[Waiver, ...] = ()
    attestations: tuple[Attestation, ...] = ()


def judge_files(
    paths: Sequence[Path], options: JudgingOptions, *, matrix_only: bool = False
) -> int:
    """Judge snapshot files, write the reports and return the exit code."""
    # First, for it fails in a moment what would fail after a minute of judging.
    places = destinations(options.format, quiet=options.quiet)
    library = load(options)
    decisions = load_decisions(options, library, Config())
    report = judge_with(
        paths,
        options,
        library,
        places,
        decisions,
        matrix_only=matrix_only,
        source=named_files(paths),
    )
    return report.exit_code


def named_files(paths: Sequence[Path]) -> Source:
    """How commands name these snapshot files."""
    names = shlex.join(map(str, paths))
    return Source(again=f"tscan replay {names}", snapshots=names)


def judge_with(
    paths: Sequence[Path],
    options: JudgingOptions,
    library: Library,
    places: Sequence[Destination],
    decisions: Decisions,
    *,
    configured: Mapping[str, tuple[str, ...]] | None = None,
    matrix_only: bool = False,
    source: Source = NOT_NAMED,
) -> Report:
    """Judge snapshot files with a loaded library, and write the report to checked destinations.

    `configured` are the categories in scope by framework that the configuration names, `source`
    is how the user names the evidence.
    """
    assessment = judge(
        # One at a time: the evidence of an organization does not fit into memory at once.
        (read_snapshot(path) for path in snapshot_files(paths)),
        library,
        checks=selected(options, library),
        params=parameters(options, library),
        categories=categories(options, library, configured or {}),
        waivers=decisions.waivers,
        attestations=decisions.attestations,
    )
    report = Report(
        assessment=assessment,
        library=library,
        fail_on=Severity(options.fail_on),
        details=options.details,
        controls=options.controls,
        matrix_only=matrix_only,
        permissions=denied_permissions(assessment, library),
        source=source,
    )
    write(report, places)
    return report


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
