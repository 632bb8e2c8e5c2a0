"""`tscan checks lint`: every mistake with its place."""

from __future__ import annotations

from pathlib import Path

import click

from scanner.errors import TscanError


@click.command()
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
def lint(paths: tuple[Path, ...]) -> int:
    """Read checks and name every mistake as file:line:column; exit code 2 if there is one.

    \b
    Examples:
      tscan checks lint my-checks/aws-s3-bucket-example.yaml
      tscan checks lint my-checks/
    """
    from scanner.cli.checks.folders import checks_in, library_with

    library = library_with(paths)
    names = checks_in(paths, library)
    if not names:
        raise TscanError("no check is there", "a check's file is called <id>.yaml")
    click.echo(f"{len(names)} check{'s' if len(names) > 1 else ''} without a mistake")
    return 0
