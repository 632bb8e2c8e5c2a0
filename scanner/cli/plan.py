"""Evaluates Terraform plans: `tscan plan`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from scanner.cli.support.options import (
    PATH,
    SEVERITIES,
    Decorator,
    checks_option,
    config_option,
    options_as,
    store_option,
    target_option,
    waivers_option,
)
from scanner.errors import ContentError, TscanError

if TYPE_CHECKING:
    from scanner.model.answers import Snapshot
    from scanner.model.library import Library
    from scanner.model.plan_findings import PlanReport


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """How to judge plans, and where the reports go."""

    source: Path | None
    name: str
    account: str
    over: str
    store: str
    config: Path | None
    target: str
    checks: tuple[Path, ...]
    waivers: Path | None
    select: tuple[str, ...]
    param: tuple[str, ...]
    everything: bool
    fail_on: str
    format: tuple[str, ...]
    keep: Path | None


plan_options: Final[Decorator] = options_as(
    "options",
    PlanOptions,
    (
        click.option(
            "--source",
            type=PATH,
            metavar="DIR",
            help="The folder of the configuration, for lines; default: this folder if it has any.",
        ),
        click.option("--name", default="", metavar="NAME", help="Default: the source folder's."),
        click.option("--account", default="", metavar="ID", help="The account of the provider."),
        click.option(
            "--over",
            default="",
            metavar="SNAPSHOT|latest",
            help="Evaluate the account after the plan: over this scan, or the newest in history.",
        ),
        store_option,
        config_option,
        target_option,
        checks_option,
        waivers_option,
        click.option("--select", multiple=True, metavar="ID", help="Only checks with this id."),
        click.option("--param", multiple=True, metavar="NAME=VALUE", help="Set a parameter."),
        click.option(
            "--all",
            "everything",
            is_flag=True,
            help="Count failures that the plan leaves as they are, too.",
        ),
        click.option(
            "--fail-on",
            type=click.Choice(SEVERITIES),
            default="high",
            show_default=True,
            help="Exit 1 if the plan makes a check of this severity or higher worse.",
        ),
        click.option(
            "--format",
            multiple=True,
            metavar="NAME[=PATH]",
            help="Any number of reports, on standard output or in files.",
        ),
        click.option(
            "--keep", type=PATH, metavar="FILE", help="Write what was read to a snapshot file."
        ),
    ),
)


@click.command()
@click.argument("plans", nargs=-1, required=True, metavar="PLAN...")
@plan_options
def plan(plans: tuple[str, ...], options: PlanOptions) -> int:
    """Evaluate Terraform or OpenTofu plans by the checks that evaluate live clouds.

    PLAN is what `terraform show -json tfplan` writes; `-` reads standard input. Several plans are
    evaluated as one. The resources are evaluated before and after the plan, and only what it makes
    worse is reported, with the line. A plan is not evidence of controls: no matrix is shown, and
    history does not keep it.

    \b
    Examples:
      terraform show -json tfplan | tscan plan -
      tscan plan tfplan.json --source infra
      tscan plan tfplan.json --format github --format sarif=tscan.sarif
    """
    from scanner.cli.support.output import destinations_of, write
    from scanner.content.plan_maps import load_plan_maps
    from scanner.formats.plans import PLAN_FORMATS, PlanView
    from scanner.model.checks import Severity
    from scanner.plan import judge_question, plan_question

    places = destinations_of(options.format, PLAN_FORMATS)
    library = _library(options)
    maps = load_plan_maps(library)
    snapshot = _snapshot(plans, options, maps, library)
    asked = plan_question(
        snapshot,
        library,
        maps,
        checks=_selected(options, library),
        params=_params(options, library),
        account=options.account,
        over=_over(options, library),
    )
    report = _waived(judge_question(asked, library, maps), snapshot, options, library)
    view = PlanView(
        report=report,
        library=library,
        fail_on=Severity(options.fail_on),
        everything=options.everything,
        source=_in_repository(_source(options.source)),
    )
    write(view, places)
    return view.exit_code


def _waived(
    report: PlanReport, snapshot: Snapshot, options: PlanOptions, library: Library
) -> PlanReport:
    """The report with what comments accept, and the file of waivers, today."""
    from datetime import UTC, datetime

    from scanner.content.waivers import load_waivers
    from scanner.core.plans.waiving import with_comments, with_waivers
    from scanner.plan import plans_in

    today = datetime.now(UTC).date()
    report = with_comments(report, plans_in(snapshot).values(), library, today)
    if options.waivers is None:
        return report
    return with_waivers(report, load_waivers(options.waivers, library), today)


def _snapshot(
    plans: tuple[str, ...], options: PlanOptions, maps: Any, library: Library
) -> Snapshot:
    from datetime import UTC, datetime

    from scanner.plan import collect_plans, target_name

    source = _source(options.source)
    sources: dict[str, dict[str, Any]] = {}
    if source is not None:
        sources = _sources(source, library, explicit=options.source is not None)
    name = options.name or target_name(source)
    snapshot = collect_plans(plans, maps, sources, name=name, now=datetime.now(UTC))
    if options.keep is not None:
        from scanner.history.snapshots.snapshot_file import write_snapshot

        write_snapshot(options.keep, snapshot)
    return snapshot


def _sources(source: Path, library: Library, *, explicit: bool) -> dict[str, dict[str, Any]]:
    from datetime import UTC, datetime

    from scanner.terraform.sources import read_sources
    from scanner.terraform.waiver_comments import refuse_unusable

    try:
        sources = read_sources(source)
    except TscanError as error:
        if explicit or isinstance(error, ContentError):
            raise
        click.echo(f"note: no lines are shown: {error.message}", err=True)
        return {}
    refuse_unusable(sources, library, source, datetime.now(UTC).date())
    return sources


def _source(given: Path | None) -> Path | None:
    """The folder of the configuration: the one that is named, or this one if it has any."""
    if given is not None:
        return given
    here = Path()
    return here if any(here.glob("*.tf")) else None


def _in_repository(source: Path | None) -> str:
    """The source folder, as paths in its repository begin with; empty: the top."""
    # Without a repository, paths are those of the working folder.
    folder = (source or Path()).resolve()
    top = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), Path.cwd())
    if not folder.is_relative_to(top):
        return folder.as_posix()
    path = folder.relative_to(top).as_posix()
    return "" if path == "." else path


def _over(options: PlanOptions, library: Library) -> Snapshot | None:
    """The scan that the plans are evaluated over; None: none is named."""
    if not options.over:
        return None
    from scanner.cli.support.evidence import EvidenceOptions, chosen_evidence, no_scan
    from scanner.cli.support.store_location import load_configuration

    is_newest = options.over == "latest"
    evidence = EvidenceOptions(
        snapshots=() if is_newest else (Path(options.over),),
        store=options.store,
        config=options.config,
        target=(options.target,) if options.target else (),
    )
    config = load_configuration(options.config, library)
    chosen = chosen_evidence(evidence, config, library)
    if chosen is None:
        raise no_scan(evidence, config)
    found = list(chosen.snapshots)
    if len(found) > 1:
        names = ", ".join(str(one.target) for one in found)
        raise TscanError(f"--over names several targets: {names}", "choose one with --target")
    return found[0]


def _library(options: PlanOptions) -> Library:
    from scanner.content.library import load_library
    from scanner.content.locations import default_roots

    return load_library(default_roots(checks=options.checks), lazily=True)


def _selected(options: PlanOptions, library: Library) -> set[str] | None:
    from scanner.cli.support.options import matching

    return matching(options.select, library) if options.select else None


def _params(options: PlanOptions, library: Library) -> dict[str, Any]:
    from scanner.content.parameters import parse_params

    return dict(parse_params(options.param, library.parameters))
