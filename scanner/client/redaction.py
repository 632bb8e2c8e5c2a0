"""Replaces secrets in answers before anything else sees them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from scanner.client.interfaces import Rules
from scanner.client.paths import PathTree, descend
from scanner.client.secret_detection import AWS_SECRET, TOO_LONG, Detector, Search, compiled, forms
from scanner.model.redacted import KEY_MARK, MARK

DECLARED: Final = "declared secret"
_LONGEST_MESSAGE: Final = 500
"""Characters; a response that could not be parsed stands whole in the SDK's message."""
_LONGEST_CODE: Final = 200
"""Characters of an error code or a request id."""
_DIGEST: Final = re.compile(rf"/{re.escape(MARK)}:[0-9a-f]{{16}}")
"""What stands for the rest of a secret of which a part is kept."""
_INDEX: Final = re.compile(r"\[\d+\]")
Trees = tuple[PathTree, ...]


class Redactor:
    """Replaces declared secrets, and those that detection finds in any text; safe in threads."""

    def __init__(self, rules: Rules, detector: Detector | None = None) -> None:
        self._detector = detector or Detector()
        self._secrets = _trees(rules.secrets)
        self._keeps = _compiled_keeps(rules.keeps)

    def clean(self, operation: str, data: Any) -> tuple[Any, tuple[str, ...]]:
        """The data without secrets, and the concrete paths that were replaced."""
        walk = _Walk(self._detector, self._keeps.get(operation, {}))
        cleaned = walk.value(data, "", (), self._secrets.get(operation, ()))
        return cleaned, tuple(walk.replaced)

    def text(self, message: str) -> str:
        """A provider's message, cut to a length that people read; a note in its place if it holds a
        secret.
        """
        return self._bounded(message, "message", _LONGEST_MESSAGE)

    def code(self, code: str) -> str:
        """A provider's error code or request id, in the same way."""
        return self._bounded(code, "code", _LONGEST_CODE)

    def _bounded(self, text: str, what: str, longest: int) -> str:
        found = self._detector.find(text)
        if found:
            return f"({what} redacted: {found})"
        return text if len(text) <= longest else f"{text[:longest]}…"


@cache
def text_redactor() -> Redactor:
    """Redacts what a provider says outside of answers, where no paths are declared."""
    return Redactor(Rules())


@dataclass(slots=True)
class _Walk:
    """One pass over an answer; collects the paths that it replaced."""

    detector: Detector
    keeps: Mapping[str, Search]
    """By path: matches a secret whole; the first group is what is kept of it."""
    replaced: list[str] = field(default_factory=list)

    def value(
        self,
        value: Any,
        path: str,
        names: tuple[str, ...],
        secrets: Trees,
    ) -> Any:
        """A value without secrets: `names` say what it is, `secrets` continue at its path."""
        if secrets and _ends(secrets):
            return self._mark(value, path, DECLARED)
        if isinstance(value, dict):
            return self._mapping(value, path, secrets)
        if isinstance(value, list):
            return [
                self.value(item, f"{path}[{index}]", names, secrets)
                for index, item in enumerate(value)
            ]
        if not isinstance(value, str):
            return value
        keep = self.keeps.get(_INDEX.sub("[]", path)) if self.keeps else None
        if keep is not None:
            return self._kept(value, path, keep)
        found = self.detector.find_value(names, value)
        return self._text(value, path, names, found) if found else value

    def _mapping(self, value: dict[str, Any], path: str, secrets: Trees) -> dict[str, Any]:
        if _is_own_mark(value):
            return value
        if secrets:
            secrets = tuple(tree for tree in secrets if not tree.spares(value))
        named = tuple(_names_of_value(value))
        cleaned: dict[str, Any] = {}
        for key, item in value.items():
            found = self.detector.find(key)
            if found:
                name = f"{KEY_MARK}{len(cleaned)}"
                cleaned[name] = self._mark(item, _below(path, name), found)
                continue
            names = (key, *named) if named and _holds_value(key) else (key,)
            below = descend(secrets, key) if secrets else secrets
            cleaned[key] = self.value(item, _below(path, key), names, below)
        return cleaned

    def _text(self, text: str, path: str, names: tuple[str, ...], found: str) -> Any:
        """A text with a secret in it: a JSON text keeps what is none, any other is replaced."""
        before = len(self.replaced)
        cleaned = self._inside_json(text, path)
        if len(self.replaced) > before and not self.detector.find_value(names, cleaned):
            return cleaned
        del self.replaced[before:]
        return self._mark(text, path, found)

    def _inside_json(self, text: str, path: str) -> str:
        """A JSON text without the secrets that stand in it; any other text as it is."""
        try:
            parsed = _parsed(text)
            if parsed is None:
                return text
            return json.dumps(self.value(parsed, path, (), ()), ensure_ascii=False)
        except RecursionError:
            return text

    def _kept(self, text: str, path: str, keep: Search) -> Any:
        """The part of a declared secret that is needed; the rest of it as a digest, so that two
        differ.
        """
        found = keep(text.encode("utf-8", "surrogatepass"))
        if found is None or self.detector.find(found[1].decode()):
            return self._mark(text, path, DECLARED)
        part = found[1].decode()
        rest = text[len(part) :]
        if not rest or _DIGEST.fullmatch(rest):
            return text
        self.replaced.append(path)
        digest = hashlib.sha256(rest.encode("utf-8", "surrogatepass")).hexdigest()
        return f"{part}/{MARK}:{digest[:16]}"

    def _mark(self, value: Any, path: str, reason: str) -> Any:
        if _is_own_mark(value):
            return value
        self.replaced.append(path)
        return {MARK: reason}


def _is_own_mark(value: Any) -> bool:
    """Whether a value was redacted already: redaction of what is redacted changes nothing."""
    return isinstance(value, dict) and len(value) == 1 and value.get(MARK) in _reasons()


@cache
def _reasons() -> frozenset[str]:
    """Everything that a mark of tscan's says: another text under its key is an answer's own."""
    return frozenset((DECLARED, AWS_SECRET, TOO_LONG, *(form.name for form in forms())))


def _names_of_value(record: Mapping[str, Any]) -> Iterator[str]:
    """What names the value of a record: `{"Name": "DB_PASSWORD", "Value": "…"}`."""
    if not any(_holds_value(key) for key in record):
        return
    for key, item in record.items():
        if isinstance(item, str) and key.lower().endswith(("name", "key")):
            yield item


def _holds_value(key: str) -> bool:
    return key[-5:].lower() == "value" or key[-6:].lower() == "values"


def _parsed(text: str) -> Any:
    """What a JSON text holds; None for any other text, and where it cannot be written the same."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    except ValueError:
        return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is written twice")
    return found


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _trees(paths: Mapping[str, Any]) -> dict[str, Trees]:
    return {operation: (PathTree.of(found),) for operation, found in paths.items()}


def _compiled_keeps(
    keeps: Mapping[str, Mapping[str, str]],
) -> dict[str, dict[str, Search]]:
    found: dict[str, dict[str, Search]] = {}
    for operation, patterns in keeps.items():
        found[operation] = {
            path: compiled(pattern, captures=True).fullmatch for path, pattern in patterns.items()
        }
    return found


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _ends(trees: Trees) -> bool:
    """Whether a path ends here. Most often there is one tree, or two."""
    # `any` takes twice as long, and this runs for every value of every answer.
    for tree in trees:  # noqa: SIM110
        if tree.end:
            return True
    return False
