"""`tscan period`, `drift` and `sample` over a real store, and what they refuse."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from scanner.cli import app, run
from scanner.content.library import load_library
from scanner.core.drift.comparison import Drift
from scanner.history.ledger.ledger import Ledger
from scanner.history.stores.local import LocalStore
from scanner.model.findings import ControlResult, Counts, Status
from scanner.model.history import History
from scanner.model.period import AtDate, Period
from scanner.rendering.dataclass_json import schema_of
from scanner.reports.explain.model import Explanation
from scanner.reports.parameters import ParameterList
from scanner.reports.sample import Sample, as_text
from tests.helpers.small_scans import CHECKS, HERE, scan

ROOT = Path(__file__).resolve().parent.parent.parent
MAPPING = """\
version: 1
id: {name}
title: Buckets are closed
statement: Buckets are closed.
category: Logical access
nature: preventive, automated
frequency: daily
modes: [setting]
checks:
  - {{id: aws-s3-bucket-versioned, role: evidences, why: It is so.}}
when_empty: not shown
when_empty_why: Without buckets nothing was tested.
population: Every bucket.
deviation: an open bucket
grace: 2 days
does_not_prove: What lies in them is not read.
why: It is so.
"""
CHECK = "aws-s3-bucket-versioned"
SCHEMAS = {
    "period": schema_of("tscan.period/1", "The result of tscan period", Period),
    "implemented": schema_of("tscan.implemented/1", "The result of tscan period --at", AtDate),
    "drift": schema_of("tscan.drift/1", "The result of tscan drift", Drift),
    "sample": schema_of("tscan.sample/1", "The result of tscan sample", Sample),
    "explanation": schema_of("tscan.explanation/1", "The result of tscan explain", Explanation),
    "parameters": schema_of("tscan.parameters/1", "The result of tscan params", ParameterList),
}


def renamed(found: Any, controls: dict[str, str]) -> Any:
    """A scan of the small world, as one of a check that the library has."""

    def check(text: str) -> str:
        return CHECK if text == CHECKS[0] else "aws-s3-bucket-mfa-delete"

    results = tuple(
        replace(
            one,
            check=check(one.check),
            findings=tuple(replace(item, check=check(item.check)) for item in one.findings),
        )
        for one in found.assessment.results
    )
    statuses = tuple(
        ControlResult(id=name, status=Status(status), reasons=(), counts=Counts())
        for name, status in controls.items()
    )
    return replace(
        found,
        snapshot=replace(found.snapshot, checks=tuple(sorted(check(name) for name in CHECKS))),
        assessment=replace(found.assessment, results=results, controls=statuses),
    )  # fmt: skip


@pytest.fixture(scope="module")
def mappings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A control of one check, and the framework that it serves."""
    folder = tmp_path_factory.mktemp("own") / "mappings"
    (folder / "controls").mkdir(parents=True)
    (folder / "controls/X-01.yaml").write_text(MAPPING.format(name="X-01"))
    (folder / "own").mkdir()
    (folder / "own/framework.yaml").write_text("version: 1\nid: own\ntitle: Our own\n")
    (folder / "own/O.yaml").write_text(
        "version: 1\ncriteria:\n  O1:\n    category: Security\n    title: Closed\n    evidence: automated\n"
        "    controls:\n      - {id: X-01, role: primary, why: It is so.}\n"
    )
    return folder


