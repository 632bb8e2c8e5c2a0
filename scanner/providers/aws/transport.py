"""Sends the calls of one AWS account, and turns responses into pages and failures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from botocore.exceptions import ClientError
from botocore.model import OperationModel

from scanner.client.client import Page
from scanner.client.clock import Clock, seconds_left
from scanner.client.failures import Failure, OperationNotListedError
from scanner.model.answers import Call, State
from scanner.providers.aws.connections import READ_SECONDS
from scanner.providers.aws.credentials import Identity, expired
from scanner.providers.aws.errors import FAILURES, classify
from scanner.providers.aws.json_values import UnexpectedValueError, plain
from scanner.providers.aws.operations import OPERATIONS
from scanner.providers.aws.paging import Pager, Pagers
from scanner.providers.aws.required_members import missing_members

Arguments = Mapping[str, Any]
"""Parameters of an operation, as botocore takes them."""


class Operation(Protocol):
    """One operation in one region."""

    @property
    def model(self) -> OperationModel: ...

    def send(
        self, arguments: Arguments, identity: Identity, seconds: float = READ_SECONDS
    ) -> dict[str, Any]:
        """The parsed response to one request, made once; raises one of `FAILURES`. Blocks; safe in
        threads. `seconds` is the time limit for the whole response.
        """
        ...


class Operations(Protocol):
    """A way to call AWS: prepared calls, or boto3's clients."""

    partition: str

    def operation(
        self,
        service: str,
        region: str,
        name: str,
    ) -> Operation:
        """An operation; in the partition's own region where none is given; raises one of
        `FAILURES`.
        """
        ...

    def endpoint(self, service: str, region: str) -> str:
        """The address of a service in a region."""
        ...


class AwsTransport:
    """Sends the calls of one account, signed with its credentials."""

    def __init__(
        self,
        operations: Operations,
        pagers: Pagers,
        identity: Identity,
        clock: Clock | None = None,
    ) -> None:
        self._operations = operations
        self._pagers = pagers
        self._identity = identity
        self._clock = clock or Clock()

    def rate_limit_key(self, call: Call) -> tuple[str, str]:
        """Service and region: AWS throttles each by itself."""
        if call.operation not in OPERATIONS:
            raise OperationNotListedError(call.operation)
        service, _, _ = call.operation.partition(":")
        return service, call.region

    def prepare(self, call: Call) -> AwsCall | Failure:
        """The call with its operation and pager."""
        service, _, name = call.operation.partition(":")
        try:
            operation = self._operations.operation(service, call.region, name)
        except FAILURES as error:
            return classify(service, error)
        pager = self._pagers.of(service, operation.model)
        return AwsCall(call, operation, pager, self._identity, self._clock)


class AwsCall:
    """One declared call; its pages are fetched by arguments."""

    def __init__(
        self,
        call: Call,
        operation: Operation,
        pager: Pager,
        identity: Identity,
        clock: Clock,
    ) -> None:
        self._call = call
        self._operation = operation
        self._pager = pager
        self._identity = identity
        self._clock = clock
        # The lists that the model pages are joined too: another kind may read one that this call
        # does not name.
        self.lists = tuple(dict.fromkeys((*call.items, *pager.lists)))

    def fetch(self, cursor: Arguments | None, deadline: float) -> Page[Arguments] | Failure:
        """One page; `cursor` is the arguments of a further one."""
        arguments = self._call.params if cursor is None else cursor
        try:
            response = self._send(arguments, deadline)
        except FAILURES as error:
            service = self._call.operation.partition(":")[0]
            return replace(classify(service, error), date=_date(getattr(error, "response", None)))
        return self._page(response, arguments)

    def shortfall(self, data: dict[str, Any], last: Page[Arguments]) -> Failure | None:
        """Nothing: AWS states no totals."""
        return None

    # Credentials can run out between signing and arrival, and then every call of the account is
    # refused.
    def _send(self, arguments: Arguments, deadline: float) -> dict[str, Any]:
        try:
            return self._operation.send(arguments, self._identity, self._seconds(deadline))
        except ClientError as error:
            if not expired(error) or not self._identity.renew():
                raise
        return self._operation.send(arguments, self._identity, self._seconds(deadline))

    def _seconds(self, deadline: float) -> float:
        return seconds_left(self._clock, deadline, READ_SECONDS)

    def _page(self, response: dict[str, Any], arguments: Arguments) -> Page[Arguments] | Failure:
        request_id = str(response.get("ResponseMetadata", {}).get("RequestId", ""))
        # Before the tokens are dropped from the data.
        following = self._pager.next(response)
        try:
            data = plain(self._call.operation, response)
        except UnexpectedValueError as error:
            return Failure(
                state=State.ERROR,
                code="UnexpectedValue",
                message=str(error),
                request_id=request_id,
                date=_date(response),
            )
        missing = missing_members(
            self._call.operation, self._operation.model, data, self._call.items
        )
        if missing:
            # A proxy or a server in trouble may have sent it: it is worth asking again.
            return Failure(
                state=State.ERROR,
                code="UnexpectedBody",
                message=f"the response lacks {', '.join(missing[:5])}",
                request_id=request_id,
                attempts=3,
                date=_date(response),
            )
        for name in self._pager.members:
            data.pop(name, None)
        return Page(
            data=data,
            next={**arguments, **following} if following else None,
            token=repr(sorted(following.items())),
            request_id=request_id,
            date=_date(response),
            size=_size(response),
        )


def _size(response: Mapping[str, Any]) -> int:
    """Bytes of the body, as `check_body` counted them."""
    try:
        return int(response["ResponseMetadata"]["HTTPHeaders"]["content-length"][:20])
    except (KeyError, TypeError, ValueError):
        return 0


def _date(response: Mapping[str, Any] | None) -> str:
    """The Date header of a response or refusal; empty where there is none."""
    try:
        return str(response["ResponseMetadata"]["HTTPHeaders"]["date"])  # type: ignore[index]
    except (KeyError, TypeError):
        return ""
