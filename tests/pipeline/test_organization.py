"""Many accounts in one scan: each is read as itself, and none is dropped in silence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scanner import pipeline
from scanner.client.clock import Clock
from scanner.client.interfaces import Rules
from scanner.collect import AT_ONCE, Progress
from scanner.core.judging.exit_codes import exit_code
from scanner.errors import TscanError
from scanner.formats import Report
from scanner.formats.json import document
from scanner.formats.terminal import render
from scanner.history.snapshots.snapshot_file import read_snapshot, write_snapshot
from scanner.model.answers import AccountState, Call, Snapshot, State
from scanner.model.checks import Severity
from scanner.model.config import Config, Exclusion, TargetConfig
from scanner.model.config import Organization as OrganizationConfig
from scanner.model.findings import Assessment, Status, Verdict
from scanner.model.library import Library
from scanner.providers.aws.connect import connect_target
from scanner.providers.aws.organization_accounts import account_connectors
from tests.estate.organization import Organization, account_id, beside
from tests.helpers.library import shipped_library
from tests.helpers.refusals import improvements

CHECKS = (
    "aws-ec2-default-sg-closed",
    "aws-ec2-sg-no-public-admin-ports",
    "aws-s3-account-public-access-blocked",
)
ROLE = OrganizationConfig(role="tscan-read")


@pytest.fixture(scope="module")
def library() -> Library:
    return shipped_library()


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Serves an organization."""
    with ExitStack() as stack:

        def start(organization: Organization) -> None:
            monkeypatch.setenv("AWS_ENDPOINT_URL", stack.enter_context(beside(organization)))
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
            monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

        yield start


def scan(library: Library, role: OrganizationConfig = ROLE, **given: Any) -> dict[str, Snapshot]:
    target = TargetConfig(organization=role, regions=("eu-west-1", "us-east-1"))
    config = Config(targets=(target,))
    return {one.target: one for one in pipeline.scan(config, library, checks=CHECKS, **given)}


def target(number: int) -> str:
    return f"aws:{account_id(number)}"


def judged(snapshots: dict[str, Snapshot], library: Library) -> Assessment:
    return pipeline.judge(snapshots.values(), library)


def at(snapshots: dict[str, Snapshot], operation: str, number: int) -> list[State]:
    return [
        one.state
        for one in snapshots[target(number)].answers.values()
        if one.call.operation == operation
    ]


def test_every_account_is_read_as_itself(serve: Any, library: Library) -> None:
    organization = Organization(accounts=25)
    serve(organization)
    states: list[Progress] = []
    snapshots = scan(library, progress=states.append)
    assert sorted(snapshots) == [target(number) for number in range(25)]
    for number in range(25):
        snapshot = snapshots[target(number)]
        (caller,) = (
            one
            for one in snapshot.answers.values()
            if one.call.operation == "sts:GetCallerIdentity"
        )
        assert caller.data["Account"] == account_id(number)
        assert organization.asked[account_id(number), "DescribeSecurityGroups"] == 2, (
            "once in each region"
        )
    assert organization.asked[account_id(0), "AssumeRole"] == 24
    assert not any(
        "AssumeRole" in key for snapshot in snapshots.values() for key in snapshot.answers
    )
    assert (states[-1].targets, max(state.ended for state in states)) == (25, 25)


def test_accounts_are_entered_as_others_come_to_an_end(serve: Any, library: Library) -> None:
    organization = Organization(accounts=40)
    serve(organization)
    config = Config(targets=(TargetConfig(organization=ROLE, regions=("us-east-1",)),))
    ended = 0
    for _ in pipeline.scan(config, library, checks=CHECKS):
        ended += 1
        entered = {
            account for account, operation in organization.asked if operation == "GetCallerIdentity"
        }
        assert len(entered) <= 1 + ended + AT_ONCE, "what is read is let go of before more is begun"
    assert ended == 40


