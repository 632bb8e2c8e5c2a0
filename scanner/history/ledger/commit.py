"""Commits the evidence and the verdicts of a finished scan to a ledger."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from scanner.content.locations import Roots
from scanner.history.ledger.ledger import Ledger
from scanner.history.ledger.record_builder import ScanToCommit
from scanner.history.records.seal import find_signer
from scanner.history.records.store_format import check_place
from scanner.history.snapshots.content_archive import pack_archive
from scanner.history.stores import open_store
from scanner.model.answers import Snapshot
from scanner.model.attestations import Attestation
from scanner.model.findings import Assessment
from scanner.model.history import Record
from scanner.model.library import Library
from scanner.model.waivers import Waiver

STORE: Final = ".tscan"


def open_ledger(
    store_url: str = STORE,
    key: Path | None = None,
    *,
    sign: bool = True,
) -> Ledger:
    """A ledger to commit to; nothing is written yet. TscanError for an unusable store or key.

    `key` is a file; None: TSCAN_KEY, TSCAN_KEY_FILE or the user's own key. Without any, records are
    not signed.
    """
    store = open_store(store_url)
    check_place(store)
    return Ledger(store, find_signer(key) if sign else None)


def commit_scan(
    snapshots: Sequence[Snapshot],
    assessment: Assessment,
    library: Library,
    store_url: str = STORE,
    key: Path | None = None,
    *,
    sign: bool = True,
    waivers: Sequence[Waiver] = (),
    attestations: Sequence[Attestation] = (),
    roots: Roots | None = None,
) -> list[Record]:
    """Commit every target of a scan, and return the records in the order of the snapshots.

    `roots` are the folders that the library was read from, so that the pack is kept. Errors as in
    `open_ledger`.
    """
    ledger = open_ledger(store_url, key, sign=sign)
    # Accounts of an organization are judged by each other's evidence, and can only be re-evaluated
    # together.
    together: tuple[str, ...] = ()
    if len(snapshots) > 1:
        together = tuple(snapshot.id for snapshot in snapshots)
    records: list[Record] = []
    for snapshot in snapshots:
        scan = ScanToCommit(
            snapshot=snapshot,
            assessment=assessment,
            library=library,
            waivers=tuple(waivers),
            attestations=tuple(attestations),
            pack=partial(pack_archive, roots, library),
            together=together,
        )
        records.append(ledger.commit(scan))
    return records
