"""The library: every file of the pack and of a user's folders, read, held against each other, and digested."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from scanner.content.checks import CheckReader, kind_in
from scanner.content.clouds import read_cloud
from scanner.content.controls import Known
from scanner.content.document_reader import DocumentReader
from scanner.content.documents import read_document
from scanner.content.kinds import Draft, draft_kind, finish_kinds
from scanner.content.locations import ContentFile, Roots, content_files, default_roots
from scanner.content.mappings import read_mappings
from scanner.content.parameters import read_parameters
from scanner.content.schema_validator import earlier_key, schema_problems, version_problem
from scanner.errors import ContentError, Problem
from scanner.model.checks import Check, Parameter
from scanner.model.kinds import Kind
from scanner.model.library import CheckEntry, LazyChecks, Library

_PARAMETERS: Final = ("parameters.yaml",)


@dataclass(slots=True)
class Pack:
    """Files while a library is made of them."""

    problems: list[Problem] = field(default_factory=list)
    files: list[ContentFile] = field(default_factory=list)
    validate: bool = True
    """Whether shipped files are validated against their schemas."""

    def collect(self, roots: Roots) -> None:
        """Read every file, in order."""
        self.validate = roots.validate
        self._add("resources", roots.kinds)
        self._add("checks", roots.checks)
        self._add("mappings", roots.mappings)
        for number, folder in enumerate(roots.more_checks, 1):
            self._add(f"user/{number}/checks", folder, shipped=False)
        for number, folder in enumerate(roots.more_mappings, 1):
            self._add(f"user/{number}/mappings", folder, shipped=False)

    def _add(self, label: str, root: Path, *, shipped: bool = True) -> None:
        self.files.extend(content_files(root, label, self.problems, shipped=shipped))

    def of(self, label: str) -> Iterator[ContentFile]:
        """The files of one part: `resources`, `checks` or `mappings`."""
        for file in self.files:
            if file.name.startswith(f"{label}/") or (
                not file.shipped and file.name.split("/")[2] == label
            ):
                yield file

    def read(self, file: ContentFile, format_name: str) -> DocumentReader | None:
        """The document of a file, or None when its form is wrong."""
        document = read_document(file.content, path=file.shown, name=file.name)
        if isinstance(document, Problem):
            self.problems.append(document)
            return None
        if (
            format_name == "check"
            and not file.shipped
            and isinstance(document.data, dict)
            and "kind" in document.data
        ):
            hint = "kinds decide which calls run with your credentials; only tscan ships them"
            self.problems.append(
                document.problem(("kind",), "a folder of checks cannot add a kind", hint, key=True)
            )
            return None
        outdated = earlier_key(document, format_name)
        if outdated is not None:
            # The whole pack is of another format: its other files would repeat this.
            # The name inside the pack is shown: an archived pack lies in a temporary folder.
            raise ContentError([replace(outdated, path=file.name) if file.shipped else outdated])
        if self.validate or not file.shipped:
            wrong = schema_problems(document, format_name)
        else:
            newer = version_problem(document)
            wrong = [] if newer is None else [newer]
        self.problems.extend(wrong)
        if wrong:
            return None
        return DocumentReader(document, self.problems)

    def digest(self) -> str:
        """SHA-256 over the name and the bytes of every file."""
        whole = hashlib.sha256()
        for file in sorted(self.files, key=lambda file: file.name):
            name = file.name.encode()
            whole.update(b"%d:%s%d:" % (len(name), name, len(file.content)))
            whole.update(file.content)
        return whole.hexdigest()


def load_library(roots: Roots | None = None, *, lazily: bool = False) -> Library:
    """Everything that judges; ContentError with every mistake of every file.

    `lazily`: each check that tscan brings is read when it is asked for, and shows its mistakes then; its tests have
    read them all, and a scan needs those of its cloud.
    """
    with _uncollected():
        return _load(roots or default_roots(), lazily=lazily)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the cycle collector: a load makes many objects that stay and few that go (a fifth of its time)."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _load(roots: Roots, *, lazily: bool) -> Library:
    pack = Pack()
    pack.collect(roots)
    kinds, broken = _kinds(pack)
    parameters = _parameters(pack)
    reader = (
        None
        if parameters is None
        else CheckReader(kinds=kinds, broken=broken, parameters=parameters)
    )
    files = {
        file.stem: file for file in pack.of("checks") if file.shipped and file.inside != _PARAMETERS
    }
    later = files if lazily and reader else {}
    checks, broken_checks = _checks(pack, reader, later)
    shipped = {name for name in files if name in later or name in checks}
    known = Known(
        checks={*later, *checks, *broken_checks}, shipped=shipped, parameters=parameters, manual=()
    )
    mappings = read_mappings(pack.of("mappings"), pack.read, pack.problems, known)
    if pack.problems:
        raise ContentError(pack.problems)
    return Library(
        kinds=kinds,
        checks=_shelf(pack, reader, later, checks) if reader and later else checks,
        parameters=parameters or {},
        controls=mappings.controls,
        manual=mappings.manual,
        frameworks=mappings.frameworks,
        sha256=pack.digest(),
    )


def _kinds(pack: Pack) -> tuple[dict[str, Kind], frozenset[str]]:
    drafts: dict[str, Draft] = {}
    broken: set[str] = set()
    clouds = [file for file in pack.of("resources") if len(file.inside) == 1]
    read = ((pack.read(file, "cloud"), file.stem) for file in clouds)
    rules = [read_cloud(reading, cloud) for reading, cloud in read if reading is not None]
    for file in (file for file in pack.of("resources") if file not in clouds):
        reading = pack.read(file, "kind")
        if reading is None:
            broken.add(".".join((*file.inside[:-1], file.stem)))
            continue
        draft = draft_kind(reading, file.inside)
        if draft.id in drafts:
            reading.wrong(
                ("kind",), f"kind '{draft.id}' exists already", _first(drafts[draft.id].reading)
            )
        else:
            drafts[draft.id] = draft
    return finish_kinds(drafts, frozenset(broken), rules), frozenset(broken)


def _first(reading: DocumentReader) -> str:
    return f"first in {reading.document.path}"


def _parameters(pack: Pack) -> dict[str, Parameter] | None:
    """Every parameter; None when a file of them has mistakes, so that what it holds is not known."""
    found: dict[str, Parameter] = {}
    broken = False
    for file in pack.of("checks"):
        if file.inside != _PARAMETERS:
            continue
        reading = pack.read(file, "parameters")
        if reading is None:
            broken = True
            continue
        for name, parameter in read_parameters(reading).items():
            if name in found:
                hint = "a folder adds parameters; tscan.yaml sets those that exist"
                reading.wrong(
                    ("parameters", name), f"parameter '{name}' exists already", hint, key=True
                )
            else:
                found[name] = parameter
    return None if broken else found


def _checks(
    pack: Pack, reader: CheckReader | None, later: Mapping[str, ContentFile]
) -> tuple[dict[str, Check], frozenset[str]]:
    """The checks but for those that are read later, and the names of the files that hold none that can be used."""
    found: dict[str, Check] = {}
    shown = {name: file.shown for name, file in later.items()}
    broken_checks: set[str] = set()
    for file in pack.of("checks"):
        if file.inside == _PARAMETERS or (file.shipped and file.stem in later):
            continue
        reading = pack.read(file, "check")
        if reading is None or reader is None or reading.data["id"] != file.stem:
            broken_checks.add(file.stem)
        if reading is None or reader is None:
            continue
        check = reader.read(reading, file.inside, shipped=file.shipped)
        if check.id in shown:
            reading.wrong(
                ("id",), f"check '{check.id}' exists already", f"first in {shown[check.id]}"
            )
            continue
        found[check.id] = check
        shown[check.id] = file.shown
    return {identity: found[identity] for identity in sorted(found)}, frozenset(broken_checks)


def _shelf(
    pack: Pack, reader: CheckReader, later: Mapping[str, ContentFile], found: Mapping[str, Check]
) -> LazyChecks:
    """Checks that are read when they are asked for, beside those that are read; ContentError for mistakes in one."""

    def read(name: str) -> Check:
        if name in found:
            return found[name]
        reading = pack.read(later[name], "check")
        check = None if reading is None else reader.read(reading, later[name].inside, shipped=True)
        if check is None or pack.problems:
            raise ContentError(pack.problems)
        return check

    backs = {
        name: CheckEntry(
            file.inside[0], kind_in(file.content), hashlib.sha256(file.content).hexdigest()
        )
        for name, file in later.items()
    }
    return LazyChecks(
        {**backs, **{name: CheckEntry(check.cloud, check.kind) for name, check in found.items()}},
        read,
    )
