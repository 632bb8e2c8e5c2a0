"""Sends azure-identity's requests for tokens, by the rules of all other requests."""

from __future__ import annotations

from typing import Any, Final

_SECONDS: Final = 30.0
_LONGEST_PAUSE: Final = 10.0
"""Seconds before a request is repeated, whatever Retry-After says."""


def bounded_transport() -> Any:
    """A transport whose responses are bounded; azure-core follows no redirect."""
    import requests
    from azure.core.pipeline.transport import RequestsTransport

    from scanner.client.rest.bounded_requests import BoundedAdapter

    class BoundedTransport(RequestsTransport):  # type: ignore[misc]
        def sleep(self, duration: float) -> None:
            """Wait before a request is repeated."""
            super().sleep(min(duration, _LONGEST_PAUSE))

    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, BoundedAdapter())
    return BoundedTransport(
        session=session,
        session_owner=False,
        connection_timeout=10.0,
        read_timeout=_SECONDS,
    )
