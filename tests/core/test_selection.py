"""What a selection leaves of an assessment, over the shipped library."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scanner.core.judging.selection import narrowed, serving_checks, serving_controls
from scanner.model.answers import State
from scanner.model.findings import CoverageRow
from scanner.model.library import Library
from tests.helpers.library import shipped_library
from tests.helpers.reference_scan import ASSESSMENT

VERSIONED = "aws-s3-bucket-versioned"
ROOT = "aws-iam-root-no-access-key"


@pytest.fixture(scope="module")
def library() -> Library:
    return shipped_library()


def row(operation: str, state: State = State.DENIED, unanswered: int = 0) -> CoverageRow:
    return CoverageRow(
        target="aws:1", region="", operation=operation, state=state, answers=1, items=0,
        unanswered=unanswered,
    )  # fmt: skip


ROWS = (
    row("s3:GetBucketVersioning"),
    row("s3:ListBuckets"),
    row("iam:GetAccountSummary"),
    row("sts:GetCallerIdentity"),
    row("logs:DescribeLogGroups", State.OK, unanswered=2),
)


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ((VERSIONED,), {"s3:GetBucketVersioning", "s3:ListBuckets", "sts:GetCallerIdentity"}),
        ((ROOT,), {"iam:GetAccountSummary", "sts:GetCallerIdentity"}),
        ((), {"sts:GetCallerIdentity"}),
    ],
)
def test_the_gaps_of_other_checks_are_left_out(
    library: Library, asked: tuple[str, ...], left: set[str]
) -> None:
    whole = replace(ASSESSMENT, coverage=ROWS)
    found = narrowed(whole, library, asked)
    assert {one.operation for one in found.coverage} == left
    assert found.asked == set(asked)
    assert narrowed(whole, library, None) == whole


def test_no_answer_is_left_out_where_nothing_is_missing(library: Library) -> None:
    whole = replace(ASSESSMENT, coverage=(row("s3:ListBuckets", State.OK),))
    assert narrowed(whole, library, (ROOT,)).coverage == whole.coverage


def test_controls_are_left_out_and_not_changed(library: Library) -> None:
    first, second, *_ = ASSESSMENT.controls
    found = narrowed(ASSESSMENT, library, None, {second.id})
    assert (found.controls, found.asked) == ((second,), None)
    assert first.id not in {one.id for one in found.controls}


def test_a_category_rests_on_every_check_of_its_controls(library: Library) -> None:
    """Whatever its role: without one of them a control may look better than it is."""
    for framework in library.frameworks.values():
        for category in {criterion.category for criterion in framework.criteria}:
            controls = serving_controls(library, {framework.id: (category,)})
            checks = serving_checks(library, controls)
            for name, control in library.controls.items():
                serves = any(
                    link.control == name
                    for criterion in framework.criteria
                    if criterion.category == category
                    for link in criterion.controls
                )
                assert (name in controls) == serves
                linked = {link.id for link in control.checks}
                for requirement in control.must_have:
                    linked.update(requirement.checks)
                if serves:
                    assert linked & set(library.checks) <= checks
    available = serving_controls(library, {"soc2-2017": ("Availability",)})
    assert set() < serving_checks(library, available) < set(library.checks)
