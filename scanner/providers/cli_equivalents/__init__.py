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
    azure="scanner.providers.cli_equivalents.declared:azure",
    gcp="scanner.providers.cli_equivalents.declared:gcp",
    github="scanner.providers.cli_equivalents.declared:github",
)
"""By cloud. Those of declared requests are made where requests are."""


def native(cloud: str, call: Call) -> str:
    """The command of a cloud, or that none is known."""
    return (
        NATIVE.get(cloud)(call)
        if cloud in NATIVE.names
        else f"(no command line is known for {cloud})"
    )
