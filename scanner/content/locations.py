"""Find content: in a checkout, in an installed wheel, and in folders that a user adds."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scanner.content.input_files import read_input
from scanner.errors import Problem, TscanError

_PACKAGE: Final = Path(__file__).resolve().parent.parent
_SHIPPED: Final = _PACKAGE / "_content"
"""Where a wheel carries `checks/` and `mappings/`; a checkout has them beside the package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roots:
    """The folders that a library is read from."""

    kinds: Path
    checks: Path
    mappings: Path
    more_checks: tuple[Path, ...] = ()
    """A user's folders or single files: checks and parameters, never kinds."""
    more_mappings: tuple[Path, ...] = ()
    validate: bool = True
    """Whether shipped files are validated against their schemas too; a user's always are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentFile:
    """One file of a pack."""

    name: str
    """The same on every machine: `checks/aws/s3/aws-s3-bucket-versioned.yaml`."""
    shown: str
    """As a person can open it from here."""
    inside: tuple[str, ...]
    """Its path inside its root."""
    content: bytes
    shipped: bool
    """Whether tscan brings it, or a user's folder."""

    @property
    def stem(self) -> str:
        """The file's name without its ending."""
        return self.inside[-1].removesuffix(".yaml")


def default_roots(
    *,
    checks: Sequence[str | Path] = (),
    mappings: Sequence[str | Path] = (),
    validate: bool = False,
) -> Roots:
    """The shipped content, and a user's folders beside it.

    A test validates every shipped file against its schema. A load does so only with `validate`,
    for somebody who edits them: it takes half a second, more than half of the load itself.
    """
    above = _SHIPPED if _SHIPPED.is_dir() else _PACKAGE.parent
    return Roots(
        kinds=_PACKAGE / "resources",
        checks=above / "checks",
        mappings=above / "mappings",
        more_checks=tuple(_folder(path, "--checks") for path in checks),
        more_mappings=tuple(_folder(path, "--mappings") for path in mappings),
        validate=validate,
    )


def _folder(path: str | Path, option: str) -> Path:
    folder = Path(path)
    if folder.is_file():
        hint = f"give its folder: {option} {folder.parent}"
        raise TscanError(f"{option} {path} is a file, not a folder", hint)
    if not folder.is_dir():
        raise TscanError(
            f"{option} {path}: there is no such folder", "give a folder that holds YAML files"
        )
    return folder


def content_files(
    root: Path,
    label: str,
    problems: list[Problem],
    *,
    shipped: bool = True,
) -> Iterator[ContentFile]:
    """The YAML files below a folder, in order of their names; or the one file at `root`."""
    found = sorted(_yaml_paths(root))
    if root.is_file():
        root, found = root.parent, [(root.name,)]
    # What lies in the working folder is written as it is listed there, without `./`.
    above = "" if (place := shown_path(root)) == os.curdir else place
    # Sorted: the order of a folder differs between file systems, and the digest must not.
    for inside in found:
        path = os.path.join(root, *inside)
        shown = os.path.join(above, *inside)
        # Not skipped in silence: a check that is never read would be missed by nobody.
        if path.endswith(".yml"):
            problems.append(
                Problem(shown, 1, 1, "the file's name ends in .yml", "rename it to .yaml")
            )
            continue
        try:
            content = read_input(path)
        except OSError as error:
            problems.append(Problem(shown, 1, 1, f"cannot be read: {error.strerror}"))
            continue
        name = "/".join((label, *inside))
        yield ContentFile(
            name=name,
            shown=shown,
            inside=inside,
            content=content,
            shipped=shipped,
        )


def _yaml_paths(root: Path) -> Iterator[tuple[str, ...]]:
    for folder, below, files in os.walk(root):
        inside = Path(folder).relative_to(root).parts
        # In place: `os.walk` then skips them. A `.git` or a cache is no content.
        below[:] = [name for name in below if not name.startswith((".", "__"))]
        for name in files:
            if name.endswith((".yaml", ".yml")) and not name.startswith("."):
                yield (*inside, name)


def shown_path(path: Path) -> str:
    """A path as a person can open it: relative where it is below the working folder."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)
