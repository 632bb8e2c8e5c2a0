"""Runs the examples of checks: `tscan checks test`."""

from __future__ import annotations

from pathlib import Path

import click

from scanner.cli.support.completion import complete_checks
from scanner.errors import EXIT_CLEAN, EXIT_FAILING


@click.command()
@click.argument("names", nargs=-1, metavar="[ID|FILE]...", shell_complete=complete_checks)
def test(names: tuple[str, ...]) -> int:
    """Run the examples of checks: those named, or all; exit code 1 if one disagrees.

    \b
    Examples:
      tscan checks test
      tscan checks test aws-s3-bucket-versioned
      tscan checks test my-checks/aws-s3-bucket-example.yaml
      tscan checks test my-checks/
    """
    from scanner.cli.checks.folders import is_path, library_with, wanted_checks
    from scanner.content.examples import run_examples
    from scanner.words import plural

    library = library_with([Path(name) for name in names if is_path(name)])
    wanted = wanted_checks(names, library)
    ran = wrong = 0
    for name in wanted:
        check = library.checks[name]
        for result in run_examples(check, library):
            ran += 1
            if result.agrees:
                continue
            wrong += 1
            line = f"{check.path}:{result.example.line}: {name}"
            outcome = f"expected {result.example.expect}, says {result.verdict}"
            if result.reason:
                outcome += f" ({result.reason})"
            click.echo(f"{line}: {outcome}")
    total = f"{plural(ran, 'example')} of {plural(len(wanted), 'check')}"
    agrees = "agrees" if ran - wrong == 1 else "agree"
    disagrees = "does" if wrong == 1 else "do"
    click.echo(f"{total}: {ran - wrong} {agrees}, {wrong} {disagrees} not")
    if wrong:
        return EXIT_FAILING
    return EXIT_CLEAN
