"""Which checks permissions are for, and how each permission is explained: the same for every cloud."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from scanner.errors import TscanError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scanner.core.permissions import Grant
    from scanner.model.checks import Check
    from scanner.model.library import Library

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--select",
        multiple=True,
        metavar="ID",
        help="Only for this check; `*` stands for anything.",
    ),
    click.option(
        "--checks",
        type=click.Path(path_type=Path),
        multiple=True,
        metavar="DIR",
        help="Also your own checks.",
    ),
)
_WHO = click.option(
    "--who", is_flag=True, help="Also for `tscan drift --who`, which asks the audit log."
)


def selecting(function: F) -> F:
    """The options that choose checks, on a command that takes them as keywords."""
    return reduce(lambda wrapped, option: option(wrapped), reversed(_OPTIONS), function)


def printed_as(*forms: str, says: str) -> Callable[[F], F]:
    """The option that chooses the form; the first is the usual one."""
    return click.option(
        "--format", "form", type=click.Choice(forms), default=forms[0], show_default=True, help=says
    )


def watching(function: F) -> F:
    """The option that adds what the audit log of a cloud asks."""
    return _WHO(function)


def asked_of_log(cloud: str, *, who: bool) -> tuple[str, ...]:
    """The operations by which the audit log of a cloud is asked, if it is."""
    from scanner.providers import AUDIT_LOGS

    return AUDIT_LOGS.get(cloud)().operations if who else ()


def needed(
    operations: Sequence[str], permissions: Callable[[str], Sequence[str]]
) -> dict[str, str]:
    """What the audit log's operations need, each with what for."""
    return {
        action: "who changed something (drift --who)"
        for one in operations
        for action in permissions(one)
    }


def chosen(
    cloud: str, select: Sequence[str], checks: Sequence[Path]
) -> tuple[Library, list[Check]]:
    """The library, and the checks of a cloud that were chosen; TscanError for none."""
    from scanner.cli.support.options import matching
    from scanner.content.library import load_library
    from scanner.content.locations import default_roots

    library = load_library(default_roots(checks=checks))
    names = matching(select, library) if select else set(library.checks)
    mine = [library.checks[name] for name in sorted(names) if library.checks[name].cloud == cloud]
    if not mine:
        raise TscanError(
            f"no check of {cloud.upper()} is chosen", f"see 'tscan checks list --cloud {cloud}'"
        )
    return library, mine


def lines(
    grants: Mapping[str, Grant], opening: Mapping[str, str], log: Mapping[str, str] | None = None
) -> list[str]:
    """Each permission with what it is for; `opening` are those that every scan needs, `log` those of the audit log."""
    found = {action: f"{action}  {why}" for action, why in (log or {}).items()}
    found |= {action: f"{action}  every scan: {why}" for action, why in opening.items()}
    for action, grant in grants.items():
        users = f"{len(grant.checks)} checks" if len(grant.checks) > 1 else grant.checks[0]
        found[action] = f"{action}  {', '.join(grant.operations)}: {users}"
    return [found[action] for action in sorted(found)]
