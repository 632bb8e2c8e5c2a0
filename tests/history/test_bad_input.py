"""History that is damaged, newer, full, keyless or out of time: what each command says, its exit
code, what is left."""

from __future__ import annotations

import base64
import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from scanner import pipeline
from scanner.cli import run
from scanner.cli.support import options
from scanner.history.ledger.ledger import Ledger
from scanner.history.records.seal import find_signer, make_key
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.history.stores import open_store
from scanner.history.verification.verify import verify
from scanner.model.answers import Snapshot
from tests.helpers.bucket import SETTINGS
from tests.helpers.estate_recording import SNAPSHOT
from tests.helpers.library import shipped_library
from tests.helpers.small_scans import simple
from tests.history.test_ledger import Unconditional

Captured = pytest.CaptureFixture[str]
LIBRARY = shipped_library()
CHAIN = "log/aws=111122223333"
VERIFY = "hint: 'tscan verify' lists"


@pytest.fixture(autouse=True)
def _loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "load", lambda _options: LIBRARY)
    monkeypatch.setattr("scanner.content.library.load_library", lambda _roots=None, **_: LIBRARY)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five signed records of one target."""
    folder = tmp_path_factory.mktemp("whole")
    ledger = Ledger(open_store(str(folder / "store")), make_key(folder / "key.pem"))
    for number in range(5):
        ledger.commit(simple(24 * number))
    return folder


@pytest.fixture
def store(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole / "store", tmp_path / "store")
    return tmp_path / "store"


def record(store: Path, number: int) -> Path:
    return store / CHAIN / f"{number:012d}.json"


def moves(store: Path, number: int) -> Path:
    (path,) = store.glob(f"segments/kind=transitions/*/scan-{24 * (number - 1)}-*")
    return path


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def swap(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def stated(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Another Statement under the old signature, in the form that tscan writes."""
    envelope = json.loads(path.read_bytes())
    statement = json.loads(base64.b64decode(envelope["payload"]))
    change(statement)
    payload = json.dumps(
        statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()
    envelope["payload"] = base64.b64encode(payload).decode()
    path.write_text(json.dumps(envelope, sort_keys=True, separators=(",", ":")) + "\n")


def back_dated(statement: dict[str, Any]) -> None:
    statement["predicate"].update(
        started="2025-06-01T00:00:00.000Z", finished="2025-06-01T00:10:00.000Z"
    )


# What is done; what a command that reads then says; the record and the damage that verify names.
DAMAGES: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "record damaged": (lambda store: flip(record(store, 2)), "000000000002.json is damaged", "2 edited"),
    "record missing": (lambda store: record(store, 2).unlink(), "a record of aws=111122223333 is missing", "2 missing"),
    "record truncated": (lambda store: cut(record(store, 2)), "is damaged: truncated or not JSON", "2 truncated"),
    "records reordered": (
        lambda store: swap(record(store, 2), record(store, 3)),
        "000000000002.json is damaged: its predecessor has another digest",
        "2 reordered",
    ),
    "record back-dated": (
        lambda store: stated(record(store, 3), back_dated),
        "000000000004.json is damaged: its predecessor has another digest",
        "3 edited",
    ),
    "record duplicated": (
        lambda store: record(store, 6).write_bytes(record(store, 5).read_bytes()),
        "000000000006.json is damaged: its predecessor has another digest",
        "6 duplicated",
    ),
    "segment damaged": (lambda store: flip(moves(store, 2)), "was changed: its SHA-256 differs", "2 edited"),
    "segment missing": (lambda store: moves(store, 2).unlink(), "is missing from the store", "2 missing"),
    "segment truncated": (lambda store: cut(moves(store, 2)), "was changed: its SHA-256 differs", "2 truncated"),
    "segments reordered": (
        lambda store: swap(moves(store, 2), moves(store, 3)),
        "was changed: its SHA-256 differs",
        "2 reordered",
    ),
    "segment twice": (
        lambda store: moves(store, 3).write_bytes(moves(store, 2).read_bytes()),
        "was changed: its SHA-256 differs",
        "3 reordered",
    ),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_said_by_what_reads_and_named_by_verify(
    store: Path, damage: str, capsys: Captured
) -> None:
    act, said, named = DAMAGES[damage]
    period = ["period", "--from", "2026-01-01", "--to", "2026-01-05", "--store", str(store)]
    assert run(period) == 0
    capsys.readouterr()
    act(store)
    assert run(period) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert VERIFY in shown.err
    assert run(["verify", str(store)]) == 1
    assert any(_fits(named, line) for line in capsys.readouterr().out.splitlines())


def _fits(named: str, line: str) -> bool:
    number, kind = named.split()
    return line.startswith(f"DAMAGED record aws=111122223333/{number}: ") and f": {kind}" in line


def test_a_damaged_chain_is_not_continued_and_nothing_is_written(store: Path, whole: Path) -> None:
    flip(record(store, 2))
    before = sorted(path.relative_to(store) for path in store.rglob("*"))
    with pytest.raises(Exception, match="is damaged"):
        Ledger(open_store(str(store)), find_signer(whole / "key.pem")).commit(simple(200))
    assert sorted(path.relative_to(store) for path in store.rglob("*")) == before


@pytest.mark.parametrize("command", [["history", "list", "--store"], ["verify"]])
def test_what_a_newer_version_wrote_is_refused(
    store: Path, command: list[str], capsys: Captured
) -> None:
    stated(
        record(store, 5),
        lambda statement: statement.update(predicateType="urn:tscan:record:2"),
    )
    assert run([*command, str(store)]) == 2
    said = capsys.readouterr().err
    assert "000000000005.json was written by a newer tscan (record format 2)" in said
    assert "hint: upgrade tscan" in said
    (store / "store.json").write_text(json.dumps({"schema": "tscan.store/2"}))
    assert run([*command, str(store)]) == 2
    assert "unknown store format tscan.store/2\n  hint: upgrade tscan" in capsys.readouterr().err


# -- at the end of a scan --------------------------------------------------------------------------


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[Snapshot]]:
    """What the next scans read, one after the other; each gives the demo's evidence."""
    waiting: list[Snapshot] = []
    monkeypatch.setattr(pipeline, "scan", lambda *_, **__: [waiting.pop(0)])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TSCAN_KEY_FILE", str(tmp_path / "key.pem"))
    make_key(tmp_path / "key.pem")
    yield waiting
    assert not waiting


