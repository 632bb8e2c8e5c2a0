"""Load the library: read every file of a pack, cross-check the files, and digest them."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from scanner.content.checks import (
    CheckReader,
    aliases_of,
    kind_named_in,
    may_have_aliases,
)
from scanner.content.clouds import EveryListing, read_cloud
from scanner.content.controls import Known
from scanner.content.document_reader import DocumentReader
from scanner.content.documents import Document, read_document
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
    """The files of a pack, and the problems found in them, while a library is built."""

    problems: list[Problem] = field(default_factory=list)
    files: list[ContentFile] = field(default_factory=list)
    validate: bool = True
    """Whether shipped files are validated against their schemas."""

    def collect(self, roots: Roots) -> None:
        """Read the bytes of every file, in order."""
        self.validate = roots.validate
        self._add("resources", roots.kinds)
        self._add("checks", roots.checks)
        self._add("mappings", roots.mappings)
        # Numbered in the order of the options: two folders may hold files of one name.
        for number, folder in enumerate(roots.more_checks, 1):
            self._add(f"user/{number}/checks", folder, shipped=False)
        for number, folder in enumerate(roots.more_mappings, 1):
            self._add(f"user/{number}/mappings", folder, shipped=False)

    def _add(
        self,
        label: str,
        root: Path,
        *,
        shipped: bool = True,
    ) -> None:
        self.files.extend(content_files(root, label, self.problems, shipped=shipped))

    def of(self, label: str) -> Iterator[ContentFile]:
        """The files of one part: `resources`, `checks` or `mappings`."""
        for file in self.files:
            steps = file.name.split("/")
            # A user's file is named `user/1/checks/…`.
            part = steps[0] if file.shipped else steps[2]
            if part == label:
                yield file

    def read(self, file: ContentFile, format_name: str) -> DocumentReader | None:
        """The reader of a file; None when its form is wrong, which is noted."""
        document = read_document(file.content, path=file.shown, name=file.name)
        if isinstance(document, Problem):
            self.problems.append(document)
            return None
        outdated = earlier_key(document, format_name)
        if outdated is not None:
            # The whole pack is of another format: its other files would repeat this. The name
            # inside the pack is shown, for an archived pack lies in a temporary folder.
            if file.shipped:
                outdated = replace(outdated, path=file.name)
            raise ContentError([outdated])
        problems = self._form_problems(file, document, format_name)
        self.problems.extend(problems)
        if problems:
            return None
        return DocumentReader(document, self.problems)

    def _form_problems(
        self,
        file: ContentFile,
        document: Document,
        format_name: str,
    ) -> list[Problem]:
        if not file.shipped and format_name == "check" and _is_kind(document):
            # A kind in a folder of checks could make any call with the credentials of a scan.
            hint = "kinds decide which calls run with your credentials; only tscan ships them"
            message = "a folder of checks cannot add a kind"
            return [document.problem(("kind",), message, hint, key=True)]
        if self.validate or not file.shipped:
            return schema_problems(document, format_name)
        newer = version_problem(document)
        if newer is not None:
            return [newer]
        return []

    def digest(self) -> str:
        """SHA-256 over the name and the bytes of every file, each with its length.

        Without the lengths, bytes could be moved from a file's end into the next one's name.
        """
        whole = hashlib.sha256()
        for file in sorted(self.files, key=lambda file: file.name):
            name = file.name.encode()
            whole.update(b"%d:%s%d:" % (len(name), name, len(file.content)))
            whole.update(file.content)
        return whole.hexdigest()


def _is_kind(document: Document) -> bool:
    return isinstance(document.data, dict) and "kind" in document.data


def load_library(roots: Roots | None = None, *, lazily: bool = False) -> Library:
    """Everything that verdicts are made with; ContentError with every mistake of every file.

    `lazily`: each shipped check is read when it is first used, and its mistakes are raised then.
    Tests read them all, and a scan uses only those of its clouds.
    """
    with _without_cycle_collector():
        return _load(roots or default_roots(), lazily=lazily)


@contextmanager
def _without_cycle_collector() -> Iterator[None]:
    """Disable the cycle collector: a load makes many objects that stay (a fifth of its time)."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _load(roots: Roots, *, lazily: bool) -> Library:
    pack = Pack()
    pack.collect(roots)
    kinds, broken = _read_kinds(pack)
    parameters = _read_parameters(pack)
    check_reader = None
    if parameters is not None:
        check_reader = CheckReader(
            kinds=kinds,
            broken=broken,
            parameters=parameters,
        )
    shipped = _shipped_checks(pack)
    # With a broken file of parameters nothing can be read later: all mistakes are shown now.
    later: dict[str, ContentFile] = {}
    if lazily and check_reader is not None:
        # Earlier ids must be known without their checks: the few files that have some are read now.
        later = {name: file for name, file in shipped.items() if not may_have_aliases(file.content)}
    checks, broken_checks, aliases = _read_checks(pack, check_reader, later)
    known = Known(
        checks={*later, *checks, *broken_checks},
        aliases=aliases,
        shipped=shipped.keys() & {*later, *checks},
        parameters=parameters,
        manual=(),
    )
    mappings = read_mappings(pack.of("mappings"), pack.read, pack.problems, known)
    if pack.problems:
        raise ContentError(pack.problems)
    return Library(
        kinds=kinds,
        checks=_all_checks(pack, check_reader, later, checks),
        parameters=parameters or {},
        controls=mappings.controls,
        manual=mappings.manual,
        frameworks=mappings.frameworks,
        sha256=pack.digest(),
        aliases=aliases,
    )


