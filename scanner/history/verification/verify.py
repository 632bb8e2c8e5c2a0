"""Verify a store: report what is not as it was committed, by record, file and kind of damage."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scanner.core.periods.clocks import clock_doubt
from scanner.errors import TscanError
from scanner.history.ledger.anchors import Anchor
from scanner.history.ledger.draws import FOLDER as DRAWS
from scanner.history.ledger.draws import all_draws
from scanner.history.records.seal import SealError, key_id, load_public, open_envelope, verifies
from scanner.history.records.segments import (
    KEPT_ONCE,
    REBUILT,
    SegmentError,
    checkpoints,
    row_count,
)
from scanner.history.records.statements import record_key, record_of, stream_and_number, stream_of
from scanner.history.records.store_format import MARKER, check_marker
from scanner.history.stores import Store, fetch_concurrently, get_many
from scanner.model.history import Record, Segment
from scanner.words import plural


@dataclass(frozen=True, slots=True, order=True)
class Damage:
    """One thing that is wrong."""

    record: str
    """The chain and number: `aws=123456789012/7`; `` for what belongs to no record."""
    file: str
    kind: str
    """`missing`, `truncated`, `edited`, `reordered`, `duplicated`, `back-dated`, `unsigned`, …"""
    detail: str = ""

    def __str__(self) -> str:
        text = f"{self.file}: {self.kind}"
        if self.record:
            text = f"record {self.record}: {text}"
        if self.detail:
            text = f"{text} ({self.detail})"
        return text


@dataclass(frozen=True, slots=True, order=True)
class NotRejudged:
    """A record that this version of tscan cannot re-evaluate. Its files are as committed."""

    record: str
    """As `Damage.record`."""
    reason: str

    def __str__(self) -> str:
        return f"record {self.record}: {self.reason}"


@dataclass(slots=True)
class Verified:
    """The result of a verification."""

    damages: list[Damage] = field(default_factory=list)
    not_rejudged: list[NotRejudged] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    heads: dict[str, str] = field(default_factory=dict)
    """By chain: number and digest of the newest record, to be kept outside the store."""
    records: dict[str, list[Record]] = field(default_factory=dict)
    """By chain: the records that could be read, in order."""
    anchored: dict[str, Anchor] = field(default_factory=dict)
    """By chain: the matching anchor of the highest number; no record up to it can have changed."""
    unsigned: int = 0
    open: int = 0
    """Records whose verdicts were not made again, though the caller requested it."""
    files: int = 0
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _RecordFile:
    """A file of a chain, and the record in it."""

    key: str
    stream: str
    seq: int
    """The number in the file's name."""
    sha256: str
    record: Record | None
    """None where no record can be read in the file."""
    signature: str
    """As `verifies` returns it: `` is a valid signature."""
    signer: str = ""

    @property
    def name(self) -> str:
        return f"{self.stream}/{self.seq}"

    @property
    def validly_signed(self) -> bool:
        return self.record is not None and not self.signature


def verify(
    store: Store,
    *,
    trusted: Mapping[str, bytes] | None = None,
    anchors: Sequence[Anchor] = (),
) -> Verified:
    """Verify everything but the verdicts.

    `trusted` are public keys by id, from outside the store; without them the store's own keys are
    used. `anchors` state from outside what the chains held. TscanError where there is no history,
    or one that a newer tscan wrote.
    """
    has_marker = check_marker(store)
    sizes = {entry.key: entry.size for entry in store.list("")}
    # With an anchor, a store without records is damage: somebody deleted what was anchored.
    if not any(map(stream_and_number, sizes)) and not anchors:
        raise TscanError(
            f"{store.name}: no history found", "name the store that 'tscan scan' wrote"
        )
    verification = _Verification(store, trusted)
    if not has_marker:
        verification.damage("", MARKER, "missing")
    verification.chains(sizes)
    verification.anchors(anchors)
    verification.segments(sizes)
    verification.draws()
    verification.result.damages.sort()
    return verification.result


