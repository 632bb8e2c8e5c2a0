"""The folder of attestations: one file for each dated statement of a person."""

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
from scanner.model.attestations import Attestation, Proof
from scanner.model.library import Library

LONGEST_DAYS: Final = 366
"""A statement that is older than a year says little of today."""


def load_attestations(path: str | Path, library: Library) -> tuple[Attestation, ...]:
    """The attestations in a folder, in order of their files; ContentError with every mistake in any of them."""
    folder = Path(path)
    if not folder.is_dir():
        raise TscanError(
            f"{path}: there is no such folder",
            "name the folder with --attestations, or under 'attestations' of tscan.yaml",
        )
    problems: list[Problem] = []
    found = [
        attestation
        for file in content_files(folder, "attestations", problems, shipped=False)
        if (attestation := _attestation(file, folder, library, problems)) is not None
    ]
    if problems:
        raise ContentError(problems)
    return tuple(found)


def _attestation(
    file: ContentFile, folder: Path, library: Library, problems: list[Problem]
) -> Attestation | None:
    document = read_document(file.content, path=file.shown)
    shape = (
        [document] if isinstance(document, Problem) else schema_problems(document, "attestation")
    )
    if isinstance(document, Problem) or shape:
        problems.extend(shape)
        return None
    reader = DocumentReader(document, problems)
    data = reader.data
    if data["control"] not in library.manual:
        hint = suggest(data["control"], library.manual)
        reader.wrong(("control",), f"there is no manual control '{data['control']}'", hint)
    dated, until = (read_day(reader, (name,), data[name]) for name in ("dated", "valid_until"))
    covers = _covers(reader, dated)
    _check_term(reader, dated, until)
    return Attestation(
        id="/".join(file.inside).removesuffix(".yaml"),
        control=data["control"],
        statement=data["statement"].strip(),
        by=data["by"],
        dated=dated,
        valid_until=until,
        evidence=tuple(
            _proof(reader, ("evidence", index), row, folder.joinpath(*file.inside[:-1]))
            for index, row in enumerate(data["evidence"])
        ),
        covers_from=covers[0],
        covers_to=covers[1],
    )


def _check_term(reader: DocumentReader, dated: date, until: date) -> None:
    if date.min in (dated, until):
        return  # what is no day was said to be none
    if until < dated:
        reader.wrong(
            ("valid_until",), "a statement cannot end before it is made", "give a later day"
        )
    elif (until - dated).days > LONGEST_DAYS:
        hint = "state it again when it ends"
        reader.wrong(("valid_until",), f"a statement counts for {LONGEST_DAYS} days at most", hint)


def _covers(reader: DocumentReader, dated: date) -> tuple[date | None, date | None]:
    """The period that a statement speaks of: nobody can say what will have been."""
    if "covers" not in reader.data:
        return None, None
    data = reader.data["covers"]
    begins, ends = (read_day(reader, ("covers", name), data[name]) for name in ("from", "to"))
    if date.min in (begins, ends, dated):
        return begins, ends
    if ends < begins:
        reader.wrong(("covers", "to"), "the period ends before it begins", "give a later day")
    elif ends > dated:
        reader.wrong(
            ("covers", "to"),
            f"the period ends after the statement is made, on {dated}",
            "state what is over",
        )
    return begins, ends


def _proof(reader: DocumentReader, path: Steps, data: dict[str, Any], beside: Path) -> Proof:
    """Where evidence lies; a digest is held against the file that the reference names, where it is there."""
    reference, digest = data["reference"], data.get("sha256", "")
    if digest and "\n" not in reference and "\0" not in reference:
        place = beside / reference
        try:
            real = _digest(place) if place.is_file() else digest
        except OSError as error:
            reader.wrong(
                (*path, "reference"), f"{shown_path(place)} cannot be read: {error.strerror}"
            )
            return Proof(reference=reference, sha256=digest)
        if real != digest:
            hint = "the file is not the one that was stated about"
            reader.wrong((*path, "sha256"), f"the SHA-256 of {shown_path(place)} is {real}", hint)
    return Proof(reference=reference, sha256=digest)


def _digest(place: Path) -> str:
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
