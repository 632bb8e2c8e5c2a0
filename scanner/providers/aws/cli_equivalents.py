"""Writes calls as commands of the AWS CLI, so that anybody can repeat them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any, Final

from scanner.model.answers import Call

_SERVICES: Final = {"s3": "s3api", "config": "configservice", "codedeploy": "deploy"}
"""What the CLI calls otherwise than the SDK does."""
_BOUNDARY: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SPECIAL: Final = ("file:", "fileb:", "http:", "https:", "-")
"""Beginnings of values that the CLI takes for something else than the value."""


def command(call: Call) -> str:
    """`aws s3api get-bucket-policy --bucket NAME --region eu-west-1`; nested parameters stand as
    JSON.

    The CLI joins pages by itself, as tscan does.
    """
    service, _, operation = call.operation.partition(":")
    words = ["aws", _SERVICES.get(service, service), kebab(operation)]
    if all(_plain(value) for value in call.params.values()):
        for name, value in sorted(call.params.items()):
            words.extend(_option(kebab(name), value))
    else:
        text = json.dumps(call.params, sort_keys=True, ensure_ascii=True)
        words.extend(["--cli-input-json", text])
    # Without a region the CLI takes the user's own, as it is right for a global service.
    if call.region:
        words += ["--region", call.region]
    return " ".join(shlex.quote(word) for word in [*words, "--output", "json"])


def kebab(name: str) -> str:
    """`GetBucketPolicy` → `get-bucket-policy`, `DescribeDBInstances` → `describe-db-instances`."""
    return _BOUNDARY.sub("-", name).lower()


def _plain(value: Any) -> bool:
    """Whether a value can stand as a word of its own."""
    if isinstance(value, Mapping) or value is None:
        return False
    if isinstance(value, (list, tuple)):
        return bool(value) and all(_plain_item(item) for item in value)
    text = str(value)
    # The CLI reads a value such as `file://…` from a file of the person who repeats the call.
    return bool(text) and text.isascii() and text.isprintable() and not text.startswith(_SPECIAL)


def _plain_item(item: Any) -> bool:
    return not isinstance(item, (list, tuple, bool)) and _plain(item)


def _option(name: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [f"--{name}"] if value else [f"--no-{name}"]
    if isinstance(value, (list, tuple)):
        return [f"--{name}", *map(str, value)]
    return [f"--{name}", str(value)]
