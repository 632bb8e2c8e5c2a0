"""Read `tscan.yaml`: the targets of a scan, and the parameters, frameworks and rules it uses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from scanner.content.document_reader import DocumentReader, Steps
from scanner.content.documents import Document, read_document
from scanner.content.input_files import read_input
from scanner.content.locations import shown_path
from scanner.content.parameters import read_params
from scanner.content.schema_validator import schema_problems
from scanner.content.schemas import WITH_PLUGINS, own_targets, plugin_targets, target_schema
from scanner.errors import ContentError, Problem, TscanError
from scanner.model.config import AlertRule, Config, Exclusion, Organization, TargetConfig
from scanner.model.library import Library
from scanner.words import closest, did_you_mean

_NO_SETTINGS: Final = ("params", "exclude", "bulk")
"""Keys of a target that are no settings of its cloud."""


def load_config(path: str | Path, library: Library) -> Config:
    """The configuration in a file, cross-checked with a library; ContentError for mistakes."""
    reader = DocumentReader(_document(Path(path)), [])
    data = reader.data
    targets = [_target(reader, index, library) for index in range(len(data.get("targets", [])))]
    alerts = [_alert(reader, index, library) for index in range(len(data.get("alerts", [])))]
    params: dict[str, Any] = {}
    if "params" in data:
        params = read_params(reader, ("params",), library.parameters)
    config = Config(
        organization=data.get("organization", ""),
        store=_beside(path, data.get("store", "")),
        anchors=_beside(path, data.get("anchor", {}).get("git", "")),
        schedule=data.get("schedule", ""),
        timezone=_timezone(reader),
        # Without targets: the AWS account of the environment's credentials.
        targets=tuple(targets) or (TargetConfig(),),
        params=params,
        categories=_categories(reader, library),
        alerts=tuple(alerts),
        waivers=_beside(path, data.get("waivers", "")),
        attestations=_beside(path, data.get("attestations", "")),
        path=str(path),
    )
    if reader.problems:
        raise ContentError(reader.problems)
    return config


def load_store_location(path: str | Path) -> tuple[str, str]:
    """The store and the repository of anchors that a configuration names, each empty if none.

    No library is needed for this: `verify` also runs where none can be loaded.
    """
    data = DocumentReader(_document(Path(path)), []).data
    store = _beside(path, data.get("store", ""))
    return store, _beside(path, data.get("anchor", {}).get("git", ""))


def load_content_folders(path: str | Path) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The folders of checks and of mappings that a configuration names; ContentError if invalid.

    They are part of the library, so that they are read before there is one.
    """
    reader = DocumentReader(_document(Path(path)), [])
    folders = (_folders(reader, path, "checks"), _folders(reader, path, "mappings"))
    if reader.problems:
        raise ContentError(reader.problems)
    return folders


def _folders(reader: DocumentReader, path: str | Path, key: str) -> tuple[Path, ...]:
    found: list[Path] = []
    for index, name in enumerate(reader.data.get(key, [])):
        folder = Path(_beside(path, name))
        if not folder.is_dir():
            message = f"there is no folder '{name}'"
            reader.wrong((key, index), message, "name a folder that holds YAML files")
        elif folder in found:
            reader.wrong((key, index), f"'{name}' is named twice", "remove one")
        found.append(folder)
    return tuple(found)


def _beside(path: str | Path, name: str) -> str:
    """A path in the configuration, relative to its own folder; a URL as it is."""
    # `s3:bucket` as well: taken for a folder, a mistyped URL would be created.
    if not name or ":" in name.partition("/")[0]:
        return name
    return str(Path(path).parent / name)


def _document(path: Path) -> Document:
    try:
        content = read_input(path)
    except OSError as error:
        hint = "name the configuration with --config"
        raise TscanError(f"{path} cannot be read: {error.strerror}", hint) from None
    document = read_document(content, path=shown_path(path))
    if isinstance(document, Problem):
        raise ContentError([document])
    problems = _schema_problems(document)
    if problems:
        raise ContentError(problems)
    return document


