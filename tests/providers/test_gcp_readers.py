"""Readers of Google Cloud: what is handed down, who is in the directory, and whom a provider lets
in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import OpenList, Unreadable
from scanner.providers import reader as provided_reader
from scanner.providers.gcp.tenant_conditions import TENANT_CLAIMS, bound_to_tenant

STARTED = datetime(2026, 1, 1, tzinfo=UTC)
CRM = "cloudresourcemanager"
ANCESTRY = f"{CRM}:projects.getAncestry"
ABOVE = {
    "ancestor": [
        {"resourceId": {"type": "project", "id": "shop"}},
        {"resourceId": {"type": "folder", "id": "22"}},
        {"resourceId": {"type": "organization", "id": "1"}},
    ]
}
PROJECT, FOLDER, ORGANIZATION = (
    f"{CRM}:{level}.getIamPolicy" for level in ("projects", "folders", "organizations")
)


def run(reader: str, answers: Mapping[str, Any], account: str = "shop") -> tuple[Any, list[Call]]:
    """What a reader makes of answers by operation, given as data or as a state, and the calls that
    it made.
    """
    program = provided_reader(reader)(
        ReadContext(account=account, partition="", region="", started=STARTED)
    )
    asked: list[Call] = []
    try:
        call = next(program)
        while True:
            asked.append(call)
            given = answers[call.operation]
            if isinstance(given, Answer):
                answer = given
            elif isinstance(given, State):
                answer = Answer(call=call, state=given)
            else:
                answer = Answer(call=call, state=State.OK, data=given)
            call = program.send(answer)
    except StopIteration as stop:
        return stop.value, asked


def policies(answers: Mapping[str, Any]) -> Any:
    empty: dict[str, Any] = {ANCESTRY: ABOVE, PROJECT: {}, FOLDER: {}, ORGANIZATION: {}}
    return run("gcp.inherited_policies", {**empty, **answers})[0]


def custom_role(answer: Any) -> Any:
    """The permissions of a binding of a custom role, whose role is answered so."""
    bindings = [{"role": "organizations/1/roles/reader"}, {"role": "roles/viewer"}]
    answers = {ORGANIZATION: {"bindings": bindings}, "iam:organizations.roles.get": answer}
    custom, own = policies(answers)["Bindings"]
    assert "Permissions" not in own
    return custom["Permissions"]


def test_a_custom_role_has_what_it_permits() -> None:
    permissions = ["resourcemanager.projects.setIamPolicy"]
    assert custom_role({"name": "reader", "includedPermissions": permissions}) == permissions
    assert custom_role({"name": "reader"}) == []
    assert custom_role({"includedPermissions": permissions, "deleted": True}) == []


@pytest.mark.parametrize(
    "answer",
    [State.DENIED, State.ERROR, {"includedPermissions": "all"}, {"includedPermissions": [1]}],
)
def test_a_custom_role_that_was_not_read_permits_who_knows_what(answer: Any) -> None:
    assert isinstance(custom_role(answer), Unreadable)


def test_a_custom_role_is_read_once() -> None:
    bindings = [
        {"role": "projects/shop/roles/a"},
        {"role": "projects/shop/roles/a"},
        {"role": "projects/shop/roles/b"},
    ]
    answers = {
        ANCESTRY: ABOVE,
        PROJECT: {"bindings": bindings},
        FOLDER: {},
        ORGANIZATION: {},
        "iam:projects.roles.get": {},
    }
    _, asked = run("gcp.inherited_policies", answers)
    names = [call.params["name"] for call in asked if call.operation == "iam:projects.roles.get"]
    assert names == ["projects/shop/roles/a", "projects/shop/roles/b"]


def test_bindings_of_every_level_are_read() -> None:
    members = ["user:ann@example.com"]
    found = policies(
        {
            PROJECT: {"bindings": [{"role": "roles/viewer", "members": members}]},
            FOLDER: {"bindings": [{"role": "roles/editor"}]},
            ORGANIZATION: {
                "bindings": [
                    {"role": "roles/owner", "members": members, "condition": {"expression": "x"}}
                ]
            },
        }
    )
    assert found["Bindings"] == [
        {
            "Role": "roles/viewer",
            "Members": members,
            "Conditional": False,
            "Level": "projects/shop",
        },
        {"Role": "roles/editor", "Members": [], "Conditional": False, "Level": "folders/22"},
        {
            "Role": "roles/owner",
            "Members": members,
            "Conditional": True,
            "Level": "organizations/1",
        },
    ]
    assert not isinstance(found["Bindings"], OpenList)


def test_the_form_of_policies_that_tells_conditions_is_asked_for() -> None:
    _, asked = run(
        "gcp.inherited_policies", {ANCESTRY: ABOVE, PROJECT: {}, FOLDER: {}, ORGANIZATION: {}}
    )
    assert [(call.operation, call.params.get("resource")) for call in asked[1:]] == [
        (PROJECT, "projects/shop"),
        (FOLDER, "folders/22"),
        (ORGANIZATION, "organizations/1"),
    ]
    assert all(call.params["options"] == {"requestedPolicyVersion": 3} for call in asked[1:])


def test_audit_logs_of_every_level_are_read() -> None:
    log = {"logType": "DATA_READ", "exemptedMembers": ["user:eve@example.com"]}
    found = policies(
        {
            PROJECT: {
                "auditConfigs": [
                    {"service": "allServices", "auditLogConfigs": [{"logType": "ADMIN_READ"}]}
                ]
            },
            ORGANIZATION: {
                "auditConfigs": [{"service": "storage.googleapis.com", "auditLogConfigs": [log]}]
            },
        }
    )
    assert found["AuditLogs"] == [
        {"Service": "allServices", "Type": "ADMIN_READ", "Exempt": [], "Level": "projects/shop"},
        {
            "Service": "storage.googleapis.com",
            "Type": "DATA_READ",
            "Exempt": ["user:eve@example.com"],
            "Level": "organizations/1",
        },
    ]


@pytest.mark.parametrize("refused", [PROJECT, FOLDER, ORGANIZATION])
def test_a_level_that_is_refused_leaves_the_lists_open(refused: str) -> None:
    found = policies({refused: State.DENIED})
    for name in ("Bindings", "AuditLogs"):
        assert isinstance(found[name], OpenList)
        assert found[name].gaps == {f"{refused}@"}


@pytest.mark.parametrize(
    "bad",
    [
        {"bindings": "all"},
        {"bindings": ["x"]},
        {"bindings": [{"members": []}]},
        {"bindings": [{"role": "r", "members": "x"}]},
        {"bindings": [{"role": "r", "members": [1]}]},
    ],
)
def test_bindings_of_another_form_leave_the_list_open(bad: Any) -> None:
    found = policies({FOLDER: bad, PROJECT: {"bindings": [{"role": "roles/viewer"}]}})
    assert isinstance(found["Bindings"], OpenList)
    assert [row["Role"] for row in found["Bindings"]] == ["roles/viewer"]
    assert not isinstance(found["AuditLogs"], OpenList)


@pytest.mark.parametrize(
    "bad",
    [
        {"auditConfigs": [{"service": "s", "auditLogConfigs": "x"}]},
        {"auditConfigs": [{"service": "s", "auditLogConfigs": ["x"]}]},
        {"auditConfigs": [{"auditLogConfigs": [{"logType": "DATA_READ"}]}]},
        {"auditConfigs": [{"service": "s", "auditLogConfigs": [{}]}]},
        {
            "auditConfigs": [
                {
                    "service": "s",
                    "auditLogConfigs": [{"logType": "DATA_READ", "exemptedMembers": "x"}],
                }
            ]
        },
    ],
)
def test_audit_logs_of_another_form_leave_the_list_open(bad: Any) -> None:
    found = policies({ORGANIZATION: bad})
    assert isinstance(found["AuditLogs"], OpenList)
    assert found["AuditLogs"] == []
    assert not isinstance(found["Bindings"], OpenList)


@pytest.mark.parametrize(
    "ancestry",
    [
        State.DENIED,
        {},
        {"ancestor": []},
        {"ancestor": ["x"]},
        {"ancestor": [{"resourceId": {"type": "folder", "id": "22"}}]},
        {
            "ancestor": [
                {"resourceId": {"type": "project", "id": "shop"}},
                {"resourceId": {"type": "cloud", "id": "2"}},
            ]
        },
        {
            "ancestor": [
                {"resourceId": {"type": "project", "id": "shop"}},
                {"resourceId": {"type": "folder"}},
            ]
        },
        {"ancestor": ABOVE["ancestor"][:2]},
    ],
)
@pytest.mark.parametrize(
    "reader", ["gcp.inherited_policies", "gcp.inherited_sinks", "gcp.inherited_mute_configs"]
)
def test_without_knowing_what_is_above_nothing_is_known(reader: str, ancestry: Any) -> None:
    found, asked = run(reader, {ANCESTRY: ancestry})
    assert isinstance(found, Unreadable)
    assert [call.operation for call in asked] == [ANCESTRY]


def test_sinks_of_every_level_are_read() -> None:
    answers = {
        ANCESTRY: ABOVE,
        "logging:projects.sinks.list": {"sinks": [{"name": "a"}]},
        "logging:folders.sinks.list": {},
        "logging:organizations.sinks.list": {"sinks": [{"name": "b", "includeChildren": True}]},
    }
    found, asked = run("gcp.inherited_sinks", answers)
    assert found == [
        {"Level": "projects/shop", "Item": {"name": "a"}},
        {"Level": "organizations/1", "Item": {"name": "b", "includeChildren": True}},
    ]
    assert {call.items for call in asked[1:]} == {("sinks",)}
    assert [call.params for call in asked[1:]] == [
        {"parent": level} for level in ("projects/shop", "folders/22", "organizations/1")
    ]


def test_what_was_read_of_sinks_is_kept_where_the_rest_was_not() -> None:
    call = Call(operation="logging:folders.sinks.list", region="")
    cut = Answer(call=call, state=State.PARTIAL, data={"sinks": [{"name": "c"}]})
    answers = {
        ANCESTRY: ABOVE,
        "logging:projects.sinks.list": {"sinks": [{"name": "a"}]},
        "logging:folders.sinks.list": cut,
        "logging:organizations.sinks.list": State.DENIED,
    }
    found, _ = run("gcp.inherited_sinks", answers)
    assert isinstance(found, OpenList)
    assert found.gaps == {"logging:folders.sinks.list@"}
    assert [row["Item"]["name"] for row in found] == ["a", "c"]


def test_mute_rules_of_the_organization_are_left_to_its_own_kind() -> None:
    answers = {
        ANCESTRY: ABOVE,
        "securitycenter:projects.muteConfigs.list": {
            "muteConfigs": [{"name": "projects/shop/muteConfigs/a"}]
        },
        "securitycenter:folders.muteConfigs.list": {
            "muteConfigs": [{"name": "folders/22/muteConfigs/b"}]
        },
    }
    found, _ = run("gcp.inherited_mute_configs", answers)
    assert [row["Level"] for row in found] == ["projects/shop", "folders/22"]


ORG, USERS = f"{CRM}:organizations.get", "directory:users.list"


def test_people_are_those_of_the_organizations_directory() -> None:
    users = [{"id": "1", "primaryEmail": "ann@example.com"}]
    found, asked = run(
        "gcp.directory_users", {ORG: {"directoryCustomerId": "C01"}, USERS: {"users": users}}, "1"
    )
    assert found == users
    assert asked[0].params == {"organization": "1"}
    assert asked[1].params["customer"] == "C01"
    assert asked[1].items == ("users",)
    assert "name" not in asked[1].params["fields"].replace("primaryEmail", "")


@pytest.mark.parametrize(
    "organization", [State.DENIED, {}, {"directoryCustomerId": ""}, {"directoryCustomerId": 1}]
)
def test_an_organization_without_a_directory_leaves_people_unread(organization: Any) -> None:
    found, asked = run("gcp.directory_users", {ORG: organization}, "1")
    assert isinstance(found, Unreadable)
    assert len(asked) == 1


@pytest.mark.parametrize("users", [State.DENIED, State.DISABLED, State.THROTTLED, {"users": "x"}])
def test_people_who_were_not_listed_are_unread(users: Any) -> None:
    assert isinstance(
        run("gcp.directory_users", {ORG: {"directoryCustomerId": "C01"}, USERS: users}, "1")[0],
        Unreadable,
    )


POOLS, PROVIDERS = (
    f"iam:projects.locations.workloadIdentityPools.{name}" for name in ("list", "providers.list")
)
POOL = {"name": "projects/1/locations/global/workloadIdentityPools/ci", "state": "ACTIVE"}
GITHUB = {
    "name": f"{POOL['name']}/providers/github",
    "state": "ACTIVE",
    "oidc": {"issuerUri": "https://token.actions.githubusercontent.com"},
    "attributeMapping": {
        "google.subject": "assertion.sub",
        "attribute.owner": "assertion.repository_owner",
    },
    "attributeCondition": "attribute.owner == 'acme'",
}


def providers(*found: Any, pool: Mapping[str, Any] = POOL) -> Any:
    answers = {
        POOLS: {"workloadIdentityPools": [pool]},
        PROVIDERS: {"workloadIdentityPoolProviders": list(found)},
    }
    return run("gcp.workload_identity_providers", answers)[0]


def test_a_provider_says_whom_it_lets_in() -> None:
    assert providers(GITHUB) == [
        {
            "Name": GITHUB["name"],
            "Active": True,
            "Issuer": "https://token.actions.githubusercontent.com",
            "Condition": "attribute.owner == 'acme'",
            "TenantBound": True,
        }
    ]
    assert providers({**GITHUB, "attributeCondition": ""})[0]["TenantBound"] is False
    assert providers({"name": "x", "state": "ACTIVE", "saml": {}})[0] == {
        "Name": "x", "Active": True, "Issuer": "", "Condition": "", "TenantBound": False,
    }  # fmt: skip


def test_what_is_not_known_of_a_provider_leaves_it_in_question() -> None:
    """None of these may make it one that lets nobody in, or that has another sort of tokens."""
    for change in ({"state": "PAUSED"}, {"state": None}):
        assert isinstance(providers({**GITHUB, **change})[0]["Active"], Unreadable), change
    assert providers({**GITHUB, "state": "PAUSED", "disabled": True})[0]["Active"] is False
    for oidc in (None, {}, {"issuerUri": ""}):
        assert isinstance(providers({**GITHUB, "oidc": oidc})[0]["Issuer"], Unreadable), oidc
    assert isinstance(providers({**GITHUB, "oidc": {}, "saml": {}})[0]["Issuer"], Unreadable)
    assert isinstance(providers({**GITHUB, "actorProviders": ["x"]})[0]["TenantBound"], Unreadable)


@pytest.mark.parametrize("part", ["provider", "pool"])
@pytest.mark.parametrize("change", [{"state": "DELETED"}, {"disabled": True}])
def test_a_provider_works_only_if_it_and_its_pool_do(part: str, change: Mapping[str, Any]) -> None:
    found = (
        providers({**GITHUB, **change})
        if part == "provider"
        else providers(GITHUB, pool={**POOL, **change})
    )
    assert found[0]["Active"] is False


def test_a_pool_that_is_refused_leaves_the_providers_open() -> None:
    found, _ = run(
        "gcp.workload_identity_providers",
        {POOLS: {"workloadIdentityPools": [POOL]}, PROVIDERS: State.DENIED},
    )
    assert isinstance(found, OpenList)
    assert found.gaps == {f"{PROVIDERS}@"}
    nameless, _ = run("gcp.workload_identity_providers", {POOLS: {"workloadIdentityPools": [{}]}})
    assert isinstance(nameless, OpenList)
    cut = Answer(
        call=Call(operation=PROVIDERS, region=""),
        state=State.PARTIAL,
        data={"workloadIdentityPoolProviders": [GITHUB]},
    )
    found, _ = run(
        "gcp.workload_identity_providers",
        {POOLS: {"workloadIdentityPools": [POOL]}, PROVIDERS: cut},
    )
    assert isinstance(found, OpenList)
    assert len(found) == 1
    assert isinstance(run("gcp.workload_identity_providers", {POOLS: State.DENIED})[0], Unreadable)


MAPPING = {
    "google.subject": "assertion.sub",
    "attribute.org": "assertion.repository_owner",
    "attribute.x": "'acme'",
}


@pytest.mark.parametrize(
    "condition",
    [
        "assertion.repository_owner == 'acme'",
        "'acme' == assertion.repository_owner",
        'assertion.repository_owner_id == "123"',
        "assertion['repository'] == 'acme/shop'",
        "assertion.repository in ['acme/shop', 'acme/web']",
        "google.subject == 'repo:acme/shop:ref:refs/heads/main'",
        "google.subject.startsWith('repo:acme/')",
        "assertion.repository.startsWith('acme/')",
        "assertion.sub.startsWith('organization:acme:project:')",
        "attribute.org == 'acme'",
        "assertion.ref == 'refs/heads/main' && assertion.repository == 'acme/shop'",
        "(assertion.repository == 'acme/a' || assertion.repository == 'acme/b') && assertion.ref != ''",
    ],
)
def test_a_condition_that_names_the_tenant_binds(condition: str) -> None:
    assert bound_to_tenant(condition, MAPPING) is True


@pytest.mark.parametrize(
    "condition",
    [
        "",
        "true",
        "assertion.repository_owner != 'evil'",
        "assertion.repository != ''",
        "assertion.repository_owner == ''",
        "assertion.aud == 'https://acme.example'",
        "assertion.ref == 'refs/heads/main'",
        "assertion.repository == assertion.sub",
        "assertion.repository in ['']",
        "google.subject.startsWith('repo:')",
        "google.subject.startsWith('repo:acme')",
        "assertion.repository.startsWith('')",
        "assertion.repository.startsWith('*/')",
        "assertion.repository.endsWith('/shop')",
        "assertion.repository.contains('acme/')",
        "attribute.other == 'acme'",
        "attribute.x == 'acme'",
        "assertion.repository == 'acme/shop' || true",
        "assertion.repository == 'acme/shop' || assertion.ref == 'refs/heads/main'",
        "!(assertion.ref == 'x' && assertion.repository == 'acme/shop')",
        "(assertion.repository == 'acme/shop') == false",
        "assertion.ref == 'x' ? true : assertion.repository == 'acme/shop'",
        "['a'].exists(x, assertion.repository == 'acme/shop')",
    ],
)
def test_a_condition_that_a_stranger_can_meet_does_not(condition: str) -> None:
    assert bound_to_tenant(condition, MAPPING) is False


@pytest.mark.parametrize(
    "condition", ["assertion.repository = 'acme'", "extract(assertion.sub, '{x}')(", 7, None]
)
def test_a_condition_that_cannot_be_read_is_unread(condition: Any) -> None:
    assert isinstance(bound_to_tenant(condition, MAPPING), Unreadable)
    assert isinstance(bound_to_tenant("assertion.sub == 'x'", None), Unreadable)


def test_who_asks_for_a_token_does_not_choose_a_claim_that_binds() -> None:
    assert not TENANT_CLAIMS & {
        "aud",
        "ref",
        "actor",
        "environment",
        "workflow",
        "event_name",
        "azp",
    }
