"""Resolves the files and folders of checks that a command names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scanner.errors import ContentError, TscanError

if TYPE_CHECKING:
    from scanner.model.library import Library

PARAMETERS: Final = "parameters.yaml"
"""The file of parameters in a folder of checks."""


def library_with(paths: Iterable[Path]) -> Library:
    """tscan's content with these files and folders of checks beside it.

    A file is read alone: whatever else lies in its folder is not. ContentError has the mistakes in
    these paths; those of other files only if there are none.
    """
    from scanner.content.library import load_library
    from scanner.content.locations import default_roots

    named = [path.resolve() for path in paths]
    for path in named:
        _check_named(path)
    shipped = default_roots().checks.resolve()
    own = _own_paths(named, shipped)
    # Shipped checks are validated unless only others are named: whoever tests them may edit them.
    names_shipped = any(path.is_relative_to(shipped) for path in named)
    validate = names_shipped or not own
    roots = replace(default_roots(validate=validate), more_checks=tuple(own))
    try:
        return load_library(roots, lazily=not validate)
    except ContentError as error:
        about_named = [
            problem for problem in error.problems if _is_inside(Path(problem.path), named)
        ]
        if about_named:
            raise ContentError(about_named) from None
        raise error from None


def _check_named(path: Path) -> None:
    from scanner.content.locations import shown_path

    shown = shown_path(path)
    if not path.exists():
        raise TscanError(f"{shown} does not exist", "name a check's file or a folder of checks")
    if not path.is_dir() and path.suffix != ".yaml":
        raise TscanError(f"{shown} is not a check", "a check's file is called <id>.yaml")


def _own_paths(named: Sequence[Path], shipped: Path) -> list[Path]:
    """The files and folders that are to be read beside the checks that tscan ships."""
    own: set[Path] = set()
    for path in named:
        if path.is_relative_to(shipped):
            continue
        own.add(path)
        if path.is_file():
            own.update(_parameters_of(path))
    # What lies in another folder is read with it: its files must not be there twice.
    return sorted(path for path in own if not own & set(path.parents))


def _parameters_of(file: Path) -> list[Path]:
    """The file of parameters that a scan would read with a check: those of the folder it is given.

    That folder is not named here. It is the check's own or, below the working folder, one above.
    """
    here = Path.cwd().resolve()
    for folder in file.parents:
        found = folder / PARAMETERS
        if found.is_file():
            return [found]
        if not folder.is_relative_to(here) or folder == here:
            break
    return []


def checks_in(paths: Iterable[Path], library: Library) -> list[str]:
    """Ids of the checks whose files are named or lie in a named folder."""
    stems: set[str] = set()
    for path in paths:
        if path.is_dir():
            stems.update(file.stem for file in path.rglob("*.yaml"))
        else:
            stems.add(path.stem)
    # A folder of checks also holds its parameters, which are no check.
    return sorted(stems & set(library.checks))


def is_path(name: str) -> bool:
    """Whether an argument names a file or a folder, and not a check."""
    return name.endswith(".yaml") or "/" in name or Path(name).is_dir()


def wanted_checks(names: Sequence[str], library: Library) -> list[str]:
    """Ids of the checks that arguments name, as ids or as paths; all without arguments."""
    from scanner.cli.support.ids import no_such

    if not names:
        return sorted(library.checks)
    found = set(checks_in([Path(name) for name in names if is_path(name)], library))
    for name in names:
        if is_path(name):
            continue
        if name not in library.checks:
            raise no_such("check", name, library.checks, library)
        found.add(name)
    # Zero examples that all agree would be a success without a test.
    if not found:
        raise TscanError("no check is there", "name an id, a check's file or a folder of checks")
    return sorted(found)


def _is_inside(path: Path, folders: Sequence[Path]) -> bool:
    resolved = path.resolve()
    return any(resolved == folder or folder in resolved.parents for folder in folders)
