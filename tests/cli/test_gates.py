"""What a pipeline is stopped by: selections, categories, new failures, and what is committed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import scanner
from scanner import pipeline
from scanner.cli import run
from scanner.cli.support import options
from scanner.core.judging.exit_codes import exit_code
from scanner.errors import TscanError
from scanner.history.ledger.evidence_refs import operations
from scanner.history.ledger.ledger import Ledger
from scanner.history.snapshots.snapshot_file import read_snapshot, write_snapshot
from scanner.history.stores import open_store
from scanner.model.answers import Answer, Snapshot, State
from scanner.model.checks import Severity
from scanner.model.library import Library
from tests.helpers.estate_recording import SNAPSHOT
from tests.helpers.library import shipped_library

HERE = "aws:123456789012"
PASSING = "aws-iam-root-no-access-key"
FAILING = "aws-s3-bucket-versioned"
"""A check of medium severity: below what decides by default."""
READS = "s3:GetBucketVersioning"
"""What FAILING reads."""
Captured = pytest.CaptureFixture[str]
Json = dict[str, Any]


LOGS = "aws-logs-retention-365d"
"""A check that a parameter decides."""
FEW = (PASSING, FAILING, LOGS, "gcp-storage-uniform-access")
"""The checks that are judged here, so that a scan takes a moment."""


def use(library: Library, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(options, "load", lambda _options: library)
    patch.setattr("scanner.cli.support.judging.load", lambda _options: library)


@pytest.fixture(scope="module", autouse=True)
def _loaded_once() -> Iterator[None]:
    library = shipped_library()
    others = set(library.checks) - set(FEW)
    with pytest.MonkeyPatch.context() as patch:
        use(library.without(others), patch)
        yield


@pytest.fixture
def all_checks(monkeypatch: pytest.MonkeyPatch) -> Library:
    library = shipped_library()
    use(library, monkeypatch)
    return library


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def whole_evidence(**more: Any) -> Snapshot:
    """What FEW read of the demo's evidence, as if every call had been answered."""
    taken = read_snapshot(SNAPSHOT)
    read = set().union(*operations(shipped_library(), FEW).values())
    answers = {
        key: one
        for key, one in taken.answers.items()
        if one.state.whole and one.call.operation in read
    }
    return replace(taken, answers=answers, **more)


def denied(snapshot: Snapshot, operation: str) -> Snapshot:
    """The evidence with one operation refused."""

    def refused(one: Answer) -> Answer:
        if one.call.operation != operation:
            return one
        return replace(one, state=State.DENIED, code="AccessDenied", data=None, count=0)

    answers = {key: refused(one) for key, one in snapshot.answers.items()}
    assert answers != snapshot.answers
    return replace(snapshot, answers=answers)


def written(snapshot: Snapshot, name: str = "e") -> str:
    path = Path(f"{name}.snapshot.jsonl.gz")
    write_snapshot(path, snapshot)
    return str(path)


def judged(capsys: Captured, *arguments: str) -> Json:
    capsys.readouterr()
    code = run([*arguments, "--format", "json"])
    shown = capsys.readouterr()
    assert shown.out, shown.err
    document: Json = json.loads(shown.out)
    assert document["summary"]["exit_code"] == code
    return document


def failures(document: Json) -> set[tuple[str, str, str]]:
    return {
        (one["check"], one["resource"]["region"], one["resource"]["id"])
        for one in document["findings"]
        if one["verdict"] == "fail"
    }


# -- selections ------------------------------------------------------------------------------------


def test_a_selection_that_passes_is_clean(all_checks: Library, capsys: Captured) -> None:
    document = judged(capsys, "demo", "--select", PASSING)
    assert {one["verdict"] for one in document["findings"]} == {"pass"}
    assert (document["summary"]["exit_code"], document["summary"]["selected"]) == (0, True)
    assert judged(capsys, "demo")["summary"]["selected"] is False


def test_all_that_is_selected_decides_unless_a_severity_is_named(
    all_checks: Library, capsys: Captured
) -> None:
    assert judged(capsys, "demo", "--select", FAILING)["summary"]["fail_on"] == "low"
    assert run(["demo", "--select", FAILING, "--quiet"]) == 1
    assert run(["demo", "--select", FAILING, "--fail-on", "high", "--quiet"]) == 0
    assert judged(capsys, "demo", "--severity", "critical")["summary"]["fail_on"] == "critical"


