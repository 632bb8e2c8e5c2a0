"""Derives the RBAC actions and Graph permissions of operations, and prints the custom role that
holds them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Final

from scanner.client.rest.operations import operations

ROLE: Final = "tscan read"
SUBSCRIPTION: Final = {"Microsoft.Resources/subscriptions/read": "what the subscription is called"}
"""Actions of discovery in a subscription, whatever is selected, each with what it is for."""
TENANT: Final = {
    "Microsoft.Management/managementGroups/descendants/read": "which subscriptions the tenant has",
    "Organization.Read.All": "what the tenant is called",
}
"""Actions and Graph permissions of discovery in a tenant."""


def actions_of(operation: str) -> tuple[str, ...]:
    """The actions and Graph permissions of an operation, as the reviewed list declares them."""
    return operations("azure")[operation].permission


def discovery(*, tenant: bool) -> Mapping[str, str]:
    """The actions and permissions of discovery, each with what it is for."""
    if tenant:
        return {**SUBSCRIPTION, **TENANT}
    return SUBSCRIPTION


def split(names: Collection[str]) -> tuple[list[str], list[str]]:
    """The actions of a role, and the application permissions in Microsoft Graph."""
    actions = sorted(name for name in names if "/" in name)
    graph = sorted(name for name in names if "/" not in name)
    return actions, graph


def role_json(actions: Collection[str], scope: str) -> str:
    """The role as `az role definition create --role-definition` reads it."""
    role = {
        "Name": ROLE,
        "IsCustom": True,
        "Description": _description(actions),
        "Actions": sorted(actions),
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": [scope],
    }
    return json.dumps(role, indent=2) + "\n"


def terraform(actions: Collection[str], graph: Collection[str]) -> str:
    """The role, its assignment, and the permissions in Graph; scope and principal are variables."""
    scopes = "/providers/Microsoft.Management/managementGroups/ID, or /subscriptions/ID"
    role = f"""\
variable "tscan_scope" {{
  type        = string
  description = "What tscan reads: {scopes}"
}}

variable "tscan_principal" {{
  type        = string
  description = "Object id of the service principal that reads."
}}

resource "azurerm_role_definition" "tscan" {{
  name              = "{ROLE}"
  scope             = var.tscan_scope
  description       = "{_description(actions)}"
  assignable_scopes = [var.tscan_scope]
  permissions {{
    actions = {_list(actions)}
  }}
}}

resource "azurerm_role_assignment" "tscan" {{
  scope              = var.tscan_scope
  role_definition_id = azurerm_role_definition.tscan.role_definition_resource_id
  principal_id       = var.tscan_principal
}}
"""
    if not graph:
        return role
    return role + _graph(graph)


def _graph(permissions: Collection[str]) -> str:
    return f"""
data "azuread_application_published_app_ids" "known" {{}}

data "azuread_service_principal" "graph" {{
  client_id = data.azuread_application_published_app_ids.known.result["MicrosoftGraph"]
}}

resource "azuread_app_role_assignment" "tscan" {{
  for_each            = toset({_list(permissions)})
  app_role_id         = data.azuread_service_principal.graph.app_role_ids[each.value]
  principal_object_id = var.tscan_principal
  resource_object_id  = data.azuread_service_principal.graph.object_id
}}
"""


def _list(names: Collection[str]) -> str:
    return json.dumps(sorted(names), indent=2).replace("\n", "\n    ")


def _description(actions: Collection[str]) -> str:
    return f"Reading alone, {len(actions)} actions, made by tscan permissions azure."
