"""`tscan handover`: an archive that verifies alone, and sheets that say where its figures come
from."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from scanner.cli import run
from scanner.history.export import auditor_package
from scanner.history.export.ipe import SHEETS
from scanner.history.ledger.ledger import Ledger
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.history.stores import open_store
from scanner.model.answers import State
from scanner.rendering.csv_cells import cell, csv_text
from tests.helpers.estate_recording import SNAPSHOT
from tests.helpers.recorded_nights import FIRST, OWN, ROOT, SECOND, Nights
from tests.helpers.small_scans import simple

FORBIDDEN = re.compile(r"\b(compliant|certified|effective|passed the audit)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def archive(nights: Nights, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of the second night, unpacked beside itself."""
    folder = tmp_path_factory.mktemp("handover")
    arguments = ["--from", SECOND, "--to", SECOND, "--store", nights.store]
    for name in ("one.zip", "two.zip"):
        assert run(["handover", *arguments, "--output", str(folder / name)]) == 0
    with zipfile.ZipFile(folder / "one.zip") as opened:
        opened.extractall(folder / "out")
    return folder


def rows(archive: Path, name: str) -> list[dict[str, str]]:
    text = (archive / f"out/ipe/{name}.csv").read_bytes().decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_same_history_is_the_same_file(archive: Path) -> None:
    assert (archive / "one.zip").read_bytes() == (archive / "two.zip").read_bytes()
    assert (archive / "one.zip").stat().st_mode & 0o077 == 0


def test_every_file_is_what_its_sum_says(archive: Path) -> None:
    lines = [line.split("  ") for line in (archive / "out/SHA256SUMS").read_text().splitlines()]
    named = {name: digest for digest, name in lines}
    files = {
        str(path.relative_to(archive / "out"))
        for path in (archive / "out").rglob("*")
        if path.is_file()
    }
    assert files - {"SHA256SUMS"} == set(named)
    for name, digest in named.items():
        assert hashlib.sha256((archive / "out" / name).read_bytes()).hexdigest() == digest


def test_the_archive_verifies_alone(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = archive / "out/store"
    assert run(["verify", "--deep", str(store)]) == 0
    assert "2 of 2 records re-evaluated" in capsys.readouterr().out
    assert (archive / "out/verify.md").read_bytes() == (ROOT / "docs/verify.md").read_bytes()
    blocks = re.findall(r"```sh\n(.*?)```", (archive / "out/verify.md").read_text(), re.DOTALL)
    done = subprocess.run(
        ["/bin/sh", "-c", "\n".join(blocks)], cwd=store, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 records of aws:123456789012 [], 2 of them as they were signed" in done.stdout


def test_who_ran_what(archive: Path, nights: Nights) -> None:
    taken, record = read_snapshot(SNAPSHOT), nights.records[1]
    (scan,) = rows(archive, "scans")
    assert scan["record_sha256"] == record.sha256
    assert scan["pack_sha256"] == record.pack_sha256
    assert scan["callers"] == taken.callers[0].id
    calls = rows(archive, "calls")
    assert int(scan["calls"]) == len(calls) == len(taken.answers)
    for row, key in zip(calls, sorted(taken.answers), strict=True):
        answer = taken.answers[key]
        assert (row["operation"], row["region"]) == (answer.call.operation, answer.call.region)
        assert row["complete"] == ("yes" if answer.state.whole else "no")
        assert (row["pages"], row["answer_sha256"]) == (str(answer.pages), answer.sha256)
        assert row["cli_command"].startswith("aws ")


def test_every_answer_that_a_sheet_names_is_in_the_store(archive: Path) -> None:
    files = (archive / "out/store/segments/kind=evidence").glob("*/*.parquet")
    texts = [text for file in files for text in pq.read_table(file).column("data").to_pylist()]
    kept = {hashlib.sha256(text.encode()).hexdigest() for text in texts}
    assert {row["answer_sha256"] for row in rows(archive, "calls")} <= kept


def test_counts_refusals_and_texts(archive: Path) -> None:
    populations = rows(archive, "populations")
    beside = [row for row in populations if row["counted"]]
    assert beside
    for row in beside:
        assert int(row["difference"]) == int(row["listed"]) - int(row["counted"])
    assert not rows(archive, "not_judged")
    refused = {row["state"] for row in rows(archive, "refusals")}
    assert refused
    texts = {row["check"]: row for row in rows(archive, "checks")}
    assert texts[OWN]["passes_when"] == "self.versioning == 'Enabled'"
    assert any(
        row["parameter"] == "access_key_max_age_days" and row["default"] == "90"
        for row in rows(archive, "parameters")
    )
    assert {"declared", "detected: Private key"} <= {
        row["rule"] for row in rows(archive, "redaction")
    }
    words = (archive / "out/ipe/ipe.md").read_text()
    for name, item in SHEETS.items():
        assert f"| `{name}.csv` | {len(rows(archive, name))} |" in words
        assert list(rows(archive, name)[0] if rows(archive, name) else item.columns) == list(
            item.columns
        )
    assert all(f"`{state}`" in words for state in State)
    assert not FORBIDDEN.search(words + (archive / "out/README.md").read_text())


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\r=1", "\n@x", "a; =1", "\uff1d1", "\xa0=1"],
)
def test_no_cell_is_a_formula(text: str) -> None:
    (read,) = list(
        csv.reader(io.StringIO(b"".join(csv_text(("a",), [[text]])).decode(), newline=""))
    )[1:]
    assert not read[0].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    # Where a comma is the decimal mark, a spreadsheet parts the cells of a line by semicolons.
    assert not any(
        part.lstrip().startswith(("=", "+", "-", "@", "\uff1d")) for part in read[0].split(";")
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (-0.5, "-0.5"),
        (None, ""),
        (True, "yes"),
        (("a", "b"), "a; b"),
        (("=a", "b"), "'=a; b"),
        ({"b": 1, "a": [2]}, '{"a": [2], "b": 1}'),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
    ],
)
def test_values_as_cells(value: Any, said: str) -> None:
    assert cell(value) == said


