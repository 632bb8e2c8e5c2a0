"""The ledger: what is committed is there, once, whole and in order, whatever happens on the way."""

from __future__ import annotations

import errno
import json
import os
import stat
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.errors import TscanError
from scanner.history.ledger import record_builder
from scanner.history.ledger.compact import AGE, compact
from scanner.history.ledger.ledger import Ledger
from scanner.history.records.seal import Signer, find_signer, make_key
from scanner.history.records.segments import make_file
from scanner.history.records.store_format import prepare
from scanner.history.stores import Entry, open_store
from scanner.history.stores.local import LocalStore
from scanner.history.verification.verify import verify
from scanner.model.history import Cause, History
from tests.helpers.bucket import SETTINGS, bucket
from tests.helpers.long_form import amount
from tests.helpers.small_scans import CHECKS, HERE, moment, scan, simple
from tests.history import kill, writers
from tests.history.test_snapshots import SNAPSHOTS

PLACES = st.tuples(
    st.sampled_from(CHECKS), st.sampled_from(["eu-west-1", ""]), st.sampled_from(["a", "b", "c"])
)
VERDICTS = st.dictionaries(PLACES, st.sampled_from(["pass", "fail", "unknown", "waived"]))


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path / "store")


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return make_key(tmp_path / "key.pem")


def test_a_scan_is_read_back_as_it_was_committed(store: str) -> None:
    ledger: Ledger = Ledger(open_store(store))
    as_protocol: History = ledger
    committed = [ledger.commit(simple(number)) for number in range(3)]
    assert list(as_protocol.targets()) == [HERE]
    again = Ledger(open_store(store))
    assert list(again.records(HERE)) == committed
    assert [record.seq for record in committed] == [1, 2, 3]
    assert [again.snapshot(record) for record in committed] == [
        simple(number).snapshot for number in range(3)
    ]
    assert [record.scan for record in again.records(HERE, since=moment(1), until=moment(2))] == [
        "scan-1"
    ]
    assert stat.S_IMODE(Path(store).stat().st_mode) == 0o700
    assert Path(store, ".gitignore").read_text() == "*\n"


