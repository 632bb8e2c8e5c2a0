"""Judges snapshot files and writes the reports: what every judging command does with evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli.support.evidence import chosen_evidence, file_evidence, newest_line, no_scan
from scanner.cli.support.options import (
    ContentOptions,
    JudgingOptions,
    categories,
    load,
    parameters,
    selected,
)
from scanner.cli.support.output import destinations, write
from scanner.core.periods.first_seen import FirstSeen
from scanner.formats import Report
from scanner.model.checks import Severity
from scanner.model.config import Config

if TYPE_CHECKING:
    from scanner.cli.support.evidence import Evidence, EvidenceOptions
    from scanner.cli.support.output import Destination
    from scanner.history.ledger.ledger import Ledger
    from scanner.model.answers import Snapshot
    from scanner.model.attestations import Attestation
    from scanner.model.findings import Assessment
    from scanner.model.library import Library
    from scanner.model.waivers import Waiver


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


def load_inputs(evidence: EvidenceOptions, options: ContentOptions) -> Inputs:
    """The inputs that options and tscan.yaml name together."""
    from scanner.cli.support.store_location import load_configuration, with_configured_content

    options = with_configured_content(options, evidence.config)
    library = load(options)
    config = load_configuration(evidence.config, library)
    decisions = load_decisions(options, library, config)
    return Inputs(library=library, config=config, decisions=decisions)


def judge_evidence(
    evidence: EvidenceOptions, options: JudgingOptions, *, matrix_only: bool = False
) -> int:
    """Judge files or the newest scans, write the reports and return the exit code.

    TscanError where no file is named and history holds no scan.
    """
    # First, for it fails in a moment what would fail after a minute of judging.
    places = destinations(options.format, quiet=options.quiet)
    inputs = load_inputs(evidence, options)
    chosen = chosen_evidence(evidence, inputs.config)
    if chosen is None:
        raise no_scan(evidence, inputs.config)
    report = judged_report(
        chosen.snapshots,
        options,
        inputs.library,
        inputs.decisions,
        configured=inputs.config.categories,
        matrix_only=matrix_only,
    )
    if chosen.records and not options.quiet:
        click.echo(newest_line(chosen.records), err=True)
    write(chosen.with_first_seen(report), places)
    return report.exit_code


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
    evidence = file_evidence(paths)
    report = judged_report(
        evidence.snapshots, options, library, decisions, configured=configured or {}
    )
    if ledger is not None:
        report = replace(report, first_seen=FirstSeen(evidence.ended, ledger.state))
    write(report, places)
    return report


def judged_report(
    snapshots: Iterable[Snapshot],
    options: JudgingOptions,
    library: Library,
    decisions: Decisions,
    *,
    configured: Mapping[str, tuple[str, ...]],
    matrix_only: bool = False,
) -> Report:
    """The report on snapshots, which are taken one at a time."""
    from scanner.pipeline import judge

    assessment = judge(
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
