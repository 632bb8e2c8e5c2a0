"""Azure in bulk: recorded resources as Resource Graph tells them, beside the same resources as
listings tell them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final

import pytest

from scanner.core.reading.inventory import all_inventory_types, with_inventory
from scanner.core.reading.read_plan import requests
from scanner.model.answers import State
from scanner.model.findings import Verdict
from scanner.model.kinds import Request
from scanner.providers.azure.permissions import actions_of
from tests.recordings import azure_graph as az
from tests.recordings.azure import ROOT
from tests.recordings.azure_graph import Told, allowed, assignment, graph, listed, told
from tests.recordings.collecting import Read, improvements, read
from tests.recordings.inventories import by_id, poorer, verdicts, worse_alone
from tests.recordings.store import ABSENT, folder, scenarios

pytestmark = pytest.mark.skipif(folder() is None, reason=ABSENT)

SITES: Final = "Microsoft.Web/sites"
HTTPS: Final = az.checks(SITES)
CUSTOM: Final = f"{ROOT}/providers/Microsoft.Authorization/roleDefinitions/{az.MINE}"
ABOVE: Final = "/providers/Microsoft.Management/managementGroups/root"
READ_SITES: Final = "Microsoft.Web/sites/Read"
READ_SLOTS: Final = "Microsoft.Web/sites/slots/Read"
MINE: Final[Mapping[str, Any]] = {"assignments": [assignment(CUSTOM)]}
PROOF: Final = (
    "graph",
    f"roleAssignments?$filter=assignedTo('{az.PRINCIPAL}')",
    "denyAssignments",
    "resources",
)


@cache
def _bulk() -> Read:
    return az.reads(az.whole(list(az.everything())), az.checks())


@cache
def _single() -> Read:
    return read(az.single(tuple(az.CHECKS)), az.library(), az.checks(), az.pointed(bulk=False))


def _found(of: Read) -> dict[tuple[str, str], Verdict]:
    return verdicts(of.snapshot, az.library())


def _gaps(of: Read) -> list[str]:
    """Why the populations are open."""
    found = [one for result in of.assessment.results for one in result.findings]
    return [one.reason for one in found if one.resource.id == "*"]


def _sites() -> Told:
    return az.whole(listed(SITES))


def test_one_query_answers_for_all_kinds_and_three_calls_show_that_it_is_whole() -> None:
    assert sorted(_bulk().replay.asked) == sorted(PROOF)
    assert _bulk().replay.unrecorded == _single().replay.unrecorded == []
    assert set(_bulk().snapshot.bulk) == {kind.lower() for kind in az.CHECKS}
    assert _gaps(_bulk()) == []
    rows = [row for row in _bulk().assessment.populations if row.kind == "azure.storage.account"]
    assert [(row.listed, row.whole) for row in rows] == [
        (len(listed("Microsoft.Storage/storageAccounts")), True)
    ]


def test_a_verdict_in_bulk_is_that_of_the_listing_or_unknown() -> None:
    single, bulk = _found(_single()), _found(_bulk())
    other = {
        name: (one, bulk.get(name))
        for name, one in single.items()
        if bulk.get(name) not in (one, Verdict.UNKNOWN)
    }
    assert other == {}
    assert bulk.keys() == single.keys()
    same = Counter((check, one) for (check, _), one in single.items() if one is bulk[check, _])
    # What is decided at all by these resources is decided in bulk for some of them.
    assert {one for one in same if one[1] is not Verdict.UNKNOWN} == {
        (check, one) for (check, _), one in single.items() if one is not Verdict.UNKNOWN
    }
    assert sum(same.values()) > 80


def test_what_is_read_in_bulk_is_judged_again_as_it_was() -> None:
    assert _found(_bulk()) == verdicts(replace(_bulk().snapshot, id="again"), az.library())
    assert set(verdicts(replace(_bulk().snapshot, bulk=()), az.library()).values()) == {
        Verdict.UNKNOWN
    }


def test_both_numbers_of_calls_are_told() -> None:
    (row,) = [
        one
        for one in _bulk().assessment.coverage
        if one.operation == "Microsoft.ResourceGraph:Resources"
    ]
    assert (row.answers, row.stood_for) == (1, len(az.CHECKS))


def test_what_a_row_does_not_tell_improves_nothing() -> None:
    snapshot, before = _bulk().snapshot, by_id(_found(_bulk()))
    (key, answer) = next(
        (key, one) for key, one in snapshot.answers.items() if "ResourceGraph" in key
    )
    variants = [(row["id"].lower(), less) for row in answer.data["data"] for less in _poorer(row)]
    assert len(variants) > 3000
    data = {**answer.data, "data": [*answer.data["data"], *(less for _, less in variants)]}
    answers = {**snapshot.answers, key: replace(answer, data=data)}
    after = by_id(verdicts(replace(snapshot, answers=answers), az.library()))
    worse = worse_alone(before, after, [(less["id"].lower(), of) for of, less in variants])
    # A resource that was out of scope by a label is in it without, and is then found to be what it
    # is.
    assert [text for text in worse if not ("~tags" in text and text.endswith("was None"))] == []


def _poorer(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for word, less in poorer(row, ("id", "name", "type", "location")):
        name = f"{row['name']}~{word}"
        yield {**less, "name": name, "id": f"{row['id'].rpartition('/')[0]}/{name}"}


def test_refusing_a_call_in_bulk_improves_nothing() -> None:
    scenario = az.whole(list(az.everything())).scenario
    assert list(improvements(scenario, az.library(), az.checks(), az.pointed(bulk=True))) == []


@pytest.mark.parametrize("file", [*PROOF, f"roleDefinitions/{az.MINE}"])
def test_each_call_that_shows_the_answer_to_be_whole_is_needed(file: str) -> None:
    answers = replace(_sites(), **MINE, roles=(allowed(az.MINE, [READ_SITES, READ_SLOTS]),))
    assert _gaps(az.reads(answers, HTTPS)) == []
    found = az.reads(answers, HTTPS, refuse=lambda one: one.file == file)
    # Without the query nothing is known; without one of the others, not whether there is more.
    assert found.verdicts(HTTPS[0])[Verdict.UNKNOWN] >= 1
    assert [row.whole for row in found.assessment.populations if row.kind == "azure.web.site"] == [
        False
    ]
    assert len(_gaps(found)) == 1


# -- whether it is whole ---------------------------------------------------------------------------

ROWS: Final = [told(row) for row in listed(SITES)] if folder() else []


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (graph(ROWS[1:]), "names"),
        (graph(ROWS, totalRecords=len(ROWS) + 1), "partial (totalRecords)"),
        (graph(ROWS, totalRecords=str(len(ROWS))), "partial (totalRecords)"),
        (graph(ROWS, resultTruncated="true"), "partial (resultTruncated)"),
        (graph(ROWS, resultTruncated=False), "partial (resultTruncated)"),
        (
            graph([*ROWS, {**ROWS[0], "type": SITES}] if ROWS else []),
            "has no type that was requested",
        ),
        (graph([*ROWS, "row"]), "has no type that was requested"),
        ({"data": ROWS, "totalRecords": len(ROWS)}, "error (UnexpectedBody)"),
        (graph(ROWS, data={"columns": [], "rows": []}), "error (NotAList)"),
    ],
)
def test_what_the_graph_leaves_out_or_says_otherwise_leaves_the_population_open(
    page: Mapping[str, Any], words: str
) -> None:
    found = az.reads(replace(_sites(), pages=(page,)), HTTPS)
    (reason,) = _gaps(found)
    assert words in reason
    assert [row.whole for row in found.assessment.populations if row.kind == "azure.web.site"] == [
        False
    ]


def test_pages_follow_by_a_token_inside_the_options() -> None:
    first = graph(
        ROWS[:1], totalRecords=len(ROWS), resultTruncated="true", **{"$skipToken": "next"}
    )
    second = graph(ROWS[1:], totalRecords=len(ROWS))
    found = az.reads(replace(_sites(), pages=(first, second)), HTTPS)
    (answer,) = [
        one for one in found.snapshot.answers.values() if "ResourceGraph" in one.call.operation
    ]
    assert (answer.state, answer.pages, answer.count) == (State.OK, 2, len(ROWS))
    assert "$skipToken" not in answer.data
    assert _gaps(found) == []
    lost = az.reads(replace(_sites(), pages=(first, {**second, "data": ROWS[2:]})), HTTPS)
    assert "partial (totalRecords)" in _gaps(lost)[0]
    stuck = az.reads(replace(_sites(), pages=(first,)), HTTPS)
    assert "partial" in _gaps(stuck)[0]


def test_a_whole_answer_without_a_type_is_an_empty_population() -> None:
    found = az.reads(az.whole([]), HTTPS)
    assert [
        (row.listed, row.whole)
        for row in found.assessment.populations
        if row.kind == "azure.web.site"
    ] == [(0, True)]


@pytest.mark.parametrize(
    "known",
    [
        [{"id": f"{ROOT}/resourceGroups/g/providers/{SITES}/hidden", "type": SITES}],
        [{"type": SITES}],
        [{"id": "x"}],
        [{"id": "x", "type": 1}],
        {"nothing": []},
        {"value": [], "nextLink": "https://elsewhere.example.com/x"},
    ],
)
def test_an_empty_answer_is_held_against_the_resource_managers_list(known: Any) -> None:
    found = az.reads(replace(az.whole([]), known=known), HTTPS)
    assert len(_gaps(found)) == 1
    assert Verdict.PASS not in found.verdicts(HTTPS[0])


# -- whether anything can be hidden ----------------------------------------------------------------


def _role(part: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": az.MINE, "properties": {"permissions": [part]}}


def _who(**more: Any) -> Read:
    return az.reads(replace(az.whole([]), **more), HTTPS)


@pytest.mark.parametrize(
    "more",
    [
        {"assignments": [assignment(scope=ABOVE)]},
        {"assignments": [assignment(scope="/")]},
        {"assignments": [assignment(scope=ROOT.upper().replace("SUBSCRIPTIONS", "subscriptions"))]},
        {
            "assignments": [assignment(CUSTOM)],
            "roles": (allowed(az.MINE, [READ_SITES, READ_SLOTS]),),
        },
        {
            "assignments": [assignment(CUSTOM)],
            "roles": (allowed(az.MINE, ["Microsoft.Web/*"], ["*/write"]),),
        },
        {"denied": [allowed("d", ["*"], ["*/read"])]},
        {"denied": [allowed("d", ["*/write", "*/delete", "Microsoft.Sql/servers/read"])]},
    ],
)
def test_a_role_on_the_whole_subscription_shows_that_nothing_is_hidden(
    more: Mapping[str, Any],
) -> None:
    assert _gaps(_who(**more)) == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"assignments": []}, "no role on the whole subscription allows microsoft.web/sites/read"),
        ({"assignments": [assignment(scope=f"{ROOT}/resourceGroups/g")]}, "no role on the whole"),
        ({"assignments": [assignment(scope=f"/subscriptions/{az.PRINCIPAL}")]}, "no role on the whole"),
        ({"assignments": [assignment(scope=f"{ABOVE}/x")]}, "no role on the whole"),
        ({"assignments": [assignment(scope="")]}, "no role on the whole"),
        ({"assignments": [assignment(condition="@Resource[…]")]}, "no role on the whole"),
        (MINE, "RoleDefinitions_Get error (501)"),
        ({**MINE, "roles": (allowed(az.MINE, ["Microsoft.Sql/*"]),)}, "no role on the whole"),
        ({**MINE, "roles": (allowed(az.MINE, [READ_SITES]),)}, "allows microsoft.web/sites/slots/read"),
        ({**MINE, "roles": (allowed(az.MINE, ["*"], ["*/read"]),)}, "no role on the whole"),
        ({**MINE, "roles": (_role({"actions": ["*"]}),)}, "no role on the whole"),
        ({**MINE, "roles": (_role({"actions": ["*"], "notActions": [], "condition": "@…"}),)}, "no role on the whole"),
        ({"denied": [allowed("d", ["*"])]}, "a deny assignment covers microsoft.web/sites/read"),
        ({"denied": [allowed("d", ["*/read"], ["Microsoft.Sql/*"])]}, "a deny assignment"),
        ({"denied": [{"name": "d", "properties": {}}]}, "a deny assignment"),
        ({"denied": [{"name": "d", "properties": {"permissions": [{"actions": "*/write"}]}}]}, "a deny assignment"),
        ({"denied": ["d"]}, "in an unknown format"),
    ],
)  # fmt: skip
def test_whatever_may_hide_something_leaves_the_population_open(
    more: Mapping[str, Any], words: str
) -> None:
    found = _who(**more)
    (reason,) = _gaps(found)
    assert words in reason
    assert set(found.verdicts(HTTPS[0])) == {Verdict.UNKNOWN}


@pytest.mark.parametrize("principal", ["", "me", f"{az.PRINCIPAL}') or true or ('"])
def test_whoever_is_not_known_by_an_object_id_asks_for_no_roles(principal: str) -> None:
    found = az.reads(az.whole([]), HTTPS, principal=principal)
    assert "no known object id" in _gaps(found)[0]
    assert sorted(found.replay.asked) == ["graph", "resources"]


def test_the_printed_role_is_enough(capsys: pytest.CaptureFixture[str]) -> None:
    from scanner.core.permissions import required_permissions

    library = az.library()
    bulk = with_inventory(library, all_inventory_types(library))
    names = [library.checks[name] for name in az.checks()]
    granted = allowed(az.MINE, sorted(required_permissions(bulk, names, actions_of)))
    answers = replace(az.whole([]), assignments=[assignment(CUSTOM)], roles=(granted,))
    assert _gaps(az.reads(answers, az.checks())) == []


def test_children_of_what_may_be_hidden_are_not_known_either() -> None:
    names = ("azure-keyvault-key-rotated",)
    whole = az.reads(az.whole([]), names)
    assert _gaps(whole) == []
    less = az.reads(replace(az.whole([]), assignments=[]), names)
    assert (
        "no role on the whole subscription allows microsoft.keyvault/vaults/read" in _gaps(less)[0]
    )
    assert set(less.verdicts(names[0])) == {Verdict.UNKNOWN}


# -- what is recorded of the graph -----------------------------------------------------------------


def _recorded(word: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The recorded answer for a kind, and its row with names in place of columns."""
    name = f"ResourceGraphSource.test_resource_graph_and_arm_sources_{word}_are_equivalent"
    (one,) = scenarios("azure")[name].recordings
    table = one.body["data"]
    names = [column["name"] for column in table["columns"]]
    return one.body, dict(zip(names, table["rows"][0], strict=True))


