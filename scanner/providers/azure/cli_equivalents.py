"""Renders Azure and Microsoft Graph calls as `az rest` commands."""

from __future__ import annotations

from scanner.client.rest.cli_equivalents import (
    JSON_HEADER,
    body_text,
    own_audience,
    paging_comment,
    prepared,
    quoted,
)
from scanner.client.rest.operations import operations
from scanner.model.answers import Call
from scanner.providers.azure.profile import AzureProfile


def command(call: Call) -> str:
    """`az rest --method get --url 'https://management.azure.com/…'`; Graph's tokens are requested
    by `--resource`.
    """
    profile = AzureProfile()
    found = prepared(profile, operations(profile.cloud), call)
    if isinstance(found, str):
        return found
    operation, request = found
    method = "post" if request.post else "get"
    words = ["az", "rest", "--method", method, "--url", operation.host + request.target]
    # `az` takes a resource where tokens take a scope.
    audience = own_audience(profile, operation)
    if audience:
        words += ["--resource", audience.removesuffix("/.default")]
    if request.post:
        words += ["--headers", JSON_HEADER, "--body", body_text(request)]
    words += ["--output", "json"]
    return quoted(words) + paging_comment(operation)
