"""Collects the messages of tscan out of its source, so that they can be read together.

python -m tests.helpers.messages [PATH …]       prints them
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_ARGUMENTS: Final = {
    # By the last name of what is called: which arguments are the message and its hint.
    "TscanError": (0, 1),
    "MistypedError": (0, 1),
    "Problem": (3, 4),
    "UnparsableAnswerError": (0, 1),
    "Unreadable": (0, 1),
    "_Mistake": (1, 2),
    "error": (1, 2),
    "fault": (1, 2),
    "wrong": (1, 2),
}
_NAMED: Final = frozenset({"form", "message", "reason", "why"})
"""Arguments that are a message, whatever is called."""
_VARIABLES: Final = frozenset({"hint", "message", "reason", "why"})
"""Variables that are one, and that are listed although no call is seen that takes them."""
_REASONING: Final = ("client", "content", "core", "language", "providers")
"""Packages whose functions take and return reasons as plain texts."""
_GENERATING: Final = ("compiler.py", "emitter.py", "role_templates.py", "cli_equivalents.py")
"""Modules that write code, whose texts are not for people."""


@dataclass(frozen=True, slots=True)
class Message:
    """A text for people as its source writes it, `{name}` for each value."""

    line: int
    text: str
    hint: str = ""


class _Function:
    """The messages of one function, or of a module outside of its functions."""

    def __init__(self, scope: ast.AST, *, reasons: bool) -> None:
        self._reasons = reasons
        self._nodes = sorted(_own(scope), key=_line)
        self._taken: set[int] = set()
        """Lines of the assignments that a call takes."""

    def messages(self) -> Iterator[Message]:
        """Each message, those of variables last."""
        for node in self._nodes:
            if isinstance(node, ast.Call):
                yield from self._of_call(node)
            elif self._reasons and isinstance(node, ast.Return | ast.Yield) and node.value:
                yield Message(node.lineno, template(node.value))
            elif self._reasons and isinstance(node, ast.Dict):
                # A table of reasons, such as one for each cause.
                for value in node.values:
                    yield Message(value.lineno, template(value))
        for line, name, value in self._assignments():
            if (name in _VARIABLES or name.isupper()) and line not in self._taken:
                yield Message(line, template(value))

    def _of_call(self, call: ast.Call) -> Iterator[Message]:
        called = ast.unparse(call.func).rpartition(".")[2]
        if called == "compile":
            return
        if called in _ARGUMENTS:
            text, hint = (self._argument(call, place) for place in _ARGUMENTS[called])
            yield Message(call.lineno, text, hint)
        elif self._reasons:
            # Functions of a module that make one of the above out of a text.
            for argument in call.args:
                yield Message(call.lineno, template(argument))
        for keyword in call.keywords:
            if keyword.arg in _NAMED:
                yield Message(call.lineno, self._text(keyword.value, call.lineno))

    def _argument(self, call: ast.Call, place: int) -> str:
        if place < len(call.args):
            return self._text(call.args[place], call.lineno)
        return ""

    def _text(self, value: ast.expr, line: int) -> str:
        if not isinstance(value, ast.Name):
            return template(value)
        # The last assignment before the call; one that a branch replaces is listed by itself.
        found = ""
        taken = 0
        for assigned, name, text in self._assignments():
            if name == value.id and assigned <= line:
                found = template(text)
                taken = assigned
        self._taken.add(taken)
        return found

    def _assignments(self) -> Iterator[tuple[int, str, ast.expr]]:
        for node in self._nodes:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                yield node.lineno, node.targets[0].id, node.value
            elif self._reasons and isinstance(node, ast.AnnAssign) and node.value:
                yield node.lineno, ast.unparse(node.target), node.value


def messages(path: Path, source: str = "") -> list[Message]:
    """The messages of a module, in the order in which they are written, each once.

    `source` is the module's text, where it is not that of the file.
    """
    tree = ast.parse(source or path.read_text(encoding="utf-8"))
    module = path.relative_to(ROOT / "scanner")
    reasons = module.parts[0] in _REASONING and module.name not in _GENERATING
    scopes: list[ast.AST] = [tree]
    scopes += [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    found: dict[tuple[str, str], Message] = {}
    for scope in scopes:
        for message in _Function(scope, reasons=reasons).messages():
            if " " in message.text:
                found.setdefault((message.text, message.hint), message)
    return sorted(found.values(), key=lambda message: message.line)


def listing(paths: Iterable[Path]) -> str:
    """The messages of modules, and of those below folders, each module under its name."""
    lines: list[str] = []
    for path in paths:
        modules = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        for module in modules:
            found = messages(module)
            if found:
                lines += ["", str(module.relative_to(ROOT))]
            for message in found:
                lines.append(f"    {message.text}")
                if message.hint:
                    lines.append(f"        hint: {message.hint}")
    return "\n".join(lines).lstrip("\n") + "\n"


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 0)


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope without those of the functions in it."""
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef):
            waiting += ast.iter_child_nodes(node)


def template(node: ast.expr) -> str:
    """A literal text with `{name}` for its values; empty for anything else."""
    text = ""
    match node:
        case ast.Constant(value=str(value)):
            text = value
        case ast.JoinedStr(values=values):
            text = "".join(map(_part, values))
        case ast.Call(func=ast.Name(id="did_you_mean")):
            text = "{did_you_mean}"
        case ast.BoolOp(values=[first, *_]):
            text = template(first)
    # Several lines are a document, such as a role in Terraform, and no message.
    return "" if "\n" in text else " ".join(text.split())


def _part(part: ast.expr) -> str:
    match part:
        case ast.Constant(value=value):
            return str(value)
        case ast.FormattedValue(value=value):
            return f"{{{_value_name(value)}}}"
    return ""


def _value_name(node: ast.expr) -> str:
    """What a value is called, without where it comes from."""
    match node:
        case ast.Call(func=ast.Name(id="plural"), args=[_, ast.Constant(value=noun), *_]):
            return f"{noun}s"
        case ast.Call(func=ast.Attribute(attr="join"), args=[joined]):
            return _value_name(joined)
        case ast.Call(func=ast.Name(id="sorted" | "len" | "str" | "repr"), args=[value, *_]):
            return _value_name(value)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case ast.Call(func=value) | ast.Subscript(value=value) | ast.BinOp(left=value):
            return _value_name(value)
    return "…"


def main() -> None:
    """Print the messages of the given files and folders."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, default=[ROOT / "scanner"])
    paths: list[Path] = parser.parse_args().paths
    print(listing(path.resolve() for path in paths), end="")


if __name__ == "__main__":
    main()
