"""Parse YAML files into plain data with positions: a strict, small YAML for all formats."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import yaml

from scanner.errors import Problem

try:
    from yaml.cyaml import CParser as _Parser  # type: ignore[attr-defined]
except ImportError:  # a platform without libyaml: some thirteen times slower, and the same answers
    from scanner.content.pure_yaml import PureParser as _Parser  # type: ignore[assignment]

LARGEST: Final = 1_000_000
"""Bytes of one file."""
DEEPEST: Final = 30
"""Levels of lists and mappings inside each other."""

Path = Sequence[str | int]
"""Keys and indices that lead from the top of a file to one of its parts."""
Yaml = str | int | float | bool | None | list[Any] | dict[str, Any]
"""What a YAML node is read as."""

# Separators that YAML counts as lines and editors do not, and characters by which a text
# looks other than it is (bidirectional overrides, zero-width marks): both hide what is reviewed.
_REFUSED: Final = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd"
    "\U00010000-\U0010ffff]"
    "|\r(?!\n)"
)
_PLAIN: Final = bytes((9, 10, *range(32, 127)))
# `&name` and `*name` where YAML could take them for an anchor or an alias; conditions write `&&`
# and `a * b`.
_MAYBE_ANCHOR: Final = re.compile(r"(?<![A-Za-z0-9_&*])[&*][A-Za-z0-9_-]")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS: Final = {"true": True, "false": False, "null": None, "~": None, "": None}
_IF_STRING: Final = "put it in quotes if it is a string"
_LONGEST_INTEGER: Final = 20
"""Characters of -2**63, the longest number that fits into 64 bits."""
_HINTS: Final = {
    "mapping values are not allowed in this context": "put the text in quotes if it contains ': '",
    "found character that cannot start any token": (
        "indent with spaces; quote a string that starts with @, ` or %"
    ),
    "found a tab character that violates indentation": "indent with spaces",
    "found a tab character where an indentation space is expected": "indent with spaces",
    "did not find expected key": "check the indentation, and quote a string that contains quotes",
    "did not find expected node content": "close the '[' or '{' above it, or write the value out",
    "did not find expected ',' or ']'": "close the '[' above it",
    "did not find expected ',' or '}'": "close the '{' above it",
    "found unexpected end of stream": "close the quotes above it",
}
"""By libyaml's own message."""


class UnreadableYamlError(Exception):
    """A file that cannot be parsed, with what is wrong and where (line and column from 1)."""

    def __init__(
        self,
        line: int,
        column: int,
        message: str,
        hint: str = "",
    ) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One parsed file: its data, and the nodes that hold the position of each part."""

    path: str
    """As people see it."""
    name: str
    """Inside its pack, the same on every machine: `checks/aws/s3/….yaml`."""
    text: str
    data: Yaml
    root: yaml.Node

    def node(self, path: Path) -> yaml.Node:
        """The YAML node at a path, or the nearest one above it."""
        node = self.root
        for step in path:
            below = _below(node, step)
            if below is None:
                break
            node = below[1]
        return node

    def position(self, path: Path) -> tuple[int, int]:
        """Line and column of a value, from 1."""
        return _position(self.node(path))

    def key_position(self, path: Path) -> tuple[int, int]:
        """Line and column of a key (or list item), from 1."""
        if not path:
            return self.position(path)
        below = _below(self.node(path[:-1]), path[-1])
        if below is None:
            return self.position(path)
        key, value = below
        return _position(key or value)

    def lines(self, path: Path) -> tuple[int, int]:
        """The first and the last line of a value, from 1."""
        node = self.node(path)
        return node.start_mark.line + 1, max(_last_lines(node))

    def problem(
        self,
        path: Path,
        message: str,
        hint: str = "",
        *,
        key: bool = False,
    ) -> Problem:
        """A mistake in the value at a path, or in its key."""
        line, column = self.key_position(path) if key else self.position(path)
        return Problem(self.path, line, column, message, hint)


def _position(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _below(node: yaml.Node, step: str | int) -> tuple[yaml.Node | None, yaml.Node] | None:
    """The key (of a mapping) and the value that one step leads to."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return key, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    return None


def _last_lines(node: yaml.Node) -> Iterator[int]:
    """The last line of each scalar below a node, from 1; of empty collections, their own."""
    if isinstance(node, yaml.ScalarNode) or not node.value:
        end: int = node.end_mark.line
        # A block of text ends where the next line begins.
        if node.end_mark.column > 0:
            end += 1
        yield max(end, node.start_mark.line + 1)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _last_lines(key)
            yield from _last_lines(value)
    else:
        for item in node.value:
            yield from _last_lines(item)


def read_document(content: bytes, *, path: str, name: str = "") -> Document | Problem:
    """The document that some bytes hold, or the first thing that is wrong with them."""
    try:
        text = _decode(content)
        root = _compose(text)
        data = _build(root)
    except UnreadableYamlError as broken:
        return Problem(path, broken.line, broken.column, broken.message, broken.hint)
    return Document(
        path=path,
        name=name or path,
        text=text,
        data=data,
        root=root,
    )


def read_head(content: bytes, keys: Collection[str]) -> dict[str, str]:
    """The texts of some keys at the top of a file, which is read no further than to the last one.

    Keys that are not there, or hold no plain text, are left out; so are those behind a mistake,
    for `read_document` shows it once the file is read.
    """
    found: dict[str, str] = {}
    with suppress(UnreadableYamlError, yaml.YAMLError):
        _collect_head(_Loader(_decode(content)), keys, found)
    return found


