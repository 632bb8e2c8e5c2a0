"""Fills in the sentence by which a check says what is wrong with a failing resource."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from scanner.model.findings import Finding
from scanner.rendering.sanitize import sanitized

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
"""`{name}`, `{self.attribute}` or `{params.parameter}`."""


def failure_sentence(sentence: str, finding: Finding) -> str:
    """The sentence with the values of a failing finding; empty where one was not observed.

    A condition that fails by one value may not have looked at the next: no sentence is better than
    one with a hole.
    """
    values = _values(finding)
    if any(name not in values for name in _PLACEHOLDER.findall(sentence)):
        return ""
    return _PLACEHOLDER.sub(lambda found: values[found[1]], sentence)


def _values(finding: Finding) -> Mapping[str, str]:
    resource = finding.resource
    values = {
        "name": resource.name or resource.id,
        "self.id": resource.id,
        "self.name": resource.name,
        "self.region": resource.region,
    }
    for item in finding.observed:
        # A list or a record has no place in a sentence.
        if isinstance(item.value, str | int | float):
            values[item.path] = _text(item.value)
    return {name: sanitized(value) for name, value in values.items()}


def _text(value: str | int | float) -> str:
    # Before the numbers, for a bool is an int; conditions write true and false.
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