def evidence(day: str) -> Snapshot:
    times = {"started": f"{day}T00:00:00.000Z", "finished": f"{day}T00:10:00.000Z"}
    return replace(read_snapshot(SNAPSHOT), id=f"scan-{day}", **times)


def scanned(taken: list[Snapshot], day: str, store: str = "store") -> int:
    taken.append(evidence(day))
    return run(["scan", "--store", store])


def test_a_lost_key_ends_the_chain_and_not_the_report(
    taken: list[Snapshot], monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    assert scanned(taken, "2027-01-01") == 1
    monkeypatch.delenv("TSCAN_KEY_FILE")
    monkeypatch.setattr("scanner.history.records.seal.OWN_KEY", Path("nowhere.pem"))
    capsys.readouterr()
    assert scanned(taken, "2027-01-02") == 2
    shown = capsys.readouterr()
    assert "CC6.1" in shown.out
    assert "the history of aws:123456789012 is signed, and no signing key is set" in shown.err
    assert "hint: set TSCAN_KEY_FILE" in shown.err
    (kept,) = Path(".tscan/snapshots").glob("*scan-2027-01-02*")
    assert f"not in history: 'tscan history add {kept}' commits this evidence later" in shown.err
    seen = verify(open_store("store"))
    assert (seen.damages, [len(records) for records in seen.records.values()]) == ([], [1])


def test_a_full_disk_ends_the_scan_with_2_and_history_whole(
    taken: list[Snapshot], monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    assert scanned(taken, "2027-01-01") == 1

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", full)
        capsys.readouterr()
        assert scanned(taken, "2027-01-02") == 2
    shown = capsys.readouterr()
    assert "CC6.1" in shown.out
    assert "cannot be written: No space left on device" in shown.err
    assert not verify(open_store("store")).damages
    assert scanned(taken, "2027-01-02") == 1
    assert len(Ledger(open_store("store")).records("aws:123456789012")) == 2


def _wide(folder: Path) -> None:
    (folder / "key.pem").chmod(0o644)


def _other_folder(folder: Path) -> None:
    (folder / "store").mkdir()
    (folder / "store/report.doc").write_text("")


PLACES: dict[str, tuple[dict[str, str], Callable[[Path], object], str]] = {
    "a path that is wrong": (
        {"TSCAN_KEY_FILE": "nowhere.pem"},
        lambda _: None,
        "the key nowhere.pem cannot be read",
    ),
    "a key for others to read": ({}, _wide, "key.pem can be read by others\n  hint: chmod 600 "),
    "garbage": (
        {"TSCAN_KEY": "garbage"},
        lambda _: None,
        "TSCAN_KEY is not a readable private key",
    ),
    "a file": (
        {},
        lambda folder: (folder / "store").write_text(""),
        "store cannot be listed: Not a directory",
    ),
    "another folder": ({}, _other_folder, "store contains files that are not history: report.doc"),
}


@pytest.mark.parametrize("what", PLACES)
def test_a_place_or_key_that_is_none_is_said_before_the_first_call(
    tmp_path: Path,
    taken: list[Snapshot],
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    capsys: Captured,
) -> None:
    environment, act, said = PLACES[what]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    act(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert (
        run(["scan", "--store", "store"]) == 2
    )  # what was taken is empty: a call would be a defect
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.out == ""
    assert sorted(tmp_path.rglob("*")) == before


def test_who_has_no_home_scans_without_a_key(
    taken: list[Snapshot], monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """As in a container that runs under a number alone."""
    monkeypatch.delenv("TSCAN_KEY_FILE")

    def homeless(_: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", homeless)
    assert scanned(taken, "2027-01-01") == 1
    assert verify(open_store("store")).unsigned == 1
    capsys.readouterr()
    assert run(["init"]) == 2
    assert (
        "there is no home folder for a key\n  hint: name a file with --key"
        in capsys.readouterr().err
    )
    assert run(["init", "--no-sign"]) == 0


def test_an_own_key_that_cannot_be_read_is_not_taken_for_none(
    taken: list[Snapshot], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Captured
) -> None:
    monkeypatch.delenv("TSCAN_KEY_FILE")
    (tmp_path / "own.pem").symlink_to(tmp_path / "gone.pem")
    monkeypatch.setattr("scanner.history.records.seal.OWN_KEY", tmp_path / "own.pem")
    assert run(["scan", "--store", "store"]) == 2
    assert "own.pem cannot be read: No such file or directory" in capsys.readouterr().err


def test_init_looks_at_the_store_that_is_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tscan.yaml").write_text("version: 1\nstore: elsewhere\n")
    assert run(["init", "--key", "key.pem"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "elsewhere",
        "key.pem",
        "tscan.yaml",
    ]


def test_a_bucket_without_conditional_writes_ends_the_scan_with_2(
    taken: list[Snapshot], monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Unconditional) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        for name, value in {
            **SETTINGS,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        }.items():
            monkeypatch.setenv(name, value)
        assert scanned(taken, "2027-01-01", "s3://old/x") == 2
        server.shutdown()
    shown = capsys.readouterr()
    assert "CC6.1" in shown.out
    assert "s3://old/x does not support conditional writes (If-None-Match)" in shown.err
    assert "hint: use a bucket that supports If-None-Match" in shown.err


def test_a_clock_that_jumps_back_is_kept_and_said(taken: list[Snapshot], capsys: Captured) -> None:
    assert scanned(taken, "2027-01-02") == 1
    capsys.readouterr()
    assert scanned(taken, "2027-01-01") == 1
    said = "it ends 23:50:00 before record 1 began: the scans overlapped, or a clock was wrong"
    assert f"history: aws:123456789012 2: {said}" in capsys.readouterr().err
    assert run(["verify", "store"]) == 0
    shown = capsys.readouterr().out
    assert f"record aws=123456789012/2: {said}; it was committed stating so" in shown
    assert "as committed" in shown
    assert run(["drift", "--store", "store"]) in (0, 1, 3)
    assert f"clock: {said}" in capsys.readouterr().out


def test_two_scans_of_one_target_at_once_are_both_kept(
    taken: list[Snapshot], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other scan commits between the moment at which this one looked and the moment at which it
    writes."""
    assert scanned(taken, "2027-01-01") == 1
    append, others = Ledger._append, [evidence("2027-01-02")]

    def late(self: Ledger, *given: Any) -> Any:
        if others:
            taken.append(others.pop())
            assert run(["scan", "--store", "store", "--quiet"]) == 1
        return append(self, *given)

    monkeypatch.setattr(Ledger, "_append", late)
    assert scanned(taken, "2027-01-03") == 1
    scans = [one.scan for one in Ledger(open_store("store")).records("aws:123456789012")]
    assert scans == ["scan-2027-01-01", "scan-2027-01-02", "scan-2027-01-03"]
    assert not verify(open_store("store")).damages
