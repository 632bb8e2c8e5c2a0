"""Names the providers. To add a cloud, write its package with a `Provider` and name it here:
docs/adding-a-cloud.md.
"""

from __future__ import annotations

from collections.abc import Callable

from scanner.client.interfaces import AuditLog, Provider
from scanner.core.reading.context import Reader
from scanner.model.answers import Call
from scanner.registry import Registry

PROVIDERS = Registry[Provider](
    "scanner.providers",
    aws="scanner.providers.aws:AWS",
    azure="scanner.providers.azure:AZURE",
    gcp="scanner.providers.gcp:GCP",
    github="scanner.providers.github:GITHUB",
)


def reader(name: str) -> Reader:
    """The reader that a kind names; TscanError where there is none."""
    cloud = name.partition(".")[0]
    return PROVIDERS.get(cloud).readers.get(name)


def audit_log(cloud: str) -> AuditLog | None:
    """The audit log of a cloud; None where none is read."""
    if cloud not in PROVIDERS:
        return None
    return PROVIDERS.get(cloud).audit_log()


def permissions_of(cloud: str) -> Callable[[str], tuple[str, ...]]:
    """The permissions of a cloud's operations, where a kind declares no others.

    None for a cloud that this installation does not know: archived answers may be of one.
    """
    if cloud not in PROVIDERS:
        return lambda operation: ()
    return PROVIDERS.get(cloud).permissions_of


def cli_command(cloud: str, call: Call) -> str:
    """The command of a cloud's own CLI for a call; a note in parentheses where none is known.

    Archived calls may be those of a cloud that this installation does not know.
    """
    if cloud not in PROVIDERS:
        return f"(no command line is known for {cloud})"
    return PROVIDERS.get(cloud).cli_command(call)
