"""Finds the blocks of a Terraform configuration: their files and lines, through modules.

tree-sitter reads what a broken file still holds, and gives the lines of each argument. The tree is
never evaluated: values come from the plan alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from scanner.errors import ContentError, Problem, TscanError
from scanner.model.waiver_comments import WaiverComment
from scanner.registry import install_hint
from scanner.terraform.hcl_tree import (
    argument_of,
    arguments_of,
    body_of,
    children_of,
    has_literal,
    is_plain,
    line_of,
    named_blocks,
    references_in,
    text_of,
)
from scanner.terraform.waiver_comments import FileWaivers

_LARGEST: Final = 5_000_000
"""Bytes of one file of configuration."""
_DEEPEST: Final = 20
"""Module calls inside each other."""
DOWNLOADED: Final = ".terraform/"
"""Where Terraform keeps the modules of others."""
_WAIVABLE: Final = ("resource", "module")
"""Blocks to which a waiver may belong."""


@dataclass(frozen=True, slots=True)
class _Block:
    """One block of a file, or one local value."""

    file: Path
    node: Any
    waivers: tuple[WaiverComment, ...] = ()
    """Those that stand in comments at the block itself."""
    is_whole: bool = True
    """Whether it is written in one place, and without mistakes."""


@dataclass(frozen=True, slots=True)
class _Module:
    """One module of the configuration, as it is called once."""

    folder: Path
    key: str
    """The names of the calls that lead to it, with dots; empty for the root module."""
    prefix: str
    """How the addresses of its blocks begin."""
    calls: tuple[str, ...]
    """Where these calls are written, outermost first."""
    waivers: tuple[WaiverComment, ...]
    """Those of the calls, which apply to all below."""


@dataclass(slots=True)
class SourceReader:
    """Reads the configuration below one folder."""

    root: Path
    boundary: Path
    """Nothing outside of it is read: the repository, or the folder where there is none."""
    parser: Any
    modules: Mapping[str, str]
    """Folders of downloaded modules by the names of their calls, as Terraform keeps them."""
    unreadable: list[str] = field(default_factory=list)
    """Files that cannot be read, and files outside the boundary."""
    problems: list[Problem] = field(default_factory=list)
    """What is wrong with waivers in comments."""
    _folders: dict[Path, dict[str, _Block]] = field(default_factory=dict)

    def blocks(self) -> dict[str, dict[str, Any]]:
        """By address without indices: where each block is written, and what is seen of it."""
        found: dict[str, dict[str, Any]] = {}
        for module in self._modules(_Module(self.root, "", "", (), ())):
            for name, block in self._blocks(module.folder).items():
                found[f"{module.prefix}{name}"] = self._facts(block, module)
        if self.problems:
            raise ContentError(self.problems)
        return found

    # -- modules ----------------------------------------------------------------------------------

    def _modules(self, module: _Module) -> Iterator[_Module]:
        """A module, and all that are called in it."""
        yield module
        if len(module.calls) >= _DEEPEST:
            return
        for name, block in self._blocks(module.folder).items():
            if not name.startswith("module."):
                continue
            call = name.removeprefix("module.")
            below = f"{module.key}.{call}" if module.key else call
            inside = self._folder(below, block, module.folder)
            if inside is not None:
                place = f"{self._shown(block.file)}:{line_of(block.node)}"
                yield from self._modules(
                    _Module(
                        folder=inside,
                        key=below,
                        prefix=f"{module.prefix}{name}.",
                        calls=(*module.calls, place),
                        waivers=(*module.waivers, *block.waivers),
                    )
                )

    def _folder(self, key: str, block: _Block, folder: Path) -> Path | None:
        """The folder of a called module; None: it is not here."""
        listed = self.modules.get(key)
        found = self.root / listed if listed is not None else None
        if found is None:
            source = text_of(argument_of(block.node, "source")).strip('"')
            if not source.startswith("."):
                return None
            found = folder / source
        return found if found.is_dir() else None

    def is_inside(self, path: Path) -> bool:
        """Whether a file lies in the repository, links followed."""
        return path.resolve().is_relative_to(self.boundary)

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
            self._add_blocks(blocks, file, content)
        return blocks

    def _add_blocks(self, blocks: dict[str, _Block], file: Path, content: bytes) -> None:
        root, shown = self.parser.parse(content).root_node, self._shown(file)
        waivers = FileWaivers(str(self.root / shown))
        if not shown.startswith(DOWNLOADED):
            # Who wrote a downloaded module does not decide here.
            waivers.read(root, content, shown)
        for node in children_of(body_of(root), "block"):
            own = waivers.of(node) if text_of(node.children[0]) in _WAIVABLE else ()
            for name, inner in named_blocks(node):
                known = blocks.get(name)
                found = _Block(file, inner, own, is_whole=not inner.has_error)
                # `override.tf` adds to a block: what one of the two says is not all.
                blocks[name] = found if known is None else replace(known, is_whole=False)
        waivers.refuse_others()
        self.problems.extend(waivers.problems)

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

    def _facts(self, block: _Block, module: _Module) -> dict[str, Any]:
        arguments: dict[str, list[int]] = {}
        plain: list[str] = []
        texts: list[str] = []
        dynamic: list[str] = []
        for path, node in arguments_of(block.node, ""):
            arguments.setdefault(path, [line_of(node), node.end_point[0] + 1])
            if node.type == "attribute" and is_plain(node.children[-1]):
                plain.append(path)
            if node.type == "attribute" and has_literal(node.children[-1]):
                texts.append(path)
            if node.type == "block" and text_of(node.children[0]) == "dynamic":
                dynamic.append(path)
        return {
            "file": self._shown(block.file),
            "line": line_of(block.node),
            "last": block.node.end_point[0] + 1,
            "calls": list(module.calls),
            "arguments": arguments,
            "plain": sorted(plain),
            "texts": sorted(texts),
            "dynamic": sorted(dynamic),
            "is_whole": block.is_whole,
            "waivers": [_waiver(one) for one in (*module.waivers, *block.waivers)],
            **_value_facts(block),
        }


def _value_facts(block: _Block) -> dict[str, Any]:
    """What a local value refers to; nothing where it is written twice."""
    if block.node.type != "attribute" or not block.is_whole:
        return {"is_plain": False, "references": []}
    return {
        "is_plain": is_plain(block.node.children[-1]),
        "references": sorted(references_in(block.node)),
    }


def _waiver(waiver: WaiverComment) -> dict[str, Any]:
    return {**asdict(waiver), "until": waiver.until.isoformat()}


def read_sources(folder: Path) -> dict[str, dict[str, Any]]:
    """By address without indices: where the blocks of a configuration are written.

    TscanError where there is no such folder, or the extra that reads it is missing.
    """
    if not folder.is_dir():
        raise TscanError(f"--source {folder}: there is no such folder")
    return SourceReader(folder, _boundary(folder), _parser(), _downloaded(folder)).blocks()


def _boundary(folder: Path) -> Path:
    resolved = folder.resolve()
    above = (resolved, *resolved.parents)
    return next((one for one in above if (one / ".git").exists()), resolved)


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
