"""The reviewed lists of REST operations: everything that a kind asks is on them, and everything on
them only reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest

from scanner.client.rest.operations import clouds, operations
from scanner.core.reading.read_plan import requests
from scanner.model.kinds import Kind, Request, Scope
from scanner.model.library import Library
from scanner.model.rest_operations import RestOperation

_WRITES = re.compile(
    r"(?i)(^|[._/-])(create|update|delete|patch|insert|set|add|remove|enable|disable|move|put|attach|detach)"
)
_SECRETS = re.compile(
    r"(?i)listkeys|regenerate|accesssecret|versions\.access|generateaccesstoken|signblob|signjwt|getsecret(\b|_)"
    r"|getkeys?(_|$)|connectionstrings|publishingcredentials|objects\.get$|tabledata|jobs\.query|decrypt|mediaLink"
)


def everything() -> Iterator[tuple[str, RestOperation]]:
    """Every operation of every cloud."""
    for cloud in clouds():
        yield from ((cloud, operation) for operation in operations(cloud).values())


def test_there_is_a_list_for_each_cloud() -> None:
    assert {"azure", "gcp", "github"} <= set(clouds())
    assert all(operations(cloud) for cloud in clouds())


def test_every_operation_reads() -> None:
    assert [
        operation.name
        for _, operation in everything()
        if _WRITES.search(operation.name.partition(":")[2])
    ] == []
    assert [
        operation.name
        for _, operation in everything()
        if operation.post and len(operation.why) < 20
    ] == []


def test_nothing_that_returns_credentials_or_customers_data_is_listed() -> None:
    found = [
        operation.name
        for _, operation in everything()
        if _SECRETS.search(operation.name.partition(":")[2]) or _SECRETS.search(operation.path)
    ]
    assert found == []


@pytest.mark.parametrize(
    "name", ["x:keys.listKeys", "x:secrets.versions.access", "x:objects.get", "x:Vaults_GetSecret"]
)
def test_what_returns_secrets_is_recognised(name: str) -> None:
    assert _SECRETS.search(name.partition(":")[2])


def test_every_kind_asks_what_is_listed(library: Library) -> None:
    kinds = [kind for kind in library.kinds.values() if kind.cloud in clouds()]
    assert [text for kind in kinds for text in problems(kind)] == []


def problems(kind: Kind) -> Iterator[str]:
    """What is wrong with the calls of a kind."""
    if kind.scope is Scope.REGION:
        yield f"{kind.id}: REST clouds have no regions to list in"
    if kind.at is not None and any(request.at is None for request in kind.details.values()):
        yield f"{kind.id}: 'at' names an endpoint, write 'location'"
    for request in requests(kind):
        yield from (
            f"{kind.id}: {text}" for text in request_problems(request, operations(kind.cloud))
        )


def request_problems(request: Request, known: Mapping[str, RestOperation]) -> Iterator[str]:
    """What is wrong with one call."""
    operation = known.get(request.operation)
    if operation is None:
        yield f"{request.operation} is not on the reviewed list"
        return
    given = set(request.arguments) if isinstance(request.arguments, Mapping) else set()
    if missing := set(operation.placeholders) - given:
        # A reader fills them itself.
        yield from (
            ()
            if not given and not request.items
            else (f"{request.operation} lacks {sorted(missing)}",)
        )
    if operation.page and request.items and operation.page.send in given:
        yield f"{request.operation}: '{operation.page.send}' is the scanner's to send"
    nested = [name for name, value in request.arguments.items() if isinstance(value, Mapping)]
    if nested and not operation.post:
        yield f"{request.operation}: a query cannot hold {nested}"


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Request(operation="s:none"), "is not on the reviewed list"),
        (Request(operation="s:get", arguments={"b": 1}), "lacks ['a']"),
        (
            Request(operation="s:list", arguments={"token": "x"}, items=("xs",)),
            "is the scanner's to send",
        ),
        (
            Request(operation="s:get", arguments={"a": 1, "b": {"c": 1}}),
            "a query cannot hold ['b']",
        ),
    ],
)
def test_a_wrong_call_is_said(request_: Request, words: str) -> None:
    page = {"page": {"send": "token", "next": "next"}}
    known = {
        "s:get": _operation("s:get", "/x/{a}"),
        "s:list": _operation("s:list", "/x", **page),
    }
    assert words in "\n".join(request_problems(request_, known))


def _operation(name: str, path: str, page: Mapping[str, str] | None = None) -> RestOperation:
    from scanner.model.rest_operations import Page

    return RestOperation(
        name=name, post=False, host="https://x.example", path=path, version="", audience="", permission=(),
        page=Page(**page) if page else None, root="", partial=(), always=(), shared=False, why="", graphql="",
    )  # fmt: skip
