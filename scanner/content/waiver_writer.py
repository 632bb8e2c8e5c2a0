"""Adds an entry to the text of a waivers file, whose comments and layout stay as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import yaml

from scanner.content.documents import Document, read_document
from scanner.content.locations import shown_path
from scanner.errors import ContentError, Problem

Entry = Mapping[str, str | Mapping[str, str]]
"""The keys of a waiver or an attestation, as the format has them."""

EMPTY: Final = "version: 1\nwaivers:\n"
_PLAIN: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9 ,.;()@/_-]*[A-Za-z0-9.)]|[A-Za-z]|[0-9]{4}-[0-9]{2}-[0-9]{2}"
)
_EMPTY_LIST: Final = re.compile(r"^(waivers:)[ ]*\[[ ]*\]([ ]*(?:#.*)?\r?\n)$")
_WORDS: Final = frozenset({"true", "false", "null"})


def with_entry(content: bytes, path: Path, entry: Entry) -> tuple[bytes, int]:
    """The content with an entry more, and the line from 1 that it begins on.

    ContentError for content that is no YAML, and for a list that is written in brackets.
    """
    # A byte order mark and the ends of lines are kept as well: a diff shows the entry alone.
    bom = content[:3] if content.startswith(b"\xef\xbb\xbf") else b""
    document = _document(content, path)
    ends = "\r\n" if "\r\n" in document.text else "\n"
    lines = document.text.splitlines(keepends=True)
    at = document.lines(("waivers",))[1]
    if not lines[at - 1].endswith("\n"):
        lines[at - 1] += ends
    node = document.node(("waivers",))
    indent = 2
    if isinstance(node, yaml.SequenceNode) and node.value:
        indent = node.start_mark.column
    if _in_brackets(document.root) or _in_brackets(node):
        # An empty list can only be written so.
        lines[at - 1], found = _EMPTY_LIST.subn(r"\1\2", lines[at - 1])
        if not found:
            message = "the list of waivers is written in brackets"
            hint = "write each entry on lines of its own, which begin with '- '"
            raise ContentError([document.problem(("waivers",), message, hint)])
    written = [" " * indent + line + ends for line in entry_lines(entry)]
    text = "".join([*lines[:at], *written, *lines[at:]])
    return bom + text.encode(), at + 1


def entry_lines(entry: Entry) -> list[str]:
    """An entry of a list, one line for each key."""
    lines = list(document_lines(entry))
    return [f"- {lines[0]}", *(f"  {line}" for line in lines[1:])]


def document_lines(entry: Entry) -> list[str]:
    """The keys of a mapping, one line each."""
    lines: list[str] = []
    for key, value in entry.items():
        if isinstance(value, str):
            lines.append(f"{key}: {scalar(value)}")
            continue
        lines.append(f"{key}:")
        lines += [f"  {name}: {scalar(text)}" for name, text in value.items()]
    return lines


def scalar(text: str) -> str:
    """A text as YAML reads it: plain where nothing in it has a meaning, else in quotes."""
    if _PLAIN.fullmatch(text) and text not in _WORDS:
        return text
    # JSON's strings are YAML's double-quoted ones.
    return json.dumps(text, ensure_ascii=False)


def _document(content: bytes, path: Path) -> Document:
    document = read_document(content, path=shown_path(path))
    if isinstance(document, Problem):
        raise ContentError([document])
    return document


def _in_brackets(node: yaml.Node) -> bool:
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)
