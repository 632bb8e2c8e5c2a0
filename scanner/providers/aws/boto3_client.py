"""Calls AWS by boto3's own clients, for a botocore that the fast client does not know."""

from __future__ import annotations

import threading
from typing import Any, Final
from weakref import WeakKeyDictionary

import boto3
from botocore import xform_name
from botocore.model import OperationModel

from scanner.client.repeated import repeated
from scanner.providers.aws.boto3_bounds import REQUEST, bound_responses
from scanner.providers.aws.boto_sessions import SessionFactory, make_client
from scanner.providers.aws.connections import CONNECT_SECONDS, READ_SECONDS
from scanner.providers.aws.credentials import Identity, NoAccount
from scanner.providers.aws.endpoints import without_account
from scanner.providers.aws.errors import CredentialRepeatedError
from scanner.providers.aws.partitions import global_region
from scanner.providers.aws.response_checks import check_body
from scanner.providers.aws.transport import Arguments

_SETTINGS: Final = {
    # Retries, and the rate of calls, are the provider client's.
    "retries": {"total_max_attempts": 1, "mode": "standard"},
    "connect_timeout": CONNECT_SECONDS,
    "read_timeout": READ_SECONDS,
    "max_pool_connections": 64,
}


class Boto3Operations:
    """boto3's clients of one partition; each account has its own: a client signs for one."""

    def __init__(self, sessions: SessionFactory, partition: str) -> None:
        self.partition = partition
        self._sessions = sessions
        self._models = sessions.botocore(NoAccount())
        self._accounts: WeakKeyDictionary[Identity, _Account] = WeakKeyDictionary()
        # Neither boto3's sessions nor the making of clients is safe in threads. Reentrant: a
        # session may need a role's credentials, which are requested with another account's client.
        self._lock = threading.RLock()

    def operation(
        self,
        service: str,
        region: str,
        name: str,
    ) -> Boto3Operation:
        """An operation; BotoCoreError if botocore does not know the service."""
        # Of a session without credentials: the model is the same for every account.
        with self._lock:
            model = self._models.get_service_model(service).operation_model(name)
        return Boto3Operation(self, model, region or global_region(self.partition, service))

    def endpoint(self, service: str, region: str) -> str:
        """The address of a service in a region."""
        with self._lock:
            made = make_client(
                self._models.create_client, service, region, insecure=self._sessions.insecure
            )
            return str(made.client.meta.endpoint_url)

    def client(
        self,
        identity: Identity,
        service: str,
        region: str,
    ) -> Any:
        """The client that signs for an account."""
        with self._lock:
            account = self._accounts.get(identity)
            if account is None:
                session = self._sessions.boto3(identity.credentials)
                account = self._accounts[identity] = _Account(
                    session, insecure=self._sessions.insecure
                )
            return account.client(service, region)


class Boto3Operation:
    """One operation in one region; safe in threads."""

    def __init__(
        self,
        operations: Boto3Operations,
        model: OperationModel,
        region: str,
    ) -> None:
        self.model = model
        self._operations = operations
        self._region = region

    def send(
        self, arguments: Arguments, identity: Identity, seconds: float = READ_SECONDS
    ) -> dict[str, Any]:
        """The parsed response, as boto3 returns it."""
        REQUEST.seconds, REQUEST.token = seconds, identity.key().token or ""
        service = self.model.service_model.service_name
        client = self._operations.client(identity, service, self._region)
        response: dict[str, Any] = getattr(client, xform_name(self.model.name))(**arguments)
        return response


class _Account:
    """The clients of one account."""

    def __init__(self, session: boto3.Session, *, insecure: bool) -> None:
        self._session = session
        self._insecure = insecure
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, region: str) -> Any:
        """The client of a service in a region, made once."""
        key = (service, region)
        if key not in self._clients:
            self._clients[key] = self._make(service, region)
        return self._clients[key]

    def _make(self, service: str, region: str) -> Any:
        made = make_client(
            self._session.client, service, region, insecure=self._insecure, **_SETTINGS
        )
        bound_responses(made.client)
        events = made.client.meta.events
        events.register("before-parse", _refuse_unusable_body)
        if service == "s3":
            events.register("before-call", _follow_no_redirect)
        if made.own_endpoint:
            events.register("before-call", _leave_host_bare)
        return made.client


def _refuse_unusable_body(
    *, operation_model: OperationModel, response_dict: dict[str, Any], **_: Any
) -> None:
    if repeated(REQUEST.token, response_dict["headers"].values(), response_dict["body"]):
        raise CredentialRepeatedError()
    check_body(response_dict, operation_model)


def _follow_no_redirect(*, context: dict[str, Any], **_: Any) -> None:
    # botocore would call HeadBucket, which is not a reviewed operation, and send the request to
    # another region.
    context["s3_redirect"] = {**context.get("s3_redirect", {}), "redirected": True}


def _leave_host_bare(*, params: dict[str, Any], **_: Any) -> None:
    params["url"] = without_account(params["url"])
