"""`tscan history export`: tables that hold what the chains hold, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from scanner.cli import run
from scanner.history.export import parquet
from scanner.history.export.parquet import schemas
from scanner.history.ledger.ledger import Ledger
from scanner.history.stores import open_store
from tests.helpers.small_scans import CHECKS, HERE, simple

OTHER = "aws:444455556666"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Six records of two targets, and the segment of a scan that broke off."""
    path = tmp_path / "store"
    ledger = Ledger(open_store(str(path)))
    for number in range(4):
        ledger.commit(simple(number))
    for number in range(2):
        ledger.commit(simple(number, name="other", target=OTHER))
    (segment,) = (one for one in ledger.records(HERE)[0].segments if one.kind == "transitions")
    orphan = path / segment.path.replace("scan-0", "broken-off")
    orphan.write_bytes((path / segment.path).read_bytes())
    return path


def test_the_tables_are_the_chains(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["history", "export", "--store", str(store), "--to", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    ledger = Ledger(open_store(str(store)))
    records = [one for target in ledger.targets() for one in ledger.records(target)]
    moves = [one for target in ledger.targets() for one in ledger.transitions(target)]
    assert said.startswith(f"6 records and {len(moves)} transitions in ")
    table = pq.read_table(tmp_path / "out/records").sort_by(
        [("target", "ascending"), ("seq", "ascending")]
    )
    assert table.schema.names == schemas()["records"].names
    assert table.column("sha256").to_pylist() == [one.sha256 for one in records]
    first = table.slice(0, 1).to_pylist()[0]
    assert first["started"] == datetime(2026, 1, 1, tzinfo=UTC)
    assert dict(first["counts"]) == {"pass": 8, "fail": 2, "unknown": 0, "waived": 0}
    assert first["checks"] == list(CHECKS)
    assert json.loads(first["params"]) == {}
    rows = pq.read_table(tmp_path / "out/transitions")
    assert rows.num_rows == len(moves)
    found = {
        (row["target"], row["seq"], row["check"], row["resource"], row["verdict"])
        for row in rows.to_pylist()
    }
    assert found == {(one.target, one.seq, one.check, one.resource, one.verdict) for one in moves}
    assert rows.num_rows < pq.read_table(store / "segments/kind=transitions").num_rows
    joined = rows.join(
        table.select(["target", "seq", "scan"]), ["target", "seq"], join_type="inner"
    )
    assert joined.num_rows == len(moves)
    assert not joined.filter(pc.is_null(joined["scan"])).num_rows


def test_what_is_committed_meanwhile_is_in_no_table(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = parquet._write

    def overtaken(path: Path, table: str, rows: Iterable[Any]) -> int:
        count = write(path, table, rows)
        if table == "records":
            number = len(Ledger(open_store(str(store))).records(HERE))
            Ledger(open_store(str(store))).commit(simple(number, name=f"meanwhile-{number}"))
        return count

    monkeypatch.setattr(parquet, "_write", overtaken)
    assert (
        run(
            [
                "history",
                "export",
                "--store",
                str(store),
                "--to",
                str(tmp_path / "out"),
                "--target",
                HERE,
            ]
        )
        == 0
    )
    assert len(Ledger(open_store(str(store))).records(HERE)) == 5
    for table in ("records", "transitions"):
        assert set(pq.read_table(tmp_path / "out" / table).column("seq").to_pylist()) == {
            1,
            2,
            3,
            4,
        }


def test_one_target_alone(store: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    assert (
        run(["history", "export", "--store", str(store), "--to", str(out), "--target", OTHER]) == 0
    )
    assert [path.name for path in (out / "records").iterdir()] == ["aws=444455556666.parquet"]
    assert set(pq.read_table(out / "transitions").column("target").to_pylist()) == {OTHER}


def test_nothing_is_overwritten_or_half_written(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--store", str(store)]
    out = tmp_path / "out"
    assert run(["history", "export", *place, "--to", str(out)]) == 0
    assert run(["history", "export", *place, "--to", str(out)]) == 2
    assert "already exists" in capsys.readouterr().err
    assert run(["history", "export", *place, "--to", str(tmp_path / "no/out")]) == 2
    assert run(["history", "export", *place, "--to", str(tmp_path / "x"), "--target", "aws:1"]) == 2
    assert (
        run(
            ["history", "export", "--store", str(tmp_path / "nothing"), "--to", str(tmp_path / "x")]
        )
        == 2
    )
    (store / "log/aws=111122223333/000000000002.json").write_text("{}")
    assert run(["history", "export", *place, "--to", str(tmp_path / "y")]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "store"]
