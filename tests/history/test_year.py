"""The 365 nights of `tests.helpers.year` through a store: committed as scans are, reported on,
verified and compacted."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date

import pytest

from scanner.cli import run
from scanner.core.periods.type2_period import TargetHistory
from scanner.history.ledger.compact import compact
from scanner.history.ledger.ledger import Ledger
from scanner.history.records.seal import make_key
from scanner.history.stores import open_store
from scanner.history.verification.verify import verify
from scanner.model.findings import ControlResult, Counts, Status
from scanner.model.period import Period
from tests.helpers.nights import HERE
from tests.helpers.small_scans import scan
from tests.helpers.year import (
    CHECKS,
    NIGHTS,
    Year,
    hold_faults,
    hold_jobs,
    hold_missed,
    hold_times,
    make_year,
    report,
    tonight,
)

pytestmark = pytest.mark.slow
CONTROLS = tuple(
    ControlResult(id=name, status=Status.PASS, reasons=(), counts=Counts()) for name in ("C", "J")
)


@dataclass(frozen=True)
class Kept:
    """A year with the store that it was committed to."""

    year: Year
    store: str

    def period(self) -> Period:
        ledger = Ledger(open_store(self.store))
        return report(
            TargetHistory(
                target=HERE,
                records=ledger.records(HERE),
                transitions=(),
                told=lambda last: ledger.timelines(HERE, last),
            )
        )


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("year")
    year = make_year(4)
    signer = make_key(folder / "key.pem")
    ledger = Ledger(open_store(str(folder / "store")), signer)
    for number in year.nights:
        found = scan(number, tonight(year, number), checks=CHECKS)
        when = f"{date.fromordinal(date(2026, 1, 1).toordinal() + number)}T02"
        taken = replace(found.snapshot, started=f"{when}:00:00.000Z", finished=f"{when}:10:00.000Z")
        ledger.commit(
            replace(found, snapshot=taken, assessment=replace(found.assessment, controls=CONTROLS))
        )
    return Kept(year, str(folder / "store"))


@pytest.fixture(scope="module")
def told(kept: Kept) -> tuple[Year, Period]:
    return kept.year, kept.period()


def test_every_fault_that_was_there_at_a_read_is_found_with_its_times(
    told: tuple[Year, Period],
) -> None:
    hold_times(*told)


def test_every_fault_of_an_interval_is_found_or_was_not_read(told: tuple[Year, Period]) -> None:
    hold_faults(*told)


def test_every_missed_night_is_listed_and_none_counts_as_a_pass(told: tuple[Year, Period]) -> None:
    hold_missed(*told)


def test_a_failed_job_that_the_provider_forgot_is_still_there(told: tuple[Year, Period]) -> None:
    hold_jobs(*told)


def test_columns_and_transitions_make_the_same_report(kept: Kept) -> None:
    ledger = Ledger(open_store(kept.store))
    assert report(
        TargetHistory(target=HERE, records=ledger.records(HERE), transitions=ledger.transitions(HERE))
    ) == kept.period()  # fmt: skip


def test_the_command_lists_every_missed_night(
    kept: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "period",
        "--from",
        "2026-01-01",
        "--to",
        "2026-12-31",
        "--store",
        kept.store,
        "--format",
        "json",
    ]
    assert run(words) == 0
    (target,) = json.loads(capsys.readouterr().out)["targets"]
    missed = {
        (date.fromisoformat(slot["start"][:10]) - date(2026, 1, 1)).days
        for slot in target["missed"]
    }
    assert missed == {number for number in kept.year.missed if number < target["expected"]}
    assert target["records"] == NIGHTS - len(kept.year.missed)


def test_the_year_verifies_also_when_it_is_compacted(kept: Kept) -> None:
    before = kept.period()
    seen = verify(open_store(kept.store))
    assert (seen.damages, seen.unsigned, len(seen.records["aws=111122223333"])) == (
        [],
        0,
        NIGHTS - 25,
    )
    assert compact(open_store(kept.store), now=4e9).superseded > 0
    assert not verify(open_store(kept.store)).damages
    assert kept.period() == before
