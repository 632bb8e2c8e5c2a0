"""Makes mutants of a module: one changed node of its syntax tree each."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
CALLS = {
    "any": "all",
    "all": "any",
    "And": "Or",
    "Or": "And",
    "min": "max",
    "max": "min",
    "startswith": "endswith",
    "endswith": "startswith",
}
SETS = ("frozenset", "set")
Change = Callable[[ast.AST], None]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed module: its tree, the line of the change, and what the change is.

    The tree is that of all mutants of the module: it has this change until the next is made.
    """

    tree: ast.Module
    line: int
    says: str


def mutants_of(text: str) -> Iterator[Mutant]:
    """All mutants of a module's source, each with the line numbers of the original."""
    tree = ast.parse(text)
    skipped = _not_mutated(tree)
    for node in list(ast.walk(tree)):
        if id(node) in skipped:
            continue
        # A comprehension's `for` has no line of its own.
        line = getattr(getattr(node, "target", node), "lineno", 0)
        for says, change in list(_changes(node)):
            kept = {
                name: list(value) if isinstance(value, list) else value
                for name, value in vars(node).items()
            }
            change(node)
            ast.fix_missing_locations(node)
            yield Mutant(tree, line, says)
            vars(node).update(kept)


def _not_mutated(tree: ast.Module) -> set[int]:
    """Nodes that decide nothing: decorators, annotations, docstrings and messages of errors."""
    roots: list[ast.AST] = []
    for node in ast.walk(tree):
        roots.extend(getattr(node, "decorator_list", ()))
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
            roots.append(node.annotation)
            if isinstance(node, ast.AnnAssign) and "TypeAlias" in ast.unparse(node.annotation):
                roots.append(node)
        if isinstance(node, ast.FunctionDef) and node.returns is not None:
            roots.append(node.returns)
        if isinstance(node, ast.JoinedStr):
            roots.append(node)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            roots.append(node)
        if _is_alias_of_types(node):
            roots.append(node)
        if isinstance(node, ast.Call) and _name_of(node) in ("isinstance", "cast"):
            # A union of types is no arithmetic.
            roots.extend(node.args[1:] if _name_of(node) == "isinstance" else node.args[:1])
    return {id(inner) for root in roots for inner in ast.walk(root)}


def _is_alias_of_types(node: ast.AST) -> bool:
    """`Node = And | Or`: a union of names that begin with a capital letter."""
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.BinOp):
        return False
    names = ast.unparse(node.value).split(" | ")
    return len(names) > 1 and all(name[:1].isupper() or name in ("str", "int") for name in names)


def _name_of(call: ast.Call) -> str:
    if isinstance(call.func, ast.Name):
        return call.func.id
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    """What can be changed in one node, and how."""
    match node:
        case ast.Compare():
            yield from _of_comparison(node)
        case ast.BoolOp():
            yield from _of_bool_operator(node)
        case ast.UnaryOp(op=ast.Not()):
            yield f"{ast.unparse(node)}: without not", _without_not
        case ast.BinOp(op=operator) if type(operator) in ARITHMETIC:
            yield f"{ast.unparse(node)}: the other operator", _other_arithmetic
        case ast.AugAssign(op=operator) if type(operator) in ARITHMETIC:
            yield f"{ast.unparse(node)}: the other operator", _other_arithmetic
        case ast.Call():
            yield from _of_call(node)
        case ast.Constant(value=bool()):
            yield f"{node.value}: inverted", _inverted
        case ast.Constant(value=int() | float()):
            yield f"{node.value}: one more", _one_more
    yield from _of_statements(node)
    yield from _of_conditions(node)


def _of_comparison(node: ast.Compare) -> Iterator[tuple[str, Change]]:
    for place, operator in enumerate(node.ops):
        for other in COMPARISONS[type(operator)]:
            yield f"{ast.unparse(node)}: {other.__name__}", _compared_by(place, other)


def _compared_by(place: int, other: type[ast.cmpop]) -> Change:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.Compare)
        node.ops[place] = other()

    return change


def _of_bool_operator(node: ast.BoolOp) -> Iterator[tuple[str, Change]]:
    yield f"{ast.unparse(node)}: and/or", _other_bool_operator
    for place, part in enumerate(node.values):
        yield f"{ast.unparse(node)}: without {ast.unparse(part)}", _without_value(place)


def _without_value(place: int) -> Change:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.BoolOp)
        node.values[place] = ast.Constant(value=isinstance(node.op, ast.And))

    return change