def _schema_problems(document: Document) -> list[Problem]:
    problems = schema_problems(document, "config")
    # Plugins are looked for only where something is wrong, which may be an unknown cloud: every
    # installed package is read for it.
    if problems and plugin_targets():
        return schema_problems(document, WITH_PLUGINS)
    return problems


def _target(reader: DocumentReader, index: int, library: Library) -> TargetConfig:
    (cloud, data), *_ = reader.data["targets"][index].items()
    path: Steps = ("targets", index, cloud)
    params: dict[str, Any] = {}
    if "params" in data:
        params = read_params(reader, (*path, "params"), library.parameters)
    read = _TARGETS.get(cloud, _declared)
    return read(reader, path, data, params)


def _aws(
    reader: DocumentReader,
    path: Steps,
    data: Mapping[str, Any],
    params: Mapping[str, Any],
) -> TargetConfig:
    regions = data.get("regions", [])
    for number, name in enumerate(regions):
        if name in regions[:number]:
            reader.wrong((*path, "regions", number), f"'{name}' is named twice", "remove one")
    # An external id guards a role that is assumed (confused deputy): alone it guards nothing.
    if "external_id" in data and "role_arn" not in data:
        message = "'external_id' needs 'role_arn'"
        reader.wrong((*path, "external_id"), message, "add 'role_arn'", key=True)
    for name in ("why", "approver"):
        if name in data and not regions:
            message = f"'{name}' needs 'regions'"
            hint = "it explains why the other regions are left out: add 'regions'"
            reader.wrong((*path, name), message, hint, key=True)
    organization = None
    if "organization" in data:
        organization = _organization(reader, (*path, "organization"), data["organization"])
    settings: dict[str, str] = {}
    if "client" in data:
        settings["client"] = data["client"]
    return TargetConfig(
        profile=data.get("profile", ""),
        role_arn=data.get("role_arn", ""),
        external_id=data.get("external_id", ""),
        regions=tuple(regions),
        regions_why=data.get("why", ""),
        regions_approver=data.get("approver", ""),
        params=params,
        settings=settings,
        organization=organization,
    )


def _declared(
    reader: DocumentReader,
    path: Steps,
    data: Mapping[str, Any],
    params: Mapping[str, Any],
) -> TargetConfig:
    """A target of a REST cloud: its id, and how it is reached."""
    settings = {name: value for name, value in data.items() if name not in _NO_SETTINGS}
    return TargetConfig(
        cloud=str(path[-1]),
        settings=settings,
        exclude=_exclusions(reader, path, data),
        params=params,
        bulk=data.get("bulk", False),
    )


_TARGETS: Final = {"aws": _aws}
"""Clouds that are configured in a way of their own."""


def _organization(reader: DocumentReader, path: Steps, data: Mapping[str, Any]) -> Organization:
    return Organization(
        role=data["role"],
        external_id=data.get("external_id", ""),
        exclude=_exclusions(reader, path, data),
    )


def _exclusions(
    reader: DocumentReader, path: Steps, data: Mapping[str, Any]
) -> tuple[Exclusion, ...]:
    """The accounts that are left out, each once: two reasons for one account are a mistake."""
    found: dict[str, Exclusion] = {}
    for number, row in enumerate(data.get("exclude", [])):
        exclusion = Exclusion(**row)
        if exclusion.account in found:
            place = (*path, "exclude", number, "account")
            reader.wrong(place, f"account {exclusion.account} is excluded twice", "remove one")
        found[exclusion.account] = exclusion
    return tuple(found.values())


def _identities(target: Mapping[str, Any]) -> list[dict[str, str]]:
    """The schemas of the keys one of which names a target; none where credentials name it."""
    branches = target.get("oneOf", [])
    return [target["properties"][branch["required"][0]] for branch in branches]


