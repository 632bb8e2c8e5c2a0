"""Clients of all clouds whose every request goes to a server of nonsense."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.credentials import Credentials as BotoCredentials

from scanner.client.client import ProviderClient, ScanContext
from scanner.client.clock import Clock
from scanner.client.failures import Failure
from scanner.client.interfaces import Rules
from scanner.client.rest.http_client import HttpClient
from scanner.client.rest.operations import operations
from scanner.client.rest.provider_profile import ProviderProfile
from scanner.client.rest.rest_client import RestClient, RestContext
from scanner.client.rest.tokens import Token, Tokens
from scanner.model.answers import Answer, Call, Caller
from scanner.model.rest_operations import PLACEHOLDER, RestOperation
from scanner.providers.aws.boto3_client import Boto3Operations
from scanner.providers.aws.boto_sessions import SessionFactory
from scanner.providers.aws.credentials import Identity
from scanner.providers.aws.fast_client import FastOperations
from scanner.providers.aws.operations import OPERATIONS
from scanner.providers.aws.paging import Pagers
from scanner.providers.aws.required_members import MAY_BE_EMPTY
from scanner.providers.aws.transport import AwsTransport, Operations
from scanner.providers.azure.profile import AzureProfile
from scanner.providers.gcp.profile import GcpProfile
from scanner.providers.github.profile import GithubProfile
from tests.helpers.botocore_bodies import arguments
from tests.helpers.provider_models import output

SECRET: Final = "c3VwZXItc2VjcmV0LXNlc3Npb24tdG9rZW4"
PROFILES: Final[Mapping[str, ProviderProfile]] = {
    "azure": AzureProfile(),
    "gcp": GcpProfile(),
    "github": GithubProfile(),
}
EMPTY_ANSWERS: Final = frozenset({"braces"})
_HTTP: Final = HttpClient()
"""Modes that some operations answer with when there is nothing."""


def context(seconds: float) -> ScanContext:
    """Of a scan that waits for nothing but an answer, and not long for that."""
    clock = Clock(sleep=lambda _: None, jitter=lambda: 0.0)
    return ScanContext.begin(Rules(call_deadline=seconds, scan_deadline=3600), clock)


@dataclass(frozen=True, kw_only=True)
class Account:
    """A client of AWS, by one of the two implementations."""

    operations: Operations
    pagers: Pagers
    identity: Identity

    @classmethod
    def of(cls, client: str) -> Account:
        """The account; AWS_ENDPOINT_URL says where."""
        sessions = SessionFactory(profile="")
        made: Operations
        if client == "fast":
            made = FastOperations(sessions, "aws")
        else:
            made = Boto3Operations(sessions, "aws")
        loader = sessions.botocore().get_component("data_loader")
        key = BotoCredentials("AKIDEXAMPLE", "not-a-secret", SECRET)
        return cls(operations=made, pagers=Pagers(loader), identity=Identity(key, Clock()))

    def ask(self, name: str, seconds: float) -> Answer:
        """The answer to an operation, with every argument that it can have."""
        transport = AwsTransport(self.operations, self.pagers, self.identity)
        service, _, operation = name.partition(":")
        model = self.operations.operation(service, "us-east-1", operation).model
        lists = self.pagers.of(service, model).lists
        call = Call(
            operation=name,
            region="us-east-1",
            params=arguments(model),
            items=tuple(path for path in lists if "[" not in path),
        )
        return ProviderClient(transport, context(seconds)).request(call)


def may_answer_so(name: str, mode: str) -> bool:
    """Whether an operation of AWS says "nothing there" in these bytes."""
    return MAY_BE_EMPTY.get(name) == "" and mode in EMPTY_ANSWERS


class _Minted:
    caller = Caller(id="tester", account="")

    def token(self, audience: str) -> Token | Failure:
        return Token(value=SECRET, expires=time.time() + 3600)


def rest_client(cloud: str, url: str, seconds: float) -> RestClient:
    """A client that sends its token over plain HTTP, which only tests do."""
    scan = context(seconds)
    made = RestContext(
        scan=scan,
        profile=PROFILES[cloud],
        operations=operations(cloud),
        http=_HTTP,
        tokens=Tokens(_Minted(), scan.clock),
        endpoint=url,
    )
    return RestClient(made, frozenset({"p"}))


def rest_call(operation: RestOperation) -> Call:
    """A call of an operation, with something in each placeholder."""
    params: dict[str, Any] = {}
    for match in PLACEHOLDER.finditer(operation.path):
        params[match[2]] = "projects/p" if match[1] else "p"
    for match in PLACEHOLDER.finditer(operation.kql):
        params[match[2]] = ["a/b"]
    items = (operation.root or "value",) if _is_listing(operation) else ()
    return Call(operation=operation.name, region="", params=params, items=items)


def _is_listing(operation: RestOperation) -> bool:
    return operation.page is not None or bool(re.search(r"[Ll]ist", operation.name))


def rest_may_answer_so(cloud: str, operation: RestOperation, mode: str) -> bool:
    """Whether an operation says "nothing there" in these bytes."""
    if mode == "list":
        return bool(operation.root)
    if mode == "a page elsewhere" and cloud == "gcp":
        # Its pages follow no addresses, and where its list is called so, this one is empty.
        return "items" in output(operation.name).members
    if mode not in EMPTY_ANSWERS:
        return False
    empty = operation.may_be_empty or _is_listing(operation)
    return empty and not operation.always and not operation.root


def aws_names() -> Iterator[str]:
    yield from sorted(OPERATIONS)
