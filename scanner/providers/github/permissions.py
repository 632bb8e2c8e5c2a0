"""GitHub: the permissions of an app that operations need."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from scanner.client.rest.operations import operations

DISCOVERY: Final = {"metadata=read": "what the organisation is called"}
"""Every app that is installed has this one."""


def permissions_of(operation: str) -> tuple[str, ...]:
    """What an operation needs, as the reviewed list says."""
    return operations("github")[operation].permission


def manifest(permissions: Iterable[str]) -> str:
    """The permissions as the manifest of an app takes them."""
    pairs = dict(sorted(name.split("=") for name in permissions))
    app = {
        "name": "tscan-read",
        "public": False,
        "default_events": [],
        "default_permissions": pairs,
    }
    return json.dumps(app, indent=2) + "\n"
