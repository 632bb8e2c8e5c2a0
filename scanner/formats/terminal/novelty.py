"""Renders the new failures of `--new-only`: how many, since when, and the first of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.text import Text

from scanner.formats import Report
from scanner.formats.terminal.words import plain
from scanner.formats.totals import new_failure_counts
from scanner.model.findings import Finding

_SHOWN: Final = 10
"""New failures that are named; the JSON result marks all."""


def new_failures(report: Report) -> Iterator[Text]:
    """`12 failures, 2 new since 2026-06-30T02:10:00.000Z`, and the new ones, gravest first."""
    if report.baseline is None:
        return
    new = sorted(report.new_failures, key=_order)
    yield plain(new_failure_counts(report))
    for finding in new[:_SHOWN]:
        resource = finding.resource
        place = f"{resource.name or resource.id} {resource.region}".rstrip()
        yield plain(f"  new  {finding.severity.value:8}  {finding.check}  {place}")
    if len(new) > _SHOWN:
        yield plain(f"  … and {len(new) - _SHOWN} more: --format json marks all")
    for target in report.assessment.targets:
        if target["id"] not in report.baseline.since:
            yield plain(f"No comparable scan of {target['id']}: all its failures are new")


def _order(finding: Finding) -> tuple[int, str, str, str]:
    resource = finding.resource
    return (-finding.severity.rank, finding.check, resource.region, resource.id)
