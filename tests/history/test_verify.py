"""Verification: every damage is named, by tscan and by openssl alone; what cannot be shown is said."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.cli import run
from scanner.errors import TscanError
from scanner.history.ledger import record_builder
from scanner.history.ledger.anchors import anchor_heads, read_head
from scanner.history.ledger.commit import commit_scan
from scanner.history.ledger.compact import compact
from scanner.history.ledger.git_anchors import GitAnchors
from scanner.history.ledger.ledger import Ledger
from scanner.history.ledger.record_builder import ScanToCommit
from scanner.history.records.seal import Signer, find_signer, make_key, open_envelope, unsealed
from scanner.history.records.statements import payload_of, read_record
from scanner.history.snapshots.content_archive import load_pack, pack_archive
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.history.stores import open_store
from scanner.history.verification.verify import verify
from scanner.model.findings import Verdict
from scanner.pipeline import judge
from tests.helpers.bucket import bucket
from tests.helpers.estate_recording import SNAPSHOT
from tests.helpers.library import shipped_library
from tests.helpers.long_form import amount
from tests.helpers.small_scans import simple
from tests.history import tamper


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return make_key(tmp_path / "key.pem")


@pytest.fixture
def store(tmp_path: Path, signer: Signer) -> Path:
    """Six signed records in two chains."""
    path = tmp_path / "store"
    ledger = Ledger(open_store(str(path)), signer)
    for number in range(4):
        ledger.commit(simple(number, content=b"a pack"))
    for number in range(2):
        ledger.commit(simple(number, name="other", target="aws:444455556666"))
    return path


def _record(store: Path, number: int) -> Path:
    return store / f"log/aws=111122223333/{number:012d}.json"


def test_damages_are_each_named() -> None:
    count = amount(40, 200)
    assert sum(tamper.run(count, seed=3).values()) == count


@pytest.mark.slow
def test_damages_of_a_bucket_are_each_named() -> None:
    with bucket() as place:
        assert sum(tamper.run(8, seed=4, place=place).values()) == 8


def test_a_cut_off_end_shows_against_a_head_that_was_kept(store: Path) -> None:
    heads = list(map(read_head, verify(open_store(str(store))).heads.values()))
    _record(store, 4).unlink()
    without = verify(open_store(str(store)))
    assert not without.damages
    assert without.notes == ["3 segments without a record: left by interrupted scans"]
    found = verify(open_store(str(store)), anchors=heads)
    assert [(damage.record, damage.kind) for damage in found.damages] == [
        ("aws=111122223333/4", "missing")
    ]
    shutil.rmtree(store / "log")
    assert len(verify(open_store(str(store)), anchors=heads).damages) == 2
    with pytest.raises(TscanError, match="no history"):
        verify(open_store(str(store)))


def test_the_key_holder_is_seen_to_rewrite_against_a_head_only(
    tmp_path: Path, store: Path, signer: Signer
) -> None:
    heads = list(map(read_head, verify(open_store(str(store))).heads.values()))
    shutil.rmtree(store)
    ledger = Ledger(open_store(str(store)), signer)
    for number in range(4):
        ledger.commit(simple(number, name="invented"))
    assert not verify(open_store(str(store))).damages
    kinds = {damage.kind for damage in verify(open_store(str(store)), anchors=heads).damages}
    assert kinds == {"replaced", "missing"}


def test_a_clock_that_was_wrong_once_is_stated_and_no_damage(store: Path, signer: Signer) -> None:
    """The record says so when it is committed, and a chain that goes on rightly verifies."""
    ledger = Ledger(open_store(str(store)), signer)
    wrong = ledger.commit(simple(-100))
    assert wrong.clock == (
        "it ends 4 days, 6:48:00 before record 4 began: the scans overlapped, or a clock was wrong"
    )
    assert ledger.commit(simple(5)).clock == ""
    found = verify(open_store(str(store)))
    assert not found.damages
    assert found.notes == [f"record aws=111122223333/5: {wrong.clock}; it was committed stating so"]


def test_a_clock_set_back_during_a_scan_is_stated(store: Path, signer: Signer) -> None:
    scan = simple(9)
    taken = replace(scan.snapshot, finished=simple(8).snapshot.started)
    record = Ledger(open_store(str(store)), signer).commit(replace(scan, snapshot=taken))
    assert record.clock == "it ends before it begins: the clock was set back"
    found = verify(open_store(str(store)))
    assert not found.damages
    assert found.notes == [
        f"record aws=111122223333/5: {record.clock}; it was committed stating so"
    ]


@pytest.mark.parametrize(
    ("number", "clock", "detail"),
    [
        (
            -100,
            "",
            "it ends 4 days, 6:48:00 before record 4 began: the scans overlapped, or a clock was "
            "wrong; when committed it stated that its times are in order",
        ),
        (7, "a jump", "its times are in order; when committed it stated a jump"),
    ],
)
def test_a_record_that_states_other_times_than_it_has_is_damage(
    store: Path, signer: Signer, number: int, clock: str, detail: str
) -> None:
    """Also where the key holder signed it."""
    Ledger(open_store(str(store)), signer).commit(simple(number))
    path = _record(store, 5)
    record = replace(
        read_record(path.read_bytes(), "log/aws=111122223333/000000000005.json"), clock=clock
    )
    path.write_bytes(signer.seal(payload_of(record)))
    (damage,) = verify(open_store(str(store))).damages
    assert (damage.record, damage.kind) == ("aws=111122223333/5", "back-dated")
    assert damage.detail == detail


def test_scans_that_overlap_are_no_damage(store: Path, signer: Signer) -> None:
    """One that reads many targets commits last, and what began after it had read the first of them
    already exists."""
    ledger = Ledger(open_store(str(store)), signer)
    for number in (30, 20, 40, 28, 40.05, 40.01):
        ledger.commit(simple(number, name="late"))
    found = verify(open_store(str(store)))
    assert not found.damages
    assert [note.partition(":")[0] for note in found.notes] == [
        f"record aws=111122223333/{n}" for n in (6, 8)
    ]
    assert found.notes[0].endswith(
        "it ends 9:48:00 before record 5 began: the scans overlapped, or a clock was wrong; "
        "it was committed stating so"
    )


def test_only_the_trusted_key_counts(tmp_path: Path, store: Path) -> None:
    other = make_key(tmp_path / "other.pem")
    found = verify(open_store(str(store)), trusted={other.key_id: other.public}).damages
    assert {damage.kind for damage in found} == {"unknown key"}
    assert len(found) == 6


def test_a_public_key_that_is_none_is_named(
    tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.pem").write_text("garbage")
    assert run(["verify", str(store), "--public-key", str(tmp_path / "other.pem")]) == 2
    assert (
        "other.pem: a public key cannot be read\n  hint: it is an Ed25519 key in PEM form"
        in capsys.readouterr().err
    )


def test_an_unsigned_chain_is_said_to_be_unsigned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Ledger(open_store(str(tmp_path / "plain"))).commit(simple(1))
    assert run(["verify", str(tmp_path / "plain")]) == 0
    shown = capsys.readouterr().out
    assert "1 unsigned record" in shown
    assert (
        "no external anchor: whoever can write to the store could rewrite or delete records before 2026-01-01"
        in shown
    )


def test_exit_codes(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", str(store)]) == 0
    assert (
        "no external anchor: whoever holds the signing key could rewrite or delete records before"
        in capsys.readouterr().out
    )
    _record(store, 2).write_bytes(_record(store, 3).read_bytes())
    assert run(["verify", str(store)]) == 1
    shown = capsys.readouterr().out
    assert (
        "DAMAGED record aws=111122223333/2: log/aws=111122223333/000000000002.json: reordered (it is record 3)"
        in shown
    )
    assert run(["verify", str(tmp_path / "nothing")]) == 2
    assert run(["verify", str(store), "--anchor", "nonsense"]) == 2


def _by_hand(
    root: Path, store: Path, key: Path | None, anchors: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Every shell block of docs/verify.md, one after the other."""
    blocks = re.findall(r"```sh\n(.*?)```", (root / "docs/verify.md").read_text(), re.DOTALL)
    assert len(blocks) == 3
    environment = {"PATH": "/usr/bin:/bin:/usr/local/bin"} | ({"KEY": str(key)} if key else {})
    return subprocess.run(
        ["/bin/sh", "-c", "\n".join(blocks)],
        cwd=store,
        env=environment | ({"ANCHORS": str(anchors)} if anchors else {}),
        capture_output=True,
        text=True,
    )


needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl is not on this machine"
)
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not on this machine")


@needs_openssl
def test_openssl_alone_says_the_same(
    root: Path, store: Path, signer: Signer, tmp_path: Path
) -> None:
    key = tmp_path / "public.pem"
    key.write_bytes(signer.public)
    said = _by_hand(root, store, key)
    assert said.returncode == 0, said.stdout + said.stderr
    assert signer.key_id in said.stdout
    for head in verify(open_store(str(store))).heads.values():
        name, _, digest = head.partition(":")
        chain, _, number = name.rpartition("/")
        target = chain.replace("=", ":")
        counts = f"{number} records of {target} [], {number} of them as they were signed"
        assert f"log/{chain}: {counts}; head {digest}" in said.stdout


@needs_openssl
@pytest.mark.parametrize(
    "what", ["segment", "signature", "missing", "chain", "unsigned", "copied", "target"]
)
def test_openssl_alone_sees_damage(
    root: Path, store: Path, signer: Signer, tmp_path: Path, what: str
) -> None:
    key = tmp_path / "public.pem"
    key.write_bytes(signer.public)
    if what == "segment":
        path = next(store.glob("segments/kind=transitions/*/*"))
        path.write_bytes(path.read_bytes() + b"x")
        word = "CHANGED segments/kind=transitions"
    elif what == "signature":
        key.write_bytes(make_key(tmp_path / "other.pem").public)
        word = "BAD SIGNATURE"
    elif what == "missing":
        _record(store, 2).unlink()
        word = "MISSING record 2"
    elif what == "unsigned":
        payload = open_envelope(_record(store, 4).read_bytes()).payload
        _record(store, 4).write_bytes(unsealed(payload))
        word = "BAD SIGNATURE log/aws=111122223333/000000000004.json"
    elif what == "copied":
        shutil.rmtree(store / "log/aws=444455556666")
        shutil.copytree(store / "log/aws=111122223333", store / "log/aws=444455556666")
        word = "TWICE aws:111122223333 [], in log/aws=444455556666"
    elif what == "target":
        record = read_record(_record(store, 4).read_bytes(), "")
        _record(store, 4).write_bytes(
            signer.seal(payload_of(replace(record, target="aws:777788889999")))
        )
        word = "ANOTHER TARGET OR SCOPE log/aws=111122223333/000000000004.json"
    else:
        _record(store, 2).write_bytes(_record(store, 3).read_bytes())
        word = "BROKEN CHAIN"
    said = _by_hand(root, store, key)
    assert said.returncode == 1
    assert word in said.stdout
    assert (what == "signature") or verify(open_store(str(store))).damages


