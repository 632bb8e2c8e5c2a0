"""Read the mappings: all files of controls and frameworks, in the order of their references."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace

from scanner.content.controls import Known, read_control, read_criteria, read_manual
from scanner.content.document_reader import DocumentReader
from scanner.content.locations import ContentFile
from scanner.errors import Problem
from scanner.model.controls import Control, Criterion, Framework, ManualControl

Read = Callable[[ContentFile, str], DocumentReader | None]
"""Reads a file of a format; None if its form is wrong."""


@dataclass(slots=True)
class Mappings:
    """Controls, manual controls and frameworks by id."""

    controls: dict[str, Control] = field(default_factory=dict)
    manual: dict[str, ManualControl] = field(default_factory=dict)
    frameworks: dict[str, Framework] = field(default_factory=dict)


@dataclass(slots=True)
class _Files:
    """Readers of files by format, and what is broken."""

    manual: list[DocumentReader] = field(default_factory=list)
    controls: list[tuple[DocumentReader, ContentFile]] = field(default_factory=list)
    frameworks: dict[str, DocumentReader] = field(default_factory=dict)
    criteria: dict[str, list[DocumentReader]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    """Formats and, for controls, ids of files with mistakes of form."""


def read_mappings(
    files: Iterable[ContentFile],
    read: Read,
    problems: list[Problem],
    known: Known,
) -> Mappings:
    """The controls and frameworks; a reference to something that is not `known` is noted."""
    found = Mappings()
    by_format = _by_format(files, read, problems)
    _read_manual(by_format, found)
    # A broken file may hold any manual control: then nobody is blamed for naming one.
    manual = None if "manual" in by_format.broken else found.manual
    readers = _read_controls(by_format, found, replace(known, manual=manual))
    _read_frameworks(by_format, found, {*found.controls, *by_format.broken})
    # A broken file may name any control or criterion.
    if not by_format.broken & {"criteria", "framework"}:
        _check_used(found, readers, by_format.manual)
    return found


def _by_format(files: Iterable[ContentFile], read: Read, problems: list[Problem]) -> _Files:
    found = _Files()
    for file in files:
        format_name = _format(file.inside)
        if not format_name:
            hint = (
                "controls belong in controls/, a framework in its own folder,"
                " manual controls in manual.yaml"
            )
            problems.append(Problem(file.shown, 1, 1, "the file does not belong here", hint))
            continue
        reader = read(file, format_name)
        if reader is None:
            found.broken |= {format_name, file.stem}
        elif format_name == "manual":
            found.manual.append(reader)
        elif format_name == "control":
            found.controls.append((reader, file))
        elif format_name == "criteria":
            found.criteria.setdefault(file.inside[0], []).append(reader)
        else:
            _add_framework(found, reader, file)
    return found


def _format(inside: tuple[str, ...]) -> str:
    if inside == ("manual.yaml",):
        return "manual"
    if len(inside) != 2:
        return ""
    folder, name = inside
    if folder == "controls":
        return "control"
    if name == "framework.yaml":
        return "framework"
    return "criteria"


def _add_framework(found: _Files, reader: DocumentReader, file: ContentFile) -> None:
    folder = file.inside[0]
    identity = reader.data["id"]
    if identity != folder:
        message = f"'{identity}' is not the folder's name"
        reader.wrong(("id",), message, f"the folder is called {folder}")
    if folder in found.frameworks:
        first = found.frameworks[folder].document.path
        reader.wrong(("id",), f"framework '{folder}' exists already", f"first in {first}")
    else:
        found.frameworks[folder] = reader


def _read_manual(files: _Files, found: Mappings) -> None:
    for reader in files.manual:
        for identity, manual in read_manual(reader).items():
            if identity in found.manual:
                message = f"manual control '{identity}' exists already"
                reader.wrong(("manual", identity), message, key=True)
            found.manual[identity] = manual


def _read_controls(files: _Files, found: Mappings, known: Known) -> dict[str, DocumentReader]:
    """Add the controls; gives the reader of each by id."""
    readers: dict[str, DocumentReader] = {}
    for reader, file in files.controls:
        control = read_control(reader, file.inside, known)
        if control.id in found.controls:
            first = readers[control.id].document.path
            reader.wrong(("id",), f"control '{control.id}' exists already", f"first in {first}")
        else:
            readers[control.id] = reader
            found.controls[control.id] = control
    return readers


def _read_frameworks(files: _Files, found: Mappings, controls: Collection[str]) -> None:
    known = Known(
        checks=(),
        parameters=(),
        manual=(),
        controls=controls,
    )
    for folder, readers in files.criteria.items():
        if folder not in files.frameworks and "framework" not in files.broken:
            hint = "write one with 'version', 'id' and 'title'"
            readers[0].wrong((), f"'{folder}' has no framework.yaml", hint)
    for folder, framework in files.frameworks.items():
        criteria: dict[str, Criterion] = {}
        for reader in files.criteria.get(folder, []):
            for criterion in read_criteria(reader, known):
                if criterion.id in criteria:
                    message = f"criterion '{criterion.id}' exists already in {folder}"
                    reader.wrong(("criteria", criterion.id), message, "keep one", key=True)
                criteria[criterion.id] = criterion
        # A framework without criteria would have nothing that fails (vacuous truth).
        if not criteria and "criteria" not in files.broken:
            hint = "add a file of criteria beside this one"
            framework.wrong((), f"framework '{folder}' has no criteria", hint)
        found.frameworks[folder] = Framework(
            id=folder,
            title=framework.data["title"],
            criteria=tuple(criteria.values()),
            path=framework.document.name,
        )


def _check_used(
    found: Mappings, readers: dict[str, DocumentReader], manual: list[DocumentReader]
) -> None:
    """Note controls that serve no criterion, and criteria of manual controls that do not exist."""
    criteria: set[str] = set()
    used: set[str] = set()
    for framework in found.frameworks.values():
        for criterion in framework.criteria:
            criteria.add(criterion.id)
            used.update(link.control for link in criterion.controls)
    # A control that nothing shows would be judged, and fail, without anybody seeing it.
    for identity in found.controls.keys() - used:
        message = f"no criterion names control '{identity}'"
        readers[identity].wrong(("id",), message, "list it under a criterion in a framework's file")
    for reader in manual:
        for identity, data in reader.data["manual"].items():
            for index, name in enumerate(data.get("criteria", [])):
                if name not in criteria:
                    message = f"there is no criterion '{name}'"
                    hint = "name one of a framework's criteria"
                    reader.wrong(("manual", identity, "criteria", index), message, hint)
