"""Connections of urllib3 whose responses are bounded in time and in size."""

from __future__ import annotations

from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from scanner.client.bounded_reading import BoundedResponse


class _BoundedHttp(HTTPConnection):
    response_class = BoundedResponse


class _BoundedHttps(HTTPSConnection):
    response_class = BoundedResponse


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls: Any = _BoundedHttp


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls: Any = _BoundedHttps


def bounded(manager: urllib3.PoolManager) -> urllib3.PoolManager:
    """The manager, which makes such connections."""
    manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
    return manager
