"""`waivers.yaml`: what named persons accept until a date; too much at once, or after the fact, is refused."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from scanner.content.document_reader import DocumentReader, Steps, suggest
from scanner.content.documents import Document, read_document
from scanner.content.git_blame import Line, blame
from scanner.content.locations import shown_path
from scanner.content.schema_validator import schema_problems
from scanner.errors import ContentError, Problem, TscanError
from scanner.model.controls import Role
from scanner.model.library import Library
from scanner.model.waivers import SCOPES, ControlScope, FindingScope, GapScope, Scope, Waiver

LONGEST_DAYS: Final = 366
"""A waiver that outlives a year is a decision that nobody looks at again."""
LONGEST_CONTROL_DAYS: Final = 92
"""One for a control also accepts what fails later, so that it is looked at again every quarter."""
REVIEW: Final = timedelta(days=7)
"""How long an entry may lie in review after the day that it says it was opened on."""


def load_waivers(path: str | Path, library: Library) -> tuple[Waiver, ...]:
    """The waivers in a file, held against a library and git; ContentError with every mistake in it."""
    place = Path(path)
    reader = DocumentReader(_document(place), [])
    found = [
        _waiver(reader, index, data, library) for index, data in enumerate(reader.data["waivers"])
    ]
    _check_ids(reader)
    if reader.problems:
        raise ContentError(reader.problems)
    lines = blame(place)
    waivers = tuple(
        _authored(reader, index, waiver, lines)
        for index, waiver in enumerate(found)
        if waiver is not None
    )
    if reader.problems:
        raise ContentError(reader.problems)
    return waivers


def _document(path: Path) -> Document:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TscanError(
            f"{path} cannot be read: {error.strerror}",
            "name the file with --waivers, or under 'waivers' of tscan.yaml",
        ) from None
    document = read_document(content, path=shown_path(path))
    problems = [document] if isinstance(document, Problem) else schema_problems(document, "waivers")
    if isinstance(document, Problem) or problems:
        raise ContentError(problems)
    return document


def _waiver(
    reader: DocumentReader, index: int, data: dict[str, Any], library: Library
) -> Waiver | None:
    """The waiver of an entry; None where it does not say what it accepts, which is noted."""
    path: Steps = ("waivers", index)
    named = [name for name in SCOPES if name in data]
    if len(named) != 1:
        said = f"{' and '.join(named)} at once" if named else "nothing that could be accepted"
        reader.wrong(path, f"the waiver names {said}", "name one of 'gap', 'finding' and 'control'")
        return None
    (kind,) = named
    scope = _scope(reader, (*path, kind), kind, data[kind], library)
    _check_compensating(reader, path, data, scope, library)
    return Waiver(
        id=data["id"],
        scope=scope,
        reason=" ".join(data["reason"].split()),
        approver=data["approver"],
        opened=read_day(reader, (*path, "opened"), data["opened"]),
        expires=_term(
            reader, path, data, LONGEST_CONTROL_DAYS if kind == "control" else LONGEST_DAYS
        ),
        compensating=data.get("compensating", ""),
    )


def _scope(
    reader: DocumentReader, path: Steps, kind: str, data: dict[str, str], library: Library
) -> Scope:
    for key, text in data.items():
        if "*" in text:
            hint = "write an entry for each: a pattern would also accept what nobody has looked at"
            reader.wrong(
                (*path, key), f"'{text}' is a pattern, and a waiver accepts one thing by name", hint
            )
    if kind == "gap":
        return GapScope(**data)
    if kind == "control":
        _known(reader, (*path, "id"), data["id"], library.controls, "control")
        return ControlScope(target=data["target"], control=data["id"])
    check = library.checks.get(data["check"])
    _known(reader, (*path, "check"), data["check"], library.checks, "check")
    if check is not None and check.cloud != data["target"].partition(":")[0]:
        reader.wrong(
            (*path, "target"),
            f"{check.id} is never asked of {data['target']}",
            f"it is about {check.cloud}",
        )
    return FindingScope(target=data["target"], check=data["check"], resource=data["resource"])


def _known(
    reader: DocumentReader, path: Steps, name: str, known: Collection[str], what: str
) -> None:
    if name not in known and "*" not in name:
        reader.wrong(path, f"there is no {what} '{name}'", suggest(name, known))


def _check_compensating(
    reader: DocumentReader, path: Steps, data: dict[str, Any], scope: Scope, library: Library
) -> None:
    """A compensating control exists, and could read pass while what is accepted fails."""
    name = data.get("compensating", "")
    if not name:
        if isinstance(scope, ControlScope):
            hint = "name one in 'compensating', or accept single findings"
            reader.wrong(
                (*path, "control"),
                "a whole control is accepted only beside one that compensates",
                hint,
            )
        return
    place = (*path, "compensating")
    _known(reader, place, name, library.controls, "control")
    control = library.controls.get(name)
    if isinstance(scope, ControlScope) and name == scope.control:
        reader.wrong(place, f"{name} cannot compensate for itself", "name another control")
    evidencing = (
        {link.id for link in control.checks if link.role is Role.EVIDENCES} if control else set()
    )
    if isinstance(scope, FindingScope) and scope.check in evidencing:
        message = f"{name} is evidenced by {scope.check}: it never reads pass while that fails"
        reader.wrong(place, message, "name a control that does not depend on it")


def _term(reader: DocumentReader, path: Steps, data: dict[str, Any], longest: int) -> date:
    problems: list[Problem] = []
    opened = read_day(DocumentReader(reader.document, problems), (*path, "opened"), data["opened"])
    expires = read_day(reader, (*path, "expires"), data["expires"])
    if problems or expires == date.min:
        return expires
    if expires <= opened:
        reader.wrong((*path, "expires"), "a waiver ends after it begins", "give a later day")
    elif (expires - opened).days > longest:
        hint = "open another when it ends, and decide again"
        reader.wrong((*path, "expires"), f"such a waiver lasts {longest} days at most", hint)
    return expires


def read_day(reader: DocumentReader, path: Steps, text: str) -> date:
    """The day at a path; the first of all days where it is none, which is noted."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        reader.wrong(path, f"'{text}' is not a day", "write it as 2026-12-31")
        return date.min


