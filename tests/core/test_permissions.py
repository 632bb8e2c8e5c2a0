"""Permissions are derived from what checks read: enough, each of them needed, and a loss is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scanner.core.permissions import (
    losses,
    reads_organization,
    required_permissions,
    with_permissions,
)
from scanner.core.reading.types_in_use import inventory_requests
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.answers import Answer, Snapshot
from scanner.model.controls import Role
from scanner.model.findings import Verdict
from scanner.model.kinds import Scope
from scanner.model.library import Library
from scanner.pipeline import judge
from tests.helpers.library import shipped_library
from tests.helpers.long_form import amount, some
from tests.helpers.refusals import changed, denied, worsened

SNAPSHOT = Path(__file__).parents[2] / "tests/recordings/estate.snapshot.jsonl.gz"


@pytest.fixture(scope="module")
def library() -> Library:
    return shipped_library()


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return read_snapshot(SNAPSHOT)


def own(operation: str) -> tuple[str, ...]:
    return (f"own:{operation}",)


def test_a_check_needs_its_listing_its_details_and_what_they_stand_on(library: Library) -> None:
    check = library.checks["aws-s3-bucket-public-access-blocked"]
    grants = required_permissions(library, [check], own)
    assert {
        "s3:ListAllMyBuckets",
        "s3:GetBucketPublicAccessBlock",
        "s3:GetAccountPublicAccessBlock",
    } <= set(grants)
    assert grants["s3:GetAccountPublicAccessBlock"].operations == (
        "s3control:GetPublicAccessBlock",
    )
    assert "s3:GetEncryptionConfiguration" not in grants
    assert list(grants) == sorted(grants)


def test_the_kind_names_the_permission_and_otherwise_the_default_does(library: Library) -> None:
    grants = required_permissions(library, [library.checks["aws-sqs-queue-has-dlq"]], own)
    assert "own:sqs:ListQueues" in grants
    assert "sqs:ListQueues" not in grants


def test_what_a_check_declares_is_enough_for_its_verdicts(
    library: Library, snapshot: Snapshot
) -> None:
    """With only the answers to its own operations, a check says what it says with all of them."""
    judged = 0
    for name in sorted(set(snapshot.checks) & set(library.checks)):
        grants = required_permissions(library, [library.checks[name]], own)
        operations = {operation for grant in grants.values() for operation in grant.operations}
        left = {
            key: answer
            for key, answer in snapshot.answers.items()
            if answer.call.operation in operations
        }
        alone = judge([replace(snapshot, answers=left)], library, checks=(name,))
        assert alone.findings == judge([snapshot], library, checks=(name,)).findings, name
        judged += len(alone.findings)
    assert judged > 200


def test_every_call_of_a_scan_is_declared(library: Library, snapshot: Snapshot) -> None:
    grants = required_permissions(library, [library.checks[name] for name in snapshot.checks], own)
    declared = {operation for grant in grants.values() for operation in grant.operations}
    discovery = {
        "sts:GetCallerIdentity",
        "iam:ListAccountAliases",
        "ec2:DescribeRegions",
        "organizations:DescribeOrganization",
    }
    counting = {request.operation for request in inventory_requests(library, ["aws"])}
    made = {answer.call.operation for answer in snapshot.answers.values()}
    assert made <= declared | discovery | counting


def test_without_one_permission_something_is_unknown_and_says_which_call(
    library: Library, snapshot: Snapshot
) -> None:
    grants = required_permissions(library, [library.checks[name] for name in snapshot.checks], own)
    before = judge([snapshot], library)
    silent, named = [], 0
    for action, grant in some(grants.items(), 40):
        keys = [
            key
            for key, answer in snapshot.answers.items()
            if answer.call.operation in grant.operations and answer.state.whole
        ]
        moved = changed(before, judge([worsened(snapshot, keys, denied)], library)) if keys else []
        if keys and not moved:
            silent.append(action)
            continue
        named += bool(keys)
        for finding in moved:
            assert finding.verdict is Verdict.UNKNOWN, action
            assert finding.check in grant.checks, action
        assert not moved or any(
            name in finding.reason for finding in moved for name in grant.operations
        ), action
    assert named > amount(20, 50)
    # Where the demo's account holds nothing that the answer could decide: no ACL opens a bucket, no
    # rule names a list, no trail feeds a log group that a filter could watch.
    assert len(silent) <= named // 7, silent


def test_a_refused_operation_names_its_checks_and_the_controls_that_they_evidence(
    library: Library,
) -> None:
    (loss,) = losses(library, library.checks.values(), own, ["s3:ListBuckets"])
    assert loss.permissions == ("s3:ListAllMyBuckets",)
    assert "aws-s3-bucket-versioned" in loss.checks
    assert "aws-iam-user-console-mfa" not in loss.checks
    assert loss.controls
    for name in loss.controls:
        links = {link.id: link.role for link in library.controls[name].checks}
        assert any(links.get(check) is Role.EVIDENCES for check in loss.checks), name


def test_an_operation_that_no_check_reads_costs_nothing(library: Library) -> None:
    (loss,) = losses(library, library.checks.values(), own, ["iam:ListAccountAliases"])
    assert (loss.permissions, loss.checks, loss.controls) == (
        ("own:iam:ListAccountAliases",),
        (),
        (),
    )


def test_without_the_list_of_regions_whatever_is_read_in_each_is_lost(library: Library) -> None:
    chosen = [library.checks["aws-sqs-queue-has-dlq"], library.checks["aws-iam-user-console-mfa"]]
    (loss,) = losses(
        library,
        chosen,
        own,
        ["ec2:DescribeRegions"],
        blinding={"ec2:DescribeRegions": Scope.REGION},
    )
    assert loss.checks == ("aws-sqs-queue-has-dlq",)


def test_without_knowing_who_leads_whatever_the_organization_is_asked_is_lost(
    library: Library,
) -> None:
    queue = library.kinds["aws.sqs.queue"]
    moved = replace(
        library, kinds={**library.kinds, queue.id: replace(queue, scope=Scope.MANAGEMENT)}
    )
    chosen = [
        library.checks["aws-sqs-queue-kms-encrypted"],
        library.checks["aws-iam-user-console-mfa"],
    ]
    (loss,) = losses(
        moved, chosen, own, [], blinding={"organizations:DescribeOrganization": Scope.MANAGEMENT}
    )
    assert loss.checks == ("aws-sqs-queue-kms-encrypted",)
    assert reads_organization(moved, chosen)
    assert not reads_organization(library, chosen)


def refused(snapshot: Snapshot, operation: str, code: str = "AccessDenied") -> Snapshot:
    """The snapshot with every answer of an operation refused with a code."""

    def refuse(answer: Answer) -> Answer:
        return replace(denied(answer), code=code)

    keys = [key for key, one in snapshot.answers.items() if one.call.operation == operation]
    assert keys
    return worsened(snapshot, keys, refuse)


def test_a_denied_call_names_the_missing_permission(library: Library, snapshot: Snapshot) -> None:
    def reason(code: str) -> str:
        found = refused(snapshot, "s3:ListBuckets", code)
        assessment = judge([found], library, checks=("aws-s3-bucket-versioned",))
        gaps = {row.reason for row in assessment.coverage if row.operation == "s3:ListBuckets"}
        (finding,) = assessment.findings
        assert finding.verdict is Verdict.UNKNOWN
        # Findings and coverage name one cause alike.
        assert gaps == {finding.reason}
        return finding.reason

    assert reason("AccessDenied") == "s3:ListBuckets denied: the role lacks s3:ListAllMyBuckets"
    # No permission mends expired credentials, or a policy above the account.
    for code in ("ExpiredToken", "AccessDenied: service control policy"):
        assert reason(code) == f"s3:ListBuckets denied ({code})"


def test_one_of_several_permissions_is_missing(library: Library, snapshot: Snapshot) -> None:
    operation = "s3:GetBucketVersioning"
    found = refused(snapshot, operation)
    check = library.checks["aws-s3-bucket-versioned"]
    named = with_permissions(found.answers, library, [check], lambda _: ("one", "two"))
    reasons = [answer.reason for answer in named.values() if answer.call.operation == operation]
    assert reasons
    assert all(reason.endswith(": the role lacks one or two") for reason in reasons)


def test_without_a_denied_answer_no_permission_is_looked_up(
    library: Library, snapshot: Snapshot
) -> None:
    def never(operation: str) -> tuple[str, ...]:
        raise AssertionError(operation)

    answers = snapshot.answers
    assert with_permissions(answers, library, library.checks.values(), never) is answers
