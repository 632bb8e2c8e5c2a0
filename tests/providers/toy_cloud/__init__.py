"""A whole cloud, as small as one can be: the example of docs/adding-a-cloud.md. A target is a shelf
of boxes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from scanner.client.failures import Failure
from scanner.client.interfaces import AuditLog, Connected, Connector, Rules
from scanner.client.rest.cli_equivalents import prepared, quoted
from scanner.client.rest.connect import (
    NO_CREDENTIALS,
    CloudName,
    by_key,
    callers,
    required_data,
    rest_context,
    sign_in,
)
from scanner.client.rest.provider_profile import failure_by_status
from scanner.client.rest.responses import HttpReply
from scanner.client.rest.rest_client import RestClient
from scanner.client.rest.session import RestSession
from scanner.client.rest.tokens import Token
from scanner.content.operations import load_operations
from scanner.core.reading.context import Reader
from scanner.model.answers import Call, Caller, State, Target
from scanner.model.config import TargetConfig
from scanner.model.rest_operations import RestOperation, RestOperations
from scanner.registry import Registry

FOLDER: Final = Path(__file__).parent
NAME: Final = CloudName(name="Toy", extra="toy", modules=(), log_in="set TOY_TOKEN")


class ToyProfile:
    """The protocol rules of the toy cloud."""

    cloud = "toy"
    audience = "toy"
    request_ids = ("x-request-id",)

    def headers(self, operation: RestOperation) -> Mapping[str, str]:
        """None besides the token."""
        return {}

    def query(self, operation: RestOperation) -> Mapping[str, str]:
        """None."""
        return {}

    def failure(self, reply: HttpReply, own: frozenset[str]) -> Failure:
        """By its status."""
        return failure_by_status(reply, str(reply.status), "")


class ToyToken:
    """A token of the environment."""

    caller = Caller(id="the owner of TOY_TOKEN", account="")

    def token(self, audience: str) -> Token | Failure:
        """The token, good for an hour."""
        value = os.environ.get("TOY_TOKEN", "")
        if not value:
            return Failure(state=State.DENIED, code=NO_CREDENTIALS, message="TOY_TOKEN is not set")
        return Token(value=value, expires=time.time() + 3600)


class ToyProvider:
    """The toy cloud."""

    readers = Registry[Reader]("tests.readers")

    def connect(self, target: TargetConfig, rules: Rules) -> Sequence[Connector]:
        """A shelf."""
        context = rest_context(target, rules, ToyProfile(), _operations(), lambda _: ToyToken())
        sign_in(context, NAME)
        shelf = target.settings.get("shelf", "") or target.settings["id"]
        client = RestClient(context, frozenset({shelf}))
        answer = client.request(
            Call(operation="store:shelves.get", region="", params={"shelf": shelf})
        )
        data = required_data(answer, f"shelf {shelf}", NAME, "check its name")
        session = RestSession(
            target=Target(f"toy:{shelf}"),
            name=str(data.get("label", "")),
            callers=callers(context),
            client=client,
            answers=by_key([answer]),
        )
        return (Connected(session),)

    def several(self, target: TargetConfig) -> bool:
        """Never."""
        return False

    def audit_log(self) -> AuditLog | None:
        """None."""
        return None

    def permissions_of(self, operation: str) -> tuple[str, ...]:
        """As the reviewed list declares them."""
        return _operations()[operation].permission

    def cli_command(self, call: Call) -> str:
        """A `curl` command."""
        found = prepared(ToyProfile(), _operations(), call)
        if isinstance(found, str):
            return found
        operation, request = found
        return quoted(["curl", operation.host + request.target])


def _operations() -> RestOperations:
    return load_operations(FOLDER / "operations.yaml")


TOY = ToyProvider()
