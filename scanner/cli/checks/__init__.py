"""Lists, shows, writes and tests checks: `tscan checks`.

To add a subcommand, write `scanner/cli/checks/<command>.py` and name it here.
"""

from __future__ import annotations

from scanner.cli.support.lazy import LazyGroup

checks = LazyGroup(
    name="checks",
    help="""List, show, write and test checks.

\b
Examples:
  tscan checks list --search MFA
  tscan checks show aws-s3-bucket-versioned
  tscan checks kinds bucket
  tscan checks new aws-s3-bucket-example --resource aws.s3.bucket
  tscan checks lint my-checks/
  tscan checks test
  tscan checks mutate""",
    lazy={
        "list": (
            "scanner.cli.checks.list:list_checks",
            "List checks by service or by search words.",
        ),
        "show": (
            "scanner.cli.checks.show:show",
            "Show a check: condition, reason, fix, reads, controls.",
        ),
        "kinds": (
            "scanner.cli.checks.kinds:kinds",
            "List kinds of resources, or attributes of one.",
        ),
        "new": ("scanner.cli.checks.new:new", "Write a commented check to start from."),
        "lint": (
            "scanner.cli.checks.lint:lint",
            "Validate checks and report mistakes.",
        ),
        "mutate": (
            "scanner.cli.checks.mutate:mutate",
            "Mutate conditions: do the examples detect it?",
        ),
        "test": ("scanner.cli.checks.test:test", "Run the examples of checks."),
    },
)
