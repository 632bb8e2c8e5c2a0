"""Renders declared calls as shell commands: the parts that the command lines of all REST clouds
share.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from scanner.client.failures import Failure
from scanner.client.rest.provider_profile import ProviderProfile
from scanner.client.rest.request import PreparedRequest, prepare_request
from scanner.model.answers import Call
from scanner.model.rest_operations import RestOperation

JSON_HEADER: Final = "Content-Type: application/json"


def prepared(
    profile: ProviderProfile, operations: Mapping[str, RestOperation], call: Call
) -> tuple[RestOperation, PreparedRequest] | str:
    """The reviewed operation of a call and its request; a note in parentheses where there is no
    request.
    """
    # The call may be archived: the list of its version may have been another one.
    operation = operations.get(call.operation)
    if operation is None:
        return f"({call.operation} is not on the reviewed list of this version)"
    request = prepare_request(operation, call.params, profile.query(operation))
    if isinstance(request, Failure):
        return f"({request.message})"
    return operation, request


def own_audience(profile: ProviderProfile, operation: RestOperation) -> str:
    """The token scope that an operation declares for itself; empty where it is the cloud's usual
    one.
    """
    if operation.audience == profile.audience:
        return ""
    return operation.audience


def body_text(request: PreparedRequest) -> str:
    """The body as text on one line."""
    # White space in a GraphQL query has no meaning, and line breaks would break the command in two.
    if request.variables and request.body is not None:
        query = " ".join(request.body["query"].split())
        request = replace(request, body={**request.body, "query": query})
    return (request.content or b"").decode("ascii")


def quoted(words: list[str]) -> str:
    """Words as a POSIX shell reads them back."""
    return " ".join(shlex.quote(word) for word in words)


def paging_comment(operation: RestOperation) -> str:
    """A shell comment about the next page, which these tools do not fetch by themselves."""
    page = operation.page
    if page is None:
        return ""
    if page.next:
        return f"  # one page: the next is with {page.send} = {page.next} of the answer"
    return f"  # one page: the next is at {page.link} of the answer"
