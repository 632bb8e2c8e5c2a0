"""The marker: what says that a store was begun, and in which form."""

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
    """Whether a store was begun; TscanError for one of a newer tscan."""
    content = store.get(MARKER)
    if content is None:
        return False
    try:
        schema = json.loads(content)["schema"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise TscanError(
            f"{store.name}/{MARKER} cannot be read", f"it holds {_marker().decode().strip()}"
        ) from None
    number = str(schema).removeprefix(_SCHEMA)
    if number != str(_VERSION):
        newer = number.isdecimal() and int(number[:9]) > _VERSION
        raise TscanError(
            f"{store.name}: the store's form {schema} is not known",
            "upgrade tscan" if newer else "name another store",
        )
    return True


def _marker() -> bytes:
    return canonical({"schema": f"{_SCHEMA}{_VERSION}"}).encode() + b"\n"


def check_place(store: Store) -> None:
    """TscanError where a store was not begun, and must not be; nothing is written."""
    if not check_marker(store) and (name := store.stranger()):
        hint = "name a folder that is empty or not there yet"
        raise TscanError(f"{store.name} holds something else than history: {name}", hint)


def prepare(store: Store, signer: Signer | None) -> None:
    """Begin a store, or find that it can be written: a second creation of one name must be refused by it."""
    check_place(store)
    store.put_new(MARKER, _marker())
    if store.put_new(MARKER, _marker()):
        hint = "give a bucket that honours If-None-Match, or a folder"
        raise TscanError(
            f"{store.name} writes over files that it was asked to create: two scans could be lost",
            hint,
        )
    if signer is not None:
        store.put_new(f"keys/{signer.key_id}.pem", signer.public)
