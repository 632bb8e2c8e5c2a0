"""Writes and reads segments: immutable Parquet files of rows, named by their digest."""

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
from scanner.model.history import Cause, Record, Segment, Transition

if TYPE_CHECKING:
    import pyarrow as pa

_ZSTD_LEVEL: Final = 3
_DICTIONARY_BYTES: Final = 1 << 30
"""Limit of a column's dictionary: so high that a resource of many checks is written once."""
_EXTRA_KEY: Final = b"tscan"
REBUILT: Final = ("state", "index")
"""Kinds that can be rebuilt from transitions and evidence; compacting removes those that were
superseded.
"""
KEPT_ONCE: Final = ("pack", "waivers", "attestations")
"""Kinds that a store has once, by their digest; any record may name them."""
_TRANSITION_KINDS: Final = ("transitions", "state")
_NULLABLE: Final = ("evidence_sha256",)
_SHARED_PREFIX: Final = ("started", "finished", "call")
"""Columns of texts that share a prefix with the text before them."""
FOREVER: Final = "forever"
"""The partition, beside the days, of files that are kept by their digest alone."""


class SegmentError(ValueError):
    """A segment that cannot be read, with the reason."""


@dataclass(frozen=True, slots=True)
class Made:
    """A segment with its content, not yet in a store."""

    segment: Segment
    content: bytes


def _schemas() -> dict[str, pa.Schema]:
    import pyarrow as pa

    text = pa.string()
    repeated = pa.dictionary(pa.int32(), pa.string())
    digest = pa.binary(32)
    transitions = pa.schema(
        [
            ("seq", pa.int64()),
            ("ts", repeated),
            ("check", repeated),
            ("target", repeated),
            ("region", repeated),
            ("resource", text),
            ("previous", repeated),
            ("verdict", repeated),
            ("cause", repeated),
            ("reason", repeated),
            ("evidence_sha256", digest),
        ]
    )
    evidence = pa.schema([("sha256", digest), ("call", text), ("data", pa.large_string())])
    index = pa.schema([("sha256", digest), ("seq", pa.int32())])
    answers = pa.schema(
        [
            ("sha256", digest),
            ("seq", pa.int32()),
            ("operation", repeated),
            ("started", text),
            ("finished", text),
            ("request_ids", pa.list_(text)),
            ("outcome", repeated),
        ]
    )
    return {
        "transitions": transitions,
        "state": transitions,
        "evidence": evidence,
        "index": index,
        "answers": answers,
    }


schemas = cache(_schemas)
"""Columns by kind of segment; `seq` of an answer or of the index names the record whose
evidence has the document.
"""


def make_table(
    kind: str,
    columns: Sequence[Sequence[object]],
    *,
    day: str,
    scan: str,
    extra: str = "",
) -> Made:
    """A segment of columns, in the order of its schema.

    `extra` is a text that its metadata carries.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = schemas()[kind]
    arrays: list[pa.Array] = []
    for column, field in zip(columns, schema, strict=True):
        arrays.append(_array(column, field.type))
    table = pa.Table.from_arrays(arrays, schema=schema)
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, schema, **_writer_options(kind, schema)) as writer:
        writer.write_table(table)
        if extra:
            packed = base64.b64encode(zlib.compress(extra.encode(), 9)).decode()
            writer.add_key_value_metadata({_EXTRA_KEY.decode(): packed})
    content = sink.getvalue().to_pybytes()
    sha256 = hashlib.sha256(content).hexdigest()
    path = f"segments/kind={kind}/dt={day}/{scan}-{sha256[:16]}.parquet"
    return _made(kind, path, content, rows=table.num_rows)


def _writer_options(
    kind: str,
    schema: pa.Schema,
) -> dict[str, object]:
    """How `pyarrow.parquet` writes a kind.

    Most segments are small, so what it adds by default would double them.
    """
    import pyarrow as pa

    dictionary = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    statistics: list[str] | bool = False
    if kind in _TRANSITION_KINDS:
        # Every check of a resource has a row of it.
        dictionary += ["resource", "evidence_sha256"]
        # Queries over a store filter by these; nothing filters by other columns.
        statistics = ["check", "resource"]
    shared_prefix = [name for name in _SHARED_PREFIX if name in schema.names]
    return {
        "compression": "zstd",
        "compression_level": _ZSTD_LEVEL,
        "store_schema": False,
        "write_statistics": statistics,
        "use_dictionary": dictionary,
        "dictionary_pagesize_limit": _DICTIONARY_BYTES,
        "column_encoding": dict.fromkeys(shared_prefix, "DELTA_BYTE_ARRAY"),
    }


def _array(
    column: Sequence[object],
    kind: pa.DataType,
) -> pa.Array:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return pa.array(column, type=pa.string()).dictionary_encode().cast(kind)
    return pa.array(column, type=kind)


def make_file(
    kind: str,
    content: bytes,
    *,
    ending: str,
    rows: int,
) -> Made:
    """A file that is kept once by its digest: a pack, or the waivers or attestations of a scan."""
    sha256 = hashlib.sha256(content).hexdigest()
    return _made(kind, f"segments/kind={kind}/dt={FOREVER}/{sha256}.{ending}", content, rows=rows)


def _made(
    kind: str,
    path: str,
    content: bytes,
    *,
    rows: int,
) -> Made:
    sha256 = hashlib.sha256(content).hexdigest()
    segment = Segment(
        kind=kind,
        path=path,
        sha256=sha256,
        rows=rows,
        bytes=len(content),
    )
    return Made(segment, content)


def read_table(
    content: bytes,
    kind: str,
    columns: Sequence[str] | None = None,
    *,
    words: Sequence[str] = (),
) -> pa.Table:
    """The rows of a segment, `words` dictionary-encoded.

    SegmentError if it is not one of this kind.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # No threads: a short command that ends while Arrow's pools are starting is aborted by their
        # destructors.
        file = pq.ParquetFile(
            pa.BufferReader(content), pre_buffer=False, read_dictionary=list(words)
        )
        table = file.read(columns=list(columns) if columns else None, use_threads=False)
    except KeyError:
        raise SegmentError(f"unexpected columns for {kind}") from None
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _not_parquet(error) from None
    wanted = [name for name in schemas()[kind].names if columns is None or name in columns]
    if table.column_names != wanted:
        raise SegmentError(f"unexpected columns for {kind}")
    _check_no_nulls(table)
    return table


