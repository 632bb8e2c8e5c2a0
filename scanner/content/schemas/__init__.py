"""JSON Schemas of the formats: what editors complete with, and what the loader validates with."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent


@cache
def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a format: `check`, `kind`, …"""
    loaded: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_bytes())
    return loaded


def names() -> list[str]:
    """The formats that have a schema."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))
