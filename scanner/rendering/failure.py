"""Fills in the sentence by which a check says what is wrong with a failing resource."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from scanner.model.findings import Finding
from scanner.rendering.sanitize import sanitized

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
"""`{name}`, `{self.attribute}` or `{params.parameter}`."""


def failure_sentence(sentence: str, finding: Finding, params: Mapping[str, Any]) -> str:
    """The sentence with the values of a failing finding; empty where one was not observed.

    `params` are those that judged it. A condition that fails by one value may not have looked at
    the next: no sentence is better than one with a hole.
    """
    values = _values(finding, params)
    if any(name not in values for name in _PLACEHOLDER.findall(sentence)):
        return ""
    return _PLACEHOLDER.sub(lambda found: values[found[1]], sentence)


def _values(finding: Finding, params: Mapping[str, Any]) -> Mapping[str, str]:
    resource = finding.resource
    values = {
        "name": resource.name or resource.id,
        "self.id": resource.id,
        "self.name": resource.name,
        "self.region": resource.region,
    }
    # A condition that ends early did not look at its parameters: they are known all the same.
    given = {f"params.{name}": value for name, value in params.items()}
    given.update((item.path, item.value) for item in finding.observed)
    for path, value in given.items():
        # A list or a record has no place in a sentence.
        if isinstance(value, str | int | float | datetime):
            values[path] = _text(value)
    return {name: sanitized(value) for name, value in values.items()}


def _text(value: str | int | float | datetime) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    # Before the numbers, for a bool is an int; conditions write true and false.
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
