"""Measures `tscan plan` on a plan of 5,000 resources with both sides: CPU time and memory.

`python benchmarks/plan.py [--count N] [--checkov PATH]`: the second is the program of an
environment of its own, which is measured beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

PYTHON: Final = sys.executable
MOST_SECONDS: Final = 4.0
MOST_MEGABYTES: Final = 150
SHARE: Final = 5
"""So many times the CPU time of tscan the other program may take, at least."""


def resources(count: int) -> Iterator[dict[str, Any]]:
    """Groups, buckets with their parts, roles and queues; every tenth is changed by the plan."""
    for number in range(count // 5):
        action = ["update"] if number % 10 == 0 else ["no-op"]
        port = 22 if number % 7 == 0 else 443
        ingress = [
            {
                "protocol": "tcp",
                "from_port": port,
                "to_port": port,
                "cidr_blocks": ["0.0.0.0/0"],
                "ipv6_cidr_blocks": [],
            }
        ]
        name = f"n{number}"
        group = {"id": f"sg-{number}", "name": name, "vpc_id": "vpc-1", "ingress": ingress}
        yield change("aws_security_group", name, group, action)
        bucket = {"id": name, "bucket": name, "versioning": [], "arn": f"arn:aws:s3:::{name}"}
        yield change("aws_s3_bucket", name, bucket, action)
        block = {"bucket": name, "block_public_acls": True, "ignore_public_acls": True}
        yield change("aws_s3_bucket_public_access_block", name, block, action)
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {"Service": "ec2.amazonaws.com"},
                }
            ],
        }
        role = {
            "name": name,
            "arn": f"arn:aws:iam::111122223333:role/{name}",
            "assume_role_policy": json.dumps(trust),
        }
        yield change("aws_iam_role", name, role, action)
        yield change("aws_sqs_queue", name, {"name": name, "id": name}, action)


def change(kind: str, name: str, values: dict[str, Any], actions: list[str]) -> dict[str, Any]:
    """One resource of a plan, with its two sides."""
    before = {**values, "tags": {"owner": "a"}}
    return {
        "address": f"{kind}.{name}",
        "mode": "managed",
        "type": kind,
        "name": name,
        "change": {
            "actions": actions,
            "before": before,
            "after": {**values, "tags": {"owner": "b" if actions == ["update"] else "a"}},
            "after_unknown": {},
        },
    }


def write_plan(path: Path, count: int) -> None:
    """Write a plan of so many resources."""
    changes = list(resources(count))
    blocks = [
        {"address": one["address"], "type": one["type"], "expressions": {}} for one in changes
    ]
    plan = {
        "format_version": "1.2",
        "terraform_version": "1.15.5",
        "resource_changes": changes,
        "planned_values": {"root_module": {"resources": [planned(one) for one in changes]}},
        "configuration": {"root_module": {"resources": blocks}},
    }
    path.write_text(json.dumps(plan), encoding="utf-8")


def planned(one: dict[str, Any]) -> dict[str, Any]:
    """The resource as other tools read it."""
    named = {key: one[key] for key in ("address", "mode", "type", "name")}
    return {**named, "values": one["change"]["after"]}


def measured(command: Sequence[str]) -> tuple[float, float, int]:
    """CPU seconds and megabytes of one process and its children, and its exit code."""
    child = os.fork()
    if child == 0:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.execv(command[0], list(command))
    _, status, usage = os.wait4(child, 0)
    unit = 1024 if sys.platform == "linux" else 1024 * 1024
    code = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit, code


def main(arguments: Sequence[str]) -> int:
    """Print the figures; 1 where a goal is missed: today the goals of CPU and memory are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5_000)
    parser.add_argument("--checkov", default="")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "plan.json")
        write_plan(path, chosen.count)
        size = path.stat().st_size / 1e6
        tscan = [PYTHON, "-m", "scanner", "plan", str(path), "--name", "b", "--format", "json"]
        seconds, megabytes, code = measured(tscan)
        print(f"plan of {chosen.count} resources, {size:.1f} MB, exit code {code}")
        print(f"tscan    {seconds:6.1f} s CPU  {megabytes:6.0f} MB")
        is_met = code in (0, 1) and seconds <= MOST_SECONDS and megabytes <= MOST_MEGABYTES
        if chosen.checkov:
            other = [chosen.checkov, "-f", str(path), "--compact", "--quiet"]
            theirs, memory, _ = measured(other)
            print(f"checkov  {theirs:6.1f} s CPU  {memory:6.0f} MB")
            is_met = is_met and theirs >= SHARE * seconds
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