@needs_openssl
def test_openssl_alone_tells_scopes_apart(root: Path, store: Path, signer: Signer) -> None:
    ledger = Ledger(open_store(str(store)), signer)
    for number in (4, 5):
        ledger.commit(simple(number, scope=('select="a],segments":',)))
    said = _by_hand(root, store, None)
    assert (said.returncode, said.stderr) == (0, "")
    assert 'records of aws:111122223333 ["select=\\"a],segments\\":"], 2 of them' in said.stdout
    (place,) = (store / "log").glob("aws=111122223333_23*")
    shutil.copytree(place, store / "log/aws=777788889999")
    assert "TWICE aws:111122223333 [" in _by_hand(root, store, None).stdout


@needs_openssl
def test_openssl_alone_follows_a_key_that_was_changed(
    root: Path, store: Path, signer: Signer, tmp_path: Path
) -> None:
    other = make_key(tmp_path / "other.pem")
    Ledger(open_store(str(store)), other).commit(simple(4))
    said = _by_hand(root, store, None)
    assert (said.returncode, said.stderr) == (0, "")
    assert "5 records of aws:111122223333 [], 5 of them as they were signed" in said.stdout
    key = tmp_path / "public.pem"
    key.write_bytes(signer.public)
    said = _by_hand(root, store, key)
    assert (
        said.returncode,
        "BAD SIGNATURE log/aws=111122223333/000000000005.json" in said.stdout,
    ) == (1, True)


