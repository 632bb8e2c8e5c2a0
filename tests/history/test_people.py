"""Waivers and attestations through four nights: kept with the records, and judged with on any later
day."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from scanner.cli import run
from scanner.core.drift.comparison import DriftKind
from scanner.formats.json import written
from scanner.history.ledger.commit import commit_scan
from scanner.history.ledger.ledger import Ledger
from scanner.history.records.seal import make_key
from scanner.history.snapshots.archived_inputs import (
    attestations_text,
    read_attestations,
    read_waivers,
    waivers_text,
)
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.history.stores import open_store
from scanner.history.verification.reverify import Reverifier
from scanner.history.verification.verify import verify
from scanner.model.attestations import Attestation, EvidenceReference
from scanner.model.history import Cause, Record
from scanner.model.waivers import ControlScope, FindingScope, GapScope, Waiver
from scanner.pipeline import judge
from tests.helpers.estate_recording import SNAPSHOT
from tests.helpers.library import shipped_library
from tests.helpers.scan_results import scan_result

TARGET = "aws:123456789012"
CHECK = "aws-dynamodb-pitr-enabled"
SCRATCH, OTHER = "arn:aws:dynamodb:us-east-1:123456789012:table/scratch", "123456789012"
DAYS = [date(2027, 7, day) for day in (1, 2, 3, 4)]
W1 = Waiver(
    id="W-1", scope=FindingScope(target=TARGET, check=CHECK, resource=SCRATCH), reason="It ends this month.",
    approver="cto@example.com", opened=DAYS[1], expires=DAYS[3], author="dev@example.com", committed=DAYS[1],
)  # fmt: skip
W2 = replace(W1, id="W-2", scope=GapScope(target=TARGET, operation="accessanalyzer:ListAnalyzers"))
W3 = replace(W1, id="W-3", scope=ControlScope(target=TARGET, control="ENC-01"), compensating="INC-01",
             expires=date(2027, 8, 1), author="", committed=None)  # fmt: skip
W4 = replace(W3, id="W-4", scope=FindingScope(target=TARGET, check="aws-ebs-encryption-by-default",
                                              resource="123456789012/eu-west-1"))  # fmt: skip
WAIVERS = (W1, W2, W3, W4)
ATTESTED = Attestation(
    id="mc-39", control="MC-39", statement="Every incident was handled.", by="sec@example.com", dated=DAYS[1],
    valid_until=DAYS[1], evidence=(EvidenceReference(reference="the register", sha256="0" * 64),),
)  # fmt: skip
Captured = pytest.CaptureFixture[str]


@dataclass(frozen=True)
class Story:
    store: str
    records: tuple[Record, ...]
    results: tuple[str, ...]


@pytest.fixture(scope="module")
def library() -> Any:
    return shipped_library()


@pytest.fixture(scope="module", autouse=True)
def _load_once(library: Any) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scanner.content.library.load_library", lambda *_, **__: library)
        yield


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, library: Any) -> Story:
    """Nothing is said on the first day; from the second on there are waivers, and on that day alone
    an attestation."""
    folder = tmp_path_factory.mktemp("people")
    make_key(folder / "key.pem")
    taken, records, results = read_snapshot(SNAPSHOT), [], []
    for day in DAYS:
        moment = {"started": f"{day}T00:00:00.000Z", "finished": f"{day}T00:10:00.000Z"}
        snapshot = replace(taken, id=f"night-{day}", **moment)
        said: dict[str, Any] = (
            {"waivers": WAIVERS, "attestations": (ATTESTED,)} if day > DAYS[0] else {}
        )
        assessment = judge([snapshot], library, **said)
        results.append(scan_result(assessment, library, str(folder / "store")))
        records += commit_scan(
            [snapshot], assessment, library, str(folder / "store"), folder / "key.pem", **said
        )
    return Story(store=str(folder / "store"), records=tuple(records), results=tuple(results))


def moves(story: Story, check: str, resource: str) -> list[tuple[int, str, str]]:
    rows = Ledger(open_store(story.store)).transitions(TARGET)
    return [
        (row.seq, row.verdict, row.cause.value)
        for row in rows
        if (row.check, row.resource) == (check, resource)
    ]


def test_a_waiver_comes_and_goes_as_the_cause(story: Story) -> None:
    assert moves(story, CHECK, SCRATCH) == [
        (1, "fail", "scope"),
        (2, "waived", "waiver"),
        (4, "fail", "waiver"),
    ]
    beside = W4.scope
    assert isinstance(beside, FindingScope)
    assert moves(story, beside.check, beside.resource) == [
        (1, "fail", "scope"), (2, "waived", "waiver"), (3, "fail", "waiver"),
    ]  # fmt: skip


def test_an_accepted_gap_is_told_apart_from_an_accepted_failure(story: Story) -> None:
    assert moves(story, "aws-accessanalyzer-enabled", "123456789012/eu-west-1") == [
        (1, "unknown", "scope"), (2, "waived", "gap"), (4, "unknown", "waiver"),
    ]  # fmt: skip


def test_what_controls_read(story: Story) -> None:
    assert [record.controls["ENC-01"] for record in story.records] == [
        "fail",
        "accepted",
        "fail",
        "fail",
    ]
    assert [record.controls["INC-01"] for record in story.records] == [
        "needs evidence", "pass", "needs evidence", "needs evidence",
    ]  # fmt: skip
    third = json.loads(story.results[2])
    assert {one["id"]: one["standing"] for one in third["waivers"]} == {
        "W-1": "in force", "W-2": "in force", "W-3": "lapsed", "W-4": "lapsed",
    }  # fmt: skip
    (lapsed,) = [one for one in third["findings"] if "waiver W-4 has lapsed" in one["reason"]]
    assert (lapsed["verdict"], "waiver" in lapsed) == ("fail", False)
    assert third["attestations"][0]["why"] == "ended on 2027-07-02"


def test_the_texts_are_kept_once_and_read_back(story: Story) -> None:
    store = open_store(story.store)
    assert story.records[0].waivers_sha256 == ""
    assert len({record.waivers_sha256 for record in story.records[1:]}) == 1
    assert len({record.attestations_sha256 for record in story.records[1:]}) == 1
    for kind, text in (
        ("waivers", waivers_text(WAIVERS)),
        ("attestations", attestations_text([ATTESTED])),
    ):
        (path,) = {
            one.path for record in story.records for one in record.segments if one.kind == kind
        }
        assert store.get(path) == text
    assert read_waivers(waivers_text(reversed(WAIVERS))) == WAIVERS
    assert read_attestations(attestations_text([ATTESTED])) == (ATTESTED,)


@pytest.mark.parametrize(
    "text", [b"{}", b"[1]", b'[{"id": 1}]', waivers_text(WAIVERS).replace(b'"gap"', b'"gab"'),
             waivers_text(WAIVERS).replace(b"2027-07-02", b""), attestations_text([ATTESTED])],
)  # fmt: skip
def test_other_texts_are_no_waivers(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"not waivers|isoformat"):
        read_waivers(text)


def test_every_verdict_and_control_is_made_again(story: Story, capsys: Captured) -> None:
    assert run(["verify", "--deep", story.store]) == 0
    assert "4 of 4 records re-evaluated" in capsys.readouterr().out


@pytest.mark.parametrize(("without", "what"), [("waivers", "verdict"), ("attestations", "control")])
def test_what_people_said_is_needed_to_make_them_again(
    story: Story, library: Any, without: str, what: str
) -> None:
    def forgetful(
        snapshots: Any, library: Any, waivers: Any, attestations: Any, checks: Any
    ) -> Any:
        said = {"waivers": waivers, "attestations": attestations, without: ()}
        return judge(snapshots, library, checks=checks, **said)

    store = open_store(story.store)
    seen = verify(store)
    Reverifier(Ledger(store), forgetful, library).run(seen)
    assert what in {damage.kind for damage in seen.damages}
    assert {damage.record for damage in seen.damages} >= {"aws=123456789012/2"}
    assert "aws=123456789012/1" not in {damage.record for damage in seen.damages}


def test_replay_gives_what_the_scans_gave_byte_for_byte(story: Story, capsys: Captured) -> None:
    assert run(
        [
            "replay",
            "--from",
            "2027-07-01",
            "--to",
            "2027-07-04",
            "--store",
            story.store,
            "--format",
            "json",
        ]
    )
    for line, result in zip(capsys.readouterr().out.splitlines(), story.results, strict=True):
        assert written(json.loads(line)["result"]) == result


@pytest.mark.parametrize(
    ("finding", "day", "verdict", "without"),
    [
        (f"{CHECK}@{SCRATCH}", 0, "fail", ""), (f"{CHECK}@{SCRATCH}", 1, "waived", "fail"),
        (f"{CHECK}@{SCRATCH}", 3, "fail", ""),
        ("aws-ebs-encryption-by-default@123456789012/eu-west-1", 1, "waived", "fail"),
        ("aws-ebs-encryption-by-default@123456789012/eu-west-1", 2, "fail", ""),
        ("aws-accessanalyzer-enabled@123456789012/eu-west-1", 2, "waived", "unknown"),
    ],
)  # fmt: skip
def test_one_finding_is_made_again(
    story: Story, finding: str, day: int, verdict: str, without: str, capsys: Captured
) -> None:
    assert (
        run(
            [
                "reperform",
                finding,
                "--at",
                str(DAYS[day]),
                "--store",
                story.store,
                "--format",
                "json",
            ]
        )
        == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["recorded"], found["without_waiver"]) == (
        verdict,
        verdict,
        without,
    )


def period(story: Story, capsys: Captured, *more: str) -> str:
    words = ["period", "--from", "2027-07-01", "--to", "2027-07-04", "--store", story.store, *more]
    assert run(words) == 0
    return capsys.readouterr().out


def test_a_period_shows_waivers_apart_and_keeps_the_deviation(
    story: Story, capsys: Captured
) -> None:
    found = json.loads(period(story, capsys, "--control", "BKP-01", "--format", "json"))
    (control,) = found["controls"]
    mine = [
        one["deviation"] for one in control["deviations"] if one["deviation"]["resource"] == SCRATCH
    ]
    assert [(one["why_closed"], one["before"]) for one in mine] == [("waived", ""), ("", "waived")]
    spans = [
        span
        for check in control["checks"]
        for span in check["waived"]
        if span["resource"] == SCRATCH
    ]
    assert [(span["start"][:10], span["end"][:10], span["what"]) for span in spans] == [
        ("2027-07-02", "2027-07-04", "failure")
    ]
    assert [(one["waiver"], one["first_seq"], one["last_seq"], one["author"]) for one in found["waivers"]] == [
        ("W-1", 2, 4, "dev@example.com"), ("W-2", 2, 4, "dev@example.com"), ("W-3", 2, 4, ""), ("W-4", 2, 4, ""),
    ]  # fmt: skip
    worth = {
        one["waiver"]: [
            (span["standing"], span["first_seq"], span["last_seq"]) for span in one["standings"]
        ]
        for one in found["waivers"]
    }
    assert worth["W-1"] == worth["W-2"] == [("in force", 2, 3), ("expired", 4, 4)]
    assert worth["W-3"] == worth["W-4"] == [("in force", 2, 2), ("lapsed", 3, 4)]
    assert [
        (one["control"], one["by"], one["first_read"][:10]) for one in found["attestations"]
    ] == [("MC-39", "sec@example.com", "2027-07-02")]
    changes = [change["what"] for target in found["targets"] for change in target["changes"]]
    assert changes == ["waivers", "attestations"]


def test_a_waived_item_is_no_good_one_in_a_sample(
    story: Story, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr("scanner.cli.period.now", lambda: datetime(2027, 7, 20, tzinfo=UTC))
    words = [
        "--from",
        "2027-07-03",
        "--to",
        "2027-07-03",
        "--store",
        story.store,
        "--format",
        "json",
    ]
    assert run(["sample", "BKP-01", *words]) == 0
    sample = json.loads(capsys.readouterr().out)
    assert run(["period", "--control", "BKP-01", *words]) == 0
    (control,) = json.loads(capsys.readouterr().out)["controls"]
    assert SCRATCH not in [one["deviation"]["resource"] for one in control["deviations"]]
    assert sample["deviating"] == control["deviating"] == 1 + len(control["deviations"])


def test_a_period_in_words(story: Story, capsys: Captured) -> None:
    text = period(story, capsys, "--control", "ENC-01")
    assert "accepted     in 1 of 4 runs, by waiver" in text
    assert f"W-1  {TARGET}: finding {CHECK}@{SCRATCH}; It ends this month." in text
    assert (
        "approved by cto@example.com, written by dev@example.com; 2027-07-02 until 2027-07-04"
        in text
    )
    assert (
        "approved by cto@example.com, author not known; 2027-07-02 until 2027-08-01; only while INC-01"
        in text
    )
    assert (
        "in force in records 2 (2027-07-02T00:10:00.000Z) to 3 (2027-07-03T00:10:00.000Z)\n" in text
    )
    assert (
        "expired in records 4 (2027-07-04T00:10:00.000Z) to 4 (2027-07-04T00:10:00.000Z): ended"
        in text
    )
    assert (
        "to 4 (2027-07-04T00:10:00.000Z): compensating control INC-01 has status needs evidence"
        in text
    )
    assert "MC-39  sec@example.com on 2027-07-02, until 2027-07-02" in text


def test_a_waived_span_that_goes_on_ends_with_the_period(story: Story, capsys: Captured) -> None:
    words = [
        "period",
        "--from",
        "2027-07-01",
        "--to",
        "2027-07-03",
        "--store",
        story.store,
        "--control",
        "BKP-01",
    ]
    assert run(words) == 0
    assert (
        f"waived       {SCRATCH} ({CHECK}, failure) 2027-07-02T00:10:00.000Z to the end\n"
        in capsys.readouterr().out
    )


def test_the_end_of_a_waiver_is_drift(
    story: Story, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr("scanner.cli.drift.now", lambda: datetime(2027, 7, 20, tzinfo=UTC))
    assert run(["drift", "--store", story.store]) == 1
    text = capsys.readouterr().out
    assert f"{CHECK}  {SCRATCH} us-east-1  waived → fail [waiver]" in text
    assert "W-1: has expired, 2027-07-04" in text
    assert "W-3: ends in 12 days, 2027-08-01" in text
    assert f"{DriftKind.NEW_UNKNOWN.value}s" in text.lower()


def test_the_auditor_s_sheets_hold_them(story: Story, tmp_path: Path) -> None:
    words = ["--from", "2027-07-03", "--to", "2027-07-03", "--store", story.store]
    assert run(["handover", *words, "--output", str(tmp_path / "out.zip")]) == 0

    def rows(name: str) -> list[dict[str, str]]:
        with zipfile.ZipFile(tmp_path / "out.zip") as opened:
            return list(
                csv.DictReader(io.StringIO(opened.read(f"ipe/{name}.csv").decode(), newline=""))
            )

    found = rows("waivers")
    assert [row["waiver"] for row in found] == ["W-1", "W-2", "W-3", "W-4"]
    assert (
        found[0]["standings"]
        == "in force in records 3 (2027-07-03T00:10:00.000Z) to 3 (2027-07-03T00:10:00.000Z)"
    )
    assert found[0]["accepts"] == f"finding {CHECK}@{SCRATCH}"
    assert (found[0]["first_record"], found[0]["last_record"], found[0]["expires"]) == (
        "2",
        "3",
        "2027-07-04",
    )
    (stated,) = rows("attestations")
    assert (stated["control"], stated["evidence"], stated["dated"]) == (
        "MC-39",
        "the register",
        "2027-07-02",
    )
    (scan,) = rows("scans")
    assert scan["attestations_sha256"] == story.records[2].attestations_sha256 != ""


def test_a_cause_of_its_own(story: Story) -> None:
    """What a waiver accepts as unread is stored as such, so that it closes no deviation."""
    state = Ledger(open_store(story.store)).state_before(TARGET, story.records[2].finished)
    gaps = {move.check for move in state.values() if move.cause is Cause.GAP}
    assert gaps == {"aws-accessanalyzer-enabled", "aws-accessanalyzer-no-active-external-findings"}
