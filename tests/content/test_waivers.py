"""`waivers.yaml`: read whole, or refused with every mistake in it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from scanner.content.waivers import load_waivers
from scanner.errors import ContentError, TscanError

GOOD = (Path(__file__).parent / "pack/waivers.yaml").read_text()


def test_it_is_read() -> None:
    (waiver,) = load_waivers(Path(__file__).parent / "pack/waivers.yaml")
    assert (waiver.id, waiver.operation, waiver.region) == ("W-1", "inspector2:ListCoverage", "eu-west-1")
    assert (waiver.opened, waiver.expires) == (date(2026, 11, 1), date(2027, 2, 1))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("2027-02-01", "2026-11-01", ":8:14: a waiver ends after it begins"),
        ("2027-02-01", "2028-02-01", ":8:14: a waiver lasts 366 days at most"),
        ("2027-02-01", "2027-02-30", ":8:14: '2027-02-30' is not a day"),
        ("inspector2:ListCoverage", "*", ":4:50: "),
        ("    approver: cto@example.com\n", "", ":3:5: 'approver' is missing"),
        ("reason: Inspector is not offered there yet.", "reason: ''", ":5:13: "),
        ("    opened:", "    open:", ":7:5: unknown key 'open'"),
    ],
)
def test_a_mistake_is_shown_where_it_stands(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert old in GOOD
    (tmp_path / "w.yaml").write_text(GOOD.replace(old, new))
    with pytest.raises(ContentError) as caught:
        load_waivers(tmp_path / "w.yaml")
    assert problem in str(caught.value)


def test_an_id_stands_once(tmp_path: Path) -> None:
    entry = GOOD.partition("waivers:\n")[2]
    (tmp_path / "w.yaml").write_text(GOOD + entry)
    with pytest.raises(ContentError, match="waiver 'W-1' stands twice"):
        load_waivers(tmp_path / "w.yaml")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TscanError, match="cannot be read"):
        load_waivers(tmp_path / "none.yaml")
