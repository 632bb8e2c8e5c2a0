"""Load the library: read the files of a pack, at once or on first use, and cross-check them."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from scanner.content.checks import CheckReader, aliases_of, may_have_aliases
from scanner.content.clouds import CloudRule
from scanner.content.controls import Known
from scanner.content.document_reader import DocumentReader
from scanner.content.kind_drafts import Draft, draft_kind
from scanner.content.kinds import KindBuilder
from scanner.content.lazy import claimed_kind, cloud_rules, is_cloud, lazy_checks, lazy_kinds
from scanner.content.locations import ContentFile, Roots, default_roots
from scanner.content.mappings import read_mappings
from scanner.content.pack import Pack
from scanner.content.parameters import read_parameters
from scanner.errors import ContentError
from scanner.model.checks import Check, Parameter
from scanner.model.kinds import Kind, TypeInventory
from scanner.model.library import Library

_PARAMETERS: Final = ("parameters.yaml",)


def load_library(roots: Roots | None = None, *, lazily: bool = False) -> Library:
    """Everything that verdicts are made with; ContentError with every mistake of every file.

    `lazily`: each shipped check and kind is read when it is first used, and its mistakes are raised
    then. Tests read them all, and a scan uses only those of its clouds.
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
    parameters = _read_parameters(pack)
    # With a broken file of parameters nothing can be read later: all mistakes are shown now.
    lazily = lazily and parameters is not None
    # With problems of its own: a mistake in a user's file must not be raised where a kind is read.
    late = Pack(files=pack.files, validate=pack.validate)
    rules = cloud_rules(pack)
    kinds: Mapping[str, Kind]
    broken: frozenset[str] = frozenset()
    if lazily:
        kinds = lazy_kinds(late, rules)
    else:
        kinds, broken = _read_kinds(pack, rules)
    check_reader = None
    if parameters is not None:
        check_reader = CheckReader(
            kinds=kinds,
            broken=broken,
            parameters=parameters,
        )
    shipped = _shipped_checks(pack)
    later: dict[str, ContentFile] = {}
    if lazily:
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
        checks=_all_checks(late, check_reader, later, checks),
        parameters=parameters or {},
        controls=mappings.controls,
        manual=mappings.manual,
        frameworks=mappings.frameworks,
        sha256=pack.digest(),
        aliases=aliases,
        inventories=_inventories(rules),
    )


def _inventories(rules: Iterable[CloudRule]) -> dict[str, tuple[TypeInventory, ...]]:
    return {rule.cloud: rule.inventories for rule in rules if rule.inventories}


def _read_kinds(pack: Pack, rules: Sequence[CloudRule]) -> tuple[dict[str, Kind], frozenset[str]]:
    """The kinds by id, and the ids of those whose files have mistakes of form."""
    drafts: dict[str, Draft] = {}
    broken: set[str] = set()
    for file in pack.of("resources"):
        if is_cloud(file):
            continue
        reader = pack.read(file, "kind")
        if reader is None:
            # Its id is taken from its path, so that checks on it are not blamed as well.
            broken.add(claimed_kind(file))
            continue
        draft = draft_kind(reader, file.inside)
        if draft.id in drafts:
            hint = f"first in {drafts[draft.id].reader.document.path}"
            reader.wrong(("kind",), f"kind '{draft.id}' exists already", hint)
        else:
            drafts[draft.id] = draft
    builder = KindBuilder(drafts=drafts, rules=rules, broken=frozenset(broken))
    return builder.all(), frozenset(broken)


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
    late: Pack,
    check_reader: CheckReader | None,
    later: Mapping[str, ContentFile],
    found: dict[str, Check],
) -> Mapping[str, Check]:
    if check_reader is None or not later:
        return found
    return lazy_checks(late, check_reader, later, found)
