"""`tscan history add`: evidence that was read elsewhere is committed as the scan would have."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scanner import pipeline
from scanner.cli import run
from scanner.history.ledger.ledger import Ledger
from scanner.history.records.seal import make_key
from scanner.history.snapshots.snapshot_file import read_snapshot, write_snapshot
from scanner.history.stores import open_store
from scanner.history.verification.verify import verify
from tests.helpers.estate_recording import SNAPSHOT

HERE = "aws:123456789012"
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new working folder, with a key."""
    make_key(tmp_path / "key.pem")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TSCAN_KEY_FILE", str(tmp_path / "key.pem"))
    return tmp_path


def evidence(day: str) -> Path:
    """The demo's evidence as of another day."""
    times = {"started": f"{day}T00:00:00.000Z", "finished": f"{day}T00:10:00.000Z"}
    path = Path(f"{day}.snapshot.jsonl.gz")
    write_snapshot(path, replace(read_snapshot(SNAPSHOT), id=f"scan-{day}", **times))
    return path


def heads(store: str) -> dict[str, str]:
    seen = verify(open_store(store))
    assert not seen.damages
    return dict(seen.heads)


def test_what_was_read_without_a_store_is_committed_as_a_scan_commits_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for day in ("2027-01-01", "2027-01-02"):
        path = evidence(day)
        monkeypatch.setattr(pipeline, "scan", lambda *_, path=path, **__: [read_snapshot(path)])
        assert run(["scan", "--store", "scanned", "--quiet"]) == 1
        assert run(["history", "add", str(path), "--store", "added", "--quiet"]) == 1
    assert heads("added") == heads("scanned")
    assert (
        run(
            [
                "verify",
                "added",
                "--deep",
                "--public-key",
                *map(str, Path("added/keys").glob("*.pem")),
            ]
        )
        == 0
    )


def test_the_same_evidence_is_added_once(capsys: Captured) -> None:
    path = evidence("2027-01-01")
    assert [run(["history", "add", str(path), "--store", "s"]) for _ in range(2)] == [1, 1]
    shown = capsys.readouterr().err
    assert shown.count(f"history: {HERE} 1 in s\n") == 1
    assert shown.count(f"history: nothing added: {HERE} 1 in s is this scan already\n") == 1
    assert len(Ledger(open_store("s")).records(HERE)) == 1


def test_history_is_not_written_backwards(capsys: Captured) -> None:
    assert run(["history", "add", str(evidence("2027-01-02")), "--store", "s", "--quiet"]) == 1
    capsys.readouterr()
    before = heads("s")
    assert run(["history", "add", str(evidence("2027-01-01")), "--store", "s"]) == 2
    shown = capsys.readouterr()
    assert "scan scan-2027-01-01 of aws:123456789012 ended before record 1 began" in shown.err
    assert shown.out == ""
    assert heads("s") == before


def test_what_is_configured_counts(capsys: Captured, folder: Path) -> None:
    (folder / "tscan.yaml").write_text("version: 1\nstore: here\nwaivers: waivers.yaml\n")
    (folder / "waivers.yaml").write_text("version: 1\nwaivers: [{}]\n")
    assert run(["history", "add", str(evidence("2027-01-01"))]) == 2
    assert "waivers.yaml:2:" in capsys.readouterr().err
    assert not (folder / "here").exists()
    (folder / "waivers.yaml").write_text("version: 1\nwaivers: []\n")
    assert run(["history", "add", str(evidence("2027-01-03")), "--quiet"]) == 1
    assert len(Ledger(open_store("here")).records(HERE)) == 1


def test_evidence_that_was_edited_is_refused(capsys: Captured, folder: Path) -> None:
    path = evidence("2027-01-01")
    path.write_bytes(path.read_bytes()[:-100])
    assert run(["history", "add", str(path), "--store", "s"]) == 2
    assert str(path) in capsys.readouterr().err
    assert not (folder / "s").exists()
