"""The JSON of a scan before it is committed: with first_seen from the history that there is."""

from __future__ import annotations

from scanner.core.periods.first_seen import FirstSeen
from scanner.formats import Report
from scanner.formats.json import render
from scanner.history.ledger.ledger import Ledger
from scanner.history.stores import open_store
from scanner.model.findings import Assessment
from scanner.model.library import Library


def scan_result(assessment: Assessment, library: Library, store: str) -> str:
    """What `tscan scan --format json` writes of one target, before it commits."""
    (target,) = assessment.targets
    first_seen = FirstSeen({target["id"]: assessment.finished}, Ledger(open_store(store)).state)
    return render(Report(assessment=assessment, library=library, first_seen=first_seen))
