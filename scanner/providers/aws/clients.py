"""botocore clients: one for each service and region, made once, for what they know; `plans` calls."""

from __future__ import annotations

import threading
from typing import Any, Final
from urllib.parse import urlsplit

import botocore
from botocore.config import Config
from botocore.session import Session as BotoSession

from scanner import __version__
from scanner.providers.aws.connections import Connections
from scanner.providers.aws.endpoints import Endpoints
from scanner.providers.aws.prepared_call import PreparedCall

_GLOBAL_REGION: Final = {
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-iso": "us-iso-east-1",
}
_SINGLE_ENDPOINT: Final = {"globalaccelerator": "us-west-2", "networkmanager": "us-west-2"}
_AWS_HOSTS: Final = (".amazonaws.com", ".amazonaws.com.cn", ".aws", ".c2s.ic.gov", ".sc2s.sgov.gov")


def global_region(partition: str, service: str = "") -> str:
    """The region in which a partition answers for services that have only one endpoint."""
    if partition == "aws" and service in _SINGLE_ENDPOINT:
        return _SINGLE_ENDPOINT[service]
    return _GLOBAL_REGION.get(partition, "us-east-1")


class Clients:
    """The clients of one partition, and the plans of their operations; both serve all accounts."""

    def __init__(self, session: BotoSession, partition: str) -> None:
        self.session = session
        self.partition = partition
        self._connections = Connections(session)
        self._made: dict[tuple[str, str], tuple[Any, Endpoints]] = {}
        self._plans: dict[tuple[str, str, str], PreparedCall] = {}
        # botocore's session is not safe for making clients in threads; clients are safe to use in them.
        self._lock = threading.Lock()

    def operation(self, service: str, region: str, name: str) -> PreparedCall:
        """An operation, prepared; BotoCoreError if botocore does not know the service."""
        key = (service, region or global_region(self.partition, service), name)
        found = self._plans.get(key)
        if found is None:
            with self._lock:
                found = self._plans.get(key) or self._plans.setdefault(key, self._planned(*key))
        return found

    def endpoint(self, service: str, region: str) -> str:
        """The address of a service in a region."""
        with self._lock:
            return str(self._client(service, region)[0].meta.endpoint_url)

    def _planned(self, service: str, region: str, operation: str) -> PreparedCall:
        client, places = self._client(service, region)
        return PreparedCall(client, operation, places)

    def _client(self, service: str, region: str) -> tuple[Any, Endpoints]:
        key = (service, region)
        if key not in self._made:
            self._made[key] = self._make(*key)
        return self._made[key]

    def _make(self, service: str, region: str) -> tuple[Any, Endpoints]:
        client = self._variant(service, region)
        own = _own_endpoint(client)
        if own:
            client = self._own_variant(client, service, region)
        return client, Endpoints(client, self._connections, bare_host=own)

    def _own_variant(self, client: Any, service: str, region: str) -> Any:
        """The client for an endpoint that the user named: no names can stand before its host."""
        if service == "s3":
            return self._variant(service, region, s3={"addressing_style": "path"})
        if service == "s3control":
            return self._variant(service, region, inject_host_prefix=False)
        return client

    def _variant(self, service: str, region: str, **more: Any) -> Any:
        config = Config(user_agent=f"tscan/{__version__} Botocore/{botocore.__version__}", **more)
        return self.session.create_client(service, region_name=region, config=config)


def _own_endpoint(client: Any) -> bool:
    host = urlsplit(client.meta.endpoint_url).hostname or ""
    return not host.endswith(_AWS_HOSTS)
