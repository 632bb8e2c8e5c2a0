"""Azure's directory and virtual networks, read by the real client from authored responses: no
recording holds them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from scanner.model.config import TargetConfig
from scanner.model.findings import Verdict
from scanner.model.library import Library
from tests.helpers.library import shipped_library
from tests.recordings.azure import ROOT, listed, resource
from tests.recordings.collecting import Pointed, Read, azure_subscription, read
from tests.recordings.replay import Opening
from tests.recordings.store import Scenario

NOTHING_RECORDED: Final = Scenario(cloud="azure", name="authored", recordings=())
TENANT: Final = "11111111-0000-4000-8000-000000000011"
ANN, BOB, GROUP, GLASS = (f"aaaaaaaa-0000-4000-8000-00000000000{number}" for number in range(1, 5))
GLOBAL: Final = "62e90394-69f5-4237-9190-012177145e10"
GRAPH: Final[Mapping[str, Any]] = {
    "identity/conditionalAccess/policies": [],
    "organization": [{"id": TENANT, "displayName": "Example"}],
    "policies/authorizationPolicy": {"allowInvitesFrom": "adminsAndGuestInviters"},
    "policies/identitySecurityDefaultsEnforcementPolicy": {"isEnabled": True},
    "reports/authenticationMethods/userRegistrationDetails": [
        {
            "id": ANN,
            "userPrincipalName": "ann@example.com",
            "isAdmin": True,
            "isMfaRegistered": True,
        },
        {
            "id": BOB,
            "userPrincipalName": "bob@example.com",
            "isAdmin": True,
            "isMfaRegistered": False,
        },
        {
            "id": "x",
            "userPrincipalName": "eve@example.com",
            "isAdmin": False,
            "isMfaRegistered": False,
        },
    ],
    "roleManagement/directory/roleAssignments": [
        {
            "principalId": ANN,
            "roleDefinitionId": GLOBAL,
            "principal": {"@odata.type": "#microsoft.graph.user"},
        }
    ],
    "roleManagement/directory/roleEligibilityScheduleInstances": [
        {
            "principalId": GROUP,
            "roleDefinitionId": GLOBAL,
            "principal": {"@odata.type": "#microsoft.graph.group"},
        }
    ],
    f"groups/{GROUP}/transitiveMembers": [
        {"@odata.type": "#microsoft.graph.user", "id": BOB, "userPrincipalName": "bob@example.com"}
    ],
    "identityGovernance/privilegedAccess/group/eligibilityScheduleInstances": [],
    "auditLogs/signIns": [
        {
            "id": "s1",
            "userId": GLASS,
            "createdDateTime": "2026-11-01T00:00:00Z",
            "status": {"errorCode": 0},
        },
        {
            "id": "s2",
            "userId": GLASS,
            "createdDateTime": "2026-11-02T00:00:00Z",
            "status": {"errorCode": 50126},
        },
    ],
}
CLOSED: Final = {
    "subscriptionId": "closed",
    "displayName": "closed",
    "state": "Deleted",
    "tenantId": TENANT,
}
DIRECTORY: Final = (
    "azure-entra-global-admins-limited",
    "azure-entra-guest-invites-restricted",
    "azure-entra-mfa-enforced",
    "azure-entra-mfa-enforced-some-form",
    "azure-entra-privileged-users-mfa-registered",
    "azure-pim-eligible-admins",
    "azure-privileged-use-events",
)
WATCHER: Final = resource("NetworkWatcherRG", "Microsoft.Network/networkWatchers", "here")
LOGGED = resource("prod", "Microsoft.Network/virtualNetworks", "Logged")
FLOWS: Final = {
    "targetResourceId": LOGGED["id"].upper(), "enabled": True, "retentionPolicy": {"enabled": True, "days": 30}
}  # fmt: skip


@cache
def library() -> Library:
    """The whole library."""
    return shipped_library()


def directory(without: str = "") -> Pointed:
    """A tenant whose only subscription is closed; of one path nothing is given."""
    answers = {
        path: {"value": body} if isinstance(body, list) else body for path, body in GRAPH.items()
    }
    opening = (
        Opening(path="/subscriptions", body={"value": [CLOSED]}),
        Opening(path="/tenants", body={"value": [{"tenantId": TENANT}]}),
        Opening(
            path=f"/providers/Microsoft.Management/managementGroups/{TENANT}/descendants",
            body={"value": []},
        ),
        *(
            Opening(path=f"/v1.0/{path}", body=body)
            for path, body in answers.items()
            if path != without
        ),
    )
    params = {"approved_administrators": [ANN], "break_glass_users": [GLASS]}
    return TargetConfig(cloud="azure", settings={"tenant": TENANT}, params=params), opening


def said(found: Read) -> dict[str, dict[str, int]]:
    """How often each verdict was given, by check."""
    return {
        check: {verdict.value: count for verdict, count in sorted(found.verdicts(check).items())}
        for check in found.snapshot.checks
    }


def test_a_directory_is_read_from_graph() -> None:
    found = read(NOTHING_RECORDED, library(), DIRECTORY, directory())
    assert found.replay.unrecorded == []
    assert said(found) == {
        "azure-entra-global-admins-limited": {"pass": 1},  # ann, and bob who can join the group
        "azure-entra-guest-invites-restricted": {"pass": 1},
        "azure-entra-mfa-enforced": {"fail": 1},  # security defaults alone
        "azure-entra-mfa-enforced-some-form": {"pass": 1},
        "azure-entra-privileged-users-mfa-registered": {"pass": 1, "fail": 1},
        "azure-pim-eligible-admins": {"fail": 1},  # bob is not on the list
        "azure-privileged-use-events": {"fail": 1},  # one sign-in succeeded
    }


def test_whatever_graph_does_not_give_improves_nothing() -> None:
    whole = said(read(NOTHING_RECORDED, library(), DIRECTORY, directory()))
    for path in GRAPH:
        if path == "organization":
            continue
        less = said(read(NOTHING_RECORDED, library(), DIRECTORY, directory(without=path)))
        assert less != whole, path
        for check, counts in less.items():
            assert counts.get("pass", 0) <= whole[check].get("pass", 0), (path, check)
            assert counts, (path, check)


def test_flow_logs_are_found_by_the_network_that_they_name() -> None:
    config, opening = azure_subscription()
    watched = f"{WATCHER['id'].removeprefix(ROOT + '/')}/flowLogs"
    authored = (
        listed(
            "providers/Microsoft.Network/virtualNetworks",
            LOGGED,
            resource("prod", "Microsoft.Network/virtualNetworks", "silent"),
        ),
        listed("providers/Microsoft.Network/networkWatchers", WATCHER),
        listed(
            watched,
            {
                "id": f"{WATCHER['id']}/flowLogs/f",
                "name": "f",
                "location": "here",
                "properties": FLOWS,
            },
        ),
    )
    checks = ("azure-vnet-flow-logs", "azure-vnet-flow-logs-retention")
    found = read(NOTHING_RECORDED, library(), checks, (config, (*opening, *authored)))
    assert found.replay.unrecorded == []
    assert found.verdicts(checks[0]) == {Verdict.PASS: 1, Verdict.FAIL: 1}
    assert found.verdicts(checks[1]) == {Verdict.FAIL: 1}
