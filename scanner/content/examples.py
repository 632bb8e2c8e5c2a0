"""Judge the examples of a check: build the small resources and evaluate its conditions on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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

Record = dict[str, Any]
"""A resource or a record in it, as conditions see it: its fields are values of the language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleResult:
    """The verdict of a check on one of its examples."""

    example: Example
    verdict: str
    """`pass`, `fail`, `unknown`, or `not asked` where the condition `where` is false."""
    reason: str = ""

    @property
    def agrees(self) -> bool:
        """Whether the verdict is the one that the example expects."""
        return self.verdict == self.example.expect


def run_examples(check: Check, library: Library) -> list[ExampleResult]:
    """The verdict on every example of a check."""
    return [_judge(check, example, library) for example in check.examples]


def _judge(check: Check, example: Example, library: Library) -> ExampleResult:
    scope = example_scope(check, example, library)
    verdict = verdict_of(check, scope)
    reason = ""
    if verdict == NOT_ASKED and check.where is not None:
        reason = f"where is false: {check.where.source}"
    elif verdict == "unknown":
        undecided = check.pass_when
        if check.where is not None and check.where.evaluate(scope) is not True:
            undecided = check.where
        reason = undecided.explain(scope).reason
    return ExampleResult(
        example=example,
        verdict=verdict,
        reason=reason,
    )


def verdict_of(check: Check, scope: Mapping[str, object]) -> str:
    """The verdict on one resource: `pass`, `fail`, `unknown` or `not asked`."""
    if check.where is not None:
        asked = check.where.evaluate(scope)
        if asked is False:
            return NOT_ASKED
        # Whether the resource is in the population is not known: it is never left out for that.
        if asked is not True:
            return "unknown"
    outcome = check.pass_when.evaluate(scope)
    # Compared by identity: an outcome that is neither true nor false is never a pass.
    if outcome is True:
        return "pass"
    if outcome is False:
        return "fail"
    return "unknown"


def example_scope(check: Check, example: Example, library: Library) -> Record:
    """The names of a condition, bound to the values of an example."""
    return {
        "self": example_record(library.kinds[check.kind], example, library.kinds),
        "params": example_params(example.params, library.parameters),
        "now": moment(example.now or DEFAULT_NOW),
    }


def example_params(given: Mapping[str, Any], parameters: Mapping[str, Parameter]) -> Record:
    """Every parameter: as given, else its default, else unreadable until the entity sets it."""
    values: Record = {}
    for name, value in given.items():
        values[name] = typed(parse_type(parameters[name].type), value)
    return resolve_params(parameters, values)


def example_record(kind: Kind, example: Example, kinds: Mapping[str, Kind]) -> Record:
    """The resource of an example, as conditions see it."""
    marks = _Marks(unreadable=_paths(example.unreadable), open=_paths(example.open))
    return _RecordBuilder(kinds, marks).resource(kind, example.resource, ())


def _paths(texts: tuple[str, ...]) -> frozenset[PathSteps]:
    return frozenset(steps for text in texts if (steps := path_steps(text)))


@dataclass(frozen=True, slots=True)
class _Marks:
    """Paths of an example that could not be read, or only in part."""

    unreadable: frozenset[PathSteps]
    open: frozenset[PathSteps]


