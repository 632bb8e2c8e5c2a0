"""Read `waivers.yaml`: what named persons accept until a date, verified against git."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from scanner.content.document_reader import DocumentReader, Steps
from scanner.content.documents import Document, read_document
from scanner.content.git_blame import Line, blame
from scanner.content.input_files import read_input
from scanner.content.locations import shown_path
from scanner.content.schema_validator import schema_problems
from scanner.errors import ContentError, Problem, TscanError
from scanner.model.controls import Role
from scanner.model.library import Library
from scanner.model.waivers import SCOPES, ControlScope, FindingScope, GapScope, Scope, Waiver
from scanner.words import did_you_mean, plural

Authors = Callable[[Path], Sequence[Line | None]]
"""Gives the commit of each line of a file."""
LONGEST_DAYS: Final = 366
"""A waiver that outlives a year is a decision that nobody looks at again."""
LONGEST_CONTROL_DAYS: Final = 92
"""One for a control also accepts later failures, so that it is looked at again every quarter."""
PLANS: Final = "terraform"
"""The cloud of a target that is a Terraform plan: checks of every cloud apply to it."""
REVIEW: Final = timedelta(days=7)
"""How long an entry may lie in review after the day that it says it was opened on."""


def load_waivers(
    path: str | Path, library: Library, authors: Authors = blame
) -> tuple[Waiver, ...]:
    """The waivers in a file, cross-checked with a library and git; ContentError for mistakes.

    `authors` gives the commit of each line, none where nobody is known.
    """
    place = Path(path)
    reader, found = _read(_content(place), place, library)
    # Only a file without mistakes is worth the calls of git.
    lines = authors(place)
    waivers: list[Waiver] = []
    for index, waiver in enumerate(found):
        waivers.append(_with_author(reader, index, waiver, lines))
    if reader.problems:
        raise ContentError(reader.problems)
    return tuple(waivers)


def read_waivers(content: bytes, path: Path, library: Library) -> tuple[Waiver, ...]:
    """The waivers of a file's content, which need not be written yet; git is not asked for it."""
    return _read(content, path, library)[1]


def _read(
    content: bytes, path: Path, library: Library
) -> tuple[DocumentReader, tuple[Waiver, ...]]:
    reader = DocumentReader(_document(content, path), [])
    entries = enumerate(reader.data["waivers"])
    found = [_waiver(reader, index, data, library) for index, data in entries]
    _check_ids(reader)
    if reader.problems:
        raise ContentError(reader.problems)
    # None stands for an entry with a mistake, of which there is none.
    return reader, tuple(waiver for waiver in found if waiver is not None)


def _content(path: Path) -> bytes:
    try:
        return read_input(path)
    except OSError as error:
        hint = "name the file with --waivers, or under 'waivers' of tscan.yaml"
        raise TscanError(f"{path} cannot be read: {error.strerror}", hint) from None


def _document(content: bytes, path: Path) -> Document:
    document = read_document(content, path=shown_path(path))
    if isinstance(document, Problem):
        raise ContentError([document])
    problems = schema_problems(document, "waivers")
    if problems:
        raise ContentError(problems)
    return document


def _waiver(
    reader: DocumentReader,
    index: int,
    data: dict[str, Any],
    library: Library,
) -> Waiver | None:
    """The waiver of an entry; None where it does not name one thing to accept, which is noted."""
    path: Steps = ("waivers", index)
    named = [name for name in SCOPES if name in data]
    if len(named) != 1:
        what = "nothing to accept"
        if named:
            what = f"{' and '.join(named)} at once"
        hint = "name one of 'gap', 'finding' and 'control'"
        reader.wrong(path, f"the waiver names {what}", hint)
        return None
    (kind,) = named
    scope = _scope(reader, (*path, kind), kind, data[kind], library)
    _check_compensating(reader, path, data, scope, library)
    longest = LONGEST_CONTROL_DAYS if kind == "control" else LONGEST_DAYS
    return Waiver(
        id=data["id"],
        scope=scope,
        reason=" ".join(data["reason"].split()),
        approver=data["approver"],
        opened=read_day(reader, (*path, "opened"), data["opened"]),
        expires=_term(reader, path, data, longest),
        compensating=data.get("compensating", ""),
    )


def _scope(
    reader: DocumentReader,
    path: Steps,
    kind: str,
    data: dict[str, str],
    library: Library,
) -> Scope:
    _refuse_patterns(reader, path, data)
    if kind == "gap":
        return GapScope(**data)
    if kind == "control":
        _check_known(reader, (*path, "id"), data["id"], library.controls, "control")
        return ControlScope(target=data["target"], control=data["id"])
    name = library.current_id(data["check"])
    check = library.checks.get(name)
    _check_known(reader, (*path, "check"), name, library.checks, "check")
    cloud = data["target"].partition(":")[0]
    if check is not None and cloud not in (check.cloud, PLANS):
        message = f"{check.id} does not apply to {data['target']}"
        reader.wrong((*path, "target"), message, f"it is a check of {check.cloud}")
    return FindingScope(
        target=data["target"],
        check=data["check"],
        resource=data["resource"],
    )


def _refuse_patterns(reader: DocumentReader, path: Steps, data: dict[str, str]) -> None:
    hint = "write an entry for each: a pattern would also accept what nobody has looked at"
    for key, text in data.items():
        if "*" in text:
            message = f"'{text}' is a pattern, and a waiver accepts one thing by name"
            reader.wrong((*path, key), message, hint)


