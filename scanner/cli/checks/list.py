"""Lists the checks, by service or by the words of a search: `tscan checks list`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from scanner.cli.support.options import PATH, SEVERITIES, Decorator, options_as
from scanner.errors import TscanError

if TYPE_CHECKING:
    from scanner.model.checks import Severity
    from scanner.model.library import Library

_WIDTH: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which checks to list; an empty text leaves none out."""

    cloud: str
    service: str
    severity: str
    control: str
    criterion: str
    search: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCheck:
    """A check in the JSON document."""

    id: str
    title: str
    fails: str
    severity: str
    cloud: str
    service: str
    resource: str
    controls: tuple[str, ...]
    criteria: tuple[str, ...]
    links: tuple[str, ...]
    aliases: tuple[str, ...]
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckList:
    """The JSON document."""

    checks: tuple[ListedCheck, ...]


_filters: Final[Decorator] = options_as(
    "filters",
    Filters,
    (
        click.option("--search", default="", metavar="WORDS", help="Only with all these words."),
        click.option(
            "--cloud", default="", metavar="NAME", help="Only this cloud: aws, gcp, azure, github."
        ),
        click.option(
            "--service", default="", metavar="NAME", help="Only this service, such as S3 or IAM."
        ),
        click.option(
            "--severity",
            type=click.Choice(SEVERITIES),
            default="low",
            help="Only this severity or higher.",
        ),
        click.option(
            "--control", default="", metavar="ID", help="Only evidence for this control: ENC-01."
        ),
        click.option(
            "--criterion", default="", metavar="ID", help="Only evidence for this criterion: CC6.1."
        ),
    ),
)


@click.command(name="list")
@_filters
@click.option(
    "--format",
    "form",
    type=click.Choice(("table", "json")),
    default="table",
    show_default=True,
    help="A table for people, or JSON.",
)
@click.option(
    "--checks",
    type=PATH,
    multiple=True,
    metavar="DIR",
    help="Also your own checks.",
)
def list_checks(filters: Filters, form: str, checks: tuple[Path, ...]) -> int:
    """List the checks, by service; with --search the best match first.

    \b
    Examples:
      tscan checks list --search MFA
      tscan checks list --cloud aws --service s3 --severity high
      tscan checks list --criterion CC6.1 --format json
    """
    from scanner.content.library import load_library
    from scanner.content.locations import default_roots

    if filters.search and not filters.search.strip():
        raise TscanError("--search has no word in it", "give a word, such as MFA")
    library = load_library(default_roots(checks=checks), lazily=True)
    found = _filtered(library, filters)
    if not found:
        raise _none_found(library, filters)
    if form == "json":
        _show_json(found, library)
    else:
        _show_table(found, library, by_service=not filters.search)
    return 0


# -- which checks ----------------------------------------------------------------------------------


def _filtered(library: Library, filters: Filters) -> list[str]:
    """Ids of the checks to list: by service, or the best match first where words are searched."""
    from scanner.cli.checks.search import ranked

    controls = _wanted_controls(library, filters)
    kept: list[str] = []
    for name in library.checks:
        # What the outline tells is asked first: to read every file takes seconds.
        if filters.cloud not in ("", library.cloud(name)):
            continue
        if filters.service.casefold() not in ("", library.service(name).casefold()):
            continue
        if _severity(library, name).rank < SEVERITIES.index(filters.severity):
            continue
        if controls is None or not controls.isdisjoint(_controls_of(name, library)):
            kept.append(name)
    if filters.search:
        checks = [library.checks[name] for name in kept]
        return [check.id for check in ranked(checks, filters.search)]
    return sorted(kept, key=lambda name: (*_heading(name, library), name))


def _severity(library: Library, check: str) -> Severity:
    return library.outline(check).severity or library.checks[check].severity


