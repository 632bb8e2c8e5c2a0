"""`tscan.yaml`: what to read, and by which parameters and frameworks to judge it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scanner.content.documents import read_document
from scanner.content.locate import shown_path
from scanner.content.parameters import read_params
from scanner.content.reading import Reading, Steps, suggest
from scanner.content.schemas import schema
from scanner.content.shapes import shape_problems
from scanner.errors import ContentError, Problem, TscanError
from scanner.model.config import AlertRule, Config, Exclusion, Organization, TargetConfig
from scanner.model.library import Library


def load_config(path: str | Path, library: Library) -> Config:
    """The configuration in a file, held against a library; ContentError with every mistake in it."""
    reading = Reading(_document(Path(path)), [])
    data = reading.data
    targets = tuple(_target(reading, index, library) for index in range(len(data.get("targets", []))))
    config = Config(
        organization=data.get("organization", ""),
        store=data.get("store", ""),
        schedule=data.get("schedule", ""),
        timezone=_timezone(reading),
        targets=targets or (TargetConfig(),),
        params=read_params(reading, ("params",), library.parameters) if "params" in data else {},
        categories=_categories(reading, library),
        alerts=tuple(_alert(reading, index, library) for index in range(len(data.get("alerts", [])))),
        waivers=_beside(path, data.get("waivers", "")),
        attestations=_beside(path, data.get("attestations", "")),
        path=str(path),
    )
    if reading.problems:
        raise ContentError(reading.problems)
    return config


def _beside(path: str | Path, name: str) -> str:
    """What the configuration names, as seen from its own folder."""
    return str(Path(path).parent / name) if name else ""


def _document(path: Path) -> Any:
    try:
        content = path.read_bytes()
    except OSError as error:
        hint = "name the configuration with --config"
        raise TscanError(f"{path} cannot be read: {error.strerror}", hint) from None
    document = read_document(content, path=shown_path(path))
    problems = [document] if isinstance(document, Problem) else shape_problems(document, "config")
    if problems:
        raise ContentError(problems)
    return document


def _target(reading: Reading, index: int, library: Library) -> TargetConfig:
    (cloud, data), *_ = reading.data["targets"][index].items()
    path = ("targets", index, cloud)
    for key in ("regions",):
        names = data.get(key, [])
        for number, name in enumerate(names):
            if name in names[:number]:
                reading.wrong((*path, key, number), f"'{name}' is named twice", "remove one")
    if "external_id" in data and "role_arn" not in data:
        reading.wrong(
            (*path, "external_id"), "'external_id' has no meaning without 'role_arn'", "add 'role_arn'", key=True
        )
    return TargetConfig(
        cloud=cloud,
        profile=data.get("profile", ""),
        role_arn=data.get("role_arn", ""),
        external_id=data.get("external_id", ""),
        regions=tuple(data.get("regions", [])),
        params=read_params(reading, (*path, "params"), library.parameters) if "params" in data else {},
        organization=_organization(reading, data["organization"], (*path, "organization"))
        if "organization" in data
        else None,
    )


def _organization(reading: Reading, data: Any, path: Steps) -> Organization:
    seen: set[str] = set()
    for number, row in enumerate(data.get("exclude", [])):
        if row["account"] in seen:
            place = (*path, "exclude", number, "account")
            reading.wrong(place, f"account {row['account']} is excluded twice", "remove one")
        seen.add(row["account"])
    return Organization(
        role=data["role"],
        external_id=data.get("external_id", ""),
        exclude=tuple(Exclusion(**row) for row in data.get("exclude", [])),
    )


def check_role(name: str) -> None:
    """TscanError where a text is not the name of a role (with its path, without the account)."""
    properties = schema("config")["properties"]["targets"]["items"]["properties"]["aws"]["properties"]
    if not re.fullmatch(properties["organization"]["properties"]["role"]["pattern"].strip("^$"), name):
        raise TscanError(f"--organization {name} is not the name of a role", "name it without its account: tscan-read")


def _alert(reading: Reading, index: int, library: Library) -> AlertRule:
    data = reading.data["alerts"][index]
    for number, name in enumerate(data.get("controls", [])):
        if name not in library.controls:
            place = ("alerts", index, "controls", number)
            reading.wrong(place, f"there is no control '{name}'", suggest(name, library.controls))
    return AlertRule(**{name: tuple(values) for name, values in data.items()})


def _timezone(reading: Reading) -> str:
    name: str = reading.data.get("timezone", "UTC")
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        reading.wrong(("timezone",), f"there is no time zone '{name}'", "write a name such as Europe/Berlin")
    return name


def _categories(reading: Reading, library: Library) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, data in reading.data.get("frameworks", {}).items():
        framework = library.frameworks.get(name)
        if framework is None:
            hint = suggest(name, library.frameworks)
            reading.wrong(("frameworks", name), f"there is no framework '{name}'", hint, key=True)
            continue
        if "categories" not in data:
            continue
        known = {criterion.category for criterion in framework.criteria}
        for index, category in enumerate(data["categories"]):
            if category not in known:
                where = ("frameworks", name, "categories", index)
                reading.wrong(where, f"{name} has no category '{category}'", suggest(category, known))
        found[name] = tuple(data["categories"])
    return found
