"""Finds where a response names its next page."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jmespath
from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader
from botocore.model import OperationModel

_TOKENS: Final = {
    "NextToken": ("NextToken",),
    "nextToken": ("nextToken",),
    "NextMarker": ("Marker", "NextMarker"),
    "nextMarker": ("marker", "nextMarker"),
    "Marker": ("Marker",),
    "marker": ("marker",),
    "NextPageToken": ("PageToken", "NextPageToken"),
    "nextPageToken": ("pageToken", "nextPageToken"),
    "PaginationToken": ("PaginationToken",),
    "position": ("position",),
    "NextContinuationToken": ("ContinuationToken",),
    "ContinuationToken": ("ContinuationToken",),
}
"""Output member → input members, for operations that page although botocore has no paginator for
them.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """How an operation is paged: expressions over a response, and the arguments they become."""

    inputs: tuple[str, ...] = ()
    outputs: tuple[Any, ...] = ()
    """Compiled JMESPath, one for each input."""
    members: tuple[str, ...] = ()
    """Top-level members that hold nothing but tokens; no knowledge, so no evidence."""
    more: Any = None
    """Compiled JMESPath of the member that says whether there is more."""
    lists: tuple[str, ...] = ()
    """Dotted paths of the lists that the model says are paged."""

    def next(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of the next page; empty: this was the last."""
        # A token may stand on the last page too: where a member says whether there is more, it
        # decides.
        if self.more is not None and not self.more.search(response):
            return {}
        found: dict[str, Any] = {}
        for name, expression in zip(self.inputs, self.outputs, strict=True):
            token = expression.search(response)
            if token not in (None, ""):
                found[name] = token
        return found


class Pagers:
    """The pagers of all operations, from botocore's models; each is made once."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._lock = threading.Lock()
        self._known: dict[str, Pager] = {}
        self._declared: dict[str, Mapping[str, Any]] = {}

    def of(self, service: str, model: OperationModel) -> Pager:
        """The pager of an operation; without tokens if it is not paged."""
        key = f"{service}:{model.name}"
        with self._lock:
            if key not in self._known:
                declared = self._service(service).get(model.name)
                self._known[key] = _from_paginator(declared) if declared else _guess(model)
            return self._known[key]

    def _service(self, service: str) -> Mapping[str, Any]:
        if service not in self._declared:
            try:
                found = self._loader.load_service_model(service, "paginators-1")
            except DataNotFoundError:
                found = {}
            self._declared[service] = found.get("pagination", {})
        return self._declared[service]


def _from_paginator(pagination: Mapping[str, Any]) -> Pager:
    outputs = _texts(pagination["output_token"])
    more = pagination.get("more_results")
    lists = _texts(pagination.get("result_key"))
    return Pager(
        inputs=_texts(pagination["input_token"]),
        outputs=tuple(jmespath.compile(text) for text in outputs),
        members=tuple(text for text in outputs if text.isidentifier()),
        more=jmespath.compile(more) if more else None,
        # A result may be an expression, which joins nothing.
        lists=tuple(text for text in lists if text.replace(".", "").isidentifier()),
    )


def _guess(model: OperationModel) -> Pager:
    """A pager by the customary names of tokens."""
    if model.output_shape is None or model.input_shape is None:
        return Pager()
    outputs, inputs = model.output_shape.members, model.input_shape.members
    for output, candidates in _TOKENS.items():
        if output not in outputs or outputs[output].type_name != "string":
            continue
        for candidate in candidates:
            if candidate in inputs:
                expression = jmespath.compile(output)
                return Pager(inputs=(candidate,), outputs=(expression,), members=(output,))
    return Pager()


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(value)
    return (value,) if value else ()
