"""Segments: immutable Parquet files of rows, named by what they hold."""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from scanner.errors import TscanError
from scanner.history.records.footer import FooterError, read_rows
from scanner.model.history import Cause, Record, Segment, Transition

if TYPE_CHECKING:
    import pyarrow as pa

_LEVEL: Final = 3
_DICTIONARY: Final = 1 << 30
"""Bytes of a column's dictionary: enough that a text that stands under many checks is written once."""
_EXTRA: Final = b"tscan"
REBUILT: Final = ("state", "index")
"""Kinds that transitions and evidence give again; compacting removes those that were superseded."""
KEPT_ONCE: Final = ("pack", "waivers", "attestations")
"""Kinds that lie in a store once, by their digest; any record may name them."""
_MOVES: Final = ("transitions", "state")
_MAY_LACK: Final = ("evidence_sha256",)
_GROWING: Final = ("started", "finished", "call")
"""Columns of texts that begin as the one before them does."""
FOREVER: Final = "forever"
"""Where what is kept by its digest alone lies, beside the days."""


class SegmentError(ValueError):
    """A segment that cannot be read, and why."""


@dataclass(frozen=True, slots=True)
class Made:
    """A segment with its bytes, not yet in a store."""

    segment: Segment
    content: bytes


def _schemas() -> dict[str, pa.Schema]:
    import pyarrow as pa

    text, digest, often = pa.string(), pa.binary(32), pa.dictionary(pa.int32(), pa.string())
    texts = pa.list_(pa.string())
    moves = pa.schema(
        [
            ("seq", pa.int64()),
            ("ts", often),
            ("check", often),
            ("target", often),
            ("region", often),
            ("resource", text),
            ("previous", often),
            ("verdict", often),
            ("cause", often),
            ("reason", often),
            ("evidence_sha256", digest),
        ]
    )
    return {
        "transitions": moves,
        "state": moves,
        "evidence": pa.schema([("sha256", digest), ("call", text), ("data", pa.large_string())]),
        "index": pa.schema([("sha256", digest), ("seq", pa.int32())]),
        "answers": pa.schema(
            [
                ("sha256", digest),
                ("seq", pa.int32()),
                ("operation", often),
                ("started", text),
                ("finished", text),
                ("request_ids", texts),
                ("outcome", often),
            ]
        ),
    }


schemas = cache(_schemas)
"""Columns by kind of segment; `seq` of an answer or of the index names the record whose evidence holds the document."""


def make_table(
    kind: str, columns: Sequence[Sequence[Any]], *, day: str, scan: str, extra: str = ""
) -> Made:
    """A segment of columns, in the order of its schema; `extra` is a text that it carries beside them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = schemas()[kind]
    arrays = [_array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    table = pa.Table.from_arrays(arrays, schema=schema)
    sink = pa.BufferOutputStream()
    words = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    if kind in _MOVES:
        words += ["resource", "evidence_sha256"]  # each stands under as many checks as ask about it
    # Many segments are small: what Arrow adds for itself, and statistics that nobody filters by, would double them.
    with pq.ParquetWriter(
        sink,
        schema,
        compression="zstd",
        compression_level=_LEVEL,
        store_schema=False,
        write_statistics=["check", "resource"] if kind in _MOVES else False,
        use_dictionary=words,
        dictionary_pagesize_limit=_DICTIONARY,
        column_encoding=dict.fromkeys(
            [name for name in _GROWING if name in schema.names], "DELTA_BYTE_ARRAY"
        ),
    ) as writer:
        writer.write_table(table)
        if extra:
            packed = base64.b64encode(zlib.compress(extra.encode(), 9)).decode()
            writer.add_key_value_metadata({_EXTRA.decode(): packed})
    content = sink.getvalue().to_pybytes()
    sha256 = hashlib.sha256(content).hexdigest()
    path = f"segments/kind={kind}/dt={day}/{scan}-{sha256[:16]}.parquet"
    return Made(
        Segment(kind=kind, path=path, sha256=sha256, rows=table.num_rows, bytes=len(content)),
        content,
    )


def _array(column: Sequence[Any], kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return pa.array(column, type=pa.string()).dictionary_encode().cast(kind)
    return pa.array(column, type=kind)


def make_file(kind: str, content: bytes, *, ending: str, rows: int) -> Made:
    """A file kept once by its digest: a pack, the waivers or attestations of a day."""
    sha256 = hashlib.sha256(content).hexdigest()
    path = f"segments/kind={kind}/dt={FOREVER}/{sha256}.{ending}"
    return Made(
        Segment(kind=kind, path=path, sha256=sha256, rows=rows, bytes=len(content)), content
    )


def read_table(
    content: bytes, kind: str, columns: Sequence[str] | None = None, *, words: Sequence[str] = ()
) -> pa.Table:
    """The rows of a segment, `words` as dictionaries; SegmentError if it is not one of this kind."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # No threads: a short command that ends while Arrow's pools are starting is aborted by their destructors.
        file = pq.ParquetFile(
            pa.BufferReader(content), pre_buffer=False, read_dictionary=list(words)
        )
        table = file.read(columns=list(columns) if columns else None, use_threads=False)
    except KeyError:
        raise SegmentError(f"its columns are not those of {kind}") from None
    except (pa.ArrowException, OSError) as error:
        raise SegmentError(
            f"not a Parquet file that can be read ({type(error).__name__})"
        ) from None
    wanted = [name for name in schemas()[kind].names if columns is None or name in columns]
    if table.column_names != wanted:
        raise SegmentError(f"its columns are not those of {kind}")
    if any(table.column(name).null_count for name in wanted if name not in _MAY_LACK):
        raise SegmentError("a row lacks a value")
    return table