def test_only_gaps_of_the_selection_decide(capsys: Captured) -> None:
    path = written(denied(whole_evidence(), READS))
    for name, code in ((PASSING, 0), (FAILING, 3)):
        document = judged(capsys, "replay", path, "--select", name)
        assert document["summary"]["exit_code"] == code
        gaps = [row["operation"] for row in document["coverage"] if row["state"] == "denied"]
        assert bool(gaps) == (code == 3)


def test_a_call_that_no_check_reads_is_a_gap_of_every_selection(capsys: Captured) -> None:
    taken = whole_evidence()
    one = next(iter(taken.answers.values()))
    call = replace(one.call, operation="sts:Unheard", params={})
    extra = replace(one, call=call, state=State.DENIED, data=None, count=0)
    path = written(replace(taken, answers={**taken.answers, call.key: extra}))
    assert run(["replay", path, "--select", PASSING, "--quiet"]) == 3


def test_a_selection_that_concerns_no_target_is_not_clean() -> None:
    assert run(["replay", str(SNAPSHOT), "--select", "gcp-*", "--quiet"]) == 3


def test_evidence_of_a_selection_is_not_whole_evidence(all_checks: Library) -> None:
    """Who replays it did not choose: what was left out is missed."""
    path = written(whole_evidence(checks=(PASSING,)))
    assert run(["replay", path, "--quiet"]) == 3
    assert run(["replay", path, "--select", PASSING, "--quiet"]) == 0


def test_a_selection_improves_no_control(all_checks: Library, capsys: Captured) -> None:
    good = {"pass", "accepted", "no occurrence", "not applicable"}
    whole = {one["id"]: one["status"] for one in judged(capsys, "demo")["controls"]}
    for select in (PASSING, "aws-iam-*", "aws-s3-*"):
        for one in judged(capsys, "demo", "--select", select)["controls"]:
            assert one["status"] not in good or whole[one["id"]] in good, (select, one)


@pytest.mark.parametrize("category", ["Security", "Availability", "Confidentiality", "Privacy"])
def test_a_category_filters_everything(
    category: str, all_checks: Library, capsys: Captured
) -> None:
    whole = judged(capsys, "replay", str(SNAPSHOT))
    part = judged(capsys, "replay", str(SNAPSHOT), "--category", category)
    assert {one["category"] for one in part["criteria"]} == {category}
    assert part["criteria"] == [one for one in whole["criteria"] if one["category"] == category]
    serving = {link["id"] for one in part["criteria"] for link in one["controls"]}
    assert part["controls"] == [one for one in whole["controls"] if one["id"] in serving]
    checks = {link["id"] for one in part["controls"] for link in one["checks"]}
    # A control may rest on a check that it must have and that evidences another one.
    for name in serving:
        for requirement in all_checks.controls[name].must_have:
            checks.update(requirement.checks)
    listed = {one["id"] for one in part["criteria"]}
    expected = [one for one in whole["findings"] if one["check"] in checks]
    for one in expected:
        one["criteria"] = [name for name in one["criteria"] if name in listed]
    assert part["findings"] == expected
    assert part["summary"]["fail_on"] == "high"


def test_a_category_and_a_severity_narrow_together(all_checks: Library, capsys: Captured) -> None:
    document = judged(capsys, "demo", "--category", "Availability", "--severity", "high")
    assert {one["severity"] for one in document["findings"]} <= {"high", "critical"}
    checks = {one["check"] for one in document["findings"]}
    part = judged(capsys, "demo", "--category", "Availability")
    assert checks < {one["check"] for one in part["findings"]}
    capsys.readouterr()
    assert run(["demo", "--category", "Availability", "--select", PASSING]) == 2
    assert "no check is left by --select, --severity and --category" in capsys.readouterr().err


# -- new failures ----------------------------------------------------------------------------------


def result(capsys: Captured, path: str, name: str, *arguments: str) -> str:
    run(["replay", path, "--quiet", "--format", f"json={name}.json", *arguments])
    capsys.readouterr()
    return f"{name}.json"


def edited(path: str, change: Callable[[Json], None]) -> str:
    document = json.loads(Path(path).read_text())
    change(document)
    Path(path).write_text(json.dumps(document))
    return path


