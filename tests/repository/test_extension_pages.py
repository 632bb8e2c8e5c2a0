"""The steps of the pages on adding a check, a format and a command, done as they are written."""

from __future__ import annotations

import ast
import re
import shlex
import textwrap
from pathlib import Path

import pytest

from scanner.cli import app, run
from scanner.formats import FORMATS

FENCED = re.compile(r"^ *```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def blocks(root: Path, page: str, language: str) -> list[str]:
    """The fenced blocks of a page in a language, without the indentation of a list."""
    text = (root / page).read_text(encoding="utf-8")
    return [textwrap.dedent(body) for name, body in FENCED.findall(text) if name == language]


def commands(root: Path, page: str) -> list[list[str]]:
    """The arguments of every `tscan …` line of a page."""
    lines = [line for block in blocks(root, page, "sh") for line in block.splitlines()]
    found = [shlex.split(line)[1:] for line in lines if line.startswith("tscan ")]
    assert found
    return found


@pytest.fixture
def checkout(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run the commands in, in which the paths of the repository exist."""
    (tmp_path / "scanner").symlink_to(root / "scanner")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_a_format_is_added_as_the_page_says(
    root: Path,
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = "docs/adding-a-format.md"
    module, entry = blocks(root, page, "python")
    (checkout / "counts_of_the_page.py").write_text(module)
    call = ast.parse(entry).body[0].value  # type: ignore[attr-defined]
    registered = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    assert registered.pop("counts") == "scanner.formats.counts:render"
    assert registered == FORMATS._builtin
    monkeypatch.setitem(FORMATS._builtin, "counts", "counts_of_the_page:render")
    monkeypatch.delitem(FORMATS.__dict__, "_places", raising=False)
    for arguments in commands(root, page):
        assert run(arguments) == 1
    printed = capsys.readouterr().out
    counts = (checkout / "counts.txt").read_text()
    assert re.fullmatch(r"pass \d+\nfail \d+\nunknown \d+\nwaived \d+\n", counts)
    # The first command prints them, the second one line about the report beside the file.
    assert printed.startswith(counts)
    assert len(printed.removeprefix(counts).splitlines()) == 1
    assert run(["demo", "--help"]) == 0
    assert "counts, json or terminal" in capsys.readouterr().out
    assert run(["demo", "--format", "count"]) == 2
    assert "did you mean 'counts'?" in capsys.readouterr().err


def test_a_command_is_added_as_the_page_says(
    root: Path,
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = "docs/adding-a-command.md"
    module, entry = blocks(root, page, "python")
    (checkout / "gaps_of_the_page.py").write_text(module)
    ((name, (location, line)),) = ast.literal_eval(f"{{{entry.strip()}}}").items()
    assert (name, location) == ("gaps", "scanner.cli.gaps:gaps")
    monkeypatch.setattr(app, "_lazy", {**app._lazy, name: ("gaps_of_the_page:gaps", line)})
    codes = [run(arguments) for arguments in commands(root, page)]
    shown = capsys.readouterr().out
    assert codes[0] == 0
    assert "tscan gaps audit.snapshot.jsonl.gz" in shown
    assert codes[1] in (0, 3)
    assert run(["--help"]) == 0
    assert line in capsys.readouterr().out


def test_a_check_is_added_as_the_page_says_in_an_empty_folder(
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    page = "docs/adding-a-check.md"
    written, _link = blocks(root, page, "yaml")
    file = tmp_path / "my-checks" / "aws-s3-bucket-acls-off.yaml"
    codes: dict[str, int] = {}
    for arguments in commands(root, page):
        codes[" ".join(arguments[:2])] = run(arguments)
        if arguments[:2] == ["checks", "new"]:
            assert file.is_file()
            file.write_text(written)
    shown = capsys.readouterr()
    assert shown.err == ""
    # The recorded account has buckets with ACLs, and a check of medium severity fails no scan.
    assert codes.pop("demo --checks") in (0, 1, 3)
    assert codes == dict.fromkeys(
        (
            "checks kinds",
            "checks new",
            "checks lint",
            "checks test",
            "checks mutate",
            "checks show",
        ),
        0,
    )
    assert "self.acls_disabled: bool" in shown.out
    assert "3 examples of 1 check: 3 agree, 0 do not" in shown.out
    assert "S3 buckets have ACLs disabled" in shown.out
