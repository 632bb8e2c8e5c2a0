"""Examples: the small resources of a check, made into what its conditions see, and judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from scanner.content.example_shapes import PathSteps, path_steps
from scanner.content.typed_values import moment, typed
from scanner.core.judging.parameters import resolve_params
from scanner.core.reading.canonical import canonical_list
from scanner.language.types import Field, ListType, RecordType, Type, parse_type
from scanner.model.checks import Check, Example, Parameter
from scanner.model.kinds import Attribute, Cardinality, Kind, Relation
from scanner.model.library import Library
from scanner.model.values import ABSENT, OpenList, Unreadable

DEFAULT_NOW: Final = "2026-01-01T00:00:00Z"
NOT_GIVEN: Final = Unreadable("not given in the example")
UNREAD: Final = Unreadable("unreadable in the example")
CUT_OFF: Final = "cut off in the example"
NOT_ASKED: Final = "not asked"
_GIVEN: Final = {
    "id": "example",
    "name": "example",
    "account": "111122223333",
    "region": "eu-west-1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleResult:
    """What a check says of one of its examples."""

    example: Example
    verdict: str
    """`pass`, `fail`, `unknown`, or `not asked` where the condition `where` leaves the resource out."""
    reason: str = ""

    @property
    def agrees(self) -> bool:
        """Whether the check says what the example expects."""
        return self.verdict == self.example.expect


def run_examples(check: Check, library: Library) -> list[ExampleResult]:
    """Every example of a check, judged."""
    return [_judge(check, example, library) for example in check.examples]


def _judge(check: Check, example: Example, library: Library) -> ExampleResult:
    scope = example_scope(check, example, library)
    verdict = verdict_of(check, scope)
    reason = ""
    if verdict == NOT_ASKED and check.where is not None:
        reason = f"where is false: {check.where.source}"
    elif verdict == "unknown":
        open_question = (
            check.pass_when
            if check.where is None or check.where.evaluate(scope) is True
            else check.where
        )
        reason = open_question.explain(scope).reason
    return ExampleResult(example=example, verdict=verdict, reason=reason)


def verdict_of(check: Check, scope: Mapping[str, Any]) -> str:
    """What a check says of one resource: `pass`, `fail`, `unknown` or `not asked`."""
    if check.where is not None:
        asked = check.where.evaluate(scope)
        if asked is False:
            return NOT_ASKED
        if asked is not True:
            return "unknown"
    outcome = check.pass_when.evaluate(scope)
    return ("pass" if outcome else "fail") if isinstance(outcome, bool) else "unknown"


def example_scope(check: Check, example: Example, library: Library) -> dict[str, Any]:
    """The names of a condition, bound to what an example gives."""
    return {
        "self": example_record(library.kinds[check.kind], example, library.kinds),
        "params": example_params(example.params, library.parameters),
        "now": moment(example.now or DEFAULT_NOW),
    }


def example_params(given: Mapping[str, Any], parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """Every parameter: as given, else its default, else unreadable until the entity sets it."""
    return resolve_params(
        parameters,
        {name: typed(parse_type(parameters[name].type), value) for name, value in given.items()},
    )


def example_record(kind: Kind, example: Example, kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """The resource of an example, as conditions see it."""
    marks = _Marks(
        unreadable=frozenset(steps for text in example.unreadable if (steps := path_steps(text))),
        open=frozenset(steps for text in example.open if (steps := path_steps(text))),
    )
    return _Maker(kinds, marks).resource(kind, example.resource, ())


@dataclass(frozen=True, slots=True)
class _Marks:
    """Paths of an example that could not be read, or only in part."""

    unreadable: frozenset[PathSteps]
    open: frozenset[PathSteps]


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes typed values of what an example gives; `at` is the path in the example, before any sorting."""

    kinds: Mapping[str, Kind]
    marks: _Marks

    def resource(self, kind: Kind, data: Mapping[str, Any], at: PathSteps) -> dict[str, Any]:
        record: dict[str, Any] = {}
        for name, standard in _GIVEN.items():
            record[name] = (
                UNREAD if (*at, name) in self.marks.unreadable else data.get(name, standard)
            )
        for name, attribute in kind.attributes.items():
            record[name] = self._attribute(attribute, kind.type.fields[name], data, (*at, name))
        for name, relation in kind.relations.items():
            record[name] = self._relation(relation, data, (*at, name))
        return record

    def _marked(self, make: Any, at: PathSteps) -> Any:
        if at in self.marks.unreadable:
            return UNREAD
        value = make()
        if at in self.marks.open:
            return OpenList(value if isinstance(value, list) else (), CUT_OFF)
        return value

    def _attribute(
        self, attribute: Attribute, field: Field, data: Mapping[str, Any], at: PathSteps
    ) -> Any:
        def make() -> Any:
            if attribute.name in data:
                return self._value(field.type, data[attribute.name], at, attribute)
            if attribute.has_absent:
                return attribute.absent
            return ABSENT if field.optional else NOT_GIVEN

        return self._marked(make, at)

    def _value(self, kind: Type, data: Any, at: PathSteps, attribute: Attribute | None) -> Any:
        if isinstance(kind, ListType) and isinstance(data, list):
            items = [
                self._marked(
                    lambda i=index, item=item: self._item(kind, item, (*at, i), attribute),
                    (*at, index),
                )
                for index, item in enumerate(data)
            ]
            return self._arranged(items, attribute)
        if isinstance(kind, RecordType) and isinstance(data, dict):
            return self._record(kind, data, at)
        return typed(kind, data)

    def _item(self, kind: ListType, data: Any, at: PathSteps, attribute: Attribute | None) -> Any:
        if attribute is None or not isinstance(kind.item, RecordType) or not attribute.each:
            return self._value(kind.item, data, at, None)
        fields = kind.item.fields
        return {
            name: self._attribute(inner, fields[name], data, (*at, name))
            for name, inner in attribute.each.items()
        }

    def _arranged(self, items: list[Any], attribute: Attribute | None) -> list[Any]:
        if attribute is None or not attribute.ordered:
            return canonical_list(items)
        if not attribute.each:
            return items
        return [
            {**item, "position": position} if isinstance(item, dict) else item
            for position, item in enumerate(items)
        ]

    def _record(self, kind: RecordType, data: Mapping[str, Any], at: PathSteps) -> dict[str, Any]:
        """A record that is computed as a whole, such as a policy: nothing in it has a meaning when it is not given."""
        return {
            name: self._marked(
                lambda name=name, field=field: (
                    self._value(field.type, data[name], (*at, name), None)
                    if name in data
                    else (ABSENT if field.optional else NOT_GIVEN)
                ),
                (*at, name),
            )
            for name, field in kind.fields.items()
        }

    def _relation(self, relation: Relation, data: Mapping[str, Any], at: PathSteps) -> Any:
        def make() -> Any:
            if relation.name not in data:
                return ABSENT if relation.cardinality is Cardinality.MAYBE_ONE else NOT_GIVEN
            given = data[relation.name]
            other = self.kinds[relation.kind]
            if relation.cardinality is not Cardinality.MANY:
                return self.resource(other, given, at)
            return [
                self._marked(
                    lambda i=index, item=item: self.resource(other, item, (*at, i)), (*at, index)
                )
                for index, item in enumerate(given)
            ]

        return self._marked(make, at)
