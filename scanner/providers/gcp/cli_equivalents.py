"""Renders Google Cloud calls as `curl` commands with a token of gcloud."""

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
from scanner.providers.gcp.profile import GcpProfile


def command(call: Call) -> str:
    """`curl … 'https://storage.googleapis.com/storage/v1/b?project=shop'`, with the token that
    gcloud prints.
    """
    profile = GcpProfile()
    found = prepared(profile, operations(profile.cloud), call)
    if isinstance(found, str):
        return found
    operation, request = found
    audience = own_audience(profile, operation)
    scopes = f" --scopes={audience}" if audience else ""
    # The only word that the shell itself expands; all it holds of the call is a reviewed scope
    # (injection).
    token = f'"Authorization: Bearer $(gcloud auth print-access-token{scopes})"'
    words: list[str] = []
    if request.post:
        words = ["--request", "POST", "--header", JSON_HEADER, "--data", body_text(request)]
    words.append(operation.host + request.target)
    comment = paging_comment(operation)
    return f"curl --silent --show-error --header {token} {quoted(words)}{comment}"
