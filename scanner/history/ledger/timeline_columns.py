"""Builds the timelines of a chain from its segments, as Arrow columns.

The result is the same as that of `core.periods.timelines.build_timelines` over the same
transitions; that module says what a timeline and a failure interval are. Here every step is over
whole columns:

1. `_concatenate`: all transitions of the chain as one table, ordered by record.
2. `_never_changed`: rows of the first record that passed and whose items have no other row. Four
   rows in five, so they are set aside before anything is sorted.
3. `_SortedRows`: the other rows, those of each item adjacent and ordered by record.
4. `_interval_columns`: an interval begins at a failure whose row before is of another item or no
   failure, and ends at a failure whose row after is. The n-th begin and the n-th end are of the
   same interval.

Texts are dictionary-encoded, so comparing and grouping is arithmetic on small integers. A query
over the same rows was measured and costs four times the CPU: docs/decisions/0036.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from scanner.core.periods.timelines import (
    FAIL,
    LISTING,
    PASS,
    CountKey,
    FailureIntervals,
    FindingKey,
    StatusChange,
    Timelines,
)
from scanner.history.records.segments import SegmentError
from scanner.model.history import Cause

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS: Final = ("check", "region", "resource", "verdict", "cause", "reason")
"""The columns that are read of a segment, all of them texts; the number of its record is known."""
_SCOPE: Final = ("check", "region")
_ITEM: Final = ("check", "region", "resource")
_RECORD_COLUMNS: Final = ("passed_before", "opened", "last_failed", "closed")
"""Members of `FailureIntervals` that are numbers of records."""
_TEXT_COLUMNS: Final = ("resources", "causes", "reasons", "closing_causes")
_CAUSES: Final = frozenset(Cause)


def timelines_of(segments: Iterable[tuple[int, pa.Table]]) -> Timelines:
    """The timelines in segments of transitions, each with the number of its record, in order.

    SegmentError for rows that are not transitions.
    """
    import pyarrow.compute as pc

    rows = _concatenate(segments)
    if not len(rows["seq"]):
        return Timelines(
            items=(),
            listings={},
            always_passing={},
        )
    never_changed = _never_changed(rows)
    passing = _resources(_filter(rows, never_changed))
    others = _filter(rows, pc.invert(never_changed))
    if not len(others["seq"]):
        return Timelines(
            items=(),
            listings={},
            always_passing=passing,
        )
    timelines = _SortedRows(others).timelines()
    # Items that were first seen by a later record and passed from then on.
    passing_later = dict(timelines.always_passing)
    for key, resources in passing.items():
        passing_later[key] = [*resources, *passing_later.get(key, ())]
    return replace(timelines, always_passing=passing_later)


def _concatenate(segments: Iterable[tuple[int, pa.Table]]) -> dict[str, pa.Array]:
    """All rows by column, each column in one chunk with one dictionary.

    `seq` is the number of the record.
    """
    import pyarrow as pa

    number = pa.int32()
    text = pa.dictionary(number, pa.string())
    fields = [(name, text) for name in COLUMNS]
    fields.append(("seq", number))
    schema = pa.schema(fields)
    tables = [schema.empty_table()]
    for seq, table in segments:
        _check_no_nulls(table)
        numbers = pa.repeat(pa.scalar(seq, number), len(table))
        numbered = table.append_column("seq", numbers)
        tables.append(numbered.cast(schema))
    whole = pa.concat_tables(tables)
    # Every segment has a dictionary of its own; texts can be compared by number only within one.
    whole = whole.unify_dictionaries()
    rows: dict[str, pa.Array] = {}
    for name in whole.column_names:
        rows[name] = whole.column(name).combine_chunks()
    _check_causes(rows["cause"].dictionary.to_pylist())
    return rows


def _check_no_nulls(table: pa.Table) -> None:
    for column in table.columns:
        # A row that lacks its verdict must not read as one that is gone.
        if column.null_count:
            raise SegmentError("a transition lacks a value")


def _check_causes(texts: Iterable[str]) -> None:
    for text in texts:
        if text not in _CAUSES:
            raise SegmentError(f"'{text}' is not a cause of a transition")


def _never_changed(rows: Mapping[str, pa.Array]) -> pa.Array:
    """Whether a row is of the first record, passes, and is the only one of its item."""
    import pyarrow as pa
    import pyarrow.compute as pc

    seq = rows["seq"]
    # The number of rows of the first record: where the first later one is; -1 if there is none.
    count = pc.index(pc.not_equal(seq, seq[0]), True).as_py()
    if count < 0:
        count = len(seq)
    items = _encode(rows, _ITEM)
    first_items = items.slice(0, count)
    later_items = items.slice(count)
    changed_later = pc.is_in(first_items, later_items)
    is_listing = _equals(rows["resource"], LISTING)
    passes = _equals(rows["verdict"], PASS)
    excluded = pc.or_(changed_later, is_listing.slice(0, count))
    alone = pc.and_not(passes.slice(0, count), excluded)
    later = pa.repeat(False, len(later_items))
    return pa.concat_arrays([alone, later])


def _filter(
    rows: Mapping[str, pa.Array],
    mask: pa.Array,
) -> dict[str, pa.Array]:
    return {name: column.filter(mask) for name, column in rows.items()}


def _count(rows: Mapping[str, pa.Array]) -> Counter[CountKey]:
    """The number of rows by check, region and record."""
    import pyarrow.compute as pc

    checks = rows["check"].dictionary.to_pylist()
    regions = rows["region"].dictionary.to_pylist()
    # One number for each group, decoded below. It is above every record's number, or groups would
    # run into each other.
    last = pc.max(rows["seq"]).as_py() or 0
    radix = last + 1
    scopes = _encode(rows, _SCOPE)
    groups = pc.add(pc.multiply_checked(scopes, radix), rows["seq"])
    counted = pc.value_counts(groups)
    counts: Counter[CountKey] = Counter()
    for group in counted.to_pylist():
        scope, seq = divmod(group["values"], radix)
        check, region = divmod(scope, len(regions))
        counts[checks[check], regions[region], seq] = group["counts"]
    return counts


def _resources(rows: Mapping[str, pa.Array]) -> dict[CountKey, list[str]]:
    """The resources of rows by check, region and record."""
    import pyarrow.compute as pc

    found: dict[CountKey, list[str]] = {}
    if not len(rows["seq"]):
        return found
    scopes = _encode(rows, _SCOPE)
    radix = (pc.max(rows["seq"]).as_py() or 0) + 1
    groups = pc.add(pc.multiply_checked(scopes, radix), rows["seq"])
    order = pc.sort_indices(groups)
    edges = pc.indices_nonzero(_changes(groups.take(order))).to_pylist()
    resources = _texts(rows["resource"].take(order))
    first_rows = order.take(edges[:-1])
    keys = zip(
        _texts(rows["check"].take(first_rows)),
        _texts(rows["region"].take(first_rows)),
        rows["seq"].take(first_rows).to_pylist(),
        strict=True,
    )
    for key, (start, end) in zip(keys, pairwise(edges), strict=True):
        found[key] = resources[start:end]
    return found


class _SortedRows:
    """Transitions of a chain, those of each item adjacent and in the order of their records."""

    def __init__(self, rows: Mapping[str, pa.Array]) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        items = _encode(rows, _ITEM)
        # The sort is stable: rows of an item stay in the order of their records.
        order = pc.sort_indices(items)
        self._rows = {name: column.take(order) for name, column in rows.items()}
        changes = _changes(items.take(order))
        self._first_of_item = changes.slice(0, len(items))
        """Whether a row is the first of its item."""
        ones = self._first_of_item.cast(pa.int32())
        self._item = pc.cumulative_sum(ones)
        """The number of a row's item."""

    def timelines(self) -> Timelines:
        """The timelines, each row in exactly one member."""
        import pyarrow.compute as pc

        check = self._rows["check"].indices
        verdict = self._rows["verdict"]
        is_listing = _equals(self._rows["resource"], LISTING)
        fails = _equals(verdict, FAIL)
        fails_or_passes = pc.or_(fails, _equals(verdict, PASS))
        other_verdict = pc.invert(fails_or_passes)
        # An incomplete listing may have hidden an item, which columns do not know: its check is
        # replayed.
        incomplete_checks = check.filter(is_listing)
        maybe_hidden = pc.is_in(check, pc.unique(incomplete_checks))
        replayed = self._whole_items(pc.or_(other_verdict, maybe_hidden))
        failing = pc.and_not(self._whole_items(fails), replayed)
        always_passing = pc.invert(pc.or_(replayed, failing))
        return Timelines(
            items=self._status_changes(pc.and_not(replayed, is_listing)),
            listings=dict(self._status_changes(is_listing)),
            always_passing=self._passing_resources(always_passing),
            failure_intervals=self._failure_intervals(failing),
        )

    def _whole_items(self, chosen: pa.Array) -> pa.Array:
        """All rows of the items that have a chosen row."""
        import pyarrow.compute as pc

        items = self._item.filter(chosen)
        return pc.is_in(self._item, pc.unique(items))

    def _status_changes(
        self, chosen: pa.Array
    ) -> Iterator[tuple[FindingKey, Sequence[StatusChange]]]:
        """The chosen rows, which are whole items, by item."""
        import pyarrow.compute as pc

        rows = _filter(self._rows, chosen)
        starts = pc.indices_nonzero(self._first_of_item.filter(chosen))
        keys = zip(
            _texts(rows["check"].take(starts)),
            _texts(rows["region"].take(starts)),
            _texts(rows["resource"].take(starts)),
            strict=True,
        )
        changes = list(
            zip(
                rows["seq"].to_pylist(),
                _texts(rows["verdict"]),
                _texts(rows["cause"]),
                _texts(rows["reason"]),
                strict=True,
            )
        )
        bounds = pairwise([*starts.to_pylist(), len(changes)])
        for key, (start, end) in zip(keys, bounds, strict=True):
            yield key, changes[start:end]

    def _passing_resources(self, chosen: pa.Array) -> dict[CountKey, list[str]]:
        """The chosen items by the record that saw them first."""
        import pyarrow.compute as pc

        return _resources(_filter(self._rows, pc.and_(chosen, self._first_of_item)))

    def _count_first_seen(self, chosen: pa.Array) -> Counter[CountKey]:
        """How many of the chosen items each record saw first."""
        import pyarrow.compute as pc

        first_rows = pc.and_(chosen, self._first_of_item)
        return _count(_filter(self._rows, first_rows))

    def _failure_intervals(self, chosen: pa.Array) -> Iterator[FailureIntervals]:
        """The failure intervals in the chosen rows.

        They are whole items that only fail and pass.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        first_seen: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
        for (check, region, seq), count in self._count_first_seen(chosen).items():
            first_seen[check, region][seq] = count
        if not first_seen:
            return
        rows = _filter(self._rows, chosen)
        first_of_item = self._first_of_item.filter(chosen)
        columns = _interval_columns(rows, first_of_item)
        # Rows are sorted by check and region first: each scope is one slice of every column.
        scopes = _encode(columns, _SCOPE)
        edges = pc.indices_nonzero(_changes(scopes)).to_pylist()
        starts = pa.array(edges[:-1])
        checks = _texts(columns["check"].take(starts))
        regions = _texts(columns["region"].take(starts))
        numbers = {name: columns[name].to_pylist() for name in _RECORD_COLUMNS}
        texts = {name: _texts(columns[name]) for name in _TEXT_COLUMNS}
        for check, region, (start, end) in zip(checks, regions, pairwise(edges), strict=True):
            yield FailureIntervals(
                check=check,
                region=region,
                first_seen=first_seen[check, region],
                resources=texts["resources"][start:end],
                passed_before=numbers["passed_before"][start:end],
                opened=numbers["opened"][start:end],
                last_failed=numbers["last_failed"][start:end],
                closed=numbers["closed"][start:end],
                causes=texts["causes"][start:end],
                reasons=texts["reasons"][start:end],
                closing_causes=texts["closing_causes"][start:end],
            )


def _interval_columns(
    rows: Mapping[str, pa.Array],
    first_of_item: pa.Array,
) -> dict[str, pa.Array]:
    """The columns of `FailureIntervals`, with check and region.

    The rows are of items that only fail and pass.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    seq = rows["seq"]
    fails = _equals(rows["verdict"], FAIL)
    last = len(seq) - 1
    no_row = pa.array([False])
    last_of_item = pa.concat_arrays([first_of_item.slice(1), pa.array([True])])
    failed_before = pa.concat_arrays([no_row, fails.slice(0, last)])
    fails_after = pa.concat_arrays([fails.slice(1), no_row])
    # No store holds a failure after a failure; a damaged one gives one interval from the first to
    # the last.
    after_no_failure = pc.or_(first_of_item, pc.invert(failed_before))
    before_no_failure = pc.or_(last_of_item, pc.invert(fails_after))
    begins = pc.and_(fails, after_no_failure)
    ends = pc.and_(fails, before_no_failure)

    begin = pc.indices_nonzero(begins).cast(pa.int64())
    end = pc.indices_nonzero(ends).cast(pa.int64())
    # Clamped to rows that exist; where that is a row of another item, the masks below replace it.
    preceding = pc.max_element_wise(pc.subtract(begin, 1), 0)
    following = pc.min_element_wise(pc.add(end, 1), last)
    is_new_item = first_of_item.take(begin)
    stays_open = last_of_item.take(end)
    no_record = pa.scalar(0, pa.int32())
    return {
        "check": rows["check"].take(begin),
        "region": rows["region"].take(begin),
        "resources": rows["resource"].take(begin),
        "passed_before": pc.if_else(is_new_item, no_record, seq.take(preceding)),
        "opened": seq.take(begin),
        "last_failed": seq.take(end),
        "closed": pc.if_else(stays_open, no_record, seq.take(following)),
        "causes": rows["cause"].take(begin),
        "reasons": rows["reason"].take(begin),
        "closing_causes": rows["cause"].take(following),
    }


