"""Work that waits without holding a thread: it yields the seconds, and whoever drives it decides how to spend them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

R = TypeVar("R")

Steps = Generator[float, None, R]
"""Yields seconds to wait before it goes on; returns what it leads to."""


def walk(steps: Steps[R], sleep: Callable[[float], None]) -> R:
    """What the steps lead to, each wait slept."""
    while True:
        try:
            seconds = next(steps)
        except StopIteration as stop:
            result: R = stop.value
            return result
        sleep(seconds)
