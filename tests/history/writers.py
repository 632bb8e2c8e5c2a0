"""Concurrent writers of one chain: `python -m tests.history.writers --writers 8 --commits 20
[--s3]`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from scanner.history.ledger.ledger import Ledger
from scanner.history.stores import open_store
from scanner.history.verification.verify import verify

ROOT = Path(__file__).parent.parent.parent
_CHILD = """
import sys
from tests.helpers.small_scans import simple
from scanner.history.ledger.ledger import Ledger
from scanner.history.stores import open_store
ledger = Ledger(open_store(sys.argv[1]))
for number in range(int(sys.argv[3])):
    ledger.commit(simple(number, name=f"writer{sys.argv[2]}"))
"""


def write(place: str, writers: int, commits: int) -> int:
    """How many records there are after all writers committed; AssertionError where one is lost or
    damaged."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", _CHILD, place, str(number), str(commits)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for number in range(writers)
    ]
    codes = [child.wait() for child in children]
    if any(codes):
        raise AssertionError(f"writers ended with {codes}")
    store = open_store(place)
    ledger = Ledger(store)
    records = ledger.records("aws:111122223333")
    wanted = {f"writer{writer}-{number}" for writer in range(writers) for number in range(commits)}
    if {record.scan for record in records} != wanted or len(records) != len(wanted):
        raise AssertionError(f"{len(wanted)} were committed, {len(records)} are there")
    # Writers' simulated hours overlap at will, which their records state; nothing is wrong.
    seen = verify(store).damages
    if seen:
        raise AssertionError("\n".join(map(str, seen)))
    for record in records:
        if ledger.snapshot(record).id != record.scan:
            raise AssertionError(f"record {record.seq} holds another snapshot")
    return len(records)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--commits", type=int, default=20)
    parser.add_argument("--s3", action="store_true")
    options = parser.parse_args()
    wanted = options.writers * options.commits
    if options.s3:
        from tests.helpers.bucket import bucket

        with bucket() as place:
            print(f"{write(place, options.writers, options.commits)} of {wanted}")
    else:
        with tempfile.TemporaryDirectory() as folder:
            print(f"{write(f'{folder}/store', options.writers, options.commits)} of {wanted}")


if __name__ == "__main__":
    main()
