"""Declared requests against a provider that answers from a script: pages, refusals, rates, tokens,
and bad answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from scanner.client import bounded_reading
from scanner.client.failures import Failure, OperationNotListedError
from scanner.client.interfaces import Rules
from scanner.client.rest.rest_client import RestClient
from scanner.model.answers import Call, State
from scanner.providers.azure.profile import AzureProfile
from scanner.providers.github.profile import GithubProfile
from tests.helpers.scripted_rest import Minted, Provider, Said, Ticks, client_of, served

Opened = Callable[..., tuple[RestClient, Provider, Ticks]]


@pytest.fixture
def to(tmp_path: Path) -> Iterator[Opened]:
    """A client to a provider that follows a script."""
    with ExitStack() as stack:

        def make(
            script: Mapping[str, Said | Sequence[Said]], **more: Any
        ) -> tuple[RestClient, Provider, Ticks]:
            provider = stack.enter_context(served(script))
            return *client_of(provider, tmp_path, **more), provider  # type: ignore[return-value]

        yield lambda script, **more: _ordered(make(script, **more))


def _ordered(made: Any) -> tuple[RestClient, Provider, Ticks]:
    client, ticks, provider = made
    return client, provider, ticks


def listing(operation: str = "list", items: str = "items", **params: Any) -> Call:
    return Call(operation=f"s:{operation}", region="", params=params, items=(items,))


def thing(identity: str = "1") -> Call:
    return Call(operation="s:get", region="", params={"id": identity})


# -- pages
# ------------------------------------------------------------------------------------------------------------


def test_pages_follow_by_a_token(to: Opened) -> None:
    pages = [
        Said({"items": [1], "nextPageToken": "a b"}),
        Said({"items": [2], "nextPageToken": ""}),
    ]
    client, provider, _ = to({"/list": pages})
    answer = client.request(listing(filter="x = 1", deep=True, of=["a", "b"]))
    assert (answer.state, answer.data, answer.pages, answer.count) == (
        State.OK,
        {"items": [1, 2]},
        2,
        2,
    )
    first = "GET /list?filter=x%20%3D%201&deep=true&of=a&of=b"
    assert provider.lines == [first, f"{first}&pageToken=a%20b"]


def test_pages_of_a_post_take_their_token_in_the_body(to: Opened) -> None:
    pages = [Said({"items": [1], "nextPageToken": "n"}), Said({"items": [2]})]
    client, provider, _ = to({"/v1/a/b:search": pages})
    answer = client.request(listing("search", scope="a/b", query={"x": 1}))
    assert (answer.state, answer.count) == (State.OK, 2)
    assert [body for _, _, body in provider.asked] == [
        {"query": {"x": 1}},
        {"query": {"x": 1}, "pageToken": "n"},
    ]


def test_a_token_inside_a_member_is_followed(to: Opened) -> None:
    client, _, _ = to(
        {"/inside": [Said({"items": [1], "metadata": {"continue": "n"}}), Said({"items": [2]})]}
    )
    assert client.request(listing("inside")).count == 2


def test_a_query_is_sent_with_its_variables_and_followed_while_there_is_more(to: Opened) -> None:
    def page(end: str | None, *, more: bool) -> Said:
        return Said({"data": {"things": [end], "page": {"end": end, "more": more}}})

    client, provider, _ = to({"/graphql": [page("a", more=True), page("b", more=False)]})
    answer = client.request(listing("query", "data.things", id="7"))
    assert (answer.state, answer.count) == (State.OK, 2)
    assert [body["variables"] for _, _, body in provider.asked] == [
        {"id": "7"},
        {"id": "7", "cursor": "a"},
    ]
    assert provider.asked[0][2]["query"].startswith("query($id")


ASKED = {"query": "things | where kind in~ ('a.b/c', 'd') | order by id asc", "in": ["s"]}


def inventory(kinds: Any = ("a.b/c", "d")) -> Call:
    return listing("inventory", kinds=kinds, **{"in": ["s"]})


def rows(*items: int, total: Any = 2, **more: Any) -> Said:
    return Said({"items": list(items), "all": total, "cut": "false", **more})


def test_an_inventory_is_asked_its_one_query_and_takes_its_token_deeper_in_the_body(
    to: Opened,
) -> None:
    pages = [rows(1, cut="true", **{"$token": "n"}), rows(2)]
    client, provider, _ = to({"/inventory": pages})
    answer = client.request(inventory())
    assert (answer.state, answer.count, answer.data["items"]) == (State.OK, 2, [1, 2])
    assert [body for _, _, body in provider.asked] == [ASKED, {**ASKED, "options": {"$token": "n"}}]
    given = listing("inventory", kinds=["d"], options={"$top": 1})
    client, provider, _ = to({"/inventory": [rows(1, **{"$token": "n"}), rows(2)]})
    assert client.request(given).state is State.OK
    assert provider.asked[1][2]["options"] == {"$top": 1, "$token": "n"}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (rows(1), "all"),
        (rows(1, 2, 3), "all"),
        (rows(1, 2, total="2"), "all"),
        (rows(1, 2, total=None), "all"),
        (rows(1, 2, cut="true"), "cut"),
        (rows(1, 2, cut=None), "cut"),
    ],
)
def test_an_inventory_that_counts_otherwise_or_was_cut_off_is_not_whole(
    to: Opened, said: Said, code: str
) -> None:
    answer = to({"/inventory": said})[0].request(inventory())
    assert (answer.state, answer.code) == (State.PARTIAL, code)


@pytest.mark.parametrize(
    "kinds",
    [[], "a", None, ["a", 1], ["a')"], ["a' or '1' == '1"], ["a", ""], ["a b"], ["ä"], ["a\n"]],
)
def test_nothing_but_names_gets_into_a_query(to: Opened, kinds: Any) -> None:
    client, provider, _ = to({})
    answer = client.request(inventory(kinds))
    assert (answer.state, answer.code, provider.asked) == (State.ERROR, "BadArgument", [])


@pytest.mark.parametrize(
    ("kind", "state"),
    [("FORBIDDEN", State.DENIED), ("NOT_FOUND", State.DENIED), ("ODD", State.ERROR)],
)
def test_errors_inside_an_answer_of_success_are_errors(to: Opened, kind: str, state: State) -> None:
    body = {"data": {"things": [1]}, "errors": [{"type": kind, "message": "no"}]}
    client, _, _ = to({"/graphql": Said(body)})
    answer = client.request(listing("query", "data.things", id="7"))
    assert (answer.state, answer.code, answer.data) == (state, kind, None)


def test_more_pages_without_a_token_are_not_the_end(to: Opened) -> None:
    client, _, _ = to({"/graphql": Said({"data": {"things": [1], "page": {"more": True}}})})
    assert client.request(listing("query", "data.things", id="7")).state is State.PARTIAL


def test_a_page_token_that_comes_twice_ends_the_reading(to: Opened) -> None:
    client, provider, _ = to({"/list": Said({"items": [1], "nextPageToken": "again"})})
    answer = client.request(listing())
    assert (answer.state, answer.code, answer.data) == (
        State.PARTIAL,
        "RepeatedPageToken",
        {"items": [1, 1]},
    )
    assert len(provider.asked) == 2


@pytest.mark.parametrize("token", [7, ["x"], {"a": 1}, True])
def test_a_page_token_of_another_type_is_not_the_end(to: Opened, token: Any) -> None:
    client, _, _ = to({"/list": Said({"items": [1], "nextPageToken": token})})
    assert client.request(listing()).state is State.PARTIAL


@pytest.mark.parametrize("prefix", ["https://s.example.com", "", "{url}"])
def test_an_address_of_the_next_page_stays_where_it_was_asked(to: Opened, prefix: str) -> None:
    pages = [Said(), Said({"value": [2]})]
    client, provider, _ = to({"/linked": pages, "/linked/more": pages[1:]})
    pages[0].body = {
        "value": [1],
        "@odata.nextLink": f"{prefix.format(url=provider.url)}/linked/more?$skip=a%2Bb",
    }
    answer = client.request(listing("linked", "value"))
    assert (answer.state, answer.data) == (State.OK, {"value": [1, 2]})
    assert provider.lines[1] == "GET /linked/more?$skip=a%2Bb"


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example.com/linked",
        "http://s.example.com/linked",
        "https://s.example.com:8443/linked",
        "https://s.example.com@evil.example.com/x",
        "https://user@s.example.com/x",
        "//evil.example.com/x",
        "https://s.example.com.evil.example.com/x",
        "ftp://s.example.com/x",
        "https://[broken/x",
        "https://s.example.com/x\r\nX: y",
        7,
    ],
)
def test_an_address_of_another_host_is_never_followed(to: Opened, link: Any) -> None:
    client, provider, _ = to({"/linked": Said({"value": [1], "@odata.nextLink": link})})
    answer = client.request(listing("linked", "value"))
    assert (answer.state, answer.code, answer.data) == (
        State.PARTIAL,
        "ForeignLink",
        {"value": [1]},
    )
    assert len(provider.asked) == 1


def test_the_link_header_leads_to_the_next_page(to: Opened) -> None:
    link = '<https://s.example.com/array?page=3>; rel="last", <https://s.example.com/array?page=2>; rel="next"'
    last = '<https://s.example.com/array?page=1>; rel="first"'
    client, provider, _ = to(
        {"/array": [Said([1], headers={"Link": link}), Said([2], headers={"Link": last})]}
    )
    answer = client.request(listing("array"))
    assert (answer.state, answer.data) == (State.OK, {"items": [1, 2]})
    assert provider.lines == ["GET /array", "GET /array?page=2"]


def test_mappings_of_lists_are_joined_over_pages(to: Opened) -> None:
    one = {
        "zones": {"a": {"things": [1]}, "b": {"warning": {"code": "NO_RESULTS_ON_PAGE"}}},
        "nextPageToken": "n",
    }
    two = {"zones": {"a": {"things": [2]}, "b": {"things": [3]}}}
    client, _, _ = to({"/list": [Said(one), Said(two)]})
    answer = client.request(listing(items="zones{}"))
    assert (answer.state, answer.count) == (State.OK, 3)
    assert {zone: group.get("things") for zone, group in answer.data["zones"].items()} == {
        "a": [1, 2],
        "b": [3],
    }


# -- what an answer lacks
# ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"items": [1], "unreachable": ["zone-a"]},
        {"items": [1], "zones": {"a": {"warning": {"code": "UNREACHABLE"}}}},
        {
            "items": [1],
            "zones": {"a": {"warning": {"code": "NO_RESULTS_ON_PAGE"}}, "b": {"warning": "odd"}},
        },
    ],
)
def test_an_answer_that_says_that_it_is_not_whole_is_not(to: Opened, body: Any) -> None:
    client, _, _ = to({"/list": [Said({**body, "nextPageToken": "n"}), Said({"items": [2]})]})
    answer = client.request(listing())
    assert (answer.state, answer.data["items"]) == (State.PARTIAL, [1, 2])


def test_nothing_lacking_is_whole(to: Opened) -> None:
    body = {
        "items": [1],
        "unreachable": [],
        "zones": {"a": {"warning": {"code": "NO_RESULTS_ON_PAGE"}}},
    }
    client, _, _ = to({"/list": Said(body)})
    assert client.request(listing()).state is State.OK


def test_an_empty_answer_of_a_list_is_empty(to: Opened) -> None:
    client, _, _ = to({"/list": Said({})})
    assert client.request(listing()).state is State.EMPTY


def test_members_that_are_always_there_are_missed(to: Opened) -> None:
    client, provider, _ = to({"/linked": Said({"items": []})})
    answer = client.request(listing("linked", "value"))
    assert (answer.state, answer.code, answer.data) == (State.ERROR, "UnexpectedBody", None)
    assert len(provider.asked) == 3


@pytest.mark.parametrize(
    "said",
    [
        Said(b"<html>please log in</html>", headers={"Content-Type": "text/html"}),
        Said(b'{"items": [1], "next'),
        Said(b'{"items": [1]}', cut=20),
        Said(b""),
        Said([1, 2]),
        Said(b'"text"'),
        Said(b"null"),
        Said(b'{"items": [NaN]}'),
        Said(b"[" * 100_000),
        Said({"items": {"a": 1}}),
    ],
    ids=["html", "cut json", "cut body", "empty", "list", "text", "null", "nan", "deep", "no list"],
)
def test_an_answer_of_success_of_another_form_is_an_error(to: Opened, said: Said) -> None:
    client, _, _ = to({"/list": said})
    answer = client.request(listing())
    assert answer.state is State.ERROR
    assert answer.count == 0


def test_an_answer_is_refused_when_it_is_too_large(
    to: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_reading, "LARGEST_RESPONSE", 1000)
    client, provider, _ = to({"/list": Said({"items": ["x" * 2000]})})
    answer = client.request(listing())
    assert (answer.state, answer.code) == (State.ERROR, "TooLarge")
    assert len(provider.asked) == 1


def test_a_later_page_of_another_form_leaves_the_list_open(to: Opened) -> None:
    client, _, _ = to({"/list": [Said({"items": [1], "nextPageToken": "n"}), Said(b"<html>")]})
    answer = client.request(listing())
    assert (answer.state, answer.data) == (State.PARTIAL, {"items": [1]})


def test_null_is_no_value_and_half_a_character_none_that_can_be_written(to: Opened) -> None:
    client, _, _ = to(
        {"/things/1": Said(b'{"a": null, "b": [1, null], "c": "\\ud800x", "d": "\\u00e4"}')}
    )
    answer = client.request(thing())
    assert answer.data == {"b": [1], "c": "?x", "d": "ä"}


# -- errors
# -----------------------------------------------------------------------------------------------------------


def gcp(http: int, **error: Any) -> Said:
    return Said({"error": {"code": http, "message": "no", **error}}, http)


def info(reason: str, **metadata: str) -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "metadata": metadata,
    }


@pytest.mark.parametrize(
    ("said", "state", "code"),
    [
        (
            gcp(403, status="PERMISSION_DENIED", details=[info("IAM_PERMISSION_DENIED")]),
            "denied",
            "IAM_PERMISSION_DENIED",
        ),
        (gcp(403, errors=[{"reason": "forbidden"}]), "denied", "forbidden"),
        (gcp(404, status="NOT_FOUND"), "error", "NOT_FOUND"),
        (gcp(404, errors=[{"reason": "notFound"}]), "error", "notFound"),
        (
            gcp(403, details=[info("SERVICE_DISABLED", consumer="projects/p")]),
            "disabled",
            "SERVICE_DISABLED",
        ),
        (
            gcp(403, details=[info("SERVICE_DISABLED", consumer="projects/42")]),
            "disabled",
            "SERVICE_DISABLED",
        ),
        (
            gcp(403, details=[info("SERVICE_DISABLED", consumer="projects/77")]),
            "error",
            "SERVICE_DISABLED in project 77",
        ),
        (
            gcp(
                403,
                errors=[{"reason": "accessNotConfigured"}],
                message="X has not been used in project 42 before",
            ),
            "disabled",
            "accessNotConfigured",
        ),
        (
            gcp(403, errors=[{"reason": "accessNotConfigured"}], message="Access Not Configured."),
            "error",
            "accessNotConfigured in an unnamed project",
        ),
        (
            gcp(400, details=[{"@type": "x/Help", "reason": "SERVICE_DISABLED"}], status="INVALID"),
            "error",
            "INVALID",
        ),
        (Said(b"<html>403</html>", 403), "denied", "403"),
        (Said(b"[]", 404), "error", "404"),
        (Said({"error": "text"}, 403), "denied", "403"),
    ],
)
def test_what_google_clouds_errors_mean(to: Opened, said: Said, state: str, code: str) -> None:
    client, provider, _ = to({"/things/1": said})
    answer = client.request(thing())
    assert (answer.state.value, answer.code, answer.data) == (state, code, None)
    assert len(provider.asked) == 1


@pytest.mark.parametrize(
    ("body", "status", "state", "code"),
    [
        (
            {"error": {"code": "AuthorizationFailed", "message": "no"}},
            403,
            "denied",
            "AuthorizationFailed",
        ),
        ({"error": {"code": "ResourceNotFound"}}, 404, "error", "ResourceNotFound"),
        (
            {"error": {"code": "SubscriptionNotRegistered"}},
            409,
            "disabled",
            "SubscriptionNotRegistered",
        ),
        (
            {"error": {"code": "MissingSubscriptionRegistration"}},
            409,
            "disabled",
            "MissingSubscriptionRegistration",
        ),
        (
            {"code": "NoRegisteredProviderFound", "message": "m"},
            400,
            "error",
            "NoRegisteredProviderFound",
        ),
        ({"error": None}, 403, "denied", "403"),
        (b"<!doctype html>", 403, "denied", "403"),
    ],
)
def test_what_azures_errors_mean(to: Opened, body: Any, status: int, state: str, code: str) -> None:
    client, provider, _ = to({"/things/1": Said(body, status)}, profile=AzureProfile())
    answer = client.request(thing())
    assert (answer.state.value, answer.code) == (state, code)
    assert provider.lines == ["GET /things/1?api-version=v9"]


@pytest.mark.parametrize(
    ("message", "status", "state", "code"),
    [
        ("Branch not protected", 404, "error", "404 Branch not protected"),
        ("Not Found", 404, "denied", "404 Not Found"),
        (
            "Resource not accessible by integration",
            403,
            "denied",
            "403 Resource not accessible by integration",
        ),
        ("Bad credentials", 401, "denied", "401 Bad credentials"),
    ],
)
def test_what_githubs_errors_mean(
    to: Opened, message: str, status: int, state: str, code: str
) -> None:
    client, provider, _ = to(
        {"/things/1": Said({"message": message}, status)}, profile=GithubProfile()
    )
    answer = client.request(thing())
    assert (answer.state.value, answer.code) == (state, code)
    assert provider.asked[0][1]["x-github-api-version"] == "v9"


def test_a_redirect_is_not_followed(to: Opened) -> None:
    headers = {"Location": "https://login.example.com/?secret=1"}
    client, provider, _ = to({"/things/1": Said({}, 302, headers)})
    answer = client.request(thing())
    assert (answer.state, answer.message) == (
        State.ERROR,
        "a redirect to https://login.example.com/ is not followed",
    )
    assert len(provider.asked) == 1


def test_a_server_that_fails_is_asked_again(to: Opened) -> None:
    client, _, ticks = to({"/things/1": [Said({}, 503), Said({}, 500), Said({"a": 1})]})
    answer = client.request(thing())
    assert (answer.state, answer.data, answer.retries) == (State.OK, {"a": 1}, 2)
    assert len(ticks.slept) == 2


def test_nobody_there_is_an_error(to: Opened) -> None:
    client, provider, _ = to({})
    answer = RestClient(_elsewhere(client), frozenset()).request(thing())
    assert (answer.state, answer.retries) == (State.ERROR, 2)
    assert provider.asked == []


def _elsewhere(client: RestClient) -> Any:
    from dataclasses import replace

    return replace(client.rest_context, endpoint="http://127.0.0.1:9")


# -- rates
# ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"Retry-After": "7"}, 7.0),
        (
            {
                "Retry-After": "Thu, 01 Jan 2026 00:00:09 GMT",
                "Date": "Thu, 01 Jan 2026 00:00:01 GMT",
            },
            8.0,
        ),
        ({"Retry-After": "soon"}, 0.15),
        ({}, 0.15),
    ],
)
def test_a_rate_limit_is_waited_out(to: Opened, headers: dict[str, str], waited: float) -> None:
    client, _, ticks = to({"/things/1": [Said({}, 429, headers), Said({"a": 1})]})
    answer = client.request(thing())
    assert (answer.state, answer.retries) == (State.OK, 1)
    assert sum(ticks.slept) == pytest.approx(waited, abs=0.06)


@pytest.mark.parametrize(
    "reason", ["rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "quotaExceeded"]
)
def test_a_quota_that_is_refused_as_403_is_a_rate(to: Opened, reason: str) -> None:
    client, _, _ = to({"/things/1": [gcp(403, errors=[{"reason": reason}]), Said({"a": 1})]})
    assert client.request(thing()).state is State.OK


def test_a_storm_of_refusals_ends_at_the_deadline(to: Opened) -> None:
    client, provider, ticks = to({"/things/1": Said({}, 429)}, rules=Rules(call_deadline=30.0))
    answer = client.request(thing())
    assert answer.state is State.THROTTLED
    assert ticks.time <= 30.0
    assert 3 < len(provider.asked) < 30


def test_what_one_call_was_told_holds_for_the_others_of_its_host(to: Opened) -> None:
    script = {
        "/things/1": [Said({}, 429, {"Retry-After": "20"}), Said({})],
        "/things/2": Said({}),
        "/other": Said({}),
    }
    client, _, ticks = to(script, rules=Rules(call_deadline=10.0))
    assert client.request(thing("1")).state is State.THROTTLED
    assert client.request(thing("2")).code == "Deadline"
    assert client.request(Call(operation="other:get", region="")).state is State.OK
    ticks.sleep(30.0)
    assert client.request(thing("2")).state is State.OK


@pytest.mark.parametrize(
    "headers",
    [{"Retry-After": "3"}, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}],
)
def test_githubs_limits_are_rates(to: Opened, headers: dict[str, str]) -> None:
    script = {"/things/1": [Said({"message": "slow down"}, 403, headers), Said({})]}
    client, _, _ = to(script, profile=GithubProfile())
    assert client.request(thing()).state is State.OK


# -- tokens
# -----------------------------------------------------------------------------------------------------------


def keeping(minted: list[Minted], **more: Any) -> Callable[[Ticks], Minted]:
    """Makes credentials, and keeps them where the test can see them."""

    def make(ticks: Ticks) -> Minted:
        minted.append(Minted(ticks, **more))
        return minted[0]

    return make


def test_there_is_one_token_for_each_audience(to: Opened) -> None:
    script = {"/things/1": Said({}), "/other": Said({}), "/list": Said({})}
    minted: list[Minted] = []
    client, provider, _ = to(script, credentials=keeping(minted))
    for call in (thing(), listing(), Call(operation="other:get", region=""), thing()):
        assert client.request(call).state.whole
    assert minted[0].made == [
        "https://www.googleapis.com/auth/cloud-platform",
        "https://other.example.com/.default",
    ]
    assert [headers["authorization"] for _, headers, _ in provider.asked] == [
        "Bearer token-1", "Bearer token-1", "Bearer token-2", "Bearer token-1",
    ]  # fmt: skip


def test_a_token_is_made_anew_before_it_expires(to: Opened) -> None:
    minted: list[Minted] = []
    client, provider, ticks = to(
        {"/things/1": Said({})},
        credentials=keeping(minted),
    )
    for passed in (0.0, 3400.0, 100.0):
        ticks.sleep(passed)
        client.request(thing())
    assert [headers["authorization"][-1] for _, headers, _ in provider.asked] == ["1", "1", "2"]


def test_a_token_that_expires_mid_scan_is_made_anew_once(to: Opened) -> None:
    minted: list[Minted] = []
    client, provider, _ = to(
        {"/things/1": [Said({}, 401), Said({"a": 1})]}, credentials=keeping(minted)
    )
    assert client.request(thing()).data == {"a": 1}
    assert [headers["authorization"][-1] for _, headers, _ in provider.asked] == ["1", "2"]


def test_a_refusal_of_the_new_token_too_is_a_refusal(to: Opened) -> None:
    client, provider, _ = to({"/things/1": gcp(401, status="UNAUTHENTICATED")}, credentials=Minted)
    answer = client.request(thing())
    assert (answer.state, answer.code) == (State.DENIED, "UNAUTHENTICATED")
    assert len(provider.asked) == 2


def test_without_a_token_nothing_is_asked(to: Opened) -> None:
    refused = Failure(state=State.DENIED, code="RefreshError", message="no")
    minted: list[Minted] = []
    client, provider, ticks = to(
        {"/things/1": Said({})}, credentials=keeping(minted, refused=refused)
    )
    for _ in range(3):
        assert (client.request(thing()).state, client.request(thing()).code) == (
            State.DENIED,
            "RefreshError",
        )
    assert (provider.asked, len(minted[0].made)) == ([], 1)
    ticks.sleep(31.0)
    client.request(thing())
    assert len(minted[0].made) == 2


# -- what is sent
# -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (thing("a/b c?d#e%"), "GET /things/a%2Fb%20c%3Fd%23e%25"),
        (thing("..x"), "GET /things/..x"),
        (thing("Ä"), "GET /things/%C3%84"),
        (
            Call(operation="s:up", region="", params={"scope": "a/b c/%2e%2e"}),
            "GET /a/b%20c/%252e%252e/up",
        ),
    ],
)
def test_arguments_stay_in_their_place(to: Opened, call: Call, line: str) -> None:
    client, provider, _ = to({})
    client.request(call)
    assert provider.lines[0] == line


@pytest.mark.parametrize(
    "call",
    [
        thing(""),
        thing(".."),
        thing("."),
        Call(operation="s:get", region="", params={}),
        Call(operation="s:get", region="", params={"id": True}),
        Call(operation="s:get", region="", params={"id": ["a"]}),
        Call(operation="s:get", region="", params={"id": "a", "more": {"b": 1}}),
        Call(operation="s:up", region="", params={"scope": "a/../b"}),
        Call(operation="s:up", region="", params={"scope": "a?x=1"}),
        Call(operation="s:up", region="", params={"scope": "a#x"}),
        Call(operation="s:up", region="", params={"scope": "a//b"}),
        Call(operation="s:up", region="", params={"scope": "/a"}),
    ],
)
def test_arguments_that_would_lead_elsewhere_are_never_sent(to: Opened, call: Call) -> None:
    client, provider, _ = to({})
    answer = client.request(call)
    assert (answer.state, answer.code) == (State.ERROR, "BadArgument")
    assert provider.asked == []


def test_an_operation_that_is_not_on_the_list_is_never_made(to: Opened) -> None:
    client, provider, _ = to({})
    with pytest.raises(OperationNotListedError):
        client.request(Call(operation="s:delete", region=""))
    assert provider.asked == []


def test_an_answer_of_what_stands_above_is_asked_once(to: Opened) -> None:
    client, provider, _ = to({"/folders/1/up": Said({"a": 1}), "/folders/2/up": Said({"a": 2})})
    other = RestClient(client.rest_context, frozenset())
    calls = [
        Call(operation="s:up", region="", params={"scope": f"folders/{number}"})
        for number in (1, 2)
    ]
    answers = [each.request(call) for each in (client, other) for call in calls]
    assert [answer.data["a"] for answer in answers] == [1, 2, 1, 2]
    assert len(provider.asked) == 2


def test_the_host_that_is_meant_is_said_and_the_request_is_named(to: Opened) -> None:
    client, provider, _ = to({"/things/1": Said({}, 404, {"X-Goog-Request-Id": "r-1"})})
    assert client.request(thing()).request_ids == ("r-1",)
    assert provider.asked[0][1]["x-tscan-host"] == "s.example.com"


def test_the_providers_clock_is_held_against_ours(to: Opened) -> None:
    client, _, _ = to({"/things/1": Said({}, headers={"X-Other": "1"})})
    client.request(thing())
    assert client.skew.largest is not None
    assert abs(client.skew.largest) > 1000


def test_secrets_are_redacted_and_declared_ones_too(to: Opened) -> None:
    rules = Rules(secrets={"s:get": ("inner.key",)})
    said = Said({"inner": {"key": "anything"}, "text": "-----BEGIN RSA PRIVATE KEY-----"})
    client, _, _ = to({"/things/1": said}, rules=rules)
    answer = client.request(thing())
    assert set(answer.redacted) == {"inner.key", "text"}
    assert "anything" not in str(answer.data)
