"""Kill -9 at random moments of committing: `python -m tests.history.kill --count 200`."""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scanner.history.compact import AGE, compact
from scanner.history.ledger import Ledger
from scanner.history.stores import open_store
from scanner.history.verify import verify
from tests.history.world import simple

ROOT = Path(__file__).parent.parent.parent
_CHILD = """
import sys
import tempfile
from tests.history.world import simple
from scanner.history.ledger import Ledger
from scanner.history.stores import open_store
with tempfile.TemporaryDirectory() as warm:
    Ledger(open_store(warm)).commit(simple(1))
ledger = Ledger(open_store(sys.argv[1]))
number = int(sys.argv[2])
print("ready", flush=True)
while True:
    record = ledger.commit(simple(number, content=b"pack" * 1000, name=sys.argv[3]))
    print(record.scan, flush=True)
    number += 1
"""


def kill(place: str, count: int, seed: int, longest: float) -> tuple[int, int, int]:
    """Kill a committing process `count` times; commits said to be done, records, and orphans that were removed."""
    moments = random.Random(seed)
    acknowledged = 0
    for run in range(count):
        start = len(Ledger(open_store(place)).records("aws:111122223333"))
        said = _killed(place, start + 1, f"run{run}", moments.uniform(0.0, longest))
        acknowledged += len(said)
        ledger = Ledger(open_store(place))
        there = {record.scan for record in ledger.records("aws:111122223333")}
        lost = set(said) - there
        if lost:
            raise AssertionError(f"committed and lost: {sorted(lost)}")
    store = open_store(place)
    seen = verify(store)
    if seen.damages:
        raise AssertionError("\n".join(map(str, seen.damages)))
    ledger = Ledger(store)
    records = ledger.records("aws:111122223333")
    for record in records[:: max(1, len(records) // 20)]:
        name, _, number = record.scan.partition("-")
        if ledger.snapshot(record) != simple(int(number), name=name).snapshot:
            raise AssertionError("a snapshot is not the one that was committed")
    removed = compact(store, now=time.time() + AGE + 10)
    after = verify(store)
    if after.damages or any("no record" in note for note in after.notes):
        raise AssertionError("compacting left or broke something")
    return acknowledged, len(records), removed.orphans + removed.unfinished


def _killed(place: str, number: int, name: str, seconds: float) -> list[str]:
    """The commits that a process said were done before it was killed, `seconds` after it began to commit."""
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, place, str(number), name],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert child.stdout is not None
    try:
        if child.stdout.readline() != b"ready\n":
            raise AssertionError("the writer did not start")
        time.sleep(seconds)
    finally:
        child.kill()
        rest = child.stdout.read()
        child.wait()
    return rest.decode().split("\n")[:-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--s3", action="store_true", help="in a bucket of a moto server instead of a folder")
    options = parser.parse_args()
    if options.s3:
        from tests.history.bucket import bucket

        with bucket() as place:
            told = kill(place, options.count, options.seed, 0.6)
    else:
        with tempfile.TemporaryDirectory() as folder:
            told = kill(f"{folder}/store", options.count, options.seed, 0.2)
    acknowledged, records, orphans = told
    print(f"{options.count} kills: {acknowledged} commits acknowledged, {records} records, {orphans} orphans removed")


if __name__ == "__main__":
    main()
