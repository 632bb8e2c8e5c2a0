"""Verification: what in a store is not as it was committed, each with its record, its file and the kind of damage."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from scanner.core.calendar import moment
from scanner.core.periods.stretches import dated_before
from scanner.errors import TscanError
from scanner.history.ledger.anchors import Anchor
from scanner.history.records.seal import SealError, key_id, load_public, open_envelope, verifies
from scanner.history.records.segments import (
    KEPT_ONCE,
    REBUILT,
    SegmentError,
    checkpoints,
    row_count,
)
from scanner.history.records.statements import place_of, record_key, record_of, stream_of
from scanner.history.records.store_format import MARKER, check_marker
from scanner.history.stores import Store, fetch_all, get_all
from scanner.model.history import Record, Segment

_OVERLAP: Final = timedelta(
    hours=12
)  # so long a scan may read its other targets, and judge, until it is committed


@dataclass(frozen=True, slots=True, order=True)
class Damage:
    """One thing that is wrong."""

    record: str
    """The chain and number: `aws=123456789012/7`; `` for what belongs to no record."""
    file: str
    kind: str
    """`missing`, `truncated`, `edited`, `reordered`, `duplicated`, `back-dated`, `unsigned`, `unknown key`, …"""
    detail: str = ""

    def __str__(self) -> str:
        where = f"record {self.record}: " if self.record else ""
        return f"{where}{self.file}: {self.kind}" + (f" ({self.detail})" if self.detail else "")


@dataclass(slots=True)
class Verified:
    """What a verification saw."""

    damages: list[Damage] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    heads: dict[str, str] = field(default_factory=dict)
    """By chain: number and digest of the newest record, to be kept outside."""
    records: dict[str, list[Record]] = field(default_factory=dict)
    """By chain: those that could be read, in order."""
    anchored: dict[str, Anchor] = field(default_factory=dict)
    """By chain: the anchor of the highest number that fits; what is up to there cannot have been changed since."""
    unsigned: int = 0
    open: int = 0
    """Records that were to be judged again, and could not be."""
    files: int = 0
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Read:
    """One record's file."""

    key: str
    stream: str
    seq: int
    sha256: str
    record: Record | None
    signature: str
    """As `verifies` says."""
    signer: str = ""

    @property
    def name(self) -> str:
        return f"{self.stream}/{self.seq}"


def verify(
    store: Store, *, trusted: Mapping[str, bytes] | None = None, anchors: Sequence[Anchor] = ()
) -> Verified:
    """Everything but the verdicts; TscanError where there is no history, or one of a newer tscan.

    `trusted` are public keys by id, from outside the store; none: those that the store carries. `anchors` say
    from outside what its chains held.
    """
    begun = check_marker(store)
    entries = {entry.key: entry for entry in store.list("")}
    if not any(place_of(key) for key in entries) and not anchors:
        raise TscanError(
            f"{store.name}: there is no history here", "name the store that 'tscan scan' wrote"
        )
    run = _Run(store, Verified(), sealed=trusted is not None)
    if not begun:
        run.damage("", MARKER, "missing")
    keys = trusted if trusted is not None else run.own_keys(entries)
    run.seen.keys = tuple(sorted(keys))
    streams: dict[str, list[int]] = defaultdict(list)
    for key in entries:
        if place := place_of(key):
            streams[place[0]].append(place[1])
        elif key.startswith("log/"):
            run.damage("", key, "foreign", "not the name of a record")
    for stream in sorted(streams):
        run.chain(stream, sorted(streams[stream]), keys)
    run.anchors(anchors)
    run.segments({key: entry.size for key, entry in entries.items()})
    run.seen.damages.sort()
    return run.seen