_LOADED: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def _load_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library is read once for each set of folders, not for each command."""

    def load(roots: Any = None, **_: bool) -> Any:
        if repr(roots) not in _LOADED:
            _LOADED[repr(roots)] = load_library(roots)
        return _LOADED[repr(roots)]

    monkeypatch.setattr("scanner.content.library.load_library", load)


@pytest.fixture
def store(tmp_path: Path, mappings: Path) -> str:
    """Five days: a bucket fails on the third and is closed on the fourth; the second day has no
    scan."""
    folder = tmp_path / "store"
    ledger = Ledger(LocalStore(str(folder)))
    for number, verdict in ((0, "pass"), (48, "fail"), (72, "pass"), (96, "unknown")):
        verdicts = {
            (CHECKS[0], "eu-west-1", f"b{one}"): verdict if one == 1 else "pass" for one in range(4)
        }
        status = {"pass": "pass", "fail": "fail", "unknown": "not shown"}[verdict]
        ledger.commit(renamed(scan(number + 2, verdicts), {"X-01": status}))
    (tmp_path / "mappings").symlink_to(mappings)
    return str(folder)


def tscan(*words: str, store: str) -> Result:
    mappings = (Path(store).parent / "mappings").resolve()
    return invoked(*words, "--store", store, "--mappings", str(mappings))


def invoked(*words: str) -> Result:
    return CliRunner().invoke(app, words, prog_name="tscan", standalone_mode=False)


PERIOD = ("period", "--from", "2026-01-01", "--to", "2026-01-05", "--control", "X-01")


def test_the_ledger_is_a_history(store: str) -> None:
    history: History = Ledger(LocalStore(store))
    assert history.targets() == [HERE]


def test_a_period_in_its_order(store: str) -> None:
    found = tscan(*PERIOD, store=store)
    text = found.output
    assert found.exception is None, found.exception
    headings = [
        "Scope",
        "Exclusions",
        "Changes to checks",
        "Runs (schedule",
        "Not shown in this period",
        "Controls",
    ]
    assert sorted(headings, key=text.index) == headings
    assert "4 of 5 made, 1 missed" in text
    assert "missed 2026-01-02T00:00:00Z to 2026-01-03T00:00:00Z" in text
    assert "deviation    b1 in eu-west-1 (aws-s3-bucket-versioned): not known" in text
    assert "opened between 2026-01-01T02:12:00.000Z and 2026-01-03T02:12:00.000Z" in text
    assert "fixed between 2026-01-03T02:12:00.000Z and 2026-01-04T02:12:00.000Z" in text
    assert "at least 0 hours, at most 3 days" in text
    assert "1 of 4 with a deviation" in text
    assert "  not proven   What lies in them is not read.\n" in text
    assert "if empty" not in text
    assert "1 failing and 0 waived of 15 observed; 1 unread" in text
    assert (
        "not shown    aws:111122223333 2026-01-05T00:00:00Z to 2026-01-06T00:00:00Z: not shown (1 run)"
        in text
    )
    for word in ("compliant", "effective", "tolerable rate of"):
        assert word not in text


def test_what_stands_open_and_was_not_read_is_in_no_population(store: str) -> None:
    Ledger(LocalStore(store)).commit(
        renamed(scan(130, {(CHECKS[0], "eu-west-1", "b1"): "fail"}), {"X-01": "fail"})
    )
    found = tscan(
        "period", "--from", "2026-01-08", "--to", "2026-01-09", "--control", "X-01", store=store
    )
    assert "  resources    1 (no more than 0 were read) with a deviation\n" in found.output
    assert "  if empty     not shown: Without buckets nothing was tested.\n" in found.output
    assert "open; last read failing 2026-01-06T10:12:00.000Z" in found.output


def test_a_configured_schedule_and_time_zone_decide_the_slots(store: str, tmp_path: Path) -> None:
    config = tmp_path / "tscan.yaml"
    config.write_text("version: 1\nschedule: every 12 hours\ntimezone: Europe/Berlin\n")
    text = tscan(*PERIOD, "--config", str(config), store=store).output
    assert "both included (Europe/Berlin)" in text
    assert "Runs (schedule: every 12 hours)" in text
    assert "4 of 10 made, 6 missed" in text


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_published_schema_is_fresh(schema: str) -> None:
    published = json.loads((ROOT / f"docs/{schema}.schema.json").read_text())
    assert published == SCHEMAS[schema], "run: python -m tests.cli.test_history"
    jsonschema.Draft202012Validator.check_schema(published)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("period", PERIOD), ("implemented", ("period", "--at", "2026-01-03", "--control", "X-01")),
        ("drift", ("drift",)),
        ("sample", ("sample", "X-01", "--from", "2026-01-01", "--to", "2026-01-05")),
    ],
)  # fmt: skip
def test_json_has_the_published_schema(store: str, schema: str, words: tuple[str, ...]) -> None:
    document = json.loads(tscan(*words, "--format", "json", store=store).output)
    published = json.loads((ROOT / f"docs/{schema}.schema.json").read_text())
    jsonschema.validate(document, published)
    del document["schema"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, published)


def test_implemented_at_a_date(store: str) -> None:
    text = tscan("period", "--at", "2026-01-03", "--control", "X-01", store=store).output
    assert "record 2, read 2026-01-03T02:12:00.000Z" in text
    assert "X-01     fail" in text
    assert "1 fail, 3 pass" in text
    assert "Implemented at 2026-01-04T00:00:00Z, on 2026-01-03" in text
    stale = tscan("period", "--at", "2026-01-02", "--control", "X-01", store=store).output
    assert "record 1, read 2026-01-01T02:12:00.000Z, 1.9 days before" in stale
    before = tscan("period", "--at", "2025-12-31", store=store)
    assert "no record: nothing is shown" in before.stdout
    assert before.stderr == "no scan in history ended on 2025-12-31 or before: nothing is shown\n"
    assert before.return_value == 3


def test_a_period_before_any_scan_is_not_clean(store: str) -> None:
    words = ("period", "--control", "X-01", "--from", "2025-12-01", "--to")
    before = tscan(*words, "2025-12-31", store=store)
    assert before.stderr == (
        "no scan in history began from 2025-12-01 to 2025-12-31: nothing is shown\n"
    )
    assert before.return_value == 3
    after = tscan(*words, "2026-01-01", store=store)
    assert (after.stderr, after.return_value) == ("", 0)


def test_drift_and_its_exit_codes(store: str) -> None:
    blind = tscan("drift", store=store)
    assert "New unknowns (1)" in blind.output
    assert "X-01     lost from sight: pass → not shown" in blind.output
    assert blind.return_value == 3
    since = tscan("drift", "--since", "2026-01-04", store=store)
    assert "record 2 (2026-01-03T02:12:00.000Z) to record 4" in since.output


def test_drift_with_a_new_failure_exits_1(store: str) -> None:
    ledger = Ledger(LocalStore(store))
    ledger.commit(renamed(scan(130, {(CHECKS[0], "eu-west-1", "b1"): "fail"}), {"X-01": "fail"}))
    found = tscan("drift", store=store)
    assert "New failures (1)" in found.output
    assert "Deleted resources (3)" in found.output
    assert found.return_value == 1


def test_a_sample_needs_a_population_that_was_fixed_before(store: str) -> None:
    words = ("sample", "X-01", "--from", "2026-01-01", "--to", "2026-01-05")
    early = tscan(*words, "--seed", "42", store=store)
    assert "was not fixed before the seed was given" in str(early.exception)
    fixed = tscan(*words, store=store)
    assert "Population of X-01: 4 resources" in fixed.output
    assert "Have the auditor choose a seed" in fixed.output
    drawn = tscan(*words, "--seed", "42", "--size", "2", "--format", "csv", store=store)
    rows = list(csv.DictReader(io.StringIO(drawn.output)))
    ids = [f"{HERE}|eu-west-1|b{one}" for one in range(4)]
    wanted = sorted((hashlib.sha256(f"42:{item}".encode()).hexdigest(), item) for item in ids)[:2]
    assert [(row["sha256"], row["resource"]) for row in rows] == wanted
    assert {row["checks"] for row in rows} == {CHECK}
    shown = tscan(*words, "--seed", "42", "--size", "2", store=store).output
    assert "misses a given resource with a probability of 50.0%" in shown
    assert "all 1 deviating resource with a probability of 50.0%" in shown


def test_a_fixed_population_keeps_its_source_and_its_time(store: str) -> None:
    words = ("sample", "X-01", "--from", "2026-01-01", "--to", "2026-01-07")
    fixed = json.loads(tscan(*words, "--format", "json", store=store).output)
    same = {(CHECKS[0], "eu-west-1", f"b{one}"): "pass" for one in range(4)}
    Ledger(LocalStore(store)).commit(renamed(scan(130, same), {"X-01": "pass"}))
    drawn = json.loads(tscan(*words, "--seed", "42", "--format", "json", store=store).output)
    assert (drawn["source"], drawn["fixed"]) == (f"history: {HERE} records 1 to 4", fixed["fixed"])


@pytest.mark.parametrize(
    "change", [lambda text: text[:-9], lambda text: text.replace("|b3", "|b9"), lambda _: "[]\n"]
)
def test_a_population_that_was_changed_is_damage(store: str, change: Callable[[str], str]) -> None:
    words = ("sample", "X-01", "--from", "2026-01-01", "--to", "2026-01-05")
    tscan(*words, store=store)
    (file,) = (Path(store) / "populations").iterdir()
    file.write_text(change(file.read_text()))
    found = tscan(*words, "--seed", "42", store=store)
    assert f"{file.name} is damaged: its digest differs" in str(found.exception)
    assert found.output == ""


@pytest.mark.parametrize(
    ("chance", "said"),
    [(0.0, "of 0.0%"), (1e-9, "below 0.1%"), (0.001, "of 0.1%"), (0.5, "of 50.0%"), (0.9996, "above 99.9%"),
     (1.0, "of 100.0%")],
)  # fmt: skip
def test_a_chance_is_never_rounded_to_none_or_to_certainty(chance: float, said: str) -> None:
    sample = Sample(
        control="C", source="", query="", fixed="", start="", end="", count=1, sha256="", frequency="", usual=(1, 1),
        seed="", size=1, deviating=1, misses_one=chance, misses_all=0.0, items=(), drawn=(),
    )  # fmt: skip
    assert f"misses a given resource with a probability {said}\n" in as_text(sample)


def test_a_population_that_grew_is_another(store: str) -> None:
    words = ("sample", "X-01", "--from", "2026-01-01", "--to", "2026-01-07")
    tscan(*words, store=store)
    ledger = Ledger(LocalStore(store))
    ledger.commit(renamed(scan(130, {(CHECKS[0], "eu-west-1", "late"): "pass"}), {"X-01": "pass"}))
    assert "was not fixed before" in str(tscan(*words, "--seed", "42", store=store).exception)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("period",), "a period needs --from and --to"),
        (("period", "--from", "2026-01-01"), "a period needs --from and --to"),
        (
            ("period", "--from", "2026-01-01", "--to", "2026-01-02", "--at", "2026-01-01"),
            "give one of the two",
        ),
        (
            ("period", "--from", "2026-02-30", "--to", "2026-03-01"),
            "--from 2026-02-30 is not a day",
        ),
        (
            ("period", "--from", "2026-02-02", "--to", "2026-02-01"),
            "--to 2026-02-01 is before --from",
        ),
        (("period", "--from", "2026-01-01", "--to", "9999-12-31"), "--to 9999-12-31 is not a day"),
        (("period", "--at", "9999-12-31"), "--at 9999-12-31 is not a day"),
        (("drift", "--since", "9999-12-31"), "--since 9999-12-31 is not a day"),
        (
            ("drift", "--since", "9998-12-31"),
            "--since 9998-12-31 has not come yet\n  hint: give a day up to today",
        ),
        (("drift", "--since", "0001-01-01"), "--since 0001-01-01 is not a day"),
        (
            ("period", "--from", "2026-01-01", "--to", "2026-01-02", "--control", "X-02"),
            "there is no control 'X-02'",
        ),
        (("drift", "--target", "aws:1"), "has no target aws:1"),
        (
            ("sample", "ENC-99", "--from", "2026-01-01", "--to", "2026-01-02"),
            "there is no control 'ENC-99'",
        ),
        (
            ("period", "--from", "2999-01-01", "--to", "2999-01-02"),
            "--from 2999-01-01 has not come yet",
        ),
        (("period", "--at", "2999-01-01"), "--at 2999-01-01 has not come yet"),
        (("period", "--at", "20260103"), "--at 20260103 is not a day"),
        (("period", "--at", "2026-W01-6"), "--at 2026-W01-6 is not a day"),
        (
            ("sample", "X-01", "--from", "2025-01-01", "--to", "2025-01-02"),
            "no resource was read in this period",
        ),
        (
            ("sample", "X-01", "--from", "2999-01-01", "--to", "2999-01-02"),
            "--from 2999-01-01 has not come yet",
        ),
        (
            ("sample", "X-01", "--from", "2026-01-01", "--to", "2998-12-31"),
            "--to 2998-12-31 is not over",
        ),
        (
            ("sample", "X-01", "--from", "2026-01-01", "--to", "2026-01-05", "--seed", " "),
            "--seed is empty",
        ),
    ],
)
def test_misuse(
    store: str, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    mappings = (Path(store).parent / "mappings").resolve()
    assert run([*words, "--store", store, "--mappings", str(mappings)]) == 2
    assert said in capsys.readouterr().err


def test_a_place_without_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["drift", "--store", str(tmp_path)]) == 2
    assert "holds no history" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_one_scan_is_no_drift(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Ledger(LocalStore(str(tmp_path / "s"))).commit(
        renamed(scan(1, {(CHECKS[0], "", "b"): "pass"}), {})
    )
    assert run(["drift", "--store", str(tmp_path / "s")]) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "this is the first scan: drift begins with the next one" in shown.err
    assert run(["drift", "--store", str(tmp_path / "s"), "--since", "2026-02-01"]) == 3


def test_a_target_that_was_not_looked_at_again_is_said(
    store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    later = tscan("drift", "--since", "2026-02-01", store=store)
    assert (later.return_value, later.stdout) == (3, "")
    assert f"{HERE}: no scan ended on 2026-02-01 or later" in later.stderr
    ledger = Ledger(LocalStore(store))
    ledger.commit(renamed(scan(130, {(CHECKS[0], "eu-west-1", "b1"): "pass"}), {"X-01": "pass"}))
    ledger.commit(renamed(scan(131, {(CHECKS[0], "eu-west-1", "b1"): "pass"}), {"X-01": "pass"}))
    assert tscan("drift", store=store).return_value == 0
    ledger.commit(renamed(scan(1, {(CHECKS[0], "", "b"): "pass"}, target="aws:444455556666"), {}))
    both = tscan("drift", store=store)
    assert both.return_value == 0
    assert "aws:444455556666: this is the first scan" in both.stderr


def test_draws_are_recorded_and_one_with_another_seed_is_shown(store: str) -> None:
    words = ("sample", "X-01", "--from", "2026-01-01", "--to", "2026-01-05", "--size", "2")
    assert "No sample was drawn." in invoked("history", "draws", "--store", store).output
    assert "draws      none recorded" in tscan(*words, store=store).output
    drawn = json.loads(
        tscan(*words, "--seed", "42", "--by", "Ann", "--format", "json", store=store).output
    )
    ((first,), items) = (drawn["draws"], [one["item"]["resource"] for one in drawn["drawn"]])
    assert (first["seed"], first["size"], first["by"], first["number"]) == ("42", 2, "Ann", 1)
    assert first["population_sha256"] == drawn["sha256"]
    assert [one.rpartition("|")[2] for one in first["items"]] == items
    # The same draw again is the same sample, whoever asks.
    same = tscan(*words, "--seed", "42", "--by", "Bea", "--format", "json", store=store)
    assert json.loads(same.output)["draws"] == [first]
    other = tscan(*words, "--seed", "43", "--by", "Bea", store=store).output
    assert re.search(r"draw 1     seed 42, 2 resources, \S+Z by Ann\n", other)
    repeated = "by Bea; repeated: drawn before with seed 42\n"
    assert re.search(rf"draw 2     seed 43, 2 resources, \S+Z {repeated}", other)
    listed = invoked("history", "draws", "--store", store).output
    assert "X-01  2026-01-01T00:00:00Z to 2026-01-06T00:00:00Z  draw 2" in listed
    assert repeated in listed
    assert f"population sha256:{drawn['sha256']}" in listed


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: (folder / "000001.json").unlink(), "a draw before it is missing or was"),
        (lambda folder: flip_seed(folder / "000001.json"), "a draw before it is missing or was"),
        (lambda folder: (folder / "000002.json").write_text("[]\n"), "lacks members of a draw"),
        (lambda folder: (folder / "000002.json").write_text("{"), "it is not JSON"),
    ],
)
def test_a_draw_that_was_removed_or_changed_is_damage(
    store: str, change: Callable[[Path], object], said: str
) -> None:
    words = ("sample", "X-01", "--from", "2026-01-01", "--to", "2026-01-05")
    tscan(*words, store=store)
    for seed in ("42", "43"):
        tscan(*words, "--seed", seed, store=store)
    assert "2 recorded draws of samples" in invoked("verify", store).output
    (folder,) = (Path(store) / "draws").iterdir()
    change(folder)
    assert said in str(invoked("history", "draws", "--store", store).exception)
    verified = invoked("verify", store)
    assert (verified.return_value, said in verified.output) == (1, True)
    assert said in str(tscan(*words, "--seed", "44", store=store).exception)


def flip_seed(path: Path) -> None:
    path.write_text(path.read_text().replace('"seed":"42"', '"seed":"41"'))


if __name__ == "__main__":
    for name, schema in SCHEMAS.items():
        (ROOT / f"docs/{name}.schema.json").write_text(json.dumps(schema, indent=2) + "\n")
