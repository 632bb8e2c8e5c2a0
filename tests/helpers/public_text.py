"""Collects the text that users read, piece by piece: what the tests of words read.

A piece is one sentence, cell or paragraph with its place, on one line. Public are:

- Markdown pages, without their generated console blocks (the help texts come from the source);
- help texts: docstrings of commands, `help=` and the like;
- every other string of `scanner/` that holds a space: messages, reasons, hints, headings;
- every value of the YAML files of checks, mappings and resource kinds that holds a space.

Docstrings and comments of the code are for maintainers and are left out.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

import yaml

from tests.conftest import ROOT

YAML_FOLDERS: Final = ("checks", "mappings", "scanner")
CODE_IN_YAML: Final = {"api", "pass_when", "where", "value", "examples", "list", "details"}
"""Keys whose values are expressions, calls or examples, and no prose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some public text, and where it stands."""

    place: str
    text: str


@cache
def public_text() -> tuple[Piece, ...]:
    """All pieces of pages, Python sources and YAML files."""
    return (*pages(), *python_strings(), *yaml_values())


def pages() -> Iterator[Piece]:
    """Paragraphs, list items and table rows; docs/checks is made of the YAML below."""
    for path in sorted(
        [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/decisions/*.md")]
    ):
        yield from markdown_pieces(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))


def markdown_pieces(name: str, text: str) -> Iterator[Piece]:
    """A paragraph or a row is one piece; a console block is none."""
    text = re.sub(r"^```console\n.*?^```$", _blank, text, flags=re.DOTALL | re.MULTILINE)
    begin, lines = 0, list[str]()
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if lines and re.match(r"\s*$|\s*[-*|#] ?|\s*\d+\. |```", line):
            yield Piece(place=f"{name}:{begin}", text=_folded(" ".join(lines)))
            lines = []
        if line.strip():
            begin = begin if lines else number
            lines.append(line)


def _blank(block: re.Match[str]) -> str:
    return "\n" * block.group().count("\n")


def python_strings() -> Iterator[Piece]:
    """Strings of the package, and docstrings of its commands."""
    for path in sorted([*(ROOT / "scanner").rglob("*.py"), *(ROOT / "docs").glob("*.py")]):
        name = path.relative_to(ROOT).as_posix()
        yield from python_pieces(name, path.read_text("utf-8"))


def python_pieces(name: str, text: str) -> Iterator[Piece]:
    """Strings with a space; a value in an f-string is written `{}`."""
    tree = ast.parse(text)
    hidden = {id(docstring) for docstring in _private_docstrings(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            hidden.update(id(part) for part in ast.walk(node) if isinstance(part, ast.Constant))
            said = "".join(_part(part) for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            said = "" if id(node) in hidden else node.value
        else:
            continue
        if " " in said.strip():
            yield Piece(place=f"{name}:{node.lineno}", text=_folded(said))


def _part(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "{}"


def _private_docstrings(tree: ast.Module) -> Iterator[ast.Constant]:
    """Strings that stand as statements, but for the help of commands."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for position, line in enumerate(node.body):
            if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)):
                continue
            if position > 0 or not _is_command(node):
                yield line.value


def _is_command(node: ast.AST) -> bool:
    decorators = getattr(node, "decorator_list", [])
    return any(re.search(r"\b(command|group)\b", ast.unparse(one)) for one in decorators)


def yaml_values() -> Iterator[Piece]:
    """Values of content files."""
    paths = [path for folder in YAML_FOLDERS for path in (ROOT / folder).rglob("*.yaml")]
    for path in sorted(paths):
        yield from yaml_pieces(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))


def yaml_pieces(name: str, text: str) -> Iterator[Piece]:
    """Values with a space, those below keys of code left out."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    root = yaml.compose(text, Loader=loader)
    waiting = [root] if root is not None else []
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.MappingNode):
            waiting += [value for key, value in node.value if key.value not in CODE_IN_YAML]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif " " in node.value.strip():
            yield Piece(place=f"{name}:{node.start_mark.line + 1}", text=_folded(node.value))


def _folded(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