@needs_openssl
def test_openssl_alone_says_what_is_not_signed(
    root: Path, store: Path, signer: Signer, tmp_path: Path
) -> None:
    plain = tmp_path / "plain"
    Ledger(open_store(str(plain))).commit(simple(0))
    said = _by_hand(root, plain, None)
    assert (
        said.returncode,
        "1 records of aws:111122223333 [], 0 of them as they were signed" in said.stdout,
    ) == (0, True)
    Ledger(open_store(str(plain)), signer).commit(simple(1))
    said = _by_hand(root, plain, None)
    assert (
        said.returncode,
        "2 records of aws:111122223333 [], 1 of them as they were signed" in said.stdout,
    ) == (0, True)
    key = tmp_path / "public.pem"
    key.write_bytes(signer.public)
    assert _by_hand(root, plain, key).returncode == 1
    newest = _record(store, 4)
    newest.write_text(re.sub(r'"signatures":\[.*\]', '"signatures":[]', newest.read_text()))
    said = _by_hand(root, store, None)
    assert (
        said.returncode,
        "BAD SIGNATURE log/aws=111122223333/000000000004.json" in said.stdout,
    ) == (1, True)


@needs_openssl
def test_openssl_alone_does_not_miss_what_compacting_removed(
    root: Path, tmp_path: Path, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_builder, "_MIN_RECORDS", 2)
    store = tmp_path / "store"
    for number in range(5):
        Ledger(open_store(str(store)), signer).commit(simple(number))
    assert compact(open_store(str(store)), now=4e9).superseded == 2
    said = _by_hand(root, store, None)
    assert (said.returncode, said.stderr) == (0, "")
    next(store.glob("segments/kind=transitions/*/*")).unlink()
    assert _by_hand(root, store, None).returncode == 1


