"""Compiles a checked tree into one Python function, the fast path of evaluation.

The function holds generated names and literals only. It checks each value where it is read, and
on the first that is not exactly as declared it gives SLOW. Without these checks 160 of 72,000
fuzzed cases turned an error into a pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from scanner.language.emitter import BASE, SLOW, Emitter, TooComplexError
from scanner.language.functions import DEFAULT_MEMORY, FUNCTIONS, INT_LIMIT
from scanner.language.patterns import matcher
from scanner.language.run_time_operators import divide, modulo
from scanner.language.scopes import NodeTypes
from scanner.language.tree import (
    Binary,
    Call,
    Has,
    Index,
    ListLiteral,
    Literal,
    Logic,
    Macro,
    Member,
    Name,
    Node,
    Ternary,
    Unary,
    pattern_of,
    text,
)
from scanner.language.types import DOUBLE, INT, NOTHING, STRING, ListType, MapType, Type, holds_dyn

__all__ = ["SLOW", "compile_fast"]

FastPath = Callable[[Any, int], object]
"""From a scope and the number of steps that are left to a value or SLOW."""
_INLINE: Final = {
    "size": "len({0})",
    "startsWith": "{0}.startswith({1})",
    "endsWith": "{0}.endswith({1})",
    "contains": "({1} in {0})",
}
_FOLDED: Final = frozenset({"timestamp", "duration", "days", "hours", "cidrPrefix"})


def compile_fast(
    tree: Node, types: NodeTypes, *, raw: bool = False, memory: int = DEFAULT_MEMORY
) -> FastPath:
    """The function from a scope and a budget to a value or SLOW."""
    emitter = Emitter(types, raw=raw)
    try:
        # A raw value has no declared class that could be checked.
        if any(map(holds_dyn, types.values())):
            raise TooComplexError
        result = emitter.kept(emit(emitter, tree))
        emitter.guard_whole(result, types[tree])
        emitter.line(f"return {result}")
        source = "\n".join(["def fast(scope, left):", f" room = {memory}", *emitter.lines])
        code = compile(source, "<condition>", "exec")
    # Python raises the last three on code that is nested too deeply for its own compiler.
    except (TooComplexError, SyntaxError, RecursionError, MemoryError):
        return lambda scope, left: SLOW
    namespace = {**BASE, **emitter.constants}
    exec(code, namespace)  # noqa: S102 - the code holds literals and generated names only
    fast: FastPath = namespace["fast"]
    return fast


def emit(emitter: Emitter, node: Node) -> str:
    """Write what a node needs, and give the Python expression of its value."""
    return _EMITTERS[type(node)](emitter, node)


def _whole(emitter: Emitter, node: Node) -> str:
    """The value of a node that is compared as a whole."""
    kind = emitter.types[node]
    code = emit(emitter, node)
    if isinstance(kind, ListType | MapType):
        code = emitter.kept(code)
        emitter.guard_whole(code, kind)
    return code


def _literal(emitter: Emitter, node: Literal) -> str:
    return f"({node.value!r})"


def _read(emitter: Emitter, node: Node, code: str) -> str:
    name = emitter.fresh()
    emitter.line(f"{name} = {code}")
    emitter.guard(name, emitter.types[node])
    emitter.remember(text(node), name)
    return name


def _name(emitter: Emitter, node: Name) -> str:
    if node.name in emitter.variables:
        return emitter.variables[node.name]
    known = emitter.known(node.name)
    if known:
        return known
    return _read(emitter, node, f"scope[{node.name!r}]")


def _member(emitter: Emitter, node: Member) -> str:
    known = emitter.known(text(node))
    if known:
        return known
    operand = emitter.kept(emit(emitter, node.operand))
    return _read(emitter, node, f"{operand}[{node.name!r}]")


def _index(emitter: Emitter, node: Index) -> str:
    known = emitter.known(text(node))
    if known:
        return known
    operand = emitter.kept(emit(emitter, node.operand))
    index = emit(emitter, node.index)
    return _read(emitter, node, f"{operand}[{index}]")


def _has(emitter: Emitter, node: Has) -> str:
    member = node.member
    path = text(member)
    known = emitter.known(f"has {path}")
    if known:
        return known
    value = emitter.fresh()
    result = emitter.fresh()
    operand = emitter.kept(emit(emitter, member.operand))
    emitter.line(f"{value} = {operand}[{member.name!r}]")
    emitter.line(f"{result} = {value} is not ABSENT")
    emitter.line(f"if {result}:")
    with emitter.block():
        emitter.guard(value, emitter.types[member])
    # Raw expressions need no guard: a later read may come without this has(), and must then check
    # for ABSENT itself.
    if not emitter.raw:
        emitter.remember(path, value)
    emitter.remember(f"has {path}", result)
    return result


def _unary(emitter: Emitter, node: Unary) -> str:
    operand = emit(emitter, node.operand)
    if node.operator == "!":
        return f"(not {operand})"
    if emitter.types[node] is INT:
        return _fitting(emitter, f"-{operand}")
    return f"(-{operand})"


def _fitting(emitter: Emitter, code: str) -> str:
    """An integer result, which Python would let grow beyond 64 bits."""
    name = emitter.fresh()
    emitter.line(f"{name} = {code}")
    emitter.line(f"if not {-INT_LIMIT} <= {name} < {INT_LIMIT}: return SLOW")
    return name


def _logic(emitter: Emitter, node: Logic) -> str:
    """Join terms that are plain Python expressions; put one that needs lines behind an `if`.

    Those lines may read what only an earlier term guards.
    """
    joint, goes_on = _JOINTS[node.operator]
    parts = [emit(emitter, node.terms[0])]
    result = ""
    for term in node.terms[1:]:
        with emitter.aside() as written:
            code = emit(emitter, term)
            if written:
                result = result or emitter.fresh()
                emitter.line(f"{result} = {code}")
        if not written:
            parts.append(code)
            continue
        if parts != [result]:
            emitter.line(f"{result} = {joint.join(parts)}")
        emitter.line(goes_on.format(result))
        emitter.lines.extend(written)
        parts = [result]
    if len(parts) == 1:
        return parts[0]
    return f"({joint.join(parts)})"


_JOINTS: Final = {"&&": (" and ", "if {}:"), "||": (" or ", "if not {}:")}
"""How Python joins the terms, and the line under which a later term is evaluated."""


def _ternary(emitter: Emitter, node: Ternary) -> str:
    result = emitter.fresh()
    emitter.line(f"if {emit(emitter, node.condition)}:")
    with emitter.block():
        emitter.line(f"{result} = {emit(emitter, node.then)}")
    emitter.line("else:")
    with emitter.block():
        emitter.line(f"{result} = {emit(emitter, node.otherwise)}")
    return result


def _list(emitter: Emitter, node: ListLiteral) -> str:
    items = [emit(emitter, item) for item in node.items]
    emitter.take_room(str(len(items)))
    return f"[{', '.join(items)}]"


def _binary(emitter: Emitter, node: Binary) -> str:
    operator = node.operator
    if operator == "in":
        return _membership(emitter, node)
    left = _whole(emitter, node.left)
    right = _whole(emitter, node.right)
    if operator == "/" and emitter.types[node] is INT:
        return f"{emitter.constant(divide)}({left}, {right})"
    if operator == "%":
        return f"{emitter.constant(modulo)}({left}, {right})"
    if operator == "+" and _grows(emitter.types[node]):
        left, right = emitter.kept(left), emitter.kept(right)
        emitter.take_room(f"len({left}) + len({right})")
    if operator in "+-*" and emitter.types[node] is INT:
        return _fitting(emitter, f"{left} {operator} {right}")
    return f"({left} {operator} {right})"


def _grows(kind: Type) -> bool:
    """Whether a sum is as long as its operands together."""
    return kind is STRING or isinstance(kind, ListType)


def _membership(emitter: Emitter, node: Binary) -> str:
    left = _whole(emitter, node.left)
    container = node.right
    if isinstance(container, ListLiteral) and _is_constant(container):
        return f"({left} in {_constant_list(emitter, container, emitter.types[node.left])})"
    right = emitter.kept(_whole(emitter, container))
    if isinstance(emitter.types[container], MapType):
        # SLOW marks a key that is missing, because ABSENT may be the value of one that is present.
        value = emitter.fresh()
        emitter.line(f"{value} = {right}.get({left}, SLOW)")
        emitter.line(f"if {value} is ABSENT: return SLOW")
        return f"({value} is not SLOW)"
    # Python's `in` compares by identity first, so NaN would be in a list that holds it.
    if emitter.types[node.left] in (DOUBLE, NOTHING):
        raise TooComplexError
    return f"({left} in {right})"


def _is_constant(node: ListLiteral) -> bool:
    return all(isinstance(item, Literal) for item in node.items)


def _constant_list(emitter: Emitter, node: ListLiteral, sought: Type) -> str:
    values = [item.value for item in node.items if isinstance(item, Literal)]
    if sought in (STRING, INT):
        return emitter.constant(frozenset(values))
    return emitter.constant(values)


def _macro(emitter: Emitter, node: Macro) -> str:
    over = emitter.kept(emit(emitter, node.range))
    # The steps of the whole loop are taken before it begins. The careful evaluator counts them one
    # by one, and decides where they do not suffice: a first item may still settle the outcome.
    emitter.line(f"left -= len({over})")
    emitter.line("if left < 0: return SLOW")
    item = emitter.fresh()
    result = emitter.fresh()
    start, each = _LOOPS[node.kind]
    emitter.line(f"{result} = {start}")
    emitter.line(f"for {item} in {over}:")
    with emitter.loop():
        emitter.guard(item, _item_type(emitter.types[node.range]))
        emitter.variables[node.variable] = item
        code = emit(emitter, node.body)
        emitter.line(each.format(code=code, result=result, item=item))
        del emitter.variables[node.variable]
    if node.kind == "exists_one":
        return f"({result} == 1)"
    return result


def _item_type(over: Type) -> Type:
    """The type of what a macro goes over: the items of a list, or the keys of a map."""
    if isinstance(over, ListType):
        return over.item
    return STRING


_LOOPS: Final = {
    "all": ("True", "if not {code}: {result} = False; break"),
    "exists": ("False", "if {code}: {result} = True; break"),
    "exists_one": ("0", "if {code}: {result} += 1"),
    "filter": ("[]", "if {code}: {result}.append({item})"),
    "map": ("[]", "{result}.append({code})"),
}


def _call(emitter: Emitter, node: Call) -> str:
    name = node.function
    arguments = node.arguments
    if name == "matches":
        return f"{emitter.constant(matcher(pattern_of(node)))}({emit(emitter, arguments[0])})"
    if name in _FOLDED and all(isinstance(argument, Literal) for argument in arguments):
        return _folded(emitter, node)
    # join() reads every item of its list, so each must be of its type; the other functions take no
    # list apart.
    write = _whole if name == "join" else emit
    codes = [write(emitter, argument) for argument in arguments]
    if name in _INLINE:
        return _INLINE[name].format(*codes)
    function = FUNCTIONS[name]
    if function.cost is not None:
        codes = [emitter.kept(code) for code in codes]
        emitter.take_room(f"{emitter.constant(function.cost)}({', '.join(codes)})")
    return f"{emitter.constant(function.run)}({', '.join(codes)})"


def _folded(emitter: Emitter, node: Call) -> str:
    """The value of a call on literals, which is computed once."""
    values = [argument.value for argument in node.arguments if isinstance(argument, Literal)]
    try:
        return emitter.constant(FUNCTIONS[node.function].run(*values))
    except (ValueError, OverflowError) as error:
        # It is unread at every evaluation; the careful evaluator gives the reason.
        raise TooComplexError from error


_Emit = Callable[[Emitter, Any], str]
_EMITTERS: Final[dict[type, _Emit]] = {
    Literal: _literal,
    Name: _name,
    Member: _member,
    Has: _has,
    Index: _index,
    Unary: _unary,
    Logic: _logic,
    Ternary: _ternary,
    ListLiteral: _list,
    Binary: _binary,
    Macro: _macro,
    Call: _call,
}
