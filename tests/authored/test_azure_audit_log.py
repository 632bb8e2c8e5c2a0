"""Azure's activity log through the real client: late, doubled, mixed up, refused; and what is never
guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scanner.core.drift.audit_attribution import Reach
from scanner.core.drift.audit_events import Actor
from scanner.model.answers import Target
from scanner.model.library import Library
from scanner.model.values import Unreadable
from scanner.providers import audit_log
from scanner.providers.azure.audit_log import ActivityLog
from tests.helpers.authored_audit_logs import (
    LATER,
    LOOKS_SECRET,
    SECRET,
    WINDOW,
    Asked,
    Silent,
    at,
    recording,
)
from tests.recordings.collecting import SUBSCRIPTION, azure_subscription

ANN, BOB, EVE = "ann@example.org", "bob@example.org", "eve@example.org"
TARGET = f"azure:{SUBSCRIPTION}"
ROOT = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{ROOT}/resourceGroups/Prod/providers/Microsoft.Network/networkSecurityGroups/Web"
RULES = "Microsoft.Network/networkSecurityGroups/securityRules/write"
EVENTS = (
    f"https://management.azure.com{ROOT}/providers/Microsoft.Insights/eventtypes/management/values"
)
IGNORE = frozenset({"$filter"})


def event(
    number: int, who: str, action: str = RULES, resource: str = f"{GROUP}/securityRules/open", *,
    status: str = "Succeeded", minutes: float = 60, act: str = "",
) -> dict[str, Any]:  # fmt: skip
    return {
        "eventDataId": f"e{number}", "correlationId": act or f"c{number}", "operationId": f"o{number}",
        "eventTimestamp": at(minutes + number, "1234567"), "submissionTimestamp": at(minutes + number + 9, "1234567"),
        "operationName": {"value": action, "localizedValue": "x"}, "status": {"value": status},
        "subStatus": {"value": "Forbidden" if status == "Failed" else "", "localizedValue": ""},
        "category": {"value": "Administrative"}, "resourceId": resource, "caller": who,
        "claims": {"name": SECRET}, "properties": {"requestbody": SECRET},
        "authorization": {"action": action, "evidence": {"principalType": "User"}},
        "httpRequest": {"clientIpAddress": "192.0.2.7", "method": "PUT"},
    }  # fmt: skip


def asked(*pages: Any) -> Asked:
    """The subscription, whose log has these pages."""
    made = []
    for number, page in enumerate(pages):
        further = (
            {"nextLink": f"{EVENTS}?$skiptoken={number + 1}"} if number + 1 < len(pages) else {}
        )
        made.append(
            recording(
                "GET",
                f"{EVENTS}?$skiptoken={number}" if number else EVENTS,
                {"value": page, **further},
            )
        )
    return said(*made)


def said(*recordings: Any) -> Asked:
    log = ActivityLog(now=lambda: LATER)
    return Asked(
        target=TARGET, pointed=azure_subscription(), log=log, recordings=recordings, ignore=IGNORE
    )


def group(*pages: Any, now: datetime = LATER) -> Actor:
    actor, replay = asked(*pages).about(
        "azure.network.security_group", GROUP.lower(), region="westeurope", now=now
    )
    assert replay.unrecorded == []
    return actor


def test_the_one_who_fits_is_named_with_what_was_done() -> None:
    mine = event(3, ANN)
    failed = event(1, EVE, status="Failed")
    other = event(2, BOB, resource=f"{GROUP}2/securityRules/open")
    unrelated = event(4, BOB, "Microsoft.Insights/metricAlerts/write", GROUP)
    outside = event(5, BOB, minutes=600)
    actor = group([other, mine], [outside, unrelated], [mine, failed])
    assert (actor.name, actor.reason) == (ANN, "")
    (found,) = actor.events
    assert (found.action, found.time, found.address, found.actor_type) == (
        RULES,
        at(63, "1234567"),
        "192.0.2.7",
        "User",
    )


def test_two_actors_are_unknown_and_told_in_order() -> None:
    actor = group([event(9, BOB), event(2, ANN), event(9, BOB)])
    assert (actor.name, actor.reason) == ("", f"2 actors match: {ANN}, {BOB}")
    assert [one.actor for one in actor.events] == [ANN, BOB]


def test_a_log_that_may_be_late_names_nobody() -> None:
    soon = datetime(2026, 1, 1, 6, 29, tzinfo=UTC)
    late = "audit log events arrive up to 20 minutes after the call, so more may follow; so far "
    assert group([event(1, ANN)], now=soon).reason == late + ANN
    assert group([event(1, ANN)], now=soon + timedelta(minutes=2)).name == ANN


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (403, {"error": {"code": "AuthorizationFailed"}}, "denied (AuthorizationFailed)"),
        (200, {"nothing": 1}, "error (UnexpectedBody)"),
        (200, {"value": [{"caller": ANN}]}, "returned an entry in an unknown format"),
        (200, {"value": [], "nextLink": "https://elsewhere.example/"}, "partial (ForeignLink)"),
    ],
)
def test_what_is_not_read_is_said(status: int, body: Any, reason: str) -> None:
    actor, _ = said(recording("GET", EVENTS, body, status)).about(
        "azure.network.security_group", GROUP.lower()
    )
    text = f"the audit log was not read completely: Microsoft.Insights:ActivityLogs_List {reason}"
    assert (actor.name, actor.reason) == ("", text)


def test_an_act_is_one_and_its_end_decides() -> None:
    begun, ended = event(1, ANN, status="Started", act="a"), event(340, ANN, act="a")
    actor = group([ended, event(2, ANN, status="Accepted", act="a"), begun])
    assert (actor.name, [one.time for one in actor.events]) == (ANN, [at(61, "1234567")]), (
        "it ended after the window"
    )
    assert group([begun]).reason == "the audit log does not name the actor"
    assert group([begun, event(2, BOB)]).reason == f"2 actors match: an unnamed one, {BOB}"
    assert group([begun, event(3, ANN, status="Failed", act="a"), event(2, BOB)]).name == BOB
    again = event(4, ANN, act="a")
    assert group([begun, event(3, ANN, status="Failed", act="a"), again]).name == ANN, (
        "the second try succeeded"
    )


def test_a_name_that_looks_like_a_secret_is_not_kept_and_names_nothing() -> None:
    resource = (
        f"{ROOT}/resourceGroups/x/providers/Microsoft.Network/networkSecurityGroups/{LOOKS_SECRET}"
    )
    actor, _ = asked([event(1, ANN, resource=resource)]).about(
        "azure.network.security_group", resource.lower()
    )
    assert LOOKS_SECRET.lower() not in repr(actor.events).lower()
    assert [event.resources for event in actor.events] == [()]


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        (
            "MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/DELETE",
            GROUP.upper().replace("/SUBSCRIPTIONS", "/subscriptions"),
        ),
        ("Microsoft.Resources/subscriptions/resourceGroups/delete", f"{ROOT}/resourcegroups/prod"),
        ("Microsoft.Resources/tags/write", f"{GROUP}/providers/Microsoft.Resources/tags/default"),
        (RULES, ""),
    ],
)
def test_what_holds_it_and_what_it_holds_is_found(action: str, resource: str) -> None:
    assert group([event(1, ANN, action, resource)]).name == ANN


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("Microsoft.Resources/subscriptions/resourceGroups/delete", f"{ROOT}/resourceGroups/pro"),
        ("Microsoft.Network/networkSecurityGroups/write", f"{GROUP}-2"),
        ("Microsoft.Network/networkSecurityGroups/join/action", GROUP),
    ],
)
def test_what_is_beside_it_is_not(action: str, resource: str) -> None:
    assert group([event(1, ANN, action, resource)]).reason == "no event of the audit log matches"


@pytest.mark.parametrize(
    ("kind", "of", "action", "on"),
    [
        ("azure.storage.account", "Microsoft.Storage/storageAccounts/a",
         "Microsoft.Storage/storageAccounts/blobServices/write", "/blobServices/default"),
        ("azure.sql.server", "Microsoft.Sql/servers/s",
         "Microsoft.Sql/servers/firewallRules/write", "/firewallRules/r"),
        ("azure.sql.database", "Microsoft.Sql/servers/s/databases/d",
         "Microsoft.Sql/servers/databases/transparentDataEncryption/write", "/transparentDataEncryption/current"),
        ("azure.keyvault.vault", "Microsoft.KeyVault/vaults/v", "microsoft.insights/diagnosticSettings/delete",
         "/providers/microsoft.insights/diagnosticSettings/audit"),
        ("azure.authorization.lock", "Microsoft.Authorization/locks/l", "Microsoft.Authorization/locks/delete", ""),
    ],
)  # fmt: skip
def test_the_changes_of_a_kind_are_found(kind: str, of: str, action: str, on: str) -> None:
    resource = f"{ROOT}/resourceGroups/prod/providers/{of}"
    rows = [event(1, ANN, action, resource + on), event(2, BOB)]
    actor, _ = asked(rows).about(kind, resource.lower())
    assert (actor.name, actor.reason) == (ANN, "")


def test_what_management_groups_hand_down_is_not_guessed_at() -> None:
    rows = [
        event(
            1,
            ANN,
            "Microsoft.Authorization/roleAssignments/write",
            f"{ROOT}/providers/x/roleAssignments/r",
        )
    ]
    beside = {"azure.authorization.role_assignment": True}
    actor, replay = asked(rows).about("azure.subscription", ROOT, others=beside)
    said = "the audit log was not read completely: tscan does not read the activity logs of management groups"
    assert (actor.name, actor.reason, replay.asked) == ("", said, [])


def ask(session: Any, now: datetime = LATER) -> Any:
    return ActivityLog(now=lambda: now).events(session, WINDOW, "", (Reach.GLOBAL,))


def test_the_window_is_asked_widely_once_and_never_into_the_future() -> None:
    log, session = ActivityLog(now=lambda: LATER), Silent(Target(TARGET))
    for _ in range(2):
        log.events(session, WINDOW, "", (Reach.GLOBAL,))  # type: ignore[arg-type]
    (call,) = session.asked
    assert call.params == {
        "subscription": SUBSCRIPTION,
        "$filter": "eventTimestamp ge '2025-12-31T23:59:57Z' and eventTimestamp le '2026-01-01T07:10:00Z'",
    }
    early = Silent(Target(TARGET))
    ask(early, datetime(2026, 1, 1, 6, 30, tzinfo=UTC))
    assert early.asked[0].params["$filter"].endswith("le '2026-01-01T06:30:00Z'")
    old = ask(Silent(Target(TARGET)), LATER + timedelta(days=91))
    assert isinstance(old, Unreadable)
    assert "90 days" in old.reason


def test_the_table_speaks_of_kinds_that_there_are(library: Library) -> None:
    rules = audit_log("azure").rules
    state = {
        name
        for name, kind in library.kinds.items()
        if kind.cloud == "azure" and kind.nature == "state"
    }
    assert rules.keys() <= state
    assert {name for name in state - rules.keys() if not name.startswith("azure.entra.")} == {
        "azure.authorization.administrator", "azure.compute.virtual_machine", "azure.keyvault.key",
        "azure.recoveryservices.protected_machine",
    }  # fmt: skip
    assert all(rule.reach in (Reach.GLOBAL, Reach.EVERY) for rule in rules.values()), (
        "its log has no regions"
    )