def test_old_failures_are_counted_and_do_not_decide(capsys: Captured) -> None:
    path = written(whole_evidence())
    baseline = result(capsys, path, "base", "--select", FAILING)
    document = judged(capsys, "replay", path, "--select", FAILING, "--baseline", baseline)
    assert document["summary"]["new"] == {
        "failures": 0,
        "since": {HERE: document["scan"]["finished"]},
    }
    assert (document["summary"]["exit_code"], document["summary"]["findings"]["fail"] > 0) == (
        0,
        True,
    )
    assert {one["new"] for one in document["findings"] if one["verdict"] == "fail"} == {False}
    assert run(["replay", path, "--select", FAILING, "--baseline", baseline]) == 0
    count = len(failures(document))
    assert (
        f"{count} failures, 0 new since {document['scan']['finished']}" in capsys.readouterr().out
    )


@pytest.mark.parametrize("verdict", ["pass", "unknown", "waived", None])
def test_what_did_not_fail_in_the_baseline_is_new(verdict: str | None, capsys: Captured) -> None:
    path = written(whole_evidence())
    baseline = result(capsys, path, "base", "--select", FAILING)
    first = sorted(failures(json.loads(Path(baseline).read_text())))[0]

    def change(document: Json) -> None:
        for one in list(document["findings"]):
            key = (one["check"], one["resource"]["region"], one["resource"]["id"])
            if key == first and verdict is None:
                document["findings"].remove(one)
            elif key == first:
                one["verdict"] = verdict

    document = judged(
        capsys, "replay", path, "--select", FAILING, "--baseline", edited(baseline, change)
    )  # fmt: skip
    assert document["summary"]["exit_code"] == 1
    new = {
        (one["check"], one["resource"]["region"], one["resource"]["id"])
        for one in document["findings"]
        if one.get("new")
    }
    assert new == {first}


def test_what_is_unread_is_never_clean_beside_a_baseline(capsys: Captured) -> None:
    """A new failure may be behind it, also where the baseline was unread as well."""
    path = written(denied(whole_evidence(), READS))
    baseline = result(capsys, path, "base", "--select", FAILING)
    assert run(["replay", path, "--select", FAILING, "--baseline", baseline, "--quiet"]) == 3


def test_a_snapshot_is_a_baseline_judged_as_the_scan_is(capsys: Captured) -> None:
    now = written(whole_evidence(), "now")
    same = written(whole_evidence(id="a"), "same")
    blind = written(denied(whole_evidence(id="b"), READS), "blind")
    every = ("--select", FAILING, "--quiet", "--baseline")
    assert run(["replay", now, *every, same]) == 0
    assert run(["replay", now, *every, blind]) == 1
    Path("several").mkdir()
    Path(same).rename(Path("several") / same)
    assert run(["replay", now, *every, "several"]) == 0


def test_parameters_of_the_baseline_hide_nothing(capsys: Captured) -> None:
    path = written(whole_evidence())
    strict = ("--param", "log_retention_days=90000")
    select = ("--select", LOGS)
    baseline = result(capsys, path, "base", *select, *strict)
    assert run(["replay", path, *select, "--baseline", baseline]) == 2
    assert f"other parameters judged {HERE}" in capsys.readouterr().err
    # A snapshot is judged by the parameters of today, whatever it was read with.
    other = written(whole_evidence(params={"log_retention_days": 90000}), "other")
    document = judged(capsys, "replay", path, *select, "--baseline", other)
    assert document["summary"]["new"]["failures"] == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read"),
        ("{", "base.json:1:2: not JSON"),
        ("[]", "is not a result of tscan"),
        ('{"schema": "tscan.drift/1"}', "is not a result of tscan"),
        ('{"schema": "tscan.result/1", "findings": [{}]}', "members of a result are missing"),
        ('{"schema": "tscan.result/1", "findings": 3}', "members of a result are missing"),
    ],
)
def test_what_is_no_baseline_is_refused(
    content: str | None, message: str, capsys: Captured
) -> None:
    if content is not None:
        Path("base.json").write_text(content)
    assert run(["replay", str(SNAPSHOT), "--baseline", "base.json"]) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.out == ""


# -- scans, and what is committed ------------------------------------------------------------------


