"""Bounds what receivers of alerts answer, in time and in size."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def bounded_receivers() -> Iterator[None]:
    """While the block runs, sessions of `requests` read bounded responses."""
    # Apprise's plugins make their sessions themselves, and no option of theirs limits a response
    # that never ends. Alerts are sent by one thread, while nothing else is.
    import requests.sessions

    from scanner.client.rest.bounded_requests import BoundedAdapter

    sessions: Any = requests.sessions
    before = sessions.HTTPAdapter
    sessions.HTTPAdapter = BoundedAdapter
    try:
        yield
    finally:
        sessions.HTTPAdapter = before
