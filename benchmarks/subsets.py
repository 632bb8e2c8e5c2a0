"""Denies random sets of the IAM actions behind a snapshot, and shows that nothing improves by it.

    python benchmarks/subsets.py [SNAPSHOT] [--count 200] [--seed 1]

refused     answers that a set takes away
pass … unknown    findings
exit        the exit codes at low, medium, high and critical
better      findings, controls, criteria or exit codes that improved: there must be none

Exit 1 when anything improved.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scanner.content import load_library
from scanner.core.judging.exit_codes import exit_code
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.checks import Severity
from scanner.model.findings import Assessment, Verdict
from scanner.model.library import Library
from scanner.pipeline import judge
from tests.helpers.refusals import improvements
from tests.helpers.withheld_actions import used, without

DEMO = Path(__file__).resolve().parents[1] / "tests/recordings/estate.snapshot.jsonl.gz"
SHOWN = (Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN)


def line(
    name: str, actions: int, refused: int, assessment: Assessment, library: Library, better: int
) -> str:
    """One line of the table."""
    verdicts = [finding.verdict for finding in assessment.findings]
    counts = " ".join(f"{verdicts.count(verdict):8}" for verdict in SHOWN)
    codes = " ".join(str(exit_code(assessment, library, severity)) for severity in Severity)
    return f"{name:>6} {actions:8} {refused:8} {counts}   {codes} {better:7}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("snapshot", type=Path, nargs="?", default=DEMO)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    library, snapshot = load_library(), read_snapshot(options.snapshot)
    asked = used(snapshot)
    before = judge([snapshot], library)
    print(
        f"{'set':>6} {'actions':>8} {'refused':>8} {'pass':>8} {'fail':>8} {'unknown':>8} {'exit':>9} {'better':>7}"
    )
    print(line("none", 0, 0, before, library, 0))
    chance, better = random.Random(options.seed), 0
    for number in range(1, options.count + 1):
        chosen = chance.sample(list(asked), chance.randint(1, len(asked)))
        after = judge([without(snapshot, chosen)], library)
        gains = list(improvements(before, after, library))
        refused = len({key for action in chosen for key in asked[action]})
        print(line(str(number), len(chosen), refused, after, library, len(gains)))
        for gain in gains:
            print(f"    {gain}")
        better += len(gains)
    print(f"{options.count} sets of {len(asked)} actions denied, {better} things got better")
    return int(better > 0)


if __name__ == "__main__":
    raise SystemExit(main())
