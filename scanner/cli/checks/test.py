"""`tscan checks test`: examples are tests."""

from __future__ import annotations

from pathlib import Path

import click

from scanner.errors import EXIT_FAILING


@click.command()
@click.argument("names", nargs=-1, metavar="[ID|FILE]...")
def test(names: tuple[str, ...]) -> int:
    """Run the examples of checks: those named, or all; exit code 1 if one disagrees.

    \b
    Examples:
      tscan checks test
      tscan checks test aws-s3-bucket-versioned
      tscan checks test my-checks/
    """
    from scanner.cli.checks.folders import is_path, library_with, wanted_checks
    from scanner.content.examples import run_examples

    library = library_with([Path(name) for name in names if is_path(name)])
    wanted = wanted_checks(names, library)
    wrong = ran = 0
    for name in wanted:
        check = library.checks[name]
        for result in run_examples(check, library):
            ran += 1
            if not result.agrees:
                wrong += 1
                expected = f"expected {result.example.expect}, says {result.verdict}"
                reason = f" ({result.reason})" if result.reason else ""
                click.echo(f"{check.path}:{result.example.line}: {name}: {expected}{reason}")
    click.echo(f"{ran} examples of {len(wanted)} checks: {ran - wrong} agree, {wrong} do not")
    return EXIT_FAILING if wrong else 0
