"""Type I: what the last record at or before a date says of every control."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from scanner.core.calendar import moment
from scanner.core.periods.timelines import ANY
from scanner.core.periods.type2_period import Chain
from scanner.core.periods.versions import Versions
from scanner.model.controls import Role
from scanner.model.history import Record, Transition
from scanner.model.library import Library
from scanner.model.period import Implemented


def type1_point_in_time(
    chains: Iterable[Chain],
    library: Library,
    *,
    end: datetime,
    packs: Mapping[str, Library] | None = None,
) -> tuple[Implemented, ...]:
    """Every control at the end of a day, target by target; without a record before it, it is not shown.

    `library` is today's; `packs` are those that judged, by digest, as far as they are kept.
    """
    versions = Versions(today=library, packs=packs or {})
    return tuple(found for chain in chains for found in _target(chain, versions, end))


def last_before(records: Iterable[Record], end: datetime) -> Record | None:
    """The last record that ended before a moment."""
    before = [record for record in records if moment(record.finished) < end]
    return max(before, key=lambda record: record.seq, default=None)


def _target(chain: Chain, versions: Versions, end: datetime) -> Iterator[Implemented]:
    last = last_before(chain.records, end)
    tallies = _counts(chain.transitions, last) if last else {}
    for name, control in versions.controls((last.pack_sha256,) if last else ()).items():
        counts: Counter[str] = Counter()
        for link in control.checks:
            if link.role is Role.EVIDENCES:
                counts.update(tallies.get(link.id, {}))
        yield Implemented(
            id=name,
            title=control.title,
            target=chain.target,
            status=last.controls.get(name, "not shown") if last else "not shown",
            seq=last.seq if last else 0,
            read=last.finished if last else "",
            counts=dict(sorted(counts.items())),
        )


def _counts(transitions: Iterable[Transition], last: Record) -> dict[str, Counter[str]]:
    state: dict[tuple[str, str, str], str] = {}
    for row in transitions:
        if row.seq > last.seq:
            break
        key = (row.check, row.region, row.resource)
        if row.verdict:
            state[key] = row.verdict
        else:
            state.pop(key, None)
    found: dict[str, Counter[str]] = {}
    for (check, _, resource), verdict in state.items():
        found.setdefault(check, Counter())["listing not read" if resource == ANY else verdict] += 1
    return found
