"""Register objects by name; each is imported when it is first requested."""

from __future__ import annotations

import importlib
from functools import cached_property
from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

from scanner.errors import TscanError
from scanner.words import did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

T = TypeVar("T")

_EXTRAS: Final = {
    "boto3": "aws",
    "botocore": "aws",
    "cryptography": "history",
    "obstore": "history",
    "pyarrow": "history",
    "google": "gcp",
    "azure": "azure",
    "jwt": "github",
    "tree_sitter": "plan",
    "tree_sitter_hcl": "plan",
}
"""The extra that brings a package that may be missing."""


def missing_extra(error: ModuleNotFoundError) -> str:
    """The extra of tscan that brings the missing package; empty where none does."""
    return _EXTRAS.get((error.name or "").partition(".")[0], "")


def entry_points(group: str) -> EntryPoints:
    """The entry points of a group; a slow scan of all installed packages, so only on demand."""
    from importlib import metadata

    return metadata.entry_points(group=group)


def install_hint(extra: str) -> str:
    """How to install what an extra of tscan brings."""
    # Not by the name alone: no package index holds tscan, and whoever takes the name there would be
    # given the credentials of a scan.
    return f"in the checkout of tscan: pip install '.[{extra}]'"


class Registry(Generic[T]):
    """Objects by name, each as `module:attribute`, merged with the entry points of the group."""

    def __init__(self, group: str, **builtin: str) -> None:
        self.group = group
        self._builtin = builtin

    @property
    def _noun(self) -> str:
        """What one entry is called: `plan format` for the group `scanner.plan_formats`."""
        return self.group.rpartition(".")[2].removesuffix("s").replace("_", " ")

    @property
    def names(self) -> tuple[str, ...]:
        """Every registered name, sorted."""
        return tuple(sorted(self._places))

    def __contains__(self, name: object) -> bool:
        return name in self._builtin or name in self._places

    def get(self, name: str) -> T:
        """The object behind a name; TscanError for an unknown name or a missing package."""
        # Entry points are only searched for a name that tscan itself does not have.
        places = self._builtin
        if name not in places:
            places = self._places
        if name not in places:
            raise TscanError(f"unknown {self._noun} '{name}'", did_you_mean(name, self._places))
        module, _, attribute = places[name].partition(":")
        try:
            return cast(T, getattr(importlib.import_module(module), attribute))
        except ModuleNotFoundError as error:
            missing = (error.name or "").partition(".")[0]
            if missing in ("", module.partition(".")[0]):
                # A module of the package itself is missing: a defect, which no extra mends.
                raise
            hint = f"pip install {missing}"
            if missing_extra(error):
                hint = install_hint(missing_extra(error))
            message = f"'{name}' needs {missing}, which is not installed"
            raise TscanError(message, hint) from error

    @cached_property
    def _places(self) -> dict[str, str]:
        # tscan's own names come last: a plugin adds names, it never replaces one.
        return {point.name: point.value for point in entry_points(group=self.group)} | self._builtin
