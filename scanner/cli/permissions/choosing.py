"""Selects the checks that permissions are printed for, and explains each permission: the same for
every cloud.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from scanner.cli.support.completion import complete_checks
from scanner.errors import TscanError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scanner.core.permissions import Grant
    from scanner.model.checks import Check
    from scanner.model.kinds import Request
    from scanner.model.library import Library
    from scanner.providers.workflow_identity import GithubWorkflow

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--select",
        multiple=True,
        metavar="ID",
        shell_complete=complete_checks,
        help="Only for checks with this id; `*` matches any text.",
    ),
    click.option(
        "--checks",
        type=click.Path(path_type=Path),
        multiple=True,
        metavar="DIR",
        help="Also your own checks.",
    ),
)
OIDC = click.option(
    "--oidc",
    default="",
    metavar="github:OWNER/REPO",
    help="Workflows of this GitHub repository may use the role, by OIDC.",
)
REF = click.option(
    "--ref",
    default="",
    metavar="REF",
    help="With --oidc: only this branch or tag; default: refs/heads/main.",
)
ENVIRONMENT = click.option(
    "--environment",
    default="",
    metavar="NAME",
    help="With --oidc: only jobs in this environment, instead of --ref.",
)
_OIDC = (OIDC, REF, ENVIRONMENT)
_WHO = click.option(
    "--who", is_flag=True, help="Also for `tscan drift --who`, which reads the audit log."
)


def selecting(function: F) -> F:
    """The options that choose checks, on a command that takes them as keywords."""
    return reduce(lambda wrapped, option: option(wrapped), reversed(_OPTIONS), function)


def by_oidc(function: F) -> F:
    """The options that name a workflow which uses the role by OIDC."""
    return reduce(lambda wrapped, option: option(wrapped), reversed(_OIDC), function)


def workflow(oidc: str, ref: str, environment: str, form: str) -> GithubWorkflow | None:
    """The workflow that may use a printed role; TscanError in a form that has none."""
    from scanner.providers.workflow_identity import workflow_of

    if not oidc:
        if ref or environment:
            raise TscanError("--ref and --environment need --oidc", "add --oidc github:OWNER/REPO")
        return None
    if form != "terraform":
        raise TscanError("--oidc needs --format terraform", "add --format terraform")
    return workflow_of(oidc, ref, environment)


def printed_as(*forms: str, what: str) -> Callable[[F], F]:
    """The option that chooses the form; the first is the usual one."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(forms),
        default=forms[0],
        show_default=True,
        help=what,
    )


def watching(function: F) -> F:
    """The option that adds the permissions for reading the audit log of a cloud."""
    return _WHO(function)


def audit_log_operations(cloud: str, *, who: bool) -> tuple[str, ...]:
    """The operations that read the audit log of a cloud; none without `--who`."""
    from scanner.providers import audit_log

    log = audit_log(cloud)
    if not who or log is None:
        return ()
    return log.operations


def audit_log_permissions(
    operations: Sequence[str], permissions_of: Callable[[str], Sequence[str]]
) -> dict[str, str]:
    """The permissions of these operations, each with what it is for."""
    found: dict[str, str] = {}
    for operation in operations:
        for name in permissions_of(operation):
            found[name] = "attribution (drift --who)"
    return found


def chosen(
    cloud: str, select: Sequence[str], checks: Sequence[Path]
) -> tuple[Library, list[Check]]:
    """The library, and the selected checks of a cloud; TscanError where there is none."""
    from scanner.cli.support.options import matching
    from scanner.content.library import load_library
    from scanner.content.locations import default_roots

    library = load_library(default_roots(checks=checks), lazily=True)
    names = matching(select, library) if select else set(library.checks)
    selected = [library.checks[name] for name in sorted(names)]
    of_cloud = [check for check in selected if check.cloud == cloud]
    # An empty role would look like one that is enough for a scan.
    if not of_cloud:
        raise TscanError(
            f"no check of {cloud.upper()} is chosen", f"see 'tscan checks list --cloud {cloud}'"
        )
    return library, of_cloud


def inventories(library: Library, cloud: str, select: Sequence[str]) -> list[Request]:
    """What counts types of resources in a whole scan; nothing where checks are selected."""
    from scanner.core.reading.types_in_use import inventory_requests

    if select:
        return []
    return list(inventory_requests(library, [cloud]))


def without_organization(library: Library, checks: Sequence[Check]) -> list[Check]:
    """The checks of a single account: not those of an organization or tenant."""
    from scanner.model.kinds import Scope

    return [check for check in checks if library.kinds[check.kind].scope is not Scope.MANAGEMENT]


def _users(grant: Grant) -> str:
    """What needs a permission: a check, several, or the list of types that no check reads."""
    if not grant.checks:
        return "types of resources that no check reads"
    if len(grant.checks) > 1:
        return f"{len(grant.checks)} checks"
    return grant.checks[0]


def lines(
    grants: Mapping[str, Grant],
    discovered: Mapping[str, str],
    log: Mapping[str, str] | None = None,
) -> list[str]:
    """Each permission with what it is for: checks, else discovery (in every scan), else the audit
    log (`log`).
    """
    found = {name: f"{name}  {why}" for name, why in (log or {}).items()}
    for name, why in discovered.items():
        found[name] = f"{name}  every scan: {why}"
    for name, grant in grants.items():
        users = _users(grant)
        found[name] = f"{name}  {', '.join(grant.operations)}: {users}"
    return [found[name] for name in sorted(found)]
