"""Read shipped checks and kinds on first use, and outline them without parsing their files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from scanner.content.checks import CheckReader
from scanner.content.clouds import CloudRule, read_cloud
from scanner.content.document_reader import DocumentReader
from scanner.content.documents import read_head
from scanner.content.kind_drafts import Draft, draft_kind
from scanner.content.kinds import KindBuilder
from scanner.content.locations import ContentFile
from scanner.content.pack import Pack
from scanner.errors import ContentError
from scanner.model.checks import Check, Severity
from scanner.model.kinds import Kind
from scanner.model.library import CheckEntry, KindEntry, LazyMapping

_CHECK_KEYS: Final = ("title", "severity", "resource")
_KIND_KEYS: Final = ("service", "nature")
_SEVERITIES: Final = {severity.value: severity for severity in Severity}
Item = TypeVar("Item")


def lazy_checks(
    pack: Pack,
    check_reader: CheckReader,
    later: Mapping[str, ContentFile],
    found: Mapping[str, Check],
) -> LazyMapping[Check, CheckEntry]:
    """Checks that are read on first use, beside those that are read; ContentError for mistakes."""

    def read(name: str) -> Check:
        if name in found:
            return found[name]
        file = later[name]
        reader = _reader(pack, file, "check")
        return _without_problems(pack, lambda: check_reader.read(reader, file.inside, shipped=True))

    def outline(name: str) -> CheckEntry:
        if name in found:
            # A user's check has no digest here: two libraries never take it for the same.
            check = found[name]
            return CheckEntry(check.cloud, check.kind, "", check.title, check.severity)
        return _check_entry(later[name])

    def text(name: str) -> bytes | None:
        if name in found:
            return None
        return later[name].content

    return LazyMapping({*later, *found}, read=read, outline=outline, text=text)


def _check_entry(file: ContentFile) -> CheckEntry:
    head = read_head(file.content, _CHECK_KEYS)
    return CheckEntry(
        cloud=file.inside[0],
        kind=head.get("resource", ""),
        file=hashlib.sha256(file.content).hexdigest(),
        title=head.get("title", "").strip(),
        severity=_SEVERITIES.get(head.get("severity", "")),
    )


def lazy_kinds(pack: Pack, rules: Sequence[CloudRule]) -> LazyMapping[Kind, KindEntry]:
    """Kinds that are read on first use, with those that they need; ContentError for mistakes."""
    files: dict[str, ContentFile] = {}
    clouds: dict[str, bytes] = {}
    for file in pack.of("resources"):
        if is_cloud(file):
            clouds[file.stem] = file.content
        else:
            files[claimed_kind(file)] = file

    def outline(name: str) -> KindEntry:
        head = read_head(files[name].content, _KIND_KEYS)
        return KindEntry(head.get("service", ""), head.get("nature", ""))

    def draft(name: str) -> Draft:
        return draft_kind(_reader(pack, files[name], "kind"), files[name].inside)

    drafts = LazyMapping(files, read=draft, outline=outline)
    builder = KindBuilder(drafts=drafts, rules=rules)

    def read(name: str) -> Kind:
        return _without_problems(pack, lambda: builder.kind(name))

    def text(name: str) -> bytes:
        # The rule of a cloud adds requests to each of its kinds.
        return files[name].content + clouds.get(files[name].inside[0], b"")

    return LazyMapping(files, read=read, outline=outline, text=text)


def _reader(pack: Pack, file: ContentFile, format_name: str) -> DocumentReader:
    reader = pack.read(file, format_name)
    if reader is None:
        raise ContentError(pack.problems)
    return reader


def _without_problems(pack: Pack, read: Callable[[], Item]) -> Item:
    item = read()
    # Problems stay in the pack: once an item was refused, no later one is handed out.
    if pack.problems:
        raise ContentError(pack.problems)
    return item


def is_cloud(file: ContentFile) -> bool:
    """Whether a file of resources is the rule of a cloud; the others are kinds."""
    return len(file.inside) == 1


def claimed_kind(file: ContentFile) -> str:
    """The id of the kind that a file should hold, by its path."""
    return ".".join((*file.inside[:-1], file.stem))


def cloud_rules(pack: Pack) -> list[CloudRule]:
    """The rules of the clouds that have any."""
    rules: list[CloudRule] = []
    for file in pack.of("resources"):
        if not is_cloud(file):
            continue
        reader = pack.read(file, "cloud")
        if reader is not None:
            rules.append(read_cloud(reader, file.stem))
    return rules
