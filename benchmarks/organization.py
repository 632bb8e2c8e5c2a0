"""An organisation of 200 accounts in three regions, read in one scan from a stub on loopback.

Prints, for each size: calls, seconds, CPU, memory; then what one throttled account costs the
others. Budgets: memory flat in accounts, CPU linear in calls, the others as fast as without it."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.estate.organization import REGIONS, Organization, account_id, served

SIZES = (20, 100, 200)
SELECT = (
    "aws-ec2-",
    "aws-s3-",
    "aws-iam-root",
    "aws-kms-",
    "aws-rds-",
    "aws-sqs-",
    "aws-sns-",
    "aws-guardduty-",
)
FLAT = 1.25
"""Memory at the largest size over that at the smallest, at most."""
LINEAR = 1.25
"""CPU of a call at the largest size over that at the smallest, at most."""
SLOWED = 1.25
"""Seconds until the others are read beside a throttled account, over those without it, at most."""


def child(accounts: int) -> None:
    """Scan, write the evidence, judge it as it is read again, and print what it took."""
    from scanner.content import load_library
    from scanner.history.snapshots.snapshot_file import read_snapshot, write_snapshot
    from scanner.model.config import Config, TargetConfig
    from scanner.model.config import Organization as OrganizationConfig
    from scanner.pipeline import judge, scan

    library = load_library()
    checks = tuple(name for name in sorted(library.checks) if name.startswith(SELECT))
    config = Config(targets=(TargetConfig(organization=OrganizationConfig(role="tscan-read")),))
    calls, ended, lines = 0, {}, [0]
    with tempfile.TemporaryDirectory() as folder:
        before = _usage()
        began = time.monotonic()

        def progress(_: Any) -> None:
            lines[0] += 1

        for snapshot in scan(config, library, checks=checks, progress=progress):
            write_snapshot(Path(folder) / f"{snapshot.target.account}.snapshot.jsonl.gz", snapshot)
            calls += len(snapshot.answers)
            ended[snapshot.target.account] = time.monotonic() - began
        wall, after = time.monotonic() - began, _usage()
        assessment = judge(
            (read_snapshot(path) for path in sorted(Path(folder).iterdir())), library
        )
        judged = _usage()
    slow = ended.pop(account_id(1))
    print(
        json.dumps(
            {
                "accounts": accounts,
                "calls": calls,
                "progress": lines[0],
                "wall": wall,
                "cpu": after[0] - before[0],
                "started_mb": before[1],
                "scan_mb": after[1],
                "judge_cpu": judged[0] - after[0],
                "judge_mb": judged[1],
                "findings": len(assessment.findings),
                "slow": slow,
                "others": max(ended.values()),
            }
        )
    )


def _usage() -> tuple[float, float]:
    """CPU seconds, and the most memory so far in MB."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / (
        1024 * 1024 if sys.platform == "darwin" else 1024
    )


def measured(organization: Organization) -> dict[str, Any]:
    """One scan in a process of its own."""
    with served(organization) as url:
        keys = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "stub",
            "AWS_SECRET_ACCESS_KEY": "stub",
        }
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        arguments = [sys.executable, __file__, "--child", str(organization.accounts)]
        environment = {
            **clean,
            **keys,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        done = subprocess.run(
            arguments, env=environment, stdout=subprocess.PIPE, check=True, text=True
        )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child)
        return 0
    print(
        f"accounts × {len(REGIONS)} regions   calls  seconds   CPU s  ms/call  MB scan  findings  judge CPU s  MB judge"
    )
    rows = [measured(Organization(accounts=size)) for size in options.sizes]
    for row in rows:
        print(
            f"{row['accounts']:20} {row['calls']:7} {row['wall']:8.1f} {row['cpu']:7.1f} "
            f"{1000 * row['cpu'] / row['calls']:8.2f} {row['scan_mb']:8.0f} {row['findings']:9} "
            f"{row['judge_cpu']:12.1f} {row['judge_mb']:9.0f}"
        )
    size = options.sizes[0]
    throttled = measured(Organization(accounts=size, throttled=frozenset({account_id(1)})))
    least, most = rows[0], rows[-1]
    ratios = {
        f"memory of the scan, {most['accounts']} over {least['accounts']} accounts": (
            most["scan_mb"] / least["scan_mb"],
            FLAT,
        ),
        f"CPU of a call, {most['accounts']} over {least['accounts']} accounts": (
            (most["cpu"] / most["calls"]) / (least["cpu"] / least["calls"]),
            LINEAR,
        ),
        f"seconds of the other {size - 1} beside a throttled account, over those without": (
            throttled["others"] / least["others"],
            SLOWED,
        ),
    }
    print(
        f"one account of {size} throttled on EC2: the others are read after {throttled['others']:.1f} s "
        f"(without: {least['others']:.1f} s), it after {throttled['slow']:.1f} s"
    )
    print(f"progress was told {most['progress']} times in {most['wall']:.0f} s")
    for name, (ratio, budget) in ratios.items():
        print(f"{'ok ' if ratio <= budget else 'OVER'} {name}: {ratio:.2f} (budget {budget})")
    return int(any(ratio > budget for ratio, budget in ratios.values()))


if __name__ == "__main__":
    raise SystemExit(main())
