"""Replay over time: old evidence by the pack of its day and by today's, and what cannot be judged
again."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.cli import run
from scanner.formats.json import written
from scanner.history.ledger.ledger import Ledger
from scanner.history.stores import open_store
from scanner.history.verification.rejudge import Rejudger
from scanner.pipeline import judge
from tests.helpers.library import shipped_library
from tests.helpers.long_form import amount
from tests.helpers.recorded_nights import FIRST, OWN, SECOND, Nights
from tests.history.replaying import REPLAY, differing, lines_of, make_year

Captured = pytest.CaptureFixture[str]


def replayed(nights: Nights, capsys: Captured, *more: str, last: str = SECOND) -> str:
    code = run(["replay", "--from", FIRST, "--to", last, "--store", nights.store, *more])
    assert code == 1
    return capsys.readouterr().out


def test_the_pack_of_the_day_gives_what_the_scan_gave_byte_for_byte(
    nights: Nights, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("replay opened a socket")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    once, twice = (replayed(nights, capsys, "--format", "json") for _ in range(2))
    assert once == twice
    documents = [json.loads(line) for line in once.splitlines()]
    assert len(documents) == 2
    for document, record, result in zip(documents, nights.records, nights.results, strict=True):
        assert written(document["result"]) == result
        assert document["pack"] == {
            "of": "day",
            "sha256": record.pack_sha256,
            "recorded_sha256": record.pack_sha256,
        }
        assert [one["sha256"] for one in document["records"]] == [record.sha256]
    assert any(finding["check"] == OWN for finding in documents[1]["result"]["findings"])


def test_a_period_names_what_another_pack_judges_otherwise(
    nights: Nights, capsys: Captured
) -> None:
    assert (
        run(
            ["period", "--from", FIRST, "--to", SECOND, "--store", nights.store, "--format", "json"]
        )
        == 0
    )
    period = json.loads(capsys.readouterr().out)
    changes = [
        (one["what"], one["detail"]) for target in period["targets"] for one in target["changes"]
    ]
    assert [what for what, _ in changes] == ["pack", "check", "checks"]
    assert changes[1] == ("check", f"{OWN}: added")
    assert not any("cannot be read" in note for note in period["notes"])
    run(["drift", "--store", nights.store])
    assert f"Changes of tscan's content (1)\n  check: {OWN}: added\n" in capsys.readouterr().out


@pytest.mark.slow
def test_nights_come_out_as_they_were_and_no_socket_is_opened(tmp_path: Path) -> None:
    nights = amount(4, 12)
    results = make_year(tmp_path, nights)
    lines = lines_of(tmp_path / "store", nights)
    assert differing(lines, results) == []
    assert len({json.loads(result)["scan"]["pack_sha256"] for result in results}) == 2
    assert len({json.dumps(json.loads(result)["scan"]["params"]) for result in results}) == 2
    # Another night's result is another: the comparison can fail.
    assert differing([*lines[1:], lines[0]], results) == list(range(nights))


def test_a_process_that_may_open_no_socket_ends_at_the_first() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"{REPLAY.partition('from scanner')[0]}import socket\nsocket.socket()",
        ],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert b"replay asked for socket.__new__" in done.stderr


def test_todays_pack_is_named_and_lacks_what_it_does_not_have(
    nights: Nights, capsys: Captured
) -> None:
    documents = [
        json.loads(line)
        for line in replayed(nights, capsys, "--pack", "today", "--format", "json").splitlines()
    ]
    today = shipped_library().sha256
    assert nights.records[1].pack_sha256 != today
    for document, record in zip(documents, nights.records, strict=True):
        assert document["pack"] == {
            "of": "today",
            "sha256": today,
            "recorded_sha256": record.pack_sha256,
        }
        assert document["result"]["scan"]["pack_sha256"] == today
    assert not any(finding["check"] == OWN for finding in documents[1]["result"]["findings"])
    shown = replayed(nights, capsys, "--pack", "today").splitlines()
    assert f"pack {today[:16]} (the pack of the day)" in shown[0]
    assert f"pack {today[:16]} (not the pack of the day)" in shown[1]
    assert f"recorded with pack {nights.records[1].pack_sha256[:16]}" in shown[2]


def test_a_range_takes_the_days_that_it_names(nights: Nights, capsys: Captured) -> None:
    assert len(replayed(nights, capsys, last=FIRST).splitlines()) == 1
    place = ["--store", nights.store]
    assert run(["replay", "--from", "2020-01-01", "--to", "2020-01-02", *place]) == 2
    assert "no record ended between" in capsys.readouterr().err


def test_a_parameter_of_today_judges_only_with_todays_pack(
    nights: Nights, capsys: Captured
) -> None:
    arguments = ["--param", "access_key_max_age_days=99999"]
    assert (
        run(["replay", "--from", FIRST, "--to", SECOND, "--store", nights.store, *arguments]) == 2
    )
    assert "--param has no meaning" in capsys.readouterr().err
    (line, *_) = replayed(
        nights, capsys, "--pack", "today", "--format", "json", *arguments, last=FIRST
    ).splitlines()
    stated = json.loads(line)["result"]["scan"]["params"]["set"]
    assert [params["access_key_max_age_days"] for params in stated.values()] == [99999]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--from", FIRST],
        ["--from", FIRST, "--to", SECOND, "some.snapshot.jsonl"],
        ["some.snapshot.jsonl", "--pack", "today"],
        ["--from", FIRST, "--to", "the day after"],
        ["--from", FIRST, "--to", SECOND, "--format", "json=out.json"],
        ["--from", FIRST, "--to", SECOND, "--quiet"],
    ],
)
def test_what_makes_no_sense_is_refused(
    nights: Nights, arguments: list[str], capsys: Captured
) -> None:
    place = ["--store", nights.store] if "--from" in arguments else []
    assert run(["replay", *arguments, *place]) == 2
    said = capsys.readouterr()
    assert not said.out
    assert "hint:" in said.err


def test_a_lost_pack_is_damage_and_never_todays(
    nights: Nights, tmp_path: Path, capsys: Captured
) -> None:
    shutil.copytree(nights.store, tmp_path / "store")
    for path in (tmp_path / "store/segments/kind=pack").rglob("*.gz"):
        path.unlink()
    place = ["--store", str(tmp_path / "store")]
    assert run(["replay", "--from", SECOND, "--to", SECOND, *place]) == 3
    assert "not re-evaluated: segments/kind=pack/" in capsys.readouterr().out
    assert run(["replay", "--from", SECOND, "--to", SECOND, *place, "--format", "json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert document["result"] is None
    assert "missing from the store" in document["not_judged"]


def test_scans_that_are_not_here_are_said(nights: Nights) -> None:
    ledger = Ledger(open_store(nights.store))
    again = Rejudger(
        ledger, lambda snapshots, library, *_: judge(snapshots, library), shipped_library()
    )
    record = nights.records[0]
    (one,) = again.run([replace(record, together=(record.scan, "elsewhere"))], "day")
    assert one.assessment is None
    assert "not in this store" in one.why_not
