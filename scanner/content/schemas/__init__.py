"""Loads the JSON Schemas of the formats: what editors complete with, and what the loader validates
with.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from scanner.registry import entry_points

FOLDER: Final = Path(__file__).parent
_PROVIDERS: Final = FOLDER.parents[1] / "providers"


WITH_PLUGINS: Final = "config with plugins"
"""Name of the schema of `tscan.yaml` that also knows the clouds of installed plugins."""


@cache
def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a format: `check`, `kind`, …"""
    if name == "config":
        return _config_schema(own_targets())
    if name == WITH_PLUGINS:
        return _config_schema({**plugin_targets(), **own_targets()})
    return _load(FOLDER / f"{name}.json")


def names() -> list[str]:
    """The formats that have a schema."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def published(name: str) -> str:
    """The text of a schema for editors; the same whatever plugins are installed."""
    if name == "config":
        return json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n"
    return (FOLDER / f"{name}.json").read_text(encoding="utf-8")


# How a target is written is data of its provider, so that a new cloud is named in one place only:
# PROVIDERS.
@cache
def own_targets() -> dict[str, Any]:
    """By cloud: the schema of a target, the `target.json` of each provider of tscan."""
    paths = sorted(_PROVIDERS.glob("*/target.json"))
    return {path.parent.name: _load(path) for path in paths}


def plugin_targets() -> dict[str, Any]:
    """By cloud: `target.json` of each package that an entry point of `scanner.providers` names.

    Slow: every installed package is looked at, so only where a cloud is unknown otherwise.
    """
    targets: dict[str, Any] = {}
    for point in entry_points(group="scanner.providers"):
        path = resources.files(point.module) / "target.json"
        targets[point.name] = json.loads(path.read_bytes())
    return targets


def target_schema(cloud: str) -> dict[str, Any] | None:
    """The schema of a target of a cloud; None for a cloud that is not known."""
    own: dict[str, Any] | None = own_targets().get(cloud)
    return own or plugin_targets().get(cloud)


def _config_schema(targets: dict[str, Any]) -> dict[str, Any]:
    config = _load(FOLDER / "config.json")
    config["properties"]["targets"]["items"]["properties"] = targets
    return config


def _load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_bytes())
    return loaded
