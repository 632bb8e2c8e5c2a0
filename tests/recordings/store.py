"""The recordings, scenario by scenario: whole only inside one recorded run of the tool that made
them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

WHERE = "shared/recordings"
ABSENT = f"the recordings are not here: they lie in {WHERE} beside the checkout, or beside the folder that it is in"


def folder() -> Path | None:
    """Where the recordings lie; None where there are none."""
    near = (ROOT.parent / WHERE, ROOT.parent.parent / WHERE)
    return next((path for path in near if path.is_dir()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One request and its response."""

    file: str
    method: str
    url: str
    status: int
    headers: Mapping[str, str]
    body: Any
    recorded: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What was recorded in one run, in its order."""

    cloud: str
    name: str
    recordings: tuple[Recording, ...]


@cache
def scenarios(cloud: str) -> Mapping[str, Scenario]:
    """Every scenario of a cloud by name; none where the recordings are absent."""
    place = folder()
    found: dict[str, list[tuple[tuple[int, str], Recording]]] = defaultdict(list)
    for path in sorted(place.glob(f"{cloud}/*.json")) if place else ():
        data = json.loads(path.read_bytes())
        name, order = _scenario(data["source"], path)
        found[name].append((order, _recording(data, path)))
    return {
        name: Scenario(
            cloud=cloud,
            name=name,
            recordings=tuple(recording for _, recording in sorted(rows, key=lambda row: row[0])),
        )
        for name, rows in sorted(found.items())
    }


def _scenario(source: Mapping[str, Any], path: Path) -> tuple[str, tuple[int, str]]:
    """The name of the run that a recording is of, and its place in it."""
    text = source.get("path") or source["paths"][0]
    if "interaction" in source:
        return Path(text).stem, (int(source["interaction"]), path.name)
    return Path(text).parent.name, (0, path.name)


def _recording(data: Mapping[str, Any], path: Path) -> Recording:
    request, response = data["request"], data["response"]
    return Recording(
        file=path.name,
        method=request["method"],
        url=request["url"],
        status=response["status"],
        headers=response["headers"],
        body=response["body"],
        recorded=str(data["source"].get("recorded", "")),
    )


def with_operation(cloud: str, *words: str) -> Iterator[Scenario]:
    """Scenarios in which some request's address holds all of these words."""
    for scenario in scenarios(cloud).values():
        if any(all(word in recording.url for word in words) for recording in scenario.recordings):
            yield scenario
