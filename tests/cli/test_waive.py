"""`tscan waive` and `tscan attest`: what is written, what is refused before a byte is written."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from scanner.cli import run
from scanner.cli.support import history_options
from scanner.content.attestations import load_attestations
from scanner.content.waivers import load_waivers
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.waivers import ControlScope, FindingScope, GapScope
from scanner.pipeline import judge
from tests.helpers.estate_recording import SNAPSHOT
from tests.helpers.library import shipped_library

TARGET = "aws:123456789012"
CHECK = "aws-s3-bucket-versioned"
ARN = "arn:aws:s3:::acme-scratch"
BY = ["--reason", "Emptied every night: nothing stays.", "--approver", "cto@example.com"]
UNTIL = [*BY, "--expires", "2027-01-15"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository, on a day of 2026."""
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q", "."], check=True)
    subprocess.run(["git", "config", "user.email", "writer@example.com"], check=True)
    monkeypatch.setattr(history_options, "now", lambda: datetime(2026, 12, 1, 12, tzinfo=UTC))
    return tmp_path


def waive(*words: str, evidence: str = str(SNAPSHOT)) -> int:
    return run(["waive", *words, "--snapshot", evidence])


@pytest.mark.parametrize("words", [[CHECK, ARN], [f"{CHECK}@{ARN}"]])
def test_a_failing_finding_is_waived(
    words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert waive(*words, *UNTIL) == 0
    shown = capsys.readouterr().out
    assert f"waivers.yaml:3: W-001 accepts finding {CHECK}@{ARN}" in shown
    assert "let somebody other than the approver commit it" in shown
    assert "add 'waivers: waivers.yaml' to it" in shown
    (waiver,) = load_waivers("waivers.yaml", shipped_library())
    assert waiver.scope == FindingScope(target=TARGET, check=CHECK, resource=ARN)
    assert (waiver.opened, waiver.expires) == (date(2026, 12, 1), date(2027, 1, 15))
    assert waiver.reason == "Emptied every night: nothing stays."
    assert waiver.approver == "cto@example.com"
    assert (folder / "waivers.yaml").stat().st_mode & 0o777 == 0o644


def test_the_scan_that_shows_it_first_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scanned = datetime.fromisoformat(read_snapshot(SNAPSHOT).finished)
    monkeypatch.setattr(history_options, "now", lambda: scanned)
    assert waive(CHECK, ARN, *UNTIL, "--waivers", "same-day.yaml") == 0
    shown = capsys.readouterr().out
    assert f"from the day of that commit on, {scanned.date()} at the earliest" in shown
    assert "the next scan shows it first" not in shown
    monkeypatch.setattr(history_options, "now", lambda: scanned + timedelta(days=1))
    assert waive(CHECK, ARN, *UNTIL, "--waivers", "day-after.yaml") == 0
    shown = capsys.readouterr().out
    assert f"the newest scan is of {scanned.date()}, before that day: the next scan" in shown


def test_it_does_what_it_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    day = datetime.fromisoformat(read_snapshot(SNAPSHOT).finished)
    monkeypatch.setattr(history_options, "now", lambda: day)
    assert waive(CHECK, ARN, *UNTIL, "--id", "W-SCRATCH") == 0
    capsys.readouterr()
    run(["replay", str(SNAPSHOT), "--waivers", "waivers.yaml", "--format", "json"])
    shown = capsys.readouterr().out
    assert '"waiver": "W-SCRATCH"' in shown
    assert '"standing": "in force"' in shown


def test_the_file_of_tscan_yaml_is_added_to_and_keeps_its_comments(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "tscan.yaml").write_text("version: 1\nwaivers: said/accepted.yaml\n")
    (folder / "said").mkdir()
    path = folder / "said/accepted.yaml"
    path.write_text("# reviewed by the board\nversion: 1\nwaivers: []   # none yet\n")
    path.chmod(0o600)
    for words in (
        [CHECK, ARN],
        ["ENC-01", "--compensating", "NET-02"],
    ):
        assert waive(*words, *UNTIL) == 0, capsys.readouterr().err
    text = path.read_text()
    assert text.startswith(
        "# reviewed by the board\nversion: 1\nwaivers:   # none yet\n  - id: W-001"
    )
    first, second = load_waivers(path, shipped_library())
    assert (first.id, second.id) == ("W-001", "W-002")
    assert second.scope == ControlScope(target=TARGET, control="ENC-01")
    assert second.compensating == "NET-02"
    assert path.stat().st_mode & 0o777 == 0o600
    assert "add 'waivers:" not in capsys.readouterr().out


def unread_call() -> str:
    for answer in read_snapshot(SNAPSHOT).answers.values():
        if not answer.state.whole:
            return answer.call.place.removesuffix("@")
    raise AssertionError("the demo has no call without an answer")


def test_a_call_without_an_answer_is_waived() -> None:
    call = unread_call()
    assert waive(call, *UNTIL) == 0
    (waiver,) = load_waivers("waivers.yaml", shipped_library())
    operation, _, region = call.partition("@")
    assert waiver.scope == GapScope(target=TARGET, operation=operation, region=region)


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ([CHECK, "acme-scratch"], "has no finding for 'acme-scratch'", f"did you mean '{ARN}'"),
        ([CHECK, f"{ARN}h"], f"no finding for '{ARN}h'", f"did you mean '{ARN}'"),
        ([CHECK], f"name the resource for which {CHECK} is waived", ARN),
        ([f"{CHECK}@"], f"name the resource for which {CHECK} is waived", ARN),
        (["aws-s3-bucket-versione", ARN], "there is no check or control", f"'{CHECK}'"),
        (["ENC-0"], "there is no check or control 'ENC-0'", "did you mean 'ENC-0"),
        (["ENC-01"], "a waiver of a control needs a compensating control", "--compensating,"),
        (["ENC-01", "--compensating", "ENC-01"], "cannot compensate for itself", "another"),
        (
            ["s3:GetBucketPolicie"],
            "no call of s3:GetBucketPolicie is without an answer",
            "coverage",
        ),
        ([CHECK, ARN, "--target", "aws:1"], "--snapshot is evidence by itself", "leave out"),
    ],
)
def test_what_cannot_be_waived_is_refused_and_nothing_is_written(
    words: list[str], message: str, hint: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert waive(*words, *UNTIL) == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert hint in shown
    assert not (folder / "waivers.yaml").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            [*BY, "--expires", "soon"],
            "--expires: 'soon' is not a day such as 2026-12-31\n  hint: write the day as YYYY-MM-DD",
        ),
        (
            [*BY, "--expires", "2026-12-01"],
            "--expires: a waiver expires before it is opened\n  hint: give a later day",
        ),
        (
            [*BY, "--expires", "2028-01-01"],
            "--expires: such a waiver lasts 366 days at most\n  hint: open another",
        ),
        (
            ["--reason", " ", "--approver", "c@d.e", "--expires", "2027-01-15"],
            "--reason is empty\n  hint: write in one sentence",
        ),
        (
            ["--reason", "x", "--approver", "cto", "--expires", "2027-01-15"],
            "--approver: 'cto' is not an e-mail address\n  hint: name the person who approves",
        ),
        (
            [*UNTIL, "--compensating", "ENC-0"],
            "--compensating: there is no control 'ENC-0'\n  hint: did you mean",
        ),
        ([*UNTIL, "--id", "a b"], "--id: 'a b' is not an id such as W-001\n  hint: leave it out"),
        (
            ["--reason", "x", "--approver", "Writer@example.com", "--expires", "2027-01-15"],
            "is your own address in git, and an approver does not ask",
        ),
        (BY, "missing option '--expires'"),
        (["--reason", "x", "--expires", "2027-01-15"], "missing option '--approver'"),
        (["--approver", "c@d.e", "--expires", "2027-01-15"], "missing option '--reason'"),
    ],
)
def test_an_entry_that_a_scan_would_refuse_is_not_written(
    options: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = "version: 1\nwaivers: []\n"
    path = folder / "waivers.yaml"
    path.write_text(before)
    assert waive(CHECK, ARN, *options) == 2
    shown = capsys.readouterr().err
    assert message in shown
    # The entry is in no file that a person could look into.
    assert "waivers.yaml" not in shown
    assert path.read_text() == before


def test_what_does_not_fail_is_not_waived(capsys: pytest.CaptureFixture[str]) -> None:
    passing, unknown = verdicts_of("pass"), verdicts_of("unknown")
    assert waive(*passing, *UNTIL) == 2
    shown = capsys.readouterr().err
    assert f"{passing[0]} is pass for '{passing[1]}'\n  hint: a waiver accepts what fails" in shown
    assert waive(*unknown, *UNTIL) == 2
    assert f"{unknown[0]} is unknown for '{unknown[1]}'" in capsys.readouterr().err


def verdicts_of(verdict: str) -> list[str]:
    """A check and a resource of the demo with a verdict."""
    snapshot = read_snapshot(SNAPSHOT)
    assessment = judge([snapshot], shipped_library(), checks=snapshot.checks)
    for result in assessment.results:
        for finding in result.findings:
            if finding.verdict.value == verdict:
                return [finding.check, finding.resource.id]
    raise AssertionError(f"the demo has no finding that is {verdict}")


def test_what_is_accepted_already_is_not_accepted_again(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert waive(CHECK, ARN, *UNTIL) == 0
    before = (folder / "waivers.yaml").read_bytes()
    assert waive(CHECK, ARN, *UNTIL) == 2
    assert "waiver W-001 accepts it already, until 2027-01-15" in capsys.readouterr().err
    assert (folder / "waivers.yaml").read_bytes() == before


def test_a_file_with_a_mistake_is_named_and_not_added_to(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "waivers.yaml"
    path.write_text("version: 1\nwaivers:\n  - id: W-1\n")
    assert waive(CHECK, ARN, *UNTIL) == 2
    assert "waivers.yaml:3:" in capsys.readouterr().err
    assert path.read_text() == "version: 1\nwaivers:\n  - id: W-1\n"


def test_the_newest_scan_of_history_is_looked_at(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert run(["waive", CHECK, ARN, *UNTIL]) == 2
    assert ".tscan holds no history" in capsys.readouterr().err
    assert run(["history", "add", str(SNAPSHOT), "--quiet"]) == 1
    assert run(["waive", CHECK, ARN, *UNTIL]) == 0
    (waiver,) = load_waivers("waivers.yaml", shipped_library())
    assert waiver.scope == FindingScope(target=TARGET, check=CHECK, resource=ARN)
    # A waiver in force does not hide that the finding fails.
    assert run(["waive", CHECK, ARN, *UNTIL]) == 2
    assert "accepts it already" in capsys.readouterr().err


# -- attestations ----------------------------------------------------------------------------------

STATED = ["--statement", "Four incidents: all handled.", "--by", "sec@example.com"]
ATTEST = ["attest", "MC-39", *STATED, "--valid-until", "2027-06-30"]


def test_a_statement_is_written_with_the_digest_of_its_evidence(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "register.pdf").write_bytes(b"four incidents")
    evidence = ["--evidence", "register.pdf", "--evidence", "https://files.example.com/minutes"]
    more = ["--evidence", "the register of incidents", "--covers", "2025-01-01", "2025-12-31"]
    assert run([*ATTEST, *evidence, *more]) == 0
    shown = capsys.readouterr().out
    assert "MC-39-2026-12-01.yaml: MC-39 is attested from 2026-12-01 to 2027-06-30" in shown
    assert "add 'attestations: attestations' to it" in shown
    (found,) = load_attestations("attestations", shipped_library())
    assert (found.control, found.by) == ("MC-39", "sec@example.com")
    assert found.statement == "Four incidents: all handled."
    assert (found.dated, found.valid_until) == (date(2026, 12, 1), date(2027, 6, 30))
    assert (found.covers_from, found.covers_to) == (date(2025, 1, 1), date(2025, 12, 31))
    digest = hashlib.sha256(b"four incidents").hexdigest()
    assert [(one.reference, one.sha256) for one in found.evidence] == [
        ("../register.pdf", digest),
        ("https://files.example.com/minutes", ""),
        ("the register of incidents", ""),
    ]


def test_an_earlier_statement_is_not_replaced(folder: Path) -> None:
    (folder / "tscan.yaml").write_text("version: 1\nattestations: said\n")
    for _ in range(2):
        assert run([*ATTEST, "--evidence", "the register"]) == 0
    names = sorted(path.name for path in (folder / "said").iterdir())
    assert names == ["MC-39-2026-12-01-2.yaml", "MC-39-2026-12-01.yaml"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--evidence", "nowhere.pdf"], "--evidence nowhere.pdf cannot be read: No such file"),
        (["--evidence", "x y", "--dated", "2026-13-01"], "--dated 2026-13-01 is not a day"),
        (
            ["--evidence", "x y", "--covers", "2026-01-01", "2027-01-01"],
            "--covers: the period ends after the date of the attestation, 2026-12-01\n"
            "  hint: attest to a period that has ended",
        ),
        (
            ["--evidence", "x y", "--valid-until", "2026-01-01"],
            "--valid-until: an attestation cannot expire before its date\n  hint: give a later day",
        ),
        ([], "missing option '--evidence'"),
    ],
)
def test_a_statement_that_a_scan_would_refuse_is_not_written(
    words: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*ATTEST, *words]) == 2
    assert message in capsys.readouterr().err
    assert not (folder / "attestations").exists()


@pytest.mark.parametrize(
    ("control", "message"),
    [("MC-399", "there is no manual control 'MC-399'"), ("../x", "'../x' is not the id of")],
)
def test_an_unknown_control_is_refused(
    control: str, message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*STATED, "--valid-until", "2027-06-30", "--evidence", "x y"]
    assert run(["attest", control, *words]) == 2
    assert message in capsys.readouterr().err
    assert not (folder / "attestations").exists()
