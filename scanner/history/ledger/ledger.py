"""Reads and appends to the ledger: one chain of records for each target and scope."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from scanner.core.periods.renames import CheckNames, rename_state, renamed_checks
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
from scanner.model.history import Record, Transition, chain_name
from scanner.model.library import Library

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
        library: Library | None = None,
    ) -> None:
        """`library`: what is read has its ids of checks, where a chain has earlier ones."""
        self.store = store
        self._signer = signer
        self._library = library
        self._chains: dict[str, Chain] = {}
        self._names: dict[str, tuple[int, CheckNames]] = {}
        """By stream: the number of records, and the names for them."""
        self._prepared = False
        check_marker(store)

    def commit(self, scan: ScanToCommit) -> Record:
        """Append a scan to the chain of its target and scope, and return the record.

        The record is durable then.

        A scan that was committed already gives its record. A process that loses a race against
        another one tries again behind the record of the winner. TscanError where the store cannot
        be written or is damaged.
        """
        if not self._prepared:
            prepare(self.store, self._signer)
            self._prepared = True
        stream = stream_of(chain_name(scan.snapshot.target, scan.snapshot.scope))
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
        """As `History.targets`.

        Of a target that was never scanned in the configured scope it is the chain of the newest
        record.
        """
        newest: dict[str, Record] = {}
        for chain in self.chains():
            record = self.records(chain)[-1]
            known = newest.get(record.target)
            if known is None or (known.scope and _is_preferred(record, known)):
                newest[record.target] = record
        return sorted(record.chain for record in newest.values())

    def chains(self) -> Sequence[str]:
        """The name of every chain."""
        streams: set[str] = set()
        for entry in self.store.list("log/"):
            place = stream_and_number(entry.key)
            if place is not None:
                streams.add(place[0])
        return sorted(self._read(stream).records[0].chain for stream in streams)

    def records(
        self,
        target: str,
        *,
        since: str = "",
        until: str = "",
    ) -> Sequence[Record]:
        """As `History.records`."""
        stream = stream_of(target)
        chain = self._read(stream)
        names = self._check_names(stream)
        after = [names.record(record) for record in chain.records if since <= record.finished]
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
        return self._transitions(stream_of(target), records)

    def timelines(self, target: str, last: int) -> Timelines:
        """The timelines of a target up to the record of a number."""
        stream = stream_of(target)
        chain = self._read(stream)
        return chain.timelines(chain.records[:last], self._check_names(stream))

    def changes(self, *records: Record) -> Iterator[Transition]:
        """The transitions of these records of one chain.

        Records that were committed since are not read.
        """
        return self._transitions(stream_of(records[0].chain), records)

    def id_in(self, record: Record, check: str) -> str:
        """The id that a check had in a record."""
        stream = stream_of(record.chain)
        ran = self._chain(stream).records[record.seq - 1].checks
        for earlier, later in self._check_names(stream).after(record.seq).items():
            if later == check and earlier in ran:
                return earlier
        return check

    def recorded_changes(self, record: Record) -> Iterator[Transition]:
        """The transitions of a record with the ids of checks that it was committed with."""
        return self._chain(stream_of(record.chain)).transitions([record])

    def checkpoint(self, record: Record) -> Mapping[FindingKey, Transition] | None:
        """The state that was written with a record, with the ids of checks of that record.

        None where none was, or where it was compacted.
        """
        return self._chain(stream_of(record.chain)).checkpoint(record)

    def state(self, target: str, seq: int | None = None) -> Mapping[FindingKey, Transition]:
        """The last transition of every finding that exists after a record (None: the newest)."""
        return self._read(stream_of(target)).state(seq)

    def state_before(
        self,
        target: str,
        moment: str,
    ) -> Mapping[FindingKey, Transition]:
        """As `History.state_before`."""
        stream = stream_of(target)
        chain = self._read(stream)
        # The highest number, and not the last in time: after a clock that jumped these differ.
        earlier = [record.seq for record in chain.records if record.finished < moment]
        last = max(earlier, default=0)
        return rename_state(chain.state(last), self._check_names(stream).after(last))

    def snapshot(self, record: Record) -> Snapshot:
        """The evidence of a record, as it was committed."""
        return self._read(stream_of(record.chain)).snapshot(record)

    def _transitions(self, stream: str, records: Sequence[Record]) -> Iterator[Transition]:
        names = self._check_names(stream)
        return map(names.transition, self._chain(stream).transitions(records))

    def _check_names(self, stream: str) -> CheckNames:
        """The names for the records of a chain that were read so far."""
        records = self._chain(stream).records
        count, names = self._names.get(stream, (-1, CheckNames(())))
        if count != len(records):
            latest: Mapping[str, str] = {}
            if self._library is not None:
                latest = renamed_checks(records, self._library.checks, self._library)
            names = CheckNames(records, latest)
            self._names[stream] = (len(records), names)
        return names

    def _chain(self, stream: str) -> Chain:
        return self._chains.setdefault(stream, Chain(self.store, stream))

    def _read(self, stream: str) -> Chain:
        chain = self._chain(stream)
        chain.refresh()
        return chain


def _is_preferred(record: Record, known: Record) -> bool:
    """Whether a chain that ends with `record` is reported rather than one of another scope."""
    return not record.scope or record.finished > known.finished


def _back_off(attempt: int) -> None:
    longest = min(_MAX_BACKOFF, 0.01 * (attempt + 1))
    time.sleep(random.uniform(0, longest))  # noqa: S311 - jitter is no secret