def test_a_cut_cell_says_so() -> None:
    assert cell("x" * 40_000).endswith("… (8000 more characters)")


def test_what_cannot_be_judged_again_is_listed(tmp_path: Path) -> None:
    ledger = Ledger(open_store(str(tmp_path / "store")))
    ledger.commit(simple(1))
    ledger.commit(simple(2, name="other", target="aws:444455556666"))
    arguments = ["--from", "2026-01-01", "--to", "2026-01-01", "--store", str(tmp_path / "store")]
    out = str(tmp_path / "one.zip")
    assert run(["handover", *arguments, "--target", "aws:111122223333", "--output", out]) == 0
    with zipfile.ZipFile(out) as opened:
        text = opened.read("ipe/not_judged.csv").decode()
        assert "aws=111122223333/1" in text
        assert "the store does not contain pack" in text
        assert not [name for name in opened.namelist() if "444455556666" in name]


def test_populations_go_with_all_targets_and_with_no_part_of_them(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    ledger = Ledger(store)
    ledger.commit(simple(1))
    ledger.commit(simple(1, name="other", target="aws:444455556666"))
    store.put_new("populations/X-01-2026-01-01-2026-01-02-0.json", b"{}\n")
    arguments = ["--from", "2026-01-01", "--to", "2026-01-01", "--store", str(tmp_path / "store")]
    found: list[list[str]] = []
    for words in ((), ("--target", "aws:111122223333")):
        out = tmp_path / f"{len(found)}.zip"
        assert run(["handover", *arguments, *words, "--output", str(out)]) == 0
        with zipfile.ZipFile(out) as opened:
            found.append([name for name in opened.namelist() if "/populations/" in name])
    assert found == [["store/populations/X-01-2026-01-01-2026-01-02-0.json"], []]


def test_an_archive_without_a_name_is_named_by_its_days(
    archive: Path, nights: Nights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert (
        run(
            [
                "handover",
                "--from",
                SECOND,
                "--to",
                SECOND,
                "--store",
                str(Path(nights.store).absolute()),
            ]
        )
        == 0
    )
    (made,) = tmp_path.iterdir()
    assert made.name == f"handover-{SECOND}-{SECOND}.zip"
    assert made.read_bytes() == (archive / "one.zip").read_bytes()


def test_what_is_committed_meanwhile_is_not_handed_over_by_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = str(tmp_path / "store")
    Ledger(open_store(place)).commit(simple(1))
    rows_of = auditor_package.call_rows

    def overtaken(*arguments: Any) -> Any:
        Ledger(open_store(place)).commit(simple(1, name="meanwhile"))
        return rows_of(*arguments)

    monkeypatch.setattr(auditor_package, "call_rows", overtaken)
    period = ["--from", "2026-01-01", "--to", "2026-01-01"]
    assert run(["handover", *period, "--store", place, "--output", str(tmp_path / "a.zip")]) == 0
    assert len(Ledger(open_store(place)).records("aws:111122223333")) == 2
    with zipfile.ZipFile(tmp_path / "a.zip") as opened:
        records = [name for name in opened.namelist() if name.startswith("store/log/")]
        assert len(records) == len(opened.read("ipe/scans.csv").splitlines()) - 1 == 1


@pytest.mark.parametrize(
    ("first", "output", "said"),
    [
        ("2020-01-01", "a.zip", "no record ended"),
        (FIRST, "no/a.zip", "not a valid file"),
        (FIRST, ".", "not a valid file"),
    ],
)
def test_what_cannot_be_handed_over_is_refused(
    first: str,
    output: str,
    said: str,
    nights: Nights,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = ["--store", nights.store, "--output", str(tmp_path / output)]
    assert run(["handover", "--from", first, "--to", first, *place]) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
