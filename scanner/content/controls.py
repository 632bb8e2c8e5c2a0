"""Read controls, manual controls and criteria, and check that both ends of each link exist."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from scanner.content.document_reader import DocumentReader, Steps
from scanner.core.calendar import grace_parameter
from scanner.model.controls import (
    CheckLink,
    Clause,
    Control,
    ControlLink,
    Criterion,
    Elsewhere,
    ManualControl,
    MissingCheck,
    Requirement,
    Role,
    WhenEmpty,
)
from scanner.words import did_you_mean, plural

_MANUAL_KEYS: Final = ("control", "evidence", "frequency", "owner", "policy", "criteria")
"""Keys of a manual control that have a field of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a mapping may refer to; broken files count as known, so that they are blamed once."""

    checks: Collection[str]
    aliases: Mapping[str, str] = field(default_factory=dict)
    """The id of a check by each of its earlier ids."""
    shipped: Collection[str] = ()
    """The shipped checks: they cannot be `lacking`. A user's own check may fill such a place."""
    parameters: Collection[str] | None
    """None: a file of them is broken, and nobody is blamed for naming one."""
    manual: Collection[str] | None
    controls: Collection[str] = ()

    def current_id(self, check: str) -> str:
        """The id of the check that has this id or had it."""
        return self.aliases.get(check, check)


def read_manual(reader: DocumentReader) -> dict[str, ManualControl]:
    """The manual controls of a file."""
    found: dict[str, ManualControl] = {}
    for identity, data in reader.data["manual"].items():
        found[identity] = ManualControl(
            id=identity,
            control=data["control"],
            evidence=data["evidence"],
            frequency=data["frequency"],
            owner=data["owner"],
            policy=data.get("policy", ""),
            criteria=tuple(data.get("criteria", [])),
            detail={key: value for key, value in data.items() if key not in _MANUAL_KEYS},
        )
    return found


def read_control(reader: DocumentReader, inside: tuple[str, ...], known: Known) -> Control:
    """The control in a file; the file's name is its id."""
    data = reader.data
    if inside[-1] != f"{data['id']}.yaml":
        message = f"'{data['id']}' is not the file's name"
        reader.wrong(("id",), message, f"the file is called {inside[-1]}")
    _check_links(reader, data, known)
    requirements: list[Requirement] = []
    for index, entry in enumerate(data.get("must_have", [])):
        requirements.append(_requirement(reader, ("must_have", index), entry, known))
    return Control(
        id=data["id"],
        title=data["title"].strip(),
        statement=data["statement"].strip(),
        category=data["category"],
        nature=data["nature"],
        frequency=data["frequency"],
        modes=tuple(data["modes"]),
        checks=tuple(_check_link(link, known) for link in data.get("checks", [])),
        attestations=tuple(data.get("attestations", [])),
        must_have=tuple(requirements),
        lacking=tuple(_lacking(entry) for entry in data.get("lacking", [])),
        when_empty=WhenEmpty(data["when_empty"]),
        when_empty_why=data.get("when_empty_why", ""),
        when_none_in_scope=WhenEmpty(data.get("when_none_in_scope", data["when_empty"])),
        population=data["population"].strip(),
        deviation=data["deviation"].strip(),
        grace=_grace(reader, data.get("grace", ""), known),
        does_not_prove=data.get("does_not_prove", ""),
        why=data["why"].strip(),
        path=reader.document.name,
        clauses=_clauses(reader, data, known),
    )


def _grace(reader: DocumentReader, value: str | int, known: Known) -> str:
    """The time for a correction as a text; a number is one of days."""
    if isinstance(value, int):
        return plural(value, "day") if value else "none"
    parameter = grace_parameter(value)
    if parameter is None:
        if "params." in value:
            message = f"'{value}' is not a time for correction"
            reader.wrong(("grace",), message, "write 'params.NAME days', or hours or weeks")
    elif known.parameters is not None and parameter not in known.parameters:
        message = f"there is no parameter '{parameter}'"
        reader.wrong(("grace",), message, did_you_mean(parameter, known.parameters))
    return value


