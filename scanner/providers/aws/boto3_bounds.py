"""Bounds the responses that boto3's own clients read, in time and in size."""

from __future__ import annotations

import threading
from typing import Any, Final

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)

from scanner.client.bounded_reading import BoundedResponse


class _Request(threading.local):
    """The request that a thread makes."""

    seconds: float = 30.0
    """The time limit for its response."""
    token: str = ""
    """The session token that it sends."""


REQUEST: Final = _Request()


class _BoundedHttp(AWSHTTPConnection):  # type: ignore[misc]
    response_class = BoundedResponse

    def getresponse(self) -> Any:
        """The response, which must end within the limit of this thread."""
        self.timeout = REQUEST.seconds
        return super().getresponse()


class _BoundedHttps(AWSHTTPSConnection):  # type: ignore[misc]
    response_class = BoundedResponse

    def getresponse(self) -> Any:
        """The response, which must end within the limit of this thread."""
        self.timeout = REQUEST.seconds
        return super().getresponse()


class _HttpPool(AWSHTTPConnectionPool):  # type: ignore[misc]
    ConnectionCls = _BoundedHttp


class _HttpsPool(AWSHTTPSConnectionPool):  # type: ignore[misc]
    ConnectionCls = _BoundedHttps


def bound_responses(client: Any) -> None:
    """Let a client of boto3 read bounded responses; before its first request."""
    # botocore has no public way to choose the classes of its connections. The mapping is the one
    # that its pools and those of its proxies are made by.
    pools = client._endpoint.http_session._pool_classes_by_scheme
    pools.update({"http": _HttpPool, "https": _HttpsPool})
