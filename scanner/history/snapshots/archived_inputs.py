"""The waivers and attestations of a day as texts, kept with the records that they judged."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any, Final, TypeVar

from scanner.errors import TscanError
from scanner.history.records.segments import stored
from scanner.history.records.statements import stream_of
from scanner.history.stores import Store
from scanner.model.answers import canonical
from scanner.model.attestations import Attestation, Proof
from scanner.model.history import Record
from scanner.model.waivers import SCOPES, Scope, Waiver

T = TypeVar("T")
_NAMES: Final = {kind: name for name, kind in SCOPES.items()}
_WAIVER_DAYS: Final = ("opened", "expires", "committed")
_ATTESTATION_DAYS: Final = ("dated", "valid_until", "covers_from", "covers_to")
_MAY_BE_UNKNOWN: Final = ("committed", "covers_from", "covers_to")


class ArchivedInputs:
    """What people had decided and stated when the records of a store were judged; each text is read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waivers: dict[str, tuple[Waiver, ...]] = {}
        self._attestations: dict[str, tuple[Attestation, ...]] = {}

    def waivers(self, record: Record) -> tuple[Waiver, ...]:
        """The waivers of the day of a record; TscanError where they are damaged."""
        return self._read(record, "waivers", self._waivers, read_waivers)

    def attestations(self, record: Record) -> tuple[Attestation, ...]:
        """The attestations of the day of a record; TscanError where they are damaged."""
        return self._read(record, "attestations", self._attestations, read_attestations)

    def _read(
        self,
        record: Record,
        kind: str,
        known: dict[str, tuple[T, ...]],
        read: Callable[[bytes], tuple[T, ...]],
    ) -> tuple[T, ...]:
        segment = next((segment for segment in record.segments if segment.kind == kind), None)
        if segment is None:
            return ()
        if segment.sha256 not in known:
            content = stored(self._store.get(segment.path), segment)
            try:
                known[segment.sha256] = read(content)
            except ValueError:
                name = f"{stream_of(record.target)}/{record.seq}"
                raise TscanError(
                    f"{name}: its {kind} cannot be read", "'tscan verify' names damage"
                ) from None
        return known[segment.sha256]


def waivers_text(waivers: Iterable[Waiver]) -> bytes:
    """The one text of these waivers, in order of their ids; empty where there are none."""
    return _text(
        asdict(waiver)
        | _days(waiver, _WAIVER_DAYS)
        | {"scope": {_NAMES[type(waiver.scope)]: asdict(waiver.scope)}}
        for waiver in sorted(waivers, key=lambda waiver: waiver.id)
    )


def attestations_text(attestations: Iterable[Attestation]) -> bytes:
    """The one text of these attestations, in order of their ids; empty where there are none."""
    return _text(
        asdict(one) | _days(one, _ATTESTATION_DAYS) for one in sorted(attestations, key=lambda one: one.id)
    )  # fmt: skip


def _text(rows: Iterable[Mapping[str, Any]]) -> bytes:
    found = list(rows)
    return canonical(found).encode() if found else b""


def _days(value: object, names: Iterable[str]) -> dict[str, str]:
    return {name: day.isoformat() if (day := getattr(value, name)) else "" for name in names}


def read_waivers(text: bytes) -> tuple[Waiver, ...]:
    """The waivers of such a text; ValueError for any other."""
    try:
        return tuple(
            Waiver(**{**row, **_read_days(row, _WAIVER_DAYS), "scope": _read_scope(row["scope"])})
            for row in _rows(text)
        )  # fmt: skip
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("these are not waivers of tscan") from error


def read_attestations(text: bytes) -> tuple[Attestation, ...]:
    """The attestations of such a text; ValueError for any other."""
    try:
        return tuple(
            Attestation(
                **{
                    **row,
                    **_read_days(row, _ATTESTATION_DAYS),
                    "evidence": tuple(Proof(**proof) for proof in row["evidence"]),
                }
            )
            for row in _rows(text)
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("these are not attestations of tscan") from error


def _rows(text: bytes) -> list[dict[str, Any]]:
    rows = json.loads(text) if text else []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TypeError("rows are expected")
    return rows


def _read_days(row: Mapping[str, Any], names: Iterable[str]) -> dict[str, date | None]:
    return {
        name: None if name in _MAY_BE_UNKNOWN and row[name] == "" else date.fromisoformat(row[name])
        for name in names
    }


def _read_scope(scope: Mapping[str, Mapping[str, str]]) -> Scope:
    ((name, parts),) = scope.items()
    return SCOPES[name](**parts)