def _encode(
    rows: Mapping[str, pa.Array],
    names: Sequence[str],
) -> pa.Array:
    """One integer for each row, equal where some columns are equal.

    Sorted by it, rows are sorted by these columns in turn.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    first, *others = names
    code = rows[first].indices.cast(pa.int64())
    for name in others:
        column = rows[name]
        # Checked: an overflow would merge items without notice.
        scaled = pc.multiply_checked(code, len(column.dictionary))
        code = pc.add(scaled, column.indices.cast(pa.int64()))
    return code


def _equals(column: pa.Array, text: str) -> pa.Array:
    """Whether a column has a text, by its dictionary: no row is decoded."""
    import pyarrow.compute as pc

    return pc.equal(column.indices, pc.index(column.dictionary, text))


def _changes(numbers: pa.Array) -> pa.Array:
    """Whether each number differs from the one before it.

    The first does; there is one more for the end, which is True.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    edge = pa.array([True])
    all_but_last = numbers.slice(0, len(numbers) - 1)
    differs = pc.not_equal(numbers.slice(1), all_but_last)
    return pa.concat_arrays([edge, differs, edge])


def _texts(column: pa.DictionaryArray) -> list[str]:
    """A column as Python texts, one object for each distinct text."""
    if len(column.dictionary) > len(column):
        # A few rows of a large dictionary, which it would take longer to decode than the rows.
        decoded = column.dictionary.take(column.indices)
        return list(decoded.to_pylist())
    words = column.dictionary.to_pylist()
    return [words[index] for index in column.indices.to_pylist()]
