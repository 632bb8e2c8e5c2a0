"""The condition language: a strict, typed subset of CEL.

`compile_expression` checks a text against declared names; the `Program` it gives evaluates and
explains.
"""

from scanner.language.errors import ExpressionError, ExpressionErrors
from scanner.language.explanation import Explanation, Observation
from scanner.language.program import Program, compile_expression
from scanner.language.types import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    Field,
    ListType,
    MapType,
    RecordType,
    Type,
    parse_field,
    parse_type,
)

__all__ = [
    "BOOL",
    "DOUBLE",
    "DURATION",
    "DYN",
    "INT",
    "STRING",
    "TIMESTAMP",
    "Explanation",
    "ExpressionError",
    "ExpressionErrors",
    "Field",
    "ListType",
    "MapType",
    "Observation",
    "Program",
    "RecordType",
    "Type",
    "compile_expression",
    "parse_field",
    "parse_type",
]
