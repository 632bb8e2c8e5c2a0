"""Read the folder of attestations: one file for each dated statement of a person."""

from __future__ import annotations

import hashlib
import os
import re
from datetime import date
from pathlib import Path
from typing import Any, Final

from scanner.content.document_reader import DocumentReader, Steps
from scanner.content.documents import read_document
from scanner.content.input_files import open_input
from scanner.content.locations import ContentFile, content_files, shown_path
from scanner.content.schema_validator import schema_problems
from scanner.content.waivers import read_day
from scanner.errors import ContentError, Problem, TscanError
from scanner.model.attestations import Attestation, EvidenceReference
from scanner.model.library import Library
from scanner.words import did_you_mean

_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
"""A reference to something elsewhere, such as `https:` or `mailto:`: no file is looked for."""
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


def read_attestation(content: bytes, path: Path, folder: Path, library: Library) -> Attestation:
    """The attestation of a file in a folder, which need not be written yet; else ContentError."""
    file = ContentFile(
        name=path.name,
        shown=shown_path(path),
        inside=path.relative_to(folder).parts,
        content=content,
        shipped=False,
    )
    problems: list[Problem] = []
    reader = _reader(file, problems)
    if reader is not None:
        found = _attestation(reader, file, folder, library)
        if not problems:
            return found
    raise ContentError(problems)


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
        hint = did_you_mean(data["control"], library.manual)
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
        reader.wrong(path, "an attestation cannot expire before its date", "give a later day")
    elif (until - dated).days > LONGEST_DAYS:
        message = f"an attestation is valid for {LONGEST_DAYS} days at most"
        reader.wrong(path, message, "renew it when it expires")


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
        message = f"the period ends after the date of the attestation, {dated}"
        reader.wrong(path, message, "attest to a period that has ended")
    return begins, ends


def _proof(
    reader: DocumentReader,
    path: Steps,
    data: dict[str, Any],
    beside: Path,
) -> EvidenceReference:
    """The reference to evidence; its digest is verified unless it refers to an address."""
    reference, digest = data["reference"], data.get("sha256", "")
    if digest and not _ADDRESS.match(reference):
        # Normalized: the folder of a statement that is about to be written may not exist yet.
        place = Path(os.path.normpath(beside.resolve() / reference))
        _check_digest(reader, path, place, digest)
    return EvidenceReference(reference=reference, sha256=digest)


def _check_digest(
    reader: DocumentReader,
    path: Steps,
    place: Path,
    digest: str,
) -> None:
    try:
        # Passed over in silence, a file that was deleted would look as if it had been compared.
        if not place.is_file():
            message = f"there is no file {shown_path(place)}, and a digest is given for it"
            hint = "put the file beside the statement, or leave out 'sha256'"
            reader.wrong((*path, "reference"), message, hint)
            return
        actual = _digest(place)
    except OSError as error:
        message = f"{shown_path(place)} cannot be read: {error.strerror}"
        reader.wrong((*path, "reference"), message)
        return
    # The file was replaced since the statement was made.
    if actual != digest:
        message = f"the SHA-256 of {shown_path(place)} is {actual}"
        hint = "the file is not the one that was attested to"
        reader.wrong((*path, "sha256"), message, hint)


def _digest(place: Path) -> str:
    with open_input(place) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
