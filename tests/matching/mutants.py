"""Mutants of `scanner.matching`, made by machine: each operator turned round, one at a time.

Run by hand: `python -m tests.matching.mutants`, or `… mutants texts formula` for some modules.
Each mutant meets the tests of this folder: the agreement with the independent matcher is one.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path("scanner/matching")
COMPARISONS: dict[type, type] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
CALLS = {"any": "all", "all": "any", "And": "Or", "Or": "And"}
FORGIVEN = {
    # Limits of time: another limit gives the same answers, sooner or later.
    "texts.py: len(seen) > MOST_STATES",
    "formula.py: self._steps > MOST_STEPS",
    # Numbers between and beyond those named: more candidates than needed.
    "json_values.py: len(text) < 16",
    # Only makes a search shorter.
    "texts.py: moved not in seen and all(map(any, moved[:len(wanted)]))",
    "texts.py: all(map(any, moved[:len(wanted)]))",
}


def sites(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """The nodes that can be turned round, and what each says."""
    decorators: set[ast.AST] = set()
    for node in ast.walk(tree):
        for decorator in getattr(node, "decorator_list", ()):
            decorators.update(ast.walk(decorator))
    for node in ast.walk(tree):
        if node in decorators:
            continue
        is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if (
            isinstance(node, ast.Compare | ast.BoolOp)
            or (is_call and node.func.id in CALLS)
            or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))
        ):
            yield node, ast.unparse(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
            yield node, f"{node.value} in line {node.lineno}"


def turn(node: ast.AST) -> None:
    """Turn one node round, in place."""
    if isinstance(node, ast.Compare):
        node.ops[0] = COMPARISONS[type(node.ops[0])]()
    elif isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        node.func.id = CALLS[node.func.id]
    elif isinstance(node, ast.UnaryOp):
        node.operand = ast.UnaryOp(op=ast.Not(), operand=node.operand)
    elif isinstance(node, ast.Constant):
        node.value = not node.value


def is_noticed(folder: Path) -> bool:
    """Whether a test fails over the copy of the project in a folder."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    tests = ("-q", "-x", "-p", "no:cacheprovider", "-n", "0", "tests/matching")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *tests],
            cwd=folder,
            env=environment,
            capture_output=True,
            timeout=300,
            check=False,
        )
    except subprocess.TimeoutExpired:
        # A search that does not end is noticed too.
        return True
    return done.returncode != 0


def main(modules: list[str]) -> int:
    survivors: list[str] = []
    tried = 0
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for part in ("scanner", "tests"):
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", copy)
        if is_noticed(copy):
            raise SystemExit("the tests fail without a mutant")
        for path in sorted((ROOT / FOLDER).glob("*.py")):
            if modules and path.stem not in modules:
                continue
            text = path.read_text()
            for index, (_, says) in enumerate(sites(ast.parse(text))):
                tree = ast.parse(text)
                turn(list(sites(tree))[index][0])
                (copy / FOLDER / path.name).write_text(ast.unparse(tree))
                tried += 1
                label = f"{path.name}: {says}"
                if label not in FORGIVEN and not is_noticed(copy):
                    survivors.append(label)
                    print(f"survived  {label}", flush=True)
            shutil.copy(path, copy / FOLDER / path.name)
    print(f"{tried} mutants, {len(survivors)} survived")
    return bool(survivors)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
