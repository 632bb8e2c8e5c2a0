"""Redaction: secrets are replaced in an answer before anything sees it."""

from __future__ import annotations

from typing import Any, Final

from scanner.client.interfaces import Rules
from scanner.client.paths import PathTree, descend
from scanner.client.secret_detection import Detector

MARK: Final = "$redacted"
"""The one key of the mapping that stands for a redacted value: `{"$redacted": "Private Key"}`."""
DECLARED: Final = "declared secret"
_LONGEST_MESSAGE: Final = 500
"""Characters; an answer that could not be parsed stands whole in the SDK's message."""


class Redactor:
    """Replaces declared secrets, and those that detection finds where no attribute reads."""

    def __init__(self, rules: Rules, detector: Detector | None = None) -> None:
        self._detector = detector or Detector()
        self._secrets = {
            operation: (PathTree.of(paths),) for operation, paths in rules.secrets.items()
        }
        self._read = {operation: (PathTree.of(paths),) for operation, paths in rules.read.items()}

    def clean(self, operation: str, data: Any) -> tuple[Any, tuple[str, ...]]:
        """The data without secrets, and the concrete paths that were replaced."""
        walk = _Walk(self._detector)
        secrets, read = self._secrets.get(operation, ()), self._read.get(operation, ())
        return walk.value(data, "", "", secrets, read), tuple(walk.replaced)

    def text(self, message: str) -> str:
        """A provider's message, cut to one that people read, or a note in its place when it holds a secret."""
        found = self._detector.find(message)
        if found:
            return f"(message redacted: {found})"
        return message if len(message) <= _LONGEST_MESSAGE else f"{message[:_LONGEST_MESSAGE]}…"


class _Walk:
    """One pass over an answer; collects the paths that it replaced."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self.replaced: list[str] = []

    def value(
        self,
        value: Any,
        path: str,
        key: str,
        secrets: tuple[PathTree, ...],
        read: tuple[PathTree, ...],
    ) -> Any:
        if secrets and _ends(secrets):
            return self._mark(path, DECLARED)
        if isinstance(value, dict):
            return self._mapping(value, path, secrets, read)
        if isinstance(value, list):
            return [
                self.value(item, f"{path}[{index}]", key, secrets, read)
                for index, item in enumerate(value)
            ]
        if not isinstance(value, str) or (read and _ends(read)):
            return value
        found = self._detector.find_value(key, value)
        return self._mark(path, found) if found else value

    def _mapping(
        self,
        value: dict[str, Any],
        path: str,
        secrets: tuple[PathTree, ...],
        read: tuple[PathTree, ...],
    ) -> dict[str, Any]:
        secrets = secrets and tuple(tree for tree in secrets if not tree.spares(value))
        whole = bool(read) and _ends(read)
        cleaned: dict[str, Any] = {}
        for key, item in value.items():
            inner = f"{path}.{key}" if path else key
            found = "" if whole or len(key) < 16 else self._detector.find(key)
            if found:
                name = f"{MARK}:{len(cleaned)}"
                cleaned[name] = self._mark(f"{path}.{name}" if path else name, found)
                continue
            below = descend(secrets, key) if secrets else secrets
            cleaned[key] = self.value(
                item, inner, key, below, read if whole or not read else descend(read, key)
            )
        return cleaned

    def _mark(self, path: str, reason: str) -> dict[str, str]:
        self.replaced.append(path)
        return {MARK: reason}


def _ends(trees: tuple[PathTree, ...]) -> bool:
    """Whether a path ends here. Most often there is one tree, or two."""
    for tree in trees:  # noqa: SIM110 - `any` takes twice as long, and this is asked of every value of every answer
        if tree.end:
            return True
    return False
