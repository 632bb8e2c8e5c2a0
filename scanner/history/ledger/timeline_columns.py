"""A chain's transitions item by item, put together as columns: most items never moved and become no object at all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from scanner.core.periods.timelines import ANY, FAIL, PASS, Key, Move, Spans, Timelines
from scanner.history.records.segments import SegmentError
from scanner.model.history import Cause

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS: Final = ("check", "region", "resource", "verdict", "cause", "reason")
"""What is read of a segment, all of it texts; the number of its record is known."""
_GROUND: Final = ("check", "region")
_PLACE: Final = (*_GROUND, "resource")
_CAUSES: Final = frozenset(Cause)


def timelines_of(segments: Iterable[tuple[int, pa.Table]]) -> Timelines:
    """The stories in segments of transitions, each with the number of its record, in order.

    They make the same report as those of `core.stories.tell`. SegmentError for what is no transition.
    """
    import pyarrow.compute as pc

    rows = _joined(segments)
    if not len(rows["seq"]):
        return Timelines(items=(), listings={}, passing={})
    once = _once(rows)
    passing, others = _counted(_chosen(rows, once)), _chosen(rows, pc.invert(once))
    if not len(others["seq"]):
        return Timelines(items=(), listings={}, passing=passing)
    stories = _Rows(others).stories()
    return replace(stories, passing=passing + Counter(stories.passing))


def _joined(segments: Iterable[tuple[int, pa.Table]]) -> dict[str, pa.Array]:
    """All rows by column, each in one piece, with one dictionary."""
    import pyarrow as pa

    text = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema([(name, text) for name in COLUMNS] + [("seq", pa.int32())])
    parts = [schema.empty_table()]
    for seq, table in segments:
        if any(column.null_count for column in table.columns):
            raise SegmentError("a transition lacks a value")
        parts.append(
            table.append_column("seq", pa.repeat(pa.scalar(seq, pa.int32()), len(table))).cast(
                schema
            )
        )
    whole = pa.concat_tables(parts).unify_dictionaries()
    rows = {name: whole.column(name).combine_chunks() for name in whole.column_names}
    _check_causes(rows["cause"].dictionary.to_pylist())
    return rows


def _check_causes(texts: Iterable[str]) -> None:
    for text in texts:
        if text not in _CAUSES:
            raise SegmentError(f"'{text}' is no cause of a transition")


def _once(rows: Mapping[str, pa.Array]) -> pa.Array:
    """Rows of the first record that passed, and whose items never moved: nearly all that there are."""
    import pyarrow as pa
    import pyarrow.compute as pc

    items, seq = _numbers(rows, _PLACE), rows["seq"]
    first = pc.index(pc.not_equal(seq, seq[0]), True).as_py()
    first = len(seq) if first < 0 else first
    moved = pc.is_in(items.slice(0, first), items.slice(first))
    listed = _is(rows["resource"], ANY).slice(0, first)
    still = pc.and_not(_is(rows["verdict"], PASS).slice(0, first), pc.or_(moved, listed))
    return pa.concat_arrays([still, pa.repeat(False, len(seq) - first)])


def _chosen(rows: Mapping[str, pa.Array], mask: pa.Array) -> dict[str, pa.Array]:
    return {name: column.filter(mask) for name, column in rows.items()}


def _counted(rows: Mapping[str, pa.Array]) -> Counter[tuple[str, str, int]]:
    """How many rows there are, by check, region and record."""
    import pyarrow.compute as pc

    checks, regions = (rows[name].dictionary.to_pylist() for name in _GROUND)
    most = (pc.max(rows["seq"]).as_py() or 0) + 1
    numbers = pc.add(pc.multiply_checked(_numbers(rows, _GROUND), most), rows["seq"])
    found: Counter[tuple[str, str, int]] = Counter()
    for one in pc.value_counts(numbers).to_pylist():
        ground, seq = divmod(one["values"], most)
        check, region = divmod(ground, len(regions))
        found[checks[check], regions[region], seq] = one["counts"]
    return found


class _Rows:
    """All transitions of a chain, those of each item together and in order."""

    def __init__(self, rows: Mapping[str, pa.Array]) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        items = _numbers(rows, _PLACE)
        order = pc.sort_indices(items)  # it is stable: moves stay in the order of their records
        self._rows = {name: column.take(order) for name, column in rows.items()}
        self._begins = _changes(items.take(order)).slice(0, len(items))
        """Whether a row is the first of its item."""
        self._item = pc.cumulative_sum(self._begins.cast(pa.int32()))
        """By row, its item."""

    def stories(self) -> Timelines:
        """Each row in the member that is meant for it."""
        import pyarrow.compute as pc

        check = self._rows["check"].indices
        listed = _is(self._rows["resource"], ANY)
        fails = _is(self._rows["verdict"], FAIL)
        strange = pc.invert(pc.or_(fails, _is(self._rows["verdict"], PASS)))
        # A listing that was cut short may have hidden an item: those of its check are told one by one.
        odd = self._items(pc.or_(strange, pc.is_in(check, pc.unique(check.filter(listed)))))
        failing = pc.and_not(self._items(fails), odd)
        return Timelines(
            items=self._told(pc.and_not(odd, listed)),
            listings=dict(self._told(listed)),
            passing=self._seen(pc.invert(pc.or_(odd, failing))),
            spans=self._spans(failing),
        )

    def _items(self, chosen: pa.Array) -> pa.Array:
        """All rows of the items that have one of these."""
        import pyarrow.compute as pc

        return pc.is_in(self._item, pc.unique(self._item.filter(chosen)))

    def _told(self, chosen: pa.Array) -> Iterator[tuple[Key, Sequence[Move]]]:
        """The chosen rows, which are whole items, item by item."""
        import pyarrow.compute as pc

        rows = _chosen(self._rows, chosen)
        starts = pc.indices_nonzero(self._begins.filter(chosen))
        keys = zip(*(_values(rows[name].take(starts)) for name in _PLACE), strict=True)
        words = (_values(rows[name]) for name in ("verdict", "cause", "reason"))
        moves = list(zip(rows["seq"].to_pylist(), *words, strict=True))
        for key, (start, end) in zip(
            keys, pairwise((*starts.to_pylist(), len(moves))), strict=True
        ):
            yield key, moves[start:end]

    def _seen(self, chosen: pa.Array) -> Counter[tuple[str, str, int]]:
        """How many of the chosen items each record saw first, by check, region and record."""
        import pyarrow.compute as pc

        return _counted(_chosen(self._rows, pc.and_(chosen, self._begins)))

    def _spans(self, chosen: pa.Array) -> Iterator[Spans]:
        """The failing spans in the chosen rows, which are whole items that only fail and pass."""
        import pyarrow as pa
        import pyarrow.compute as pc

        seen: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
        for (check, region, seq), count in self._seen(chosen).items():
            seen[check, region][seq] = count
        if not seen:
            return
        spans = _spans(_chosen(self._rows, chosen), self._begins.filter(chosen))
        edges = pc.indices_nonzero(_changes(_numbers(spans, _GROUND))).to_pylist()
        grounds = zip(
            *(_values(spans.pop(name).take(pa.array(edges[:-1]))) for name in _GROUND), strict=True
        )
        columns = {name: _values(column) for name, column in spans.items()}
        for (check, region), (start, end) in zip(grounds, pairwise(edges), strict=True):
            part: dict[str, Any] = {name: column[start:end] for name, column in columns.items()}
            yield Spans(check=check, region=region, seen=seen[check, region], **part)


def _spans(rows: Mapping[str, pa.Array], begins: pa.Array) -> dict[str, pa.Array]:
    """Each failing span as a row, with the members of `Spans`: from its first failure to what follows its last one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    no, yes, last = pa.array([False]), pa.array([True]), len(begins) - 1
    fails, seq = _is(rows["verdict"], FAIL), rows["seq"]
    ends = pa.concat_arrays([begins.slice(1), yes])
    before, after = (
        pa.concat_arrays(parts) for parts in ([no, fails.slice(0, last)], [fails.slice(1), no])
    )
    start = pc.indices_nonzero(pc.and_(fails, pc.or_(begins, pc.invert(before)))).cast(pa.int64())
    end = pc.indices_nonzero(pc.and_(fails, pc.or_(ends, pc.invert(after)))).cast(pa.int64())
    following = pc.min_element_wise(pc.add(end, 1), last)
    none = pa.scalar(0, pa.int32())
    return {
        **{name: rows[name].take(start) for name in _GROUND},
        "resources": rows["resource"].take(start),
        "before": pc.if_else(
            begins.take(start), none, seq.take(pc.max_element_wise(pc.subtract(start, 1), 0))
        ),
        "opened": seq.take(start),
        "failed": seq.take(end),
        "closed": pc.if_else(ends.take(end), none, seq.take(following)),
        "causes": rows["cause"].take(start),
        "reasons": rows["reason"].take(start),
        "endings": rows["cause"].take(following),
    }


