"""Which waivers and attestations the records of a period were judged with, from when on, and until when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from scanner.core.calendar import moment
from scanner.core.judging.waive import weigh
from scanner.model.attestations import Attestation
from scanner.model.decisions import AttestationSpan, StandingSpan, WaiverSpan
from scanner.model.history import Record
from scanner.model.waivers import Waiver


def waiver_spans(
    records: Iterable[Record],
    inside: Callable[[Record], bool],
    waivers_of: Callable[[Record], Sequence[Waiver]],
) -> tuple[WaiverSpan, ...]:
    """The waivers of one target that any of its records inside a period was given; `records` are the whole chain."""
    first: dict[Waiver, Record] = {}
    given: dict[Waiver, list[Record]] = {}
    for record in records:
        for waiver in waivers_of(record):
            if waiver.target == record.target:
                first.setdefault(waiver, record)
                if inside(record):
                    given.setdefault(waiver, []).append(record)
    return tuple(
        _waiver_span(waiver, first[waiver], those)
        for waiver, those in sorted(given.items(), key=_order)
    )


def _order(entry: tuple[Waiver, Sequence[Record]]) -> tuple[str, int]:
    waiver, records = entry
    return (waiver.id, records[-1].seq)


def _waiver_span(waiver: Waiver, first: Record, records: Sequence[Record]) -> WaiverSpan:
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


def _standings(waiver: Waiver, records: Iterable[Record]) -> Iterator[StandingSpan]:
    """A record says what its controls read: by that, a waiver lapsed or did not."""
    # A record that was not given the waiver parts those around it: numbers that follow each other keep their distance.
    weighed = (
        (*_worth(waiver, record), record.seq - place, record)
        for place, record in enumerate(records)
    )
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


def _worth(waiver: Waiver, record: Record) -> tuple[str, str]:
    (weighed,) = weigh([waiver], {waiver.target: moment(record.finished).date()}, record.controls)
    return weighed.standing.value, weighed.why


def attestation_spans(
    records: Iterable[Record], attestations_of: Callable[[Record], Sequence[Attestation]]
) -> tuple[AttestationSpan, ...]:
    """The attestations that these records, of any target, were given."""
    reads: dict[Attestation, list[str]] = {}
    for record in records:
        for one in attestations_of(record):
            reads.setdefault(one, []).append(record.finished)
    return tuple(
        AttestationSpan(
            attestation=one.id,
            control=one.control,
            statement=one.statement,
            by=one.by,
            dated=one.dated,
            valid_until=one.valid_until,
            evidence=tuple(proof.reference for proof in one.evidence),
            first_read=min(times),
            last_read=max(times),
        )
        for one, times in sorted(
            reads.items(), key=lambda entry: (entry[0].control, entry[0].dated, entry[0].id)
        )
    )