class _Verification:
    """One verification in progress."""

    def __init__(self, store: Store, trusted: Mapping[str, bytes] | None) -> None:
        self.result = Verified()
        self._store = store
        self._trusted = trusted
        self._digests: dict[str, dict[int, str]] = {}
        """By chain: digest of each record's file, by number."""

    def damage(self, record: str, file: str, kind: str, detail: str = "") -> None:
        self.result.damages.append(
            Damage(
                record=record,
                file=file,
                kind=kind,
                detail=detail,
            )
        )

    def _record_damage(self, file: _RecordFile, kind: str, detail: str) -> None:
        self.damage(file.name, file.key, kind, detail)

    def chains(self, names: Iterable[str]) -> None:
        """Verify every chain of records."""
        numbers: dict[str, list[int]] = defaultdict(list)
        key_files: list[str] = []
        for name in names:
            place = stream_and_number(name)
            if place is not None:
                stream, seq = place
                numbers[stream].append(seq)
            elif name.startswith("log/"):
                self.damage("", name, "foreign", "not the name of a record")
            elif name.startswith("keys/"):
                key_files.append(name)
        keys = self._trusted
        if keys is None:
            keys = self._own_keys(sorted(key_files))
        self.result.keys = tuple(sorted(keys))
        for stream in sorted(numbers):
            self._chain(stream, sorted(numbers[stream]), keys)

    def _own_keys(self, names: Sequence[str]) -> dict[str, bytes]:
        """The public keys in the store by id; a key that does not match its name is damage."""
        found: dict[str, bytes] = {}
        for name in names:
            pem = self._store.get(name) or b""
            expected = name.removeprefix("keys/").removesuffix(".pem")
            try:
                load_public(pem)
            except TscanError as error:
                self.damage("", name, "edited", error.message)
                continue
            if key_id(pem) == expected:
                found[expected] = pem
            else:
                self.damage("", name, "edited", "its name is not its key id")
        return found

    def _chain(self, stream: str, numbers: Sequence[int], keys: Mapping[str, bytes]) -> None:
        """Verify the records of one chain, and that each follows the one before it."""
        # Only gaps show here. That the newest records were cut off is seen by an anchor alone.
        present = set(numbers)
        for number in range(1, numbers[-1]):
            if number not in present:
                self.damage(f"{stream}/{number}", record_key(stream, number), "missing")
        files: list[_RecordFile] = []
        names = [record_key(stream, number) for number in numbers]
        for name, content in zip(names, get_many(self._store, names), strict=True):
            files.append(self._read(name, content or b"", keys))
        newest = files[-1]
        # Also of records that cannot be read: an anchor holds against bytes, not against members.
        self._digests[stream] = {file.seq: file.sha256 for file in files}
        self.result.heads[stream] = f"{newest.name}:{newest.sha256}"
        self._signatures(files)
        previous: _RecordFile | None = None
        for file in files:
            self._follows(previous, file)
            previous = file
        self._duplicates(files)
        self.result.records[stream] = [file.record for file in files if file.record is not None]
        self.result.files += len(files)

    def _read(self, key: str, content: bytes, keys: Mapping[str, bytes]) -> _RecordFile:
        stream, seq = stream_and_number(key) or ("", 0)
        digest = hashlib.sha256(content).hexdigest()
        try:
            envelope = open_envelope(content)
            signature = verifies(envelope, keys)
            record = record_of(envelope.payload, key)
        except SealError as error:
            kind = "edited"
            # Every record ends with a line break: without one, its end is missing.
            if not content.endswith(b"\n"):
                kind = "truncated"
            self.damage(f"{stream}/{seq}", key, kind, str(error))
            # The digest is still needed: the next record and the anchors name it.
            return _RecordFile(
                key=key,
                stream=stream,
                seq=seq,
                sha256=digest,
                record=None,
                signature="",
            )
        signer = ""
        if envelope.signatures:
            signer, *_ = envelope.signatures[0]
        return _RecordFile(
            key=key,
            stream=stream,
            seq=seq,
            sha256=digest,
            record=record,
            signature=signature,
            signer=signer,
        )

    def _signatures(self, files: Sequence[_RecordFile]) -> None:
        """Report invalid and missing signatures of a chain, and where the signing key changes."""
        signed = [file.seq for file in files if file.validly_signed]
        last_signed = max(signed, default=0)
        after_signed = False
        signer = ""
        for file in files:
            self._note_new_key(file, signer)
            signer = file.signer or signer
            if file.signature == "unsigned":
                self._unsigned(file, after_signed=after_signed, last_signed=last_signed)
            elif file.signature == "edited":
                self._record_damage(file, "edited", "invalid signature")
            elif file.signature.startswith("unknown key "):
                key = file.signature.removeprefix("unknown key ")
                self._record_damage(file, "unknown key", key)
            after_signed = after_signed or file.validly_signed

    def _note_new_key(self, file: _RecordFile, signer: str) -> None:
        if signer and file.signer and file.signer != signer:
            self.result.notes.append(
                f"from record {file.name} on: signed with another key ({file.signer[:16]})"
            )

    def _unsigned(self, file: _RecordFile, *, after_signed: bool, last_signed: int) -> None:
        self.result.unsigned += 1
        if after_signed:
            # Somebody without the key appended it, or took a signature off.
            self._record_damage(file, "unsigned", "earlier records are signed")
        elif self._trusted is not None and file.seq > last_signed:
            # A signed record vouches for those before it by its digest of them; here none follows.
            self._record_damage(file, "unsigned", "no later record is signed either")

    def _follows(self, previous: _RecordFile | None, file: _RecordFile) -> None:
        """Compare a record's target, number, times and predecessor with its place in the chain."""
        record = file.record
        if record is None:
            return
        self._in_its_place(file, record)
        if previous is None or previous.seq != file.seq - 1:
            # A gap between the two is reported as missing records already.
            if file.seq == 1 and record.previous_sha256:
                self._record_damage(file, "edited", "the first record names a predecessor")
            if file.seq == 1:
                self._times(None, file, record)
            return
        if record.previous_sha256 != previous.sha256:
            # Either of the two may be the one that was changed: report both.
            self._record_damage(
                previous, "replaced", f"record {file.seq} names another predecessor"
            )
            self._record_damage(file, "chain broken", "its predecessor has another digest")
        if previous.record is not None:
            self._times(previous.record, file, record)

    def _in_its_place(self, file: _RecordFile, record: Record) -> None:
        if stream_of(record.chain) != file.stream:
            self._record_damage(file, "reordered", f"it is a record of {record.chain}")
        elif record.seq != file.seq:
            self._record_damage(file, "reordered", f"it is record {record.seq}")

    def _times(self, before: Record | None, file: _RecordFile, record: Record) -> None:
        """Note times that contradict the order, as the record states; all others are damage."""
        doubt = clock_doubt(before, record)
        if record.clock != doubt:
            stated = record.clock or "that its times are in order"
            found = doubt or "its times are in order"
            self._record_damage(file, "back-dated", f"{found}; when committed it stated {stated}")
        elif doubt:
            self.result.notes.append(f"record {file.name}: {doubt}; it was committed stating so")

    def _duplicates(self, files: Sequence[_RecordFile]) -> None:
        """Report records that are the same bytes, or the same scan, as an earlier one."""
        # A copy is out of its place too; this says of which record it is a copy.
        first: dict[str, _RecordFile] = {}
        for file in files:
            identities = [file.sha256]
            if file.record is not None:
                identities.append(file.record.scan)
            for identity in identities:
                earlier = first.setdefault(identity, file)
                if earlier is not file:
                    detail = f"record {earlier.seq} is the same scan"
                    self._record_damage(file, "duplicated", detail)
                    break

    def anchors(self, anchors: Sequence[Anchor]) -> None:
        """Compare each anchor with its chain; only an anchor shows that the end was cut off."""
        for anchor in sorted(anchors, key=lambda one: (one.stream, one.seq)):
            mismatch = anchor.denies(self._digests.get(anchor.stream, {}))
            if mismatch is not None:
                self.damage(anchor.name, anchor.key, *mismatch)
            elif anchor.firm:
                # One that can still be removed shows damage, and rules nothing out.
                self.result.anchored[anchor.stream] = anchor

    def draws(self) -> None:
        """Verify that no recorded draw of a sample is missing or was changed."""
        try:
            drawn = all_draws(self._store)
        except TscanError as error:
            self.damage("", f"{DRAWS}/", "edited", error.message)
            return
        if drawn:
            count = plural(len(drawn), "recorded draw")
            self.result.notes.append(f"{count} of samples: 'tscan history draws' lists them")

    def segments(self, sizes: Mapping[str, int]) -> None:
        """Verify every segment that a record names, once; note the segments that none names."""
        named: dict[str, tuple[str, Segment]] = {}
        checkpoint_paths: set[str] = set()
        for stream, records in self.result.records.items():
            checkpoint_paths.update(segment.path for segment in checkpoints(records))
            for record in records:
                for segment in record.segments:
                    self._name_segment(named, f"{stream}/{record.seq}", segment)
        present = self._present(named, sizes, checkpoint_paths)
        # A digest that belongs to another path shows that two files were swapped.
        paths = {segment.sha256: path for path, (_, segment) in named.items()}
        for path, content in zip(
            present, fetch_concurrently(self._store, present, self._fetch), strict=True
        ):
            record_name, segment = named[path]
            self._segment(record_name, segment, content, paths)
        self.result.files += len(present)
        self._note_orphans(named, sizes)

    def _present(
        self,
        named: Mapping[str, tuple[str, Segment]],
        sizes: Mapping[str, int],
        checkpoint_paths: set[str],
    ) -> list[str]:
        """The named segments that are in the store, sorted; the others are reported as missing."""
        present: list[str] = []
        for path in sorted(named):
            record_name, segment = named[path]
            if path in sizes:
                present.append(path)
            elif segment.kind not in REBUILT or path in checkpoint_paths:
                # 'history compact' removes a superseded state or index, and nothing else.
                self.damage(record_name, path, "missing")
        return present

    def _note_orphans(
        self, named: Mapping[str, tuple[str, Segment]], sizes: Mapping[str, int]
    ) -> None:
        orphans = [key for key in sizes if key.startswith("segments/") and key not in named]
        if orphans:
            self.result.notes.append(
                f"{plural(len(orphans), 'segment')} without a record: left by interrupted scans"
            )

    def _name_segment(
        self,
        named: dict[str, tuple[str, Segment]],
        record: str,
        segment: Segment,
    ) -> None:
        first_record, first = named.setdefault(segment.path, (record, segment))
        if first != segment:
            detail = f"record {first_record} describes the same file differently"
            self.damage(record, segment.path, "edited", detail)
        elif first_record != record and segment.kind not in KEPT_ONCE:
            self.damage(record, segment.path, "duplicated", f"also named by record {first_record}")

    def _fetch(self, path: str) -> bytes | TscanError | None:
        """The content of a file; an error is a value, so that one bad file does not end it all."""
        try:
            return self._store.get(path)
        except TscanError as error:
            return error

    def _segment(
        self,
        record: str,
        segment: Segment,
        content: bytes | TscanError | None,
        paths: Mapping[str, str],
    ) -> None:
        if isinstance(content, TscanError):
            self.damage(record, segment.path, "unreadable", content.message)
            return
        if content is None:
            self.damage(record, segment.path, "missing")
            return
        digest = hashlib.sha256(content).hexdigest()
        if digest != segment.sha256:
            kind, detail = _difference(segment, len(content), paths.get(digest, ""))
            self.damage(record, segment.path, kind, detail)
        elif len(content) != segment.bytes or not _row_count_fits(segment, content):
            detail = f"the record says {segment.rows} rows, {segment.bytes} bytes"
            self.damage(record, segment.path, "counts", detail)


def _difference(segment: Segment, size: int, other_path: str) -> tuple[str, str]:
    """Kind and detail of the damage where a segment has another digest than its record names."""
    if other_path:
        return "reordered", f"it has the content of {other_path}"
    if size < segment.bytes:
        return "truncated", f"{size} of {segment.bytes} bytes"
    return "edited", "its SHA-256 differs"


def _row_count_fits(segment: Segment, content: bytes) -> bool:
    if not segment.path.endswith(".parquet"):
        return True
    try:
        return row_count(content) == segment.rows
    except SegmentError:
        return False
