"""Writes the identity by which a workflow outside of Google Cloud uses a service account."""

from __future__ import annotations

import json
from typing import Final

from scanner.errors import TscanError
from scanner.providers.workflow_identity import ISSUER, GithubWorkflow

WORKFLOW_MEMBER: Final = '"serviceAccount:${google_service_account.tscan.email}"'
_LONGEST_SUBJECT: Final = 127
"""Bytes of `google.subject`: Google refuses the token of a longer one."""


def workflow_terraform(workflow: GithubWorkflow, project: str) -> str:
    """A pool with GitHub as provider, and a service account that one workflow alone may use.

    `project` is the expression of the project that holds them; empty: a variable asks for it.
    """
    subject = workflow.subject
    if len(subject) > _LONGEST_SUBJECT:
        message = f"'{subject}' is longer than Google takes: {_LONGEST_SUBJECT} characters"
        raise TscanError(message, "use a branch with a shorter name")
    asked = ""
    if not project:
        project = "var.tscan_host_project"
        asked = """\
variable "tscan_host_project" {
  type        = string
  description = "Id of the project that holds the service account of tscan."
}

"""
    pool = "google_iam_workload_identity_pool.tscan"
    return f"""\
{asked}resource "google_service_account" "tscan" {{
  project    = {project}
  account_id = "tscan-read"
}}

resource "google_iam_workload_identity_pool" "tscan" {{
  project                   = {project}
  workload_identity_pool_id = "tscan-github"
}}

resource "google_iam_workload_identity_pool_provider" "github" {{
  project                            = {project}
  workload_identity_pool_id          = {pool}.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  attribute_mapping                  = {{ "google.subject" = "assertion.sub" }}
  attribute_condition                = {json.dumps(f"assertion.sub == '{subject}'")}
  oidc {{
    # Tokens for another audience than this provider itself are refused.
    issuer_uri = "https://{ISSUER}"
  }}
}}

resource "google_service_account_iam_member" "workflow" {{
  service_account_id = google_service_account.tscan.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principal://iam.googleapis.com/${{{pool}.name}}/subject/{subject}"
}}
"""
