"""Reads and appends to the ledger, which has one chain of records for each target."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from scanner.core.periods.timelines import Timelines
from scanner.errors import TscanError
from scanner.history.ledger.chain import Chain
from scanner.history.ledger.changes import FindingKey
from scanner.history.records.seal import SealError, Signer, unsealed
from scanner.history.records.statements import (
    payload_of,
    read_record,
    record_key,
    stream_and_number,
    stream_of,
)
from scanner.history.records.store_format import check_marker, prepare
from scanner.history.snapshots.documents import SnapshotParts, split_snapshot
from scanner.history.stores import Store
from scanner.model.answers import Snapshot
from scanner.model.history import Record, Transition

if TYPE_CHECKING:
    from scanner.history.ledger.record_builder import ScanToCommit

_MAX_ATTEMPTS: Final = 500
_MAX_BACKOFF: Final = 0.5
"""Seconds."""


class Ledger:
    """The chains of a store; several processes may append at once."""

    def __init__(
        self,
        store: Store,
        signer: Signer | None = None,
    ) -> None:
        self.store = store
        self._signer = signer
        self._chains: dict[str, Chain] = {}
        self._prepared = False
        check_marker(store)

    def commit(self, scan: ScanToCommit) -> Record:
        """Append a scan to its target's chain, and return the record, which is durable then.

        A scan that was committed already gives its record. A process that loses a race against
        another one tries again behind the record of the winner. TscanError where the store cannot
        be written or is damaged.
        """
        if not self._prepared:
            prepare(self.store, self._signer)
            self._prepared = True
        stream = stream_of(scan.snapshot.target)
        chain = self._chain(stream)
        parts = split_snapshot(scan.snapshot)
        for attempt in range(_MAX_ATTEMPTS):
            chain.refresh()
            # A commit that was interrupted after its record, and is repeated, adds nothing.
            for record in chain.records:
                if record.scan == scan.snapshot.id:
                    return record
            # Without this, whoever removes the key could continue a signed chain with records of
            # their own.
            if chain.sealed and self._signer is None:
                raise TscanError(
                    f"{self.store.name}: the history of {scan.snapshot.target} is signed, "
                    "and no signing key is set",
                    "set TSCAN_KEY_FILE, or make a new key with 'tscan init'",
                )
            committed = self._append(scan, parts, chain, stream)
            if committed is not None:
                return committed
            _back_off(attempt)
        raise TscanError(
            f"{self.store.name}: others were faster {_MAX_ATTEMPTS} times",
            "scan again when fewer scans run",
        )

    def _append(
        self,
        scan: ScanToCommit,
        parts: SnapshotParts,
        chain: Chain,
        stream: str,
    ) -> Record | None:
        """One attempt; None where another process took the number."""
        # Imported here: readers do not need it, and it takes as long to load as everything else
        # together.
        from scanner.history.ledger.record_builder import RecordBuilder

        record, files = RecordBuilder(scan, parts, chain).make()
        payload = payload_of(record)
        content = self._signer.seal(payload) if self._signer else unsealed(payload)
        key = record_key(stream, record.seq)
        try:
            read = read_record(content, key)
        except SealError as error:
            # A record that no reader accepts would end its chain.
            raise TscanError(f"the scan {scan.snapshot.id} cannot be committed: {error}") from None
        # The record comes last, and commits: files that no record names are orphans.
        for file in files:
            self.store.put(file.segment.path, file.content)
        if self.store.put_new(key, content):
            return read
        return None

    def targets(self) -> Sequence[str]:
        """Every target that has a record."""
        streams: set[str] = set()
        for entry in self.store.list("log/"):
            place = stream_and_number(entry.key)
            if place is not None:
                streams.add(place[0])
        return sorted(self._read(stream).records[0].target for stream in streams)

    def records(
        self,
        target: str,
        *,
        since: str = "",
        until: str = "",
    ) -> Sequence[Record]:
        """As `History.records`."""
        chain = self._read(stream_of(target))
        after = [record for record in chain.records if since <= record.finished]
        if not until:
            return tuple(after)
        return tuple(record for record in after if record.finished < until)

    def transitions(
        self,
        target: str,
        *,
        since: str = "",
        until: str = "",
    ) -> Iterator[Transition]:
        """As `History.transitions`."""
        records = self.records(target, since=since, until=until)
        return self._chain(stream_of(target)).transitions(records)

    def timelines(self, target: str, last: int) -> Timelines:
        """The timelines of a target up to the record of a number."""
        chain = self._read(stream_of(target))
        return chain.timelines(chain.records[:last])

    def changes(self, *records: Record) -> Iterator[Transition]:
        """The transitions of these records of one target.

        Records that were committed since are not read.
        """
        return self._chain(stream_of(records[0].target)).transitions(records)

    def checkpoint(self, record: Record) -> Mapping[FindingKey, Transition] | None:
        """The state that was written with a record.

        None where none was, or where it was compacted.
        """
        return self._chain(stream_of(record.target)).checkpoint(record)

    def state_before(
        self,
        target: str,
        moment: str,
    ) -> Mapping[FindingKey, Transition]:
        """As `History.state_before`."""
        chain = self._read(stream_of(target))
        # The highest number, and not the last in time: after a clock that jumped these differ.
        earlier = [record.seq for record in chain.records if record.finished < moment]
        return dict(chain.state(max(earlier, default=0)))

    def snapshot(self, record: Record) -> Snapshot:
        """The evidence of a record, as it was committed."""
        return self._read(stream_of(record.target)).snapshot(record)

    def _chain(self, stream: str) -> Chain:
        return self._chains.setdefault(stream, Chain(self.store, stream))

    def _read(self, stream: str) -> Chain:
        chain = self._chain(stream)
        chain.refresh()
        return chain


def _back_off(attempt: int) -> None:
    longest = min(_MAX_BACKOFF, 0.01 * (attempt + 1))
    time.sleep(random.uniform(0, longest))  # noqa: S311 - jitter is no secret
