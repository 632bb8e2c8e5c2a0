"""Speed of judging: shipped checks over many resources, finding objects included.

    python benchmarks/evaluation.py [--resources 20000] [--check ID …]

The resources are those of the check's own examples, each under an id of its own. Two populations:
all of them pass, and one in ten fails (a failure is judged again by the evaluator that says why).
Exit 1 when the mean over the checks, each weighing the same, is below 150,000 evaluations a second
where all pass."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scanner.content import load_library
from scanner.content.examples import example_scope
from scanner.core.judging.evaluate import evaluate_check
from scanner.core.judging.parameters import resolve_params
from scanner.core.reading.resources import Resource
from scanner.model.answers import Target
from scanner.model.checks import Check
from scanner.model.findings import ResourceRef, Verdict
from scanner.model.library import Library

LEAST_RATE = 150_000
TARGET = Target("aws:111122223333")
CHECKS = (
    "aws-s3-bucket-versioned",
    "aws-s3-bucket-public-access-blocked",
    "aws-s3-bucket-tls-only",
    "aws-iam-user-console-mfa",
    "aws-iam-role-no-inline-admin",
    "aws-ec2-sg-no-public-admin-ports",
    "aws-ec2-instance-imdsv2-required",
    "aws-rds-instance-backup-retention",
    "aws-kms-key-rotation-enabled",
    "aws-logs-retention-365d",
    "aws-lambda-runtime-supported",
    "aws-cloudtrail-trail-multi-region",
)


def population(check: Check, library: Library, count: int, failing: int) -> list[Resource]:
    """So many resources, of which every `failing`-th fails (0: none)."""
    records = {
        expect: [
            example_scope(check, one, library)["self"]
            for one in check.examples
            if one.expect == expect and not one.params
        ]
        for expect in ("pass", "fail")
    }
    if not all(records.values()):
        raise SystemExit(
            f"{check.id} has no example without parameters of its own for each verdict"
        )
    found = []
    for number in range(count):
        some = records["fail" if failing and number % failing == 0 else "pass"]
        identity = f"arn:example:{number}"
        ref = ResourceRef(
            kind=check.kind, id=identity, name=str(number), target=TARGET, region="eu-west-1"
        )
        found.append(Resource(ref=ref, value={**some[number % len(some)], "id": identity}))
    return found


def rate(check: Check, library: Library, resources: list[Resource], failing: int) -> float:
    """Evaluations a second, the best of three."""
    params = resolve_params(library.parameters, {})
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        result = evaluate_check(
            check, resources, (), target=TARGET, params=params, now=datetime(2026, 1, 1, tzinfo=UTC)
        )
        best = min(best, time.process_time() - started)
    wanted = len(range(0, len(resources), failing)) if failing else 0
    if (result.count(Verdict.FAIL), len(result.findings)) != (wanted, len(resources)):
        raise SystemExit(
            f"{check.id}: {result.count(Verdict.FAIL)} of {len(result.findings)} fail, expected {wanted}"
        )
    return len(resources) / best


def mean(rates: list[float]) -> float:
    """The rate of a mix in which each weighs the same."""
    return len(rates) / sum(1 / one for one in rates)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--resources", type=int, default=20_000)
    parser.add_argument("--check", action="append", default=[], metavar="ID")
    chosen = parser.parse_args()
    library = load_library()
    columns: dict[int, list[float]] = {0: [], 10: []}
    print(f"{'all pass':>10} {'1 in 10 fails':>14}  evaluations a second, with findings")
    for name in chosen.check or CHECKS:
        check = library.checks[name]
        for failing, rates in columns.items():
            rates.append(
                rate(check, library, population(check, library, chosen.resources, failing), failing)
            )
        print(f"{columns[0][-1]:>10,.0f} {columns[10][-1]:>14,.0f}  {name}")
    passing, mixed = mean(columns[0]), mean(columns[10])
    print(f"{passing:>10,.0f} {mixed:>14,.0f}  mean")
    return 0 if passing >= LEAST_RATE else 1


if __name__ == "__main__":
    raise SystemExit(main())
