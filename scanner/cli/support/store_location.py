"""Where history lies, and its anchors: as options name it, as tscan.yaml does, or `.tscan`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

CONFIG: Final = Path("tscan.yaml")
STORE: Final = ".tscan"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLocation:
    """A store, and the repository that keeps its anchors."""

    store: str
    anchors: str = ""


def configured_place() -> StoreLocation:
    """The place that tscan.yaml names; ContentError where there is one that is wrong."""
    if not CONFIG.is_file():
        return StoreLocation(store=STORE)
    from scanner.content.config import load_place

    store, anchors = load_place(CONFIG)
    return StoreLocation(store=store or STORE, anchors=anchors)


def named_place(store: str) -> StoreLocation:
    """A store that was named has no other anchors than those that are named too."""
    return StoreLocation(store=store) if store else configured_place()
