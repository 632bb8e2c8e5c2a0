"""A year of history at full size: its bytes, and the CPU of `tscan period` and `tscan verify` over
all of it.

    python benchmarks/history.py [--findings 1000000] [--nights 365] [--change 0.001] [--runs 3]
    [--store DIR] [--json]

The store is built through the code that commits: segments, Statements, signatures and the local
store are the real ones. Only judging is left out: the transitions of a night are drawn here
(failures, fixes, unknowns, resources that come and go, of the shipped checks), and so are the
documents that they stand on, as listings of 200 resources. A state checkpoint is written where a
commit would write it. Afterwards the store must read back as what was drawn.

Each command is a process of its own, user and system time together, the best of `--runs`. `--store`
keeps the store there, and takes it as it is when it is there already. `--json` also measures the
report as JSON. Exit 1 above a budget: transitions and records 30 MB, the year's report 3 s,
verification 0.8 s."""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scanner.content.library import load_library  # noqa: E402
from scanner.core.calendar import format_time  # noqa: E402
from scanner.history.ledger.ledger import Ledger  # noqa: E402
from scanner.history.records.seal import make_key  # noqa: E402
from scanner.history.records.segments import Made, make_file, make_table, make_transitions  # noqa: E402
from scanner.history.records.statements import payload_of, record_key, stream_of  # noqa: E402
from scanner.history.records.store_format import prepare  # noqa: E402
from scanner.history.snapshots.content_archive import pack_archive  # noqa: E402
from scanner.history.snapshots.documents import (  # noqa: E402
    Document,
    RecordedAnswer,
    SnapshotParts,
    make_answers,
    make_evidence,
)
from scanner.history.stores import open_store  # noqa: E402
from scanner.model.history import Cause, Record, Transition  # noqa: E402

ACCOUNT: Final = "111122223333"
HERE: Final = f"aws:{ACCOUNT}"
FIRST: Final = datetime(2025, 1, 1, 2, 0, tzinfo=UTC)
REGIONS: Final = ("eu-central-1", "eu-west-1", "us-east-1", "us-west-2")
PAGE: Final = 200
"""Resources in one listing."""
CHECKPOINT: Final = 200
"""Records after which a commit writes the state again, when so little of it changes."""
BUDGETS: Final = {"transitions and records, MB": 30.0, "period, s": 3.0, "verify, s": 0.8}


