"""Mistakes are found when an expression is loaded, at their position and with a hint."""

from __future__ import annotations

import pytest

from scanner.language import (
    BOOL,
    STRING,
    ExpressionErrors,
    compile_expression,
    parse_field,
    parse_type,
)
from scanner.language.types import DYN, Field, ListType
from tests.helpers.language_samples import NAMES, program

MISTAKES = [
    ("self.nam == 'x'", 1, 6, "has no attribute 'nam'", "did you mean 'name'?"),
    ("slef.flag", 1, 1, "unknown name 'slef'", "did you mean 'self'?"),
    (
        "self.name.lowerASCII() == ''",
        1,
        11,
        "unknown function 'lowerASCII'",
        "did you mean 'lowerAscii'?",
    ),
    ("lowerAscii(self.name) == ''", 1, 1, "wrong form of", "text.lowerAscii()"),
    ("self.name == 22", 1, 11, "string and int are never equal", "int('22')"),
    ("self.flag &&\n  self.name > 'a'", 2, 13, "string has no order", "list of allowed values"),
    ("self.flag < true", 1, 11, "bool has no order", ""),
    ("self.count == 1.0", 1, 12, "int and double are never equal", "1.0"),
    ("self.count + 1.0 > 2.0", 1, 12, "'+' does not apply to int and double", "double"),
    ("self.count > 2.0", 1, 12, "int and double cannot be ordered", ""),
    ("self.count in ['a']", 1, 12, "int is never in list(string)", ""),
    ("self.maybe", 1, 6, "'self.maybe' may be absent", "has(self.maybe) && …"),
    ("self.maybe && has(self.maybe)", 1, 6, "may be absent", ""),
    ("has(self.maybe) || self.maybe", 1, 25, "may be absent", ""),
    ("(has(self.maybe) || has(self.limit)) && self.maybe", 1, 46, "may be absent", ""),
    ("!(!has(self.maybe) && !has(self.limit)) && self.maybe", 1, 49, "may be absent", ""),
    ("has(self.spare.public)", 1, 10, "'self.spare' may be absent", "has(self.spare)"),
    ("has(self.maybe) ? true : self.maybe", 1, 31, "may be absent", ""),
    ("self.rules.all(r, r.port == 22)", 1, 21, "'r.port' may be absent", ""),
    ("has(self)", 1, 1, "takes one field", ""),
    ("has(self.name)", 1, 1, "always there", ""),
    ("has(self.tags.env)", 1, 1, "takes a field of a record", "'env' in self.tags"),
    ("self.names[0] == 'a'", 1, 11, "fewer than 1 item", "size(self.names) > 0"),
    ("size(self.names) > 0 && self.names[1] == 'a'", 1, 35, "fewer than 2 items", ""),
    ("size(self.names) > 0 || self.names[0] == 'a'", 1, 35, "fewer than 1 item", ""),
    ("self.tags['env'] == 'x'", 1, 11, "may lack the key 'env'", "'env' in self.tags &&"),
    ("'env' in self.tags || self.tags['env'] == 'x'", 1, 33, "may lack the key", ""),
    ("self.names[self.count] == 'a'", 1, 17, "must be a literal number", "exists"),
    ("self.names[-1] == 'a'", 1, 13, "must be a literal number", ""),
    ("['a', 1] == []", 1, 7, "items of one type", ""),
    ("self.flag ? 1 : 'a'", 1, 11, "the branches differ", ""),
    ("self.name && true", 1, 6, "an operand of '&&' is string, not bool", ""),
    ("!self.count", 1, 7, "the operand of '!' is int", ""),
    ("-self.name == 'x'", 1, 1, "'-' does not apply", ""),
    ("self.names.all(self, true)", 1, 12, "already has a meaning", ""),
    ("self.count.all(x, true)", 1, 12, "takes a list", ""),
    ("self.rules.all(r, r.cidrs)", 1, 21, "the condition of all() is list(string)", ""),
    ("self.rules == self.rules", 1, 12, "cannot be compared", "compare its fields"),
    ("self.policy == self.policy", 1, 13, "cannot be compared", ""),
    ("self.names.contains('a')", 1, 12, "does not apply", "item in list"),
    ("'a' in self.name", 1, 5, "needs a list or a map", "contains"),
    ("self.name.matches(self.name)", 1, 24, "a pattern must be a literal", ""),
    ("self.name.matches('a(?=b)')", 1, 21, "lookaround", ""),
    ("self.name.matches('(a)\\\\1')", 1, 23, "not part of the language", ""),
    ("self.created > timestamp('2026')", 1, 26, "is not a timestamp", ""),
    ("now - self.created > duration('9 days')", 1, 31, "is not a duration", ""),
    ("self.created < '2026-01-01T00:00:00Z'", 1, 14, "string has no order", ""),
    ("self.count", 1, 6, "the expression is int, not bool", ""),
    ("self.name.length > 2", 1, 11, "string has no fields", "size(self.name)"),
    ("null == self.name", 1, 1, "there is no null", "has(self.field)"),
    ("self.names.exists(x)", 1, 20, "unexpected ')'", "list.exists(x, expression)"),
    ("self.flag = true", 1, 11, "unexpected character '='", "=="),
    ("self.flag and true", 1, 11, "unexpected 'and'", "write '&&'"),
    ("(self.flag or true)", 1, 12, "unexpected 'or'", "write '||'"),
    ("not self.flag", 1, 5, "unexpected 'self'", "write '!'"),
    ("size(self.names", 1, 16, "ends too early", "',' is expected here"),
    ("'abc", 1, 1, "unexpected character", "no end"),
    ("'a\\q' == ''", 1, 3, "unknown escape", ""),
    ("'''a''' == ''", 1, 1, "triple quotes", ""),
    ("r'a\\' == ''", 1, 1, "cannot end with a backslash", ""),
    ("b'a' == ''", 1, 1, "byte strings", ""),
    ("1u == 1", 1, 1, "is not a number", ""),
    ("9223372036854775808 == 1", 1, 1, "does not fit into 64 bits", ""),
    ("self.flag &&", 1, 13, "ends too early", ""),
    ("{'a': 1} == 1", 1, 1, "unexpected character '{'", ""),
    ("self.größe == 1", 1, 8, "unexpected character 'ö'", "ASCII"),
    ("return == 1", 1, 1, "reserved word", ""),
    ("(self.flag", 1, 11, "ends too early", "')' is expected"),
    ("self.flag\n// note\n && self.nam == ''", 3, 10, "has no attribute", ""),
]


