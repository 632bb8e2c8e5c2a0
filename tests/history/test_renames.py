"""A check that is called something else from some night on: history, waivers and reports go on as
if its id had never changed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scanner.cli import run
from scanner.cli.support.judging import judge_recorded
from scanner.content.library import load_library
from scanner.content.locations import Roots, default_roots
from scanner.core.calendar import period_window
from scanner.core.drift.between_records import drift_between
from scanner.core.periods.renames import renamed_checks
from scanner.core.periods.type2_period import TargetHistory, type2_period
from scanner.core.periods.versions import pack_changes
from scanner.history.ledger import record_builder
from scanner.history.ledger.commit import commit_scan
from scanner.history.ledger.ledger import Ledger
from scanner.history.ledger.record_builder import ScanToCommit
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.history.stores import open_store
from scanner.history.verification.reverify import Reverifier
from scanner.history.verification.verify import Verified, verify
from scanner.model.history import Record, Transition
from scanner.model.library import Library
from scanner.model.period import Period, Schedule
from scanner.model.waivers import FindingScope, Waiver
from scanner.pipeline import judge
from tests.helpers.estate_recording import SNAPSHOT
from tests.helpers.small_library import make_check
from tests.helpers.small_scans import HERE, library, scan

OLD, NEW, OTHER = "check-a", "check-n", "check-b"
ALIASES = {OLD: NEW}
Captured = pytest.CaptureFixture[str]

# -- any history, beside one in which the id never changed -----------------------------------------

PLACES = st.tuples(
    st.sampled_from([OLD, OTHER]), st.sampled_from(["eu-west-1", ""]), st.sampled_from(["a", "*"])
)
VERDICTS = st.dictionaries(PLACES, st.sampled_from(["pass", "fail", "unknown", "waived"]))
NIGHTS = st.lists(
    st.tuples(st.sampled_from([OLD, NEW]), st.booleans(), VERDICTS), min_size=1, max_size=5
)
"""What the check is called, whether it is run, and the verdicts."""
FAILS: Mapping[tuple[str, str, str], str] = {(OLD, "", "a"): "fail"}
PASSES: Mapping[tuple[str, str, str], str] = {(OLD, "", "a"): "pass"}


def night(number: int, name: str, verdicts: Mapping[Any, str], *, is_run: bool) -> ScanToCommit:
    called = {
        (name if check == OLD else check, region, resource): verdict
        for (check, region, resource), verdict in verdicts.items()
        if is_run or check != OLD
    }
    checks = (name, OTHER) if is_run else (OTHER,)
    made = scan(number, called, checks=checks)
    # The older tscan knows of no other name.
    aliases = ALIASES if name == NEW else {}
    return replace(made, library=replace(library(), aliases=aliases))


def rows(found: Iterable[Transition]) -> list[tuple[object, ...]]:
    """Without the evidence, whose names of buckets have the check in them."""
    plain = [replace(row, check=NEW if row.check == OLD else row.check) for row in found]
    return sorted(
        (r.seq, r.check, r.region, r.resource, r.previous, r.verdict, r.cause) for r in plain
    )


def as_read(ledger: Ledger, last: int) -> dict[str, object]:
    """All that reports read of a history; whatever the check was called last, here it is NEW."""
    told = ledger.timelines(HERE, last)
    state = ledger.state_before(HERE, "9")
    return {
        "checks": [{NEW if one == OLD else one for one in r.checks} for r in ledger.records(HERE)],
        "transitions": rows(ledger.transitions(HERE)),
        "state": rows(state.values()),
        "state keys": sorted((NEW if key[0] == OLD else key[0], *key[1:]) for key in state),
        "items": sorted((NEW if k[0] == OLD else k[0], *k[1:], *v) for k, v in told.items),
        "listings": sorted((NEW if k[0] == OLD else k[0], *k[1:], *v) for k, v in told.listings.items()),
        "passing": sorted((NEW if k[0] == OLD else k[0], *k[1:], v) for k, v in told.always_passing.items()),
        "failing": sorted(
            (NEW if one.check == OLD else one.check, one.region, *one.first_seen.items(), *one.resources,
             *one.passed_before, *one.opened, *one.last_failed, *one.closed)
            for one in told.failure_intervals
        ),
    }  # fmt: skip


@given(first=VERDICTS, later=NIGHTS, checkpoints=st.booleans())
@example(first=FAILS, later=[(NEW, True, FAILS)], checkpoints=False)
# Back to the older tscan, and forth again: it fails all the while.
@example(
    first=FAILS,
    later=[(NEW, True, PASSES), (OLD, True, FAILS), (NEW, True, FAILS)],
    checkpoints=True,
)
@settings(max_examples=30, deadline=None)
def test_a_renamed_check_is_one_check(
    first: Mapping[Any, str],
    later: Sequence[tuple[str, bool, Mapping[Any, str]]],
    *,
    checkpoints: bool,
) -> None:
    # A chain that begins under the newer id tells an older tscan nothing of the earlier one.
    nights = [(OLD, True, first), *later]
    often = 1 if checkpoints else 32
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(record_builder, "_MIN_RECORDS", often),
    ):
        renamed = Ledger(open_store(f"{folder}/renamed"))
        plain = Ledger(open_store(f"{folder}/plain"))
        for number, (name, is_run, verdicts) in enumerate(nights):
            renamed.commit(night(number, name, verdicts, is_run=is_run))
            plain.commit(night(number, OLD, verdicts, is_run=is_run))
        expected = as_read(plain, len(nights))
        assert as_read(renamed, len(nights)) == expected
        # Read from the start by another process, and by a tscan of either age.
        for aliases in ({}, ALIASES):
            store = open_store(f"{folder}/renamed")
            fresh = Ledger(store, library=replace(library(), aliases=aliases))
            assert as_read(fresh, len(nights)) == expected
        last = [name for name, is_run, _ in nights if is_run][-1:]
        current = Ledger(open_store(f"{folder}/renamed")).records(HERE)
        assert {one for record in current for one in record.checks} <= {OTHER, *last}


# -- when a name is not continued ------------------------------------------------------------------


def ran(*checks: str, seq: int = 1, renamed: Mapping[str, str] | None = None) -> Record:
    ledger_record = Record(
        seq=seq, target=HERE, scan=f"scan-{seq}", started="", finished="", version="0", pack_sha256="",
        previous_sha256="", checks=checks, params={}, waivers_sha256="", callers=(), regions=(), counts={},
        controls={}, gaps=(),
    )  # fmt: skip
    return replace(ledger_record, renamed=renamed or {})


@pytest.mark.parametrize(
    ("records", "checks", "known", "aliases", "expected"),
    [
        ([ran(OLD)], [NEW], [NEW], ALIASES, {OLD: NEW}),
        ([ran(OLD), ran(OTHER, seq=2)], [NEW], [NEW], ALIASES, {OLD: NEW}),
        ([ran(OLD), ran(NEW, seq=2, renamed=ALIASES)], [NEW], [NEW], ALIASES, {}),
        ([ran(OLD), ran(NEW, seq=2, renamed=ALIASES)], [OLD], [OLD], {}, {NEW: OLD}),
        ([ran("a"), ran("b", seq=2, renamed={"a": "b"})], ["c"], ["c"], {"a": "c", "b": "c"}, {"b": "c"}),
        # The newest alias names the middle one only, and an older tscan ran last.
        (
            [ran("a"), ran("b", seq=2, renamed={"a": "b"}), ran("a", seq=3, renamed={"b": "a"})],
            ["c"],
            ["c"],
            {"b": "c"},
            {"a": "c"},
        ),
        # Two checks became one: which of their verdicts would it continue?
        ([ran("a", "b")], ["c"], ["c"], {"a": "c", "b": "c"}, {}),
        # Nobody says that they are one.
        ([ran(OLD)], [NEW], [NEW], {}, {}),
        # They ran beside each other: their verdicts are of two checks.
        ([ran(OLD, NEW)], [NEW], [NEW], ALIASES, {}),
        # The id was given to another check since.
        ([ran(OLD), ran(NEW, seq=2, renamed=ALIASES)], [OLD], [OLD, NEW], {}, {}),
        ([], [NEW], [NEW], ALIASES, {}),
    ],
)  # fmt: skip
def test_which_check_continues_which(
    records: list[Record],
    checks: list[str],
    known: list[str],
    aliases: dict[str, str],
    expected: dict[str, str],
) -> None:
    made = {name: make_check(name) for name in known}
    content = replace(library(), checks=made, aliases=aliases)
    assert renamed_checks(records, checks, content) == expected


# -- a shipped check, its waiver, and the reports --------------------------------------------------

CHECK = "aws-dynamodb-pitr-enabled"
EARLIER = "aws-dynamodb-table-restorable"
FILE = "checks/aws/dynamodb/{}.yaml"
TARGET = "aws:123456789012"
SCRATCH = "arn:aws:dynamodb:us-east-1:123456789012:table/scratch"
DAYS = (1, 2, 3, 4)
WAIVER = Waiver(
    id="W-1", scope=FindingScope(target=TARGET, check=EARLIER, resource=SCRATCH), reason="It ends soon.",
    approver="cto@example.com", opened=date(2027, 7, 1), expires=date(2027, 8, 1),
)  # fmt: skip


def content(folder: Path, name: str, aliases: str = "") -> Roots:
    """Today's content, in which a check has this id and these aliases."""
    today = default_roots()
    shutil.copytree(today.kinds, folder / "resources")
    shutil.copytree(today.checks, folder / "checks")
    shutil.copytree(today.mappings, folder / "mappings")
    file = folder / FILE.format(CHECK)
    text = file.read_text().replace(f"id: {CHECK}\n", f"id: {name}\n{aliases}")
    file.unlink()
    (folder / FILE.format(name)).write_text(text)
    for path in (folder / "mappings").rglob("*.yaml"):
        mapping = path.read_text()
        if CHECK in mapping:
            path.write_text(mapping.replace(CHECK, name))
    return Roots(kinds=folder / "resources", checks=folder / "checks", mappings=folder / "mappings")