def test_closed_and_excluded_accounts_are_listed_and_left_alone(
    serve: Any, library: Library, tmp_path: Path
) -> None:
    organization = Organization(accounts=4, closed=frozenset({account_id(1)}))
    serve(organization)
    out = Exclusion(account=account_id(2), reason="no customer data", approver="Jo Doe")
    snapshots = scan(library, replace(ROLE, exclude=(out,)))
    assert sorted(snapshots) == [target(0), target(3)]
    leader = snapshots[target(0)]
    assert [(one.id, one.state, one.reason, one.approver) for one in leader.accounts] == [
        (account_id(0), AccountState.IN_SCOPE, "", ""),
        (account_id(1), AccountState.CLOSED, "SUSPENDED", ""),
        (account_id(2), AccountState.EXCLUDED, "no customer data", "Jo Doe"),
        (account_id(3), AccountState.IN_SCOPE, "", ""),
    ]
    assert {account for account, _ in organization.asked} == {account_id(0), account_id(3)}
    write_snapshot(tmp_path / "x.snapshot.jsonl.gz", leader)
    assert read_snapshot(tmp_path / "x.snapshot.jsonl.gz") == leader
    report = Report(assessment=judged(snapshots, library), library=library)
    counted = "Accounts of the organization: 1 excluded, 1 closed, 2 in scope"
    assert counted in render(report).splitlines()[1:4]
    first, _, *rows = render(replace(report, details=True)).splitlines()
    assert first == counted
    assert "no customer data (approved by Jo Doe)" in rows[0]
    assert "SUSPENDED" in rows[1]
    accounts = {row["id"]: row["accounts"] for row in document(report)["scan"]["targets"]}
    assert [row["state"] for row in accounts[target(0)]] == [
        "in scope",
        "closed",
        "excluded",
        "in scope",
    ]
    assert accounts[target(3)] == []


def test_an_account_that_cannot_be_entered_is_a_gap_in_every_check(
    serve: Any, library: Library, tmp_path: Path
) -> None:
    serve(Organization(accounts=3))
    before = judged(scan(library), library)
    serve(Organization(accounts=3, refusing=frozenset({account_id(2)})))
    snapshots = scan(library)
    shut = snapshots[target(2)]
    assert [
        (one.call.operation, one.state, one.code, one.data) for one in shut.answers.values()
    ] == [("sts:AssumeRole", State.DENIED, "AccessDenied", None)]
    write_snapshot(tmp_path / "x.snapshot.jsonl.gz", shut)
    assert read_snapshot(tmp_path / "x.snapshot.jsonl.gz") == shut
    after = judged(snapshots, library)
    lost = [finding for finding in after.findings if finding.resource.target == target(2)]
    assert {finding.check for finding in lost} == {finding.check for finding in before.findings}
    for finding in lost:
        assert finding.verdict is Verdict.UNKNOWN
        assert "sts:AssumeRole denied" in finding.reason
        assert account_id(2) in finding.reason
    assert list(improvements(before, after, library)) == []
    asked = {finding.check for finding in lost}
    for control in after.controls:
        if asked & {
            link.id for link in library.controls[control.id].checks if link.role == "evidences"
        }:
            assert control.status in (Status.FAIL, Status.NOT_SHOWN)
    only = replace(
        after, results=tuple(result for result in after.results if result.target == target(2))
    )
    assert exit_code(only, library, Severity.HIGH) == 3
    report = Report(assessment=after, library=library)
    assert "1 not entered" in render(replace(report, details=True)).splitlines()[0]
    screen = render(report)
    assert f"Not reached: {target(2)} (" in screen
    assert re.search(r"  sts:AssumeRole +\d+ checks unknown", screen)


@pytest.mark.parametrize("kept", [(0,), (0, 1)])
def test_evidence_that_is_left_out_improves_nothing(
    serve: Any, library: Library, kept: Sequence[int]
) -> None:
    serve(Organization(accounts=3))
    snapshots = scan(library)
    fewer = {target(number): snapshots[target(number)] for number in kept}
    before, after = judged(snapshots, library), judged(fewer, library)
    assert list(improvements(before, after, library)) == []
    assert {row["id"] for row in after.targets} == set(snapshots)
    reasons = {finding.reason for finding in after.findings if finding.resource.target == target(2)}
    assert reasons == {
        f"{target(2)} is an account of the organization in scope, and was not scanned"
    }
    nothing = replace(after, results=())
    assert (
        exit_code(replace(nothing, coverage=()), replace(library, checks={}), Severity.CRITICAL)
        == 3
    )


@pytest.mark.parametrize(("unlisted", "read"), [("AccessDeniedException", 1), ("page", 20)])
def test_accounts_that_were_not_listed_are_a_gap(
    serve: Any, library: Library, unlisted: str, read: int
) -> None:
    serve(Organization(accounts=25))
    before = judged(scan(library), library)
    serve(Organization(accounts=25, unlisted=unlisted))
    snapshots = scan(library)
    assert sum(not one.unentered for one in snapshots.values()) == read
    assert "organizations:ListAccounts" in snapshots["aws:organization"].unentered
    after = judged(snapshots, library)
    assert list(improvements(before, after, library)) == []
    assert exit_code(after, library, Severity.HIGH) in (1, 3)
    without = {name: one for name, one in snapshots.items() if name != "aws:organization"}
    assert list(improvements(after, judged(without, library), library)) == []
    assert "aws:organization" in [row["id"] for row in judged(without, library).targets]


