"""Every command that help or a page shows is one that the program takes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
import pytest

from scanner.cli import app

ROOT = Path(__file__).resolve().parent.parent.parent
SHOWN = re.compile(r"^\s*(?:\$ )?tscan (?! )([^#\n]*)", re.MULTILINE)
BLOCK = re.compile(r"^```(?:sh|console|shell|bash)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
MADE = ROOT / "docs/commands.md"
"""Made from help itself, whose lines are also prose."""
PAGES = sorted(
    {*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/decisions/*.md")} - {MADE}
)


def commands(command: click.Command, name: str = "tscan") -> Iterator[tuple[str, click.Command]]:
    """A command with those under it, by what is typed."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for under in command.list_commands(context):
            found = command.get_command(context, under)
            assert found
            yield from commands(found, f"{name} {under}")


def shown() -> Iterator[tuple[str, str]]:
    """Where an example stands, and what follows `tscan` in it."""
    for name, command in commands(app):
        _, _, examples = (command.help or "").partition("Examples:\n")
        yield from (
            (f"{name} --help", line) for line in SHOWN.findall(examples.partition("\n\n")[0])
        )
    for page in PAGES:
        for block in BLOCK.findall(page.read_text(encoding="utf-8")):
            yield from ((page.relative_to(ROOT).as_posix(), line) for line in SHOWN.findall(block))


@pytest.mark.parametrize(("place", "line"), sorted(set(shown())))
def test_an_example_is_taken(
    place: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # `--log-file` opens its file as soon as it is read.
    monkeypatch.chdir(tmp_path)
    words = shlex.split(re.split(r"\s(?:>|\||&&)|\s{2,}|;", line)[0])
    command: click.Command = app
    while isinstance(command, click.Group) and not words[0].startswith("-"):
        found = command.get_command(click.Context(command), words.pop(0))
        assert found, f"{place}: {line}"
        command = found
    # Exit: how --help and --version end.
    with suppress(click.exceptions.Exit), command.make_context("tscan", words):
        pass
