"""Takes the syntax trees of HCL files apart: blocks, arguments, and what expressions refer to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final


def named_blocks(node: Any) -> Iterator[tuple[str, Any]]:
    """The addresses of a block at the top of a file, each with its node."""
    labels = [text_of(word).strip('"') for word in node.children if word.type in _LABELS]
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
            for attribute in children_of(body_of(node), "attribute"):
                yield f"local.{text_of(attribute.children[0])}", attribute
        case _:
            return


_LABELS: Final = frozenset({"identifier", "string_lit"})


def body_of(node: Any) -> Any:
    """The body of a file or a block; None: it is empty."""
    return next((child for child in node.children if child.type == "body"), None)


def children_of(node: Any, kind: str) -> Iterator[Any]:
    """The parts of a node that are of one kind."""
    if node is not None:
        yield from (child for child in node.children if child.type == kind)


def argument_of(node: Any, name: str) -> Any:
    """The expression of one argument of a block; None: it is not written."""
    for attribute in children_of(body_of(node), "attribute"):
        if text_of(attribute.children[0]) == name:
            return attribute.children[-1]
    return None


def arguments_of(node: Any, above: str) -> Iterator[tuple[str, Any]]:
    """Arguments and nested blocks, by dotted path without positions."""
    body = body_of(node)
    for child in body.children if body is not None else ():
        if child.type == "attribute":
            yield f"{above}{text_of(child.children[0])}", child
        elif child.type == "block":
            words = [text_of(word).strip('"') for word in child.children if word.type in _LABELS]
            # `dynamic "ingress" { content { … } }` writes blocks called `ingress`.
            name = words[1] if words[0] == "dynamic" and len(words) > 1 else words[0]
            yield f"{above}{name}", child
            for inner in _contents(child, words[0]):
                yield from arguments_of(inner, f"{above}{name}.")


def _contents(block: Any, word: str) -> Iterator[Any]:
    if word != "dynamic":
        yield block
        return
    for inner in children_of(body_of(block), "block"):
        if text_of(inner.children[0]) == "content":
            yield inner


def is_plain(node: Any) -> bool:
    """Whether an expression is one reference and nothing else: `a.b.c`, `"${a.b.c}"`, `[a.b.c]`."""
    if _is_traversal(node):
        return all(child.type in _TRAVERSAL for child in node.children if child.is_named)
    inner = _wrapped(node)
    return inner is not None and is_plain(inner)


def has_literal(node: Any) -> bool:
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


def references_in(node: Any) -> Iterator[str]:
    """What an expression refers to, as a plan lists it."""
    if node.type == "expression" and _is_traversal(node):
        yield text_of(node)
        return
    for child in node.children:
        yield from references_in(child)


def _is_traversal(node: Any) -> bool:
    kinds = [child.type for child in node.children if child.is_named]
    return bool(kinds) and kinds[0] == "variable_expr"


def line_of(node: Any) -> int:
    """The line on which a node begins, from 1."""
    line: int = node.start_point[0] + 1
    return line


def text_of(node: Any) -> str:
    """The text of a node; empty for none."""
    if node is None:
        return ""
    content: bytes = node.text
    return content.decode("utf-8", "replace")
