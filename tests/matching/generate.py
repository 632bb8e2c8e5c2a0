"""Random filters, sets of events, and events: few names and values, so that they meet often."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

_TEXTS = ("x", "xy", "yx", "xyx", "zz", "5", "true")
_PATTERNS = ("x", "xy", "x*", "*x", "*x*", "*", "x*x", "*y*x", "zz", "5*", "true", "yx")
_EXPRESSIONS = (
    "^x",
    "x$",
    "^x[xy]*$",
    "x|zz",
    "[^x]y",
    "^.y.?$",
    "x{2,3}",
    "^y+x",
    r"^\w{2}$",
    r"\d",
)
_NUMBERS = ("5", "7", "5.5", "-1")
_PATHS = ("a", "b", "c.d", "c.e")
_SPACES = ("", " ", "  ", "\n", "\t")


class Generator:
    """Random texts and events of one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def _one(self, *ways: Any) -> Any:
        return self.random.choice(ways)

    def space(self) -> str:
        return self.random.choice(_SPACES)

    def pattern(self, depth: int = 3) -> str:
        """A JSON pattern, in one of the ways to write it."""
        return (
            f"{self.space()}{{{self.space()}{self._expression(depth)}{self.space()}}}{self.space()}"
        )

    def _expression(self, depth: int) -> str:
        if depth == 0 or self.random.random() < 0.3:
            return self._comparison()
        operator = self._one("&&", "||")
        parts = [self._expression(depth - 1) for _ in range(self.random.randint(2, 3))]
        text = f"{self.space()}{operator}{self.space()}".join(parts)
        return f"({text})" if self.random.random() < 0.6 else text

    def _comparison(self) -> str:
        path = self._one(*_PATHS, "a", "a", "b", "c")
        way = self.random.random()
        if way < 0.2:
            words = self._one("EXISTS", "NOT EXISTS", "IS NULL", "IS TRUE", "IS FALSE")
            return f"$.{path} {words}"
        if way < 0.35:
            operator = self._one("=", "!=", "<", ">", "<=", ">=")
            return f"$.{path}{self.space()}{operator}{self.space()}{self._one(*_NUMBERS)}"
        operator = self._one("=", "=", "!=")
        if way < 0.45:
            return f"$.{path} {operator} %{self._one(*_EXPRESSIONS)}%"
        value = self._one(*_PATTERNS)
        if value == "5" or self.random.random() < 0.5:
            value = f'"{value}"'
        return f"$.{path}{self.space()}{operator}{self.space()}{value}"

    def event(self) -> dict[str, Any]:
        """An event over the names that patterns have."""
        event: dict[str, Any] = {}
        for name in ("a", "b"):
            self._put(event, name)
        way = self.random.random()
        if way < 0.6:
            event["c"] = {}
            for name in ("d", "e"):
                self._put(event["c"], name)
        elif way < 0.8:
            self._put(event, "c")
        return event

    def _put(self, event: dict[str, Any], name: str) -> None:
        if self.random.random() < 0.75:
            event[name] = self._one(*_TEXTS, *_TEXTS, 5, 7, 6, True, False, None, {})

    def terms(self) -> str:
        """A pattern of terms."""
        sign = self._one("", "", "?")
        words: list[str] = []
        for _ in range(self.random.randint(0, 3)):
            own = "-" if sign == "" and self.random.random() < 0.2 else sign
            text = self._one("x", "xy", '"zz"', '"x"', "a", "nothing", '"a phrase"', "%x[xy]%", "e")
            words.append(own + text)
        return self.random.choice((" ", "  ", "\n")).join(words)

    def delimited(self) -> str:
        """A pattern of fields between spaces."""
        fields = [
            self._one("...", "a", "b", "w1", f"a = {self._one('x', '*x*', '5')}")
            for _ in range(self.random.randint(1, 3))
        ]
        return f"[{self.space()}{','.join(fields)}{self.space()}]"


