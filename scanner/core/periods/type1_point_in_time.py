"""Type I: reports the status of every control by the last record before a date."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from scanner.core.calendar import parse_time
from scanner.core.periods.timelines import GRAVITY, LISTING
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
    state = _state_after(chain.transitions, last)
    for name, control in versions.controls((last.pack_sha256,)).items():
        checks = [link.id for link in control.checks if link.role is Role.EVIDENCES]
        yield Implemented(
            id=name,
            title=control.title,
            target=chain.target,
            # A control that the record does not name was not judged by it: its counts are no
            # status.
            status=last.controls.get(name, "not shown"),
            seq=last.seq,
            read=last.finished,
            counts=_count_resources(checks, state, versions),
        )


def _state_after(
    transitions: Iterable[Transition],
    last: Record,
) -> dict[str, dict[tuple[str, str], str]]:
    """Verdicts after a record, by check and then by region and resource."""
    state: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
    for row in transitions:
        if row.seq > last.seq:
            break
        if row.verdict:
            state[row.check][row.region, row.resource] = row.verdict
        else:
            state[row.check].pop((row.region, row.resource), None)
    return state


def _count_resources(
    checks: Iterable[str],
    state: Mapping[str, Mapping[tuple[str, str], str]],
    versions: Versions,
) -> dict[str, int]:
    """Resources by the gravest verdict of these checks, and the listings that were not read."""
    verdicts: dict[tuple[str, str], str] = {}
    unread: set[tuple[str, str]] = set()
    for check in checks:
        for (region, resource), verdict in state.get(check, {}).items():
            # A listing is not a resource: it must not be counted among the unknown ones.
            if resource == LISTING:
                unread.add((versions.kind(check), region))
                continue
            known = verdicts.get((region, resource), verdict)
            verdicts[region, resource] = min(known, verdict, key=GRAVITY.index)
    counts = Counter(verdicts.values())
    if unread:
        counts["listing not read"] = len(unread)
    return dict(sorted(counts.items()))