@needs_openssl
@needs_git
@pytest.mark.parametrize(
    ("what", "code", "word"),
    [
        (
            "",
            0,
            "aws=111122223333: anchored up to record 4 by refs/tags/tscan/aws=111122223333/000000000004",
        ),
        ("cut off", 1, "CUT OFF log/aws=111122223333/000000000004.json, named by refs/tags/tscan/"),
        (
            "grown again",
            1,
            "REPLACED log/aws=111122223333/000000000004.json, named by refs/tags/tscan/",
        ),
        ("no repository", 1, ""),
    ],
)
def test_git_alone_says_the_same_of_anchors(
    root: Path,
    store: Path,
    signer: Signer,
    repository: Path,
    tmp_path: Path,
    what: str,
    code: int,
    word: str,
) -> None:
    key = tmp_path / "public.pem"
    key.write_bytes(signer.public)
    kept = GitAnchors(str(repository))
    ledger = Ledger(open_store(str(store)), signer)
    anchor_heads(ledger, ledger.targets(), kept)
    if what in ("cut off", "grown again"):
        _record(store, 4).unlink()
    if what == "grown again":
        Ledger(open_store(str(store)), signer).commit(simple(9, name="invented"))
    said = _by_hand(root, store, key, tmp_path if what == "no repository" else repository)
    assert said.returncode == code, said.stdout + said.stderr
    assert word in said.stdout
    assert said.stdout.count("anchored up to record") == (2 if not code else 0)
    seen = verify(open_store(str(store)), anchors=kept.read())
    assert bool(seen.damages) == (what in ("cut off", "grown again"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the recorded account on two nights, by way of `commit_scan`."""
    folder = tmp_path_factory.mktemp("demo")
    make_key(folder / "key.pem")
    library = shipped_library()
    first = read_snapshot(SNAPSHOT)
    second = replace(
        first,
        id=f"{first.id}-2",
        started="2027-06-01T00:00:00.000Z",
        finished="2027-06-01T00:10:00.000Z",
    )
    for snapshot in (first, second):
        assessment = judge([snapshot], library)
        (record,) = commit_scan(
            [snapshot], assessment, library, str(folder / "store"), folder / "key.pem"
        )
        assert record.counts == {
            verdict.value: sum(one.count(verdict) for one in assessment.results)
            for verdict in Verdict
        }
    return folder


def test_every_verdict_is_made_again(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", "--deep", str(demo / "store")]) == 0
    assert "2 of 2 records re-evaluated from evidence" in capsys.readouterr().out
    ledger = Ledger(open_store(str(demo / "store")))
    target = ledger.targets()[0]
    assert ledger.snapshot(ledger.records(target)[0]) == read_snapshot(SNAPSHOT)
    clocks = list(ledger.changes(ledger.records(target)[1]))
    assert clocks
    assert {move.cause.value for move in clocks} == {"clock"}


def test_a_verdict_that_the_evidence_does_not_give_is_named(
    demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The key holder himself signs a fail as a pass: only making the verdict again shows it."""
    library = shipped_library()
    snapshot = read_snapshot(SNAPSHOT)
    assessment = judge([snapshot], library)
    number, result = next(
        (i, one) for i, one in enumerate(assessment.results) if one.count(Verdict.FAIL)
    )
    forged = replace(
        result, findings=tuple(replace(one, verdict=Verdict.PASS) for one in result.findings)
    )
    results = (*assessment.results[:number], forged, *assessment.results[number + 1 :])
    ledger = Ledger(open_store(str(tmp_path / "forged")), find_signer(demo / "key.pem"))
    ledger.commit(
        ScanToCommit(
            snapshot=snapshot, assessment=replace(assessment, results=results), library=library
        )
    )
    assert run(["verify", str(tmp_path / "forged")]) == 0
    capsys.readouterr()
    assert run(["verify", "--deep", str(tmp_path / "forged")]) == 1
    shown = capsys.readouterr().out
    assert f"verdict ({result.check} " in shown
    assert "recorded pass, evidence gives fail" in shown


def test_a_pack_is_kept_and_judges_again() -> None:
    library = shipped_library()
    archive = pack_archive(None, library)
    assert archive == pack_archive(None, library)
    assert load_pack(archive, library.sha256).sha256 == library.sha256
    with pytest.raises(TscanError, match="not what its digest says"):
        load_pack(archive, "0" * 64)
    with pytest.raises(TscanError, match="cannot be read"):
        load_pack(archive[: len(archive) // 2], library.sha256)
    assert pack_archive(None, replace(library, sha256="0" * 64)) == b""


def test_history_is_listed_shown_and_compacted(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--store", str(store)]
    assert run(["history", "list", *place]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 6
    assert run(["history", "show", "2", *place, "--target", "aws:111122223333"]) == 0
    shown = capsys.readouterr().out
    assert "check-a  bucket-1  pass -> fail  (evidence) it is fail" in shown
    first = Ledger(open_store(str(store))).records("aws:111122223333")[0]
    assert f"follows {first.sha256}\n" in shown
    assert "parameters set: none\n" in shown
    assert "callers arn:aws:sts::111122223333:assumed-role/audit/x\n" in shown
    assert run(["history", "show", *place, "--target", "aws:111122223333"]) == 0
    assert capsys.readouterr().out.startswith("record 4 of aws:111122223333: ")
    assert run(["history", "show", "2", *place]) == 2
    assert run(["history", "show", "9", *place, "--target", "aws:111122223333"]) == 2
    assert run(["history", "compact", *place]) == 0
    assert "removed 0 segments" in capsys.readouterr().out


def test_init_makes_what_is_missing_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from scanner.content.config import load_config

    monkeypatch.chdir(tmp_path)
    assert run(["init", "--key", "secret.pem"]) == 0
    shown = capsys.readouterr().out
    key, config = (tmp_path / "secret.pem").read_bytes(), (tmp_path / "tscan.yaml").read_text()
    assert b"PRIVATE KEY" in key
    assert len(list((tmp_path / ".tscan/keys").glob("*.pem"))) == 1
    assert not any(
        b"PRIVATE" in path.read_bytes()
        for path in (tmp_path / ".tscan").rglob("*")
        if path.is_file()
    )
    assert "made" in shown
    (tmp_path / "tscan.yaml").write_text(config + "# mine\n")
    assert run(["init", "--key", "secret.pem"]) == 0
    assert (tmp_path / "secret.pem").read_bytes() == key
    assert (tmp_path / "tscan.yaml").read_text().endswith("# mine\n")
    assert run(["init", "--key", ".tscan/key.pem"]) == 2
    load_config(tmp_path / "tscan.yaml", shipped_library())
    # What stands behind a comment sign is a configuration as well.
    text = re.sub(
        r"^# ((?:  )*(?:# )?[a-z0-9_-]+[: ])", r"\1", config.partition("\n")[2], flags=re.MULTILINE
    )
    text = re.sub(r"^(      )# ", r"\1", text, flags=re.MULTILINE)
    (tmp_path / "full.yaml").write_text(text)
    written = load_config(tmp_path / "full.yaml", shipped_library())
    assert written.targets[0].external_id == "EXAMPLE"
    assert written.schedule == "daily"


def test_a_change_of_key_is_said(store: Path, tmp_path: Path) -> None:
    new = make_key(tmp_path / "new.pem")
    Ledger(open_store(str(store)), new).commit(simple(9))
    seen = verify(open_store(str(store)))
    assert not seen.damages
    assert seen.notes == [
        f"from record aws=111122223333/5 on: signed with another key ({new.key_id[:16]})"
    ]
