"""`tscan checks mutate`: are the examples good enough to notice a fault?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.errors import EXIT_FAILING

if TYPE_CHECKING:
    from scanner.content.mutation import MutationResult


@click.command()
@click.argument("names", nargs=-1, metavar="[ID|FILE]...")
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
    """Put faults into conditions, one at a time, and count those that the check's own examples notice.

    Operators are flipped, terms dropped, questions negated and constants changed, in pass_when and where. A fault
    that does not compile is not counted. Exit code 1 if fewer are noticed than --threshold.

    \b
    Examples:
      tscan checks mutate
      tscan checks mutate aws-s3-bucket-versioned
      tscan checks mutate my-checks/ --threshold 100
    """
    from scanner.cli.checks.folders import is_path, library_with, wanted_checks
    from scanner.content.mutation import mutate as run

    library = library_with([Path(name) for name in names if is_path(name)])
    results = []
    for name in wanted_checks(names, library):
        result = run(library.checks[name], library)
        results.append(result)
        if result.survivors or not quiet:
            _show(result)
    killed, total = (
        sum(result.killed for result in results),
        sum(result.total for result in results),
    )
    share = 100 * killed / total if total else 100.0
    click.echo(f"{killed} of {total} faults in {len(results)} checks are noticed: {share:.1f} %")
    return EXIT_FAILING if share < threshold else 0


def _show(result: MutationResult) -> None:
    click.echo(f"{result.check}: {result.killed} of {result.total}")
    for survivor in result.survivors:
        line, column = survivor.mutant.at
        click.echo(f"  {survivor.condition} {line}:{column}: {survivor.mutant.fault}")
