"""Writes the generated pages and the blocks of README.md; `--check` only compares them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
from check_pages import check_pages
from click.testing import CliRunner
from control_pages import control_page

from scanner.cli import app
from scanner.cli.demo import NIGHTS, demo_source, project_inputs, recorded_library
from scanner.cli.support.lazy import LazyGroup
from scanner.content.library import load_library
from scanner.content.locations import default_roots
from scanner.formats import FORMATS, Report
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.library import Library
from scanner.pipeline import judge

ROOT: Final = Path(__file__).resolve().parent.parent
CHECKS: Final = ROOT / "docs/checks"
"""A folder that holds nothing but what is generated."""
BLOCK: Final = re.compile(
    r"```console\n\$ tscan (?P<arguments>.*)\n(?P<output>(?:(?!```).*\n)*)```\n"
)


def pages() -> Iterator[tuple[Path, str]]:
    """Every generated file with its text."""
    library = load_library(default_roots(validate=True))
    yield ROOT / "docs/commands.md", "".join(_commands())
    for place, text in check_pages(library):
        yield CHECKS / place, text
    yield CHECKS / "controls.md", control_page(library)
    readme = ROOT / "README.md"
    yield readme, _with_fresh_blocks(readme.read_text(encoding="utf-8"), library)


def _with_fresh_blocks(text: str, library: Library) -> str:
    return BLOCK.sub(lambda match: _block(match["arguments"], library), text)


def _commands() -> Iterator[str]:
    yield "# Commands\n\nMade by `make docs` from the program itself.\n"
    for names in ((), *_names(app)):
        title = " ".join(("tscan", *names))
        yield f"\n## {title}\n\n```console\n$ {title} --help\n{_help(names)}```\n"


def _names(group: LazyGroup, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        yield (*before, name)
        command = group.get_command(context, name)
        if isinstance(command, LazyGroup):
            yield from _names(command, (*before, name))


def _help(names: tuple[str, ...]) -> str:
    result = CliRunner().invoke(app, [*names, "--help"], prog_name="tscan", terminal_width=80)
    if result.exit_code:
        raise SystemExit(f"tscan {' '.join(names)} --help: exit code {result.exit_code}")
    return result.output


def _block(arguments: str, library: Library) -> str:
    return f"```console\n$ tscan {arguments}\n{_output(arguments, library)}```\n"


def _output(arguments: str, library: Library) -> str:
    if arguments == "demo":
        return _demo(library)
    *names, last = arguments.split()
    # Output that nothing generates would grow old unseen.
    if last != "--help":
        raise SystemExit(
            f"README.md shows output of 'tscan {arguments}', which nothing keeps fresh"
        )
    return _help(tuple(names))


def _demo(library: Library) -> str:
    """The demo's first screen."""
    snapshot = read_snapshot(NIGHTS[-1])
    config, decisions = project_inputs(library)
    library = recorded_library(library, snapshot)
    assessment = judge(
        [snapshot],
        library,
        categories=config.categories,
        waivers=decisions.waivers,
        attestations=decisions.attestations,
    )
    return FORMATS.get("terminal")(
        Report(assessment=assessment, library=library, source=demo_source())
    )


def main(arguments: list[str]) -> int:
    """0 when every page is, or now is, fresh; 1 when `--check` finds one that is not."""
    generated = dict(pages())
    stale = [path for path, text in generated.items() if _text(path) != text]
    # The page of a service whose last check was removed.
    obsolete = [
        path for path in sorted(CHECKS.rglob("*")) if path.is_file() and path not in generated
    ]
    if "--check" in arguments:
        return _report(stale + obsolete)
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(generated[path], encoding="utf-8")
    for path in obsolete:
        path.unlink()
    return 0


def _report(not_fresh: list[Path]) -> int:
    if not not_fresh:
        return 0
    names = ", ".join(str(path.relative_to(ROOT)) for path in not_fresh)
    hint = "run 'make docs' and look at the difference"
    sys.stderr.write(f"not fresh: {names}\n  hint: {hint}\n")
    return 1


def _text(path: Path) -> str:
    if not path.exists():
        return ""
    return path.read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
