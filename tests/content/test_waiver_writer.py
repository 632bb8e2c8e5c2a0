"""An entry is added to a waivers file, and nothing else in the file changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.content.documents import Document, read_document
from scanner.content.waiver_writer import EMPTY, document_lines, scalar, with_entry
from scanner.errors import ContentError

PATH = Path("waivers.yaml")
ENTRY = {"id": "W-2", "gap": {"target": "aws:1", "operation": "s3:Get"}, "reason": "a: b # c"}
WRITTEN = ["- id: W-2", "  gap:", '    target: "aws:1"', '    operation: "s3:Get"', '  reason: "a: b # c"']  # fmt: skip


@pytest.mark.parametrize(
    ("text", "indent", "line"),
    [
        (EMPTY, 2, 3),
        ("version: 1\nwaivers: []   # none yet\n", 2, 3),
        ("# ours\nversion: 1\nwaivers:\n- id: W-1   # first\n", 0, 5),
        (
            "waivers:\n    - id: W-1\n      reason: |\n        long\n\n        text\nversion: 1\n",
            4,
            7,
        ),
        ("version: 1\nwaivers:\n  - id: W-1", 2, 4),
        ("version: 1\nwaivers:\n  - id: W-1\n# the end\n", 2, 4),
    ],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_all_that_was_there_stays(text: str, indent: int, line: int, ends: str) -> None:
    before = text.replace("\n", ends)
    content, at = with_entry(before.encode(), PATH, ENTRY)
    assert at == line
    lines = content.decode().split(ends)
    own = [" " * indent + one for one in WRITTEN]
    assert lines[at - 1 : at - 1 + len(own)] == own
    rest = lines[: at - 1] + lines[at - 1 + len(own) :]
    expected = text.replace(" []", "").split("\n")
    if expected[-1]:
        expected.append("")
    assert rest == expected
    document = read_document(content, path="x")
    assert isinstance(document, Document)
    assert isinstance(document.data, dict)
    assert document.data["waivers"][-1] == ENTRY


def test_a_byte_order_mark_stays() -> None:
    content, _ = with_entry(b"\xef\xbb\xbf" + EMPTY.encode(), PATH, ENTRY)
    assert content.startswith(b"\xef\xbb\xbfversion: 1\n")
    assert content.count(b"\xef\xbb\xbf") == 1


@pytest.mark.parametrize(
    "text", ["version: 1\nwaivers: [{id: W-1}]\n", "{version: 1, waivers: []}\n", "waivers: [\n]\n"]
)
def test_a_list_in_brackets_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(ContentError) as caught:
        with_entry(text.encode(), PATH, ENTRY)
    assert "waivers.yaml:" in str(caught.value)
    assert "write each entry on lines of its own" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["true", "null", "~", "1e5", "12345e678", "-1", "0", "2026-12-31", "MC-39", "a: b", "a #b",
     "[x]", "{x}", "&x", "*x", "'x", '"x"', "é", "tab\tx", "line\nx", " x ", "x:", "- x", "?",
     "@x", "`x`", "%x", "yes", "", "!x", "|", ">", "x\\y", "W", "a, b (c) d/e_f."],
)  # fmt: skip
def test_a_text_is_read_back_as_it_was(text: str) -> None:
    document = read_document(("key: " + scalar(text) + "\n").encode(), path="x")
    assert isinstance(document, Document)
    assert document.data == {"key": text}


def test_mappings_are_indented() -> None:
    assert document_lines({"a": {"b": "c", "d": "e"}}) == ["a:", "  b: c", "  d: e"]