_SOURCES = ("ec2.amazonaws.com", "kms.amazonaws.com")
_NAMES = ("GetObject", "PutObject", "HeadObject")
_KINDS = ("AWS::S3::Object", "AWS::Lambda::Function")
_ARNS = (
    "arn:aws:s3:::a/x",
    "arn:aws:s3:::a/y.txt",
    "arn:aws:s3:::ab/x",
    "arn:aws:lambda:r:1:function:f",
)
_PREFIXES = (
    "arn:aws:s3",
    "arn:aws:s3:::",
    "arn:aws:s3:::a",
    "arn:aws:s3:::a/",
    "arn:aws:s3:::a/x",
    "arn:aws:lambda",
)
_ENDS = ("/x", ".txt", "x")


class Selectors(Generator):
    """Random event selectors, and events of CloudTrail."""

    def basic(self) -> list[dict[str, Any]]:
        return [self._basic() for _ in range(self.random.randint(0, 2))]

    def _basic(self) -> dict[str, Any]:
        data = [
            {"type": self._one(*_KINDS), "values": self._some(_PREFIXES + _ARNS)}
            for _ in range(self.random.randint(0, 2))
        ]
        return {
            "read_write": self._one("All", "ReadOnly", "WriteOnly"),
            "management": self._one(True, True, False),
            "excluded": self._some(_SOURCES) if self.random.random() < 0.3 else [],
            "data": data,
        }

    def _some(self, values: tuple[str, ...]) -> list[str]:
        return self.random.sample(values, self.random.randint(1, 2))

    def advanced(self) -> list[dict[str, Any]]:
        return [
            {"fields": [self._field() for _ in range(self.random.randint(1, 3))]}
            for _ in range(self.random.randint(0, 3))
        ]

    def _field(self) -> dict[str, Any]:
        name, values = self._one(
            ("eventCategory", ("Management", "Data")),
            ("eventSource", _SOURCES),
            ("eventName", (*_NAMES, "Get")),
            ("readOnly", ("true", "false")),
            ("readOnly", ("true", "false")),
            ("resources.type", _KINDS),
            ("resources.ARN", _PREFIXES + _ARNS + _ENDS),
            ("resources.ARN", _PREFIXES + _ENDS),
        )
        field: dict[str, Any] = {"field": name}
        operators = ("equals", "starts_with", "ends_with")
        for operator in self.random.sample(operators, self.random.randint(0, 2)):
            field[operator] = self._some(values)
        if len(field) == 1 or self.random.random() < 0.3:
            field[f"not_{self._one(*operators)}"] = self._some(values)
        return field

    def events(self) -> str:
        """A set of events as checks write it."""
        tests: list[Callable[[], str]] = [
            lambda: f'$.eventCategory = "{self._one("Management", "Data")}"',
            lambda: f'$.eventSource {self._one("=", "!=")} "{self._one(*_SOURCES)}"',
            lambda: f'$.eventName = "{self._one(*_NAMES, "Get*", "*Object")}"',
            lambda: f"$.readOnly IS {self._one('TRUE', 'FALSE')}",
            lambda: f'$.resources.type = "{self._one(*_KINDS)}"',
            lambda: f'$.resources.ARN = "{self._one(*_PREFIXES)}*"',
            lambda: f'$.resources.ARN = "{self._one(*_ARNS)}"',
        ]
        chosen = self.random.sample(tests, self.random.randint(2, 6))
        return "{ " + " && ".join(test() for test in chosen) + " }"

    def trail_event(self) -> dict[str, Any]:
        return {
            "eventCategory": self._one("Management", "Data"),
            "eventSource": self._one(*_SOURCES),
            "eventName": self._one(*_NAMES),
            "readOnly": self._one(True, False),
            "resources": {"type": self._one(*_KINDS), "ARN": self._one(*_ARNS)},
        }
