"""What `tscan permissions aws` prints is enough, and the lack of any of it shows; long forms are in
`benchmarks/`.

The estate holds something behind every operation, so that hostile answers to each are tried on it
too."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from scanner.core.reading.types_in_use import inventory_requests
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.answers import Snapshot, State
from scanner.model.findings import Assessment, InventoryState, Verdict
from scanner.model.library import Library
from scanner.pipeline import judge
from scanner.providers.aws.permissions import actions_of
from tests.estate.guarded import Guarded, guarded
from tests.estate.refusing import Decision
from tests.estate.seed import REGIONS
from tests.estate.wide.answers import UNREAD
from tests.helpers.hostile_answers import VALUES, changed, depths, passes
from tests.helpers.library import shipped_library
from tests.helpers.long_form import amount, some
from tests.helpers.refusals import improvements
from tests.helpers.withheld_actions import effect, printed, replayed, used, verdicts, without

DEMO = Path(__file__).parents[2] / "tests/recordings/estate.snapshot.jsonl.gz"
LIVE = (
    "ec2:DescribeRegions",
    "iam:GetAccountAuthorizationDetails",
    "kms:GetKeyRotationStatus",
    "s3:ListAllMyBuckets",
)
"""One action for each form of requests: ec2 (and the one that tells the regions), query, json,
rest-xml."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A scan of the estate that is allowed what is printed."""

    estate: Guarded
    snapshot: Snapshot
    decisions: tuple[Decision, ...]
    assessment: Assessment


@pytest.fixture(scope="module")
def library() -> Library:
    return shipped_library()


@pytest.fixture(scope="module")
def base(library: Library) -> Iterator[Base]:
    with guarded(library) as estate:
        snapshot, decisions = estate.scan(printed())
        yield Base(
            estate=estate,
            snapshot=snapshot,
            decisions=tuple(decisions),
            assessment=judge([snapshot], library),
        )


@pytest.mark.slow
def test_what_is_printed_is_enough_and_all_of_it_is_asked_for(base: Base) -> None:
    assert [one for one in base.decisions if one.lacking] == []
    assert used(base.snapshot).keys() == printed()


@pytest.mark.slow
def test_without_any_one_action_something_turns_unknown_and_names_it(
    base: Base, library: Library
) -> None:
    shown_only = printed() - printed(deciding=True)
    tried = {*some(sorted(printed()), 40), *shown_only}
    effects = {
        name: replayed(name, base.snapshot, base.assessment, library, home=REGIONS[0])
        for name in sorted(tried)
    }
    assert {name: one.gains for name, one in effects.items() if one.gains} == {}
    assert {name for name, one in effects.items() if not one.naming} == shown_only
    # The account's name, and types in use that no check reads: printed in a statement of their own,
    # for no verdict depends on them.
    assert shown_only == {
        "iam:ListAccountAliases",
        "resource-explorer-2:GetDefaultView",
        "resource-explorer-2:Search",
    }
    assert len(effects) > amount(40, 140)


@pytest.mark.slow
def test_types_that_no_check_reads_are_listed_with_their_numbers(base: Base) -> None:
    found = {one.type: one.count for one in base.assessment.unassessed}
    assert {name: found.get(name) for name in UNREAD} == UNREAD
    assert not {"s3:bucket", "kms:key"} & found.keys()


@pytest.mark.slow
def test_refused_inventories_are_not_known_and_improve_nothing(
    base: Base, library: Library
) -> None:
    counting = {
        action
        for request in inventory_requests(library, ["aws"])
        for action in request.permission or actions_of(request.operation)
    }
    after = judge([without(base.snapshot, counting)], library)
    assert after.unassessed == ()
    assert {one.state for one in after.inventories} == {InventoryState.NOT_KNOWN}
    assert all(" denied" in one.reason for one in after.inventories)
    assert list(improvements(base.assessment, after, library)) == []
    # What only they use is no gap of a verdict.
    only = {"resource-explorer-2:GetDefaultView", "resource-explorer-2:Search"}
    after = judge([without(base.snapshot, only)], library)
    assert verdicts(after) == verdicts(base.assessment)
    assert not any("resource-explorer" in row.operation for row in after.coverage)


@pytest.mark.slow
def test_a_guardrail_counts_where_it_is_attached(base: Base) -> None:
    """One of the estate's accounts lies in the unit that the policy is attached to; it exists for
    all of them."""
    guarded = {
        check: {
            finding.resource.name
            for finding in base.assessment.findings
            if finding.check == check and finding.verdict is Verdict.PASS
        }
        for check in ("aws-organizations-scp-guardrails", "aws-organizations-scp-guardrails-logs")
    }
    assert list(guarded.values()) == [{"shop"}, {"shop"}]
    failing = {
        f.resource.name
        for f in base.assessment.findings
        if f.check in guarded and f.verdict is Verdict.FAIL
    }
    assert failing == {"lab", "master"}


@pytest.mark.slow
@pytest.mark.parametrize("action", some(LIVE, 2))
def test_the_server_refuses_as_the_replay_says(action: str, base: Base, library: Library) -> None:
    snapshot, decisions = base.estate.scan(printed() - {action})
    assert {one.lacking for one in decisions} == {(), (action,)}
    after = judge([snapshot], library)
    found = effect(action, base.snapshot, base.assessment, after, library)
    assert found.turned
    assert found.naming
    assert found.gains == ()
    assert verdicts(after) == verdicts(
        judge([without(base.snapshot, {action}, REGIONS[0])], library)
    )


@pytest.mark.slow
@pytest.mark.parametrize("depth", range(6))
def test_no_malformed_answer_to_any_operation_passes(
    depth: int, base: Base, library: Library
) -> None:
    passing = passes(base.assessment)
    assert len(passing) > 150
    # An empty map reads as a list of nothing; botocore itself makes a list of it wherever its model
    # says so.
    for value in [one for one in VALUES if one != {}][depth::12]:
        after = judge([changed(base.snapshot, depths(State.OK, value, depth))], library)
        assert passes(after) <= passing, repr(value)[:80]
        assert all(
            finding.reason for finding in after.findings if finding.verdict is Verdict.UNKNOWN
        )


def test_denied_sets_of_actions_improve_nothing(library: Library) -> None:
    snapshot = read_snapshot(DEMO)
    before = judge([snapshot], library)
    actions = list(used(snapshot))
    assert len(actions) > 80
    chance, shown = random.Random(5), 0
    for _ in range(40):
        chosen = chance.sample(actions, chance.randint(1, len(actions)))
        after = judge([without(snapshot, chosen)], library)
        assert list(improvements(before, after, library)) == [], sorted(chosen)
        shown += verdicts(after) != verdicts(before)
    assert shown >= 38
