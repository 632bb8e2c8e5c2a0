"""`python -m tests.providers.members [--write]`: what kinds do not account for, by the providers'
models.

It lists members of records that no kind and no reader reads and none sets aside, values of
enumerations that a condition leaves undecided, and absences that the model does not allow; exit code 1 if there are any. `--write` first writes the `values:` of
every kind from the models: new values come under `named`, where a condition must name them, or a
person moves them to `others` and says why."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from scanner.content.library import load_library
from scanner.model.kinds import Enumeration, Kind
from scanner.model.library import Library
from tests.helpers import reader_members
from tests.helpers.declared_absence import problems as absence_problems
from tests.helpers.provider_members import problems as member_problems
from tests.helpers.provider_values import enumerations, shown
from tests.helpers.provider_values import problems as value_problems
from tests.helpers.reader_members import asides, reads
from tests.helpers.tracked_answers import Seen

RESOURCES: Final = Path(__file__).parents[2] / "scanner/resources"
_BLOCK: Final = re.compile(r"^values:.*\n(?:(?:[ #].*)?\n)*", re.MULTILINE)
_WIDTH: Final = 118


def accounted(kind: Kind, modeled: Mapping[str, frozenset[str]]) -> dict[str, dict[str, Any]]:
    """The `values:` of a kind by the model, with what people wrote in them."""
    declared = {shown(enumeration): enumeration for enumeration in kind.values}
    # A text without values in the model has those that people found in the documentation.
    texts = {path: old.known for path, old in declared.items() if path not in modeled}
    found: dict[str, dict[str, Any]] = {}
    for path, values in sorted({**texts, **modeled}.items()):
        found[path] = _written(values, declared.get(path))
    return found


def _written(values: frozenset[str], old: Enumeration | None) -> dict[str, Any]:
    if old is None:
        return {"named": sorted(values)}
    if old.open:
        return {"open": old.open}
    others = values & old.others
    found: dict[str, Any] = {}
    if values - others:
        found["named"] = sorted(values - others)
    if others:
        found["others"] = sorted(others)
    if old.pattern:
        found["others_match"] = old.pattern
    if others or old.pattern:
        found["why"] = old.why
    return found


def block(values: Mapping[str, Any]) -> str:
    """The lines of `values:` in a kind's file; empty for a kind without enumerations."""
    if not values:
        return ""
    return yaml.safe_dump(
        {"values": dict(values)}, sort_keys=False, width=_WIDTH, default_flow_style=None
    )


def write(kind: Kind, library: Library) -> bool:
    """Write the `values:` of one kind; whether its file changed."""
    path = RESOURCES / kind.cloud / f"{kind.id.partition('.')[2]}.yaml"
    text = path.read_text(encoding="utf-8")
    wanted = block(accounted(kind, enumerations(kind, library)))
    found = _BLOCK.search(text)
    if found is None:
        written = text.rstrip("\n") + "\n" + wanted
    else:
        written = text[: found.start()] + wanted + text[found.end() :]
    if written != text:
        path.write_text(written, encoding="utf-8")
    return written != text


def problems(library: Library) -> Iterator[str]:
    """Everything that kinds and conditions do not account for."""
    for name in sorted(library.kinds):
        yield from member_problems(library.kinds[name], library)
        yield from value_problems(library.kinds[name], library)
        yield from absence_problems(library.kinds[name], library)
    yield from reader_problems(library, reads(library))


def reader_problems(library: Library, seen: Mapping[str, Seen]) -> Iterator[str]:
    """The same of readers written in Python, by what they are seen to read."""
    yield from reader_members.member_problems(library, seen, asides(_read("reader_members.tsv")))
    yield from reader_members.value_problems(library, seen, asides(_read("reader_values.tsv")))


def _read(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Print what is not accounted for; 1 if there is anything."""
    library = load_library()
    if "--write" in arguments:
        for name in sorted(library.kinds):
            if write(library.kinds[name], library):
                print(f"wrote {name}")
        library = load_library()
    found = list(problems(library))
    print("\n".join(found))
    print(f"{len(found)} not accounted for")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
