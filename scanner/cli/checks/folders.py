"""Resolves the files and folders of checks that a command names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.errors import ContentError, TscanError

if TYPE_CHECKING:
    from scanner.model.library import Library


def library_with(paths: Iterable[Path]) -> Library:
    """tscan's content with the folders of these paths beside it.

    ContentError has the mistakes in these paths; those of other files only if there are none.
    """
    from scanner.content.library import load_library
    from scanner.content.locations import default_roots

    named = [path.resolve() for path in paths]
    for path in named:
        if not path.exists():
            raise TscanError(f"{path} does not exist", "name a check's file or a folder of checks")
    shipped = default_roots().checks.resolve()
    own = _own_folders(named, shipped)
    # Shipped checks are validated unless only others are named: whoever tests them may edit them.
    names_shipped = any(folder.is_relative_to(shipped) for folder in _folders(named))
    validate = names_shipped or not own
    try:
        return load_library(default_roots(checks=own, validate=validate))
    except ContentError as error:
        about_named = [
            problem for problem in error.problems if _is_inside(Path(problem.path), named)
        ]
        if about_named:
            raise ContentError(about_named) from None
        raise error from None


def _own_folders(paths: Sequence[Path], shipped: Path) -> list[Path]:
    """The folders of these paths that are to be read beside the checks that tscan ships."""
    own = sorted(folder for folder in _folders(paths) if not folder.is_relative_to(shipped))
    # A folder inside another is read with it: its files must not be there twice.
    return [folder for folder in own if not set(own) & set(folder.parents)]


def _folders(paths: Iterable[Path]) -> set[Path]:
    folders: set[Path] = set()
    for path in paths:
        if path.is_dir():
            folders.add(path)
        else:
            folders.add(path.parent)
    return folders


def checks_in(paths: Iterable[Path], library: Library) -> list[str]:
    """Ids of the checks whose files are named or lie in a named folder."""
    stems: set[str] = set()
    for path in paths:
        if path.is_dir():
            stems.update(file.stem for file in path.rglob("*.yaml"))
        else:
            stems.add(path.stem)
    # A folder of checks also holds `parameters.yaml`, which is no check.
    return sorted(stems & set(library.checks))


def is_path(name: str) -> bool:
    """Whether an argument names a file or a folder, and not a check."""
    return name.endswith(".yaml") or "/" in name or Path(name).is_dir()


def wanted_checks(names: Sequence[str], library: Library) -> list[str]:
    """Ids of the checks that arguments name, as ids or as paths; all without arguments."""
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
    # Zero examples that all agree would be a success without a test.
    if not found:
        raise TscanError("no check is there", "name an id, a check's file or a folder of checks")
    return sorted(found)


def _is_inside(path: Path, folders: Sequence[Path]) -> bool:
    resolved = path.resolve()
    return any(resolved == folder or folder in resolved.parents for folder in folders)