@pytest.mark.parametrize(
    ("source", "line", "column", "message", "hint"), MISTAKES, ids=[one[0] for one in MISTAKES]
)
def test_mistake(source: str, line: int, column: int, message: str, hint: str) -> None:
    with pytest.raises(ExpressionErrors) as caught:
        program(source, want=BOOL)
    found = [error for error in caught.value.errors if (error.line, error.column) == (line, column)]
    assert any(message in error.message and hint in error.hint for error in found), caught.value


def test_several_mistakes_are_reported_at_once() -> None:
    with pytest.raises(ExpressionErrors) as caught:
        program("self.nam == '' && self.name == 22 &&\n self.maybe")
    assert [(error.line, error.column) for error in caught.value.errors] == [
        (1, 6),
        (1, 29),
        (2, 7),
    ]


@pytest.mark.parametrize(
    "source",
    [
        "has(self.maybe) && self.maybe",
        "!has(self.maybe) || self.maybe",
        "has(self.maybe) ? self.maybe : false",
        "!has(self.maybe) ? false : self.maybe",
        "!(has(self.maybe) && self.flag) || self.maybe",
        "has(self.maybe) && self.flag && self.names.exists(n, self.maybe)",
        "has(self.spare) && self.spare.public",
        "size(self.names) > 1 && self.names[1] == 'b'",
        "self.names.size() == 0 || self.names[0] == 'a'",
        "1 <= size(self.names) && self.names[0] == 'a'",
        "size(self.names) != 0 && self.names[0] == 'a'",
        "'env' in self.tags && self.tags['env'] == 'prod' && self.tags.env == 'prod'",
        "!('env' in self.tags) || self.tags['env'] == 'prod'",
        "self.tags.all(k, self.tags[k] != '')",
        "self.rules.all(r, !has(r.port) || r.port > 0)",
        "self.names == [] || [] == self.names || size([]) == 0",
    ],
)
def test_guards(source: str) -> None:
    assert program(source, want=BOOL).type is BOOL


def test_paths() -> None:
    source = (
        "self.rules.filter(r, r.open).all(q, q.cidrs.exists(c, c in params.approved)) && has(self.maybe)"
        " && self.rules.map(r, r.cidrs).all(l, l.all(c, c != '')) && 'env' in self.tags && self.tags['env'] == ''"
    )
    assert program(source).paths == {
        ("self", "rules"),
        ("self", "rules", "[]", "open"),
        ("self", "rules", "[]", "cidrs"),
        ("self", "rules", "[]", "cidrs", "[]"),
        ("params", "approved"),
        ("self", "maybe"),
        ("self", "tags"),
        ("self", "tags", "env"),
    }
    assert compile_expression("it.Rules[0].Apply['x'].y", {"it": DYN}).paths == {
        ("it", "Rules", "[]", "Apply", "x", "y")
    }


@pytest.mark.parametrize(
    ("source", "limit"),
    [
        ("size([" + "1," * 1000 + "1]) == 0", "more than 1000 parts"),
        ("(" * 61 + "true" + ")" * 61, "60 levels"),
        ("!" * 61 + "true", "60 levels"),
        ("1" + " + 1" * 61 + " == 2", "60 levels"),
        ("self" + ".a" * 61, "60 levels"),
        ("'" + "a" * 4000 + "' == ''", "longer than 4000"),
    ],
)
def test_limits(source: str, limit: str) -> None:
    with pytest.raises(ExpressionErrors, match=limit):
        program(source)


def test_a_deep_expression_within_the_limits_works() -> None:
    assert program("!" * 58 + "true").evaluate({}) is True
    assert program("(" * 59 + "true" + ")" * 59).evaluate({}) is True
    assert program("true" + " && true" * 400).evaluate({}) is True
    nested = (
        "self.names.exists(a0, "
        + "".join(f"self.names.exists(a{n}, " for n in range(1, 20))
        + "true"
        + ")" * 20
    )
    assert program(nested).evaluate({"self": {"names": ["a"]}}) is True


@pytest.mark.parametrize(
    "text",
    [
        "bool",
        "int",
        "double",
        "string",
        "timestamp",
        "duration",
        "dyn",
        "list(string)",
        "map(list(int))",
    ],
)
def test_types_are_written_as_they_are_read(text: str) -> None:
    assert str(parse_type(text)) == text
    assert str(parse_field(f"{text}?")) == f"{text}?"


@pytest.mark.parametrize(
    "text", ["", "integer", "list", "list()", "list(int", "map(int))", "int?", "list(" * 50]
)
def test_what_is_no_type(text: str) -> None:
    with pytest.raises(ValueError, match="is not a type"):
        parse_type(text)


def test_order_is_no_part_of_identity() -> None:
    assert ListType(STRING, ordered=True) == ListType(STRING)
    assert parse_field("string?") == Field(STRING, optional=True)
    assert NAMES["self"] == NAMES["self"]
