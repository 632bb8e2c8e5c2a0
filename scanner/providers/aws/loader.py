"""Loads botocore's models, cut to the reviewed operations."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from botocore.loaders import JSONFileLoader, Loader

from scanner.providers.aws.operations import OPERATIONS

_WHOLE: Final = frozenset({"sts"})
"""Services that botocore itself uses for credentials."""


class _Files(JSONFileLoader):  # type: ignore[misc]
    """botocore's files as plain dicts, which keep their order too and are made in half the time."""

    def _load_file(self, full_path: str, open_method: Callable[..., Any]) -> Any:
        if not os.path.isfile(full_path):
            return None
        with open_method(full_path, "rb") as file:
            return json.loads(file.read())


class ReviewedLoader(Loader):  # type: ignore[misc]
    """A loader of models without the operations, and their shapes, that tscan never calls.

    EC2 has over 700 operations, for each of which every client of every region would be given a
    method.
    """

    def __init__(self, data_path: str | None) -> None:
        folders = [os.path.expanduser(path) for path in (data_path or "").split(os.pathsep) if path]
        super().__init__(extra_search_paths=folders, file_loader=_Files())
        self._cut: dict[str, dict[str, Any]] = {}

    def load_service_model(
        self,
        service_name: str,
        type_name: str,
        api_version: str | None = None,
    ) -> Any:
        """A model by its name, as botocore loads it."""
        if type_name != "service-2" or api_version is not None:
            return super().load_service_model(service_name, type_name, api_version)
        if service_name not in self._cut:
            self._cut[service_name] = self._read(service_name)
        return self._cut[service_name]

    def _read(self, service: str) -> dict[str, Any]:
        whole: dict[str, Any] = super().load_service_model(service, "service-2")
        wanted = _reviewed(service)
        # A service without a reviewed operation is one that a test or botocore itself uses.
        if service in _WHOLE or not wanted:
            return whole
        operations = {name: model for name, model in whole["operations"].items() if name in wanted}
        self._forget(service)
        shapes = _reachable(operations, whole["shapes"])
        return {**whole, "operations": operations, "shapes": shapes}

    def _forget(self, service: str) -> None:
        """Drop the whole model: only the cut one is used again, and EC2's takes 20 MB."""
        # A botocore without this member keeps its models: that costs memory alone.
        cache: dict[Any, Any] = getattr(self, "_cache", {})
        for key in list(cache):
            name = str(key[-1])
            if not name.endswith("service-2"):
                continue
            if key[1] == service or name.startswith(f"{service}{os.sep}"):
                del cache[key]


def _reviewed(service: str) -> set[str]:
    """The names of a service's reviewed operations."""
    prefix = f"{service}:"
    return {name.removeprefix(prefix) for name in OPERATIONS if name.startswith(prefix)}


def _reachable(operations: Mapping[str, Any], shapes: Mapping[str, Any]) -> dict[str, Any]:
    """The shapes that the operations use, directly or by way of others."""
    found: dict[str, Any] = {}
    waiting = list(_references(operations))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = shapes[name]
            waiting.extend(_references(shapes[name]))
    return found


def _references(tree: Any) -> Iterator[str]:
    """The names of shapes anywhere in a model."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == "shape" and isinstance(value, str):
                yield value
            else:
                yield from _references(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _references(value)
