"""Renders GitHub calls as `gh api` commands."""

from __future__ import annotations

import shlex

from scanner.client.rest.cli_equivalents import body_text, paging_comment, prepared, quoted
from scanner.client.rest.operations import operations
from scanner.model.answers import Call
from scanner.providers.github.profile import GithubProfile


def command(call: Call) -> str:
    """`gh api /orgs/NAME/repos --paginate`; a GraphQL query is read from standard input."""
    profile = GithubProfile()
    found = prepared(profile, operations(profile.cloud), call)
    if isinstance(found, str):
        return found
    operation, request = found
    if request.post:
        body = shlex.quote(body_text(request))
        return f"printf %s {body} | gh api graphql --input -{paging_comment(operation)}"
    words = ["gh", "api"]
    for name, value in profile.headers(operation).items():
        words += ["--header", f"{name}: {value}"]
    # `gh` follows Link headers, and no other form of paging.
    if operation.page is not None and operation.page.header:
        words.append("--paginate")
    words.append(request.target)
    return quoted(words)
