"""Locates tscan.yaml, the history store and the repository of its anchors."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import click

from scanner.cli.support.options import ContentOptions
from scanner.errors import TscanError

if TYPE_CHECKING:
    from scanner.model.config import Config
    from scanner.model.library import Library

Options = TypeVar("Options", bound=ContentOptions)

CONFIG: Final = Path("tscan.yaml")
"""The configuration of the working directory."""
STORE: Final = ".tscan"
"""The store where none is named: beside tscan.yaml, or in the working directory without one."""
_FOUND: Final = "scanner.configuration"
"""Where the context of a command keeps what was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLocation:
    """A store, as a folder or `s3://…`, and the Git repository that its records are anchored in."""

    store: str
    anchors: str = ""


# -- tscan.yaml ------------------------------------------------------------------------------------


def find_configuration() -> Path | None:
    """The tscan.yaml of the working directory, or else the nearest above it; None: there is none.

    The search ends at the root of a Git repository. A file above the working directory is named on
    standard error, once a command.
    """
    context = click.get_current_context(silent=True)
    if context is None:
        return _nearest()
    found = context.find_root().meta
    if _FOUND not in found:
        found[_FOUND] = _nearest()
        _name_configuration(found[_FOUND], context)
    path: Path | None = found[_FOUND]
    return path


def _nearest() -> Path | None:
    # Physical, as `..` is: below a symbolic link, the folder above is not that of $PWD.
    folder = Path.cwd()
    place = Path()
    while True:
        if (folder / CONFIG).is_file():
            return _checked_owner(place / CONFIG)
        # A folder, or a link to nothing: judged as if nothing were configured, what is in force
        # would be forgotten.
        if os.path.lexists(folder / CONFIG):
            raise TscanError(
                f"{place / CONFIG} is not a file",
                "rename it, or name the configuration by --config",
            )
        # In a worktree and a submodule, `.git` is a file.
        if (folder / ".git").exists() or folder == folder.parent:
            return None
        folder = folder.parent
        place /= os.pardir


def _checked_owner(path: Path) -> Path:
    # A tscan.yaml in /tmp could send the tokens of the environment to a stranger's address. One
    # that lies in the working directory was chosen by whoever went there.
    if path == CONFIG or not hasattr(os, "getuid"):
        return path
    if path.stat().st_uid in (os.getuid(), 0):
        return path
    raise TscanError(
        f"{path} belongs to another user, so it is not used from a folder below it",
        "run tscan in the folder of that file",
    )


def _name_configuration(path: Path | None, context: click.Context) -> None:
    if path in (None, CONFIG) or context.params.get("quiet"):
        return
    click.echo(f"configuration: {path}", err=True)


def load_configuration(path: Path | None, library: Library) -> Config:
    """The configuration that an option names, or else the one that is found, or an empty one."""
    from scanner.content.config import load_config
    from scanner.model.config import Config

    path = path or find_configuration()
    if path is None:
        return Config()
    return load_config(path, library)


def with_configured_content(options: Options, path: Path | None) -> Options:
    """The options with the folders of checks and mappings that the configuration names as well.

    `path` is that of the configuration; None: the one that is found.
    """
    checks, mappings = configured_content(path)
    return replace(
        options,
        checks=together(options.checks, checks),
        mappings=together(options.mappings, mappings),
    )


def configured_content(path: Path | None) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The folders of checks and of mappings that the configuration names."""
    path = path or find_configuration()
    if path is None:
        return (), ()
    from scanner.content.config import load_content_folders

    return load_content_folders(path)


def together(named: tuple[Path, ...], configured: tuple[Path, ...]) -> tuple[Path, ...]:
    """The folders that options name and the configured ones, each once."""
    # Read twice, every check of a folder would be refused as one that exists already.
    known = {folder.resolve() for folder in named}
    return named + tuple(folder for folder in configured if folder.resolve() not in known)


# -- the store -------------------------------------------------------------------------------------


def default_store() -> str:
    """The store where none is named: beside the tscan.yaml that is found."""
    path = find_configuration()
    if path is None:
        return STORE
    return str(path.parent / STORE)


def configured_location() -> StoreLocation:
    """The store that tscan.yaml names, or the default; ContentError for an invalid tscan.yaml."""
    path = find_configuration()
    if path is None:
        return StoreLocation(store=STORE)
    from scanner.content.config import load_store_location

    store, anchors = load_store_location(path)
    return StoreLocation(store=store or default_store(), anchors=anchors)


def named_location(store: str) -> StoreLocation:
    """The store that an option names, or the configured one where the option was left out."""
    if not store:
        return configured_location()
    # The anchors of tscan.yaml are those of another store: they would not match.
    return StoreLocation(store=store)