@given(taken=SNAPSHOTS)
@settings(max_examples=40, deadline=None)
def test_any_snapshot_is_rebuilt_exactly(taken: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        base = simple(1)
        taken = replace(
            taken, id="scan-x", target=base.snapshot.target, finished=moment(1), started=moment(0)
        )
        ledger = Ledger(open_store(folder))
        ledger.commit(
            replace(base, snapshot=taken, assessment=replace(base.assessment, id="scan-x"))
        )
        assert Ledger(open_store(folder)).snapshot(ledger.records(HERE)[0]) == taken


def test_evidence_that_did_not_change_is_stored_once(store: str) -> None:
    ledger = Ledger(open_store(store))
    verdicts = {(CHECKS[0], "eu-west-1", f"bucket-{index}"): "pass" for index in range(50)}
    ledger.commit(scan(0, verdicts))
    ledger.commit(scan(1, {}))  # another selection in between
    ledger.commit(scan(2, {**verdicts, (CHECKS[0], "eu-west-1", "bucket-7"): "fail"}))
    rows = [
        [part.rows for part in record.segments if part.kind == "evidence"]
        for record in ledger.records(HERE)
    ]
    assert rows == [[50], [], [1]]


@given(nights=st.lists(VERDICTS, min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_transitions_are_the_difference_of_states(
    nights: list[dict[tuple[str, str, str], str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(open_store(folder))
        before: dict[tuple[str, str, str], str] = {}
        for number, night in enumerate(nights):
            record = ledger.commit(scan(number, night))
            moves = list(Ledger(open_store(folder)).changes(record))
            changed = {
                place for place in {*before, *night} if before.get(place) != night.get(place)
            }
            assert {(move.check, move.region, move.resource) for move in moves} == changed
            assert len(moves) == len(changed)
            for move in moves:
                place = (move.check, move.region, move.resource)
                assert (move.previous, move.verdict) == (
                    before.get(place, ""),
                    night.get(place, ""),
                )
            state = Ledger(open_store(folder)).state_before(HERE, moment(number + 1))
            assert {place: row.verdict for place, row in state.items()} == night
            before = night
        assert list(Ledger(open_store(folder)).transitions(HERE)) == list(ledger.transitions(HERE))
        assert [move.seq for move in ledger.transitions(HERE)] == sorted(
            move.seq for move in ledger.transitions(HERE)
        )


def test_checkpoints_change_nothing_that_is_read(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_builder, "_MIN_RECORDS", 2)
    ledger = Ledger(open_store(store))
    for number in range(9):
        ledger.commit(simple(number))
    kinds = [part.kind for record in ledger.records(HERE) for part in record.segments]
    assert kinds.count("state") == kinds.count("index") == 4
    fresh = [
        dict(Ledger(open_store(store)).state_before(HERE, moment(number))) for number in range(10)
    ]
    snapshots = [Ledger(open_store(store)).snapshot(record) for record in ledger.records(HERE)]
    assert compact(open_store(store), now=2e9 + 1e9).superseded == 6
    assert not verify(open_store(store)).damages
    for path in Path(store).glob("segments/kind=state/*/*"):
        path.unlink()
    assert [
        dict(Ledger(open_store(store)).state_before(HERE, moment(number))) for number in range(10)
    ] == fresh
    assert snapshots == [simple(number).snapshot for number in range(9)]
    assert Ledger(open_store(store)).commit(simple(9)).seq == 10


def _causes(store: str, *scans: Any) -> list[set[Cause]]:
    ledger = Ledger(open_store(store))
    return [{move.cause for move in ledger.changes(ledger.commit(one))} for one in scans]


def test_each_cause_is_told(store: str) -> None:
    place = (CHECKS[0], "eu-west-1", "a")
    good, bad = {place: "pass"}, {place: "fail"}
    found = _causes(
        store,
        scan(0, good),
        scan(1, bad),  # no check of this pack is known, so that what it reads is not either
        scan(2, good, pack="1" * 64),
        scan(3, bad, pack="1" * 64, params={"days": 3}),
        scan(
            4,
            {place: "pass", (CHECKS[0], "eu-north-1", "b"): "fail"},
            pack="1" * 64,
            params={"days": 3},
            regions=("eu-north-1", "eu-west-1"),
        ),
    )
    assert found == [
        {Cause.SCOPE},
        {Cause.EVIDENCE},
        {Cause.PACK},
        {Cause.PARAMS},
        {Cause.EVIDENCE, Cause.SCOPE},
    ]


def test_a_resource_behind_an_unread_listing_is_not_gone(store: str) -> None:
    ledger = Ledger(open_store(store))
    place, listing = (CHECKS[0], "eu-west-1", "a"), (CHECKS[0], "eu-west-1", "*")
    ledger.commit(scan(0, {place: "fail"}))
    blind = ledger.commit(scan(1, {listing: "unknown"}))
    assert {move.resource: (move.previous, move.verdict) for move in ledger.changes(blind)} == {
        "*": ("", "unknown"),
        "a": ("fail", "unknown"),
    }
    gone = ledger.commit(scan(2, {}))
    assert {move.resource: move.verdict for move in ledger.changes(gone)} == {"*": "", "a": ""}


def test_the_same_scan_is_committed_once(store: str) -> None:
    first = Ledger(open_store(store)).commit(simple(1))
    assert Ledger(open_store(store)).commit(simple(1)) == first
    assert len(Ledger(open_store(store)).records(HERE)) == 1


def test_a_signed_chain_is_not_continued_without_a_key(store: str, signer: Signer) -> None:
    Ledger(open_store(store), signer).commit(simple(1))
    with pytest.raises(TscanError, match="signed, and no signing key is set"):
        Ledger(open_store(store)).commit(simple(2))
    assert len(Ledger(open_store(store)).records(HERE)) == 1


def test_a_newer_store_is_refused(store: str) -> None:
    Ledger(open_store(store)).commit(simple(1))
    Path(store, "store.json").write_text(json.dumps({"schema": "tscan.store/2"}))
    with pytest.raises(TscanError, match="upgrade tscan"):
        Ledger(open_store(store))
    with pytest.raises(TscanError, match="upgrade tscan"):
        verify(open_store(store))


def test_a_chain_with_a_missing_record_is_neither_read_nor_continued(store: str) -> None:
    ledger = Ledger(open_store(store))
    for number in range(3):
        ledger.commit(simple(number))
    next(Path(store, "log").glob("*/000000000002.json")).unlink()
    with pytest.raises(TscanError, match="missing"):
        Ledger(open_store(store)).commit(simple(4))


def test_a_full_disk_loses_nothing(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Ledger(open_store(store)).commit(simple(1))

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(TscanError, match="No space left"):
            Ledger(open_store(store)).commit(simple(2))
    assert not verify(open_store(store)).damages
    assert not list(Path(store).rglob(".unfinished-*"))
    assert Ledger(open_store(store)).commit(simple(2)).seq == 2


class Killed(BaseException):
    """The process is no more."""


def _die_at(number: int, patch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Every call to the system from the given one on fails: also those of `finally`. The counter of
    calls."""
    made = 0

    def fatal(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal made
            made += 1
            if made >= number:
                raise Killed
            return function(*args, **kwargs)

        return call

    for name in ("link", "replace", "fsync", "unlink", "mkdir", "write", "close"):
        patch.setattr(os, name, fatal(getattr(os, name)))
    patch.setattr(tempfile, "mkstemp", fatal(tempfile.mkstemp))
    return lambda: made


def test_death_at_any_call_to_the_system_leaves_a_sound_store(
    tmp_path: Path, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        count = _die_at(1 << 30, patch)
        Ledger(open_store(str(tmp_path / "whole")), signer).commit(simple(1, content=b"pack"))
        calls = count()
    assert calls > 30
    orphans = 0
    for number in range(1, calls + 1):
        place = str(tmp_path / f"store-{number}")
        with monkeypatch.context() as patch:
            _die_at(number, patch)
            with pytest.raises(Killed):
                Ledger(open_store(place), signer).commit(simple(1, content=b"pack"))
        seen = len(Ledger(open_store(place)).records(HERE))
        if seen:
            assert not verify(open_store(place)).damages
        Ledger(open_store(place), signer).commit(simple(1, content=b"pack"))
        Ledger(open_store(place), signer).commit(simple(2, content=b"pack"))
        removed = compact(open_store(place), now=2e9 + 1e9)
        orphans += removed.orphans + removed.unfinished
        found = verify(open_store(place))
        assert not found.damages
        assert [record.seq for record in Ledger(open_store(place)).records(HERE)] == [1, 2]
        assert not list(Path(place).rglob(".unfinished-*"))
        assert Path(place, ".gitignore").read_text() == "*\n"
    assert orphans > 0


class Careless(LocalStore):
    """A bucket that ignores the condition and overwrites."""

    def put_new(self, key: str, content: bytes) -> bool:
        self.put(key, content)
        return True


def test_a_store_that_overwrites_is_refused(store: str) -> None:
    with pytest.raises(TscanError, match="overwrites files on create"):
        Ledger(Careless(store)).commit(simple(1))


class Unconditional(BaseHTTPRequestHandler):
    """A bucket that does not know If-None-Match, as older servers of S3's protocol."""

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        text = b"<Error><Code>NotImplemented</Code><Message>A header is not implemented</Message></Error>"
        self.send_response(501 if "If-None-Match" in self.headers else 200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_a_bucket_that_refuses_conditional_writes_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Unconditional) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        for name, value in {
            **SETTINGS,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        }.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(TscanError, match="does not support conditional writes"):
            Ledger(open_store("s3://old/x")).commit(simple(1))
        server.shutdown()


def test_a_listing_that_is_refused_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing(Unconditional):
        def do_GET(self) -> None:
            self.send_error(403)

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        for name, value in {
            **SETTINGS,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        }.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(
            TscanError,
            match=r"^s3://old/x: log/ was refused\n  hint: 'tscan permissions store --store s3://old/x' prints",
        ):
            list(open_store("s3://old/x").list("log/"))
        server.shutdown()


@pytest.mark.parametrize("place", ["ftp://x/y", "s3://", "s3:/bucket/x", "file://"])
def test_a_place_that_is_no_store_is_refused(place: str) -> None:
    with pytest.raises(TscanError):
        open_store(place)


@pytest.mark.parametrize("key", ["../x", "a//b", "/etc/passwd", "a/../../b"])
def test_no_file_outside_the_store_is_touched(store: str, key: str) -> None:
    with pytest.raises(TscanError, match="not a file name of a store"):
        open_store(store).get(key)


@pytest.mark.parametrize(
    "more",
    [
        {"finished": "2026-01-01T00:00:00Z"},
        {"started": "yesterday"},
        {"params": {"days": {"of": 1}}},
    ],
)
def test_a_scan_of_which_no_record_can_be_read_leaves_the_chain_whole(
    store: str, more: dict[str, Any]
) -> None:
    ledger = Ledger(open_store(store))
    ledger.commit(simple(1))
    before = [entry.key for entry in open_store(store).list("")]
    with pytest.raises(TscanError, match="scan-2 cannot be committed"):
        ledger.commit(simple(2, **more))
    assert [entry.key for entry in open_store(store).list("")] == before
    assert ledger.commit(simple(3)).seq == 2


def test_compacting_leaves_what_is_young_or_named(store: str) -> None:
    opened = open_store(store)
    Ledger(opened).commit(simple(1))
    opened.put("segments/kind=evidence/dt=2026-01-01/lost.parquet", b"x")
    assert compact(opened).orphans == 0
    entries: list[Entry] = list(opened.list("segments/"))
    assert compact(opened, now=max(entry.modified for entry in entries) + AGE + 1).orphans == 1
    assert len(list(opened.list("segments/"))) == len(entries) - 1
    assert not verify(opened).damages


def test_compacting_takes_nothing_from_a_scan_that_commits_meanwhile(store: str) -> None:
    """A scan that broke off left its pack; the next one names it when the chains have been looked
    at already."""
    pack = make_file("pack", b"a pack", ending="tar.gz", rows=1)

    class Late(LocalStore):
        def delete(self, key: str) -> None:
            Ledger(LocalStore(store)).commit(simple(2, content=pack.content))
            super().delete(key)

    Ledger(LocalStore(store)).commit(simple(1, pack="1" * 64))
    for key in ("segments/kind=evidence/dt=2026-01-01/lost.parquet", pack.segment.path):
        LocalStore(store).put(key, pack.content)
    assert compact(Late(store), now=time.time() + AGE + 60).orphans == 1
    assert not verify(LocalStore(store)).damages
    assert pack.segment in Ledger(LocalStore(store)).records(HERE)[1].segments


def test_the_key_is_found_and_never_written_over(tmp_path: Path, signer: Signer) -> None:
    path = tmp_path / "key.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(TscanError, match="never overwritten"):
        make_key(path)
    for found in (find_signer(path), find_signer(None, {"TSCAN_KEY": path.read_text()}),
                  find_signer(None, {"TSCAN_KEY_FILE": str(path)})):  # fmt: skip
        assert found is not None
        assert found.key_id == signer.key_id
    path.chmod(0o644)
    with pytest.raises(TscanError, match="read by others"):
        find_signer(path)
    with pytest.raises(TscanError, match="private key"):
        find_signer(None, {"TSCAN_KEY": "nonsense"})
    words = serialization.BestAvailableEncryption(b"words")
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    locked = Ed25519PrivateKey.generate().private_bytes(pem, form, words).decode()
    with pytest.raises(
        TscanError, match="TSCAN_KEY is encrypted\n  hint: give it without a passphrase"
    ):
        find_signer(None, {"TSCAN_KEY": locked})


@pytest.mark.slow
def test_killed_at_random_moments(store: str, tmp_path: Path, signer: Signer) -> None:
    acknowledged, records, _ = kill.kill(store, tmp_path / "key.pem", amount(5, 20), seed=7)
    assert records >= acknowledged > 0


@pytest.mark.slow
def test_killed_at_random_moments_on_a_bucket(tmp_path: Path, signer: Signer) -> None:
    with bucket() as place:
        acknowledged, records, _ = kill.kill(place, tmp_path / "key.pem", 4, seed=7)
    assert records >= acknowledged > 0


@pytest.mark.slow
def test_eight_writers_lose_nothing(store: str) -> None:
    count = amount(3, 10)
    assert writers.write(store, 8, count) == 8 * count


@pytest.mark.slow
def test_four_writers_of_a_bucket_lose_nothing() -> None:
    with bucket() as place:
        count = amount(3, 10)
        assert writers.write(place, 4, count) == 4 * count


@pytest.mark.slow
def test_a_bucket_is_a_store_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bucket() as place:
        opened = open_store(place)
        prepare(opened, None)
        assert opened.put_new("a/b", b"1")
        assert not opened.put_new("a/b", b"2")
        assert (opened.get("a/b"), opened.get("a/c")) == (b"1", None)
        opened.put("a/c", b"3")
        assert [entry.key for entry in opened.list("a/")] == ["a/b", "a/c"]
        opened.delete("a/c")
        opened.delete("a/c")
        assert opened.get("a/c") is None
        # Credentials as botocore finds them, where the environment holds none.
        profile = tmp_path / "credentials"
        profile.write_text(
            "[audit]\naws_access_key_id = testing\naws_secret_access_key = testing\n"
        )
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(profile))
        monkeypatch.setenv("AWS_PROFILE", "audit")
        ledger = Ledger(open_store(place))
        committed = ledger.commit(simple(1))
        assert Ledger(open_store(place)).snapshot(committed) == simple(1).snapshot
        nowhere = open_store("s3://no-such-bucket/x")
        for act in (
            lambda: nowhere.put_new("a", b"1"),
            lambda: nowhere.get("a"),
            lambda: list(nowhere.list("")),
        ):
            with pytest.raises(TscanError, match=r"^s3://no-such-bucket/x: no such bucket\n"):
                act()


def test_an_older_state_stays_what_it_was_when_a_newer_one_was_read(tmp_path: Path) -> None:
    ledger = Ledger(open_store(str(tmp_path)))
    key = (CHECKS[0], "eu-west-1", "a")
    ledger.commit(scan(0, {key: "pass"}))
    second = ledger.commit(scan(24, {key: "fail"}))
    # The ledger that committed keeps the state before its last record, and builds others on it.
    assert ledger.state_before(HERE, "9999")[key].verdict == "fail"
    assert ledger.state_before(HERE, second.finished)[key].verdict == "pass"
