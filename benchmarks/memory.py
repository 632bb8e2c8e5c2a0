"""Peak memory and CPU of judging many resources of one account, in a process of its own.

    python benchmarks/memory.py [--resources 100000]

The evidence is made here: half volumes and half security groups, a tenth of each failing, in one
region; all checks of the two kinds judge it. Exit 1 above 512 MB, the snapshot included."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scanner.model.answers import Answer

ROOT = Path(__file__).resolve().parents[1]
MOST_MB = 512
REGION, ACCOUNT = "us-east-1", "111122223333"
WHEN = "2026-01-01T00:00:00.000Z"


def answers(count: int) -> Iterator[Answer]:
    """The listings of so many resources."""
    from scanner.model.answers import Answer, Call, State

    volumes = [
        {"VolumeId": f"vol-{number:017x}", "Encrypted": number % 10 != 0}
        for number in range(count // 2)
    ]
    groups = [_group(number) for number in range(count - count // 2)]
    # No prefix list and no instance: what the groups' rules could refer to.
    found: dict[str, dict[str, list[Any]]] = {
        "ec2:DescribeVolumes": {"Volumes": volumes},
        "ec2:DescribeSecurityGroups": {"SecurityGroups": groups},
        "ec2:DescribeManagedPrefixLists": {"PrefixLists": []},
    }
    for operation, data in found.items():
        ((items, rows),) = data.items()
        call = Call(operation=operation, region=REGION, items=(items,))
        yield Answer(call=call, state=State.OK if rows else State.EMPTY, data=data, count=len(rows))


def _group(number: int) -> dict[str, Any]:
    cidr = "0.0.0.0/0" if number % 10 == 0 else "10.0.0.0/8"
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": cidr}]}
    rule |= {"Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}
    named = {
        "GroupId": f"sg-{number:017x}",
        "GroupName": f"group-{number}",
        "VpcId": "vpc-1",
        "OwnerId": ACCOUNT,
    }
    return {**named, "IpPermissions": [rule], "IpPermissionsEgress": []}


def child(count: int) -> int:
    """Judge, and print what was judged."""
    # Not in the parent: the peak of a child counts what its parent held when it was made.
    sys.path.insert(0, str(ROOT))
    from scanner.content import load_library
    from scanner.model.answers import Snapshot, Target
    from scanner.pipeline import judge

    library = load_library()
    kinds = ("aws.ec2.volume", "aws.ec2.security_group")
    checks = tuple(name for name, check in library.checks.items() if check.kind in kinds)
    snapshot = Snapshot(
        id="memory",
        target=Target(f"aws:{ACCOUNT}"),
        partition="aws",
        started=WHEN,
        finished=WHEN,
        version="0",
        regions=(REGION,),
        checks=checks,
        params={},
        callers=(),
        answers={answer.call.key: answer for answer in answers(count)},
    )
    verdicts: dict[str, int] = {}
    for finding in judge([snapshot], library).findings:
        verdicts[finding.verdict.value] = verdicts.get(finding.verdict.value, 0) + 1
    print(
        f"{count} resources, {len(checks)} checks, findings: {dict(sorted(verdicts.items()))}",
        flush=True,
    )
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--resources", type=int, default=100_000)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        return child(chosen.resources)
    process = subprocess.Popen(
        [sys.executable, __file__, "--child", "--resources", str(chosen.resources)], cwd=ROOT
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    peak = used.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    print(
        f"peak {peak:.0f} MB (budget {MOST_MB}), {used.ru_utime + used.ru_stime:.1f} s CPU,"
        " making the evidence included"
    )
    return process.returncode or (1 if peak > MOST_MB else 0)


if __name__ == "__main__":
    raise SystemExit(main())
