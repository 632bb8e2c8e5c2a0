"""Azure's listings, call by call: whole only where roles show that nothing is hidden; *authored*,
for each kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import pytest

from scanner import pipeline
from scanner.client.rest.operations import operations
from scanner.core.judging.exit_codes import exit_code
from scanner.core.permissions import required_permissions
from scanner.core.reading.context import ReadContext
from scanner.errors import EXIT_UNREAD
from scanner.model.checks import Severity
from scanner.model.controls import Role
from scanner.model.findings import Assessment, Status, Verdict
from scanner.model.kinds import CountMeaning, Kind, Request, Scope
from scanner.model.values import Unreadable
from scanner.providers.azure.permissions import actions_of
from scanner.providers.azure.visibility import caller_sees_everything
from tests.recordings import azure_graph as az
from tests.recordings.azure import ROOT, ROWS
from tests.recordings.azure_graph import Told, allowed, assignment
from tests.recordings.collecting import PRINCIPAL, Read, azure_subscription_of_nobody, read
from tests.recordings.store import ABSENT, Recording, folder, scenarios

pytestmark = pytest.mark.skipif(folder() is None, reason=ABSENT)

ABOVE: Final = "/providers/Microsoft.Management/managementGroups/root"
GROUP: Final = f"{ROOT}/resourceGroups/g"
OWN: Final = f"{ROOT}/providers/Microsoft.Authorization/roleDefinitions/{az.MINE}"
MINE: Final = f"roleAssignments?$filter=assignedTo('{PRINCIPAL}')"
LACKING: Final = "no role on the whole subscription allows "
HTTPS: Final = "azure-storage-tls-https-only"
ACCOUNT: Final = {
    "id": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/ledger",
    "name": "ledger",
    "location": "westeurope",
    "properties": {"supportsHttpsTrafficOnly": True},
}


@cache
def _kinds() -> Mapping[str, Kind]:
    """The kinds that are listed in a subscription."""
    kinds = az.library().kinds.items()
    return {
        name: kind
        for name, kind in kinds
        if kind.cloud == "azure" and kind.scope is Scope.ACCOUNT and kind.listing is not None
    }


@cache
def _names() -> frozenset[str]:
    return frozenset(_kinds())


@cache
def _checks() -> tuple[str, ...]:
    kinds = az.library().kinds
    return tuple(
        check.id
        for check in az.library().checks.values()
        if check.cloud == "azure" and kinds[check.kind].scope is Scope.ACCOUNT
    )


def _nothing() -> Iterator[Recording]:
    """An empty list for every listing of the subscription."""
    for kind in _kinds().values():
        request = kind.listing.request if kind.listing else None
        if request is not None and kind.listing is not None and not kind.listing.per:
            yield _listing(
                request.operation, "?detailed=true" if "detailed" in request.arguments else ""
            )
    yield _listing(
        "Microsoft.Authorization:RoleDefinitions_List", "?$filter=type%20eq%20'CustomRole'"
    )
    yield _listing("Microsoft.Authorization:RoleEligibilityScheduleInstances_ListForScope")
    yield az.recording(
        "GET", f"{az.ARM}{ROOT}/providers/Microsoft.Insights/diagnosticSettings", (), "diagnostics"
    )


def _listing(operation: str, query: str = "", *rows: Mapping[str, Any]) -> Recording:
    path = operations("azure")[operation].path.replace("{subscription}", ROOT.rpartition("/")[2])
    return az.recording("GET", f"{az.ARM}{path}{query}", rows, operation)


def _reads(*names: str, **more: Any) -> Read:
    told = Told(pages=(), **more)
    return read(told.scenario, az.library(), names or _checks(), azure_subscription_of_nobody())


def _empty(**more: Any) -> Read:
    return _reads(more=tuple(_nothing()), **more)


def _open(assessment: Assessment) -> set[str]:
    return {row.kind for row in assessment.populations if row.kind in _names() and not row.whole}


def _assert_nothing_is_known(found: Read) -> None:
    """Each check of a listed kind is unknown, and has said so; none passes."""
    assert _open(found.assessment) == _names()
    said = {check: set(found.verdicts(check)) for check in _checks()}
    listed = {
        check: one for check, one in said.items() if az.library().checks[check].kind in _names()
    }
    assert {check: one for check, one in listed.items() if one != {Verdict.UNKNOWN}} == {}
    assert [check for check, one in said.items() if Verdict.PASS in one or not one] == []


def _printed() -> list[str]:
    checks = [az.library().checks[name] for name in _checks()]
    return sorted(
        action for action in required_permissions(az.library(), checks, actions_of) if "/" in action
    )


@pytest.mark.parametrize(
    "more",
    [
        {"assignments": [assignment()]},
        {"assignments": [assignment(scope=ABOVE)]},
        {"assignments": [assignment(scope="/")]},
        {"assignments": [assignment(OWN)], "roles": (allowed(az.MINE, ["*/read"]),)},
    ],
)
def test_a_role_on_the_whole_subscription_shows_every_listing_to_be_whole(
    more: Mapping[str, Any],
) -> None:
    found = _empty(**more)
    assert found.replay.unrecorded == []
    assert _open(found.assessment) == set()
    assert [one for one in found.assessment.findings if "nothing shows" in one.reason] == []
    assert {row.kind for row in found.assessment.populations} >= _names()


def test_the_printed_role_is_enough() -> None:
    found = _empty(assignments=[assignment(OWN)], roles=(allowed(az.MINE, _printed()),))
    assert _open(found.assessment) == set()


@pytest.mark.parametrize(
    "more",
    [
        {"assignments": []},
        {"assignments": [assignment(scope=GROUP)]},
        {"assignments": [assignment(condition="@Resource[…]")]},
        {
            "assignments": [assignment(OWN)],
            "roles": (allowed(az.MINE, ["Microsoft.Compute/*/write"]),),
        },
        {"denied": [allowed("d", ["*"])]},
    ],
)
def test_an_empty_list_says_nothing_where_something_may_be_hidden(more: Mapping[str, Any]) -> None:
    found = _empty(**more)
    _assert_nothing_is_known(found)
    assert _statuses(found) <= {Status.NOT_SHOWN, Status.FAIL}


def _statuses(found: Read) -> set[Status]:
    """The statuses of controls that these checks evidence."""
    controls = az.library().controls
    asked = set(_checks())
    return {
        one.status
        for one in found.assessment.controls
        if any(link.id in asked and link.role is Role.EVIDENCES for link in controls[one.id].checks)
    }


def test_each_action_of_a_listing_is_needed_for_it() -> None:
    snapshot = _empty(assignments=[assignment(OWN)], roles=(allowed(az.MINE, _printed()),)).snapshot
    ((key, answer),) = [
        one for one in snapshot.answers.items() if one[1].call.operation.endswith("Definitions_Get")
    ]
    for action in sorted(
        {action for kind in _kinds().values() for action in _listing_actions(kind)}
    ):
        less = replace(answer, data=allowed(az.MINE, [one for one in _printed() if one != action]))
        judged = pipeline.judge(
            [replace(snapshot, answers={**snapshot.answers, key: less})], az.library()
        )
        assert _open(judged) >= {
            name for name, kind in _kinds().items() if action in _listing_actions(kind)
        }, action


def _listing_actions(kind: Kind) -> tuple[str, ...]:
    if kind.listing is None or kind.listing.per:
        return ()
    asked = (kind.listing.request,) if kind.listing.request else kind.listing.reads
    named = (name for one in asked for name in one.permission or actions_of(one.operation))
    return tuple(name for name in named if "/" in name)


def test_a_reader_of_one_group_passes_what_they_see_and_not_the_whole() -> None:
    told = {"more": (_listing("Microsoft.Storage:StorageAccounts_List", "", ACCOUNT),)}
    whole, less = (
        _reads(HTTPS, assignments=[assignment(scope=scope)], **told) for scope in (ROOT, GROUP)
    )
    assert whole.verdicts(HTTPS) == {Verdict.PASS: 1}
    assert less.verdicts(HTTPS) == {Verdict.PASS: 1, Verdict.UNKNOWN: 1}
    (gap,) = [one for one in less.assessment.findings if one.verdict is Verdict.UNKNOWN]
    assert gap.resource.id == "*"
    assert gap.reason == (
        f"the listing may be incomplete: {LACKING}microsoft.storage/storageaccounts/read"
    )
    alone = replace(az.library(), checks={HTTPS: az.library().checks[HTTPS]})
    codes = [exit_code(one.assessment, alone, Severity.HIGH) for one in (whole, less)]
    assert codes == [0, EXIT_UNREAD]


@pytest.mark.parametrize("file", [MINE, "denyAssignments", f"roleDefinitions/{az.MINE}"])
def test_a_refusal_of_what_shows_it_leaves_every_listing_open(file: str) -> None:
    told = Told(
        pages=(),
        assignments=[assignment(OWN)],
        roles=(allowed(az.MINE, ["*"]),),
        more=tuple(_nothing()),
    )
    found = read(
        told.scenario,
        az.library(),
        _checks(),
        azure_subscription_of_nobody(),
        refuse=lambda one: one.file == file,
    )
    assert file in found.replay.asked
    _assert_nothing_is_known(found)


def test_what_shows_it_is_asked_once_for_all_kinds() -> None:
    asked = _empty(assignments=[assignment(OWN)], roles=(allowed(az.MINE, ["*"]),)).replay.asked
    assert [
        asked.count(file) for file in (MINE, "denyAssignments", f"roleDefinitions/{az.MINE}")
    ] == [1, 1, 1]
    assert not [file for file in _empty().replay.asked if file.startswith("roleDefinitions/")]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_no_recorded_listing_is_whole_for_who_is_not_shown_to_read_it(row: Any) -> None:
    config, opening = row.pointed
    (told,) = [one for name, one in scenarios("azure").items() if name == row.scenario]
    kept = tuple(
        one for one in opening if not one.path.endswith(("/denyAssignments", "/roleAssignments"))
    )
    found = read(told, az.library(), row.checks, (config, kept))
    assert _open(found.assessment) == {
        one.kind for one in found.assessment.populations if one.kind in _kinds()
    }
    for check in row.checks:
        if az.library().checks[check].kind in _kinds():
            assert found.verdicts(check)[Verdict.UNKNOWN] >= 1


# -- what is declared ------------------------------------------------------------------------------


def test_every_listing_of_a_subscription_is_held_against_roles_and_none_of_the_directory() -> None:
    for name, kind in az.library().kinds.items():
        if kind.cloud != "azure" or kind.listing is None or kind.listing.per:
            continue
        asked = [kind.listing.request] if kind.listing.request else list(kind.listing.reads)
        of_subscription = [
            one
            for one in asked
            if operations("azure")[one.operation].path.startswith("/subscriptions/{sub")
        ]
        means = [count.means for count in kind.completeness]
        assert (
            (means == [CountMeaning.WHOLE])
            == bool(of_subscription)
            == (kind.scope is Scope.ACCOUNT)
        ), name


def test_a_listing_whose_action_is_not_known_is_open() -> None:
    graph = Request(operation="graph:ListUsers")
    context = ReadContext(
        account="s",
        partition="",
        region="",
        started=datetime.now(UTC),
        principal=PRINCIPAL,
        listed_by=(graph,),
    )
    with pytest.raises(StopIteration) as ended:
        next(caller_sees_everything(context))
    assert ended.value.value == Unreadable("the permissions for the listing are not known")
