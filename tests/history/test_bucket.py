"""The tests' bucket is as strict as S3: of many writers of one key, one creates it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from scanner.history.stores import open_store
from tests.helpers.bucket import bucket

WRITERS = 8
KEYS = 20


@pytest.fixture
def many_switches() -> Iterator[None]:
    """Threads are switched a thousand times as often: the server's run into each other."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(before / 1000)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("many_switches")
def test_of_many_writers_one_creates_a_file() -> None:
    together = threading.Barrier(WRITERS)
    with bucket() as place, ThreadPoolExecutor(WRITERS) as pool:
        store = open_store(place)

        def write(writer: int) -> list[bool]:
            created = []
            for number in range(KEYS):
                # All writers request the same key at once.
                together.wait()
                created.append(store.put_new(f"log/{number}", b"%d" % writer))
            return created

        by_writer = list(pool.map(write, range(WRITERS)))
        winners = [
            [writer for writer in range(WRITERS) if by_writer[writer][n]] for n in range(KEYS)
        ]
        assert [len(won) for won in winners] == [1] * KEYS
        contents = [store.get(f"log/{number}") for number in range(KEYS)]
        assert contents == [b"%d" % won[0] for won in winners]