def _wanted_controls(library: Library, filters: Filters) -> set[str] | None:
    """The controls that --control and --criterion name; None where neither is given."""
    wanted: set[str] | None = None
    if filters.control:
        _check_known(filters.control, library.controls, "control")
        wanted = {filters.control}
    if filters.criterion:
        by_criterion = _controls_by_criterion(library)
        _check_known(filters.criterion, by_criterion, "criterion")
        of_criterion = by_criterion[filters.criterion]
        wanted = of_criterion if wanted is None else wanted & of_criterion
    return wanted


def _check_known(name: str, known: Collection[str], what: str) -> None:
    from scanner.language.errors import did_you_mean

    if name not in known:
        raise TscanError(f"there is no {what} '{name}'", did_you_mean(name, known))


def _controls_by_criterion(library: Library) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for framework in library.frameworks.values():
        for criterion in framework.criteria:
            controls = {link.control for link in criterion.controls}
            found.setdefault(criterion.id, set()).update(controls)
    return found


def _controls_of(check: str, library: Library) -> set[str]:
    found: set[str] = set()
    for control in library.controls.values():
        if any(link.id == check for link in control.checks):
            found.add(control.id)
    return found


def _none_found(library: Library, filters: Filters) -> TscanError:
    """Why nothing is listed: a name that is not there, or filters that no check passes together."""
    from scanner.language.errors import did_you_mean

    clouds = {library.cloud(name) for name in library.checks}
    if filters.cloud and filters.cloud not in clouds:
        return TscanError(f"unknown cloud '{filters.cloud}'", did_you_mean(filters.cloud, clouds))
    services = {library.service(name) for name in library.checks}
    known = {service.casefold() for service in services}
    if filters.service and filters.service.casefold() not in known:
        return TscanError(
            f"unknown service '{filters.service}'", did_you_mean(filters.service, services)
        )
    if filters.search:
        return TscanError(
            f"no check has all the words of --search '{filters.search}'",
            "use fewer words, or the name that the provider's documentation has",
        )
    return TscanError("no check matches all of these filters", "leave one of them out")


# -- how they are shown ----------------------------------------------------------------------------


def _heading(check: str, library: Library) -> tuple[str, str]:
    return library.cloud(check), library.service(check)


def _show_table(checks: Sequence[str], library: Library, *, by_service: bool) -> None:
    from scanner.rendering.sanitize import plural, sanitized

    if by_service:
        for (_cloud, service), group in groupby(checks, lambda check: _heading(check, library)):
            click.echo(sanitized(service))
            _show_rows(group, library)
    else:
        _show_rows(checks, library)
    click.echo(plural(len(checks), "check"))


def _show_rows(checks: Iterable[str], library: Library) -> None:
    """Two lines for each check: its id must stay whole to be copied, and its title to be read."""
    from scanner.rendering.sanitize import sanitized
    from scanner.rendering.wrap import wrapped

    for name in checks:
        click.echo(f"  {_severity(library, name).value:<8}  {name}")
        title = library.outline(name).title
        click.echo(wrapped(f"    {sanitized(title)}", _WIDTH), nl=False)


def _show_json(checks: Iterable[str], library: Library) -> None:
    from scanner.rendering.dataclass_json import dumps

    listed = tuple(_listed(checks, library))
    click.echo(dumps("tscan.checks/1", CheckList(checks=listed)), nl=False)


def _listed(names: Iterable[str], library: Library) -> Iterator[ListedCheck]:
    by_criterion = _controls_by_criterion(library)
    for name in names:
        check = library.checks[name]
        controls = _controls_of(name, library)
        criteria = [one for one, served in by_criterion.items() if served & controls]
        yield ListedCheck(
            id=check.id,
            title=check.title,
            fails=check.fails,
            severity=check.severity.value,
            cloud=check.cloud,
            service=library.service(name),
            resource=check.kind,
            controls=tuple(sorted(controls)),
            criteria=tuple(sorted(criteria)),
            links=check.links,
            aliases=check.aliases,
            keywords=check.keywords,
        )
