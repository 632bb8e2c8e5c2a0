"""Type I: reports the status of every control by the last record before a date."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from scanner.core.calendar import parse_time
from scanner.core.periods.timelines import LISTING, FindingKey
from scanner.core.periods.type2_period import TargetHistory
from scanner.core.periods.versions import Versions
from scanner.model.controls import Role
from scanner.model.history import Record, Transition
from scanner.model.library import Library
from scanner.model.period import Implemented


def type1_point_in_time(
    chains: Iterable[TargetHistory],
    library: Library,
    *,
    end: datetime,
    packs: Mapping[str, Library] | None = None,
) -> tuple[Implemented, ...]:
    """Every control at the end of a day, by target.

    `not shown` on a target without a record before it.

    `library` is today's; `packs` are those that judged, by digest, as far as they are kept.
    """
    versions = Versions(today=library, packs=packs or {})
    found: list[Implemented] = []
    for chain in chains:
        found.extend(_controls_of_target(chain, versions, end))
    return tuple(found)


def last_before(records: Iterable[Record], end: datetime) -> Record | None:
    """The last record that ended before a moment."""
    before = [record for record in records if parse_time(record.finished) < end]
    return max(before, key=lambda record: record.seq, default=None)


def _controls_of_target(
    chain: TargetHistory,
    versions: Versions,
    end: datetime,
) -> Iterator[Implemented]:
    last = last_before(chain.records, end)
    if last is None:
        for name, control in versions.controls(()).items():
            yield Implemented(
                id=name,
                title=control.title,
                target=chain.target,
                status="not shown",
                seq=0,
                read="",
            )
        return
    verdicts_by_check = _count_verdicts(chain.transitions, last)
    for name, control in versions.controls((last.pack_sha256,)).items():
        counts: Counter[str] = Counter()
        for link in control.checks:
            if link.role is Role.EVIDENCES:
                counts.update(verdicts_by_check.get(link.id, {}))
        yield Implemented(
            id=name,
            title=control.title,
            target=chain.target,
            # A control that the record does not name was not judged by it: its counts are no
            # status.
            status=last.controls.get(name, "not shown"),
            seq=last.seq,
            read=last.finished,
            counts=dict(sorted(counts.items())),
        )


def _count_verdicts(
    transitions: Iterable[Transition],
    last: Record,
) -> dict[str, Counter[str]]:
    """Items by check and verdict after a record."""
    state: dict[FindingKey, str] = {}
    for row in transitions:
        if row.seq > last.seq:
            break
        key = (row.check, row.region, row.resource)
        if row.verdict:
            state[key] = row.verdict
        else:
            state.pop(key, None)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for (check, _, resource), verdict in state.items():
        # A listing is not an item: it must not be counted among the unknown ones.
        counted = "listing not read" if resource == LISTING else verdict
        found[check][counted] += 1
    return found
