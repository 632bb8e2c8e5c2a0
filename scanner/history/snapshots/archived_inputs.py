"""Archive the waivers and attestations that judged a record, and read them again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, Final, TypeVar

from scanner.errors import TscanError
from scanner.history.records.segments import checked_content
from scanner.history.records.statements import stream_of
from scanner.history.stores import Store
from scanner.model.answers import canonical
from scanner.model.attestations import Attestation, EvidenceReference
from scanner.model.history import Record
from scanner.model.waivers import SCOPES, Scope, Waiver

T = TypeVar("T")
_Row = dict[str, Any]
"""A waiver or an attestation as JSON."""
_SCOPE_NAMES: Final = {kind: name for name, kind in SCOPES.items()}
_WAIVER_DAYS: Final = ("opened", "expires", "committed")
_ATTESTATION_DAYS: Final = ("dated", "valid_until", "covers_from", "covers_to")
_OPTIONAL_DAYS: Final = ("committed", "covers_from", "covers_to")
"""Days that may be unknown, which is `` in JSON."""


class ArchivedInputs:
    """The waivers and attestations of the records of a store; each text is parsed once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waivers: dict[str, tuple[Waiver, ...]] = {}
        self._attestations: dict[str, tuple[Attestation, ...]] = {}

    def waivers(self, record: Record) -> tuple[Waiver, ...]:
        """The waivers that judged a record; TscanError where they are damaged."""
        return self._read(record, "waivers", self._waivers, read_waivers)

    def attestations(self, record: Record) -> tuple[Attestation, ...]:
        """The attestations that judged a record; TscanError where they are damaged."""
        return self._read(record, "attestations", self._attestations, read_attestations)

    def _read(
        self,
        record: Record,
        kind: str,
        cache: dict[str, tuple[T, ...]],
        parse: Callable[[bytes], tuple[T, ...]],
    ) -> tuple[T, ...]:
        for segment in record.segments:
            if segment.kind != kind:
                continue
            if segment.sha256 not in cache:
                content = checked_content(self._store.get(segment.path), segment)
                try:
                    cache[segment.sha256] = parse(content)
                except ValueError:
                    name = f"{stream_of(record.chain)}/{record.seq}"
                    hint = "'tscan verify' lists all damage"
                    raise TscanError(f"{name}: its {kind} cannot be read", hint) from None
            return cache[segment.sha256]
        # No segment means none: with nothing to archive, no file is written.
        return ()


def waivers_text(waivers: Iterable[Waiver]) -> bytes:
    """Waivers as canonical JSON, sorted by id; empty where there are none."""
    rows: list[_Row] = []
    for waiver in sorted(waivers, key=lambda waiver: waiver.id):
        row = asdict(waiver)
        # The members of a scope do not show which kind it is.
        scope_name = _SCOPE_NAMES[type(waiver.scope)]
        row["scope"] = {scope_name: asdict(waiver.scope)}
        row.update(_days(waiver, _WAIVER_DAYS))
        rows.append(row)
    return _text(rows)


def attestations_text(attestations: Iterable[Attestation]) -> bytes:
    """Attestations as canonical JSON, sorted by id; empty where there are none."""
    rows: list[_Row] = []
    for attestation in sorted(attestations, key=lambda attestation: attestation.id):
        row = asdict(attestation)
        row.update(_days(attestation, _ATTESTATION_DAYS))
        rows.append(row)
    return _text(rows)


def _text(rows: Sequence[_Row]) -> bytes:
    # An empty text is not archived: a record names waivers only where there were some.
    if not rows:
        return b""
    return canonical(rows).encode()


def _days(value: Waiver | Attestation, names: Iterable[str]) -> dict[str, str]:
    days: dict[str, str] = {}
    for name in names:
        day: date | None = getattr(value, name)
        days[name] = ""
        if day is not None:
            days[name] = day.isoformat()
    return days


def read_waivers(text: bytes) -> tuple[Waiver, ...]:
    """The waivers in a text of `waivers_text`; ValueError for any other text."""
    return _parsed(text, _waiver, "not waivers of tscan")


def read_attestations(text: bytes) -> tuple[Attestation, ...]:
    """The attestations in a text of `attestations_text`; ValueError for any other text."""
    return _parsed(text, _attestation, "not attestations of tscan")


def _parsed(text: bytes, build: Callable[[_Row], T], problem: str) -> tuple[T, ...]:
    try:
        return tuple(build(row) for row in _rows(text))
    except (AttributeError, KeyError, TypeError) as error:
        # A member is missing, unknown or of another type.
        raise ValueError(problem) from error


def _waiver(row: _Row) -> Waiver:
    members = row | _read_days(row, _WAIVER_DAYS)
    members["scope"] = _read_scope(row["scope"])
    return Waiver(**members)


def _attestation(row: _Row) -> Attestation:
    members = row | _read_days(row, _ATTESTATION_DAYS)
    members["evidence"] = tuple(EvidenceReference(**proof) for proof in row["evidence"])
    return Attestation(**members)


def _rows(text: bytes) -> Iterator[_Row]:
    if not text:
        return
    rows = json.loads(text)
    if not isinstance(rows, list):
        raise TypeError("rows are expected")
    for row in rows:
        if not isinstance(row, dict):
            raise TypeError("rows are expected")
        yield row


def _read_days(row: Mapping[str, str], names: Iterable[str]) -> dict[str, date | None]:
    days: dict[str, date | None] = {}
    for name in names:
        if name in _OPTIONAL_DAYS and row[name] == "":
            days[name] = None
        else:
            days[name] = date.fromisoformat(row[name])
    return days


def _read_scope(scope: Mapping[str, Mapping[str, str]]) -> Scope:
    ((name, members),) = scope.items()
    return SCOPES[name](**members)
