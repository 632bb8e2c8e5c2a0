"""Writes workflow commands of GitHub Actions: lines that the runner takes from standard output."""

from __future__ import annotations

from collections.abc import Mapping

from scanner.rendering.sanitize import sanitized


def workflow_command(name: str, properties: Mapping[str, object], message: str) -> str:
    """`::name key=value,key=value::message`: one line, whatever the values hold.

    Lines of the message stay lines. A property without a value is left out, as the runner would.
    """
    written = [f"{key}={_property(str(value))}" for key, value in properties.items() if value]
    head = f"{name} {','.join(written)}" if written else name
    lines = [sanitized(line) for line in message.split("\n")]
    return f"::{head}::{_data(chr(10).join(lines))}"


def _data(text: str) -> str:
    # The percent sign first: it begins the other escapes.
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(sanitized(text)).replace(":", "%3A").replace(",", "%2C")
