"""Answers made from the providers' models, that note which of their members somebody looks at.

Each structure of a model becomes a `Record`, the same one wherever it lies in an answer. A reader that is run over such answers shows what it
reads: no declaration could say it more surely."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from zlib import crc32

from botocore.model import Shape

from scanner.core.reading.read_plan import Path
from tests.helpers.provider_models import output

_DEEPEST: Final = 24
"""Levels of an answer."""
_LIKELY: Final[Mapping[str, Any]] = {
    "__typename": "User",
    "login": "web-flow",
    "messageHeadline": "Merge branch 'main' into fix",
    "Name": "AWSManagedRulesLinuxRuleSet",
    "resourceTypes": ["AWS::RDS::DBInstance", "AWS::EC2::SecurityGroup"],
    "resourceType": "AWS::RDS::DBInstance",
    "state": "ACTIVE",
    "connectorArn": "",
    "recordingScope": "PAID",
    "recording": True,
    "lastStatus": "Success",
    "useOnly": "EXCLUSION_BY_RESOURCE_TYPES",
    "Type": "application",
    "DefaultAction": {},
    "Arn": "arn:aws:iam::account:policy/any",
    "PolicyArn": "arn:aws:iam::account:policy/any",
    "Action": {},
}
"""Values by which a reader looks further, by member: chance alone would rarely meet them."""
_LEFT_OUT_IF_ASKED: Final = 0.3
_WITHIN_ITSELF: Final = 1
"""How often a structure is within one of its own sort: a web ACL's statements hold statements."""
_LEFT_OUT: Final = (0.0, 0.0, 0.0, 0.0, 0.0, 0.02, 0.7)
"""How often a member is not there: of one of these records."""
_TEXTS: Final = (
    "2026-01-01T00:00:00Z",
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}',
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*",'
    ' "Resource": "*", "Condition": {"StringEquals": {"s3:DataAccessPointAccount": "account"}}}]}',
    "00000000-0000-4000-8000-000000000001",
    "arn:aws:iam::account:user/anyone",
    "arn:aws:iam::account:policy/any",
)
"""Forms that readers parse: a time, policies, an object id of Azure, ARNs."""