def _numbers(rows: Mapping[str, pa.Array], names: Sequence[str]) -> pa.Array:
    """One number by row for what some columns hold."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = None
    for name in names:
        column = rows[name]
        indices = column.indices.cast(pa.int64())
        found = (
            indices
            if found is None
            else pc.add(pc.multiply_checked(found, len(column.dictionary)), indices)
        )
    return found


def _is(column: pa.Array, text: str) -> pa.Array:
    """Where a column has a text: numbers are compared, and no text is made of them."""
    import pyarrow.compute as pc

    return pc.equal(column.indices, pc.index(column.dictionary, text))


def _changes(numbers: pa.Array) -> pa.Array:
    """Whether each number is another than the one before it; and once more after the last."""
    import pyarrow as pa
    import pyarrow.compute as pc

    edge = pa.array([True])
    return pa.concat_arrays(
        [edge, pc.not_equal(numbers.slice(1), numbers.slice(0, len(numbers) - 1)), edge]
    )


def _values(column: pa.Array) -> list[Any]:
    """A column as Python values; of a dictionary that is short, one object for each text."""
    import pyarrow as pa

    if not isinstance(column, pa.DictionaryArray):
        return list(column.to_pylist())
    if len(column.dictionary) > len(column):
        return list(
            column.dictionary.take(column.indices).to_pylist()
        )  # each value of its own is far slower
    words = column.dictionary.to_pylist()
    return [words[index] for index in column.indices.to_pylist()]
