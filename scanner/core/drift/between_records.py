"""Compares two records of a history, with the state and transitions between them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from scanner.core.calendar import parse_time
from scanner.core.drift.comparison import Drift, drift, state_at
from scanner.model.history import History, Record
from scanner.model.library import Library
from scanner.model.waivers import Waiver


def drift_between(
    history: History,
    before: Record,
    after: Record,
    library: Library,
    *,
    waivers: Sequence[Waiver] = (),
    today: date,
) -> Drift:
    """What changed from one record of a chain to a later one."""
    chain = after.chain
    records = history.records(chain)
    in_order = all(
        parse_time(one.finished) < parse_time(two.finished) for one, two in pairwise(records)
    )
    if in_order:
        following = next(record for record in records if record.seq > before.seq)
        state = dict(history.state_before(chain, following.finished))
        transitions = history.transitions(chain, since=following.finished)
        rows = [row for row in transitions if row.seq <= after.seq]
    else:
        # A history is queried by time. Where a clock jumped, only numbers say what was before what.
        rows = [row for row in history.transitions(chain) if row.seq <= after.seq]
        state = state_at(rows, before.seq)
    return drift(
        before,
        after,
        state,
        rows,
        library,
        waivers=waivers,
        today=today,
        records=records,
    )
