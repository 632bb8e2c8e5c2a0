"""History as plain Parquet tables: what Spark, Athena and DuckDB read without knowing the store."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scanner.core.calendar import moment
from scanner.errors import TscanError
from scanner.history.ledger.ledger import Ledger
from scanner.history.records.statements import stream_of
from scanner.model.answers import canonical
from scanner.model.history import Record, Transition

if TYPE_CHECKING:
    import pyarrow as pa

_GROUP: Final = 100_000
"""Rows that are held at once."""


def _schemas() -> dict[str, pa.Schema]:
    import pyarrow as pa

    text, number, time = pa.string(), pa.int64(), pa.timestamp("ms", tz="UTC")
    texts = pa.list_(pa.field("element", text))
    records = [
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
        ("params", text),
    ]
    transitions = [
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
"""Columns by table; `params` is canonical JSON."""


def export(ledger: Ledger, targets: Sequence[str], folder: Path) -> dict[str, int]:
    """Write both tables into a new or empty folder, whole or not at all; rows by table.

    Only what a chain's records name is written: whatever a broken-off scan left is in neither table.
    """
    _free(folder)
    try:
        made = Path(tempfile.mkdtemp(prefix=".tscan-export-", dir=folder.parent))
    except OSError as error:
        raise TscanError(f"{folder} cannot be written: {error.strerror}") from error
    try:
        rows = {"records": 0, "transitions": 0}
        for target in targets:
            records = ledger.records(target)
            name = f"{stream_of(target)}.parquet"
            rows["records"] += _write(made / "records" / name, "records", map(_record, records))
            moves = map(_move, ledger.changes(*records))
            rows["transitions"] += _write(made / "transitions" / name, "transitions", moves)
        made.chmod(0o755)
        made.replace(folder)
    except OSError as error:
        raise TscanError(f"{folder} cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return rows


def _free(folder: Path) -> None:
    if not folder.parent.is_dir():
        raise TscanError(f"{folder}: there is no folder {folder.parent}", "make it first")
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise TscanError(
            f"{folder} is there already",
            "name a folder that is new or empty: nothing is overwritten",
        )


def _write(path: Path, table: str, rows: Iterable[Sequence[Any]]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = schemas()[table]
    path.parent.mkdir(exist_ok=True)
    count = 0
    with pq.ParquetWriter(path, schema, compression="zstd", store_schema=False) as writer:
        source = iter(rows)
        while part := list(islice(source, _GROUP)):
            columns = [
                pa.array(column, type=field.type)
                for column, field in zip(zip(*part, strict=True), schema, strict=True)
            ]  # fmt: skip
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
            count += len(part)
    return count


def _record(record: Record) -> list[Any]:
    special = {
        "started": moment(record.started),
        "finished": moment(record.finished),
        "counts": sorted(record.counts.items()),
        "controls": sorted(record.controls.items()),
        "params": canonical(record.params),
    }
    names: Iterator[str] = iter(schemas()["records"].names)
    return [special[name] if name in special else getattr(record, name) for name in names]


def _move(move: Transition) -> list[Any]:
    special = {"ts": moment(move.ts), "cause": move.cause.value}
    names: Iterator[str] = iter(schemas()["transitions"].names)
    return [special[name] if name in special else getattr(move, name) for name in names]
