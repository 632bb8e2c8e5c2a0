"""Without any single member of an answer, or with something else in its place, nothing is better:
a sample; `make members-dropped` goes through all recordings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from scanner.core.reading import kind_reader
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.answers import Snapshot
from tests.helpers.library import shipped_library
from tests.helpers.member_mutants import DROPPED, Judge, Member, Mutant, Mutated, members
from tests.recordings.members_dropped import DEMO, go_through, sampled

SMALL = ("aws-kms-key-rotation-enabled", "aws-logs-retention-365d", "aws-s3-bucket-versioned")
SEED = 20261201


@cache
def judge() -> Judge:
    return Judge(shipped_library())


@cache
def demo() -> Snapshot:
    return read_snapshot(max(DEMO.glob("*.gz")))


def small() -> Snapshot:
    """What three checks read of the demo's account."""
    snapshot = replace(demo(), checks=SMALL)
    reads = judge().reads(snapshot)
    answers = {
        key: answer
        for key, answer in snapshot.answers.items()
        if reads.checks.get(answer.call.operation, frozenset()).intersection(SMALL)
    }
    return replace(snapshot, answers=answers)


def named(snapshot: Snapshot, shown: str) -> Iterator[Member]:
    return (member for member in members(snapshot) if member.shown == shown)


def dropped(snapshot: Snapshot, shown: str) -> tuple[int, int]:
    """How much looks better without a member, and how much of it nobody declared."""
    mutated = Mutated(snapshot, judge())
    better, violations = 0, 0
    for member in named(snapshot, shown):
        mutant = Mutant(member=member, kind="dropped", value=DROPPED)
        better += len(mutated.better(mutant))
        violations += len(mutated.violations(mutant))
    return better, violations


def test_nothing_is_better_in_any_mutant_of_a_small_snapshot() -> None:
    *_, counts = go_through([small()], judge(), each=1)
    print(counts)
    assert counts.violations == []
    assert counts.mutants > 100
    assert counts.declared > 0


def test_nothing_is_better_in_a_sample_of_the_demo() -> None:
    counts = sampled(demo(), judge(), count=40, seed=SEED)
    print(counts)
    assert counts.violations == []
    assert counts.mutants > 40


def test_a_false_pass_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """If any list might be left out, that of the buckets would be."""
    assert dropped(small(), "s3:ListBuckets Buckets") == (0, 0)
    monkeypatch.setattr(kind_reader, "leaves_out", lambda request, kind: True)
    better, violations = dropped(small(), "s3:ListBuckets Buckets")
    assert better == violations > 0


def test_what_a_kind_declares_is_no_violation() -> None:
    """A log group without a number of days keeps its events forever."""
    better, violations = dropped(small(), "logs:DescribeLogGroups logGroups[].retentionInDays")
    assert better > 0
    assert violations == 0


def test_what_holds_a_declared_member_is_not_declared() -> None:
    reads = judge().reads(demo())
    (member, *_) = named(demo(), "logs:DescribeLogGroups logGroups[].retentionInDays")
    (above, *_) = named(demo(), "logs:DescribeLogGroups logGroups")
    assert reads.has_meaning(member)
    assert not reads.has_meaning(above)
