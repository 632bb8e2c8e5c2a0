"""Finds the blocks of a Terraform configuration: their files and lines, through modules.

tree-sitter reads what a broken file still holds, and gives the lines of each argument. The tree is
never evaluated: values come from the plan alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from scanner.errors import TscanError
from scanner.registry import install_hint

_LARGEST: Final = 5_000_000
"""Bytes of one file of configuration."""
_DEEPEST: Final = 20
"""Module calls inside each other."""


@dataclass(frozen=True, slots=True)
class _Block:
    """One block of a file, or one local value."""

    file: Path
    node: Any


@dataclass(slots=True)
class SourceReader:
    """Reads the configuration below one folder."""

    root: Path
    parser: Any
    modules: Mapping[str, str]
    """Folders of downloaded modules by the names of their calls, as Terraform keeps them."""
    unreadable: list[str] = field(default_factory=list)
    """Files that cannot be read, and files outside the folder."""
    _folders: dict[Path, dict[str, _Block]] = field(default_factory=dict)

    def blocks(self) -> dict[str, dict[str, Any]]:
        """By address without indices: where each block is written, and what is seen of it."""
        found: dict[str, dict[str, Any]] = {}
        for prefix, folder, calls in self._modules(self.root, "", "", ()):
            for name, block in self._blocks(folder).items():
                found[f"{prefix}{name}"] = self._facts(block, calls)
        return found

    # -- modules ----------------------------------------------------------------------------------

    def _modules(
        self, folder: Path, key: str, prefix: str, calls: tuple[str, ...]
    ) -> Iterator[tuple[str, Path, tuple[str, ...]]]:
        """Each module: the prefix of its addresses, its folder, and the calls that lead to it."""
        yield prefix, folder, calls
        if len(calls) >= _DEEPEST:
            return
        for name, block in self._blocks(folder).items():
            if not name.startswith("module."):
                continue
            call = name.removeprefix("module.")
            below = f"{key}.{call}" if key else call
            inside = self._folder(below, block, folder)
            if inside is not None:
                place = f"{self._shown(block.file)}:{_line(block.node)}"
                yield from self._modules(inside, below, f"{prefix}{name}.", (*calls, place))

    def _folder(self, key: str, block: _Block, folder: Path) -> Path | None:
        """The folder of a called module; None: it is not here."""
        listed = self.modules.get(key)
        found = self.root / listed if listed is not None else None
        if found is None:
            source = _text(_argument(block.node, "source")).strip('"')
            if not source.startswith("."):
                return None
            found = folder / source
        return found if found.is_dir() else None

    def is_inside(self, path: Path) -> bool:
        """Whether a file lies in the folder, links followed."""
        return path.resolve().is_relative_to(self.root.resolve())

    # -- blocks -----------------------------------------------------------------------------------

    def _blocks(self, folder: Path) -> dict[str, _Block]:
        known = self._folders.get(folder)
        if known is not None:
            return known
        blocks: dict[str, _Block] = {}
        self._folders[folder] = blocks
        for file in sorted([*folder.glob("*.tf"), *folder.glob("*.tofu")]):
            content = self._content(file)
            if content is None:
                continue
            tree = self.parser.parse(content)
            for node in _children(_body(tree.root_node), "block"):
                for name, inner in _named(node):
                    blocks.setdefault(name, _Block(file, inner))
        return blocks

    def _content(self, file: Path) -> bytes | None:
        # A link could show another file's text; a pipe would never end.
        if not file.is_file() or not self.is_inside(file):
            self.unreadable.append(self._shown(file))
            return None
        try:
            content = file.read_bytes()
        except OSError:
            self.unreadable.append(self._shown(file))
            return None
        return content if len(content) <= _LARGEST else None

    def _shown(self, file: Path) -> str:
        # A module's `../` is resolved: `network/../access/main.tf` is no path of a repository.
        return Path(os.path.relpath(file.absolute(), self.root.absolute())).as_posix()

    def _facts(self, block: _Block, calls: tuple[str, ...]) -> dict[str, Any]:
        arguments: dict[str, list[int]] = {}
        plain: list[str] = []
        texts: list[str] = []
        dynamic: list[str] = []
        for path, node in _arguments(block.node, ""):
            arguments.setdefault(path, [_line(node), node.end_point[0] + 1])
            if node.type == "attribute" and _is_plain(node.children[-1]):
                plain.append(path)
            if node.type == "attribute" and _has_literal(node.children[-1]):
                texts.append(path)
            if node.type == "block" and _text(node.children[0]) == "dynamic":
                dynamic.append(path)
        return {
            "file": self._shown(block.file),
            "line": _line(block.node),
            "last": block.node.end_point[0] + 1,
            "calls": list(calls),
            "arguments": arguments,
            "plain": sorted(plain),
            "texts": sorted(texts),
            "dynamic": sorted(dynamic),
            "is_plain": block.node.type == "attribute" and _is_plain(block.node.children[-1]),
            "references": sorted(_references(block.node)) if block.node.type == "attribute" else [],
        }


def read_sources(folder: Path) -> dict[str, dict[str, Any]]:
    """By address without indices: where the blocks of a configuration are written.

    TscanError where there is no such folder, or the extra that reads it is missing.
    """
    if not folder.is_dir():
        raise TscanError(f"--source {folder}: there is no such folder")
    return SourceReader(folder, _parser(), _downloaded(folder)).blocks()


def _parser() -> Any:
    try:
        import tree_sitter_hcl
        from tree_sitter import Language, Parser
    except ImportError as error:
        message = "lines need tree-sitter, which is not installed"
        raise TscanError(message, install_hint("plan")) from error
    return Parser(Language(tree_sitter_hcl.language()))


def _downloaded(folder: Path) -> dict[str, str]:
    """Folders of modules by the names of their calls, as `terraform init` notes them."""
    file = folder / ".terraform" / "modules" / "modules.json"
    try:
        modules = json.loads(file.read_bytes())["Modules"]
        return {str(one["Key"]): str(one["Dir"]) for one in modules if one["Key"]}
    except (OSError, ValueError, KeyError, TypeError):
        # Without the list, only modules whose source is a path are found.
        return {}


# -- the tree -------------------------------------------------------------------------------------


def _named(node: Any) -> Iterator[tuple[str, Any]]:
    """The addresses of a block at the top of a file, each with its node."""
    labels = [_text(word).strip('"') for word in node.children if word.type in _LABELS]
    match labels:
        case ["resource", kind, name]:
            yield f"{kind}.{name}", node
        case ["data", kind, name]:
            yield f"data.{kind}.{name}", node
        case ["module", name]:
            yield f"module.{name}", node
        case ["output", name]:
            yield f"output.{name}", node
        case ["locals"]:
            for attribute in _children(_body(node), "attribute"):
                yield f"local.{_text(attribute.children[0])}", attribute
        case _:
            return


_LABELS: Final = frozenset({"identifier", "string_lit"})


def _body(node: Any) -> Any:
    return next((child for child in node.children if child.type == "body"), None)


def _children(node: Any, kind: str) -> Iterator[Any]:
    if node is not None:
        yield from (child for child in node.children if child.type == kind)


def _argument(node: Any, name: str) -> Any:
    for attribute in _children(_body(node), "attribute"):
        if _text(attribute.children[0]) == name:
            return attribute.children[-1]
    return None


def _arguments(node: Any, above: str) -> Iterator[tuple[str, Any]]:
    """Arguments and nested blocks, by dotted path without positions."""
    body = _body(node)
    for child in body.children if body is not None else ():
        if child.type == "attribute":
            yield f"{above}{_text(child.children[0])}", child
        elif child.type == "block":
            words = [_text(word).strip('"') for word in child.children if word.type in _LABELS]
            # `dynamic "ingress" { content { … } }` writes blocks called `ingress`.
            name = words[1] if words[0] == "dynamic" and len(words) > 1 else words[0]
            yield f"{above}{name}", child
            for inner in _contents(child, words[0]):
                yield from _arguments(inner, f"{above}{name}.")


def _contents(block: Any, word: str) -> Iterator[Any]:
    if word != "dynamic":
        yield block
        return
    for inner in _children(_body(block), "block"):
        if _text(inner.children[0]) == "content":
            yield inner


def _is_plain(node: Any) -> bool:
    """Whether an expression is one reference and nothing else: `a.b.c`, `"${a.b.c}"`, `[a.b.c]`."""
    if _is_traversal(node):
        return all(child.type in _TRAVERSAL for child in node.children if child.is_named)
    inner = _wrapped(node)
    return inner is not None and _is_plain(inner)


def _has_literal(node: Any) -> bool:
    """Whether an expression is a template with text of its own: never null, and never empty."""
    while node.type in ("expression", "template_expr") and len(node.children) == 1:
        node = node.children[0]
    if node.type != "quoted_template":
        return False
    return any(child.type == "template_literal" for child in node.children)


def _wrapped(node: Any) -> Any:
    """The one part that a node wraps without changing its value; None: it makes another value."""
    if node.type not in _WRAPPERS:
        return None
    named = [child for child in node.children if child.is_named]
    if node.type == "quoted_template" and [child.type for child in named] != _TEMPLATE:
        return None
    parts = [child for child in named if child.type not in _MARKS]
    return parts[0] if len(parts) == 1 else None


_WRAPPERS: Final = frozenset(
    {
        "collection_value",
        "expression",
        "quoted_template",
        "template_expr",
        "template_interpolation",
        "tuple",
    }
)
"""Nodes that may stand around a reference."""
_MARKS: Final = frozenset(
    {
        "quoted_template_end",
        "quoted_template_start",
        "template_interpolation_end",
        "template_interpolation_start",
        "tuple_end",
        "tuple_start",
    }
)
"""Brackets and quotes, which the grammar names."""
_TRAVERSAL: Final = frozenset({"variable_expr", "get_attr", "index"})
_TEMPLATE: Final = ["quoted_template_start", "template_interpolation", "quoted_template_end"]


def _references(node: Any) -> Iterator[str]:
    """What an expression refers to, as a plan lists it."""
    if node.type == "expression" and _is_traversal(node):
        yield _text(node)
        return
    for child in node.children:
        yield from _references(child)


def _is_traversal(node: Any) -> bool:
    kinds = [child.type for child in node.children if child.is_named]
    return bool(kinds) and kinds[0] == "variable_expr"


def _line(node: Any) -> int:
    line: int = node.start_point[0] + 1
    return line


def _text(node: Any) -> str:
    if node is None:
        return ""
    content: bytes = node.text
    return content.decode("utf-8", "replace")
