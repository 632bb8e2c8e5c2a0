"""Examples of plan maps: small Terraform configurations, planned in memory, and their verdicts.

The form of the files is in tests/plans/examples/README.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Final

from scanner.content.documents import Document, read_document
from scanner.content.library import load_library
from scanner.content.plan_maps import PlanMaps, load_plan_maps, reads_of
from scanner.core.judging.parameters import resolve_params
from scanner.core.plans.judging import judge_plans
from scanner.core.plans.map_reader import PlanEstate
from scanner.core.plans.projection import LiveWorld
from scanner.core.plans.reduction import Sources, reduce_plan
from scanner.model.library import Library
from scanner.model.plan_findings import PlanFinding, PlanReport
from tests.helpers.small_plan import CREATE, change, expression_of, plan

FOLDER: Final = Path(__file__).resolve().parent.parent / "plans" / "examples"
VERDICTS: Final = ("pass", "fail", "unknown")
_REFERENCE: Final = re.compile(r"\$\{([^}]+)\}")

Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanExample:
    """One small plan, and what a check must say of one resource of it."""

    id: str
    check: str
    address: str
    expect: str
    resources: Mapping[str, Arguments]
    """Arguments by address."""
    params: Arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleFile:
    """The examples of one kind."""

    kind: str
    examples: tuple[PlanExample, ...]
    not_answerable: Mapping[str, str]
    """By check: why no plan answers it."""


@cache
def library() -> Library:
    """The shipped content, read once."""
    return load_library()


@cache
def maps() -> PlanMaps:
    """The shipped maps, read once."""
    return load_plan_maps(library())


@cache
def example_files() -> tuple[ExampleFile, ...]:
    """Every file of examples, in order of path."""
    return tuple(map(_file, sorted(FOLDER.glob("*/*.yaml"))))


def _file(path: Path) -> ExampleFile:
    document = read_document(path.read_bytes(), path=str(path))
    assert isinstance(document, Document), document
    data: Any = document.data
    examples: list[PlanExample] = []
    for check, verdicts in data.get("checks", {}).items():
        assert set(verdicts) <= set(VERDICTS), f"{path}: {check} has {list(verdicts)}"
        for verdict, found in verdicts.items():
            for at, given in enumerate(found if isinstance(found, list) else [found]):
                own, resources = dict(given), dict(given.get("$and", {}))
                own.pop("$and", None)
                address = own.pop("$of", data["of"])
                shared = data.get("with", {}) if address == data["of"] else {}
                example = PlanExample(
                    id=f"{check}-{verdict}-{at}",
                    check=check,
                    address=address,
                    expect=verdict,
                    resources={**data.get("and", {}), address: {**shared, **own}, **resources},
                    params=data.get("params", {}),
                )
                examples.append(example)
    return ExampleFile(
        kind=data["kind"],
        examples=tuple(examples),
        not_answerable=data.get("not_answerable", {}),
    )


def judge(example: PlanExample) -> PlanFinding | None:
    """What the check says of the resource; None: nothing."""
    data, sources = planned(example)
    report = judge_data(data, sources, [example.check], example.params)
    return next((one for one in report.findings if one.address == example.address), None)


def planned(example: PlanExample) -> tuple[dict[str, Any], Sources]:
    """The plan of an example, and its blocks as their source would show them."""
    changes: list[dict[str, Any]] = []
    references: dict[str, dict[str, list[str]]] = {}
    sources: dict[str, dict[str, Any]] = {}
    for address, arguments in example.resources.items():
        found = _Planned(arguments)
        changes.append(_change(address, found))
        references[address] = found.references
        sources[address] = _facts(found)
    return plan(*changes, references=references), sources


def judge_data(
    data: Mapping[str, Any],
    sources: Sources,
    checks: Iterable[str],
    params: Mapping[str, Any],
) -> PlanReport:
    """What checks say of a plan."""
    return judge_plans(
        {"plan": reduce_plan(data, reads_of(maps()), sources)},
        library(),
        maps(),
        [library().checks[check] for check in checks],
        PlanEstate(
            target="terraform:test",
            params=resolve_params(library().parameters, params),
            started="2026-01-01T00:00:00Z",
        ),
        LiveWorld(),
    )


class _Planned:
    """The arguments of one resource as a plan has them: values, what is unknown, references."""

    def __init__(self, arguments: Arguments) -> None:
        self.exists = arguments.get("$existing", False)
        self.values: dict[str, Any] = {}
        self.unknown: dict[str, Any] = dict.fromkeys(arguments.get("$later", ()), True)
        self.references: dict[str, Any] = {}
        self.texts: list[str] = []
        for name, value in arguments.items():
            if name not in ("$existing", "$later"):
                self.unknown.pop(name, None)
                self._add(name, value)

    def _add(self, name: str, value: Any) -> None:
        if isinstance(value, str) and _REFERENCE.search(value) and not _REFERENCE.fullmatch(value):
            self.texts.append(name)
        known, unknown, references = _planned(value)
        if unknown is not True:
            self.values[name] = known
        if unknown:
            self.unknown[name] = unknown
        if references:
            self.references[name] = references


def _planned(value: Any) -> tuple[Any, Any, Any]:
    """The known part of a value, what of it is unknown, and its expression."""
    if isinstance(value, Mapping) and "$json" in value:
        return json.dumps(value["$json"]), False, None
    if isinstance(value, str) and _REFERENCE.search(value):
        attribute = _REFERENCE.findall(value)[0]
        return None, True, [attribute, attribute.rpartition(".")[0]]
    if isinstance(value, Mapping):
        return _planned_block(value)
    if isinstance(value, list):
        return _planned_list(value)
    return value, False, None


def _planned_block(value: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    parts = {name: _planned(inner) for name, inner in value.items() if name != "$later"}
    known = {name: part[0] for name, part in parts.items()}
    unknown = {name: part[1] for name, part in parts.items() if part[1]}
    unknown.update(dict.fromkeys(value.get("$later", ()), True))
    below = {name: expression_of(part[2]) for name, part in parts.items()}
    return known, unknown or False, below


def _planned_list(value: list[Any]) -> tuple[Any, Any, Any]:
    items = [_planned(item) for item in value]
    known = [item[0] for item in items]
    unknown = [item[1] for item in items]
    references = [[] if item[2] is None else item[2] for item in items]
    if value and all(isinstance(item, Mapping) for item in value):
        later = [one or {} for one in unknown] if any(unknown) else False
        return known, later, references
    if not any(unknown):
        return known, False, None
    if True in unknown:
        # Elements of a list are one expression, and their references are listed together.
        return known, unknown, list(chain.from_iterable(references))
    return known, [one or {} for one in unknown], references


def _change(address: str, found: _Planned) -> dict[str, Any]:
    data = address.startswith("data.")
    actions = ("read",) if data else ("no-op",) if found.exists else CREATE
    one = change(
        address,
        found.values,
        before=found.values if found.exists else None,
        actions=actions,
        unknown=found.unknown,
    )
    return {**one, "mode": "data"} if data else one


def _facts(found: _Planned) -> dict[str, Any]:
    """The block as its source would show it: a reference stands by itself, or in a text."""
    return {
        "file": "main.tf",
        "line": 1,
        "last": 1,
        "calls": [],
        "arguments": {},
        "plain": sorted(set(_paths("", found.references)) - set(found.texts)),
        "texts": sorted(found.texts),
        "dynamic": [],
        "references": [],
        "is_plain": False,
    }


def _paths(at: str, references: Any) -> Iterator[str]:
    if isinstance(references, Mapping) and "references" in references:
        yield at
    elif isinstance(references, Mapping):
        for name, inner in references.items():
            yield from _paths(f"{at}.{name}" if at else name, inner)
    elif isinstance(references, list) and any(isinstance(one, Mapping) for one in references):
        for inner in references:
            yield from _paths(at, inner)
    else:
        yield at
