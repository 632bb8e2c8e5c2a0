"""Files and folders of checks that a person names, and the library that holds them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.errors import ContentError, TscanError

if TYPE_CHECKING:
    from scanner.model.library import Library


def library_with(paths: Iterable[Path]) -> Library:
    """tscan's content with the folders of these paths beside it; only the mistakes of these paths, if they have any."""
    from scanner.content.library import load_library
    from scanner.content.locations import default_roots

    named = [path.resolve() for path in paths]
    for path in named:
        if not path.exists():
            raise TscanError(f"{path} does not exist", "name a check's file or a folder of checks")
    shipped = default_roots().checks.resolve()
    folders = {path if path.is_dir() else path.parent for path in named}
    own = sorted(folder for folder in folders if not folder.is_relative_to(shipped))
    # A folder inside another is read with it: its files must not be there twice.
    outer = [folder for folder in own if not any(other in folder.parents for other in own)]
    # Shipped checks are validated unless only others are named: whoever tests them may edit them.
    only_own = bool(own) and len(own) == len(folders)
    try:
        return load_library(default_roots(checks=outer, validate=not only_own))
    except ContentError as error:
        about = [problem for problem in error.problems if _inside(Path(problem.path), named)]
        raise ContentError(about) if about else error from None


def checks_in(paths: Iterable[Path], library: Library) -> list[str]:
    """Ids of the checks whose files are named or lie in a named folder."""
    found: set[str] = set()
    for path in paths:
        stems = {file.stem for file in path.rglob("*.yaml")} if path.is_dir() else {path.stem}
        found |= stems & set(library.checks)
    return sorted(found)


def is_path(name: str) -> bool:
    """Whether an argument names a file or a folder, and not a check."""
    return name.endswith(".yaml") or "/" in name or Path(name).is_dir()


def wanted_checks(names: Sequence[str], library: Library) -> list[str]:
    """Ids of the checks that arguments name, as ids or as places; all if there are no arguments."""
    from scanner.language.errors import did_you_mean

    if not names:
        return sorted(library.checks)
    found = set(checks_in([Path(name) for name in names if is_path(name)], library))
    for name in names:
        if is_path(name):
            continue
        if name not in library.checks:
            raise TscanError(f"there is no check '{name}'", did_you_mean(name, library.checks))
        found.add(name)
    if not found:
        raise TscanError("no check is there", "name an id, a check's file or a folder of checks")
    return sorted(found)


def _inside(path: Path, named: list[Path]) -> bool:
    whole = path.resolve()
    return any(whole == place or place in whole.parents for place in named)