def _collect_head(loader: _Loader, keys: Collection[str], found: dict[str, str]) -> None:
    depth = 0
    key = ""
    while len(found) < len(keys) and loader.check_event():
        event: Any = loader.get_event()
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
            key = ""
        elif depth != 1 or not isinstance(event, yaml.ScalarEvent):
            continue
        elif not key:
            key = event.value
        else:
            if key in keys:
                found.setdefault(key, event.value)
            key = ""


def _decode(content: bytes) -> str:
    # Before anything is decoded: a file of gigabytes would exhaust memory.
    if len(content) > LARGEST:
        message = f"the file is larger than {LARGEST:,} bytes"
        raise UnreadableYamlError(1, 1, message, "is it the right file?")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        in_line = before[before.rfind(b"\n") + 1 :]
        column = len(in_line.decode("utf-8", "replace")) + 1
        hint = "save it as UTF-8"
        raise UnreadableYamlError(line, column, "the file is not UTF-8", hint) from None
    # Nearly every file is printable ASCII, which `translate` finds ten times faster than a pattern.
    if content.translate(None, _PLAIN):
        _refuse_characters(text)
    return text


def _refuse_characters(text: str) -> None:
    found = _REFUSED.search(text)
    if found is None:
        return
    index = found.start()
    line = text.count("\n", 0, index) + 1
    column = index - text.rfind("\n", 0, index)
    message = f"the character U+{ord(found[0]):04X} is not allowed here"
    raise UnreadableYamlError(line, column, message, "remove it")


class _Loader(_Parser):
    """libyaml's composer without types: `resolve` gives no tag, so any tag is one of the file."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def resolve(
        self,
        kind: type,
        value: object,
        implicit: object,
    ) -> str:
        return ""

    def descend_resolver(self, parent: yaml.Node, index: object) -> None:
        # Counted here, while nodes are made: a file of brackets would exhaust Python's stack.
        self._depth += 1
        if self._depth > DEEPEST:
            raise _at(parent, f"nested more than {DEEPEST} levels deep", "flatten it")

    def ascend_resolver(self) -> None:
        self._depth -= 1


def _compose(text: str) -> yaml.Node:
    try:
        # Aliases are refused before anything is built from them: a few lines of them can stand
        # for billions of items ("billion laughs").
        if _MAYBE_ANCHOR.search(text):
            _refuse_anchors(text)
        root: yaml.Node | None = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _translated(error) from None
    if root is None:
        raise UnreadableYamlError(1, 1, "the file is empty", "begin it with 'version: 1'")
    return root


def _refuse_anchors(text: str) -> None:
    loader = _Loader(text)
    while loader.check_event():
        event: Any = loader.get_event()
        if getattr(event, "anchor", None):
            raise _at(event, "anchors and aliases are not used here", "write the value out")


def _translated(error: yaml.MarkedYAMLError) -> UnreadableYamlError:
    """libyaml's own complaint, with a hint where it has a usual cause."""
    line = column = 1
    mark = error.problem_mark or error.context_mark
    if mark is not None:
        line, column = mark.line + 1, mark.column + 1
    problem = str(error.problem)
    if "but found another document" in problem:
        message = "a second document starts here"
        return UnreadableYamlError(line, column, message, "write one document in each file")
    message = f"not YAML: {problem}"
    if error.context:
        message += f" {error.context}"
    return UnreadableYamlError(line, column, message, _HINTS.get(problem, ""))


def _build(node: yaml.Node) -> Yaml:
    """The data of a node. Every tag is refused: a tag makes the loader construct objects."""
    if node.tag:
        raise _at(node, f"the tag {node.tag!r} is not used here", "remove it")
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node)
    return [_build(item) for item in node.value]


def _mapping(node: yaml.MappingNode) -> dict[str, Yaml]:
    built: dict[str, Yaml] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.tag:
            raise _at(key, "a key must be a plain string")
        # YAML libraries take the last of two equal keys, so that the first is reviewed in vain.
        if key.value in built:
            first = next(other for other, _ in node.value if other.value == key.value)
            hint = f"first at line {first.start_mark.line + 1}"
            raise _at(key, f"key '{key.value}' is written twice", hint)
        built[key.value] = _build(value)
    return built


def _scalar(node: yaml.ScalarNode) -> Yaml:
    """A scalar as YAML 1.2 has it: `yes` and `on` are texts."""
    text: str = node.value
    if node.style:  # quoted or a block
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "-0123456789":
        return text
    number = _NUMBER.fullmatch(text)
    if number is None:
        return text
    if number[1] is None and number[2] is None:
        return _integer(node, text)
    return _double(node, text)


def _integer(node: yaml.Node, text: str) -> int:
    # The length comes first: to convert a text of a million digits takes minutes.
    if len(text) > _LONGEST_INTEGER or not -(2**63) <= int(text) < 2**63:
        raise _at(node, "the number does not fit into 64 bits", _IF_STRING)
    return int(text)


def _double(node: yaml.Node, text: str) -> float:
    value = float(text)
    # 1e999 becomes infinity: no figure would ever exceed such a limit.
    if value in (float("inf"), float("-inf")):
        raise _at(node, "the number does not fit into a double", _IF_STRING)
    return value


def _at(part: yaml.Node | yaml.Event, message: str, hint: str = "") -> UnreadableYamlError:
    mark: Any = part.start_mark
    return UnreadableYamlError(mark.line + 1, mark.column + 1, message, hint)