class Cloud:
    """What `pipeline.scan` reads: the demo's evidence, a day later each time."""

    def __init__(self) -> None:
        self.change: Callable[[Snapshot], Snapshot] = lambda snapshot: snapshot
        self.day = 0

    def scan(self, config: Any, _: Any, *, checks: Any, scope: Any, **__: Any) -> list[Snapshot]:
        self.day += 1
        day = f"2027-03-{self.day:02}"
        taken = whole_evidence(
            id=f"scan-{self.day}",
            started=f"{day}T00:00:00.000Z",
            finished=f"{day}T00:10:00.000Z",
            params={**config.params, **config.targets[0].params},
            scope=scope,
        )
        if checks is not None:
            taken = replace(taken, checks=checks)
        return [self.change(taken)]


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    made = Cloud()
    monkeypatch.setattr(pipeline, "scan", made.scan)
    return made


def chains(store: str = ".tscan") -> dict[str, int]:
    ledger = Ledger(open_store(store))
    return {name: len(ledger.records(name)) for name in ledger.chains()}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--select", FAILING),
        ("--severity", "critical"),
        ("--category", "Availability"),
        ("--region", "eu-west-1"),
        ("--param", "access_key_max_age_days=30"),
    ],
)
def test_another_scope_is_committed_only_where_a_store_is_named(
    arguments: tuple[str, str], cloud: Cloud, capsys: Captured
) -> None:
    run(["scan", *arguments])
    said = capsys.readouterr().err
    assert f"not in history: another scope than the configured one ({' '.join(arguments)})" in said
    assert "history: aws" not in said
    assert not Path(".tscan/log").exists()
    (command,) = [line for line in said.splitlines() if "tscan history add" in line]
    words = command.partition("'tscan ")[2].partition("'")[0].split()
    assert run([*words, "--quiet"]) in (0, 1, 3)
    assert list(chains().values()) == [1]
    run(["scan", *arguments, "--store", ".tscan", "--quiet"])
    ((name, count),) = chains().items()
    assert (name.partition("#")[0], "#" in name, count) == (HERE, True, 2)
    (record, _) = Ledger(open_store(".tscan")).records(name)
    assert record.scope == ("=".join(arguments).removeprefix("--"),)
    run(["scan", *arguments, "--no-store"])
    assert "not in history" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--profile", "audit"),
        ("--region", "us-east-1", "--region", "eu-west-1"),
        ("--param", "access_key_max_age_days=30"),
        ("--category", "Security"),
        ("--target", "aws"),
        ("--new-only",),
    ],
)
def test_options_that_say_what_is_configured_change_no_scope(
    arguments: tuple[str, ...], cloud: Cloud, folder: Path
) -> None:
    (folder / "tscan.yaml").write_text(
        "version: 1\nparams: {access_key_max_age_days: 30}\n"
        "targets: [{aws: {regions: [eu-west-1, us-east-1]}}]\n"
        "frameworks: {soc2-2017: {categories: [Security]}}\n"
    )
    run(["scan", "--quiet", *arguments])
    assert chains() == {HERE: 1}


def test_fewer_targets_than_are_configured_are_another_scope(
    cloud: Cloud, folder: Path, capsys: Captured
) -> None:
    (folder / "tscan.yaml").write_text(
        "version: 1\ntargets: [{aws: {}}, {gcp: {project: my-project}}]\n"
    )
    run(["scan", "--target", "aws"])
    assert "(--target aws)" in capsys.readouterr().err
    assert not Path(".tscan/log").exists()


def test_new_failures_are_those_since_the_newest_scan(cloud: Cloud, capsys: Captured) -> None:
    gate = ("scan", "--select", FAILING, "--new-only")
    first = judged(capsys, *gate)
    assert first["summary"]["new"] == {"failures": len(failures(first)), "since": {}}
    assert first["summary"]["exit_code"] == 1, "without a scan to compare with all are new"
    run(["scan", "--quiet"])
    second = judged(capsys, *gate)
    assert second["summary"]["new"] == {
        "failures": 0,
        "since": {HERE: "2027-03-02T00:10:00.000Z"},
    }
    assert (second["summary"]["exit_code"], failures(second)) == (0, failures(first))
    # A night that could not read them is the newest: what fails behind it may be new.
    cloud.change = lambda snapshot: denied(snapshot, READS)
    run(["scan", "--quiet"])
    cloud.change = lambda snapshot: snapshot
    third = judged(capsys, *gate)
    assert third["summary"]["new"]["failures"] == len(failures(first))
    assert run(["scan", "--select", FAILING, "--new-only"]) == 1
    shown = capsys.readouterr().out
    assert f"  new  medium    {FAILING}" in shown