def parse_target(text: str) -> TargetConfig:
    """The target that `cloud:id`, or a cloud alone, names; TscanError for another text."""
    cloud, _, identity = text.partition(":")
    target = target_schema(cloud)
    if target is None or text.endswith(":"):
        raise _no_target(text)
    forms = _identities(target)
    if not identity:
        # Only credentials of AWS name their account: elsewhere the id says what is read.
        if forms:
            raise _no_target(text)
        return TargetConfig(cloud=cloud)
    if forms and not any(_matches(form, identity) for form in forms):
        wanted = " or ".join(form["title"] for form in forms)
        hint = f"write {cloud}:id, such as {target['x-example']}"
        raise TscanError(f"--target {text} is not {wanted}", hint)
    return TargetConfig(cloud=cloud, settings={"id": identity})


def _no_target(text: str) -> TscanError:
    clouds = ", ".join({**own_targets(), **plugin_targets()})
    hint = f"write cloud:id, the cloud being one of {clouds}"
    return TscanError(f"--target {text} is not a target", hint)


def check_role_name(name: str) -> None:
    """TscanError for a text that is not the name of a role (with its path, without an account)."""
    organization = own_targets()["aws"]["properties"]["organization"]
    if not _matches(organization["properties"]["role"], name):
        message = f"--organization {name} is not the name of a role"
        raise TscanError(message, "name it without its account: tscan-read")


def _matches(rule: Mapping[str, str], text: str) -> bool:
    # Not `search`: Python's `$` also matches before a final line feed.
    return re.fullmatch(rule["pattern"].strip("^$"), text) is not None


def _alert(reader: DocumentReader, index: int, library: Library) -> AlertRule:
    data = reader.data["alerts"][index]
    # A rule about a control or target that does not exist would silence everything, unnoticed.
    for number, name in enumerate(data.get("controls", [])):
        if name not in library.controls:
            hint = did_you_mean(name, library.controls)
            place: Steps = ("alerts", index, "controls", number)
            reader.wrong(place, f"there is no control '{name}'", hint)
    for number, pattern in enumerate(data.get("targets", [])):
        _check_target_pattern(reader, ("alerts", index, "targets", number), pattern)
    return AlertRule(**{name: tuple(values) for name, values in data.items()})


def _check_target_pattern(reader: DocumentReader, path: Steps, pattern: str) -> None:
    cloud, _, identity = pattern.partition(":")
    known = target_schema(cloud) is not None
    if "*" in cloud or (identity and known):
        return
    hint = "write it as aws:* or aws:111122223333"
    if not known:
        hint = did_you_mean(cloud, own_targets()) or hint
    reader.wrong(path, f"no target is called '{pattern}'", hint)


def _timezone(reader: DocumentReader) -> str:
    name: str = reader.data.get("timezone", "UTC")
    # Also a path (`../..`) is refused here: ZoneInfo reads files by this name.
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"there is no time zone '{name}'"
        close = closest(name, available_timezones())
        hint = "write a name such as Europe/Berlin"
        if close:
            hint = f"did you mean '{close}'?"
        reader.wrong(("timezone",), message, hint)
    return name


def _categories(reader: DocumentReader, library: Library) -> dict[str, tuple[str, ...]]:
    """The categories in scope of each framework that names any."""
    found: dict[str, tuple[str, ...]] = {}
    for name, data in reader.data.get("frameworks", {}).items():
        path: Steps = ("frameworks", name)
        framework = library.frameworks.get(name)
        if framework is None:
            known_ones = did_you_mean(name, library.frameworks)
            hint = f"{known_ones}; --mappings DIR adds your own"
            reader.wrong(path, f"there is no framework '{name}'", hint, key=True)
            continue
        if "categories" not in data:
            continue
        # A misspelled category would leave its criteria out of scope, unnoticed.
        known = {criterion.category for criterion in framework.criteria}
        for index, category in enumerate(data["categories"]):
            if category not in known:
                message = f"{name} has no category '{category}'"
                hint = did_you_mean(category, known)
                reader.wrong((*path, "categories", index), message, hint)
        found[name] = tuple(data["categories"])
    return found
