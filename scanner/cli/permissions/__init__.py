"""`tscan permissions`: the least that a role must be allowed. To add a cloud, write its command and name it here."""

from __future__ import annotations

from scanner.cli.support.lazy import LazyGroup

permissions = LazyGroup(
    name="permissions",
    help="""Print the least that tscan must be allowed, derived from what the checks read.

\b
Examples:
  tscan permissions aws > policy.json
  tscan permissions aws --format terraform > tscan-role.tf
  tscan permissions gcp > role.yaml
  tscan permissions azure --format list
  tscan permissions github""",
    lazy={
        "aws": ("scanner.cli.permissions.aws:aws", "The IAM policy, or the whole role."),
        "gcp": ("scanner.cli.permissions.gcp:gcp", "The custom role, and the APIs to enable."),
        "azure": (
            "scanner.cli.permissions.azure:azure",
            "The custom role, and the permissions in Microsoft Graph.",
        ),
        "github": ("scanner.cli.permissions.github:github", "The permissions of an app."),
    },
)
