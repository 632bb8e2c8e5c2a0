"""Read `<cloud>.yaml` of the plan maps: what holds for every map of a cloud."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from scanner.content.document_reader import DocumentReader, Steps
from scanner.content.locations import ContentFile
from scanner.content.pack import Pack
from scanner.model.plan_maps import AccountPlaces, PlanCloud

_NEVER: Final = re.compile("(?!)")


def read_plan_clouds(files: Iterable[ContentFile], pack: Pack) -> dict[str, PlanCloud]:
    """By name: the clouds whose files lie at the top of the folder of maps."""
    found: dict[str, PlanCloud] = {}
    for file in files:
        reader = pack.read(file, "plan_cloud")
        if reader is not None:
            found[file.stem] = _plan_cloud(reader, file.stem)
    return found


def _plan_cloud(reader: DocumentReader, name: str) -> PlanCloud:
    data = reader.data
    if data["cloud"] != name:
        message = f"cloud '{data['cloud']}' does not match its file"
        reader.wrong(("cloud",), message, f"it belongs in {data['cloud']}.yaml")
    places = data["account"]
    account = AccountPlaces(
        form=_pattern(reader, ("account", "form"), places["form"]),
        setting=places.get("setting", ""),
        argument=places.get("argument", ""),
        other_arguments=places.get("other_arguments", {}),
        own=places.get("own", {}),
        data=places.get("data", {}),
        shown_in={
            attribute: _pattern(reader, ("account", "shown_in", attribute), text)
            for attribute, text in places.get("shown_in", {}).items()
        },
        not_shown_by=frozenset(places.get("not_shown_by", ())),
    )
    return PlanCloud(
        name=name,
        providers=tuple(data["providers"]),
        account=account,
        keys_in_any_case=data.get("keys_in_any_case", False),
        partition=data.get("partition", ""),
        data={kind: tuple(names) for kind, names in data.get("data", {}).items()},
    )


def _pattern(reader: DocumentReader, path: Steps, text: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(text)
    except re.error as error:
        reader.wrong(path, f"it is not a regular expression: {error}")
        return _NEVER
    if pattern.groups != 1:
        reader.wrong(path, "it needs one group, which is the account", "write (?:…) for others")
        return _NEVER
    return pattern
