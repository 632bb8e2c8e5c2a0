"""Reads and writes the marker file of a store, which names the version of its format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from scanner.errors import TscanError
from scanner.history.stores import Store
from scanner.model.answers import canonical

if TYPE_CHECKING:
    from scanner.history.records.seal import Signer

MARKER: Final = "store.json"
_SCHEMA: Final = "tscan.store/"
_VERSION: Final = 1


def check_marker(store: Store) -> bool:
    """Whether a store has a marker; TscanError for a format that this version does not read."""
    content = store.get(MARKER)
    if content is None:
        return False
    try:
        schema = json.loads(content)["schema"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise TscanError(
            f"{store.name}/{MARKER} cannot be read", f"it holds {_marker().decode().strip()}"
        ) from None
    version = str(schema).removeprefix(_SCHEMA)
    if version == str(_VERSION):
        return True
    hint = "name another store"
    # Cut: int() refuses very long numbers.
    if version.isdecimal() and int(version[:9]) > _VERSION:
        hint = "upgrade tscan"
    raise TscanError(f"{store.name}: unknown store format {schema}", hint)


def _marker() -> bytes:
    return canonical({"schema": f"{_SCHEMA}{_VERSION}"}).encode() + b"\n"


def check_place(store: Store) -> None:
    """TscanError for a place without a marker that is not empty; nothing is written."""
    if check_marker(store):
        return
    foreign = store.stranger()
    if foreign:
        hint = "name a new or empty folder"
        raise TscanError(f"{store.name} contains files that are not history: {foreign}", hint)


def prepare(store: Store, signer: Signer | None) -> None:
    """Write the marker and the public key, and check that the store never overwrites a file."""
    check_place(store)
    store.put_new(MARKER, _marker())
    # Chains stay linear only if a second record of one number is refused. Some object stores ignore
    # If-None-Match.
    if store.put_new(MARKER, _marker()):
        hint = "use a bucket that supports If-None-Match, or a folder"
        raise TscanError(
            f"{store.name} overwrites files on create, so that one of two scans could be lost",
            hint,
        )
    if signer is not None:
        store.put_new(f"keys/{signer.key_id}.pem", signer.public)
