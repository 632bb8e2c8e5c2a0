"""Many nights replayed with the packs of their days, in a process that may open no socket.

    python -m tests.history.replaying --nights 180

The evidence, the pack and a parameter change on the way; each night's result must come out byte for
byte."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from scanner.content.library import load_library
from scanner.content.locations import default_roots
from scanner.formats.json import written
from scanner.history.ledger.commit import commit_scan
from scanner.history.records.seal import make_key
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.answers import Snapshot
from scanner.pipeline import judge
from tests.helpers.estate_recording import SNAPSHOT
from tests.helpers.recorded_nights import CHECK, OWN, ROOT
from tests.helpers.scan_results import scan_result

FIRST: Final = date(2027, 1, 1)
VERSIONING: Final = "s3:GetBucketVersioning"
REPLAY: Final = """
import sys

def refuse(event, arguments):
    if event.startswith("socket."):
        raise AssertionError(f"replay asked for {event}")

sys.addaudithook(refuse)
from scanner.cli import run
sys.exit(run(sys.argv[1:]))
"""
"""A process in which whatever reaches for a socket, however it does, ends."""


def make_year(folder: Path, count: int) -> list[str]:
    """Commit so many nights to a store; what each scan said, as JSON.

    Every third night another bucket keeps versions, the middle third is judged by a pack with one
    check more, and from the middle on a key may be older."""
    own = folder / "own"
    own.mkdir()
    text = (ROOT / f"checks/aws/s3/{CHECK}.yaml").read_text()
    (own / f"{OWN}.yaml").write_text(text.replace(CHECK, OWN))
    make_key(folder / "key.pem")
    taken = read_snapshot(SNAPSHOT)
    libraries = {
        roots: load_library(roots) for roots in (default_roots(), default_roots(checks=(own,)))
    }
    results = []
    for number in range(count):
        roots, library = list(libraries.items())[count // 3 <= number < 2 * count // 3]
        snapshot = _night(
            taken, number, params={"access_key_max_age_days": 400} if number >= count // 2 else {}
        )
        snapshot = replace(
            snapshot, checks=tuple(sorted({*taken.checks, *({OWN} & library.checks.keys())}))
        )
        assessment = judge([snapshot], library)
        results.append(scan_result(assessment, library, str(folder / "store")))
        commit_scan(
            [snapshot], assessment, library, str(folder / "store"), folder / "key.pem", roots=roots
        )
    return results


def _night(taken: Snapshot, number: int, **more: object) -> Snapshot:
    day = (FIRST + timedelta(days=number)).isoformat()
    answers = dict(taken.answers)
    keys = sorted(key for key in answers if key.startswith(VERSIONING))
    kept = keys[number // 3 % len(keys)]
    answers[kept] = replace(answers[kept], data={"Status": "Enabled"})
    return replace(
        taken,
        id=f"night-{number}",
        started=f"{day}T00:00:00.000Z",
        finished=f"{day}T00:10:00.000Z",
        answers=answers,
        **more,
    )


def lines_of(store: Path, count: int) -> list[bytes]:
    """What `tscan replay` writes of the nights, line by line."""
    last = FIRST + timedelta(days=count - 1)
    words = [
        "replay",
        "--from",
        FIRST.isoformat(),
        "--to",
        last.isoformat(),
        "--store",
        str(store),
        "--format",
        "json",
    ]
    done = subprocess.run(
        [sys.executable, "-c", REPLAY, *words],
        cwd=store.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    if done.returncode != 1 or done.stderr:
        raise AssertionError(f"replay ended with {done.returncode}: {done.stderr.decode()}")
    return done.stdout.splitlines()


def differing(lines: Sequence[bytes], results: Sequence[str]) -> list[int]:
    """The nights that did not come out byte for byte as they were, by the pack of their day."""
    if len(lines) != len(results):
        raise AssertionError(f"{len(results)} nights were committed, {len(lines)} came out")
    found = []
    for number, (line, result) in enumerate(zip(lines, results, strict=True)):
        document = json.loads(line)
        pack = json.loads(result)["scan"]["pack_sha256"]
        same = written(document["result"]) == result
        if not same or document["pack"] != {"of": "day", "sha256": pack, "recorded_sha256": pack}:
            found.append(number)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--nights", type=int, default=180)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        results = make_year(Path(name), options.nights)
        wrong = differing(lines_of(Path(name) / "store", options.nights), results)
    if wrong:
        raise AssertionError(f"nights {wrong} came out otherwise")
    packs = len({json.loads(result)["scan"]["pack_sha256"] for result in results})
    print(
        f"{options.nights} nights by {packs} packs, {len(set(results))} different results: the same bytes, no socket"
    )


if __name__ == "__main__":
    main()
