"""Row counts by the footer of a segment: Arrow's answer, and a clear error for damaged files."""

from __future__ import annotations

import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scanner.history.records.segments import SegmentError, make_table, row_count

INDEX = make_table(
    "index", ([bytes([one]) * 32 for one in range(100)], list(range(100))), day="d", scan="s"
).content


def written(rows: int, **more: object) -> bytes:
    sink = pa.BufferOutputStream()
    columns = {f"column{number}": pa.array(range(rows), pa.int32()) for number in range(20)}
    nested = pa.array(
        [{"a": [True], "b": 1.5}] * rows,
        pa.struct([("a", pa.list_(pa.bool_())), ("b", pa.float64())]),
    )
    pq.write_table(pa.table({**columns, "nested": nested}), sink, **more)
    return bytes(sink.getvalue().to_pybytes())


@pytest.mark.parametrize("rows", [0, 1, 63, 64, 100_000])
@pytest.mark.parametrize("version", ["1.0", "2.6"])
def test_rows_are_those_that_were_written(rows: int, version: str) -> None:
    content = written(rows, version=version, row_group_size=10_000)
    assert row_count(content) == rows
    assert row_count(INDEX) == 100


def test_a_file_that_is_cut_off_is_refused_at_every_length() -> None:
    for length in range(len(INDEX)):
        with pytest.raises(SegmentError, match="unreadable Parquet file"):
            row_count(INDEX[:length])


def test_a_damaged_footer_is_refused_or_read_and_never_breaks() -> None:
    chance = random.Random(1)
    footer = int.from_bytes(INDEX[-8:-4], "little") + 8
    refused = 0
    for _ in range(3000):
        damaged = bytearray(INDEX)
        for _ in range(chance.randint(1, 3)):
            damaged[-chance.randint(1, footer)] = chance.randrange(256)
        try:
            row_count(bytes(damaged))
        except SegmentError:
            refused += 1
    assert refused > 300
