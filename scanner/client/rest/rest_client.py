"""Makes declared calls of one target of a REST cloud; what is above several targets is requested
once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from scanner.client.client import ProviderClient, ScanContext
from scanner.client.rest.http_client import HttpClient
from scanner.client.rest.provider_profile import ProviderProfile
from scanner.client.rest.shared import SharedAnswers
from scanner.client.rest.tokens import Tokens
from scanner.client.rest.transport import RequestSender, RestTransport, TokenSender
from scanner.model.answers import Answer, Call
from scanner.model.rest_operations import RestOperations


@dataclass(frozen=True, slots=True, kw_only=True)
class RestContext:
    """What the clients of all targets of one configured target share."""

    scan: ScanContext
    profile: ProviderProfile
    operations: RestOperations
    http: HttpClient
    tokens: Tokens | None
    """None: requests go without a token (an endpoint of this machine, over plain HTTP)."""
    endpoint: str = ""
    """A configured address in place of the declared hosts; empty: none."""
    graphql_endpoint: str = ""
    """The same for GraphQL, where it lies elsewhere; empty: `endpoint`."""
    shared: SharedAnswers = field(default_factory=SharedAnswers)

    @property
    def sender(self) -> TokenSender:
        """Sends requests with the tokens of the configured identity."""
        return TokenSender(
            profile=self.profile, http=self.http, tokens=self.tokens, clock=self.scan.clock
        )


class RestClient(ProviderClient):
    """The client of one target; safe in threads."""

    def __init__(
        self, context: RestContext, own: frozenset[str], sender: RequestSender | None = None
    ) -> None:
        self._rest = RestTransport(
            profile=context.profile,
            operations=context.operations,
            sender=sender or context.sender,
            own=own,
            endpoint=context.endpoint,
            graphql_endpoint=context.graphql_endpoint,
        )
        self.rest_context = context
        super().__init__(self._rest, context.scan)

    def request(self, call: Call) -> Answer:
        """The answer to a call, which never raises for a refusal or failure.

        OperationNotListedError for an operation that is not on the reviewed list.
        """
        # Each project below a folder reads the folder's policy: one request serves them all.
        if self._rest.operation(call).shared:
            return self.rest_context.shared.once(
                call, lambda: super(RestClient, self).request(call)
            )
        return super().request(call)
