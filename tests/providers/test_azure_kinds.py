"""Azure's kinds and readers, and the shapes of Azure's answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scanner.client.rest.operations import operations
from scanner.core.reading.inventory import all_inventory_types, with_inventory
from scanner.core.reading.read_plan import requests
from scanner.model.kinds import Kind, Request
from scanner.model.library import Library
from scanner.providers import audit_log
from tests.helpers.provider_models import WrongError, output, problems, request_problems, walk

READ_BY_READERS = (
    "Microsoft.Authorization:DenyAssignments_List value.[].properties.permissions.[].actions",
    "Microsoft.Authorization:DenyAssignments_List value.[].properties.permissions.[].notActions",
    "Microsoft.Authorization:RoleAssignments_ListForSubscription value.[].properties.condition",
    "Microsoft.Authorization:RoleAssignments_ListForSubscription value.[].properties.principalId",
    "Microsoft.Authorization:RoleAssignments_ListForSubscription value.[].properties.principalType",
    "Microsoft.Authorization:RoleAssignments_ListForSubscription value.[].properties.roleDefinitionId",
    "Microsoft.Authorization:RoleAssignments_ListForSubscription value.[].properties.scope",
    "Microsoft.Authorization:RoleDefinitions_Get properties.permissions.[].actions",
    "Microsoft.Authorization:RoleDefinitions_Get properties.permissions.[].notActions",
    "Microsoft.Authorization:RoleDefinitions_List value.[].name",
    "Microsoft.Authorization:RoleDefinitions_List value.[].properties.permissions.[].actions",
    "Microsoft.Authorization:RoleDefinitions_List value.[].properties.permissions.[].notActions",
    "Microsoft.Authorization:RoleEligibilityScheduleInstances_ListForScope value.[].properties.principalId",
    "Microsoft.Authorization:RoleEligibilityScheduleInstances_ListForScope value.[].properties.principalType",
    "Microsoft.Authorization:RoleEligibilityScheduleInstances_ListForScope value.[].properties.roleDefinitionId",
    "Microsoft.Authorization:RoleEligibilityScheduleInstances_ListForScope value.[].properties.scope",
    "graph:ListGroupEligibilityScheduleInstances value.[].principal.id",
    "graph:ListGroupTransitiveMembers value.[].userPrincipalName",
    "graph:ListRoleAssignments value.[].principal.displayName",
    "graph:ListRoleAssignments value.[].principalId",
    "graph:ListRoleAssignments value.[].roleDefinitionId",
    "graph:ListRoleEligibilityScheduleInstances value.[].principalId",
    "graph:ListRoleEligibilityScheduleInstances value.[].roleDefinitionId",
    "graph:ListSignIns value.[].status.errorCode",
)
"""What the programs of `readers.py` and `reach.py` read, which no expression says."""
DISCOVERY = [
    "Microsoft.Management:ManagementGroups_GetDescendants",
    "Microsoft.Resources:Subscriptions_Get",
    "Microsoft.Resources:Subscriptions_List",
    "Microsoft.Resources:Tenants_List",
    "graph:ListOrganization",
]
"""What is asked to find the subscriptions of a tenant, before any kind is read."""


def _kinds(library: Library) -> list[Kind]:
    return [kind for kind in library.kinds.values() if kind.cloud == "azure"]


def test_the_graph_tells_what_kinds_read_of_it_in_bulk(library: Library) -> None:
    kinds = [
        kind for kind in _kinds(with_inventory(library, all_inventory_types(library))) if kind.bulk
    ]
    assert kinds
    for kind in kinds:
        request = kind.listing.request if kind.listing else None
        assert request is not None
        assert request.rows is not None
        assert list(request_problems(request)) == []
        for path in request.rows.read:
            # Below the columns, rows are as the listing's, which the kind is held against.
            walk(output(request.operation), ("data", "[]", path[0]))
        quiet = kind.bulk.quiet if kind.bulk else ()
        assert all(any(path[: len(one)] == one for path in request.rows.read) for one in quiet)


@pytest.mark.parametrize("read", READ_BY_READERS)
def test_what_readers_read_is_in_the_models(read: str) -> None:
    operation, _, path = read.partition(" ")
    assert walk(output(operation), tuple(path.split("."))) is not None


def test_a_wrong_member_or_type_in_a_kind_is_said(library: Library) -> None:
    kind = library.kinds["azure.storage.account"]
    attribute = kind.attributes["https_only"]
    wrong = replace(kind, attributes={"https_only": replace(attribute, type="string")})
    assert list(problems(wrong, library)) == [
        "azure.storage.account: https_only is string, the model says boolean",
    ]
    other = replace(kind.attributes["redundancy"], name="holds", type="int")
    wrong = replace(kind, attributes={"holds": other})
    assert [text for text in problems(wrong, library) if "the model says string" in text]


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (
            Request(operation="Microsoft.Storage:StorageAccount_List"),
            "did you mean 'StorageAccounts_List'?",
        ),
        (Request(operation="Microsoft.Stories:X_List"), "there is no model"),
        (
            Request(operation="Microsoft.Storage:StorageAccounts_List", items=("values",)),
            "did you mean 'value'?",
        ),
        (
            Request(operation="Microsoft.Storage:ManagementPolicies_Get", items=("properties",)),
            "is no list",
        ),
        (
            Request(operation="Microsoft.Web:WebApps_List", arguments={"$fliter": "x"}),
            "has no argument '$fliter'",
        ),
    ],
)
def test_what_the_models_do_not_know_is_said(request_: Request, words: str) -> None:
    assert words in "\n".join(request_problems(request_))


@pytest.mark.parametrize(
    "path",
    [
        "value.[].properties.networkAcl",
        "value.[].properties.allowBlobPublicAccess.x",
        "value.[].sku.nam",
    ],
)
def test_a_wrong_path_is_said(path: str) -> None:
    with pytest.raises(WrongError):
        walk(output("Microsoft.Storage:StorageAccounts_List"), tuple(path.split(".")))


def test_nothing_is_listed_that_nobody_asks(library: Library) -> None:
    both = (library, with_inventory(library, all_inventory_types(library)))
    asked = {
        request.operation for way in both for kind in _kinds(way) for request in requests(kind)
    }
    asked |= {*audit_log("azure").operations}
    assert sorted(set(operations("azure")) - asked) == DISCOVERY