def test_credentials_are_renewed_before_they_expire(serve: Any, library: Library) -> None:
    organization = Organization(accounts=2, lifetime=300)
    serve(organization)
    snapshots = scan(library)
    assert organization.asked[account_id(0), "AssumeRole"] > 2, (
        "five minutes are less than what is kept in hand"
    )
    # The stub's empty documents are errors of their own: none is for want of credentials.
    codes = {one.code for one in snapshots[target(1)].answers.values() if not one.state.whole}
    assert codes <= {"UnexpectedBody", "UnparsableAnswerError"}


def test_credentials_that_run_out_are_renewed_once(serve: Any, library: Library) -> None:
    organization = Organization(accounts=2, stale=1)
    serve(organization)
    snapshots = scan(library, threads=1)
    assert organization.asked[account_id(0), "AssumeRole"] == 2
    # The stub's empty documents are errors of their own: none is for want of credentials.
    codes = {one.code for one in snapshots[target(1)].answers.values() if not one.state.whole}
    assert codes <= {"UnexpectedBody", "UnparsableAnswerError"}


def test_credentials_that_cannot_be_renewed_are_a_refusal_with_its_code(
    serve: Any, library: Library
) -> None:
    serve(Organization(accounts=2, stale=10**9))
    shut = scan(library)[target(1)]
    assert [(one.state, one.code) for one in shut.answers.values()] == [
        (State.DENIED, "ExpiredToken")
    ]
    assert "sts:GetCallerIdentity denied" in shut.unentered


@pytest.mark.parametrize(
    ("ahead", "words"), [(1800.0, "30 minutes ahead of"), (-1800.0, "30 minutes behind")]
)
def test_a_clock_that_is_far_off_is_said(
    serve: Any, library: Library, ahead: float, words: str
) -> None:
    serve(Organization(accounts=2, clock=ahead))
    snapshots = scan(library)
    for snapshot in snapshots.values():
        assert snapshot.clock_skew == pytest.approx(ahead, abs=5)
    notes = judged(snapshots, library).notes
    assert [words in note for note in notes] == [True, True]


def test_a_clock_that_is_right_is_not_spoken_of(serve: Any, library: Library) -> None:
    serve(Organization(accounts=1))
    (snapshot,) = scan(library).values()
    assert snapshot.clock_skew is not None
    assert abs(snapshot.clock_skew) < 5
    assert judged({target(0): snapshot}, library).notes == ()


def test_the_throttling_of_one_account_does_not_slow_another(serve: Any) -> None:
    serve(Organization(accounts=3, throttled=frozenset({account_id(1)})))
    slept: list[float] = []
    clock = Clock(monotonic=lambda: sum(slept), sleep=slept.append, jitter=lambda: 0.5)
    config = TargetConfig(organization=ROLE)
    front = connect_target(config, Rules(), clock)
    _, slow, quick = (door.connect() for door in account_connectors(front, ROLE))
    assert slept, "entering the throttled account asked EC2 for its regions"
    call = Call(
        operation="ec2:DescribeSecurityGroups", region="us-east-1", items=("SecurityGroups",)
    )
    slept.clear()
    answer = slow.request(call)  # type: ignore[union-attr]
    assert (answer.state, answer.retries) == (State.OK, 9)
    assert slept
    slept.clear()
    for _ in range(5):
        answer = quick.request(call)  # type: ignore[union-attr]
        assert (answer.state, answer.retries) == (State.OK, 0)
    assert slept == []


def test_one_client_serves_all_accounts(serve: Any) -> None:
    serve(Organization(accounts=5))
    front = connect_target(TargetConfig(organization=ROLE), Rules())
    call = Call(operation="s3:ListBuckets", region="us-east-1", items=("Buckets",))
    sessions = [door.connect() for door in account_connectors(front, ROLE)]
    for number, session in enumerate(sessions):
        answer = session.request(call)  # type: ignore[union-attr]
        assert f"b-{account_id(number)}-0" in [row["Name"] for row in answer.data["Buckets"]]
    places = [(service, "us-east-1") for service in ("ec2", "iam", "organizations", "s3", "sts")]
    assert sorted(front.access.operations._clients) == places, "no account brings its own"


def test_an_account_that_lists_cannot_be_excluded(serve: Any, library: Library) -> None:
    serve(Organization(accounts=2))
    out = Exclusion(account=account_id(0), reason="x", approver="y")
    with pytest.raises(TscanError, match="cannot be excluded"):
        scan(library, replace(ROLE, exclude=(out,)))


def test_a_target_that_is_named_twice_is_refused(serve: Any, library: Library) -> None:
    serve(Organization(accounts=2))
    config = Config(targets=(TargetConfig(organization=ROLE), TargetConfig()))
    with pytest.raises(TscanError, match=f"two configured targets are {target(0)}"):
        next(iter(pipeline.scan(config, library)))