def _clauses(reader: DocumentReader, data: Mapping[str, Any], known: Known) -> tuple[Clause, ...]:
    """The clauses of the statement; together they have all deciding evidence of the control."""
    found: list[Clause] = []
    deciding = _deciding(data, known)
    asked = [*data.get("attestations", []), *_required_attestations(data)]
    # A link or an attestation that does not exist was blamed where it is declared, and once.
    sound = _exist(deciding, known.checks) and _exist(asked, known.manual)
    for index, clause in enumerate(data.get("clauses", [])):
        path: Steps = ("clauses", index)
        checks = [known.current_id(name) for name in clause.get("checks", [])]
        attestations = clause.get("attestations", [])
        if sound:
            _all_linked(reader, (*path, "checks"), checks, deciding)
            _all_asked(reader, (*path, "attestations"), attestations, asked)
            sound = _exist(checks, deciding) and _exist(attestations, asked)
        elsewhere: list[Elsewhere] = []
        for number, other in enumerate(clause.get("elsewhere", [])):
            here: Steps = (*path, "elsewhere", number, "attestations")
            _all_known(reader, here, other.get("attestations", []), known.manual, "manual control")
            elsewhere.append(_elsewhere(other))
        found.append(
            Clause(
                says=clause["says"].strip(),
                checks=tuple(checks),
                attestations=tuple(attestations),
                elsewhere=tuple(elsewhere),
            )
        )
    if found and sound:
        _check_all_used(reader, data, known, found)
    return tuple(found)


def _exist(names: Iterable[str], known: Collection[str] | None) -> bool:
    return known is not None and all(name in known for name in names)


def _elsewhere(data: Mapping[str, Any]) -> Elsewhere:
    return Elsewhere(
        cloud=data["cloud"],
        attestations=tuple(data.get("attestations", [])),
        why=data["why"].strip(),
    )


def _deciding(data: Mapping[str, Any], known: Known) -> list[str]:
    links = data.get("checks", [])
    return [known.current_id(link["id"]) for link in links if link["role"] == Role.EVIDENCES]


