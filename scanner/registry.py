"""The one lazy registry: a name leads to an object that is imported when it is first asked for."""

from __future__ import annotations

import importlib
from difflib import get_close_matches
from functools import cached_property
from importlib.metadata import entry_points
from typing import Final, Generic, TypeVar, cast

from scanner.errors import TscanError

T = TypeVar("T")

_EXTRAS: Final = {
    "boto3": "aws",
    "botocore": "aws",
    "detect_secrets": "aws",
    "cryptography": "history",
    "obstore": "history",
    "pyarrow": "history",
    "google": "gcp",
    "aiohttp": "gcp",
    "azure": "azure",
    "jwt": "github",
}
"""The extra that brings a package that may be missing."""


class Registry(Generic[T]):
    """Names of things that can be added, each as `module:attribute`; entry points of the group are merged in."""

    def __init__(self, group: str, **builtin: str) -> None:
        self.group = group
        self._builtin = builtin

    @property
    def names(self) -> tuple[str, ...]:
        """Every registered name, sorted."""
        return tuple(sorted(self._places))

    def get(self, name: str) -> T:
        """The object behind a name; TscanError when there is none, or when its module is not installed."""
        places = self._places
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
            raise TscanError(f"'{name}' needs {missing}, which is not installed", f"pip install '{wanted}'") from error

    @cached_property
    def _places(self) -> dict[str, str]:
        # tscan's own names come last: a plugin adds names, it never replaces one.
        return {point.name: point.value for point in entry_points(group=self.group)} | self._builtin