def _other_bool_operator(node: ast.AST) -> None:
    assert isinstance(node, ast.BoolOp)
    node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()


def _without_not(node: ast.AST) -> None:
    assert isinstance(node, ast.UnaryOp)
    node.operand = ast.UnaryOp(op=ast.Not(), operand=node.operand)


def _other_arithmetic(node: ast.AST) -> None:
    assert isinstance(node, ast.BinOp | ast.AugAssign)
    node.op = ARITHMETIC[type(node.op)]()


def _of_call(node: ast.Call) -> Iterator[tuple[str, Change]]:
    name = _name_of(node)
    if name in CALLS:
        yield f"{ast.unparse(node)}: {CALLS[name]}", _other_call
    if name in SETS and node.args and isinstance(node.args[0], ast.Set | ast.Tuple | ast.List):
        for place, member in enumerate(node.args[0].elts):
            yield f"{name}: without {ast.unparse(member)}", _without_member(place)


def _other_call(node: ast.AST) -> None:
    assert isinstance(node, ast.Call)
    if isinstance(node.func, ast.Name):
        node.func = ast.copy_location(ast.Name(CALLS[node.func.id], ast.Load()), node.func)
    elif isinstance(node.func, ast.Attribute):
        other = ast.Attribute(node.func.value, CALLS[node.func.attr], ast.Load())
        node.func = ast.copy_location(other, node.func)


def _without_member(place: int) -> Change:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.Call)
        members = node.args[0]
        assert isinstance(members, ast.Set | ast.Tuple | ast.List)
        others = [*members.elts[:place], *members.elts[place + 1 :]]
        node.args = [ast.copy_location(ast.Tuple(others, ast.Load()), members)]

    return change


def _inverted(node: ast.AST) -> None:
    assert isinstance(node, ast.Constant)
    node.value = not node.value


def _one_more(node: ast.AST) -> None:
    assert isinstance(node, ast.Constant)
    assert isinstance(node.value, int | float)
    node.value += 1


def _of_statements(node: ast.AST) -> Iterator[tuple[str, Change]]:
    """Branches without their statements, and `continue` as `break`."""
    for field in ("body", "orelse"):
        statements = getattr(node, field, None)
        if not isinstance(statements, list):
            continue
        for place, statement in enumerate(statements):
            if isinstance(statement, ast.Continue | ast.Break):
                other = ast.Break if isinstance(statement, ast.Continue) else ast.Continue
                yield f"{ast.unparse(statement)}: {other.__name__}", _replaced(field, place, other)
        if isinstance(node, ast.If) and statements:
            yield f"if {ast.unparse(node.test)}: no {field}", _emptied(field)


def _of_conditions(node: ast.AST) -> Iterator[tuple[str, Change]]:
    """Conditions that always hold, or never, and answers that are inverted."""
    match node:
        case ast.If():
            # A statement that never holds is one without its body.
            yield f"if {ast.unparse(node.test)}: always True", _always(answer=True)
        case ast.IfExp():
            for answer in (True, False):
                yield f"if {ast.unparse(node.test)}: always {answer}", _always(answer=answer)
        case ast.comprehension():
            for place, condition in enumerate(node.ifs):
                yield f"for … if {ast.unparse(condition)}: always", _without_condition(place)
        case ast.Return(value=ast.expr() as value) if _is_question(value):
            yield f"{ast.unparse(node)}: inverted", _returned_inverted


def _is_question(value: ast.expr) -> bool:
    """Whether a returned value is a bool by its form, other than by an operator changed anyway."""
    return isinstance(value, ast.Call) and _name_of(value).startswith(("is_", "_is_", "matches"))


def _returned_inverted(node: ast.AST) -> None:
    assert isinstance(node, ast.Return)
    assert node.value is not None
    node.value = ast.UnaryOp(op=ast.Not(), operand=node.value)


def _replaced(field: str, place: int, other: type[ast.stmt]) -> Change:
    def change(node: ast.AST) -> None:
        getattr(node, field)[place] = other()

    return change


def _emptied(field: str) -> Change:
    def change(node: ast.AST) -> None:
        setattr(node, field, [ast.Pass()])

    return change


def _always(*, answer: bool) -> Change:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.If | ast.IfExp)
        node.test = ast.Constant(value=answer)

    return change


def _without_condition(place: int) -> Change:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.comprehension)
        del node.ifs[place]

    return change
