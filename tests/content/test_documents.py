"""YAML that is hostile or merely wrong, and scalars that are read as YAML 1.2 says."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.content import documents
from scanner.content.documents import Document, read_document
from scanner.content.pure_yaml import PureParser
from scanner.errors import Problem

SPACES = "indent with spaces; quote a string that starts with @, ` or %"
REFUSED = [
    (b"", "1:1: the file is empty", "begin it with 'version: 1'"),
    (b"# nothing\n", "1:1: the file is empty", "begin it with 'version: 1'"),
    (b"a: 1\nb: 2\na: 3\n", "3:1: key 'a' is written twice", "first at line 1"),
    (b"a:\n  'b': 1\n  b: 2\n", "3:3: key 'b' is written twice", "first at line 2"),
    (b"a: &x 1\n", "1:4: anchors and aliases are not used here", "write the value out"),
    (b"a: [1]\nb: *x\n", "2:4: anchors and aliases are not used here", "write the value out"),
    (
        b"a: !!python/object/apply:os.system [x]\n",
        "1:4: the tag 'tag:yaml.org,2002:python/object/apply:os.system' is not used here",
        "remove it",
    ),
    (b"a: !x 1\n", "1:4: the tag '!x' is not used here", "remove it"),
    (b"a: 1\n---\nb: 1\n", "2:1: a second document starts here", "write one document in each file"),
    (b"a: 1\nb: \xff\n", "2:4: the file is not UTF-8", "save it as UTF-8"),
    ("é: 1\nb: x".encode("utf-16"), "1:1: the file is not UTF-8", "save it as UTF-8"),
    ("b: é".encode() + b"\xff", "1:5: the file is not UTF-8", "save it as UTF-8"),
    (b"a: x\x00y\n", "1:5: the character U+0000 is not allowed here", "remove it"),
    (b"a: 1\nb: \x1b[31m\n", "2:4: the character U+001B is not allowed here", "remove it"),
    ("a: x\u202ey\n".encode(), "1:5: the character U+202E is not allowed here", "remove it"),
    ("a: x\u2028y\n".encode(), "1:5: the character U+2028 is not allowed here", "remove it"),
    (b"a: 1\rb: 2\n", "1:5: the character U+000D is not allowed here", "remove it"),
    (
        b"a:\n\tb: 1\n",
        "2:1: not YAML: found character that cannot start any token while scanning for the next token",
        SPACES,
    ),
    (
        b"a: @x\n",
        "1:4: not YAML: found character that cannot start any token while scanning for the next token",
        SPACES,
    ),
    (
        b"a: b: c\n",
        "1:5: not YAML: mapping values are not allowed in this context",
        "put the text in quotes if it contains ': '",
    ),
    (b"? [a]\n: 1\n", "1:3: a key must be a plain string", ""),
    (
        b"a: 99999999999999999999999\n",
        "1:4: the number does not fit into 64 bits",
        "put it in quotes if it is a string",
    ),
    (
        b"a: " + b"9" * 100_000 + b"\n",
        "1:4: the number does not fit into 64 bits",
        "put it in quotes if it is a string",
    ),
    (
        b"a: 1e999\n",
        "1:4: the number does not fit into a double",
        "put it in quotes if it is a string",
    ),
    (b"[" * 100_000, "1:30: nested more than 30 levels deep", "flatten it"),
    (b"- " * 100_000 + b"x", "1:59: nested more than 30 levels deep", "flatten it"),
    (b"{a: " * 100_000, "1:117: nested more than 30 levels deep", "flatten it"),
    (
        b"a: " + b"x" * 1_000_000,
        "1:1: the file is larger than 1,000,000 bytes",
        "is it the right file?",
    ),
]


@pytest.mark.parametrize(
    ("content", "place_and_message", "hint"), REFUSED, ids=[row[1][:60] for row in REFUSED]
)
def test_refused(content: bytes, place_and_message: str, hint: str) -> None:
    problem = read_document(content, path="x.yaml")
    assert str(problem) == f"x.yaml:{place_and_message}" + (f"\n  hint: {hint}" if hint else "")


def test_a_bomb_of_aliases_is_refused_at_its_first_anchor() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    problem = read_document("\n".join(lines).encode(), path="x.yaml")
    assert isinstance(problem, Problem)
    assert (problem.line, problem.column) == (1, 5)


def _read(text: str) -> Any:
    document = read_document(text.encode(), path="x.yaml")
    assert isinstance(document, Document), str(document)
    return document.data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("No", "No"),
        ("True", "True"),
        ("NULL", "NULL"),
        ("012", "012"),
        ("0x1f", "0x1f"),
        ("0o7", "0o7"),
        ("1_000", "1_000"),
        ("+1", "+1"),
        ("12:30:45", "12:30:45"),
        ("2026-01-01", "2026-01-01"),
        (".5", ".5"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("111122223333", 111122223333),
        ("012345678901", "012345678901"),
        ("=", "="),
        ("<<", "<<"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-7", -7),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("'1'", "1"),
        ('"true"', "true"),
        ("''", ""),
        ("x && y", "x && y"),
        ("3 * 4", "3 * 4"),
        ("'&a'", "&a"),
        ('"*.example.com"', "*.example.com"),
    ],
)
def test_scalars(text: str, value: object) -> None:
    found = _read(f"a: {text}\n")["a"]
    assert (type(found), found) == (type(value), value)


def test_a_byte_order_mark_does_not_shift_positions() -> None:
    document = read_document(b"\xef\xbb\xbfa: 1\r\nbc: [x, y]\r\n", path="x.yaml")
    assert isinstance(document, Document)
    assert document.position(("bc", 1)) == (2, 9)
    assert document.key_position(("bc",)) == (2, 1)


@pytest.mark.parametrize("content", [row[0] for row in REFUSED if len(row[0]) < 1000], ids=repr)
def test_without_libyaml_the_same_is_refused(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_libyaml = read_document(content, path="x.yaml")

    class PureLoader(PureParser):
        _depth = 0
        resolve = documents._Loader.resolve
        descend_resolver = documents._Loader.descend_resolver
        ascend_resolver = documents._Loader.ascend_resolver

    monkeypatch.setattr(documents, "_Loader", PureLoader)
    pure = read_document(content, path="x.yaml")
    assert isinstance(with_libyaml, Problem)
    assert isinstance(pure, Problem)
    assert pure.line == with_libyaml.line


def test_without_libyaml_the_same_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: [1, 'x', {b: true}]\nc: |\n  one\n  two\nd: >-\n  one\n  two\n"
    expected = _read(text)

    class PureLoader(PureParser):
        _depth = 0
        resolve = documents._Loader.resolve
        descend_resolver = documents._Loader.descend_resolver
        ascend_resolver = documents._Loader.ascend_resolver

    monkeypatch.setattr(documents, "_Loader", PureLoader)
    assert (
        _read(text) == expected == {"a": [1, "x", {"b": True}], "c": "one\ntwo\n", "d": "one two"}
    )


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"targets: [\n  - aws:\n", "close the '[' or '{' above it, or write the value out"),
        (b"targets: [a, b\n", "close the '[' above it"),
        (b"params: {a: 1\n", "close the '{' above it"),
        (b'store: "abc\n', "close the quotes above it"),
    ],
)
def test_what_is_not_closed_is_named(content: bytes, hint: str) -> None:
    problem = read_document(content, path="x.yaml")
    assert isinstance(problem, Problem)
    assert problem.hint == hint