def _read_kinds(pack: Pack) -> tuple[dict[str, Kind], frozenset[str]]:
    """The kinds by id, and the ids of those whose files have mistakes of form."""
    drafts: dict[str, Draft] = {}
    broken: set[str] = set()
    rules: list[EveryListing] = []
    for file in pack.of("resources"):
        if len(file.inside) == 1:
            reader = pack.read(file, "cloud")
            if reader is not None:
                rules.append(read_cloud(reader, file.stem))
            continue
        reader = pack.read(file, "kind")
        if reader is None:
            # Its id is taken from its path, so that checks on it are not blamed as well.
            broken.add(".".join((*file.inside[:-1], file.stem)))
            continue
        draft = draft_kind(reader, file.inside)
        if draft.id in drafts:
            hint = f"first in {drafts[draft.id].reader.document.path}"
            reader.wrong(("kind",), f"kind '{draft.id}' exists already", hint)
        else:
            drafts[draft.id] = draft
    return finish_kinds(drafts, frozenset(broken), rules), frozenset(broken)


def _read_parameters(pack: Pack) -> dict[str, Parameter] | None:
    """Every parameter; None if a file of them is broken, for then any name might be in it."""
    found: dict[str, Parameter] = {}
    broken = False
    for file in pack.of("checks"):
        if file.inside != _PARAMETERS:
            continue
        reader = pack.read(file, "parameters")
        if reader is None:
            broken = True
            continue
        for name, parameter in read_parameters(reader).items():
            if name in found:
                # A user's folder would else loosen the default of a shipped check.
                message = f"parameter '{name}' exists already"
                hint = "a folder adds parameters; tscan.yaml sets those that exist"
                reader.wrong(("parameters", name), message, hint, key=True)
            else:
                found[name] = parameter
    if broken:
        return None
    return found


def _shipped_checks(pack: Pack) -> dict[str, ContentFile]:
    """The files of the shipped checks by the names that they claim."""
    return {
        file.stem: file for file in pack.of("checks") if file.shipped and file.inside != _PARAMETERS
    }


def _read_checks(
    pack: Pack, check_reader: CheckReader | None, later: Mapping[str, ContentFile]
) -> tuple[dict[str, Check], frozenset[str], dict[str, str]]:
    """The checks, without those that are read `later`; names of unusable files; ids by alias.

    `check_reader` is None where the parameters are not known: then only the form is validated.
    """
    found: dict[str, Check] = {}
    first_files = {name: file.shown for name, file in later.items()}
    broken: set[str] = set()
    renamed: list[tuple[DocumentReader, Check]] = []
    for file in pack.of("checks"):
        if not _is_read_now(file, later):
            continue
        reader = pack.read(file, "check")
        if reader is None or check_reader is None:
            broken.add(file.stem)
            continue
        # A mapping may name the check by its file, whose id is wrong: it is blamed once.
        if reader.data["id"] != file.stem:
            broken.add(file.stem)
        check = check_reader.read(reader, file.inside, shipped=file.shipped)
        if check.id in first_files:
            # A user's check adds to the shipped ones; it never replaces one.
            hint = f"first in {first_files[check.id]}"
            reader.wrong(("id",), f"check '{check.id}' exists already", hint)
            continue
        found[check.id] = check
        first_files[check.id] = file.shown
        if check.aliases:
            renamed.append((reader, check))
    aliases = aliases_of(renamed, {*first_files, *broken})
    return {identity: found[identity] for identity in sorted(found)}, frozenset(broken), aliases


def _is_read_now(file: ContentFile, later: Mapping[str, ContentFile]) -> bool:
    if file.inside == _PARAMETERS:
        return False
    return not (file.shipped and file.stem in later)


def _all_checks(
    pack: Pack,
    check_reader: CheckReader | None,
    later: Mapping[str, ContentFile],
    found: dict[str, Check],
) -> Mapping[str, Check]:
    if check_reader is None or not later:
        return found
    return _lazy_checks(pack, check_reader, later, found)


def _lazy_checks(
    pack: Pack,
    check_reader: CheckReader,
    later: Mapping[str, ContentFile],
    found: Mapping[str, Check],
) -> LazyChecks:
    """Checks that are read on first use, beside those that are read; ContentError for mistakes."""

    def read(name: str) -> Check:
        if name in found:
            return found[name]
        file = later[name]
        reader = pack.read(file, "check")
        if reader is None:
            raise ContentError(pack.problems)
        check = check_reader.read(reader, file.inside, shipped=True)
        # Problems stay in the pack: once a check was refused, no later one is handed out.
        if pack.problems:
            raise ContentError(pack.problems)
        return check

    entries: dict[str, CheckEntry] = {}
    for name, file in later.items():
        sha256 = hashlib.sha256(file.content).hexdigest()
        entries[name] = CheckEntry(file.inside[0], kind_named_in(file.content), sha256)
    # A user's check has no digest here: two libraries never take it for the same.
    for name, check in found.items():
        entries[name] = CheckEntry(check.cloud, check.kind)
    return LazyChecks(entries, read)
