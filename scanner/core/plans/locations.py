"""Finds the lines of a finding: the argument that decided it, or the block of its resource."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from scanner.core.plans.map_reader import PlanItem
from scanner.core.plans.world import PlanResource
from scanner.core.reading.read_plan import attribute_paths
from scanner.model.findings import Finding
from scanner.model.kinds import Attribute, Kind
from scanner.model.plan_findings import SourceLocation
from scanner.model.plan_maps import ArgumentPath, Place, PlanMap

_OBSERVED: Final = re.compile(r"self\.(\w+)(?:\[(\d+)\](?:\.(\w+))?)?")
_DOWNLOADED: Final = ".terraform/"
_Candidate = tuple[PlanResource, ArgumentPath]


def locate(item: PlanItem, finding: Finding, kind: Kind) -> SourceLocation | None:
    """Where a finding is annotated; None: its block is not in the source folder."""
    if item.of is None:
        return None
    # A new part, or a changed one, makes the news: it comes before what was there.
    candidates = sorted(_candidates(item, finding, kind), key=_is_news, reverse=True)
    for resource, argument in candidates:
        location = _argument(resource, argument)
        if location is not None:
            return location
    return _block(item.of)


def _is_news(candidate: _Candidate) -> bool:
    return not candidate[0].is_unchanged


def _candidates(item: PlanItem, finding: Finding, kind: Kind) -> Iterator[_Candidate]:
    """The arguments that the observed values were made of, each with its resource."""
    if item.map is None:
        return
    for observed in finding.observed:
        found = _OBSERVED.match(observed.path)
        attribute = kind.attributes.get(found[1]) if found else None
        if found is None or attribute is None:
            continue
        part = _part_of_item(item, attribute, found[2])
        for place in _places(item.map, attribute, found[3]):
            yield from _resources(item, part, place)


def _resources(item: PlanItem, part: PlanResource | None, place: Place) -> Iterator[_Candidate]:
    """The resources that an argument may be of: the part that an item was made of, if it is one."""
    types, argument = place
    if part is not None:
        if part.type in types:
            yield part, argument
        return
    if item.of is not None and item.of.type in types and not item.is_partial:
        yield item.of, argument
    for parts in item.parts.values():
        for one in parts.found:
            if one.type in types:
                yield one, argument


def _part_of_item(
    item: PlanItem, attribute: Attribute, position: str | None
) -> PlanResource | None:
    """The part that one item of a list was made of; None: it is the resource's own, or no item."""
    if position is None:
        return None
    for path in attribute.api.paths:
        items = _at(item.answers, path)
        if isinstance(items, list) and int(position) < len(items):
            return item.made_by.get(id(items[int(position)]))
    return None


def _at(answers: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = answers
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _places(plan_map: PlanMap, attribute: Attribute, field: str | None) -> Iterator[Place]:
    """The arguments behind an attribute, or behind one field of its records."""
    paths = list(attribute_paths(attribute))
    if field is not None and field in attribute.each:
        source = next(iter(attribute.api.paths), ())
        below = attribute_paths(attribute.each[field])
        paths = [(*source, "[]", *path[1:]) for path in below if path[0] == "item"]
    for path in paths:
        for member, places in plan_map.made_of.items():
            length = min(len(member), len(path))
            if member[:length] == path[:length]:
                yield from places


def _argument(resource: PlanResource, argument: ArgumentPath) -> SourceLocation | None:
    """The lines of an argument, or of the block around it; None: nothing of it is written."""
    written: Mapping[str, list[int]] = resource.source.get("arguments", {})
    steps = [step for step in argument if step != "[]"]
    while steps:
        lines = written.get(".".join(steps))
        if lines:
            return _location(resource.source, *lines)
        steps.pop()
    return None


def _block(resource: PlanResource) -> SourceLocation | None:
    """The first line of a block."""
    if not resource.source:
        return None
    return _location(resource.source, resource.source["line"], resource.source["line"])


def _location(source: Mapping[str, Any], first: int, last: int) -> SourceLocation:
    """The lines in the user's repository: of a downloaded module, the outermost call of it."""
    calls = tuple(source.get("calls", ()))
    note: str = source.get("note", "")
    if source["file"].startswith(_DOWNLOADED) and calls:
        file, _, line = calls[0].rpartition(":")
        note = f"in {source['file']}:{first}"
        return SourceLocation(file=file, line=int(line), last=int(line), calls=calls, note=note)
    return SourceLocation(file=source["file"], line=first, last=last, calls=calls, note=note)
