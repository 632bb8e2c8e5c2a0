"""Lets libraries that send by `requests` read responses that are bounded in time and in size."""

from __future__ import annotations

from http.client import HTTPException
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from scanner.client.rest.bounded_pools import bounded
from scanner.client.rest.http_client import read_body


class BoundedAdapter(HTTPAdapter):
    """Reads each response to its end, which must come in time and before it is too large."""

    def init_poolmanager(self, *sizes: Any, **options: Any) -> None:
        """Make the pools of connections."""
        super().init_poolmanager(*sizes, **options)
        bounded(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """The pools of connections through a proxy."""
        return bounded(super().proxy_manager_for(proxy, **options))

    def send(
        self, request: requests.PreparedRequest, *arguments: Any, **options: Any
    ) -> requests.Response:
        """Send one request, and read its response to the end; requests' errors."""
        response = super().send(request, *arguments, **options)
        try:
            content = read_body(response.raw)
        except (HTTPError, HTTPException, OSError) as error:
            raise requests.ConnectionError(error, request=request) from error
        # As `Response.content` keeps what it has read; there is no public way to give it.
        response._content = content
        response._content_consumed = True
        return response
