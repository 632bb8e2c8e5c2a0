"""Reports every mistake in checks, with its file, line and column: `tscan checks lint`."""

from __future__ import annotations

from pathlib import Path

import click

from scanner.cli.support.options import PATH
from scanner.errors import TscanError


@click.command()
@click.argument("paths", nargs=-1, required=True, type=PATH, metavar="FILE...")
def lint(paths: tuple[Path, ...]) -> int:
    """Read checks and name every mistake as file:line:column; exit code 2 if there is one.

    \b
    Examples:
      tscan checks lint my-checks/aws-s3-bucket-example.yaml
      tscan checks lint my-checks/
    """
    from scanner.cli.checks.folders import checks_in, library_with
    from scanner.rendering.sanitize import plural

    library = library_with(paths)
    names = checks_in(paths, library)
    # A file under another name than its id is not loaded: it must not look as if it were correct.
    if not names:
        raise TscanError("no check is there", "a check's file is called <id>.yaml")
    click.echo(f"{plural(len(names), 'check')} without a mistake")
    return 0