@pytest.mark.parametrize(
    ("word", "names", "decided"),
    [
        ("storage", az.checks("Microsoft.Storage/storageAccounts"), {"azure-storage-tls-https-only": Verdict.FAIL,
         "azure-storage-geo-redundant": Verdict.FAIL, "azure-storage-network-restricted": Verdict.FAIL}),
        ("vm", ("azure-vm-patched-automatic",), {"azure-vm-patched-automatic": Verdict.FAIL}),
    ],
)  # fmt: skip
def test_a_recorded_row_is_read(
    word: str, names: tuple[str, ...], decided: Mapping[str, Verdict]
) -> None:
    body, row = _recorded(word)
    known = [{**row, "type": row["type"]}]
    found = az.reads(
        Told(pages=(graph([{name: row[name] for name in az.COLUMNS}]),), known=known), names
    )
    assert _gaps(found) == []
    assert {check: one for (check, _), one in _found(found).items() if check in decided} == decided
    table = az.reads(Told(pages=(body,), known=known), names)
    assert {
        one for result in table.assessment.results for one in (f.verdict for f in result.findings)
    } == {Verdict.UNKNOWN}


# -- what is declared ------------------------------------------------------------------------------


def test_every_kind_in_bulk_is_allowed_to_read_its_type_and_shows_that_it_is_whole() -> None:
    library = az.library()
    bulk = {
        name: kind for name, kind in library.kinds.items() if kind.cloud == "azure" and kind.bulk
    }
    assert len(bulk) == 17
    assert {kind.lower() for kind in az.CHECKS} < all_inventory_types(library)
    for name, kind in with_inventory(library, all_inventory_types(library)).kinds.items():
        if name not in bulk:
            continue
        request = kind.listing.request if kind.listing else None
        assert request is not None
        assert request.rows is not None
        (graph_action, *own) = request.permission
        assert graph_action == "Microsoft.ResourceGraph/resources/read"
        types = (request.rows.type, *request.rows.below)
        assert [action.lower() for action in own] == [f"{one}/read" for one in types]
        assert [count.operation for count in kind.completeness if count.needed] == [
            "Microsoft.Authorization:RoleAssignments_ListForSubscription", "Microsoft.Resources:Resources_List",
        ]  # fmt: skip
        own_listing = bulk[name].listing
        assert own_listing is not None
        assert own_listing.request is not None
        listings = (own_listing.request, *own_listing.below)
        assert [one for listing in listings for one in _actions(listing)] == own
        assert not {one.operation for one in requests(kind)} & {own_listing.request.operation}


def _actions(listing: Request) -> tuple[str, ...]:
    return tuple(listing.permission or actions_of(listing.operation))


def test_a_secret_of_the_listing_is_one_in_the_graph() -> None:
    row = {
        "id": f"{ROOT}/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/s",
        "name": "s",
        "type": "Microsoft.Compute/virtualMachineScaleSets",
        "location": "westeurope",
        "properties": {"virtualMachineProfile": {"userData": "plain-words"}},
    }
    found = az.reads(az.whole([row]), ("azure-autoscale-configured",))
    (answer,) = [
        one for one in found.snapshot.answers.values() if "ResourceGraph" in one.call.operation
    ]
    assert "data[0].properties.virtualMachineProfile.userData" in answer.redacted
    assert "plain-words" not in str(answer.data)


def test_a_scan_of_other_checks_makes_no_query() -> None:
    found = az.reads(az.whole([]), ("azure-policy-security-baseline-assigned",))
    assert found.snapshot.bulk == ()
    assert "graph" not in found.replay.asked
