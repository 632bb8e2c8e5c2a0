"""`tscan permissions`: prints the least privilege of a role. To add a cloud, add `<cloud>.py` with
a command `<cloud>`.
"""

from __future__ import annotations

from pkgutil import iter_modules

import click

from scanner.cli.support.lazy import LazyGroup


class _CloudCommands(LazyGroup):
    """One command for each module of this package: the clouds, and the store."""

    # The lines of --help are the commands' own: for four modules, importing them is no burden.
    format_commands = click.Group.format_commands


def _modules() -> dict[str, tuple[str, str]]:
    names = [module.name for module in iter_modules(__path__) if module.name != "choosing"]
    return {name: (f"{__name__}.{name}:{name}", "") for name in sorted(names)}


permissions = _CloudCommands(
    name="permissions",
    help="""Print least-privilege policies and roles, derived from what the checks read.

\b
Examples:
  tscan permissions aws > policy.json
  tscan permissions aws --format terraform > tscan-role.tf
  tscan permissions gcp > role.yaml
  tscan permissions azure --format list
  tscan permissions github
  tscan permissions aws --missing
  tscan permissions store --store s3://bucket/tscan""",
    lazy=_modules(),
)
