"""The mappings: all files of controls and frameworks, in the order in which they point at each other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace

from scanner.content.controls import Known, read_control, read_criteria, read_manual
from scanner.content.document_reader import DocumentReader
from scanner.content.locations import ContentFile
from scanner.errors import Problem
from scanner.model.controls import Control, Criterion, Framework, ManualControl

Reader = Callable[[ContentFile, str], DocumentReader | None]


@dataclass(slots=True)
class Mappings:
    """What the mappings hold, while they are read and after."""

    controls: dict[str, Control] = field(default_factory=dict)
    manual: dict[str, ManualControl] = field(default_factory=dict)
    frameworks: dict[str, Framework] = field(default_factory=dict)


@dataclass(slots=True)
class _Files:
    """Readings by what they are, with what was broken."""

    manual: list[DocumentReader] = field(default_factory=list)
    controls: list[tuple[DocumentReader, ContentFile]] = field(default_factory=list)
    frameworks: dict[str, DocumentReader] = field(default_factory=dict)
    criteria: dict[str, list[DocumentReader]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    """Formats and, for controls, ids of files with mistakes."""


def read_mappings(
    files: Iterable[ContentFile],
    read: Reader,
    problems: list[Problem],
    known: Known,
) -> Mappings:
    """The controls and frameworks; what they name must be known."""
    found, sorted_files = Mappings(), _sorted(files, read, problems)
    for reading in sorted_files.manual:
        for identity, manual in read_manual(reading).items():
            if identity in found.manual:
                reading.wrong(
                    ("manual", identity), f"manual control '{identity}' exists already", key=True
                )
            found.manual[identity] = manual
    known = replace(known, manual=None if "manual" in sorted_files.broken else found.manual)
    readings: dict[str, DocumentReader] = {}
    for reading, file in sorted_files.controls:
        control = read_control(reading, file.inside, known)
        if control.id in found.controls:
            first = readings[control.id].document.path
            reading.wrong(("id",), f"control '{control.id}' exists already", f"first in {first}")
        else:
            readings[control.id] = reading
            found.controls[control.id] = control
    _read_frameworks(sorted_files, found, {*found.controls, *sorted_files.broken})
    if not sorted_files.broken & {"criteria", "framework"}:
        _check_used(found, readings, sorted_files.manual)
    return found


def _sorted(files: Iterable[ContentFile], read: Reader, problems: list[Problem]) -> _Files:
    found = _Files()
    for file in files:
        format_name = _format(file.inside)
        if not format_name:
            hint = "controls stand in controls/, a framework in its own folder, manual controls in manual.yaml"
            problems.append(Problem(file.shown, 1, 1, "the file does not belong here", hint))
            continue
        reading = read(file, format_name)
        if reading is None:
            found.broken |= {format_name, file.stem}
        elif format_name == "manual":
            found.manual.append(reading)
        elif format_name == "control":
            found.controls.append((reading, file))
        elif format_name == "criteria":
            found.criteria.setdefault(file.inside[0], []).append(reading)
        else:
            _add_framework(found, reading, file)
    return found


def _format(inside: tuple[str, ...]) -> str:
    if inside == ("manual.yaml",):
        return "manual"
    if len(inside) != 2:
        return ""
    if inside[0] == "controls":
        return "control"
    return "framework" if inside[1] == "framework.yaml" else "criteria"


def _add_framework(found: _Files, reading: DocumentReader, file: ContentFile) -> None:
    folder = file.inside[0]
    if reading.data["id"] != folder:
        reading.wrong(
            ("id",),
            f"'{reading.data['id']}' is not the folder's name",
            f"the folder is called {folder}",
        )
    if folder in found.frameworks:
        first = found.frameworks[folder].document.path
        reading.wrong(("id",), f"framework '{folder}' exists already", f"first in {first}")
    else:
        found.frameworks[folder] = reading


def _read_frameworks(files: _Files, found: Mappings, controls: Collection[str]) -> None:
    known = Known(checks=(), parameters=(), manual=(), controls=controls)
    for folder, readings in files.criteria.items():
        if folder not in files.frameworks and "framework" not in files.broken:
            readings[0].wrong(
                (),
                f"'{folder}' has no framework.yaml",
                "write one with 'version', 'id' and 'title'",
            )
    for folder, framework in files.frameworks.items():
        criteria: dict[str, Criterion] = {}
        for reading in files.criteria.get(folder, []):
            for criterion in read_criteria(reading, known):
                if criterion.id in criteria:
                    message = f"criterion '{criterion.id}' exists already in {folder}"
                    reading.wrong(("criteria", criterion.id), message, "keep one", key=True)
                criteria[criterion.id] = criterion
        if not criteria and "criteria" not in files.broken:
            framework.wrong(
                (),
                f"framework '{folder}' has no criteria",
                "add a file of criteria beside this one",
            )
        found.frameworks[folder] = Framework(
            id=folder,
            title=framework.data["title"],
            criteria=tuple(criteria.values()),
            path=framework.document.name,
        )


def _check_used(
    found: Mappings, readings: dict[str, DocumentReader], manual: list[DocumentReader]
) -> None:
    """Every control serves a criterion, and a manual control names criteria that exist."""
    criteria = {
        criterion.id: criterion for each in found.frameworks.values() for criterion in each.criteria
    }
    used = {link.control for criterion in criteria.values() for link in criterion.controls}
    for identity in found.controls.keys() - used:
        readings[identity].wrong(
            ("id",), f"no criterion names control '{identity}'", "name it in a framework's file"
        )
    for reading in manual:
        for identity, data in reading.data["manual"].items():
            for index, criterion in enumerate(data.get("criteria", [])):
                if criterion not in criteria:
                    path = ("manual", identity, "criteria", index)
                    reading.wrong(
                        path,
                        f"there is no criterion '{criterion}'",
                        "name one of a framework's criteria",
                    )