def test_a_scan_by_other_parameters_is_not_comparable(cloud: Cloud, capsys: Captured) -> None:
    run(["scan", "--quiet"])
    gate = ("scan", "--select", FAILING, "--new-only", "--param", "access_key_max_age_days=30")
    assert judged(capsys, *gate)["summary"]["new"]["since"] == {}
    assert run([*gate]) == 1
    assert f"No comparable scan of {HERE}: all its failures are new" in capsys.readouterr().out


def test_evidence_of_history_is_compared_with_what_came_before(
    cloud: Cloud, capsys: Captured
) -> None:
    for _ in range(2):
        run(["scan", "--quiet"])
    first, second = sorted(map(str, Path(".tscan/snapshots").glob("*.gz")))
    gate = ("--select", FAILING, "--new-only")
    assert judged(capsys, "replay", first, *gate)["summary"]["new"]["since"] == {}
    document = judged(capsys, "replay", second, *gate)
    assert document["summary"]["new"]["since"] == {HERE: "2027-03-01T00:10:00.000Z"}
    other = judged(capsys, "replay", second, *gate, "--store", "elsewhere")
    assert other["summary"]["new"]["since"] == {}


def test_a_range_of_history_has_no_baseline(capsys: Captured) -> None:
    days = ("--from", "2027-01-01", "--to", "2027-01-02")
    assert run(["replay", *days, "--new-only"]) == 2
    assert "compare one scan, not a range" in capsys.readouterr().err


def test_drift_is_of_one_scope(cloud: Cloud, capsys: Captured) -> None:
    run(["scan", "--quiet"])
    assert run(["drift"]) == 0
    assert (
        f"{HERE}: this is the first scan: drift begins with the next one" in capsys.readouterr().err
    )
    run(["scan", "--quiet", "--select", PASSING, "--store", ".tscan"])
    run(["scan", "--quiet"])
    capsys.readouterr()
    assert run(["drift"]) == 0
    shown = capsys.readouterr()
    assert f"{HERE}: record 1 (2027-03-01" in shown.out
    assert "No drift." in shown.out
    assert shown.err == "", "what was looked at before the newest scan is no news"
    run(["scan", "--quiet", "--select", PASSING, "--store", ".tscan"])
    capsys.readouterr()
    assert run(["drift"]) == 0
    shown = capsys.readouterr().out
    (part,) = [name for name in chains() if "#" in name]
    assert f"{part}: record 1 (2027-03-02" in shown
    assert f"Scope: select={PASSING}" in shown
    assert run(["drift", "--target", part]) == 0
    assert run(["drift", "--target", part[:-1]]) == 2
    assert f"did you mean '{part}'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [("--select", PASSING), ("--severity", "high"), ("--category", "Privacy"), ("--param", "a=1")],
)
def test_evidence_is_committed_as_it_was_asked_for(
    arguments: tuple[str, str], capsys: Captured
) -> None:
    path = written(whole_evidence())
    assert run(["history", "add", path, "--store", "s", *arguments]) == 2
    assert "committed as the scan would have that read it" in capsys.readouterr().err
    assert not Path("s").exists()


def test_every_scope_is_made_again_from_its_evidence(
    all_checks: Library, cloud: Cloud, capsys: Captured
) -> None:
    """A deep verification judges each chain with the checks and parameters of its records."""
    for arguments in ((), ("--select", FAILING), ("--param", "log_retention_days=90")):
        run(["scan", *arguments, "--select", PASSING, "--store", "s", "--quiet"])
    run(["scan", "--category", "Privacy", "--severity", "low", "--store", "s", "--quiet"])
    capsys.readouterr()
    assert run(["verify", "s", "--deep"]) == 0
    assert "4 of 4 records re-evaluated from evidence" in capsys.readouterr().out
    assert len(chains("s")) == 4


# -- from Python -----------------------------------------------------------------------------------


def test_checks_mean_the_same_from_python() -> None:
    library = shipped_library()
    snapshot = denied(whole_evidence(), READS)
    for name, code in ((PASSING, 0), (FAILING, 3)):
        assessment = scanner.judge(snapshot, library=library, checks=[name])
        assert exit_code(assessment, library, Severity.LOW) == code
    with pytest.raises(TscanError) as caught:
        scanner.judge(snapshot, library=library, checks=[PASSING, FAILING[:-1]])
    assert caught.value.hint == f"did you mean '{FAILING}'?"
