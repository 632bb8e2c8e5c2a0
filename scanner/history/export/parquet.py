"""Export history as plain Parquet tables, for Spark, Athena, DuckDB and the like."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scanner.core.calendar import parse_time
from scanner.errors import TscanError
from scanner.history.ledger.ledger import Ledger
from scanner.history.records.statements import stream_of
from scanner.history.stores.atomic_write import write_hint
from scanner.model.answers import canonical
from scanner.model.history import Record, Transition

if TYPE_CHECKING:
    import pyarrow as pa

_GROUP: Final = 100_000
"""Rows that are in memory at a time."""


Row = Mapping[str, object]
"""Values by column."""


def _schemas() -> dict[str, pa.Schema]:
    import pyarrow as pa

    text, number, time = pa.string(), pa.int64(), pa.timestamp("ms", tz="UTC")
    texts = pa.list_(pa.field("element", text))
    records = [
        ("chain", text),
        ("scope", texts),
        ("target", text),
        ("seq", number),
        ("scan", text),
        ("started", time),
        ("finished", time),
        ("version", text),
        ("pack_sha256", text),
        ("waivers_sha256", text),
        ("previous_sha256", text),
        ("sha256", text),
        ("callers", texts),
        ("regions", texts),
        ("checks", texts),
        ("gaps", texts),
        ("together", texts),
        ("counts", pa.map_(text, number)),
        ("controls", pa.map_(text, text)),
        # Canonical JSON, for the types of parameters differ from pack to pack.
        ("params", text),
        ("renamed", pa.map_(text, text)),
    ]
    transitions = [
        ("chain", text),
        ("target", text),
        ("seq", number),
        ("ts", time),
        ("check", text),
        ("region", text),
        ("resource", text),
        ("previous", text),
        ("verdict", text),
        ("cause", text),
        ("reason", text),
        ("evidence_sha256", text),
    ]
    return {"records": pa.schema(records), "transitions": pa.schema(transitions)}


schemas: Final = cache(_schemas)
"""The columns of each table; `params` is canonical JSON."""


def export(ledger: Ledger, chains: Sequence[str], folder: Path) -> dict[str, int]:
    """Write both tables into a new or empty folder, all or nothing; the number of rows by table.

    Segments that no record names, left by an interrupted scan, are in neither table.
    """
    # Checked before the tables are made, which takes minutes for a long history.
    _check_free(folder)
    try:
        # Beside the folder: a rename works within one file system only.
        temporary = Path(tempfile.mkdtemp(prefix=".tscan-export-", dir=folder.parent))
    except OSError as error:
        hint = write_hint(folder, error)
        raise TscanError(f"{folder} cannot be written: {error.strerror}", hint) from error
    try:
        rows = {"records": 0, "transitions": 0}
        for chain in chains:
            name = f"{stream_of(chain)}.parquet"
            # The transitions of the records that were read: another scan may commit meanwhile.
            records = ledger.records(chain)
            tables: dict[str, Iterable[Row]] = {
                "records": map(_record, records),
                "transitions": map(partial(_transition, chain), ledger.changes(*records)),
            }
            for table, table_rows in tables.items():
                rows[table] += _write(temporary / table / name, table, table_rows)
        # mkdtemp creates a folder for its owner only, and the tables are made to be shared.
        temporary.chmod(0o755)
        temporary.replace(folder)
    except OSError as error:
        hint = write_hint(folder, error)
        raise TscanError(f"{folder} cannot be written: {error.strerror}", hint) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return rows


def _check_free(folder: Path) -> None:
    if not folder.parent.is_dir():
        raise TscanError(f"{folder.parent}: no such folder", "create it first")
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise TscanError(
            f"{folder} already exists",
            "name a new or empty folder; nothing is overwritten",
        )


def _write(path: Path, table: str, rows: Iterable[Row]) -> int:
    """Write the rows of one chain to a file; how many they are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = schemas()[table]
    path.parent.mkdir(exist_ok=True)
    count = 0
    with pq.ParquetWriter(path, schema, compression="zstd", store_schema=False) as writer:
        source = iter(rows)
        # In groups: the transitions of a year need not fit into memory.
        while part := list(islice(source, _GROUP)):
            columns = []
            for field in schema:
                values = [row[field.name] for row in part]
                columns.append(pa.array(values, type=field.type))
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
            count += len(part)
    return count


def _record(record: Record) -> Row:
    return {
        "chain": record.chain,
        "scope": record.scope,
        "target": record.target,
        "seq": record.seq,
        "scan": record.scan,
        "started": parse_time(record.started),
        "finished": parse_time(record.finished),
        "version": record.version,
        "pack_sha256": record.pack_sha256,
        "waivers_sha256": record.waivers_sha256,
        "previous_sha256": record.previous_sha256,
        "sha256": record.sha256,
        "callers": record.callers,
        "regions": record.regions,
        "checks": record.checks,
        "gaps": record.gaps,
        "together": record.together,
        "counts": sorted(record.counts.items()),
        "controls": sorted(record.controls.items()),
        "params": canonical(record.params),
        "renamed": sorted(record.renamed.items()),
    }


def _transition(chain: str, transition: Transition) -> Row:
    return {
        "chain": chain,
        "target": transition.target,
        "seq": transition.seq,
        "ts": parse_time(transition.ts),
        "check": transition.check,
        "region": transition.region,
        "resource": transition.resource,
        "previous": transition.previous,
        "verdict": transition.verdict,
        "cause": transition.cause.value,
        "reason": transition.reason,
        "evidence_sha256": transition.evidence_sha256,
    }
