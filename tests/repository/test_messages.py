"""Messages for people: one file of them all, read as a whole, and nouns that follow their numbers."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.helpers.messages import ROOT, listing, messages

GOLDEN: Final = Path(__file__).parent / "golden" / "messages.txt"
_UPDATING: Final = os.environ.get("TSCAN_UPDATE_GOLDEN") == "1"
_COUNTED: Final = (
    "account|action|actor|answer|attestation|byte|call|change|character|check|control|criteri"
    "|day|digit|event|example|file|finding|gap|group|hour|item|key|level|megabyte|minute|operation"
    "|page|part|permission|policie|project|record|region|resource|retrie|rule|run|scan|second"
    "|segment|snapshot|subscription|target|time|value|waiver"
)
_FIXED_PLURAL: Final = re.compile(
    rf" (?!in |of |on |by )(?:[a-z]+ )?(?:{_COUNTED})(?:s\b|es\b|\(s\))"
)
_HELD: Final = (
    "client",
    "collect.py",
    "content",
    "core",
    "executors",
    "language",
    "model",
    "pipeline.py",
    "preflight.py",
    "providers",
    "rendering",
)
"""Where every number is followed by the noun that fits it."""


def test_messages_are_read_as_a_whole() -> None:
    """A new or changed message shows in the diff of one file: TSCAN_UPDATE_GOLDEN=1 writes it."""
    found = listing([ROOT / "scanner"])
    if _UPDATING:
        GOLDEN.write_text(found, encoding="utf-8")
    assert found == GOLDEN.read_text(encoding="utf-8")


def _fixed_plurals(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            yield from _in_text(node)


def _in_text(text: ast.JoinedStr) -> Iterator[str]:
    for part, following in zip(text.values, text.values[1:], strict=False):
        if not isinstance(part, ast.FormattedValue) or not isinstance(following, ast.Constant):
            continue
        # A constant in capitals is written out somewhere, and known to be more than one.
        value = ast.unparse(part.value)
        is_number = part.format_spec is None and not value.rpartition(".")[2].isupper()
        if is_number and _FIXED_PLURAL.match(str(following.value)):
            yield ast.unparse(text)


def _modules() -> list[Path]:
    found: list[Path] = []
    for name in _HELD:
        path = ROOT / "scanner" / name
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return found


def test_a_noun_follows_its_number() -> None:
    wrong: list[str] = []
    for module in _modules():
        for text in _fixed_plurals(module.read_text(encoding="utf-8")):
            wrong.append(f"{module.relative_to(ROOT)}: {text}")
    assert wrong == [], "use plural() of scanner.words"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("f'{count} findings'", True),
        ("f'{len(rows)} unknown findings in {place}'", True),
        ("f'{count} finding(s)'", True),
        ("f'at most {MOST} levels'", False),
        ("f'{plural(count, \"finding\")} failed'", False),
        ("f'{name} depends on it'", False),
    ],
)
def test_a_fixed_plural_is_found(source: str, found: bool) -> None:
    assert bool(list(_fixed_plurals(source))) is found


def test_a_message_is_found_however_it_is_written() -> None:
    module = ROOT / "scanner" / "core" / "written_by_a_test.py"
    source = '''
def one(name):
    hint = "an old hint"
    if name:
        hint = f"did you mean {name}?"
    raise TscanError(f"there is no {len(name)}", hint)

def two(count):
    message = f"{plural(count, 'finding')} failed"
    yield Unreadable(message)

def three():
    """No message."""
    return "it was not read"

def four(reader):
    reader.wrong((), "a key is missing", did_you_mean("x", "y"))
    return other(reason="by its name")
'''
    found = [(one.text, one.hint) for one in messages(module, source)]
    assert found == [
        ("an old hint", ""),
        ("there is no {name}", "did you mean {name}?"),
        ("{findings} failed", ""),
        ("it was not read", ""),
        ("a key is missing", "{did_you_mean}"),
        ("by its name", ""),
    ]