def _check_no_nulls(table: pa.Table) -> None:
    for name in table.column_names:
        # A row that lacks its verdict must not read as one that is gone.
        if name not in _NULLABLE and table.column(name).null_count:
            raise SegmentError("a row lacks a value")


def _not_parquet(error: Exception) -> SegmentError:
    return SegmentError(f"unreadable Parquet file ({type(error).__name__})")


def prefer_system_memory() -> None:
    """Have Arrow allocate as Python does.

    For a year, the huge pages of its own allocator cost more than the work.
    """
    import pyarrow as pa

    pa.set_memory_pool(pa.system_memory_pool())


def read_extra(table: pa.Table) -> str:
    """The text that the metadata of a segment carries; `` where there is none."""
    packed = (table.schema.metadata or {}).get(_EXTRA_KEY, b"")
    if not packed:
        return ""
    try:
        return zlib.decompress(base64.b64decode(packed, validate=True)).decode()
    except (binascii.Error, zlib.error, UnicodeDecodeError):
        raise SegmentError("its text is damaged") from None


def row_count(content: bytes) -> int:
    """The number of rows by the footer of a segment.

    SegmentError for a file that is not Parquet.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows: int = pq.read_metadata(pa.BufferReader(content)).num_rows
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _not_parquet(error) from None
    return rows


def make_transitions(
    kind: str,
    rows: Iterable[Transition],
    *,
    day: str,
    scan: str,
) -> Made:
    """A segment of transitions, or of the last one of every finding (`state`).

    Its rows are ordered by check, resource and region.
    """
    ordered = sorted(rows, key=lambda row: (row.check, row.resource, row.region))
    columns: list[list[object]] = []
    for name in schemas()[kind].names:
        values = [getattr(row, name) for row in ordered]
        if name == "evidence_sha256":
            # A finding without evidence has no digest: null, since a binary column cannot hold an
            # empty one.
            values = [bytes.fromhex(digest) if digest else None for digest in values]
        columns.append(values)
    return make_table(kind, columns, day=day, scan=scan)


def read_transitions(content: bytes, kind: str = "transitions") -> Iterator[Transition]:
    """The rows of a segment of transitions or state; SegmentError as in `read_table`."""
    table = read_table(content, kind)
    columns = [_values(table.column(name)) for name in table.column_names]
    for row in zip(*columns, strict=True):
        seq, ts, check, target, region, resource, previous, verdict, cause, reason, digest = row
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
    """A column as Python values, with one object for each distinct text of a dictionary."""
    import pyarrow as pa

    values: list[Any] = []
    for chunk in column.chunks:
        if isinstance(chunk, pa.DictionaryArray):
            words = chunk.dictionary.to_pylist()
            values.extend(words[index] for index in chunk.indices.to_pylist())
        else:
            values.extend(chunk.to_pylist())
    return values


@cache
def _cause(text: str) -> Cause:
    try:
        return Cause(text)
    except ValueError:
        raise SegmentError(f"'{text}' is not a cause of a transition") from None


def checked_content(store_content: bytes | None, segment: Segment) -> bytes:
    """The content of a segment, if it is what the record names.

    TscanError where it is missing or was changed.
    """
    if store_content is None:
        raise TscanError(
            f"{segment.path} is missing from the store",
            "'tscan verify' lists all damage",
        )
    if hashlib.sha256(store_content).hexdigest() != segment.sha256:
        raise TscanError(
            f"{segment.path} was changed: its SHA-256 differs",
            "'tscan verify' lists all damage",
        )
    return store_content


def checkpoints(records: Sequence[Record]) -> Iterator[Segment]:
    """The newest state and the newest index of a chain: the only ones that are still read."""
    for kind in REBUILT:
        for record in reversed(records):
            found = [segment for segment in record.segments if segment.kind == kind]
            if found:
                yield from found
                break
