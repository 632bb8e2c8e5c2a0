"""The one lazy registry: a name leads to an object that is imported when it is first asked for."""

from __future__ import annotations

import importlib
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

from scanner.errors import TscanError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

T = TypeVar("T")

_EXTRAS: Final = {
    "boto3": "aws",
    "botocore": "aws",
    "detect_secrets": "aws",
    "cryptography": "history",
    "obstore": "history",
    "pyarrow": "history",
    "google": "gcp",
    "azure": "azure",
    "jwt": "github",
}
"""The extra that brings a package that may be missing."""


def entry_points(group: str) -> EntryPoints:
    """What other packages add to a group; every installed package is looked at, so only where it is needed."""
    from importlib import metadata

    return metadata.entry_points(group=group)


class Registry(Generic[T]):
    """Names of things that can be added, each as `module:attribute`; entry points of the group are merged in."""

    def __init__(self, group: str, **builtin: str) -> None:
        self.group = group
        self._builtin = builtin

    @property
    def names(self) -> tuple[str, ...]:
        """Every registered name, sorted."""
        return tuple(sorted(self._places))

    def __contains__(self, name: object) -> bool:
        return name in self._builtin or name in self._places

    def get(self, name: str) -> T:
        """The object behind a name; TscanError when there is none, or when its module is not installed."""
        places = self._builtin if name in self._builtin else self._places
        if name not in places:
            close = get_close_matches(name, places, n=1)
            hint = f"did you mean '{close[0]}'?" if close else f"known: {', '.join(sorted(places))}"
            raise TscanError(f"{self.group.rpartition('.')[2]} has no '{name}'", hint)
        module, _, attribute = places[name].partition(":")
        try:
            return cast(T, getattr(importlib.import_module(module), attribute))
        except ModuleNotFoundError as error:
            missing = (error.name or "").partition(".")[0]
            if missing in ("", module.partition(".")[0]):
                raise  # a module of the package itself is not there: a defect, and no extra brings it
            wanted = f"tscan[{_EXTRAS[missing]}]" if missing in _EXTRAS else missing
            raise TscanError(
                f"'{name}' needs {missing}, which is not installed", f"pip install '{wanted}'"
            ) from error

    @cached_property
    def _places(self) -> dict[str, str]:
        # tscan's own names come last: a plugin adds names, it never replaces one.
        return {point.name: point.value for point in entry_points(group=self.group)} | self._builtin
