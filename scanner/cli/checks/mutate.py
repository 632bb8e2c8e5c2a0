"""Tests whether the examples of checks notice faults in them: `tscan checks mutate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli.support.completion import complete_checks
from scanner.errors import EXIT_CLEAN, EXIT_FAILING

if TYPE_CHECKING:
    from scanner.content.mutation import MutationResult


@click.command()
@click.argument("names", nargs=-1, metavar="[ID|FILE]...", shell_complete=complete_checks)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 100),
    default=90.0,
    show_default=True,
    help="Percentage of faults, over all named checks, that examples must notice.",
)
@click.option(
    "--quiet", is_flag=True, help="Only the checks with faults that nobody notices, and the total."
)
def mutate(names: tuple[str, ...], threshold: float, quiet: bool) -> int:
    """Put faults into conditions, one at a time, and count those that the check's own examples
    notice.

    Operators are flipped, terms dropped, questions negated and constants changed, in pass_when
    and where. A fault that does not compile is not counted. Exit code 1 if fewer are noticed than
    --threshold.

    \b
    Examples:
      tscan checks mutate
      tscan checks mutate aws-s3-bucket-versioned
      tscan checks mutate my-checks/ --threshold 100
    """
    from scanner.cli.checks.folders import is_path, library_with, wanted_checks
    from scanner.content.mutation import mutate as mutate_check
    from scanner.words import plural

    library = library_with([Path(name) for name in names if is_path(name)])
    killed = total = checks = 0
    for name in wanted_checks(names, library):
        result = mutate_check(library.checks[name], library)
        checks += 1
        killed += result.killed
        total += result.total
        if result.survivors or not quiet:
            _show(result)
    # A condition without a fault to put in has none that goes unnoticed.
    share = 100.0
    if total:
        share = 100 * killed / total
    where = f"{plural(total, 'fault')} in {plural(checks, 'check')}"
    click.echo(f"{killed} of {where} noticed: {share:.1f} %")
    if share < threshold:
        return EXIT_FAILING
    return EXIT_CLEAN


def _show(result: MutationResult) -> None:
    from scanner.words import plural

    faults = plural(result.total, "fault")
    click.echo(f"{result.check}: examples notice {result.killed} of {faults}")
    for survivor in result.survivors:
        line, column = survivor.mutant.at
        where = f"{survivor.condition} {line}:{column}"
        click.echo(f"  not noticed: {where}: {survivor.mutant.fault}")
