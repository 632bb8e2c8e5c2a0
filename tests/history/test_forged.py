"""Records that were made by hand, by who has the key or in a store without one: what no scan writes
is named."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from scanner.cli import run
from scanner.content.locations import default_roots
from scanner.history.ledger.commit import commit_scan
from scanner.history.ledger.ledger import Ledger
from scanner.history.records.seal import Signer, make_key, read_signer, unsealed
from scanner.history.records.segments import Made, make_transitions
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.history.stores import open_store
from scanner.history.verification.verify import verify
from scanner.model.answers import Target
from scanner.model.history import Cause
from scanner.pipeline import judge
from tests.helpers.estate_recording import SNAPSHOT
from tests.helpers.library import shipped_library
from tests.helpers.recorded_nights import Nights
from tests.helpers.small_scans import simple

Captured = pytest.CaptureFixture[str]
CHAIN = "aws=111122223333"
READERS = (
    ["period", "--from", "2026-01-01", "--to", "2026-01-05", "--store"],
    ["drift", "--store"],
    ["history", "list", "--store"],
    ["history", "show", "2", "--store"],
)
Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return make_key(tmp_path / "key.pem")


@pytest.fixture
def store(tmp_path: Path, signer: Signer) -> Path:
    """Three signed records of one target."""
    ledger = Ledger(open_store(str(tmp_path / "store")), signer)
    for number in range(3):
        ledger.commit(simple(24 * number))
    return tmp_path / "store"


def record(store: Path, number: int) -> Path:
    (chain,) = (store / "log").iterdir()
    return chain / f"{number:012d}.json"


def again(
    store: Path, change: Change, signer: Signer | None, first: int = 2, last: int = 99
) -> None:
    """The records from one on as their forger would write them: changed, chained and sealed."""
    before = hashlib.sha256(record(store, first - 1).read_bytes()).hexdigest() if first > 1 else ""
    while first <= last and (path := record(store, first)).exists():
        statement = json.loads(base64.b64decode(json.loads(path.read_bytes())["payload"]))
        predicate = statement["predicate"]
        change(predicate)
        predicate["previous_sha256"] = before
        statement["subject"] = [
            {"name": one["path"], "digest": {"sha256": one["sha256"]}}
            for one in predicate["segments"]
        ]
        payload = json.dumps(
            statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode()
        path.write_bytes(signer.seal(payload) if signer else unsealed(payload))
        before = hashlib.sha256(path.read_bytes()).hexdigest()
        first += 1


def named(store: Path) -> list[tuple[str, str, str]]:
    found = verify(open_store(str(store))).damages
    return [
        (damage.record, damage.kind, damage.detail)
        for damage in found
        if damage.record.endswith("/2")
    ]


def segments(change: Change) -> Change:
    return lambda record: [change(segment) for segment in record["segments"]]


FORMS: dict[str, tuple[Change, str]] = {
    "no time": (lambda record: record.update(finished="zzz"), "'zzz' is not a valid time"),
    "no day": (
        lambda record: record.update(started="2026-02-30T00:00:00.000Z"),
        "is not a valid time",
    ),
    "a time elsewhere": (
        lambda record: record.update(finished="2026-01-02T02:00:00.000+02:00"),
        "not a valid time",
    ),
    "a time cut short": (
        lambda record: record.update(finished="2026-01-02T02:00:00Z"),
        "not a valid time",
    ),
    "a text as a count": (
        lambda record: record["counts"].update({"fail": "x"}),
        "a count of the record is not a number ≥ 0",
    ),
    "less than nothing": (
        lambda record: record["counts"].update({"fail": -1}),
        "a count of the record is not a number ≥ 0",
    ),
    "more than anything": (
        lambda record: record["counts"].update({"fail": 1 << 64}),
        "a count of the record is no",
    ),
    "rows of less than nothing": (
        segments(lambda one: one.update(rows=-1)),
        "a member of a segment has the wrong type",
    ),
    "a number as a status": (
        lambda record: record.update(controls={"X-1": 5}),
        "a status of the record is not text",
    ),
    "a number as the id of a check": (
        lambda record: record.update(renamed={"check-a": 5}),
        "a member of the record has the wrong type",
    ),
    "renamed by a list": (
        lambda record: record.update(renamed=["check-a"]),
        "a member of the record has the wrong type",
    ),
    "a nested parameter": (
        lambda record: record.update(params={"days": {"of": 1}}),
        "a parameter of the record",
    ),
    "no parameter": (
        lambda record: record.update(params={"days": float("nan")}),
        "its Statement is not JSON",
    ),
    "no evidence": (
        lambda record: record.update(segments=[]),
        "does not name the evidence and transitions",
    ),
    "no transitions": (
        lambda record: record.update(
            segments=[one for one in record["segments"] if one["kind"] != "transitions"]
        ),
        "does not name the evidence and transitions",
    ),
    "another kind": (
        segments(lambda one: one["kind"] == "evidence" and one.update(kind="index")),
        "a segment of the record is in the wrong folder",
    ),
    "judged without itself": (
        lambda record: record.update(together=["x"]),
        "its own scan is missing",
    ),
    "waivers that are not there": (
        lambda record: record.update(waivers_sha256="0" * 64),
        "it lists other waivers",
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_record_that_no_scan_writes_is_damage_although_it_is_signed(
    store: Path, signer: Signer, form: str, capsys: Captured
) -> None:
    change, said = FORMS[form]
    again(store, change, signer)
    ((_, kind, detail),) = named(store)
    assert kind == "edited"
    assert said in detail
    for command in READERS:
        assert run([*command, str(store)]) == 2
        assert f"000000000002.json is damaged: {detail}" in capsys.readouterr().err


def test_a_chain_written_again_without_a_key_does_not_pass_for_one_of_the_trusted_key(
    store: Path, signer: Signer, tmp_path: Path, capsys: Captured
) -> None:
    (tmp_path / "public.pem").write_bytes(signer.public)
    command = ["verify", str(store), "--public-key", str(tmp_path / "public.pem")]
    assert run(command) == 0
    again(store, lambda record: record["counts"].update({"fail": 0}), None, first=1)
    capsys.readouterr()
    assert run(command) == 1
    shown = capsys.readouterr().out
    assert shown.count("unsigned (no later record is signed either)") == 3
    assert "3 records in 1 chain, 12 files: 3 damages" in shown


def test_a_trusted_key_vouches_for_what_lies_before_it(store: Path, signer: Signer) -> None:
    again(store, lambda _: None, None, first=1)
    ledger = Ledger(open_store(str(store)), signer)
    ledger.commit(simple(100))
    trusted = {signer.key_id: signer.public}
    assert not verify(open_store(str(store)), trusted=trusted).damages
    again(store, lambda record: record["counts"].update({"fail": 0}), None, first=1, last=3)
    kinds = {damage.kind for damage in verify(open_store(str(store)), trusted=trusted).damages}
    assert kinds == {"replaced", "chain broken"}


TEXTS: dict[str, Callable[[bytes], bytes]] = {
    "a payload that is not ASCII": lambda text: text.replace(
        b'"payload":"', '"payload":"é'.encode()
    ),
    "a signature that is not ASCII": lambda text: text.replace(b'"sig":"', '"sig":"é'.encode()),
    "a key that is no text": lambda text: text.replace(b'"keyid":"', b'"keyid":"\\ud800'),
    "another type": lambda text: text.replace(b"in-toto+json", b"json"),
    "a type that is no text": lambda text: text.replace(b'"application/vnd.in-toto+json"', b"[[]]"),
    "deeper than a reader goes": lambda _: b"[" * 100_000,
    "a payload that is no text": lambda text: inside(
        text, lambda payload: payload.replace(b'"0"', b'"\\ud800"')
    ),
    "a payload that goes deep": lambda text: inside(
        text,
        lambda payload: payload.replace(
            b'"params":{}', b'"params":{"a":%s}' % (b"[" * 900 + b"]" * 900)
        ),
    ),
}


def inside(text: bytes, change: Callable[[bytes], bytes]) -> bytes:
    envelope = json.loads(text)
    payload = change(base64.b64decode(envelope["payload"]))
    return unsealed(payload)


@pytest.mark.parametrize("what", TEXTS)
def test_a_file_that_cannot_be_written_is_damage_and_no_defect(
    store: Path, what: str, capsys: Captured
) -> None:
    path = record(store, 2)
    before = path.read_bytes()
    path.write_bytes(TEXTS[what](before))
    assert path.read_bytes() != before
    assert run(["verify", str(store)]) == 1
    assert "DAMAGED record aws=111122223333/2:" in capsys.readouterr().out
    for command in READERS:
        assert run([*command, str(store)]) == 2
        assert "000000000002.json is damaged" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["000000000000", "٠٠٠٠٠٠٠٠٠٠٠١"])
def test_a_number_that_no_record_has_is_foreign(store: Path, signer: Signer, name: str) -> None:
    (store / f"log/{CHAIN}/{name}.json").write_bytes(record(store, 1).read_bytes())
    found = verify(open_store(str(store))).damages
    assert [(damage.file, damage.kind) for damage in found] == [
        (f"log/{CHAIN}/{name}.json", "foreign")
    ]


@pytest.mark.parametrize("text", ["[" * 100_000, "{}", "no", '{"schema":[]}'])
def test_a_marker_that_is_none_is_said(store: Path, text: str, capsys: Captured) -> None:
    (store / "store.json").write_text(text)
    assert run(["verify", str(store)]) == 2
    assert "internal error" not in capsys.readouterr().err


# -- what only judging again shows -----------------------------------------------------------------


@pytest.fixture
def judged(nights: Nights, tmp_path: Path) -> tuple[Path, Signer]:
    """Two nights of the recorded account, and the key that sealed them."""
    shutil.copytree(nights.folder / "store", tmp_path / "judged")
    return tmp_path / "judged", read_signer(nights.folder / "key.pem")


def deep(store: Path, capsys: Captured) -> tuple[int, str]:
    assert run(["verify", str(store)]) == 0
    capsys.readouterr()
    return run(["verify", "--deep", str(store)]), capsys.readouterr().out


def put(store: Path, made: Made) -> dict[str, Any]:
    """A segment in a store, as a record names it."""
    open_store(str(store)).put(made.segment.path, made.content)
    return asdict(made.segment)


def test_every_member_of_a_record_is_made_again(
    judged: tuple[Path, Signer], capsys: Captured
) -> None:
    store, signer = judged

    def embellish(predicate: dict[str, Any]) -> None:
        predicate["counts"]["fail"] = 0
        predicate.update(
            callers=["somebody"],
            finished="2027-06-02T00:11:00.000Z",
            gaps=predicate["gaps"][1:],
            regions=predicate["regions"][1:],
            scan="another",
            started="2027-06-02T00:01:00.000Z",
        )

    gap = Ledger(open_store(str(store))).records("aws:123456789012")[1].gaps[0]
    again(store, embellish, signer)
    code, shown = deep(store, capsys)
    assert code == 1
    for name in ("callers", "counts", "finished", "gaps", "regions", "scan", "started"):
        assert re.search(
            rf"DAMAGED record aws=123456789012/2: \S+: {name} \(recorded .*, evidence gives ",
            shown,
        ), name
    assert f'gaps (recorded [], evidence gives ["{gap}"])' in shown


@pytest.mark.parametrize(
    "change", [{"cause": Cause.PACK}, {"previous": "pass"}, {"seq": 1}, {"ts": "2027-06-01"}]
)
def test_a_transition_is_made_again_with_its_cause(
    judged: tuple[Path, Signer], change: dict[str, Any], capsys: Captured
) -> None:
    store, signer = judged
    ledger = Ledger(open_store(str(store)))
    second = ledger.records("aws:123456789012")[1]
    first, *others = ledger.changes(second)
    made = make_transitions(
        "transitions", [replace(first, **change), *others], day="2027-06-02", scan=second.scan
    )
    segment = put(store, made)
    again(store, lambda one: one.update(segments=[*_without(one, "transitions"), segment]), signer)
    code, shown = deep(store, capsys)
    assert code == 1
    assert (
        f"transition ({first.check} {first.resource}: differs from the one that its verdicts give)"
        in shown
    )
    assert "verdict (" not in shown


def test_a_state_that_transitions_do_not_give_is_named(
    judged: tuple[Path, Signer], capsys: Captured
) -> None:
    """It is what `drift` and the next scan begin with."""
    store, signer = judged
    ledger = Ledger(open_store(str(store)))
    state = list(ledger.state_before("aws:123456789012", "9").values())
    where = {"day": "2027-06-02", "scan": "x"}
    right, wrong = (
        put(store, make_transitions("state", rows, **where)) for rows in (state, state[1:])
    )
    again(store, lambda one: one["segments"].append(right), signer)
    assert deep(store, capsys)[0] == 0
    again(store, lambda one: one.update(segments=[*_without(one, "state"), wrong]), signer)
    code, shown = deep(store, capsys)
    assert code == 1
    assert ": state (its checkpoint differs from the sum of its transitions)" in shown


def test_a_record_of_evidence_of_another_target_is_named(
    judged: tuple[Path, Signer], nights: Nights, capsys: Captured
) -> None:
    """Nothing was found there, for nothing was looked at."""
    store, signer = judged
    moves = put(store, make_transitions("transitions", [], day="2027-06-01", scan="x"))

    def move(predicate: dict[str, Any]) -> None:
        segments = [*_without(predicate, "transitions"), moves]
        predicate.update(
            target="aws:444455556666", counts={}, checks=[], controls={}, segments=segments
        )

    record(store, 2).unlink()
    again(store, move, signer, first=1)
    record(store, 1).parent.rename(store / "log/aws=444455556666")
    code, shown = deep(store, capsys)
    assert code == 1
    assert "target (recorded" in shown


def test_what_could_not_be_judged_again_is_neither_counted_nor_clean(
    judged: tuple[Path, Signer], capsys: Captured
) -> None:
    store, signer = judged
    again(
        store, lambda one: one.update(segments=_without(one, "pack"), pack_sha256="0" * 64), signer
    )
    code, shown = deep(store, capsys)
    assert code == 3
    assert "record aws=123456789012/2: the store does not contain pack 0000000000000000" in shown
    assert "1 of 2 records re-evaluated" in shown


def test_a_segment_that_nobody_can_read_is_named_and_ends_nothing(
    judged: tuple[Path, Signer], capsys: Captured
) -> None:
    store, signer = judged
    ledger = Ledger(open_store(str(store)))
    second = ledger.records("aws:123456789012")[1]
    rows = [replace(move, check=None) for move in ledger.changes(second)]  # type: ignore[arg-type]
    segment = put(store, make_transitions("transitions", rows, day="2027-06-02", scan="x"))
    again(store, lambda one: one.update(segments=[*_without(one, "transitions"), segment]), signer)
    code, shown = deep(store, capsys)
    assert code == 1
    assert "cannot be re-evaluated (segments/kind=transitions/" in shown
    assert "is damaged: a row lacks a value)" in shown
    assert "1 of 2 records re-evaluated" in shown


def _without(predicate: dict[str, Any], kind: str) -> list[Any]:
    return [one for one in predicate["segments"] if one["kind"] != kind]


def test_what_was_judged_as_one_is_made_again_as_one(tmp_path: Path, capsys: Captured) -> None:
    """Each with the members of its own; and not where one of them says that it was judged by
    something else."""
    taken, library = read_snapshot(SNAPSHOT), shipped_library()
    snapshots = [taken, replace(taken, target=Target("aws:444455556666"), id="other", regions=())]
    assessment = judge(snapshots, library)
    signer = make_key(tmp_path / "key.pem")
    commit_scan(
        snapshots,
        assessment,
        library,
        str(tmp_path / "store"),
        tmp_path / "key.pem",
        roots=default_roots(),
    )
    code, shown = deep(tmp_path / "store", capsys)
    assert code == 0
    assert "2 of 2 records re-evaluated" in shown
    (tmp_path / "store/log/aws=123456789012").rename(tmp_path / "aside")
    again(
        tmp_path / "store",
        lambda one: one.update(pack_sha256="0" * 64, segments=_without(one, "pack")),
        signer,
        1,
    )
    (tmp_path / "aside").rename(tmp_path / "store/log/aws=123456789012")
    code, shown = deep(tmp_path / "store", capsys)
    assert code == 3
    assert "record aws=444455556666/1: the store does not contain pack 0000000000000000" in shown
