"""`tscan checks test`: examples are tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.errors import EXIT_FAILING, TscanError

if TYPE_CHECKING:
    from scanner.model.library import Library


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
    from scanner.cli.checks.folders import library_with
    from scanner.content.examples import run_examples

    paths = [Path(name) for name in names if _is_path(name)]
    library = library_with(paths)
    wanted = _wanted(names, paths, library)
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


def _is_path(name: str) -> bool:
    return name.endswith(".yaml") or "/" in name or Path(name).is_dir()


def _wanted(names: tuple[str, ...], paths: list[Path], library: Library) -> list[str]:
    from scanner.cli.checks.folders import checks_in
    from scanner.language.problems import did_you_mean

    if not names:
        return sorted(library.checks)
    found = set(checks_in(paths, library))
    for name in names:
        if _is_path(name):
            continue
        if name not in library.checks:
            raise TscanError(f"there is no check '{name}'", did_you_mean(name, library.checks))
        found.add(name)
    if not found:
        raise TscanError("no check is there", "name an id, a check's file or a folder of checks")
    return sorted(found)
