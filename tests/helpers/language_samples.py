"""A small schema that the tests of the language share, and data that fits it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from scanner.language import (
    TIMESTAMP,
    Field,
    ListType,
    Program,
    RecordType,
    Type,
    compile_expression,
    parse_field,
)

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def record(title: str, /, **fields: str | Field) -> RecordType:
    """A record type from fields in the written notation."""
    return RecordType(
        title,
        {key: parse_field(one) if isinstance(one, str) else one for key, one in fields.items()},
    )


RULE = record("rule", port="int?", open="bool", cidrs="list(string)")
POLICY = record("policy", public="bool")
SELF = record(
    "aws.test.thing",
    name="string",
    flag="bool",
    maybe="bool?",
    count="int",
    ratio="double",
    limit="int?",
    created="timestamp",
    tags="map(string)",
    names="list(string)",
    grid="list(list(int))",
    policy=Field(POLICY),
    spare=Field(POLICY, optional=True),
    rules=Field(ListType(RULE)),
)
PARAMS = record("params", approved="list(string)", days="int")
NAMES: dict[str, Type] = {"self": SELF, "params": PARAMS, "now": TIMESTAMP}


def thing(**changes: Any) -> dict[str, Any]:
    """A scope whose resource has some values changed."""
    resource = {
        "name": "prod-logs",
        "flag": True,
        "maybe": True,
        "count": 3,
        "ratio": 0.5,
        "limit": 10,
        "created": datetime(2026, 1, 1, tzinfo=UTC),
        "tags": {"env": "prod"},
        "names": ["a", "b"],
        "grid": [[1], [2, 3]],
        "policy": {"public": False},
        "spare": {"public": False},
        "rules": [
            {"port": 443, "open": False, "cidrs": ["10.0.0.0/8"]},
            {"port": 22, "open": True, "cidrs": ["10.0.0.0/8", "0.0.0.0/0"]},
        ],
    }
    return {"self": {**resource, **changes}, "params": {"approved": ["a"], "days": 90}, "now": NOW}


def program(source: str, **options: Any) -> Program:
    """The program of a text over the shared schema."""
    return compile_expression(source, NAMES, **options)


def evaluate(source: str, **changes: Any) -> Any:
    """The outcome of a text on the shared data, the same on both paths."""
    compiled = program(source)
    scope = thing(**changes)
    outcome, careful = compiled.evaluate(scope), compiled.evaluate_slowly(scope)
    assert outcome == careful
    assert type(outcome) is type(careful)
    return outcome
