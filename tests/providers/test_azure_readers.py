"""Readers of Azure: who administers, through which group, and what is not known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import OpenList, Unreadable
from scanner.providers import reader

SUB = "0000aaaa-0000-4000-8000-00000000000a"
GLOBAL, PRIVILEGED = "62e90394-69f5-4237-9190-012177145e10", "e8611ab8-c189-46e8-94e1-60213ab1f814"
OWNER, ACCESS = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
ASSIGNED, ELIGIBLE = "graph:ListRoleAssignments", "graph:ListRoleEligibilityScheduleInstances"
MEMBERS, JOINING = "graph:ListGroupTransitiveMembers", "graph:ListGroupEligibilityScheduleInstances"
ARM = "Microsoft.Authorization:RoleAssignments_ListForSubscription"
ARM_ELIGIBLE = "Microsoft.Authorization:RoleEligibilityScheduleInstances_ListForScope"
ROLES = "Microsoft.Authorization:RoleDefinitions_List"
SIGN_INS = "graph:ListSignIns"

Table = Mapping[str, Any]


def run(name: str, table: Table, **params: Any) -> tuple[Any, list[Call]]:
    """What a reader makes of answers by operation; an answer that is not in the table is an empty
    list."""
    context = ReadContext(
        account=SUB,
        partition="",
        region="",
        started=datetime(2026, 1, 1, tzinfo=UTC),
        params={"entra_admin_roles": [GLOBAL], **params},
    )
    program = reader(name)(context)
    calls: list[Call] = []
    try:
        call = next(program)
        while True:
            calls.append(call)
            call = program.send(_answer(call, table))
    except StopIteration as stop:
        return stop.value, calls


def _answer(call: Call, table: Table) -> Answer:
    said = table.get(f"{call.operation} {call.params.get('group', '')}".strip(), [])
    if isinstance(said, Answer):
        return Answer(call=call, state=said.state, code=said.code, data=said.data)
    return Answer(call=call, state=State.OK if said else State.EMPTY, data={"value": said})


def _refused(state: State = State.DENIED, code: str = "Forbidden", data: Any = None) -> Answer:
    return Answer(call=Call(operation="", region=""), state=state, code=code, data=data)


def _role(principal: str, role: str = GLOBAL, kind: str = "user", name: str = "") -> dict[str, Any]:
    whole = {
        "@odata.type": f"#microsoft.graph.{kind}",
        "id": principal,
        "userPrincipalName": name or principal,
    }
    return {"principalId": principal, "roleDefinitionId": role, "principal": whole}


def _member(principal: str, kind: str = "user") -> dict[str, Any]:
    return {
        "@odata.type": f"#microsoft.graph.{kind}",
        "id": principal,
        "displayName": f"Person {principal}",
    }


def _arm(
    principal: str, role: str = OWNER, scope: str = f"/subscriptions/{SUB}", kind: str = "User"
) -> dict[str, Any]:
    definition = f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    return {
        "properties": {
            "principalId": principal, "principalType": kind, "roleDefinitionId": definition, "scope": scope
        }
    }  # fmt: skip


def _custom(name: str, actions: list[str], not_actions: list[str] | None = None) -> dict[str, Any]:
    permissions = [{"actions": actions, "notActions": not_actions or []}]
    return {"name": name, "properties": {"type": "CustomRole", "permissions": permissions}}


def _who(rows: Any) -> set[str]:
    return {row["principal"] for row in rows}


def test_active_and_eligible_holders_of_the_named_roles() -> None:
    rows, calls = run(
        "azure.directory_administrators",
        {
            ASSIGNED: [_role("A", name="ann@example.com"), _role("c", role=PRIVILEGED)],
            ELIGIBLE: [_role("a"), _role("b")],
        },
    )
    assert rows == [
        {
            "principal": "a",
            "role": GLOBAL,
            "name": "ann@example.com",
            "eligible": False,
            "through": [],
        },
        {"principal": "b", "role": GLOBAL, "name": "b", "eligible": True, "through": []},
    ]
    assert [call.params for call in calls] == [{"$expand": "principal"}] * 2
    both, _ = run(
        "azure.directory_administrators",
        {ASSIGNED: [_role("c", role=PRIVILEGED)]},
        entra_admin_roles=[PRIVILEGED],
    )
    assert _who(both) == {"c"}


def test_members_of_a_group_hold_its_role_and_so_do_those_who_can_join() -> None:
    rows, calls = run(
        "azure.directory_administrators",
        {
            ASSIGNED: [_role("g", kind="group")],
            f"{MEMBERS} g": [
                _member("a"),
                _member("inner", "group"),
                _member("app", "servicePrincipal"),
            ],
            JOINING: [{"principalId": "b", "principal": _member("b")}],
        },
    )
    assert [(row["principal"], row["eligible"], row["through"]) for row in rows] == [
        ("a", False, ["g"]),
        ("app", False, ["g"]),
        ("b", True, ["g"]),
    ]
    assert calls[-1].params["$filter"] == "groupId eq 'g'"
    assert len({call.key for call in calls}) == len(calls) == 4


def test_a_tenant_without_the_licence_has_nobody_who_is_eligible() -> None:
    unlicensed = _refused(State.ABSENT, "AadPremiumLicenseRequired")
    rows, calls = run(
        "azure.directory_administrators", {ASSIGNED: [_role("a")], ELIGIBLE: unlicensed}
    )
    assert rows == [
        {"principal": "a", "role": GLOBAL, "name": "a", "eligible": False, "through": []}
    ]
    assert not isinstance(rows, OpenList)
    assert [call.absent_on for call in calls] == [(), ("AadPremiumLicenseRequired",)]


@pytest.mark.parametrize("operation", [ASSIGNED, ELIGIBLE, f"{MEMBERS} g", JOINING])
@pytest.mark.parametrize(
    "answer",
    [
        _refused(),
        _refused(State.THROTTLED),
        _refused(State.ERROR),
        _refused(State.DISABLED),
        _refused(State.PARTIAL, data={"value": []}),
        _refused(State.OK, data={}),
        _refused(State.OK, data={"value": ["x"]}),
        _refused(State.OK, data={"value": [{}]}),
        _refused(State.OK, data=None),
    ],
)
def test_whatever_is_not_read_leaves_the_list_open(operation: str, answer: Answer) -> None:
    table = {
        ASSIGNED: [_role("a"), _role("g", kind="group")],
        f"{MEMBERS} g": [_member("b")],
        operation: answer,
    }
    rows, _ = run("azure.directory_administrators", table)
    assert isinstance(rows, OpenList)
    assert rows.reason


def test_without_roles_to_look_for_nothing_is_known() -> None:
    rows, calls = run("azure.directory_administrators", {}, entra_admin_roles=None)
    assert isinstance(rows, Unreadable)
    assert calls == []


def test_owners_from_every_scope_at_or_above_the_subscription() -> None:
    group = "/providers/Microsoft.Management/managementGroups/all"
    rows, calls = run(
        "azure.subscription_administrators",
        {
            ARM: [
                _arm("a"),
                _arm("b", scope=group),
                _arm("c", scope="/"),
                _arm("d", scope=f"/subscriptions/{SUB}/resourceGroups/rg"),
                _arm("e", scope="/subscriptions/another"),
                _arm("f", role="b24988ac-6180-42a0-ab88-20f7382dd24c"),  # Contributor
                _arm("h", role=ACCESS.upper(), scope=f"/SUBSCRIPTIONS/{SUB.upper()}"),
            ],
            ARM_ELIGIBLE: [_arm("i"), _arm("a")],
        },
    )
    assert [(row["principal"], row["owner"], row["active"]) for row in rows] == [
        ("a", True, True),
        ("b", True, True),
        ("c", True, True),
        ("h", False, True),
        ("i", True, False),
    ]
    assert calls[0].params == {"subscription": SUB, "$filter": "type eq 'CustomRole'"}


def test_custom_roles_are_weighed_by_what_they_allow() -> None:
    definitions = [
        _custom("all", ["*"]),
        _custom("all-but", ["*"], ["Microsoft.Authorization/*/Write"]),
        _custom("giver", ["Microsoft.Authorization/roleAssignments/*", "Microsoft.Compute/*/read"]),
        _custom("reader", ["*/read"]),
    ]
    table = {
        ROLES: definitions,
        ARM: [_arm(f"of-{row['name']}", role=row["name"]) for row in definitions],
    }
    rows, _ = run("azure.subscription_administrators", table)
    assert [(row["principal"], row["owner"]) for row in rows] == [
        ("of-all", True),
        ("of-giver", False),
    ]


def test_a_group_that_owns_is_its_members() -> None:
    table = {
        ARM: [_arm("g", kind="Group"), _arm("a")],
        f"{MEMBERS} g": [_member("a"), _member("b")],
    }
    rows, _ = run("azure.subscription_administrators", table)
    assert rows == [
        {"principal": "a", "name": "Person a", "owner": True, "active": True, "through": ["g"]},
        {"principal": "b", "name": "Person b", "owner": True, "active": True, "through": ["g"]},
    ]


@pytest.mark.parametrize("operation", [ARM, ARM_ELIGIBLE, ROLES, f"{MEMBERS} g", JOINING])
@pytest.mark.parametrize("rows", [_refused(), [{}], [{"name": "x", "properties": {}}]])
def test_what_is_not_read_of_a_subscription_leaves_the_list_open(operation: str, rows: Any) -> None:
    found, _ = run(
        "azure.subscription_administrators", {ARM: [_arm("g", kind="Group")], operation: rows}
    )
    assert isinstance(found, OpenList)


def test_sign_ins_of_the_entra_accounts_among_the_named_ones() -> None:
    one, other = "3f0c1c6e-0000-4000-8000-000000000001", "3f0c1c6e-0000-4000-8000-000000000002"
    rows, calls = run(
        "azure.break_glass_sign_ins",
        {SIGN_INS: [{"id": "s"}]},
        break_glass_users=["emergency", other.upper(), one],
    )
    assert rows == [{"id": "s"}, {"id": "s"}]
    assert [call.params for call in calls] == [
        {"$filter": f"userId eq '{user}'"} for user in (one, other)
    ]
    refused, _ = run("azure.break_glass_sign_ins", {SIGN_INS: _refused()}, break_glass_users=[one])
    assert isinstance(refused, OpenList)


@pytest.mark.parametrize(
    "named", [None, [], ["emergency"], ["3f0c1c6e-0000-4000-8000-000000000001' or 1 eq 1"]]
)
def test_without_named_accounts_no_sign_in_is_known(named: Any) -> None:
    rows, calls = run("azure.break_glass_sign_ins", {}, break_glass_users=named)
    assert isinstance(rows, Unreadable)
    assert calls == []


@pytest.mark.parametrize("kind", ["ForeignGroup", "Tribe", ""])
def test_whoever_may_stand_behind_a_principal_leaves_the_list_open(kind: str) -> None:
    """A group of another tenant, or a kind that nobody knows: one row may be a hundred people."""
    rows, _ = run("azure.subscription_administrators", {ARM: [_arm("a"), _arm("g", kind=kind)]})
    assert isinstance(rows, OpenList)
    assert _who(rows) == {"a", "g"}
    for single in ("User", "ServicePrincipal", "Device"):
        rows, _ = run("azure.subscription_administrators", {ARM: [_arm("a", kind=single)]})
        assert not isinstance(rows, OpenList), single


def test_a_group_that_may_join_another_leaves_the_list_open() -> None:
    rows, _ = run(
        "azure.directory_administrators",
        {
            ASSIGNED: [_role("g", kind="group")],
            f"{MEMBERS} g": [_member("a")],
            JOINING: [{"principal": _member("h", kind="group")}],
        },
    )
    assert isinstance(rows, OpenList)
    assert _who(rows) == {"a", "h"}