class Year:
    """A store that grows night by night, and what is true in it."""

    def __init__(self, folder: Path, findings: int, seed: int) -> None:
        self.chance = random.Random(seed)
        self.library = load_library()
        self.signer = make_key(folder / "key.pem")
        self.store = open_store(str(folder / "store"))
        prepare(self.store, self.signer)
        self.pack = make_file("pack", pack_archive(None, self.library), ending="tar.gz", rows=1)
        self.places = self._places(findings)
        self.state: dict[int, Transition] = {}
        self.absent: list[int] = []
        self.digests: dict[str, bytes] = {}
        self.seqs: dict[bytes, int] = {}
        self.head, self.seq = "", 0

    def _places(self, findings: int) -> list[tuple[str, str, str, str]]:
        """Check, region, resource, and the listing that the resource stands in."""
        checks = [check for check in self.library.checks.values() if check.cloud == "aws"]
        self.checks = tuple(sorted(check.id for check in checks))
        each = -(-findings // len(checks))
        found = []
        for kind in sorted({check.kind for check in checks}):
            mine = sorted(check.id for check in checks if check.kind == kind)
            for number in range(each):
                region = self.chance.choice(REGIONS)
                service, _, what = kind.removeprefix("aws.").partition(".")
                name = f"arn:aws:{service}:{region}:{ACCOUNT}:{what}/{self._id()}"
                found += [(check, region, name, f"{kind}/{number // PAGE}") for check in mine]
        return found[:findings]

    def _id(self) -> str:
        return f"{self.chance.getrandbits(68):017x}"

    def night(self, change: float) -> None:
        """One more record."""
        self.seq += 1
        drawn = self._first() if self.seq == 1 else self._changes(round(len(self.places) * change))
        self._read({self.places[number][3] for number in drawn})
        rows = [self._move(number, verdict) for number, verdict in drawn.items()]
        for number, row in zip(drawn, rows, strict=True):
            if row.verdict:
                self.state[number] = row
            else:
                del self.state[number]
        self._commit(rows)

    def _first(self) -> dict[int, str]:
        weights = {"pass": 94, "fail": 5, "unknown": 1}
        verdicts = self.chance.choices(tuple(weights), tuple(weights.values()), k=len(self.places))
        self.failing = [number for number, verdict in enumerate(verdicts) if verdict == "fail"]
        return dict(enumerate(verdicts))

    def _changes(self, count: int) -> dict[int, str]:
        """Half of what changes begins to fail, half of it passes again; a few in a hundred are
        something else."""
        self.chance.shuffle(self.failing)
        drawn = {self.failing.pop(): "pass" for _ in range(min(count // 2, len(self.failing)))}
        drawn |= {self.absent.pop(): "pass" for _ in range(min(count // 100, len(self.absent)))}
        while len(drawn) < count:
            number = self.chance.randrange(len(self.places))
            row = self.state.get(number)
            if number in drawn or row is None or row.verdict == "fail":
                continue
            (worse,) = self.chance.choices(("fail", "unknown", ""), (96, 2, 2))
            drawn[number] = "pass" if row.verdict == "unknown" else worse
            if drawn[number] == "fail":
                self.failing.append(number)
            elif not drawn[number]:
                self.absent.append(number)
        return drawn

    def _read(self, pages: set[str]) -> None:
        """Listings that are others than the night before."""
        self.new: dict[bytes, Document] = {}
        for page in sorted(pages):
            data = f'{{"Items":["{self._id()}{self._id()}"],"Page":"{page}","State":"available"}}'
            document = Document(
                f'{{"operation":"ec2:Describe","params":{{"Page":"{page}"}}}}', data
            )
            self.digests[page] = document.digest
            self.new[document.digest] = document
            self.seqs[document.digest] = self.seq

    def _move(self, number: int, verdict: str) -> Transition:
        check, region, resource, page = self.places[number]
        before = self.state.get(number)
        return Transition(
            seq=self.seq,
            ts=self._when(10),
            check=check,
            target=HERE,
            region=region,
            resource=resource,
            previous=before.verdict if before else "",
            verdict=verdict,
            cause=Cause.SCOPE if self.seq == 1 else Cause.EVIDENCE,
            reason="" if verdict in ("pass", "") else f"{check}: self.setting = {verdict}",
            evidence_sha256=self.digests[page].hex() if verdict else "",
        )

    def _when(self, minutes: int) -> str:
        return format_time(FIRST + timedelta(days=self.seq - 1, minutes=minutes)).replace(
            "Z", ".000Z"
        )

    def _segments(self, rows: Sequence[Transition]) -> list[Made]:
        where = {"day": self._when(10)[:10], "scan": f"scan-{self.seq}"}
        made = [make_transitions("transitions", rows, **where), make_evidence(self.new, **where)]
        answers = tuple(
            RecordedAnswer(digest, "ec2:Describe", self._outcome(number))
            for number, digest in enumerate(self.digests.values())
        )
        made.append(
            make_answers(
                SnapshotParts('{"schema":"x"}\n{"answers":0}', {}, answers),
                self.seqs.__getitem__,
                **where,
            )
        )
        if self.seq == CHECKPOINT:
            made.append(make_transitions("state", self.state.values(), **where))
            ordered = sorted(self.seqs)
            made.append(
                make_table("index", (ordered, [self.seqs[one] for one in ordered]), **where)
            )
        return made

    def _outcome(self, number: int) -> dict[str, object]:
        when = self._when(0)[:-5]
        stays = {
            "caller": 0,
            "code": "",
            "count": PAGE,
            "message": "",
            "pages": 1,
            "redacted": [],
            "retries": 0,
        }
        return {
            **stays,
            "state": "ok",
            "started": f"{when}.{number % 1000:03d}Z",
            "finished": f"{when}.{(number + 80) % 1000:03d}Z",
            "request_ids": [f"{self.chance.getrandbits(128):032x}"],
        }

    def _commit(self, rows: Sequence[Transition]) -> None:
        """What `Ledger.commit` does once the transitions are known."""
        made = self._segments(rows) + [self.pack] * (self.seq == 1)
        record = Record(
            seq=self.seq,
            target=HERE,
            scan=f"scan-{self.seq}",
            started=self._when(0),
            finished=self._when(10),
            version="0",
            pack_sha256=self.library.sha256,
            previous_sha256=self.head,
            checks=self.checks,
            params={},
            waivers_sha256="",
            callers=(f"arn:aws:sts::{ACCOUNT}:assumed-role/audit/x",),
            regions=REGIONS,
            counts=dict(Counter(row.verdict for row in self.state.values())),
            controls=dict.fromkeys(sorted(self.library.controls), "fail"),
            gaps=(),
        )
        record = replace(
            record,
            segments=(self.pack.segment, *(one.segment for one in made if one is not self.pack)),
        )
        for one in made:
            self.store.put(one.segment.path, one.content)
        content = self.signer.seal(payload_of(record))
        if not self.store.put_new(record_key(stream_of(HERE), self.seq), content):
            raise AssertionError("the record is there already")
        self.head = hashlib.sha256(content).hexdigest()

    def check(self) -> None:
        """AssertionError unless the ledger reads what was drawn."""
        found = Ledger(self.store).state_before(HERE, "9")
        wanted = {self.places[number][:3]: row for number, row in self.state.items()}
        if found != wanted:
            raise AssertionError("the store does not read as what was written")


def build(folder: Path, findings: int, nights: int, change: float) -> None:
    """Write a store, once."""
    begun = time.process_time()
    year = Year(folder, findings, seed=1)
    for _ in range(nights):
        year.night(change)
    year.check()
    spent = time.process_time() - begun
    print(
        f"{findings} findings, {nights} nights, {change:.2%} a night: built in {spent:.0f} s CPU",
        flush=True,
    )


def sizes(store: Path) -> Counter[str]:
    """Bytes by kind of file."""
    found: Counter[str] = Counter()
    for path in filter(Path.is_file, store.rglob("*")):
        steps = path.relative_to(store).parts
        found[steps[1].removeprefix("kind=") if steps[0] == "segments" else steps[0]] += (
            path.stat().st_size
        )
    return found


def measured(arguments: Sequence[str], runs: int) -> tuple[float, float]:
    """Seconds of CPU of the best run, and megabytes at its peak."""
    best, peak = float("inf"), 0.0
    # Compiled modules are kept, as they are wherever a program is installed.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "scanner", *arguments]
    for _ in range(runs):
        process = subprocess.Popen(command, cwd=ROOT, env=kept, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise AssertionError(f"tscan {' '.join(arguments)} ended with {process.returncode}")
        if used.ru_utime + used.ru_stime < best:
            best = used.ru_utime + used.ru_stime
            peak = used.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return best, peak


def measure(store: Path, nights: int, runs: int, *, json: bool) -> int:
    """Print every figure beside its budget."""
    bytes_of = sizes(store)
    for kind, size in sorted(bytes_of.items()):
        print(f"  {kind:12} {size / 1e6:8.1f} MB")
    last = (FIRST + timedelta(days=nights - 1)).date().isoformat()
    report = ["period", "--from", FIRST.date().isoformat(), "--to", last, "--store", str(store)]
    figures = {"transitions and records, MB": (bytes_of["transitions"] + bytes_of["log"]) / 1e6}
    peaks = {}
    figures["period, s"], peaks["period, s"] = measured(report, runs)
    figures["verify, s"], peaks["verify, s"] = measured(["verify", str(store)], runs)
    if json:
        figures["period as JSON, s"], peaks["period as JSON, s"] = measured(
            [*report, "--format", "json"], runs
        )
    for name, figure in figures.items():
        budget = f" (budget {BUDGETS[name]:g})" if name in BUDGETS else ""
        peak = f", peak {peaks[name]:.0f} MB" if name in peaks else ""
        print(f"{name}: {figure:.2f}{budget}{peak}")
    return int(any(figures[name] > most for name, most in BUDGETS.items()))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--findings", type=int, default=1_000_000)
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--change", type=float, default=0.001)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        build(chosen.store, chosen.findings, chosen.nights, chosen.change)
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = chosen.store or Path(name)
        if not (folder / "store").exists():
            folder.mkdir(parents=True, exist_ok=True)
            # In a process of its own: the peak of a child counts what its parent held when it was
            # made.
            given = [*sys.argv[1:], "--child", "--store", str(folder)]
            subprocess.run([sys.executable, __file__, *given], check=True)
        return measure(folder / "store", chosen.nights, chosen.runs, json=chosen.json)


if __name__ == "__main__":
    raise SystemExit(main())
