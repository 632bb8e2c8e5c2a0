"""Completes ids in a shell: of checks, controls, manual controls and parameters.

They are read from the names of files and the keys of two files. Loading the library would take
longer than a person waits for a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from scanner.content.input_files import read_input


def complete_checks(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Ids of checks: those that tscan ships, and those of folders that `--checks` names."""
    from scanner.content.locations import default_roots

    folders = [default_roots().checks, *(ctx.params.get("checks") or ())]
    return _beginning(incomplete, _stems(folders))


def complete_controls(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Ids of controls, those of folders that `--mappings` names among them."""
    from scanner.content.locations import default_roots

    folders = [default_roots().mappings, *(ctx.params.get("mappings") or ())]
    return _beginning(incomplete, _stems(Path(folder) / "controls" for folder in folders))


def complete_manual_controls(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[str]:
    """Ids of the manual controls that tscan ships."""
    from scanner.content.locations import default_roots

    return _beginning(incomplete, _keys(default_roots().mappings / "manual.yaml", "manual"))


def complete_parameters(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Names of parameters."""
    from scanner.content.locations import default_roots

    folders = [default_roots().checks, *(ctx.params.get("checks") or ())]
    names: list[str] = []
    for folder in folders:
        names += _keys(Path(folder) / "parameters.yaml", "parameters")
    return _beginning(incomplete, names)


def complete_settings(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """`NAME=` of parameters, for `--param`."""
    return [f"{name}=" for name in complete_parameters(ctx, param, incomplete)]


def complete_checks_and_controls(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[str]:
    """Ids of checks and of controls."""
    checks = complete_checks(ctx, param, incomplete)
    return [*checks, *complete_controls(ctx, param, incomplete)]


def complete_everything(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Ids of checks, controls, manual controls and parameters."""
    return [
        *complete_checks_and_controls(ctx, param, incomplete),
        *complete_manual_controls(ctx, param, incomplete),
        *complete_parameters(ctx, param, incomplete),
    ]


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return sorted({name for name in names if name.startswith(incomplete)})


def _stems(folders: Iterable[str | Path]) -> Iterator[str]:
    for folder in folders:
        for path in Path(folder).rglob("*.yaml"):
            if path.stem != "parameters":
                yield path.stem


def _keys(path: Path, member: str) -> list[str]:
    """The keys of a mapping in a file; none where it cannot be read: nobody asked to read it."""
    from scanner.content.documents import Document, read_document

    try:
        document = read_document(read_input(path), path=str(path))
    except OSError:
        return []
    if not isinstance(document, Document) or not isinstance(document.data, dict):
        return []
    found = document.data.get(member)
    if not isinstance(found, dict):
        return []
    return list(found)
