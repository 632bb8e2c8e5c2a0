"""Indented JSON: the bytes that `json` writes with two spaces, in half the time; its C encoder does not indent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring_ascii
from typing import Any


def indented(value: Any) -> str:
    """A document as text, ASCII; ValueError for a number that JSON lacks, TypeError for a value that it lacks."""
    parts: list[str] = []
    _write(value, "", "\n", parts)
    return "".join(parts)


def _write(value: Any, before: str, line: str, parts: list[str]) -> None:
    """A value after a text; `line` is a line break and the indentation of what holds it."""
    if isinstance(value, str):
        parts.append(before + encode_basestring_ascii(value))
    elif value is True or value is False:
        parts.append(f"{before}true" if value else f"{before}false")
    elif type(value) is int:
        parts.append(f"{before}{value}")
    elif isinstance(value, dict) and value:
        _mapping(value, before, line, parts)
    elif isinstance(value, (list, tuple)) and value:
        _sequence(value, before, line, parts)
    else:
        parts.append(before + json.dumps(value, allow_nan=False))


def _mapping(value: Mapping[Any, Any], before: str, line: str, parts: list[str]) -> None:
    inner = f"{line}  "
    between = f"{before}{{{inner}"
    for key, item in value.items():
        if not isinstance(key, str):
            raise TypeError(f"a key is {type(key).__name__}")
        name = f"{between}{encode_basestring_ascii(key)}: "
        if isinstance(item, str):
            parts.append(name + encode_basestring_ascii(item))
        else:
            _write(item, name, inner, parts)
        between = f",{inner}"
    parts.append(f"{line}}}")


def _sequence(value: Sequence[Any], before: str, line: str, parts: list[str]) -> None:
    inner = f"{line}  "
    between = f"{before}[{inner}"
    for item in value:
        _write(item, between, inner, parts)
        between = f",{inner}"
    parts.append(f"{line}]")
