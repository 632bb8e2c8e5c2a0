"""`tscan.yaml`: what to read, and by which parameters and frameworks to judge it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scanner.content.document_reader import DocumentReader, Steps, suggest
from scanner.content.documents import read_document
from scanner.content.locations import shown_path
from scanner.content.parameters import read_params
from scanner.content.schema_validator import schema_problems
from scanner.content.schemas import schema
from scanner.errors import ContentError, Problem, TscanError
from scanner.model.config import AlertRule, Config, Exclusion, Organization, TargetConfig
from scanner.model.library import Library


def load_config(path: str | Path, library: Library) -> Config:
    """The configuration in a file, held against a library; ContentError with every mistake in it."""
    reading = DocumentReader(_document(Path(path)), [])
    data = reading.data
    targets = tuple(
        _target(reading, index, library) for index in range(len(data.get("targets", [])))
    )
    config = Config(
        organization=data.get("organization", ""),
        store=data.get("store", ""),
        anchors=data.get("anchor", {}).get("git", ""),
        schedule=data.get("schedule", ""),
        timezone=_timezone(reading),
        targets=targets or (TargetConfig(),),
        params=read_params(reading, ("params",), library.parameters) if "params" in data else {},
        categories=_categories(reading, library),
        alerts=tuple(
            _alert(reading, index, library) for index in range(len(data.get("alerts", [])))
        ),
        waivers=_beside(path, data.get("waivers", "")),
        attestations=_beside(path, data.get("attestations", "")),
        path=str(path),
    )
    if reading.problems:
        raise ContentError(reading.problems)
    return config


def load_place(path: str | Path) -> tuple[str, str]:
    """Where a configuration says that history lies, and its anchors, `` for what it does not say: without a library."""
    data = DocumentReader(_document(Path(path)), []).data
    return data.get("store", ""), data.get("anchor", {}).get("git", "")


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
    problems = [document] if isinstance(document, Problem) else schema_problems(document, "config")
    if problems:
        raise ContentError(problems)
    return document


def _target(reading: DocumentReader, index: int, library: Library) -> TargetConfig:
    (cloud, data), *_ = reading.data["targets"][index].items()
    path = ("targets", index, cloud)
    params = read_params(reading, (*path, "params"), library.parameters) if "params" in data else {}
    return _TARGETS.get(cloud, _declared)(reading, path, data, params)


def _aws(
    reading: DocumentReader, path: Steps, data: Mapping[str, Any], params: Mapping[str, Any]
) -> TargetConfig:
    names = data.get("regions", [])
    for number, name in enumerate(names):
        if name in names[:number]:
            reading.wrong((*path, "regions", number), f"'{name}' is named twice", "remove one")
    if "external_id" in data and "role_arn" not in data:
        reading.wrong(
            (*path, "external_id"),
            "'external_id' has no meaning without 'role_arn'",
            "add 'role_arn'",
            key=True,
        )
    return TargetConfig(
        profile=data.get("profile", ""),
        role_arn=data.get("role_arn", ""),
        external_id=data.get("external_id", ""),
        regions=tuple(names),
        params=params,
        organization=_organization(reading, data["organization"], (*path, "organization"))
        if "organization" in data
        else None,
    )


def _declared(
    reading: DocumentReader, path: Steps, data: Mapping[str, Any], params: Mapping[str, Any]
) -> TargetConfig:
    """A target of a REST cloud: what it is called, and how it is reached."""
    cloud = str(path[-1])
    settings = {
        name: value for name, value in data.items() if name not in ("params", "exclude", "bulk")
    }
    rows = data.get("exclude", [])
    _check_excluded(reading, path, rows)
    exclude = tuple(Exclusion(**row) for row in rows)
    return TargetConfig(
        cloud=cloud, settings=settings, exclude=exclude, params=params, bulk=data.get("bulk", False)
    )


_TARGETS: Final = {"aws": _aws}
"""Clouds that are configured in a way of their own."""


_EXAMPLES: Final = {
    "gcp": "gcp:my-project or gcp:123456789012",
    "azure": "azure:00000000-0000-0000-0000-000000000000",
    "github": "github:my-org",
}


def _clouds() -> dict[str, Any]:
    found: dict[str, Any] = schema("config")["properties"]["targets"]["items"]["properties"]
    return found


def parse_target(text: str) -> TargetConfig:
    """The target that `cloud:id`, or a cloud alone, names; TscanError for another text."""
    cloud, _, identity = text.partition(":")
    known = _clouds().get(cloud)
    if known is None or text.endswith(":") or (not identity and "oneOf" in known):
        hint = f"write cloud:id, the cloud being one of {', '.join(_clouds())}"
        raise TscanError(f"--target {text} names no target", hint)
    places = [known["properties"][branch["required"][0]] for branch in known.get("oneOf", [])]
    if places and not any(re.fullmatch(place["pattern"].strip("^$"), identity) for place in places):
        raise TscanError(
            f"--target {text} is not {' or '.join(place['title'] for place in places)}",
            f"write {cloud}:id, such as {_EXAMPLES[cloud]}",
        )
    return TargetConfig(cloud=cloud, settings={"id": identity} if identity else {})


def _organization(reading: DocumentReader, data: Any, path: Steps) -> Organization:
    _check_excluded(reading, path, data.get("exclude", []))
    return Organization(
        role=data["role"],
        external_id=data.get("external_id", ""),
        exclude=tuple(Exclusion(**row) for row in data.get("exclude", [])),
    )


def _check_excluded(reading: DocumentReader, path: Steps, rows: list[Any]) -> None:
    seen: set[str] = set()
    for number, row in enumerate(rows):
        if row["account"] in seen:
            place = (*path, "exclude", number, "account")
            reading.wrong(place, f"account {row['account']} is excluded twice", "remove one")
        seen.add(row["account"])


def check_role(name: str) -> None:
    """TscanError where a text is not the name of a role (with its path, without the account)."""
    properties = _clouds()["aws"]["properties"]
    if not re.fullmatch(
        properties["organization"]["properties"]["role"]["pattern"].strip("^$"), name
    ):
        raise TscanError(
            f"--organization {name} is not the name of a role",
            "name it without its account: tscan-read",
        )


def _alert(reading: DocumentReader, index: int, library: Library) -> AlertRule:
    data = reading.data["alerts"][index]
    for number, name in enumerate(data.get("controls", [])):
        if name not in library.controls:
            place = ("alerts", index, "controls", number)
            reading.wrong(place, f"there is no control '{name}'", suggest(name, library.controls))
    for number, pattern in enumerate(data.get("targets", [])):
        cloud, _, identity = pattern.partition(":")
        if "*" not in cloud and not (identity and cloud in _clouds()):
            place = ("alerts", index, "targets", number)
            close = "" if cloud in _clouds() else suggest(cloud, _clouds())
            reading.wrong(
                place,
                f"no target is called '{pattern}'",
                close or "write it as aws:* or aws:111122223333",
            )
    return AlertRule(**{name: tuple(values) for name, values in data.items()})


def _timezone(reading: DocumentReader) -> str:
    name: str = reading.data.get("timezone", "UTC")
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        reading.wrong(
            ("timezone",), f"there is no time zone '{name}'", "write a name such as Europe/Berlin"
        )
    return name


def _categories(reading: DocumentReader, library: Library) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, data in reading.data.get("frameworks", {}).items():
        framework = library.frameworks.get(name)
        if framework is None:
            hint = f"{suggest(name, library.frameworks)}; --mappings DIR brings your own"
            reading.wrong(("frameworks", name), f"there is no framework '{name}'", hint, key=True)
            continue
        if "categories" not in data:
            continue
        known = {criterion.category for criterion in framework.criteria}
        for index, category in enumerate(data["categories"]):
            if category not in known:
                where = ("frameworks", name, "categories", index)
                reading.wrong(
                    where, f"{name} has no category '{category}'", suggest(category, known)
                )
        found[name] = tuple(data["categories"])
    return found
