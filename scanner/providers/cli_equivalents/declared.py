"""Declared calls as commands of the providers' own tools, for a POSIX shell: the same request, to the letter."""

from __future__ import annotations

import shlex
from typing import Final

from scanner.client.failures import Failure
from scanner.client.rest.operations import operations
from scanner.client.rest.provider_profile import ProviderProfile
from scanner.client.rest.request import PreparedRequest, made
from scanner.model.answers import Call
from scanner.model.rest_operations import Page, RestOperation
from scanner.providers.azure.profile import AzureProfile
from scanner.providers.gcp.profile import GcpProfile
from scanner.providers.github.profile import GithubProfile

_JSON: Final = ("Content-Type: application/json",)


def gcp(call: Call) -> str:
    """`curl … 'https://storage.googleapis.com/storage/v1/b?project=shop'`, with the token that gcloud makes."""
    dialect = GcpProfile()
    asked = _asked(dialect, call)
    if isinstance(asked, str):
        return asked
    operation, wire = asked
    scopes = (
        f" --scopes={operation.audience}"
        if operation.audience not in ("", dialect.audience)
        else ""
    )
    # The one word that the shell itself must fill in; nothing of the call is in it but a reviewed scope.
    token = f'"Authorization: Bearer $(gcloud auth print-access-token{scopes})"'
    sent = ["--request", "POST", "--header", *_JSON, "--data", _body(wire)] if wire.post else []
    words = [*sent, operation.host + wire.target]
    return f"curl --silent --show-error --header {token} {_quoted(words)}{_paging(operation)}"


def azure(call: Call) -> str:
    """`az rest --method get --url 'https://management.azure.com/…'`; Graph's tokens are asked for by name."""
    dialect = AzureProfile()
    asked = _asked(dialect, call)
    if isinstance(asked, str):
        return asked
    operation, wire = asked
    words = [
        "az",
        "rest",
        "--method",
        "post" if wire.post else "get",
        "--url",
        operation.host + wire.target,
    ]
    if operation.audience not in ("", dialect.audience):
        words += ["--resource", operation.audience.removesuffix("/.default")]
    if wire.post:
        words += ["--headers", *_JSON, "--body", _body(wire)]
    return _quoted([*words, "--output", "json"]) + _paging(operation)


def github(call: Call) -> str:
    """`gh api /orgs/NAME/repos --paginate`; a query of GraphQL comes from standard input."""
    dialect = GithubProfile()
    asked = _asked(dialect, call)
    if isinstance(asked, str):
        return asked
    operation, wire = asked
    headers = [
        word
        for name, value in dialect.headers(operation).items()
        for word in ("--header", f"{name}: {value}")
    ]
    if wire.post:
        return (
            f"printf %s {shlex.quote(_body(wire))} | gh api graphql --input -{_paging(operation)}"
        )
    follows = ["--paginate"] if operation.page is not None and operation.page.header else []
    return _quoted(["gh", "api", *headers, *follows, wire.target])


def _asked(dialect: ProviderProfile, call: Call) -> tuple[RestOperation, PreparedRequest] | str:
    """The reviewed operation and its request; in words, where there is none."""
    operation = operations(dialect.cloud).get(call.operation)
    if operation is None:
        return f"({call.operation} is not on the reviewed list of this version)"
    wire = made(operation, call.params, dialect.query(operation))
    return f"({wire.message})" if isinstance(wire, Failure) else (operation, wire)


def _body(wire: PreparedRequest) -> str:
    """The body as it is sent, on one line: spaces and line breaks mean the same in a query."""
    if wire.variables and wire.body is not None:
        wire = PreparedRequest(
            post=True,
            path=wire.path,
            body={**wire.body, "query": " ".join(wire.body["query"].split())},
        )
    return (wire.content or b"").decode("ascii")


def _quoted(words: list[str]) -> str:
    return " ".join(shlex.quote(word) for word in words)


def _paging(operation: RestOperation) -> str:
    """A comment of the shell that tells how to ask for the next page, which these tools do not do by themselves."""
    page: Page | None = operation.page
    if page is None:
        return ""
    more = (
        f"with {page.send} = {page.next} of the answer"
        if page.next
        else f"at {page.link} of the answer"
    )
    return f"  # one page: the next is {more}"
