"""Replaces secrets in answers before anything else sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from scanner.client.interfaces import Rules
from scanner.client.paths import PathTree, descend
from scanner.client.secret_detection import Detector

MARK: Final = "$redacted"
"""The one key of the mapping that stands for a redacted value: `{"$redacted": "Private Key"}`."""
DECLARED: Final = "declared secret"
_LONGEST_MESSAGE: Final = 500
"""Characters; a response that could not be parsed stands whole in the SDK's message."""
_SHORTEST_KEY: Final = 16
"""Characters of a key in which a secret is looked for; tags have any key."""
Trees = tuple[PathTree, ...]


class Redactor:
    """Replaces declared secrets, and those that detection finds where no attribute reads; safe in
    threads.
    """

    def __init__(self, rules: Rules, detector: Detector | None = None) -> None:
        self._detector = detector or Detector()
        self._secrets = _trees(rules.secrets)
        self._read = _trees(rules.read)

    def clean(self, operation: str, data: Any) -> tuple[Any, tuple[str, ...]]:
        """The data without secrets, and the concrete paths that were replaced."""
        walk = _Walk(self._detector)
        secrets = self._secrets.get(operation, ())
        read = self._read.get(operation, ())
        cleaned = walk.value(data, "", "", secrets, read)
        return cleaned, tuple(walk.replaced)

    def text(self, message: str) -> str:
        """A provider's message, cut to a length that people read; a note in its place if it holds a
        secret.
        """
        found = self._detector.find(message)
        if found:
            return f"(message redacted: {found})"
        if len(message) <= _LONGEST_MESSAGE:
            return message
        return f"{message[:_LONGEST_MESSAGE]}…"


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
        secrets: Trees,
        read: Trees,
    ) -> Any:
        """A value without secrets; `secrets` and `read` are the trees that continue at its path."""
        if secrets and _ends(secrets):
            return self._mark(path, DECLARED)
        if isinstance(value, dict):
            return self._mapping(value, path, secrets, read)
        if isinstance(value, list):
            return [
                self.value(item, f"{path}[{index}]", key, secrets, read)
                for index, item in enumerate(value)
            ]
        # What a check reads is left alone: a policy with a long hash in it must not become
        # unreadable.
        if not isinstance(value, str) or (read and _ends(read)):
            return value
        found = self._detector.find_value(key, value)
        return self._mark(path, found) if found else value

    def _mapping(
        self,
        value: dict[str, Any],
        path: str,
        secrets: Trees,
        read: Trees,
    ) -> dict[str, Any]:
        if secrets:
            secrets = tuple(tree for tree in secrets if not tree.spares(value))
        # A path that ends here is read with everything below it.
        read_whole = bool(read) and _ends(read)
        cleaned: dict[str, Any] = {}
        for key, item in value.items():
            found = "" if read_whole else self._secret_key(key)
            if found:
                name = f"{MARK}:{len(cleaned)}"
                cleaned[name] = self._mark(_below(path, name), found)
                continue
            secrets_below = descend(secrets, key) if secrets else secrets
            read_below = read if read_whole else descend(read, key)
            cleaned[key] = self.value(item, _below(path, key), key, secrets_below, read_below)
        return cleaned

    def _secret_key(self, key: str) -> str:
        """The kind of secret that a key itself holds; empty: none."""
        return self._detector.find(key) if len(key) >= _SHORTEST_KEY else ""

    def _mark(self, path: str, reason: str) -> dict[str, str]:
        self.replaced.append(path)
        return {MARK: reason}


def _trees(paths: Mapping[str, Any]) -> dict[str, Trees]:
    return {operation: (PathTree.of(found),) for operation, found in paths.items()}


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _ends(trees: Trees) -> bool:
    """Whether a path ends here. Most often there is one tree, or two."""
    # `any` takes twice as long, and this runs for every value of every answer.
    for tree in trees:  # noqa: SIM110
        if tree.end:
            return True
    return False