@dataclass(frozen=True)
class Story:
    store: str
    libraries: tuple[Library, Library]
    """Before and after the check was renamed."""

    def ledger(self) -> Ledger:
        return Ledger(open_store(self.store), library=self.libraries[1])


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Four nights of one account: the check is renamed before the third, and nothing else happens."""
    folder = tmp_path_factory.mktemp("renamed")
    before = content(folder / "before", EARLIER)
    after = content(folder / "after", CHECK, f"aliases: [{EARLIER}]\n")
    libraries = (load_library(before, lazily=True), load_library(after, lazily=True))
    for day in DAYS:
        number = 0 if day < 3 else 1
        # Of the last night a replay of an older selection: it names the check as it was called.
        taken = read_snapshot(SNAPSHOT)
        selected = {EARLIER if name == CHECK and day != 3 else name for name in taken.checks or ()}
        snapshot = replace(
            taken, id=f"night-{day}", checks=tuple(sorted(selected)),
            started=f"2027-07-0{day}T00:00:00.000Z", finished=f"2027-07-0{day}T00:10:00.000Z",
        )  # fmt: skip
        judged = judge([snapshot], libraries[number], waivers=(WAIVER,))
        commit_scan(
            [snapshot], judged, libraries[number], str(folder / "store"), sign=False,
            waivers=(WAIVER,), roots=(before, after)[number],
        )  # fmt: skip
    return Story(str(folder / "store"), libraries)


def test_nothing_drifts_by_a_new_name(story: Story) -> None:
    ledger = story.ledger()
    _, before, after, _ = ledger.records(TARGET)
    drift = drift_between(ledger, before, after, story.libraries[1], today=date(2027, 7, 4))
    assert (drift.moved, drift.appeared, drift.gone, drift.controls) == ((), (), (), ())
    assert [(change.what, change.detail) for change in drift.changes if change.what != "pack"] == [
        ("renamed", f"{EARLIER} → {CHECK}")
    ]
    assert not list(ledger.changes(after))


def test_a_finding_is_as_old_as_under_its_first_name(story: Story) -> None:
    found = [row for row in story.ledger().state_before(TARGET, "9").values() if row.check == CHECK]
    assert len(found) > 1
    assert {row.ts for row in found} == {"2027-07-01T00:10:00.000Z"}


def test_the_waiver_counts_on_under_the_new_name(story: Story) -> None:
    state = story.ledger().state_before(TARGET, "9")
    (waived,) = [row for row in state.values() if (row.check, row.resource) == (CHECK, SCRATCH)]
    assert (waived.verdict, waived.seq) == ("waived", 1)


def period(story: Story) -> Period:
    ledger = story.ledger()
    history = TargetHistory(
        target=TARGET,
        records=ledger.records(TARGET),
        transitions=ledger.transitions(TARGET),
        told=lambda last: ledger.timelines(TARGET, last),
    )
    packs = {one.sha256: one for one in story.libraries}
    return type2_period(
        [history], story.libraries[1], packs=packs, now=datetime(2027, 8, 1, tzinfo=UTC),
        period=period_window(date(2027, 7, 1), date(2027, 7, 4), UTC), schedule=Schedule(text="daily", hours=24),
    )  # fmt: skip


def test_a_period_has_one_check_with_every_run(story: Story) -> None:
    named = {
        check.check: check.runs
        for control in period(story).controls
        for check in control.checks
        if check.check in (CHECK, EARLIER)
    }
    assert named == {CHECK: len(DAYS)}


def test_the_packs_differ_by_the_id_alone(story: Story) -> None:
    assert list(pack_changes(*story.libraries)) == [("check", f"{CHECK}: id: {EARLIER} → {CHECK}")]


def verified(story: Story) -> Verified:
    store = open_store(story.store)
    found = verify(store)
    Reverifier(Ledger(store), judge_recorded, story.libraries[1]).run(found)
    return found


def test_it_is_judged_again_without_a_difference(story: Story) -> None:
    found = verified(story)
    assert (found.damages, found.not_rejudged) == ([], [])
    assert "4 of 4 records" in found.notes[-1]


@pytest.mark.parametrize("forged", [{}, {EARLIER: "aws-s3-bucket-tls-only"}])
def test_a_record_that_names_another_continuation_is_damage(
    story: Story, tmp_path: Path, forged: dict[str, str]
) -> None:
    """Whoever holds the key could hide a failure behind another check."""
    copied = shutil.copytree(story.store, tmp_path / "store")
    result = verify(open_store(str(copied)))
    (chain,) = result.records.values()
    chain[2] = replace(chain[2], renamed=forged)
    Reverifier(Ledger(open_store(str(copied))), judge_recorded, story.libraries[1]).run(result)
    assert "renamed" in {damage.kind for damage in result.damages}


def test_reperform_finds_it_by_either_name(story: Story, capsys: Captured) -> None:
    # The tscan that reads has no alias: what the records say is enough for the newest name.
    for day in ("2027-07-02", "2027-07-04"):
        arguments = ["reperform", f"{CHECK}@{SCRATCH}", "--store", story.store, "--at", day]
        assert run(arguments) == 0, capsys.readouterr().err