def prefer_system_memory() -> None:
    """Have Arrow take memory as Python does: for a year, mimalloc's huge pages cost more than all else."""
    import pyarrow as pa

    pa.set_memory_pool(pa.system_memory_pool())


def read_extra(table: pa.Table) -> str:
    """The text that a segment carries beside its rows; `` where there is none."""
    packed = (table.schema.metadata or {}).get(_EXTRA, b"")
    try:
        return zlib.decompress(base64.b64decode(packed, validate=True)).decode() if packed else ""
    except (binascii.Error, zlib.error, UnicodeDecodeError):
        raise SegmentError("the text that it carries is damaged") from None


def row_count(content: bytes) -> int:
    """Rows of a segment by its own footer."""
    try:
        return read_rows(content)
    except FooterError as error:
        raise SegmentError(f"not a Parquet file that can be read: {error}") from None


def make_moves(kind: str, rows: Iterable[Transition], *, day: str, scan: str) -> Made:
    """Transitions, or the last one of every finding (`state`), in order of check and resource."""
    ordered = sorted(rows, key=lambda row: (row.check, row.resource, row.region))
    names = [name for name in schemas()[kind].names if name != "evidence_sha256"]
    columns: list[list[Any]] = [[getattr(row, name) for row in ordered] for name in names]
    columns.append(
        [bytes.fromhex(row.evidence_sha256) if row.evidence_sha256 else None for row in ordered]
    )
    return make_table(kind, columns, day=day, scan=scan)


def read_moves(content: bytes, kind: str = "transitions") -> Iterator[Transition]:
    """The rows of a segment of transitions or state; SegmentError as in `read_table`."""
    table = read_table(content, kind)
    columns = [_values(table.column(name)) for name in table.column_names]
    for seq, ts, check, target, region, resource, previous, verdict, cause, reason, digest in zip(
        *columns, strict=True
    ):
        yield Transition(
            seq=seq,
            ts=ts,
            check=check,
            target=target,
            region=region,
            resource=resource,
            previous=previous,
            verdict=verdict,
            cause=_cause(cause),
            reason=reason,
            evidence_sha256=digest.hex() if digest else "",
        )


def _values(column: pa.ChunkedArray) -> list[Any]:
    """A column as Python values, one object for each distinct text of a dictionary."""
    import pyarrow as pa

    values: list[Any] = []
    for chunk in column.chunks:
        if isinstance(chunk, pa.DictionaryArray):
            words = chunk.dictionary.to_pylist()
            values += [words[index] for index in chunk.indices.to_pylist()]
        else:
            values += chunk.to_pylist()
    return values


@cache
def _cause(text: str) -> Cause:
    try:
        return Cause(text)
    except ValueError:
        raise SegmentError(f"'{text}' is no cause of a transition") from None


def stored(store_content: bytes | None, segment: Segment) -> bytes:
    """The bytes of a segment as its record names them; TscanError where they are missing or others."""
    if store_content is None:
        raise TscanError(
            f"{segment.path} is missing from the store",
            "'tscan verify' names everything that is damaged",
        )
    if hashlib.sha256(store_content).hexdigest() != segment.sha256:
        raise TscanError(
            f"{segment.path} was changed: its SHA-256 differs",
            "'tscan verify' names all that is damaged",
        )
    return store_content


def checkpoints(records: Sequence[Record]) -> Iterator[Segment]:
    """The newest written state and index of a chain: those that are still read."""
    for kind in REBUILT:
        for record in reversed(records):
            found = [segment for segment in record.segments if segment.kind == kind]
            if found:
                yield from found
                break
