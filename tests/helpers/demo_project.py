"""A project folder with tscan.yaml and a history of one scan: the recorded account of the demo."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

from scanner.cli.demo import recorded_library
from scanner.core.judging.links import Links
from scanner.formats import Report
from scanner.history.ledger.commit import commit_scan
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.controls import Criterion
from scanner.model.findings import Finding, Verdict
from scanner.model.history import Record
from scanner.model.library import Library
from scanner.pipeline import judge
from tests.helpers.estate_recording import SNAPSHOT
from tests.helpers.library import shipped_library


def demo_library() -> Library:
    """The checks that the recording has evidence for."""
    return recorded_library(shipped_library(), read_snapshot(SNAPSHOT))


@cache
def demo_report() -> Report:
    """The report on the recording alone."""
    library = demo_library()
    return Report(assessment=judge([read_snapshot(SNAPSHOT)], library), library=library)


def failing_finding() -> Finding:
    """The worst finding that decides CC6.1, of a resource whose name no other one has."""
    report = demo_report()
    decided = set(Links(report.library).criterion_checks(_criterion("CC6.1")))
    names = Counter({(one.resource.name, one.resource.id) for one in report.assessment.findings})
    once = Counter(name for pair in names for name in set(pair))
    failing = [
        finding
        for finding in report.assessment.findings
        if finding.verdict is Verdict.FAIL
        and finding.check in decided
        and once[finding.resource.name] == 1
    ]
    return min(failing, key=lambda one: (-one.severity.rank, one.check, one.resource.id))


def _criterion(name: str) -> Criterion:
    return next(one for _, one in Links(demo_library()).criteria() if one.id == name)


def make_project(folder: Path, *, config: str = "version: 1\n") -> Record:
    """Write tscan.yaml and commit the recorded account beside it, unsigned."""
    (folder / "tscan.yaml").write_text(config)
    snapshot = read_snapshot(SNAPSHOT)
    library = demo_library()
    assessment = judge([snapshot], library)
    store = str(folder / ".tscan")
    (record,) = commit_scan([snapshot], assessment, library, store, sign=False)
    return record