def _check_known(
    reader: DocumentReader,
    path: Steps,
    name: str,
    known: Collection[str],
    what: str,
) -> None:
    if name not in known and "*" not in name:
        reader.wrong(path, f"there is no {what} '{name}'", did_you_mean(name, known))


def _check_compensating(
    reader: DocumentReader,
    path: Steps,
    data: dict[str, Any],
    scope: Scope,
    library: Library,
) -> None:
    """Check that a compensating control exists, and could pass while the accepted thing fails."""
    name = data.get("compensating", "")
    if not name:
        if isinstance(scope, ControlScope):
            message = "a waiver of a control needs a compensating control"
            hint = "name one in 'compensating', or accept single findings"
            reader.wrong((*path, "control"), message, hint)
        return
    place = (*path, "compensating")
    _check_known(reader, place, name, library.controls, "control")
    if isinstance(scope, ControlScope) and name == scope.control:
        reader.wrong(place, f"{name} cannot compensate for itself", "name another control")
    # Such a control can never pass while the finding fails: the waiver would always lapse.
    if not isinstance(scope, FindingScope):
        return
    if library.current_id(scope.check) in _evidencing(name, library):
        message = f"{name} is evidenced by {scope.check}: it cannot pass while that check fails"
        reader.wrong(place, message, "name a control that does not depend on it")


def _evidencing(control: str, library: Library) -> set[str]:
    """The checks that evidence a control; none for an unknown one."""
    if control not in library.controls:
        return set()
    links = library.controls[control].checks
    return {link.id for link in links if link.role is Role.EVIDENCES}


def _term(
    reader: DocumentReader,
    path: Steps,
    data: dict[str, Any],
    longest: int,
) -> date:
    """The day on which a waiver ends; a term that is too long, or ends too early, is noted."""
    place = (*path, "expires")
    # The caller notes a bad 'opened' itself: it is not noted twice.
    not_noted: list[Problem] = []
    opened = read_day(DocumentReader(reader.document, not_noted), (*path, "opened"), data["opened"])
    expires = read_day(reader, place, data["expires"])
    if not_noted or expires == date.min:
        return expires
    if expires <= opened:
        reader.wrong(place, "a waiver expires before it is opened", "give a later day")
    elif (expires - opened).days > longest:
        message = f"such a waiver lasts {plural(longest, 'day')} at most"
        reader.wrong(place, message, "open another when it expires, with a new decision")
    return expires


def read_day(reader: DocumentReader, path: Steps, text: str) -> date:
    """The day at a path; for another text, which is noted, `date.min`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        reader.wrong(path, f"'{text}' is not a day", "write it as 2026-12-31")
        return date.min


def _check_ids(reader: DocumentReader) -> None:
    # Findings name the waiver that accepts them: with one id for two, either could be meant.
    seen: set[str] = set()
    for index, data in enumerate(reader.data["waivers"]):
        if data["id"] in seen:
            message = f"waiver '{data['id']}' is used twice"
            reader.wrong(("waivers", index, "id"), message, "give each its own id")
        seen.add(data["id"])


def _with_author(
    reader: DocumentReader,
    index: int,
    waiver: Waiver,
    lines: Sequence[Line | None],
) -> Waiver:
    """The waiver with its author and the day of its commit, as far as git knows."""
    path: Steps = ("waivers", index)
    written = _lines_of(reader.document, path, lines)
    known = [line for line in written if line is not None]
    known.sort(key=lambda line: line.when, reverse=True)
    _check_approver(reader, path, waiver, known)
    author = ""
    # With a line that is not committed, whoever edits the file now is an author as well.
    if known and len(known) == len(written):
        author = known[0].mail
    committed = _committed(reader, path, waiver, lines)
    return replace(waiver, author=author, committed=committed)


def _check_approver(
    reader: DocumentReader,
    path: Steps,
    waiver: Waiver,
    lines: Sequence[Line],
) -> None:
    """Note an approver who wrote a line of the entry: nobody approves their own request."""
    for line in lines:
        if line.by(waiver.approver):
            wrote = f"{waiver.approver} wrote this entry (commit {line.commit[:12]})"
            hint = "somebody else must approve it"
            reader.wrong((*path, "approver"), f"{wrote} and cannot approve it", hint)
            return


def _committed(
    reader: DocumentReader,
    path: Steps,
    waiver: Waiver,
    lines: Sequence[Line | None],
) -> date | None:
    """The day on which the scope and `opened` were committed; None where a part of them is not."""
    entry = reader.data["waivers"][path[1]]
    kind = next(name for name in SCOPES if name in entry)
    deciding: list[Line | None] = []
    for key in (kind, "opened"):
        deciding.extend(_lines_of(reader.document, (*path, key), lines))
    days = [line.day for line in deciding if line is not None]
    if not days or len(days) != len(deciding):
        return None
    committed = max(days)
    # An earlier day would accept failures of the past, which records were judged with (backdating).
    if waiver.opened + REVIEW < committed:
        message = (
            f"it was opened {waiver.opened}, and committed only on {committed}:"
            " a waiver does not apply backwards"
        )
        hint = f"open it on {committed} or later; a changed scope is a new waiver"
        reader.wrong((*path, "opened"), message, hint)
    return committed


def _lines_of(document: Document, path: Steps, lines: Sequence[Line | None]) -> list[Line | None]:
    """The commits of the lines of a part; empty where git does not know the file."""
    first, last = document.lines(path)
    return list(lines[first - 1 : last])
