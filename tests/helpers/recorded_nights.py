"""Two signed nights of the recorded account: the second judged with one check more than today's
pack has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from scanner.content.library import load_library
from scanner.content.locations import default_roots
from scanner.history.ledger.commit import commit_scan
from scanner.history.records.seal import make_key
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.history import Record
from scanner.pipeline import judge
from tests.helpers.estate_recording import SNAPSHOT
from tests.helpers.scan_results import scan_result

CHECK = "aws-s3-bucket-versioned"
OWN = "aws-s3-own-versioned"
ROOT = Path(__file__).resolve().parent.parent.parent
FIRST, SECOND = "2027-06-01", "2027-06-02"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nights:
    """A store, and what the scans said when they were made."""

    folder: Path
    records: tuple[Record, ...]
    results: tuple[str, ...]
    """The JSON of each scan."""

    @property
    def store(self) -> str:
        return str(self.folder / "store")


def make_nights(folder: Path) -> Nights:
    own = folder / "own"
    own.mkdir()
    text = (ROOT / f"checks/aws/s3/{CHECK}.yaml").read_text()
    (own / f"{OWN}.yaml").write_text(text.replace(CHECK, OWN))
    make_key(folder / "key.pem")
    taken = read_snapshot(SNAPSHOT)
    records: list[Record] = []
    results: list[str] = []
    for day, roots in ((FIRST, default_roots()), (SECOND, default_roots(checks=(own,)))):
        library = load_library(roots)
        snapshot = replace(
            taken,
            id=f"night-{day}",
            started=f"{day}T00:00:00.000Z",
            finished=f"{day}T00:10:00.000Z",
            checks=tuple(
                sorted({*taken.checks, *(name for name in library.checks if name == OWN)})
            ),
        )
        assessment = judge([snapshot], library)
        results.append(scan_result(assessment, library, str(folder / "store")))
        records += commit_scan(
            [snapshot], assessment, library, str(folder / "store"), folder / "key.pem", roots=roots
        )  # fmt: skip
    return Nights(folder=folder, records=tuple(records), results=tuple(results))