def _required_attestations(data: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for requirement in data.get("must_have", []):
        found += requirement.get("attestations", [])
    return found


def _all_linked(
    reader: DocumentReader, path: Steps, checks: list[str], deciding: list[str]
) -> None:
    for index, identity in enumerate(checks):
        if identity not in deciding:
            message = f"check '{identity}' does not evidence this control"
            hint = did_you_mean(identity, deciding) or "link it in 'checks' with 'role: evidences'"
            reader.wrong((*path, index), message, hint)


def _all_asked(
    reader: DocumentReader, path: Steps, attestations: list[str], asked: list[str]
) -> None:
    for index, identity in enumerate(attestations):
        if identity not in asked:
            message = f"manual control '{identity}' is not required by this control"
            reader.wrong((*path, index), message, "name it in 'attestations' or 'must_have'")


def _check_all_used(
    reader: DocumentReader, data: Mapping[str, Any], known: Known, clauses: list[Clause]
) -> None:
    """Note evidence that decides the control and is for no clause of its statement."""
    checks = set(chain.from_iterable(clause.checks for clause in clauses))
    for index, link in enumerate(data.get("checks", [])):
        if link["role"] == Role.EVIDENCES and known.current_id(link["id"]) not in checks:
            message = f"check '{link['id']}' evidences the control, but no clause"
            reader.wrong(
                ("checks", index, "id"), message, "name it in a clause, or write 'supports'"
            )
    attestations = set(chain.from_iterable(clause.attestations for clause in clauses))
    for index, name in enumerate(data.get("attestations", [])):
        if name not in attestations:
            message = f"manual control '{name}' is required, but for no clause"
            reader.wrong(("attestations", index), message, "name it in a clause")


def _check_link(data: Mapping[str, str], known: Known) -> CheckLink:
    return CheckLink(
        id=known.current_id(data["id"]),
        role=Role(data["role"]),
        why=data["why"].strip(),
        deviation=data.get("deviation", "").strip(),
    )


def _lacking(data: Mapping[str, str]) -> MissingCheck:
    role = Role(data.get("role", Role.EVIDENCES))
    return MissingCheck(
        id=data["id"],
        cloud=data["cloud"],
        why=data["why"].strip(),
        role=role,
    )


def _check_links(reader: DocumentReader, data: Mapping[str, Any], known: Known) -> None:
    checks = [known.current_id(link["id"]) for link in data.get("checks", [])]
    attestations = data.get("attestations", [])
    lacking = [known.current_id(entry["id"]) for entry in data.get("lacking", [])]
    _all_known(reader, ("checks",), checks, known.checks, "check", at="id")
    _all_known(reader, ("attestations",), attestations, known.manual, "manual control")
    _once(reader, ("checks",), checks, at="id")
    _once(reader, ("lacking",), lacking, at="id")
    for index, identity in enumerate(lacking):
        # The check was written since: without its link, the control would stay "not shown".
        if identity in known.shipped:
            message = f"check '{identity}' exists, so it is not lacking"
            reader.wrong(("lacking", index, "id"), message, "move it to 'checks'")


def _requirement(
    reader: DocumentReader,
    path: Steps,
    data: Mapping[str, Any],
    known: Known,
) -> Requirement:
    checks = [known.current_id(name) for name in data.get("checks", [])]
    attestations = data.get("attestations", [])
    params = data.get("params", [])
    # Without this guard a requirement without sources would be met by nothing (vacuous truth).
    if not (checks or attestations or params):
        message = "nothing here can meet this requirement"
        reader.wrong(path, message, "name 'checks', 'attestations' or 'params'")
    # A check that is lacking may be one of several ways to meet this, once the pack has it.
    lacking = {entry["id"] for entry in reader.data.get("lacking", [])}
    _all_known(reader, (*path, "checks"), checks, {*known.checks, *lacking}, "check")
    _all_known(reader, (*path, "attestations"), attestations, known.manual, "manual control")
    _all_known(reader, (*path, "params"), params, known.parameters, "parameter")
    return Requirement(
        checks=tuple(checks),
        attestations=tuple(attestations),
        params=tuple(params),
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
    """Note ids that are not known; `at` is the key of an id in its item, empty for plain ids."""
    if known is None:
        return
    for index, identity in enumerate(ids):
        if identity in known:
            continue
        here: Steps = (*path, index)
        if at:
            here = (*here, at)
        hint = did_you_mean(identity, known)
        if what == "check":
            hint += "; evidence that cannot be collected yet belongs in 'lacking'"
        reader.wrong(here, f"there is no {what} '{identity}'", hint.removeprefix("; "))


def _once(
    reader: DocumentReader,
    path: Steps,
    ids: list[str],
    *,
    at: str,
) -> None:
    # Two links of one pair would carry two reasons, and only one of them would be shown.
    for index, identity in enumerate(ids):
        if identity in ids[:index]:
            message = f"'{identity}' is named twice"
            reader.wrong((*path, index, at), message, "keep one, with one 'why'")


def read_criteria(reader: DocumentReader, known: Known) -> list[Criterion]:
    """The criteria of one file of a framework."""
    found: list[Criterion] = []
    for identity, data in reader.data["criteria"].items():
        path: Steps = ("criteria", identity, "controls")
        ids = [link["id"] for link in data["controls"]]
        _all_known(reader, path, ids, known.controls, "control", at="id")
        _once(reader, path, ids, at="id")
        criterion = Criterion(
            id=identity,
            category=data["category"],
            title=data["title"].strip(),
            evidence=data["evidence"],
            controls=tuple(_control_link(link) for link in data["controls"]),
            does_not_prove=data.get("does_not_prove", ""),
        )
        found.append(criterion)
    return found


def _control_link(data: Mapping[str, str]) -> ControlLink:
    primary = data["role"] == "primary"
    return ControlLink(
        control=data["id"],
        primary=primary,
        why=data["why"].strip(),
    )
