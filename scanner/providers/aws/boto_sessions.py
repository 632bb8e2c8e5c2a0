"""Makes the sessions and clients of botocore and boto3, all with the same configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import boto3
import botocore
from botocore.config import Config
from botocore.credentials import CredentialResolver
from botocore.exceptions import BotoCoreError
from botocore.loaders import Loader
from botocore.session import Session as BotocoreSession

from scanner import __version__
from scanner.client.this_machine import is_this_machine
from scanner.providers.aws.partitions import hosts

USER_AGENT: Final = f"tscan/{__version__} Botocore/{botocore.__version__}"


class _Fixed:
    """A provider of credentials, as botocore's resolver expects one, that has them already."""

    METHOD = "tscan"
    CANONICAL_NAME = "tscan"

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    def load(self) -> Any:
        """The credentials."""
        return self._credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFactory:
    """Makes sessions for one profile, with one loader of service models."""

    profile: str
    loader: Loader | None = None
    """None: botocore's own."""
    insecure: bool = False
    """Whether credentials may be sent over plain HTTP to another machine."""

    def botocore(self, credentials: Any = None) -> BotocoreSession:
        """A session with the given credentials, or with those that botocore finds."""
        session = BotocoreSession(profile=self.profile or None)
        # Outside of EC2 the metadata address does not respond: without credentials, a long wait
        # gains nothing.
        session.set_config_variable("metadata_service_timeout", 1)
        session.set_config_variable("metadata_service_num_attempts", 1)
        if self.loader is not None:
            session.register_component("data_loader", self.loader)
        if credentials is not None:
            resolver = CredentialResolver([_Fixed(credentials)])
            session.register_component("credential_provider", resolver)
        return session

    def boto3(self, credentials: Any = None) -> boto3.Session:
        """The same as a session of boto3."""
        session = self.botocore(credentials)
        made = boto3.Session(botocore_session=session, profile_name=self.profile or None)
        # boto3 adds its own name, although clients are given theirs.
        session.user_agent_extra = ""
        return made


class InsecureEndpointError(BotoCoreError):  # type: ignore[misc]
    """An endpoint of another machine over plain HTTP, to which no credentials are sent."""

    fmt = "{host} is another machine, and plain HTTP would show it the credentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeClient:
    """A botocore client of one service in one region."""

    client: Any
    own_endpoint: bool
    """The user named the endpoint, so that no name can stand before its host: of a bucket, or of an
    account.
    """


def make_client(
    create: Callable[..., Any],
    service: str,
    region: str,
    *,
    insecure: bool = False,
    **settings: Any,
) -> MadeClient:
    """A client for AWS's endpoint, or for one that the user named (AWS_ENDPOINT_URL).

    `create` is `create_client` of a botocore session, or `client` of one of boto3; `settings` are
    those of `botocore.config.Config`. Raises InsecureEndpointError for plain HTTP to another
    machine, unless it is `insecure`.
    """

    def made(**more: Any) -> Any:
        config = Config(user_agent=USER_AGENT, **settings, **more)
        return create(service, region_name=region, config=config)

    client = made()
    address = urlsplit(client.meta.endpoint_url)
    host = address.hostname or ""
    if address.scheme == "http" and not (insecure or is_this_machine(host)):
        raise InsecureEndpointError(host=host)
    if host.endswith(hosts()):
        return MadeClient(client=client, own_endpoint=False)
    if service == "s3":
        client = made(s3={"addressing_style": "path"})
    elif service == "s3control":
        client = made(inject_host_prefix=False)
    return MadeClient(client=client, own_endpoint=True)
