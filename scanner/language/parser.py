"""Parses tokens into one syntax tree, within limits of depth and size."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NoReturn, TypeVar

from scanner.language.errors import fault
from scanner.language.lexer import Token, tokens
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
    children,
)

DEEPEST: Final = 60
MOST_NODES: Final = 1_000
MACROS: Final = frozenset({"all", "exists", "exists_one", "filter", "map"})

_BINDING: Final = {
    "==": 1,
    "!=": 1,
    "<": 1,
    "<=": 1,
    ">": 1,
    ">=": 1,
    "in": 1,
    "+": 2,
    "-": 2,
    "*": 3,
    "/": 3,
    "%": 3,
}
"""How tightly an operator binds; relations the least."""
_WORDS: Final = frozenset({"true", "false", "null", "in"})
# Those that CEL reserves, so that whatever is accepted here stays valid CEL.
_RESERVED: Final = _WORDS | {
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
}
_ELSEWHERE: Final = {"and": "&&", "or": "||", "not": "!"}
"""What other languages call an operator, and how it is written here."""
_INT_LIMIT: Final = 2**63

N = TypeVar("N", bound=Node)


@lru_cache(maxsize=4096)
def parse(source: str) -> Node:
    """The tree of an expression; ExpressionErrors at the first mistake of form.

    Cached, because two in five resource kinds repeat an expression of another.
    """
    return _Parser(tokens(source)).whole()


class _Parser:
    """A recursive-descent parser over a list of tokens."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._next = 0
        self._open = 0
        """Expressions begun and not ended: bounds the recursion before there is any node."""
        self._nodes = 0
        self._depths: dict[Node, int] = {}
        """The height of each tree made so far: a chain such as `a.b.c` is deep without
        recursion."""

    def whole(self) -> Node:
        node = self._expression()
        if self._peek().kind != "end":
            self._unexpected()
        return node

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        # The end stays in front, so that looking further never runs past the list.
        if token.kind != "end":
            self._next += 1
        return token

    def _sees(self, text: str) -> bool:
        # A string's text begins with its quote or its r, and an end has none: neither is taken for
        # a mark or a word.
        return self._tokens[self._next].text == text

    def _accept(self, text: str) -> bool:
        if self._tokens[self._next].text == text:
            self._next += 1
            return True
        return False

    def _expect(self, text: str) -> Token:
        if not self._sees(text):
            self._unexpected(f"'{text}' is expected here")
        return self._take()

    def _unexpected(self, hint: str = "") -> NoReturn:
        token = self._peek()
        what = f"unexpected {token.text!r}"
        if token.kind == "end":
            what = "the expression ends too early"
        before = self._tokens[max(self._next - 1, 0)]
        for word in (before, token):
            if word.text in _ELSEWHERE:
                hint = f"write '{_ELSEWHERE[word.text]}'"
        raise fault(token.at, what, hint)

    def _made(self, node: N) -> N:
        depths = [self._depths[part] for part in children(node)]
        depth = 1 + max(depths, default=0)
        self._depths[node] = depth
        self._nodes += 1
        if depth > DEEPEST:
            raise fault(node.at, f"the expression is nested more than {DEEPEST} levels deep")
        if self._nodes > MOST_NODES:
            raise fault(node.at, f"the expression has more than {MOST_NODES} parts")
        return node

    def _expression(self) -> Node:
        self._open += 1
        if self._open > DEEPEST:
            raise fault(
                self._peek().at, f"the expression is nested more than {DEEPEST} levels deep"
            )
        condition = self._logic("||")
        if self._sees("?"):
            at = self._take().at
            then = self._logic("||")
            self._expect(":")
            otherwise = self._expression()
            ternary = Ternary(at=at, condition=condition, then=then, otherwise=otherwise)
            condition = self._made(ternary)
        self._open -= 1
        return condition

    def _logic(self, operator: str) -> Node:
        """Terms joined by an operator; `&&` binds more tightly than `||`."""
        first = self._logic_term(operator)
        if not self._sees(operator):
            return first
        terms = [first]
        at = self._peek().at
        while self._accept(operator):
            terms.append(self._logic_term(operator))
        logic = Logic(at=at, operator=operator, terms=tuple(terms))
        return self._made(logic)

    def _logic_term(self, operator: str) -> Node:
        if operator == "||":
            return self._logic("&&")
        return self._binary(1)

    def _binary(self, least: int) -> Node:
        """Operands joined by operators that bind at least so tightly, from the left (precedence
        climbing)."""
        left = self._unary()
        while _BINDING.get(self._tokens[self._next].text, 0) >= least:
            token = self._take()
            right = self._binary(_BINDING[token.text] + 1)
            binary = Binary(at=token.at, operator=token.text, left=left, right=right)
            left = self._made(binary)
        return left

    def _unary(self) -> Node:
        if self._tokens[self._next].text not in ("!", "-"):
            return self._postfix(self._primary())
        token = self._take()
        following = self._peek()
        # `-9223372036854775808` fits into 64 bits, and the number without its sign does not.
        if token.text == "-" and following.kind in ("int", "double"):
            return self._postfix(self._number(self._take(), negative=True))
        self._open += 1
        if self._open > DEEPEST:
            raise fault(token.at, f"the expression is nested more than {DEEPEST} levels deep")
        operand = self._unary()
        self._open -= 1
        node = Unary(at=token.at, operator=token.text, operand=operand)
        return self._made(node)

    def _postfix(self, node: Node) -> Node:
        while True:
            if self._accept("."):
                node = self._member(node)
            elif self._sees("["):
                at = self._take().at
                index = self._expression()
                self._expect("]")
                indexed = Index(at=at, operand=node, index=index)
                node = self._made(indexed)
            else:
                return node

    def _member(self, operand: Node) -> Node:
        token = self._peek()
        if token.kind != "name" or token.text in _WORDS:
            self._unexpected("a field's name follows '.'")
        self._take()
        if not self._sees("("):
            member = Member(at=token.at, operand=operand, name=token.text)
            return self._made(member)
        if token.text in MACROS:
            return self._macro(token, operand)
        arguments = (operand, *self._arguments(")"))
        call = Call(at=token.at, function=token.text, arguments=arguments, method=True)
        return self._made(call)

    def _macro(self, token: Token, operand: Node) -> Node:
        self._take()
        form = f"the form is list.{token.text}(x, expression)"
        variable = self._peek()
        if variable.kind != "name" or variable.text in _RESERVED:
            self._unexpected(form)
        self._take()
        if not self._accept(","):
            self._unexpected(form)
        body = self._expression()
        if not self._accept(")"):
            self._unexpected(form)
        node = Macro(at=token.at, kind=token.text, range=operand, variable=variable.text, body=body)
        return self._made(node)

    def _arguments(self, closing: str) -> tuple[Node, ...]:
        self._take()
        found: list[Node] = []
        while not self._accept(closing):
            if found:
                self._expect(",")
            found.append(self._expression())
        return tuple(found)

    def _primary(self) -> Node:
        token = self._peek()
        if token.kind == "name":
            return self._named()
        if token.text == "(" and token.kind == "mark":
            self._take()
            node = self._expression()
            self._expect(")")
            return node
        if token.text == "[" and token.kind == "mark":
            items = self._arguments("]")
            return self._made(ListLiteral(at=token.at, items=items))
        if token.kind == "string":
            self._take()
            return self._made(Literal(at=token.at, value=token.value))
        if token.kind in ("int", "double"):
            return self._number(self._take(), negative=False)
        return self._unexpected("a value is expected here")

    def _number(self, token: Token, *, negative: bool) -> Node:
        value = float(token.value) if token.kind == "double" else int(token.value)
        if negative:
            value = -value
        if isinstance(value, int) and not -_INT_LIMIT <= value < _INT_LIMIT:
            raise fault(token.at, f"{token.text} does not fit into 64 bits")
        if value in (float("inf"), float("-inf")):
            raise fault(token.at, f"{token.text} does not fit into a double")
        return self._made(Literal(at=token.at, value=value))

    def _named(self) -> Node:
        token = self._take()
        if token.text in ("true", "false"):
            value = token.text == "true"
            return self._made(Literal(at=token.at, value=value))
        if token.text == "null":
            raise fault(token.at, "there is no null", "use has(self.field) to test for a field")
        if token.text in _RESERVED:
            raise fault(token.at, f"'{token.text}' is a reserved word")
        if not self._sees("("):
            return self._made(Name(at=token.at, name=token.text))
        arguments = self._arguments(")")
        if token.text != "has":
            call = Call(at=token.at, function=token.text, arguments=arguments, method=False)
            return self._made(call)
        if len(arguments) != 1 or not isinstance(arguments[0], Member):
            raise fault(
                token.at,
                "has() takes one field, as in has(self.field)",
                "for a map: 'key' in map",
            )
        return self._made(Has(at=token.at, member=arguments[0]))
