"""The library that tscan ships, loaded once a process."""

from __future__ import annotations

from functools import cache

from scanner.content import load_library
from scanner.model.library import Library


@cache
def shipped_library() -> Library:
    """All shipped checks, kinds and mappings. Nothing in it can be changed."""
    return load_library()
