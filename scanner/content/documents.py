"""YAML files as plain data, with the position of every part: strict, small, and the same for all formats."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
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

# Separators that YAML counts as lines and editors do not, and characters that make a text read other than it is.
_REFUSED: Final = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|\r(?!\n)"
)
_PLAIN: Final = bytes((9, 10, *range(32, 127)))
# `&name` and `*name` where YAML could take them for an anchor or an alias; conditions write `&&` and `a * b`.
_MAYBE_ANCHOR: Final = re.compile(r"(?<![A-Za-z0-9_&*])[&*][A-Za-z0-9_-]")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS: Final = {"true": True, "false": False, "null": None, "~": None, "": None}


class UnreadableYamlError(Exception):
    """A file that cannot be read as YAML, with what is wrong and where."""

    def __init__(self, line: int, column: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.line, self.column, self.message, self.hint = line, column, message, hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file: its data, and the nodes that know where each part stands."""

    path: str
    """As people see it."""
    name: str
    """Inside its pack, the same on every machine: `checks/aws/s3/….yaml`."""
    text: str
    data: Any
    root: Any

    def node(self, path: Path) -> Any:
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
        mark = self.node(path).start_mark
        return mark.line + 1, mark.column + 1

    def key_position(self, path: Path) -> tuple[int, int]:
        """Line and column of a key (or list item), from 1."""
        below = _below(self.node(path[:-1]), path[-1]) if path else None
        if below is None:
            return self.position(path)
        mark = (below[0] or below[1]).start_mark
        return mark.line + 1, mark.column + 1

    def lines(self, path: Path) -> tuple[int, int]:
        """The first and the last line of a value, from 1."""
        node = self.node(path)
        return node.start_mark.line + 1, max(_last_lines(node))

    def problem(self, path: Path, message: str, hint: str = "", *, key: bool = False) -> Problem:
        """A mistake in the value at a path, or in its key."""
        line, column = self.key_position(path) if key else self.position(path)
        return Problem(self.path, line, column, message, hint)


def _below(node: Any, step: str | int) -> tuple[Any, Any] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    return None


def _last_lines(node: Any) -> Iterator[int]:
    """The last line of each scalar below a node, from 1; of empty collections, their own."""
    if isinstance(node, yaml.ScalarNode) or not node.value:
        end = node.end_mark
        # A block of text ends where the next line begins.
        yield max(end.line + (end.column > 0), node.start_mark.line + 1)
        return
    for item in node.value:
        for part in item if isinstance(item, tuple) else (item,):
            yield from _last_lines(part)


def read_document(content: bytes, *, path: str, name: str = "") -> Document | Problem:
    """The document that some bytes hold, or the first thing that is wrong with them."""
    try:
        text = _decode(content)
        root = _compose(text)
        data = _build(root)
    except UnreadableYamlError as broken:
        return Problem(path, broken.line, broken.column, broken.message, broken.hint)
    return Document(path=path, name=name or path, text=text, data=data, root=root)


def _decode(content: bytes) -> str:
    if len(content) > LARGEST:
        raise UnreadableYamlError(
            1, 1, f"the file is larger than {LARGEST:,} bytes", "is it the right file?"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = (
            len(
                content[content.rfind(b"\n", 0, error.start) + 1 : error.start].decode(
                    "utf-8", "replace"
                )
            )
            + 1
        )
        raise UnreadableYamlError(
            line, column, "the file is not UTF-8", "save it as UTF-8"
        ) from None
    # Nearly every file is printable ASCII: that is seen at a glance.
    if content.translate(None, _PLAIN) and (found := _REFUSED.search(text)):
        line, column = _line_column(text, found.start())
        raise UnreadableYamlError(
            line, column, f"the character U+{ord(found[0]):04X} is not allowed here", "remove it"
        )
    return text


def _line_column(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


class _Loader(_Parser):
    """libyaml's composer without types: every tag that a file writes is a tag that we refuse."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def resolve(self, kind: type, value: Any, implicit: Any) -> str:
        return ""

    def descend_resolver(self, parent: Any, index: Any) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            mark = parent.start_mark
            raise UnreadableYamlError(
                mark.line + 1,
                mark.column + 1,
                f"nested more than {DEEPEST} levels deep",
                "flatten it",
            )

    def ascend_resolver(self) -> None:
        self._depth -= 1


def _compose(text: str) -> Any:
    try:
        if _MAYBE_ANCHOR.search(text):
            _refuse_anchors(text)
        root = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _translated(error) from None
    if root is None:
        raise UnreadableYamlError(1, 1, "the file is empty")
    return root


def _refuse_anchors(text: str) -> None:
    loader = _Loader(text)
    while loader.check_event():
        event: Any = loader.get_event()
        if getattr(event, "anchor", None):
            mark = event.start_mark
            raise UnreadableYamlError(
                mark.line + 1,
                mark.column + 1,
                "anchors and aliases are not used here",
                "write the value out",
            )


def _translated(error: yaml.MarkedYAMLError) -> UnreadableYamlError:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    if "but found another document" in str(error.problem):
        return UnreadableYamlError(
            line, column, "a second document starts here", "one file holds one thing"
        )
    hint = _HINTS.get(str(error.problem), "")
    context = f" {error.context}" if error.context else ""
    return UnreadableYamlError(line, column, f"not YAML: {error.problem}{context}", hint)


_HINTS: Final = {
    "mapping values are not allowed in this context": "put the text in quotes if it contains ': '",
    "found character that cannot start any token": "indent with spaces; quote a text that starts with @, ` or %",
    "found a tab character that violates indentation": "indent with spaces",
    "found a tab character where an indentation space is expected": "indent with spaces",
    "did not find expected key": "check the indentation, and quote a text that contains quotes",
}


def _build(node: Any) -> Any:
    if node.tag:
        raise _at(node, f"the tag {node.tag!r} is not used here", "remove it")
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return [_build(item) for item in node.value]
    built: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.tag:
            raise _at(key, "a key is a plain text")
        if key.value in built:
            first = next(other for other, _ in node.value if other.value == key.value).start_mark
            raise _at(key, f"key '{key.value}' is written twice", f"first at line {first.line + 1}")
        built[key.value] = _build(value)
    return built


def _scalar(node: Any) -> Any:
    text: str = node.value
    if node.style:  # quoted or a block
        return text
    if text in _WORDS:
        return _WORDS[text]
    if (text[0] in "-0123456789") and (match := _NUMBER.fullmatch(text)):
        if match[1] is None and match[2] is None:
            return _integer(node, text)
        return _double(node, text)
    return text


def _integer(node: Any, text: str) -> int:
    if len(text) > 20 or not -(2**63) <= int(text) < 2**63:
        raise _at(node, "the number does not fit into 64 bits", "put it in quotes if it is a text")
    return int(text)


def _double(node: Any, text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise _at(node, "the number does not fit into a double", "put it in quotes if it is a text")
    return value


def _at(node: Any, message: str, hint: str = "") -> UnreadableYamlError:
    return UnreadableYamlError(node.start_mark.line + 1, node.start_mark.column + 1, message, hint)
