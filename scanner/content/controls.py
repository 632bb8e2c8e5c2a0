"""Controls, manual controls and frameworks, from YAML to the model, with every link held against its other end."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from scanner.content.document_reader import DocumentReader, Steps, suggest
from scanner.model.controls import (
    CheckLink,
    Control,
    ControlLink,
    Criterion,
    Lacking,
    ManualControl,
    Requirement,
    Role,
    WhenEmpty,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a mapping may point at; files with mistakes count as known, so that they are blamed once."""

    checks: Collection[str]
    shipped: Collection[str] = ()
    """Those of the checks that tscan brings: they are lacking no more. A user's own check may fill the place."""
    parameters: Collection[str] | None
    """None: they are not known, and nobody is blamed for naming one."""
    manual: Collection[str] | None
    controls: Collection[str] = ()


def read_manual(reader: DocumentReader) -> dict[str, ManualControl]:
    """The manual controls of a file."""
    named = ("control", "evidence", "frequency", "owner", "policy", "criteria")
    return {
        identity: ManualControl(
            id=identity,
            control=data["control"],
            evidence=data["evidence"],
            frequency=data["frequency"],
            owner=data["owner"],
            policy=data.get("policy", ""),
            criteria=tuple(data.get("criteria", [])),
            detail={key: value for key, value in data.items() if key not in named},
        )
        for identity, data in reader.data["manual"].items()
    }


def read_control(reader: DocumentReader, inside: tuple[str, ...], known: Known) -> Control:
    """The control in a file; the file's name is its id."""
    data = reader.data
    if inside[-1] != f"{data['id']}.yaml":
        reader.wrong(
            ("id",), f"'{data['id']}' is not the file's name", f"the file is called {inside[-1]}"
        )
    links = tuple(
        CheckLink(id=link["id"], role=Role(link["role"]), why=link["why"].strip())
        for link in data.get("checks", [])
    )
    _check_links(reader, data, known)
    return Control(
        id=data["id"],
        title=data["title"].strip(),
        statement=data["statement"].strip(),
        category=data["category"],
        nature=data["nature"],
        frequency=data["frequency"],
        modes=tuple(data["modes"]),
        checks=links,
        attestations=tuple(data.get("attestations", [])),
        must_have=tuple(
            _requirement(reader, ("must_have", index), entry, known)
            for index, entry in enumerate(data.get("must_have", []))
        ),
        lacking=tuple(
            Lacking(
                id=entry["id"],
                cloud=entry["cloud"],
                why=entry["why"].strip(),
                role=Role(entry.get("role", Role.EVIDENCES)),
            )
            for entry in data.get("lacking", [])
        ),
        when_empty=WhenEmpty(data["when_empty"]),
        when_empty_why=data.get("when_empty_why", ""),
        population=data["population"].strip(),
        deviation=data["deviation"].strip(),
        grace=data.get("grace", ""),
        does_not_prove=data.get("does_not_prove", ""),
        why=data["why"].strip(),
        path=reader.document.name,
    )


def _check_links(reader: DocumentReader, data: Mapping[str, Any], known: Known) -> None:
    _all_known(
        reader,
        ("checks",),
        [link["id"] for link in data.get("checks", [])],
        known.checks,
        "check",
        at="id",
    )
    _all_known(
        reader, ("attestations",), data.get("attestations", []), known.manual, "manual control"
    )
    _once(reader, ("checks",), [link["id"] for link in data.get("checks", [])], at="id")
    _once(reader, ("lacking",), [entry["id"] for entry in data.get("lacking", [])], at="id")
    for index, entry in enumerate(data.get("lacking", [])):
        if entry["id"] in known.shipped:
            path = ("lacking", index, "id")
            reader.wrong(
                path, f"check '{entry['id']}' is not lacking: it exists", "move it to 'checks'"
            )


def _requirement(
    reader: DocumentReader, path: Steps, data: Mapping[str, Any], known: Known
) -> Requirement:
    if not any(data.get(key) for key in ("checks", "attestations", "params")):
        reader.wrong(
            path,
            "nothing is named that would meet this",
            "name 'checks', 'attestations' or 'params'",
        )
    # A check that is lacking may be one of several ways to meet this: the pack will have it one day.
    lacking = {entry["id"] for entry in reader.data.get("lacking", [])}
    _all_known(
        reader, (*path, "checks"), data.get("checks", []), {*known.checks, *lacking}, "check"
    )
    _all_known(
        reader,
        (*path, "attestations"),
        data.get("attestations", []),
        known.manual,
        "manual control",
    )
    _all_known(reader, (*path, "params"), data.get("params", []), known.parameters, "parameter")
    return Requirement(
        checks=tuple(data.get("checks", [])),
        attestations=tuple(data.get("attestations", [])),
        params=tuple(data.get("params", [])),
        why=data["why"].strip(),
    )


def _all_known(
    reader: DocumentReader,
    path: Steps,
    ids: list[str],
    known: Collection[str] | None,
    what: str,
    *,
    at: str = "",
) -> None:
    if known is None:
        return
    for index, identity in enumerate(ids):
        if identity not in known:
            here: Steps = (*path, index, at) if at else (*path, index)
            hint = suggest(identity, known)
            if what == "check":
                hint += "; evidence that cannot be collected yet stands in 'lacking'"
            reader.wrong(here, f"there is no {what} '{identity}'", hint.removeprefix("; "))


def _once(reader: DocumentReader, path: Steps, ids: list[str], *, at: str) -> None:
    for index, identity in enumerate(ids):
        if identity in ids[:index]:
            reader.wrong(
                (*path, index, at), f"'{identity}' is named twice", "keep one, with one 'why'"
            )


def read_criteria(reader: DocumentReader, known: Known) -> list[Criterion]:
    """The criteria of one file of a framework."""
    found: list[Criterion] = []
    for identity, data in reader.data["criteria"].items():
        path: Steps = ("criteria", identity, "controls")
        ids = [link["id"] for link in data["controls"]]
        _all_known(reader, path, ids, known.controls, "control", at="id")
        _once(reader, path, ids, at="id")
        found.append(
            Criterion(
                id=identity,
                category=data["category"],
                title=data["title"].strip(),
                evidence=data["evidence"],
                controls=tuple(
                    ControlLink(
                        control=link["id"],
                        primary=link["role"] == "primary",
                        why=link["why"].strip(),
                    )
                    for link in data["controls"]
                ),
                does_not_prove=data.get("does_not_prove", ""),
            )
        )
    return found
