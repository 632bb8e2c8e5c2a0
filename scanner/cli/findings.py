"""Lists the findings of the newest scans, or of files: `tscan findings`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from scanner.cli.support.completion import complete_checks, complete_controls
from scanner.cli.support.options import (
    PATH,
    ContentOptions,
    Decorator,
    config_option,
    content_options,
    store_option,
)

if TYPE_CHECKING:
    from scanner.reports.findings import Listed

_FILTERS: Final = {
    "control": ("ID", "Only findings that decide this control."),
    "criterion": ("ID", "Only findings that decide this criterion or objective."),
    "verdict": ("NAME", "fail, unknown, waived, pass or all.  [default: fail,unknown]"),
    "severity": ("NAME", "critical, high, medium or low."),
    "resource": ("ID", "Only this resource, by id, ARN or name; `*` matches any text."),
    "region": ("NAME", "Only this region; global for resources without one."),
    "check": ("ID", "Only checks with this id; `*` matches any text."),
    "target": ("ID", "Only this target, such as aws:111122223333."),
}
"""The filters by option, each with its metavar and its help."""
_COMPLETED: Final = {"control": complete_controls, "check": complete_checks}


def _filter_options(command: Any) -> Any:
    for name, (metavar, text) in reversed(_FILTERS.items()):
        option: Decorator = click.option(
            f"--{name}",
            multiple=True,
            metavar=metavar,
            help=text,
            shell_complete=_COMPLETED.get(name),
        )
        command = option(command)
    return command


@click.command()
@click.argument("snapshots", nargs=-1, type=PATH, metavar="[SNAPSHOT...]")
@_filter_options
@click.option(
    "--format",
    "form",
    type=click.Choice(("table", "csv", "json")),
    default="table",
    show_default=True,
)
@store_option
@config_option
@content_options
def findings(
    snapshots: tuple[Path, ...],
    form: str,
    store: str,
    config: Path | None,
    content: ContentOptions,
    **filters: tuple[str, ...],
) -> int:
    """List findings, worst first: of files, or of the newest scan of each target.

    An option may be repeated, and take several values with commas: a finding must match one value
    of each option. What fails and what is unknown is listed, unless --verdict names others.

    \b
    Examples:
      tscan findings
      tscan findings --criterion CC6.1 --severity critical,high
      tscan findings --resource my-bucket --verdict all
      tscan findings --check 'aws-s3-*' --region eu-west-1 --format csv
      tscan findings audit.snapshot.jsonl.gz --control ACC-02 --format json
    """
    from scanner.cli.support.evidence import EvidenceOptions, chosen_evidence, no_scan
    from scanner.cli.support.judging import judge_everything, load_inputs
    from scanner.reports.findings import Filters, listed

    # Targets are a filter here: accounts of an organization are judged together.
    evidence = EvidenceOptions(snapshots=snapshots, store=store, config=config, target=())
    inputs = load_inputs(evidence, content)
    chosen = chosen_evidence(evidence, inputs.config, inputs.library)
    if chosen is None:
        raise no_scan(evidence, inputs.config)
    report = judge_everything(chosen, inputs)
    shown = listed(report, chosen.ended, Filters(**filters))
    for part in _rendered(shown, form):
        click.echo(part, nl=False)
    return 0


def _rendered(shown: Listed, form: str) -> Iterator[str]:
    from scanner.cli.support.output import screen_width
    from scanner.reports.findings import as_csv, as_json, as_table

    if form == "json":
        yield as_json(shown)
    elif form == "csv":
        yield from as_csv(shown)
    else:
        yield from as_table(shown, screen_width())
