"""An attestation counts from its day to its last one; the newest one that ended says why there is
none."""

from __future__ import annotations

from datetime import date

import pytest

from scanner.core.judging.attestations import assess_attestations, attested_controls, stale_controls
from scanner.model.attestations import Attestation, EvidenceReference


def said(name: str, control: str, dated: date, until: date) -> Attestation:
    return Attestation(
        id=name, control=control, statement="s", by="a@b.c", dated=dated, valid_until=until,
        evidence=(EvidenceReference(reference="r"),),
    )  # fmt: skip


FIRST = said("q1", "MC-1", date(2026, 1, 10), date(2026, 3, 31))
SECOND = said("q2", "MC-1", date(2026, 4, 10), date(2026, 6, 30))
OTHER = said("q1-other", "MC-2", date(2026, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("today", "counting", "why"),
    [
        (date(2026, 1, 9), {"MC-2"}, "q2 by a@b.c: is dated 2026-04-10, after the scan"),
        (date(2026, 1, 10), {"MC-1", "MC-2"}, None),
        (date(2026, 3, 31), {"MC-1", "MC-2"}, None),
        (date(2026, 4, 1), {"MC-2"}, "q2 by a@b.c: is dated 2026-04-10, after the scan"),
        (date(2026, 4, 10), {"MC-1", "MC-2"}, None),
        (date(2026, 7, 1), {"MC-2"}, "q2 by a@b.c: ended on 2026-06-30"),
    ],
)
def test_the_day_decides(today: date, counting: set[str], why: str | None) -> None:
    weighed = assess_attestations([SECOND, OTHER, FIRST], today)
    assert attested_controls(weighed) == counting
    assert stale_controls(weighed).get("MC-1") == why
    assert all(one.current is not bool(one.why) for one in weighed)
