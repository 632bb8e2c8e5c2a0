"""Azure: the actions and Graph permissions of operations, and the custom role that holds a set of actions."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Final

from scanner.client.rest.operations import operations

ROLE: Final = "tscan read"
SUBSCRIPTION: Final = {"Microsoft.Resources/subscriptions/read": "what the subscription is called"}
"""Actions that open a subscription, whatever is selected."""
TENANT: Final = {
    "Microsoft.Management/managementGroups/descendants/read": "which subscriptions the tenant has",
    "Organization.Read.All": "what the tenant is called",
}
"""Actions and permissions that open a tenant."""


def actions_of(operation: str) -> tuple[str, ...]:
    """What an operation needs, as the reviewed list says."""
    return operations("azure")[operation].permission


def discovery(*, tenant: bool) -> Mapping[str, str]:
    """What opens a target, each with what it tells."""
    return {**SUBSCRIPTION, **(TENANT if tenant else {})}


def split(names: Collection[str]) -> tuple[list[str], list[str]]:
    """The actions of a role, and the application permissions in Microsoft Graph."""
    return sorted(name for name in names if "/" in name), sorted(
        name for name in names if "/" not in name
    )


def role_json(actions: Collection[str], scope: str) -> str:
    """The role as `az role definition create --role-definition` reads it."""
    role = {
        "Name": ROLE,
        "IsCustom": True,
        "Description": _about(actions),
        "Actions": sorted(actions),
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": [scope],
    }
    return json.dumps(role, indent=2) + "\n"


def terraform(actions: Collection[str], graph: Collection[str]) -> str:
    """The role, who holds it, and the permissions in Graph; what differs is asked for as a variable."""
    return f"""\
variable "tscan_scope" {{
  type        = string
  description = "What tscan reads: /providers/Microsoft.Management/managementGroups/ID, or /subscriptions/ID"
}}

variable "tscan_principal" {{
  type        = string
  description = "Object id of the service principal that reads."
}}

resource "azurerm_role_definition" "tscan" {{
  name              = "{ROLE}"
  scope             = var.tscan_scope
  description       = "{_about(actions)}"
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
""" + (_graph(graph) if graph else "")


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


def _about(actions: Collection[str]) -> str:
    return f"Reading alone, {len(actions)} actions, made by tscan permissions azure."
