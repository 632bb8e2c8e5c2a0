"""Read what a kind says of the members of its answers: their known values, and those not read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from scanner.content.document_reader import DocumentReader, Steps
from scanner.model.kinds import Enumeration
from scanner.words import did_you_mean


def enumerations(reader: DocumentReader, names: Collection[str]) -> tuple[Enumeration, ...]:
    """The enumerations under `values:`."""
    found: list[Enumeration] = []
    for member, data in reader.data.get("values", {}).items():
        path: Steps = ("values", member)
        _check_root(reader, path, member, names)
        found.append(_enumeration(reader, path, member, data))
    return tuple(found)


def _enumeration(
    reader: DocumentReader,
    path: Steps,
    member: str,
    data: Mapping[str, Any],
) -> Enumeration:
    named, others = data.get("named", ()), data.get("others", ())
    if ("others" in data or "others_match" in data) != ("why" in data):
        message = "'others' and 'why' need each other"
        reader.wrong(path, message, "say what the others count as", key=True)
    pattern = data.get("others_match", "")
    try:
        re.compile(pattern)
    except re.error as error:
        hint = "write a regular expression"
        reader.wrong((*path, "others_match"), f"no pattern: {error}", hint)
    for index, value in enumerate(others):
        if value in named:
            message = f"'{value}' is under 'named' too"
            reader.wrong((*path, "others", index), message, "remove one")
    return Enumeration(
        path=steps_to(member),
        known=frozenset((*named, *others)),
        others=frozenset(others),
        pattern=pattern,
        why=data.get("why", ""),
        open=data.get("open", ""),
    )


def steps_to(member: str) -> tuple[str, ...]:
    """`it.Rules[].Status` as steps, with `[]` for any element and `*` for any key."""
    return tuple(member.replace("[]", ".[]").split("."))


def ignored_members(reader: DocumentReader, names: Collection[str]) -> dict[str, str]:
    """The members under `ignores:`, each with the reason why nothing reads it."""
    found: dict[str, str] = {}
    for path, member, why in _ignored(reader.data):
        _check_root(reader, path, member, names)
        if member in found:
            reader.wrong(path, f"'{member}' is set aside already", "remove one")
        found[member] = why
    return found


def _ignored(data: Mapping[str, Any]) -> Iterator[tuple[Steps, str, str]]:
    for number, group in enumerate(data.get("ignores", ())):
        for record, members in group["members"].items():
            for index, name in enumerate(members):
                path: Steps = ("ignores", number, "members", record, index)
                yield path, f"{record}.{name}", group["why"]


def _check_root(reader: DocumentReader, path: Steps, member: str, names: Collection[str]) -> None:
    root = steps_to(member)[0]
    if root not in names:
        reader.wrong(path, f"there is no answer '{root}'", did_you_mean(root, names), key=True)
