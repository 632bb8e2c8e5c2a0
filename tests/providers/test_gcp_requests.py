"""What Google Cloud does in a way of its own: a token of the next page inside a member, and what no
role can hold.
"""

from __future__ import annotations

from typing import Any

import pytest

from scanner.client.rest.operations import operations
from scanner.client.rest.request import Endpoint, PreparedRequest, next_request, prepare_request
from scanner.providers.gcp.permissions import in_role, role_yaml, terraform

SERVICES = operations("gcp")["run:projects.locations.services.list"]


def _next(data: dict[str, Any]) -> Any:
    wire = prepare_request(SERVICES, {"parent": "projects/p/locations/-"}, {})
    assert isinstance(wire, PreparedRequest)
    return next_request(SERVICES.page, wire, Endpoint(host=SERVICES.host), data, "")


def test_a_token_inside_a_member_is_sent_back() -> None:
    following_page = _next({"items": [], "metadata": {"continue": "abc"}})
    assert following_page.target == "/v1/projects/p/locations/-/services?continue=abc"


@pytest.mark.parametrize(
    "data", [{}, {"metadata": {}}, {"metadata": {"continue": ""}}, {"metadata": "x"}]
)
def test_without_one_that_was_the_last_page(data: dict[str, Any]) -> None:
    assert _next(data) is None


NAMES = [
    "compute.instances.list",
    "resourcemanager.folders.getIamPolicy",
    "https://www.googleapis.com/auth/x.readonly",
]


def test_a_scope_is_in_no_role_and_what_is_above_in_none_of_a_project() -> None:
    assert in_role(NAMES, project=False) == [
        "compute.instances.list",
        "resourcemanager.folders.getIamPolicy",
    ]
    assert in_role(NAMES, project=True) == ["compute.instances.list"]


def test_what_is_not_in_the_role_is_said_beside_it() -> None:
    for text in (
        role_yaml(["compute.instances.list"], ["x.googleapis.com"], beside=NAMES[1:]),
        terraform(
            ["compute.instances.list"],
            ["x.googleapis.com"],
            project=True,
            member="",
            beside=NAMES[1:],
        ),
    ):
        said = [line for line in text.splitlines() if line.startswith("# Not in this role")]
        assert said == [
            f"# Not in this role; grant it with the directory's Admin console: {NAMES[2]}",
            f"# Not in this role; grant it with a role of the organization: {NAMES[1]}",
        ]
