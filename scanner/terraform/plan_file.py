"""Reads the JSON of a Terraform plan or state, as tools hand it over."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, Final

from scanner.errors import TscanError
from scanner.terraform.plan_shape import check_shape

LARGEST: Final = 300_000_000
"""Bytes of one plan."""
SHOW: Final = "write it with: terraform show -json tfplan > tfplan.json"
_BINARY: Final = (b"PK\x03\x04", b"tfplan")
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_MAJOR: Final = re.compile(r"(\d+)\.\d+")
_NEWEST_MAJOR: Final = 1


def read_plan(path: str) -> dict[str, Any]:
    """The plan in a file, or on standard input for `-`; TscanError for anything else."""
    name = "standard input" if path == "-" else path
    data = parse_plan(_bytes(path, name), name)
    if "resource_changes" not in data and "values" not in data and "configuration" not in data:
        raise TscanError(f"{name} is not a Terraform plan or state", SHOW)
    check_shape(data, name)
    _check_version(str(data.get("format_version", "")), name)
    if data.get("errored") is True:
        hint = "make the plan again: what it would change is not known"
        raise TscanError(f"{name} is of a plan that ended with an error", hint)
    return data


def _bytes(path: str, name: str) -> bytes:
    is_input = path == "-"
    content = sys.stdin.buffer.read(LARGEST + 1) if is_input else _file(Path(path), name)
    if len(content) > LARGEST:
        raise TscanError(f"{name} is larger than {LARGEST // 1_000_000} MB", "split the plan")
    return content


def _file(path: Path, name: str) -> bytes:
    if path.suffix == ".tf" or path.is_dir():
        hint = (
            "make a plan: terraform plan -out tfplan && terraform show -json tfplan > tfplan.json"
        )
        raise TscanError(f"{name} is configuration, and only plans are evaluated", hint)
    if not path.exists():
        raise TscanError(f"{name}: there is no such file", SHOW)
    # A pipe or a device would be waited for, or never end.
    if not path.is_file():
        raise TscanError(f"{name} is not a regular file", "give - to read standard input")
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise TscanError(f"{name} cannot be read: {error.strerror or error}") from error


def parse_plan(content: bytes, name: str) -> dict[str, Any]:
    """The JSON object in some bytes: in UTF-8 or UTF-16, alone or between lines of a wrapper."""
    if content.startswith(_BINARY):
        raise TscanError(f"{name} is a binary plan", SHOW)
    text = _text(content, name)
    try:
        data = json.loads(_object(text), parse_constant=_refuse)
    except RecursionError as error:
        raise TscanError(f"{name} is nested too deeply", SHOW) from error
    except ValueError as error:
        line, column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
        message = getattr(error, "msg", str(error))
        raise TscanError(f"{name}:{line}:{column}: not JSON: {message}", SHOW) from error
    if not isinstance(data, dict):
        raise TscanError(f"{name} is not a Terraform plan or state", SHOW)
    return data


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is a word, not a number")


def _text(content: bytes, name: str) -> str:
    # PowerShell writes UTF-16 with `>`.
    encoding = "utf-16" if content.startswith(_UTF16) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        message = f"{name} is neither UTF-8 nor UTF-16 (byte {error.start})"
        raise TscanError(message, SHOW) from error


def _object(text: str) -> str:
    """The text without the lines that a wrapper of Terraform prints around it, such as in actions.

    Lines in front are kept as empty ones, so that positions stay.
    """
    lines = text.splitlines(keepends=True)
    first = next((at for at, line in enumerate(lines) if line.lstrip().startswith("{")), 0)
    last = len(lines)
    while last > first + 1 and not lines[last - 1].rstrip().endswith("}"):
        last -= 1
    return "\n" * first + "".join(lines[first:last])


def _check_version(version: str, name: str) -> None:
    found = _MAJOR.match(version)
    if found is None:
        raise TscanError(f"{name} has no format version", SHOW)
    if int(found[1]) > _NEWEST_MAJOR:
        message = f"{name} has format version {version}, which this tscan does not know"
        raise TscanError(message, "use a newer tscan")
