"""Calls AWS by the parts of botocore's clients; the clients themselves are never called."""

from __future__ import annotations

import threading
from typing import Any

from scanner.providers.aws.boto_sessions import SessionFactory, make_client
from scanner.providers.aws.connections import Connections
from scanner.providers.aws.credentials import NoAccount
from scanner.providers.aws.endpoints import Endpoints
from scanner.providers.aws.partitions import global_region
from scanner.providers.aws.prepared_call import PreparedCall


class FastOperations:
    """The prepared calls of one partition; they serve all accounts."""

    def __init__(self, sessions: SessionFactory, partition: str) -> None:
        self.partition = partition
        self._session = sessions.botocore(NoAccount())
        self._insecure = sessions.insecure
        self._connections = Connections(self._session)
        self._clients: dict[tuple[str, str], tuple[Any, Endpoints]] = {}
        self._prepared: dict[tuple[str, str, str], PreparedCall] = {}
        # botocore's session is not safe for making clients in threads; clients are safe to use in
        # them.
        self._lock = threading.Lock()

    def operation(
        self,
        service: str,
        region: str,
        name: str,
    ) -> PreparedCall:
        """An operation, prepared; BotoCoreError if botocore does not know the service."""
        key = (service, region or global_region(self.partition, service), name)
        # Without the lock first: a dictionary may be read while it is written.
        found = self._prepared.get(key)
        if found is None:
            with self._lock:
                found = self._prepared.get(key)
                if found is None:
                    found = self._prepared[key] = self._prepare(*key)
        return found

    def endpoint(self, service: str, region: str) -> str:
        """The address of a service in a region."""
        return str(self.client(service, region).meta.endpoint_url)

    def client(self, service: str, region: str) -> Any:
        """The botocore client whose parts are used."""
        with self._lock:
            return self._client(service, region)[0]

    def _prepare(
        self,
        service: str,
        region: str,
        name: str,
    ) -> PreparedCall:
        client, endpoints = self._client(service, region)
        return PreparedCall(client, name, endpoints)

    def _client(self, service: str, region: str) -> tuple[Any, Endpoints]:
        key = (service, region)
        if key not in self._clients:
            made = make_client(
                self._session.create_client, service, region, insecure=self._insecure
            )
            endpoints = Endpoints(made.client, self._connections, bare_host=made.own_endpoint)
            self._clients[key] = made.client, endpoints
        return self._clients[key]
