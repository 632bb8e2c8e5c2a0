"""Derives the IAM permissions of operations, and prints the custom role of Google Cloud that holds
them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from scanner.client.rest.operations import operations
from scanner.providers.gcp.workflow_terraform import WORKFLOW_MEMBER, workflow_terraform
from scanner.providers.workflow_identity import GithubWorkflow
from scanner.words import plural

ROLE: Final = "tscanRead"
PROJECT: Final = {"resourcemanager.projects.get": "the name of the project"}
"""Permissions of discovery in a project, whatever is selected, each with what it is for."""
ORGANIZATION: Final = {
    "resourcemanager.organizations.get": "the name of the organization",
    "resourcemanager.folders.list": "the folders of the organization",
    "resourcemanager.projects.list": "the projects of the organization",
}
"""The same for an organization."""
_DISCOVERY_API: Final = "cloudresourcemanager.googleapis.com"
_TITLE: Final = "tscan read"
_SCOPE: Final = "https://"
"""Prefix of an OAuth scope: the directory takes scopes in place of IAM permissions."""
# IAM refuses these in the custom role of a project.
_ORGANIZATION_ONLY: Final = ("resourcemanager.folders.", "resourcemanager.organizations.")


def permissions_of(operation: str) -> tuple[str, ...]:
    """The permissions of an operation, as the reviewed list declares them."""
    return operations("gcp")[operation].permission


def discovery(*, organization: bool) -> Mapping[str, str]:
    """The permissions of discovery, each with what it is for."""
    if organization:
        return {**PROJECT, **ORGANIZATION}
    return PROJECT


def apis(called: Iterable[str]) -> list[str]:
    """The host names of the APIs behind operations, which is how `gcloud services enable` names
    them.
    """
    declared = operations("gcp")
    hosts = {urlsplit(declared[operation].host).hostname or "" for operation in called}
    return sorted({_DISCOVERY_API, *hosts})


def in_role(permissions: Iterable[str], *, project: bool) -> list[str]:
    """The permissions that a custom role (of a project, or else of the organization) can hold."""
    excluded: tuple[str, ...] = (_SCOPE,)
    if project:
        excluded = (_SCOPE, *_ORGANIZATION_ONLY)
    return [name for name in sorted(permissions) if not name.startswith(excluded)]


def role_yaml(
    permissions: Collection[str], enabled: Collection[str], *, beside: Collection[str] = ()
) -> str:
    """The role as `gcloud iam roles create --file` reads it, with the APIs to enable and what no
    role can hold.
    """
    lines = [
        *_header(enabled, beside),
        f"title: {_TITLE}",
        f"description: {_description(permissions)}",
        "stage: GA",
        "includedPermissions:",
        *(f"- {name}" for name in sorted(permissions)),
    ]
    return "\n".join(lines) + "\n"


def role_json(permissions: Collection[str]) -> str:
    """The role as the IAM API takes it."""
    role = {
        "title": _TITLE,
        "description": _description(permissions),
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
    used_by: GithubWorkflow | None = None,
) -> str:
    """The role and its binding to a member; what is not given becomes a variable.

    With a workflow, the member is a service account that it uses.
    """
    scope, key, what = "organization", "org_id", "Number of the organization"
    if project:
        scope, key, what = "project", "project", "Id of the project"
    if used_by is None:
        binding, who = _member_variable(member), "var.tscan_member"
    else:
        binding = workflow_terraform(used_by, "" if not project else f"var.tscan_{scope}")
        who = WORKFLOW_MEMBER
    rows = "".join(f"    {json.dumps(name)},\n" for name in sorted(permissions))
    header = "\n".join(_header(enabled, beside))
    return f"""\
{header}

variable "tscan_{scope}" {{
  type        = string
  description = "{what} that tscan reads."
}}

{binding}
resource "google_{scope}_iam_custom_role" "tscan" {{
  {key} = var.tscan_{scope}
  role_id = "{ROLE}"
  title = "{_TITLE}"
  description = "{_description(permissions)}"
  permissions = [
{rows}  ]
}}

resource "google_{scope}_iam_member" "tscan" {{
  {key} = var.tscan_{scope}
  role = google_{scope}_iam_custom_role.tscan.name
  member = {who}
}}
"""


def _member_variable(member: str) -> str:
    default = f"  default     = {json.dumps(member)}\n" if member else ""
    return f"""\
variable "tscan_member" {{
  type        = string
  description = "Member that runs tscan: serviceAccount:tscan@PROJECT.iam.gserviceaccount.com"
{default}}}
"""


def _header(enabled: Collection[str], beside: Collection[str]) -> Iterator[str]:
    """Comments of the printed role: the APIs to enable, and the permissions that this role cannot
    hold.
    """
    yield "# APIs to enable in each scanned project; a disabled API is a gap:"
    yield f"#   gcloud services enable {' '.join(sorted(enabled))}"
    for name in sorted(beside):
        place = "a role of the organization"
        if name.startswith(_SCOPE):
            place = "the directory's Admin console"
        yield f"# Not in this role; grant it with {place}: {name}"


def _description(permissions: Collection[str]) -> str:
    granted = plural(len(permissions), "permission")
    return f"Read-only role for tscan, {granted}, generated by tscan permissions gcp."