@dataclass(frozen=True, slots=True)
class _RecordBuilder:
    """Builds typed records from an example; `at` is the path in the example, before any sorting."""

    kinds: Mapping[str, Kind]
    marks: _Marks

    def resource(
        self,
        kind: Kind,
        data: Mapping[str, Any],
        at: PathSteps,
    ) -> Record:
        """The record of a resource, with its attributes and relations."""
        record: Record = {}
        for name, default in _GIVEN.items():
            record[name] = data.get(name, default)
            if (*at, name) in self.marks.unreadable:
                record[name] = UNREAD
        for name, attribute in kind.attributes.items():
            field = kind.type.fields[name]
            record[name] = self._attribute(attribute, field, data, (*at, name))
        for name, relation in kind.relations.items():
            record[name] = self._relation(relation, data, (*at, name))
        return record

    def _marked(self, make: Callable[[], Any], at: PathSteps) -> Any:
        """The value at a path, unless the example marks it as unreadable or cut off."""
        if at in self.marks.unreadable:
            return UNREAD
        value = make()
        if at not in self.marks.open:
            return value
        if isinstance(value, list):
            return OpenList(value, CUT_OFF)
        # Not given and cut off: nothing of it was read, which is not an empty list.
        return OpenList((), CUT_OFF)

    def _attribute(
        self,
        attribute: Attribute,
        field: Field,
        data: Mapping[str, Any],
        at: PathSteps,
    ) -> Any:
        def make() -> Any:
            if attribute.name in data:
                return self._value(field.type, data[attribute.name], at, attribute)
            # What the kind says of a missing member holds for examples as for answers.
            if attribute.has_absent:
                return attribute.absent
            return _not_given(field)

        return self._marked(make, at)

    def _value(
        self,
        kind: Type,
        data: Any,
        at: PathSteps,
        attribute: Attribute | None,
    ) -> Any:
        if isinstance(kind, ListType) and isinstance(data, list):
            return self._list(kind, data, at, attribute)
        if isinstance(kind, RecordType) and isinstance(data, dict):
            return self._record(kind, data, at)
        return typed(kind, data)

    def _list(
        self,
        kind: ListType,
        data: list[Any],
        at: PathSteps,
        attribute: Attribute | None,
    ) -> list[Any]:
        items: list[Any] = []
        for index, item in enumerate(data):
            here = (*at, index)

            def make(item: Any = item, here: PathSteps = here) -> Any:
                return self._item(kind, item, here, attribute)

            items.append(self._marked(make, here))
        return _arranged(items, attribute)

    def _item(
        self,
        kind: ListType,
        data: Any,
        at: PathSteps,
        attribute: Attribute | None,
    ) -> Any:
        if attribute is None or not isinstance(kind.item, RecordType) or not attribute.each:
            return self._value(kind.item, data, at, None)
        record: Record = {}
        for name, inner in attribute.each.items():
            record[name] = self._attribute(inner, kind.item.fields[name], data, (*at, name))
        return record

    def _record(
        self,
        kind: RecordType,
        data: Mapping[str, Any],
        at: PathSteps,
    ) -> Record:
        """A record that is computed as a whole, such as a policy: its fields have no `absent:`."""
        record: Record = {}
        for name, field in kind.fields.items():
            here = (*at, name)

            def make(name: str = name, field: Field = field, here: PathSteps = here) -> Any:
                if name in data:
                    return self._value(field.type, data[name], here, None)
                return _not_given(field)

            record[name] = self._marked(make, here)
        return record

    def _relation(
        self,
        relation: Relation,
        data: Mapping[str, Any],
        at: PathSteps,
    ) -> Any:
        def make() -> Any:
            if relation.name in data:
                return self._related(relation, data[relation.name], at)
            if relation.cardinality is Cardinality.MAYBE_ONE:
                return ABSENT
            return NOT_GIVEN

        return self._marked(make, at)

    def _related(
        self,
        relation: Relation,
        given: Any,
        at: PathSteps,
    ) -> Any:
        """The resource, or the resources, that a relation of the example leads to."""
        kind = self.kinds[relation.kind]
        if relation.cardinality is not Cardinality.MANY:
            return self.resource(kind, given, at)
        resources: list[Any] = []
        for index, item in enumerate(given):
            here = (*at, index)

            def make(item: Mapping[str, Any] = item, here: PathSteps = here) -> Record:
                return self.resource(kind, item, here)

            resources.append(self._marked(make, here))
        return resources


def _not_given(field: Field) -> object:
    """What an example says by leaving a field out: absence if the type has it, else no reading."""
    if field.optional:
        return ABSENT
    return NOT_GIVEN


def _arranged(items: list[Any], attribute: Attribute | None) -> list[Any]:
    """The items in the order that a scan would give them."""
    # A scan sorts lists too, so that the provider's order never decides a verdict.
    if attribute is None or not attribute.ordered:
        return canonical_list(items)
    if attribute.each:
        for position, item in enumerate(items):
            if isinstance(item, dict):
                item["position"] = position
    return items
