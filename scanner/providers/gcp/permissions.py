"""IAM of Google Cloud: the permissions of operations, and the custom role that holds a set of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from scanner.client.rest.operations import operations

ROLE: Final = "tscanRead"
PROJECT: Final = {"resourcemanager.projects.get": "what the project is called"}
"""Permissions that open a project, whatever is selected."""
ORGANIZATION: Final = {
    "resourcemanager.organizations.get": "what the organisation is called",
    "resourcemanager.folders.list": "which folders it has",
    "resourcemanager.projects.list": "which projects it has",
}
"""The same for an organisation."""
_USUAL: Final = "cloudresourcemanager.googleapis.com"
"""What opening a target asks."""
_TITLE: Final = "tscan read"
_SCOPE: Final = "https://"
"""How the scope of a token begins, which a directory asks for in place of a permission."""
_ABOVE: Final = ("resourcemanager.folders.", "resourcemanager.organizations.")
"""What a role of a project cannot hold."""


def permissions_of(operation: str) -> tuple[str, ...]:
    """What an operation needs, as the reviewed list says."""
    return operations("gcp")[operation].permission


def discovery(*, organization: bool) -> Mapping[str, str]:
    """The permissions that open a target, each with what it tells."""
    return {**PROJECT, **(ORGANIZATION if organization else {})}


def apis(asked: Iterable[str]) -> list[str]:
    """The APIs behind operations, as they are enabled by name."""
    hosts = (urlsplit(operations("gcp")[operation].host).hostname or "" for operation in asked)
    return sorted({_USUAL, *hosts})


def in_role(permissions: Iterable[str], *, project: bool) -> list[str]:
    """Those that a custom role can hold."""
    return [
        name
        for name in sorted(permissions)
        if not name.startswith((_SCOPE, *(_ABOVE if project else ())))
    ]


def role_yaml(
    permissions: Collection[str], enabled: Collection[str], *, beside: Collection[str] = ()
) -> str:
    """The role as `gcloud iam roles create --file` reads it, with the APIs to enable and what no role can hold."""
    rows = [f"- {name}" for name in sorted(permissions)]
    return "\n".join((*_needs(enabled, beside), f"title: {_TITLE}", f"description: {_about(permissions)}", "stage: GA",
                      "includedPermissions:", *rows)) + "\n"  # fmt: skip


def role_json(permissions: Collection[str]) -> str:
    """The role as the IAM API takes it."""
    role = {
        "title": _TITLE,
        "description": _about(permissions),
        "stage": "GA",
        "includedPermissions": sorted(permissions),
    }
    return json.dumps(role, indent=2) + "\n"


def terraform(
    permissions: Collection[str],
    enabled: Collection[str],
    *,
    project: bool,
    member: str,
    beside: Collection[str] = (),
) -> str:
    """The role and who holds it; what is not given is asked for as a variable."""
    scope, key = ("project", "project") if project else ("organization", "org_id")
    default = f"  default     = {json.dumps(member)}\n" if member else ""
    rows = "".join(f"    {json.dumps(name)},\n" for name in sorted(permissions))
    return (
        "\n".join(_needs(enabled, beside))
        + f"""

variable "tscan_{scope}" {{
  type        = string
  description = "{"Id of the project" if project else "Number of the organisation"} that tscan reads."
}}

variable "tscan_member" {{
  type        = string
  description = "Who reads: serviceAccount:tscan@PROJECT.iam.gserviceaccount.com"
{default}}}

resource "google_{scope}_iam_custom_role" "tscan" {{
  {key} = var.tscan_{scope}
  role_id = "{ROLE}"
  title = "{_TITLE}"
  description = "{_about(permissions)}"
  permissions = [
{rows}  ]
}}

resource "google_{scope}_iam_member" "tscan" {{
  {key} = var.tscan_{scope}
  role = google_{scope}_iam_custom_role.tscan.name
  member = var.tscan_member
}}
"""
    )


def _needs(enabled: Collection[str], beside: Collection[str]) -> Iterator[str]:
    yield "# To be enabled in each project that is read, or it reads as a gap:"
    yield f"#   gcloud services enable {' '.join(sorted(enabled))}"
    for name in sorted(beside):
        place = (
            "the directory's Admin console"
            if name.startswith(_SCOPE)
            else "a role of the organisation"
        )
        yield f"# Not in this role, to be given by {place}: {name}"


def _about(permissions: Collection[str]) -> str:
    return f"Reading alone, {len(permissions)} permissions, made by tscan permissions gcp."
