"""The reviewed lists of REST operations, one file for each cloud; nothing else passes the door."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from scanner.content.operations import load_operations
from scanner.model.rest_operations import RestOperations

_PROVIDERS: Final = Path(__file__).resolve().parents[2] / "providers"


def clouds() -> tuple[str, ...]:
    """The clouds that are spoken to by declared requests."""
    return tuple(sorted(path.parent.name for path in _PROVIDERS.glob("*/operations.yaml")))


@cache
def operations(cloud: str) -> RestOperations:
    """What a cloud may be asked, by `service:operation`."""
    return load_operations(_PROVIDERS / cloud / "operations.yaml", validate=False)
