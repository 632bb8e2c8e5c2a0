"""Exchanges: at most so many at a time, each brought back to who waits, in threads that end."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from scanner.core.steps import Steps, walk, walk_all
from scanner.providers.aws import io_pool
from scanner.providers.aws.io_pool import IoPool


def test_many_at_a_time_and_no_more() -> None:
    under_way, most, lock = 0, 0, threading.Lock()
    together = threading.Barrier(4)

    def work(number: int) -> int:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        together.wait(5)
        with lock:
            under_way -= 1
        return number

    ways = IoPool(4)
    assert walk_all(
        [ways.run(lambda number=n: work(number)) for n in range(20)], time.sleep
    ) == list(range(20))
    assert most == 4


def test_an_error_is_raised_where_it_is_waited_for() -> None:
    def fails() -> None:
        raise TimeoutError("no answer")

    def waits(ways: IoPool) -> Steps[str]:
        try:
            yield from ways.run(fails)
        except TimeoutError as error:
            return str(error)
        return ""

    ways = IoPool(1)
    assert walk(waits(ways), time.sleep) == "no answer"
    assert walk(ways.run(lambda: "after it"), time.sleep) == "after it"


def test_threads_end_when_there_is_nothing_to_do_and_begin_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(io_pool, "_IDLE", 0.01)
    ways = IoPool(2)

    def alive() -> int:
        return sum(
            thread.name.startswith("tscan-aws-") and thread.is_alive()
            for thread in threading.enumerate()
        )

    before = alive()
    for _ in range(3):
        assert walk_all([ways.run(lambda n=n: n) for n in range(8)], time.sleep) == list(range(8))
        until = time.monotonic() + 10
        while alive() > before and time.monotonic() < until:
            time.sleep(0.01)
        assert alive() == before


def test_what_comes_while_a_thread_ends_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    # So short that threads end all the time.
    monkeypatch.setattr(io_pool, "_IDLE", 0.0001)
    ways = IoPool(2)
    found: list[Any] = []
    for number in range(400):
        found.append(walk(ways.run(lambda number=number: number), time.sleep))
        time.sleep(0.0001 * (number % 3))
    assert found == list(range(400))
