"""Which kinds of Google Cloud are read from which recordings: the cases that `gcp.yaml` lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from scanner.model.config import TargetConfig
from tests.recordings.collecting import Pointed, gcp_project
from tests.recordings.replay import Opening
from tests.recordings.store import scenarios

IGNORED = frozenset(
    {"all", "filter", "options.requestedPolicyVersion", "optionsRequestedPolicyVersion"}
)
"""Arguments that the tool that recorded did not send, or sent otherwise; its answers are those of
its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One scenario, read as one target with the checks that need nothing else than it holds."""

    scenario: str
    target: str
    """Id of a project, or number of an organization."""
    checks: tuple[str, ...]
    authored: tuple[Opening, ...]
    """Responses that were not recorded, and without which the recorded ones are never asked for."""
    why: str
    """What is surprising in what was found, explained."""

    @property
    def pointed(self) -> Pointed:
        """The target, with every authored response by which it is opened and read."""
        config, opening = (
            _organization(self.target) if self.target.isdecimal() else gcp_project(self.target)
        )
        return replace(config, params={"approved_administrators": []}), (*opening, *self.authored)


def cases() -> Mapping[str, Case]:
    """Every case by its name."""
    data = yaml.safe_load((Path(__file__).parent / "gcp.yaml").read_text())
    return {
        f"{row['scenario']}-{row['target']}": _case(row, data["checks"]) for row in data["cases"]
    }


def _case(row: Mapping[str, Any], groups: Mapping[str, list[str]]) -> Case:
    return Case(
        scenario=row["scenario"],
        target=row["target"],
        checks=tuple(check for name in row["checks"] for check in groups.get(name, [name])),
        authored=tuple(_authored(row)),
        why=row["why"],
    )


def _authored(row: Mapping[str, Any]) -> Iterator[Opening]:
    for path, body in row.get("authored", {}).items():
        yield Opening(path=path, body=body or _nothing(path))
    if "above" in row:
        yield _ancestry(row["target"], row["above"])
    if "authored_each" in row and (found := scenarios("gcp").get(row["scenario"])):
        each = row["authored_each"]
        names = [item["name"].rpartition("/")[2] for item in found.recordings[0].body[each["of"]]]
        for name in names:
            path = each["at"].format(name=name)
            yield Opening(path=path, body=_nothing(path))


def _nothing(path: str) -> dict[str, Any]:
    """An answer that holds nothing: a policy without bindings has its version all the same."""
    return {"etag": "ACAB"} if path.endswith(":getIamPolicy") else {}


def _ancestry(project: str, above: list[str]) -> Opening:
    """The answer that tells what is above a project, as `folders/1`."""
    levels = [f"projects/{project}", *above]
    named = [
        {"type": level.partition("/")[0].removesuffix("s"), "id": level.partition("/")[2]}
        for level in levels
    ]
    body = {"ancestor": [{"resourceId": one} for one in named]}
    return Opening(path=f"/v1/projects/{project}:getAncestry", body=body)


def _organization(number: str) -> Pointed:
    """An organization without folders and projects, and the responses by which it is opened."""
    about = Opening(path=f"/v3/organizations/{number}", body={"name": f"organizations/{number}"})
    below = (Opening(path="/v3/folders", body={}), Opening(path="/v3/projects", body={}))
    return TargetConfig(cloud="gcp", settings={"organization": number}), (about, *below)
