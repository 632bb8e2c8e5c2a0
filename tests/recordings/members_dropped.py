"""`python -m tests.recordings.members_dropped [SNAPSHOT …]`: spoils each member of each answer, and
prints what looks better for it; exit code 1 if anything does.

Without a snapshot it takes those of the demo and of the estate, and every one that the tests over
recorded and authored responses judge. Members that are alike (of one operation, place and value)
are spoiled once; `--each N` takes N of them."""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.answers import Snapshot
from scanner.model.findings import Verdict
from tests.conftest import ROOT
from tests.helpers.estate_recording import SNAPSHOT
from tests.helpers.judged_snapshots import judged_by
from tests.helpers.library import shipped_library
from tests.helpers.member_mutants import Better, Judge, Member, Mutant, Mutated, alike, members

DEMO: Final = ROOT / "scanner/cli/demo/project/snapshots"
TESTS: Final = ("tests/authored", "tests/recordings", "tests/checks")
"""Tests that judge recorded and authored responses."""


@dataclass(slots=True)
class Counts:
    """What was gone through."""

    snapshots: int = 0
    answers: int = 0
    members: int = 0
    mutants: int = 0
    declared: int = 0
    """Mutants in which something looks better, as a kind or a cloud declares."""
    violations: list[Better] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.snapshots} snapshots, {self.answers} answers, {self.members} members,"
            f" {self.mutants} mutants; {self.declared} mean something by declaration;"
            f" {len(self.violations)} violations"
        )


def go_through(snapshots: Iterable[Snapshot], judge: Judge, each: int) -> Iterator[Counts]:
    """Spoil every member of every snapshot; the counts so far after each snapshot."""
    counts = Counts()
    seen: Counter[object] = Counter()
    for snapshot in snapshots:
        mutated = Mutated(snapshot, judge)
        counts.snapshots += 1
        counts.answers += len(snapshot.answers)
        for member in members(snapshot):
            counts.members += 1
            # What can only get worse does not stand for what could get better.
            like = (alike(member), _is_open(mutated, member))
            seen[like] += 1
            if seen[like] <= each:
                _spoil(mutated, mutated.mutants(member), counts)
        yield counts


def _is_open(mutated: Mutated, member: Member) -> bool:
    checks = mutated.checks_of(member)
    verdicts = [verdict for key, verdict in mutated.before.items() if key[0] in checks]
    return any(verdict is not Verdict.PASS for verdict in verdicts)


def _spoil(mutated: Mutated, mutants: Iterable[Mutant], counts: Counts) -> None:
    for mutant in mutants:
        counts.mutants += 1
        better = mutated.better(mutant)
        if not better:
            continue
        violations = mutated.violations(mutant)
        counts.violations.extend(violations)
        if not violations:
            counts.declared += 1


def sampled(snapshot: Snapshot, judge: Judge, count: int, seed: int) -> Counts:
    """The counts of so many mutants of a snapshot, drawn by a seed."""
    mutated = Mutated(snapshot, judge)
    counts = Counts(snapshots=1, answers=len(snapshot.answers))
    drawn = random.Random(seed).sample(list(members(snapshot)), count)
    for member in drawn:
        counts.members += 1
        _spoil(mutated, mutated.mutants(member), counts)
    return counts


def main(arguments: list[str]) -> int:
    """Print every violation, then the counts; 1 if there is a violation or a test failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("snapshots", nargs="*", type=Path, metavar="SNAPSHOT")
    parser.add_argument("--each", type=int, default=1)
    options = parser.parse_args(arguments)
    code, snapshots = 0, tuple(map(read_snapshot, options.snapshots))
    if not snapshots:
        code, judged = judged_by([str(ROOT / path) for path in TESTS])
        files = (*sorted(DEMO.glob("*.gz")), SNAPSHOT)
        snapshots = (*map(read_snapshot, files), *judged)
    counts, shown = Counts(), 0
    for counts in go_through(snapshots, Judge(shipped_library()), options.each):
        for one in counts.violations[shown:]:
            print(one, flush=True)
        shown = len(counts.violations)
        if sys.stderr.isatty():
            print(f"\r{counts}", end="", file=sys.stderr)
    print(counts)
    return int(bool(code or counts.violations))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
