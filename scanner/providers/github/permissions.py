"""Derives the permissions of a GitHub App from the operations that it calls."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from scanner.client.rest.operations import operations

DISCOVERY: Final = {"metadata=read": "display name of the organization"}
"""Every installed app has this one."""


def permissions_of(operation: str) -> tuple[str, ...]:
    """The permissions of an operation, as the reviewed list declares them."""
    return operations("github")[operation].permission


def manifest(permissions: Iterable[str]) -> str:
    """The permissions as a GitHub App manifest (JSON)."""
    pairs = dict(sorted(name.split("=") for name in permissions))
    app = {
        "name": "tscan-read",
        "public": False,
        "default_events": [],
        "default_permissions": pairs,
    }
    return json.dumps(app, indent=2) + "\n"
