"""Read the folder of attestations: one file for each dated statement of a person."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import Any, Final

from scanner.content.document_reader import DocumentReader, Steps, suggest
from scanner.content.documents import read_document
from scanner.content.locations import ContentFile, content_files, shown_path
from scanner.content.schema_validator import schema_problems
from scanner.content.waivers import read_day
from scanner.errors import ContentError, Problem, TscanError
from scanner.model.attestations import Attestation, EvidenceReference
from scanner.model.library import Library

LONGEST_DAYS: Final = 366
"""A statement that is older than a year says little of today."""


def load_attestations(path: str | Path, library: Library) -> tuple[Attestation, ...]:
    """The attestations in a folder, in order of their files; ContentError with every mistake."""
    folder = Path(path)
    if not folder.is_dir():
        hint = "name the folder with --attestations, or under 'attestations' of tscan.yaml"
        raise TscanError(f"{path}: there is no such folder", hint)
    problems: list[Problem] = []
    found: list[Attestation] = []
    for file in content_files(folder, "attestations", problems, shipped=False):
        reader = _reader(file, problems)
        if reader is not None:
            found.append(_attestation(reader, file, folder, library))
    if problems:
        raise ContentError(problems)
    return tuple(found)


def _reader(file: ContentFile, problems: list[Problem]) -> DocumentReader | None:
    document = read_document(file.content, path=file.shown)
    if isinstance(document, Problem):
        problems.append(document)
        return None
    wrong = schema_problems(document, "attestation")
    problems.extend(wrong)
    if wrong:
        return None
    return DocumentReader(document, problems)


def _attestation(
    reader: DocumentReader,
    file: ContentFile,
    folder: Path,
    library: Library,
) -> Attestation:
    data = reader.data
    # A statement about no control would be dated, signed, and count for nothing.
    if data["control"] not in library.manual:
        hint = suggest(data["control"], library.manual)
        reader.wrong(("control",), f"there is no manual control '{data['control']}'", hint)
    dated = read_day(reader, ("dated",), data["dated"])
    until = read_day(reader, ("valid_until",), data["valid_until"])
    covers_from, covers_to = _covers(reader, dated)
    _check_term(reader, dated, until)
    beside = folder.joinpath(*file.inside[:-1])
    evidence: list[EvidenceReference] = []
    for index, row in enumerate(data["evidence"]):
        evidence.append(_proof(reader, ("evidence", index), row, beside))
    return Attestation(
        id="/".join(file.inside).removesuffix(".yaml"),
        control=data["control"],
        statement=data["statement"].strip(),
        by=data["by"],
        dated=dated,
        valid_until=until,
        evidence=tuple(evidence),
        covers_from=covers_from,
        covers_to=covers_to,
    )


def _check_term(reader: DocumentReader, dated: date, until: date) -> None:
    if date.min in (dated, until):
        return  # a text that is no day was noted when it was read
    path: Steps = ("valid_until",)
    if until < dated:
        reader.wrong(path, "a statement cannot end before it is made", "give a later day")
    elif (until - dated).days > LONGEST_DAYS:
        message = f"a statement counts for {LONGEST_DAYS} days at most"
        reader.wrong(path, message, "state it again when it ends")


def _covers(reader: DocumentReader, dated: date) -> tuple[date | None, date | None]:
    """The period that a statement is about, both days included."""
    if "covers" not in reader.data:
        return None, None
    data = reader.data["covers"]
    begins = read_day(reader, ("covers", "from"), data["from"])
    ends = read_day(reader, ("covers", "to"), data["to"])
    if date.min in (begins, ends, dated):
        return begins, ends
    path: Steps = ("covers", "to")
    if ends < begins:
        reader.wrong(path, "the period ends before it begins", "give a later day")
    elif ends > dated:
        # Nobody can attest to what has not happened yet.
        message = f"the period ends after the statement is made, on {dated}"
        reader.wrong(path, message, "state what is over")
    return begins, ends


def _proof(
    reader: DocumentReader,
    path: Steps,
    data: dict[str, Any],
    beside: Path,
) -> EvidenceReference:
    """The reference to evidence; its digest is verified if it refers to a file that exists."""
    reference, digest = data["reference"], data.get("sha256", "")
    # A path cannot hold a null byte, and `is_file` raises for one.
    if digest and "\n" not in reference and "\0" not in reference:
        _check_digest(reader, path, beside / reference, digest)
    return EvidenceReference(reference=reference, sha256=digest)


def _check_digest(
    reader: DocumentReader,
    path: Steps,
    place: Path,
    digest: str,
) -> None:
    try:
        if not place.is_file():
            return
        actual = _digest(place)
    except OSError as error:
        message = f"{shown_path(place)} cannot be read: {error.strerror}"
        reader.wrong((*path, "reference"), message)
        return
    # The file was replaced since the statement was made.
    if actual != digest:
        message = f"the SHA-256 of {shown_path(place)} is {actual}"
        hint = "the file is not the one that was stated about"
        reader.wrong((*path, "sha256"), message, hint)


def _digest(place: Path) -> str:
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
