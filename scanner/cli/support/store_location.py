"""Locates the history store and the repository of its anchors: by option, tscan.yaml or default."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

CONFIG: Final = Path("tscan.yaml")
"""The configuration of the working directory."""
STORE: Final = ".tscan"
"""The store where none is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLocation:
    """A store, as a folder or `s3://…`, and the Git repository that its records are anchored in."""

    store: str
    anchors: str = ""


def configured_location() -> StoreLocation:
    """The store that tscan.yaml names, or the default; ContentError for an invalid tscan.yaml."""
    if not CONFIG.is_file():
        return StoreLocation(store=STORE)
    from scanner.content.config import load_store_location

    store, anchors = load_store_location(CONFIG)
    return StoreLocation(store=store or STORE, anchors=anchors)


def named_location(store: str) -> StoreLocation:
    """The store that an option names, or the configured one where the option was left out."""
    if not store:
        return configured_location()
    # The anchors of tscan.yaml are those of another store: they would not match.
    return StoreLocation(store=store)
