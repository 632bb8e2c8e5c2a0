"""Reports every mistake in checks, with its file, line and column: `tscan checks lint`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from scanner.cli.support.options import PATH
from scanner.errors import TscanError


@click.command()
@click.argument("paths", nargs=-1, type=PATH, metavar="[FILE|DIR]...")
def lint(paths: tuple[Path, ...]) -> int:
    """Read checks and name every mistake as file:line:column; exit code 2 if there is one.

    Without a file: all content that tscan ships, and what tscan.yaml names.

    \b
    Examples:
      tscan checks lint my-checks/aws-s3-bucket-example.yaml
      tscan checks lint my-checks/
      tscan checks lint
    """
    lines = _shipped_and_configured()
    if paths:
        lines = _named(paths)
    click.echo(f"{', '.join(lines)} without a mistake")
    return 0


def _named(paths: Sequence[Path]) -> Iterator[str]:
    from scanner.cli.checks.folders import PARAMETERS, checks_in, library_with
    from scanner.rendering.sanitize import plural

    library = library_with(paths)
    names = checks_in(paths, library)
    if names:
        yield plural(len(names), "check")
    elif not any(path.name == PARAMETERS for path in paths):
        # An empty folder must not look as if what lies in it were correct.
        raise TscanError("no check is there", "a check's file is called <id>.yaml")
    for path in paths:
        if path.name == PARAMETERS:
            yield str(path)


def _shipped_and_configured() -> Iterator[str]:
    from scanner.cli.support.store_location import configured_content, find_configuration
    from scanner.content.attestations import load_attestations
    from scanner.content.config import load_config
    from scanner.content.library import load_library
    from scanner.content.locations import default_roots
    from scanner.content.waivers import load_waivers
    from scanner.rendering.sanitize import plural

    checks, mappings = configured_content(None)
    library = load_library(default_roots(checks=checks, mappings=mappings, validate=True))
    yield plural(len(library.checks), "check")
    yield plural(len(library.controls), "control")
    path = find_configuration()
    if path is None:
        return
    config = load_config(path, library)
    yield str(path)
    if config.waivers:
        yield plural(len(load_waivers(config.waivers, library)), "waiver")
    if config.attestations:
        yield plural(len(load_attestations(config.attestations, library)), "attestation")
