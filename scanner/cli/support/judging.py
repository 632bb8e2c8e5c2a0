"""Judges evidence and writes the reports: what every judging command does with evidence."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from scanner.cli.support.denied import denied_permissions
from scanner.cli.support.evidence import chosen_evidence, file_evidence, newest_line, no_scan
from scanner.cli.support.given import CONTENT, EVIDENCE, JUDGING, MISSING, given
from scanner.cli.support.options import (
    ContentOptions,
    JudgingOptions,
    categories,
    load,
    parameters,
    selected,
    selected_controls,
)
from scanner.cli.support.output import destinations, write
from scanner.core.periods.first_seen import FirstSeen, State
from scanner.formats import Report, Source
from scanner.model.checks import Severity
from scanner.model.config import Config

if TYPE_CHECKING:
    from scanner.cli.support.evidence import Evidence, EvidenceOptions
    from scanner.cli.support.output import Destination
    from scanner.core.judging.baseline import Baseline
    from scanner.history.ledger.ledger import Ledger
    from scanner.model.answers import Snapshot
    from scanner.model.attestations import Attestation
    from scanner.model.findings import Assessment
    from scanner.model.library import Library
    from scanner.model.waivers import Waiver

    Compare = Callable[[Assessment, Library, "Decisions"], Baseline]
    """Makes the baseline that an assessment is compared with."""


NOT_NAMED: Final = Source()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What people decided and stated: an input of judging, beside evidence and library."""

    waivers: tuple[Waiver, ...] = ()
    attestations: tuple[Attestation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What evidence is judged by: content, configuration and what people decided."""

    library: Library
    config: Config
    decisions: Decisions


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Evidence that was judged."""

    assessment: Assessment
    """Everything that was judged: what history keeps."""
    report: Report
    """The report on it, or on what was selected of it."""


def load_inputs(evidence: EvidenceOptions, options: ContentOptions) -> Inputs:
    """The inputs that options and tscan.yaml name together."""
    from scanner.cli.support.store_location import load_configuration, with_configured_content

    options = with_configured_content(options, evidence.config)
    library = load(options)
    config = load_configuration(evidence.config, library)
    decisions = load_decisions(options, library, config)
    return Inputs(library=library, config=config, decisions=decisions)


def judge_evidence(
    evidence: EvidenceOptions,
    options: JudgingOptions,
    *,
    matrix_only: bool = False,
    compare: Compare | None = None,
) -> int:
    """Judge files or the newest scans, write the reports and return the exit code.

    `compare` makes the baseline of new failures. TscanError where no file is named and history
    holds no scan.
    """
    # First, for it fails in a moment what would fail after a minute of judging.
    places = destinations(options.format, quiet=options.quiet)
    inputs = load_inputs(evidence, options)
    chosen = chosen_evidence(evidence, inputs.config, inputs.library)
    if chosen is None:
        raise no_scan(evidence, inputs.config)
    source = newest_scans()
    if evidence.snapshots:
        source = named_files(evidence.snapshots)
    judged = _judged(chosen.snapshots, options, inputs, compare=compare)
    if chosen.records and not options.quiet:
        click.echo(newest_line(chosen.records), err=True)
    report = replace(judged.report, matrix_only=matrix_only, source=source)
    write(chosen.with_first_seen(report), places)
    return report.exit_code


def named_files(paths: Sequence[Path], *, committed: bool = False) -> Source:
    """How commands name these snapshot files, with the options that were given.

    `committed` ones are found in history as well.
    """
    names = shlex.join(map(str, paths))
    source = Source(
        again=_joined("tscan replay", names, given((*CONTENT, *JUDGING))),
        snapshots=names,
        inputs=given(CONTENT),
        checks=given(MISSING),
    )
    if not committed:
        return source
    # Not `--target`: a scan names by it what to read, and other commands what was read.
    inputs, checks = given(("store", *CONTENT)), given(("store", *MISSING))
    return replace(source, snapshots="", inputs=inputs, checks=checks)


def newest_scans() -> Source:
    """How commands name the newest scans in history, with the options that were given."""
    return Source(
        again=_joined("tscan replay", given((*EVIDENCE, *CONTENT, *JUDGING))),
        inputs=given((*EVIDENCE, *CONTENT)),
        checks=given((*EVIDENCE, *MISSING)),
    )


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def judge_everything(evidence: Evidence, inputs: Inputs) -> Report:
    """The report on evidence with every check that it was collected for, and none left out."""
    from scanner.pipeline import judge

    assessment = judge(
        evidence.snapshots,
        inputs.library,
        categories=inputs.config.categories,
        waivers=inputs.decisions.waivers,
        attestations=inputs.decisions.attestations,
    )
    return evidence.with_first_seen(Report(assessment=assessment, library=inputs.library))


def judge_files(
    paths: Sequence[Path],
    options: JudgingOptions,
    inputs: Inputs,
    places: Sequence[Destination[Report]],
    *,
    ledger: Ledger | None = None,
    source: Source = NOT_NAMED,
    compare: Compare | None = None,
) -> Judged:
    """Judge snapshot files with loaded inputs, and write the report to checked destinations.

    `ledger` is the history that the files will be committed to; None: to none. `source` is how the
    user names the evidence, and `compare` makes the baseline of new failures.
    """
    evidence = file_evidence(paths)
    judged = _judged(evidence.snapshots, options, inputs, compare=compare)
    report = replace(judged.report, source=source)
    if ledger is not None:
        first_seen = FirstSeen(evidence.ended, partial(_state_of, ledger, evidence))
        report = replace(report, first_seen=first_seen)
    write(report, places)
    return replace(judged, report=report)


def _state_of(ledger: Ledger, evidence: Evidence, target: str) -> State:
    """The state of a target in history, by the scans of the same scope."""
    return ledger.state(evidence.chains[target])


def _judged(
    snapshots: Iterable[Snapshot],
    options: JudgingOptions,
    inputs: Inputs,
    *,
    compare: Compare | None,
) -> Judged:
    """What options select of snapshots, which are taken one at a time."""
    from scanner.core.judging.selection import narrowed
    from scanner.pipeline import judge

    library = inputs.library
    decisions = inputs.decisions
    checks = selected(options, library)
    assessment = judge(
        snapshots,
        library,
        checks=checks,
        params=parameters(options, library),
        categories=categories(options, library, inputs.config.categories),
        waivers=decisions.waivers,
        attestations=decisions.attestations,
    )
    baseline = None
    if compare is not None:
        baseline = compare(assessment, library, decisions)
    shown = narrowed(assessment, library, checks, selected_controls(options, library))
    report = Report(
        assessment=shown,
        library=library,
        fail_on=Severity(options.fail_on),
        details=options.details,
        controls=options.controls,
        permissions=denied_permissions(shown, library),
        selected=options.selects,
        baseline=baseline,
    )
    return Judged(assessment=assessment, report=report)


def load_decisions(options: ContentOptions, library: Library, config: Config) -> Decisions:
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
    from scanner.pipeline import judge

    return judge(snapshots, library, checks=checks, waivers=waivers, attestations=attestations)
