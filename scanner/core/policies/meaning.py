from __future__ import annotations
from typing import Any
from scanner.model.values import Unreadable
def read_policy(document: Any, *, account: str, resource: str = "") -> dict[str, Any] | Unreadable:
    return Unreadable("policies are not read yet")
def read_trust_policy(document: Any, *, account: str, resource: str = "") -> dict[str, Any] | Unreadable:
    return Unreadable("policies are not read yet")