def _check_ids(reader: DocumentReader) -> None:
    seen: set[str] = set()
    for index, data in enumerate(reader.data["waivers"]):
        if data["id"] in seen:
            reader.wrong(
                ("waivers", index, "id"),
                f"waiver '{data['id']}' stands twice",
                "give each its own id",
            )
        seen.add(data["id"])


def _authored(
    reader: DocumentReader, index: int, waiver: Waiver, lines: Sequence[Line | None]
) -> Waiver:
    """The waiver with who wrote it and when, as far as git knows."""
    path: Steps = ("waivers", index)
    written = _written(reader.document, path, lines)
    known = [line for line in written if line is not None]
    for line in sorted(known, key=lambda one: one.when, reverse=True):
        if line.by(waiver.approver):
            message = f"{waiver.approver} wrote this entry (commit {line.commit[:12]}) and cannot approve it"
            reader.wrong(
                (*path, "approver"), message, "the person who approves is not the one who asks"
            )
            break
    committed = _committed(reader, path, waiver, lines)
    author = (
        max(known, key=lambda one: one.when).mail if known and len(known) == len(written) else ""
    )
    return replace(waiver, author=author, committed=committed)


def _committed(
    reader: DocumentReader, path: Steps, waiver: Waiver, lines: Sequence[Line | None]
) -> date | None:
    """The day on which what is accepted, and from when on, was committed; None where a part of it is not."""
    kind = next(name for name in SCOPES if name in reader.data["waivers"][path[1]])
    decided = [
        line for key in (kind, "opened") for line in _written(reader.document, (*path, key), lines)
    ]
    if not decided or None in decided:
        return None
    committed = max(line.day for line in decided if line is not None)
    if waiver.opened + REVIEW < committed:
        message = f"it was opened {waiver.opened}, and committed only on {committed}: nothing is accepted backwards"
        reader.wrong(
            (*path, "opened"),
            message,
            f"open it on {committed} or later; a changed scope is a new waiver",
        )
    return committed


def _written(document: Document, path: Steps, lines: Sequence[Line | None]) -> list[Line | None]:
    """The commits of the lines of a part; empty where git says nothing of the file."""
    first, last = document.lines(path)
    return list(lines[first - 1 : last])
