"""botocore clients: one for each service and region, made once."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import botocore
from botocore.config import Config
from botocore.model import OperationModel
from botocore.session import Session as BotoSession

from scanner import __version__
from scanner.sources.aws.outcomes import UnparsableAnswerError

_GLOBAL_REGION: Final = {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1", "aws-iso": "us-iso-east-1"}
_SINGLE_ENDPOINT: Final = {"globalaccelerator": "us-west-2", "networkmanager": "us-west-2"}
_ACCOUNT_HOST: Final = re.compile(r"//[0-9]{12}\.")
_AWS_HOSTS: Final = (".amazonaws.com", ".amazonaws.com.cn", ".aws", ".c2s.ic.gov", ".sc2s.sgov.gov")


def global_region(partition: str, service: str = "") -> str:
    """The region in which a partition answers for services that have only one endpoint."""
    if partition == "aws" and service in _SINGLE_ENDPOINT:
        return _SINGLE_ENDPOINT[service]
    return _GLOBAL_REGION.get(partition, "us-east-1")


class Clients:
    """The clients of one partition; requests are signed for the account that is being asked."""

    def __init__(self, session: BotoSession, partition: str) -> None:
        self.session = session
        self.partition = partition
        self._made: dict[tuple[str, str], Any] = {}
        # botocore's session is not safe for making clients in threads; clients are safe to use in them.
        self._lock = threading.Lock()

    def get(self, service: str, region: str) -> Any:
        """The client for a service in a region; BotoCoreError if botocore does not know the service."""
        key = (service, region or global_region(self.partition, service))
        client = self._made.get(key)
        if client is None:
            with self._lock:
                client = self._made.get(key) or self._made.setdefault(key, self._make(*key))
        return client

    def _make(self, service: str, region: str) -> Any:
        client = self._variant(service, region)
        return self._own_variant(client, service, region) if _own_endpoint(client) else client

    def _own_variant(self, client: Any, service: str, region: str) -> Any:
        """The client for an endpoint that the user named: no names can stand before its host."""
        if service == "s3":
            return self._variant(service, region, s3={"addressing_style": "path"})
        if service == "s3control":
            client = self._variant(service, region, inject_host_prefix=False)
            client.meta.events.register("before-sign", strip_account)
        return client

    def _variant(self, service: str, region: str, **more: Any) -> Any:
        # Retries are ours: botocore's know neither our deadlines nor the pace of the target.
        config = Config(
            retries={"total_max_attempts": 1, "mode": "standard"},
            connect_timeout=5,
            read_timeout=30,
            max_pool_connections=64,
            user_agent=f"tscan/{__version__} Botocore/{botocore.__version__}",
            **more,
        )
        client = self.session.create_client(service, region_name=region, config=config)
        client.meta.events.register("before-parse", check_body)
        return client


def strip_account(request: Any, **_: Any) -> None:
    """Take the account off the host: a bare address has no names below it."""
    request.url = _ACCOUNT_HOST.sub("//", request.url, count=1)


def check_body(response_dict: Mapping[str, Any], operation_model: OperationModel, **_: Any) -> None:
    """Refuse an answer of success with a body that botocore would take for an empty one (a portal's page, a cut)."""
    body = response_dict.get("body")
    output = operation_model.output_shape
    if response_dict["status_code"] >= 300 or not isinstance(body, bytes) or not output or not output.members:
        return
    announced = str(response_dict["headers"].get("content-length", ""))
    if not body or (announced.isdecimal() and int(announced) != len(body)):
        raise UnparsableAnswerError(form=f"whole: {len(body)} of {announced or '?'} bytes came")
    if body[:64].lstrip()[:14].lower().startswith((b"<html", b"<!doctype html")):
        raise UnparsableAnswerError(form="from AWS, but a web page")
    if "json" in operation_model.service_model.resolved_protocol and not output.serialization.get("payload"):
        _check_json(body)


def _check_json(body: bytes) -> None:
    try:
        whole = isinstance(json.loads(body), dict)
    except ValueError:
        whole = False
    if not whole:
        raise UnparsableAnswerError(form="whole JSON")


def _own_endpoint(client: Any) -> bool:
    host = urlsplit(client.meta.endpoint_url).hostname or ""
    return not host.endswith(_AWS_HOSTS)
