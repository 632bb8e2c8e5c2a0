"""Loads the reviewed lists of REST operations, one file for each cloud; no other operation is ever
sent.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from scanner.content.operations import load_operations
from scanner.model.rest_operations import RestOperations

PROVIDERS: Final = Path(__file__).resolve().parents[2] / "providers"


def clouds() -> tuple[str, ...]:
    """The clouds that have a list."""
    return tuple(sorted(path.parent.name for path in PROVIDERS.glob("*/operations.yaml")))


@cache
def operations(cloud: str) -> RestOperations:
    """The reviewed operations of a cloud, by `service:operation`."""
    return load_operations(PROVIDERS / cloud / "operations.yaml", validate=False)
