"""A provider's own command line for a call. To add a cloud, write its `command` and name it here."""

from __future__ import annotations

from collections.abc import Callable

from scanner.model.answers import Call
from scanner.registry import Registry

Native = Callable[[Call], str]
"""The command that asks the same question, for a POSIX shell."""

NATIVE = Registry[Native](
    "scanner.native",
    aws="scanner.providers.aws.cli_equivalents:command",
    azure="scanner.providers.azure.cli_equivalents:command",
    gcp="scanner.providers.gcp.cli_equivalents:command",
    github="scanner.providers.github.cli_equivalents:command",
)
"""By cloud."""


def native(cloud: str, call: Call) -> str:
    """The command of a cloud, or that none is known."""
    if cloud not in NATIVE.names:
        return f"(no command line is known for {cloud})"
    return NATIVE.get(cloud)(call)
