"""Kill -9 at random moments of committing: `python -m tests.history.kill --count 200`.

A moment is a number of function calls after the first commit began, not a time: on a slow machine
the same seed kills at the same calls.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from scanner.history.ledger.compact import AGE, compact
from scanner.history.ledger.ledger import Ledger
from scanner.history.records.seal import make_key
from scanner.history.records.segments import REBUILT, checkpoints
from scanner.history.stores import Store, open_store
from scanner.history.stores.local import LocalStore
from scanner.history.verification.verify import verify
from scanner.model.history import Record
from tests.helpers.small_scans import HERE, simple

ROOT = Path(__file__).parent.parent.parent
_CHILD = """
import os
import signal
import sys
import tempfile
from tests.helpers.small_scans import simple
from scanner.history.ledger.ledger import Ledger
from scanner.history.records.seal import find_signer
from scanner.history.stores import open_store
with tempfile.TemporaryDirectory() as warm:
    Ledger(open_store(warm)).commit(simple(1))
ledger = Ledger(open_store(sys.argv[1]), find_signer())
number = int(sys.argv[2])
left = int(sys.argv[4])
def count(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
sys.setprofile(count)
while True:
    record = ledger.commit(simple(number, content=b"pack" * 1000, name=sys.argv[3]))
    print(record.scan, flush=True)
    number += 1
"""


CALLS = 40_000
"""Calls and returns of functions, of which a commit takes about 6,500: most runs commit a few."""


def kill(place: str, key: Path, count: int, seed: int) -> tuple[int, int, int]:
    """Kill a committing process `count` times.

    Returns the number of commits that were reported as done, of records, and of files that were
    left behind. AssertionError where a commit is lost, the store does not verify, or more than
    orphans is left."""
    moments = random.Random(seed)
    acknowledged = 0
    for run in range(count):
        start = len(Ledger(open_store(place)).records(HERE))
        said = _killed(place, key, start + 1, f"run{run}", moments.randint(1, CALLS))
        acknowledged += len(said)
        there = {record.scan for record in Ledger(open_store(place)).records(HERE)}
        lost = set(said) - there
        if lost:
            raise AssertionError(f"committed and lost: {sorted(lost)}")
    store = open_store(place)
    _verifies(store)
    ledger = Ledger(store)
    records = ledger.records(HERE)
    for record in records:
        name, _, number = record.scan.partition("-")
        if ledger.snapshot(record) != simple(int(number), name=name).snapshot:
            raise AssertionError("a snapshot is not the one that was committed")
    return acknowledged, len(records), _swept(store, records)


def _verifies(store: Store) -> None:
    seen = verify(store)
    if seen.damages or seen.unsigned:
        raise AssertionError(
            "\n".join(map(str, seen.damages)) or f"{seen.unsigned} records are not signed"
        )


def _swept(store: Store, records: Sequence[Record]) -> int:
    """How many files compacting removed; afterwards the store holds what records name, no more."""
    named = {segment.path for record in records for segment in record.segments}
    superseded = {
        segment.path for record in records for segment in record.segments if segment.kind in REBUILT
    } - {segment.path for segment in checkpoints(records)}  # fmt: skip
    before = {entry.key for entry in store.list("segments/")}
    if named - superseded - before:
        raise AssertionError(f"named and lost: {sorted(named - superseded - before)}")
    removed = compact(store, now=time.time() + AGE + 10)
    if removed.orphans != len(before - named) or removed.superseded != len(before & superseded):
        raise AssertionError(
            f"{removed} of {len(before - named)} orphans and {len(superseded)} superseded files"
        )
    if {entry.key for entry in store.list("segments/")} != named - superseded:
        raise AssertionError("compacting left an orphan or took what is named")
    if isinstance(store, LocalStore) and list(Path(store.name).rglob(".unfinished-*")):
        raise AssertionError("compacting left an unfinished file")
    _verifies(store)
    return removed.orphans + removed.unfinished


def _killed(place: str, key: Path, number: int, name: str, calls: int) -> list[str]:
    """The commits that a process reported as done before it was killed, `calls` calls later."""
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, place, str(number), name, str(calls)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TSCAN_KEY_FILE": str(key)},
        check=False,
    )
    if done.returncode != -signal.SIGKILL:
        raise AssertionError(f"the writer ended by itself, with {done.returncode}")
    return done.stdout.decode().split("\n")[:-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--s3", action="store_true", help="in a bucket of a moto server instead of a folder"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder, "key.pem")
        make_key(key)
        if options.s3:
            from tests.helpers.bucket import bucket

            with bucket() as place:
                told = kill(place, key, options.count, options.seed)
        else:
            told = kill(f"{folder}/store", key, options.count, options.seed)
    acknowledged, records, orphans = told
    print(
        f"{options.count} kills: {acknowledged} commits acknowledged, {records} records, {orphans} orphans removed"
    )


if __name__ == "__main__":
    main()
