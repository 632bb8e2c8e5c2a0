"""The permissions behind denied operations, also of evidence that this version does not know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scanner.cli.support.denied import denied_permissions
from scanner.formats import FORMATS
from scanner.model.answers import State
from scanner.model.findings import Assessment, CoverageRow
from tests.helpers.library import shipped_library
from tests.helpers.reference_scan import ASSESSMENT, REPORT


def refused(target: str, operation: str, *, waiver: str = "") -> Assessment:
    """The reference scan with one operation that was denied, and no other gap."""
    row = CoverageRow(
        target=target,
        region="",
        operation=operation,
        state=State.DENIED,
        answers=1,
        items=0,
        waiver=waiver,
    )
    return replace(ASSESSMENT, coverage=(row,))


@pytest.mark.parametrize(
    ("target", "operation", "expected"),
    [
        ("aws:1", "elbv2:DescribeListeners", ("elasticloadbalancing:DescribeListeners",)),
        ("gcp:p", "storage:buckets.list", ("storage.buckets.getIamPolicy", "storage.buckets.list")),
        ("gcp:p", "storage:of.another.version", ()),
        ("github:o", "repos:of.another.version", ()),
    ],
)
def test_an_operation_has_the_permissions_of_its_provider(
    target: str, operation: str, expected: tuple[str, ...]
) -> None:
    found = denied_permissions(refused(target, operation), shipped_library())
    assert found == {operation: expected}


def test_a_cloud_that_is_not_installed_has_none() -> None:
    assert denied_permissions(refused("moon:1", "s3:ListBuckets"), shipped_library()) == {}


def test_what_a_waiver_accepts_is_not_missing() -> None:
    accepted = refused("aws:1", "s3:ListBuckets", waiver="W-1")
    assert denied_permissions(accepted, shipped_library()) == {}


def test_an_operation_without_known_permission_is_named_itself() -> None:
    assessment = replace(REPORT.assessment, coverage=ASSESSMENT.coverage)
    text = FORMATS.get("terminal")(replace(REPORT, assessment=assessment, permissions={}))
    assert "  s3:GetBucketVersioning  1 check unknown" in text