@dataclass(slots=True)
class Seen:
    """Members that were looked at, by operation and name of the structure."""

    members: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    shapes: dict[tuple[str, str], Shape] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many members were looked at."""
        return sum(len(members) for members in self.members.values())

    def note(self, record: Record, member: str) -> None:
        """Note one member."""
        self.members.setdefault(record.place, set()).add(member)
        self.shapes[record.place] = record.shape


class Record(dict[str, Any]):
    """A structure of an answer. `{**record}` is a copy, which notes nothing."""

    place: tuple[str, str]
    shape: Shape
    seen: Seen
    chance: random.Random

    def __getitem__(self, member: str) -> Any:
        self.seen.note(self, member)
        return super().__getitem__(member)

    def get(self, member: str, default: Any = None) -> Any:
        self.seen.note(self, member)
        return super().get(member, default)

    def __contains__(self, member: object) -> bool:
        self.seen.note(self, str(member))
        # Of alternatives the model shows all, and an answer has one.
        if super().__contains__(member) and self.chance.random() < _LEFT_OUT_IF_ASKED:
            del self[str(member)]
        return super().__contains__(member)

    def raw(self, member: str) -> Any:
        """A member that nobody looks at by this."""
        return super().__getitem__(member)


def _chance(of: str) -> random.Random:
    # Not by the text itself, whose digest takes longer.
    return random.Random(crc32(of.encode()))


@dataclass(slots=True)
class Maker:
    """Makes answers by chance: the same seed makes the same ones."""

    seed: int
    words: Sequence[str]
    """Texts that the reader compares with."""
    seen: Seen
    made: list[Record] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    """Of the member that is made: another member of the model leaves it as it is."""
    counts: Counter[str] = field(default_factory=Counter)
    """How many structures of a name were made."""
    within: list[str] = field(default_factory=list)
    """Names of the structures around the one that is made."""

    def answer(self, operation: str) -> Any:
        """One answer of an operation."""
        self.chance = _chance(f"{self.seed} {operation}")
        return self._value(output(operation), operation, 0)

    def _value(self, shape: Shape, operation: str, depth: int) -> Any:
        if shape.type_name == "structure" and not getattr(shape, "is_document_type", False):
            within = self.within.count(shape.name)
            if within >= _WITHIN_ITSELF:
                return {}
            self.within.append(shape.name)
            record = self._record(shape, operation, depth)
            self.within.pop()
            return record
        if shape.type_name == "list":
            count = self.chance.choice((0, 1, 1, 1, 2, 2)) if depth < _DEEPEST else 0
            return [self._value(shape.member, operation, depth + 1) for _ in range(count)]
        if shape.type_name == "map":
            key = self._text()
            return {key: self._value(shape.value, operation, depth + 1)}
        return self._scalar(shape)

    def _record(self, shape: Shape, operation: str, depth: int) -> Record:
        record = Record()
        record.place = (operation, shape.name)
        record.shape = shape
        record.seen = self.seen
        self.made.append(record)
        self.counts[shape.name] += 1
        place = f"{self.seed} {shape.name} {self.counts[shape.name]}"
        record.chance = around = _chance(place)
        left_out = around.choice(_LEFT_OUT)
        outer = self.chance
        for name, member in shape.members.items():
            self.chance = _chance(f"{place} {name}")
            if depth <= _DEEPEST and self.chance.random() >= left_out:
                dict.__setitem__(record, name, self._member(name, member, operation, depth))
        self.chance = outer
        return record

    def _member(self, name: str, shape: Shape, operation: str, depth: int) -> Any:
        if name in _LIKELY and self.chance.random() < 0.7:
            return _LIKELY[name]
        return self._value(shape, operation, depth + 1)

    def _scalar(self, shape: Shape) -> Any:
        if shape.type_name == "boolean":
            return self.chance.random() < 0.5
        if shape.type_name in ("integer", "long", "float", "double"):
            return self.chance.randrange(4)
        values = getattr(shape, "enum", None)
        if values and self.chance.random() < 0.8:
            return self.chance.choice(list(values))
        return self._text()

    def _text(self) -> str:
        kind = self.chance.random()
        if kind < 0.1:
            return f"text {self.chance.randrange(10**9)}"
        text = self.chance.choice(self.words if kind < 0.75 else _TEXTS)
        # An object of its own, so that a copy of a record is known by its members.
        return text[:1] + text[1:]


def follow(value: Any, path: Path, made: Iterable[Record]) -> None:
    """Look at what a path leads to in a reader's result."""
    for _ in walked(value, path, list(made)):
        pass


def walked(value: Any, path: Path, made: Sequence[Record]) -> Iterator[Any]:
    """Every value that a path leads to; each step looks at a member."""
    if not path:
        yield value
    elif isinstance(value, list):
        rest = path[1:] if path[0] == "[]" or path[0].isdigit() else path
        for item in value:
            yield from walked(item, rest, made)
    elif isinstance(value, Mapping):
        for name in list(value) if path[0] in ("[]", "*") else path[:1]:
            yield from walked(_member(value, name, made), path[1:], made)


def _member(value: Mapping[str, Any], name: str, made: Sequence[Record]) -> Any:
    if isinstance(value, Record):
        return value.get(name)
    # A reader may have copied a record, to add what it found out.
    for record in made:
        if _is_copy(value, record) and name in record.shape.members:
            record.seen.note(record, name)
    return value.get(name)


def _is_copy(value: Mapping[str, Any], record: Record) -> bool:
    names = list(record)
    return len(names) > 1 and all(
        name in value and value[name] is record.raw(name) for name in names
    )
