"""The ledger: append-only history of scans in a store, one chain of records for each target."""

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
    place_of,
    read_record,
    record_key,
    stream_of,
)
from scanner.history.records.store_format import check_marker, prepare
from scanner.history.snapshots.documents import Parts, take_apart
from scanner.history.stores import Store
from scanner.model.answers import Snapshot
from scanner.model.history import Record, Transition

if TYPE_CHECKING:
    from scanner.history.ledger.record_builder import ScanToCommit

_TRIES: Final = 500


class Ledger:
    """Reads and appends; many may append to one store at once."""

    def __init__(self, store: Store, signer: Signer | None = None) -> None:
        self.store = store
        self._signer = signer
        self._chains: dict[str, Chain] = {}
        self._prepared = False
        check_marker(store)

    def commit(self, scan: ScanToCommit) -> Record:
        """Append a scan to its target's chain; the record, which lasts once this returns.

        Committing the same scan again gives the record that is there. Who loses a race looks again at what the
        winner wrote. TscanError where the store cannot be written or is damaged.
        """
        if not self._prepared:
            prepare(self.store, self._signer)
            self._prepared = True
        stream = stream_of(scan.snapshot.target)
        chain = self._chain(stream)
        parts = take_apart(scan.snapshot)
        for attempt in range(_TRIES):
            chain.refresh()
            for record in chain.records:
                if record.scan == scan.snapshot.id:
                    return record
            if chain.sealed and self._signer is None:
                raise TscanError(
                    f"{self.store.name}: the history of {scan.snapshot.target} is signed, and there is no key to go on",
                    "give the key by TSCAN_KEY_FILE, or make a new one with 'tscan init'",
                )
            committed = self._append(scan, parts, chain, stream)
            if committed is not None:
                return committed
            time.sleep(random.uniform(0, min(0.5, 0.01 * (attempt + 1))))  # noqa: S311 - no secret: only to step aside
        raise TscanError(
            f"{self.store.name}: others were faster {_TRIES} times",
            "scan again when fewer scans run",
        )

    def _append(self, scan: ScanToCommit, parts: Parts, chain: Chain, stream: str) -> Record | None:
        """One try; None where another writer took the number."""
        from scanner.history.ledger.record_builder import (
            RecordBuilder,  # of no use to who only reads, and it takes as long to load as all else
        )

        record, made = RecordBuilder(scan, parts, chain).make()
        payload = payload_of(record)
        content = self._signer.seal(payload) if self._signer else unsealed(payload)
        key = record_key(stream, record.seq)
        try:
            read = read_record(content, key)
        except SealError as error:
            # A record that no reader takes would end its chain.
            raise TscanError(f"the scan {scan.snapshot.id} cannot be committed: {error}") from None
        for one in made:
            self.store.put(one.segment.path, one.content)
        return read if self.store.put_new(key, content) else None

    def targets(self) -> Sequence[str]:
        """Every target that has a record."""
        streams = {place[0] for entry in self.store.list("log/") if (place := place_of(entry.key))}
        return sorted(self._read(stream).records[0].target for stream in streams)

    def records(self, target: str, *, since: str = "", until: str = "") -> Sequence[Record]:
        """As `History.records`."""
        found = self._read(stream_of(target)).records
        return tuple(
            one for one in found if since <= one.finished and (not until or one.finished < until)
        )

    def transitions(self, target: str, *, since: str = "", until: str = "") -> Iterator[Transition]:
        """As `History.transitions`."""
        records = self.records(target, since=since, until=until)
        return self._chain(stream_of(target)).transitions(records)

    def stories(self, target: str, last: int) -> Timelines:
        """A target's transitions up to the record of a number, item by item."""
        chain = self._read(stream_of(target))
        return chain.stories(chain.records[:last])

    def changes(self, *records: Record) -> Iterator[Transition]:
        """The transitions of these records of one target, and of none that was committed since they were read."""
        return self._chain(stream_of(records[0].target)).transitions(records)

    def checkpoint(self, record: Record) -> Mapping[FindingKey, Transition] | None:
        """The state that was written with a record; None where none was, or where it was compacted."""
        return self._chain(stream_of(record.target)).checkpoint(record)

    def state_before(self, target: str, moment: str) -> Mapping[FindingKey, Transition]:
        """As `History.state_before`."""
        chain = self._read(stream_of(target))
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
