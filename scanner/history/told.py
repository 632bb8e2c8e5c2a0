"""A chain's transitions item by item, put together as columns: most items never moved and become no object at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from scanner.core.stories import ANY, PASS, Key, Move, Stories
from scanner.history.segments import SegmentError
from scanner.model.history import Cause

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS: Final = ("check", "region", "resource", "verdict", "cause", "reason")
"""What is read of a segment, all of it texts; the number of its record is known."""
_PLACE: Final = ("check", "region", "resource")
_CAUSES: Final = frozenset(Cause)


def told(segments: Iterable[tuple[int, pa.Table]]) -> Stories:
    """The stories in segments of transitions, each with the number of its record, in order; as `core.stories.tell`.

    SegmentError for what is no transition.
    """
    import pyarrow.compute as pc

    table = _joined(segments)
    if not len(table):
        return Stories(items=(), listings={}, passing={})
    items = _numbers(table)
    order = pc.sort_indices(items)  # it is stable: moves stay in the order of their records
    table, items = table.take(order), items.take(order)
    begins = _begins(items)
    listed = _is(table, "resource", ANY)
    once = pc.and_(begins.slice(0, len(table)), begins.slice(1))
    still = pc.and_not(pc.and_(once, _is(table, "verdict", PASS)), listed)
    moved = pc.invert(pc.or_(listed, still))
    return Stories(
        items=_stories(table, begins, moved),
        listings=dict(_stories(table, begins, listed)),
        passing=_passing(table.filter(still)),
    )


def _joined(segments: Iterable[tuple[int, pa.Table]]) -> pa.Table:
    """All rows in one piece, with one dictionary for each column."""
    import pyarrow as pa

    text = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema([(name, text) for name in COLUMNS] + [("seq", pa.int32())])
    parts = [schema.empty_table()]
    for seq, table in segments:
        if any(column.null_count for column in table.columns):
            raise SegmentError("a transition lacks a value")
        parts.append(table.append_column("seq", pa.repeat(pa.scalar(seq, pa.int32()), len(table))).cast(schema))
    whole = pa.concat_tables(parts).unify_dictionaries().combine_chunks()
    _check_causes(whole.column("cause"))
    return whole


def _check_causes(column: pa.ChunkedArray) -> None:
    for chunk in column.chunks:
        for text in chunk.dictionary.to_pylist():
            if text not in _CAUSES:
                raise SegmentError(f"'{text}' is no cause of a transition")


def _numbers(table: pa.Table) -> pa.Array:
    """One number for each item, out of those of its check, region and resource."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = None
    for name in _PLACE:
        column = table.column(name).chunk(0)
        indices = column.indices.cast(pa.int64())
        found = indices if found is None else pc.add(pc.multiply_checked(found, len(column.dictionary)), indices)
    return found


def _is(table: pa.Table, name: str, text: str) -> pa.Array:
    """Where a column has a text: numbers are compared, and no text is made of them."""
    import pyarrow.compute as pc

    column = table.column(name).combine_chunks()
    return pc.equal(column.indices, pc.index(column.dictionary, text))


def _begins(items: pa.Array) -> pa.Array:
    """Whether another item begins at each row; and once more after the last."""
    import pyarrow as pa
    import pyarrow.compute as pc

    edge = pa.array([True])
    return pa.concat_arrays([edge, pc.not_equal(items.slice(1), items.slice(0, len(items) - 1)), edge])


def _stories(table: pa.Table, begins: pa.Array, chosen: pa.Array) -> Iterator[tuple[Key, Sequence[Move]]]:
    """The chosen rows, which are whole items, item by item."""
    import pyarrow.compute as pc

    rows = table.filter(chosen)
    first = begins.slice(0, len(table)).filter(chosen)
    starts = pc.indices_nonzero(first)
    keys = zip(*(_texts(rows.column(name).take(starts)) for name in _PLACE), strict=True)
    columns = (rows.column("seq").to_pylist(), *(_texts(rows.column(name)) for name in ("verdict", "cause", "reason")))
    moves = list(zip(*columns, strict=True))
    for key, (start, end) in zip(keys, pairwise((*starts.to_pylist(), len(moves))), strict=True):
        yield key, moves[start:end]


def _passing(rows: pa.Table) -> dict[tuple[str, str, int], int]:
    grouped = rows.group_by(["check", "region", "seq"], use_threads=False).aggregate([([], "count_all")])
    columns: list[list[Any]] = [_texts(grouped.column(name)) for name in ("check", "region")]
    columns += [grouped.column(name).to_pylist() for name in ("seq", "count_all")]
    return {(check, region, seq): count for check, region, seq, count in zip(*columns, strict=True)}


def _texts(column: pa.ChunkedArray) -> list[str]:
    """A column of a dictionary, one object for each distinct text."""
    found: list[str] = []
    for chunk in column.chunks:
        words = chunk.dictionary.to_pylist()
        found += [words[index] for index in chunk.indices.to_pylist()]
    return found
