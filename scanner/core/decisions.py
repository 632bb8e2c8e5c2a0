"""Which waivers and attestations the records of a period were judged with, from when on, and until when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from scanner.model.attestations import Attestation
from scanner.model.decisions import AttestationSpan, WaiverSpan
from scanner.model.history import Record
from scanner.model.waivers import Waiver


def waiver_spans(
    records: Iterable[Record], inside: Callable[[Record], bool], waivers_of: Callable[[Record], Sequence[Waiver]]
) -> tuple[WaiverSpan, ...]:
    """The waivers of one target that any of its records inside a period was given; `records` are the whole chain."""
    first: dict[Waiver, Record] = {}
    last: dict[Waiver, Record] = {}
    for record in records:
        for waiver in waivers_of(record):
            if waiver.target == record.target:
                first.setdefault(waiver, record)
                if inside(record):
                    last[waiver] = record
    return tuple(_waiver_span(waiver, first[waiver], record) for waiver, record in sorted(last.items(), key=_order))


def _order(entry: tuple[Waiver, Record]) -> tuple[str, int]:
    waiver, record = entry
    return (waiver.id, record.seq)


def _waiver_span(waiver: Waiver, first: Record, last: Record) -> WaiverSpan:
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
    )


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
        for one, times in sorted(reads.items(), key=lambda entry: (entry[0].control, entry[0].dated, entry[0].id))
    )