class _Run:
    """One verification while it goes on."""

    def __init__(self, store: Store, seen: Verified, *, sealed: bool) -> None:
        self.store = store
        self.seen = seen
        self.sealed = sealed  # with a trusted key: a record that it does not vouch for is damage
        self.digests: dict[str, dict[int, str]] = {}

    def damage(self, record: str, file: str, kind: str, detail: str = "") -> None:
        self.seen.damages.append(Damage(record, file, kind, detail))

    def own_keys(self, entries: Mapping[str, object]) -> dict[str, bytes]:
        """The public keys that the store carries, each held against its name."""
        found: dict[str, bytes] = {}
        for key in sorted(name for name in entries if name.startswith("keys/")):
            pem = self.store.get(key) or b""
            named = key.removeprefix("keys/").removesuffix(".pem")
            try:
                load_public(pem)
            except TscanError as error:
                self.damage("", key, "edited", error.message)
                continue
            if key_id(pem) != named:
                self.damage("", key, "edited", "its name is not its digest")
            else:
                found[named] = pem
        return found

    def chain(self, stream: str, numbers: list[int], keys: Mapping[str, bytes]) -> None:
        """Every record of a chain, and how they follow each other."""
        for number in sorted(set(range(1, numbers[-1])) - set(numbers)):
            self.damage(f"{stream}/{number}", record_key(stream, number), "missing")
        names = [record_key(stream, number) for number in numbers]
        contents = get_all(self.store, names)
        read = [
            self._read(key, content or b"", keys)
            for key, content in zip(names, contents, strict=True)
        ]
        self.digests[stream] = {one.seq: one.sha256 for one in read}
        self.seen.heads[stream] = f"{stream}/{read[-1].seq}:{read[-1].sha256}"
        self._signatures(read)
        before: _Read | None = None
        for one in read:
            self._follows(before, one)
            before = one
        self._twice(read)
        self.seen.records[stream] = [one.record for one in read if one.record is not None]
        self.seen.files += len(read)

    def _read(self, key: str, content: bytes, keys: Mapping[str, bytes]) -> _Read:
        stream, seq = place_of(key) or ("", 0)
        digest = hashlib.sha256(content).hexdigest()
        try:
            envelope = open_envelope(content)
            signature = verifies(envelope, keys)
            record = record_of(envelope.payload, key)
        except SealError as error:
            kind = "truncated" if not content.endswith(b"\n") else "edited"
            self.damage(f"{stream}/{seq}", key, kind, str(error))
            return _Read(key, stream, seq, digest, None, "")
        signer = envelope.signatures[0][0] if envelope.signatures else ""
        return _Read(key, stream, seq, digest, record, signature, signer)

    def _signatures(self, read: list[_Read]) -> None:
        signed = False
        by = ""
        last = max(
            (one.seq for one in read if one.record is not None and not one.signature), default=0
        )
        for one in read:
            if by and one.signer and one.signer != by:
                self.seen.notes.append(
                    f"from record {one.name} on: signed with another key ({one.signer[:16]})"
                )
            by = one.signer or by
            kind, _, detail = one.signature.partition(" key ")
            if one.signature == "unsigned":
                self.seen.unsigned += 1
                if signed:
                    self.damage(one.name, one.key, "unsigned", "the records before it are signed")
                elif self.sealed and one.seq > last:
                    self.damage(
                        one.name,
                        one.key,
                        "unsigned",
                        "nor is any record after it, which would vouch for it",
                    )
            elif one.signature == "edited":
                self.damage(one.name, one.key, "edited", "its signature does not fit")
            elif kind == "unknown":
                self.damage(one.name, one.key, "unknown key", detail)
            signed = signed or (one.record is not None and not one.signature)

    def _follows(self, before: _Read | None, one: _Read) -> None:
        """Number, chain, time and predecessor of a record against where it lies."""
        record = one.record
        if record is None:
            return
        if stream_of(record.target) != one.stream:
            self.damage(one.name, one.key, "reordered", f"it is a record of {record.target}")
        elif record.seq != one.seq:
            self.damage(one.name, one.key, "reordered", f"it is record {record.seq}")
        if record.finished < record.started:
            self.damage(one.name, one.key, "back-dated", "it ends before it begins")
        if before is None or before.seq != one.seq - 1:
            if one.seq == 1 and record.previous_sha256:
                self.damage(one.name, one.key, "edited", "the first record names one before it")
            return  # what is missing is named as missing
        if record.previous_sha256 != before.sha256:
            # The one before is not what this one saw; both are named, for either may be the one that was changed.
            self.damage(
                before.name, before.key, "replaced", f"record {one.seq} follows another one"
            )
            self.damage(
                one.name, one.key, "chain broken", "it does not follow the record before it"
            )
        if before.record is not None and dated_before(before.record, record):
            self._back_dated(before, one, moment(before.record.started) - moment(record.finished))

    def _back_dated(self, before: _Read, one: _Read, by: timedelta) -> None:
        when = f"it ends {str(by).partition('.')[0]} before record {before.seq} began"
        if by > _OVERLAP:
            self.damage(one.name, one.key, "back-dated", f"{when}: or a clock that jumped")
        else:
            self.seen.notes.append(
                f"record {one.name}: {when}: their scans overlapped, or a clock was set back"
            )

    def _twice(self, read: list[_Read]) -> None:
        first: dict[str, _Read] = {}
        for one in read:
            for mark in (one.sha256, one.record.scan if one.record else one.sha256):
                other = first.setdefault(mark, one)
                if other is not one:
                    self.damage(
                        one.name, one.key, "duplicated", f"the same scan is record {other.seq}"
                    )
                    break

    def anchors(self, anchors: Sequence[Anchor]) -> None:
        """Each anchor against its chain: the one thing that shows that the newest records were cut off."""
        for anchor in sorted(anchors, key=lambda one: (one.stream, one.seq)):
            if denied := anchor.denies(self.digests.get(anchor.stream, {})):
                self.damage(anchor.name, anchor.key, *denied)
            elif anchor.firm:
                self.seen.anchored[anchor.stream] = anchor

    def segments(self, sizes: Mapping[str, int]) -> None:
        """Every segment that a record names, once; and what no record names."""
        named: dict[str, tuple[str, Segment]] = {}
        newest: set[str] = set()
        for stream, records in self.seen.records.items():
            for record in records:
                for segment in record.segments:
                    self._named(named, f"{stream}/{record.seq}", segment)
            newest |= {one.path for one in checkpoints(records)}
        digests = {segment.sha256: path for path, (_, segment) in named.items()}
        there: list[str] = []
        for path in sorted(named):
            record_name, segment = named[path]
            if path in sizes:
                there.append(path)
            elif segment.kind not in REBUILT or path in newest:
                self.damage(record_name, path, "missing")
        self.seen.files += len(there)
        for path, found in zip(there, fetch_all(self.store, there, self._fetch), strict=True):
            self._segment(*named[path], found, digests)
        orphans = [key for key in sizes if key.startswith("segments/") and key not in named]
        if orphans:
            self.seen.notes.append(
                f"{len(orphans)} segments are named by no record: left by scans that broke off or were overtaken"
            )

    def _named(self, named: dict[str, tuple[str, Segment]], record: str, segment: Segment) -> None:
        other = named.setdefault(segment.path, (record, segment))
        if other[1] != segment:
            self.damage(
                record,
                segment.path,
                "edited",
                f"record {other[0]} describes the same file otherwise",
            )
        elif other[0] != record and segment.kind not in KEPT_ONCE:
            self.damage(record, segment.path, "duplicated", f"record {other[0]} names it too")

    def _fetch(self, path: str) -> bytes | TscanError | None:
        try:
            return self.store.get(path)
        except TscanError as error:
            return error

    def _segment(
        self,
        record: str,
        segment: Segment,
        content: bytes | TscanError | None,
        digests: Mapping[str, str],
    ) -> None:
        if isinstance(content, TscanError):
            self.damage(record, segment.path, "unreadable", content.message)
            return
        if content is None:
            self.damage(record, segment.path, "missing")
            return
        digest = hashlib.sha256(content).hexdigest()
        if digest != segment.sha256:
            if digest in digests:
                self.damage(record, segment.path, "reordered", f"it is {digests[digest]}")
            elif len(content) < segment.bytes:
                self.damage(
                    record, segment.path, "truncated", f"{len(content)} of {segment.bytes} bytes"
                )
            else:
                self.damage(record, segment.path, "edited", "its SHA-256 differs")
            return
        if len(content) != segment.bytes or not self._rows_fit(segment, content):
            self.damage(
                record,
                segment.path,
                "counts",
                f"the record says {segment.rows} rows, {segment.bytes} bytes",
            )

    def _rows_fit(self, segment: Segment, content: bytes) -> bool:
        if not segment.path.endswith(".parquet"):
            return True
        try:
            return row_count(content) == segment.rows
        except SegmentError:
            return False
