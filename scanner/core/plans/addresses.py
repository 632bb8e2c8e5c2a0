"""Takes Terraform addresses apart: modules, their instances, resources and references."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

Index = str | int | None
"""The key of one instance: of `for_each` a text, of `count` a number; None: there is one only."""
ModuleStep = tuple[str, Index]

_INDEX: Final = r'(?:\[("(?:[^"\\]|\\.)*"|\d+)\])?'
_MODULE: Final = re.compile(rf"module\.([\w-]+){_INDEX}")
_OUTPUT: Final = re.compile(rf"module\.([\w-]+){_INDEX}\.([\w-]+)")
_ATTRIBUTE: Final = re.compile(rf"((?:data\.)?[\w-]+\.[\w-]+){_INDEX}(?:\.(\w+))?")
_ANY_INDEX: Final = re.compile(r'\[("(?:[^"\\]|\\.)*"|\d+)\]')
_INSTANCE_WORDS: Final = ("count.index", "each.key", "each.value")


@dataclass(frozen=True, slots=True)
class Reference:
    """One thing that an expression refers to."""

    text: str
    by_instance: bool
    """Whether the instance of the same key is meant: `aws_x.y[count.index]`."""


def module_steps(address: str) -> tuple[ModuleStep, ...]:
    """The calls that lead to a module: `module.a["x"].module.b` as `(("a", "x"), ("b", None))`."""
    return tuple((found[1], _index(found[2])) for found in _MODULE.finditer(address))


def module_address(steps: Sequence[ModuleStep]) -> str:
    """The address of a module by the calls that lead to it; empty for the root module."""
    written: list[str] = []
    for name, index in steps:
        key = "" if index is None else f"[{json.dumps(index)}]"
        written.append(f"module.{name}{key}")
    return ".".join(written)


def without_indices(address: str) -> str:
    """The address of the block that an instance is written in."""
    return _ANY_INDEX.sub("", address)


def module_name(address: str) -> str:
    """The names of the calls that lead to a module, with dots: the key of its configuration."""
    return ".".join(name for name, _ in module_steps(address))


def single_reference(references: Sequence[str]) -> Reference | None:
    """The one thing that references lead to; None: nothing, or more than one.

    Terraform lists `aws_s3_bucket.a.id` and `aws_s3_bucket.a`: only the longest counts.
    """
    longest: list[str] = []
    by_instance = False
    for text in references:
        if text.startswith(_INSTANCE_WORDS):
            by_instance = True
        elif not _is_shortened(text, references):
            longest.append(text)
    if len(longest) != 1:
        return None
    return Reference(longest[0], by_instance)


def _is_shortened(text: str, references: Sequence[str]) -> bool:
    return any(other.startswith((f"{text}.", f"{text}[")) for other in references)


def variable(text: str) -> str:
    """The name of the variable that a reference names; empty if it names something else."""
    return _named(text, "var")


def local(text: str) -> str:
    """The name of the local value that a reference names; empty if it names something else."""
    return _named(text, "local")


def _named(text: str, word: str) -> str:
    head, _, rest = text.partition(".")
    return rest.partition(".")[0] if head == word else ""


def output(text: str) -> tuple[str, Index, str] | None:
    """Call, instance and output that a reference names; None if it names something else."""
    found = _OUTPUT.match(text)
    if found is None:
        return None
    return found[1], _index(found[2]), found[3]


def attribute(text: str) -> tuple[str, Index, str] | None:
    """Block, instance and attribute that a reference names; the attribute may be empty."""
    found = _ATTRIBUTE.match(text)
    if found is None or text.startswith(("path.", "terraform.", "self.")):
        return None
    return found[1], _index(found[2]), found[3] or ""


def _index(text: str | None) -> Index:
    if text is None:
        return None
    index: str | int = json.loads(text)
    return index
