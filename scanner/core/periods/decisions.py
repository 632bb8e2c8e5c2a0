"""Lists the waivers and attestations that the records of a period were judged with.

Each with the records over which it held.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from scanner.core.calendar import parse_time
from scanner.core.judging.waive import assess_waivers
from scanner.model.attestations import Attestation
from scanner.model.decisions import AttestationSpan, StandingSpan, WaiverSpan
from scanner.model.history import Record
from scanner.model.waivers import Waiver


def waiver_periods(
    records: Iterable[Record],
    inside: Callable[[Record], bool],
    waivers_of: Callable[[Record], Sequence[Waiver]],
) -> tuple[WaiverSpan, ...]:
    """The waivers of one target that any of its records inside a period was given.

    `records` are the whole chain.
    """
    first: dict[Waiver, Record] = {}
    given: dict[Waiver, list[Record]] = defaultdict(list)
    for record in records:
        for waiver in waivers_of(record):
            # Targets that were judged together share one file of waivers.
            if waiver.target != record.target:
                continue
            first.setdefault(waiver, record)
            if inside(record):
                given[waiver].append(record)
    ordered = sorted(given.items(), key=_by_id_and_last_record)
    return tuple(_waiver_span(waiver, first[waiver], those) for waiver, those in ordered)


def _by_id_and_last_record(entry: tuple[Waiver, Sequence[Record]]) -> tuple[str, int]:
    waiver, records = entry
    return (waiver.id, records[-1].seq)


def _waiver_span(
    waiver: Waiver,
    first: Record,
    records: Sequence[Record],
) -> WaiverSpan:
    last = records[-1]
    return WaiverSpan(
        target=waiver.target,
        waiver=waiver.id,
        accepts=str(waiver.scope),
        reason=waiver.reason,
        approver=waiver.approver,
        author=waiver.author,
        compensating=waiver.compensating,
        opened=waiver.opened,
        committed=waiver.committed.isoformat() if waiver.committed else "",
        expires=waiver.expires,
        first_seq=first.seq,
        first_read=first.finished,
        last_seq=last.seq,
        last_read=last.finished,
        standings=tuple(_standings(waiver, records)),
    )


def _standings(
    waiver: Waiver,
    records: Iterable[Record],
) -> Iterator[StandingSpan]:
    """Runs of records in which the waiver had the same standing for the same reason."""
    # A record that was not given the waiver ends a run: numbers that follow each other keep their
    # distance to the index.
    weighed = [
        (*_standing(waiver, record), record.seq - index, record)
        for index, record in enumerate(records)
    ]
    for (standing, why, _), group in groupby(weighed, key=lambda one: one[:3]):
        same = [record for *_, record in group]
        yield StandingSpan(
            standing=standing,
            why=why,
            first_seq=same[0].seq,
            first_read=same[0].finished,
            last_seq=same[-1].seq,
            last_read=same[-1].finished,
        )


def _standing(waiver: Waiver, record: Record) -> tuple[str, str]:
    """The standing of a waiver when a record was made, by the statuses of its controls.

    Also why it did not count; `` where it did.
    """
    today = {waiver.target: parse_time(record.finished).date()}
    # On the day of the record, and not today: a waiver that expired since was in force then.
    (weighed,) = assess_waivers([waiver], today, record.controls)
    return weighed.standing.value, weighed.why


def attestation_periods(
    records: Iterable[Record], attestations_of: Callable[[Record], Sequence[Attestation]]
) -> tuple[AttestationSpan, ...]:
    """The attestations that these records, of any target, were given."""
    times_by_attestation: dict[Attestation, list[str]] = defaultdict(list)
    for record in records:
        for attestation in attestations_of(record):
            times_by_attestation[attestation].append(record.finished)
    ordered = sorted(times_by_attestation, key=lambda one: (one.control, one.dated, one.id))
    return tuple(_attestation_span(one, times_by_attestation[one]) for one in ordered)


def _attestation_span(attestation: Attestation, times: Sequence[str]) -> AttestationSpan:
    return AttestationSpan(
        attestation=attestation.id,
        control=attestation.control,
        statement=attestation.statement,
        by=attestation.by,
        dated=attestation.dated,
        valid_until=attestation.valid_until,
        evidence=tuple(proof.reference for proof in attestation.evidence),
        first_read=min(times),
        last_read=max(times),
    )
