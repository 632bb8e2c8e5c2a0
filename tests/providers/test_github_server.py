"""GitHub Enterprise Server: its REST interface below `/api/v3`, GraphQL beside it."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.client.interfaces import Rules
from scanner.model.answers import Answer, Call, State
from scanner.model.config import TargetConfig
from scanner.providers.github.connect import connect_github
from tests.helpers.scripted_rest import Provider, Said, served

PAGE = {"hasNextPage": False, "endCursor": "x"}
COMMITS = {
    "data": {
        "repository": {"ref": {"target": {"history": {"pageInfo": PAGE, "nodes": [{"oid": "a"}]}}}}
    }
}
QUERY = Call(
    operation="github:graphql/branch-commits",
    region="",
    params={"owner": "acme", "name": "app", "branch": "main", "since": "2026-01-01T00:00:00Z"},
    items=("data.repository.ref.target.history.nodes",),
)
REPOSITORIES = Call(
    operation="github:repos/list-for-org", region="", params={"org": "acme"}, items=("items",)
)


def asked(below: str, script: dict[str, Any], call: Call) -> tuple[Answer, Provider]:
    """The answer to a call at an endpoint below the server's address."""
    with served({f"{below}/orgs/acme": Said({"login": "acme"}), **script}) as provider:
        link = f'<{provider.url}{below}/organizations/1/repos?page=2>; rel="next"'
        first = Said([{"name": "a"}], headers={"link": link})
        provider.script |= {
            f"{below}/orgs/acme/repos": [first],
            f"{below}/organizations/1/repos": [Said([{"name": "b"}])],
        }
        config = TargetConfig(
            cloud="github", settings={"organization": "acme", "endpoint": provider.url + below}
        )
        (entrance,) = connect_github(config, Rules())
        return entrance.session.request(call), provider  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("below", "path"),
    [
        ("/api/v3", "/api/graphql"),
        ("", "/graphql"),
        ("/proxy", "/proxy/graphql"),
        ("/v3", "/v3/graphql"),
    ],
)
def test_graphql_is_beside_the_third_version_and_else_below_the_endpoint(
    below: str, path: str
) -> None:
    answer, provider = asked(below, {path: Said(COMMITS)}, QUERY)
    assert (answer.state, answer.count) == (State.OK, 1)
    assert provider.lines == [f"GET {below}/orgs/acme", f"POST {path}"]


def test_the_rest_interface_and_its_further_pages_stay_below_it() -> None:
    answer, provider = asked("/api/v3", {}, REPOSITORIES)
    assert (answer.state, answer.pages, answer.count) == (State.OK, 2, 2)
    assert provider.lines[1:] == [
        "GET /api/v3/orgs/acme/repos",
        "GET /api/v3/organizations/1/repos?page=2",
    ]
