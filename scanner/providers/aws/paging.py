"""Paging: where an operation's next page is, and how pages add up to one answer."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jmespath
from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader
from botocore.model import OperationModel

# Output member → input members, for operations that page although botocore has no paginator for them.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """How one operation is paged: expressions over an answer, and the arguments that they become."""

    inputs: tuple[str, ...] = ()
    outputs: tuple[Any, ...] = ()
    """Compiled JMESPath, one for each input."""
    members: tuple[str, ...] = ()
    """Top-level members that hold nothing but tokens; no knowledge, so no evidence."""
    more: Any = None
    """Compiled JMESPath of the member that says whether there is more."""
    lists: tuple[str, ...] = ()
    """Dotted paths of the lists that the model says are paged."""

    def next(self, page: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of the next page; empty: this was the last."""
        if self.more is not None and not self.more.search(page):
            return {}
        found = {
            name: form.search(page) for name, form in zip(self.inputs, self.outputs, strict=True)
        }
        return {name: token for name, token in found.items() if token not in (None, "")}


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
                self._known[key] = _declared(declared) if declared else _guessed(model)
            return self._known[key]

    def _service(self, service: str) -> Mapping[str, Any]:
        if service not in self._declared:
            try:
                found = self._loader.load_service_model(service, "paginators-1")
            except DataNotFoundError:
                found = {}
            self._declared[service] = found.get("pagination", {})
        return self._declared[service]


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else (value,) if value else ()


def _declared(pagination: Mapping[str, Any]) -> Pager:
    outputs = _texts(pagination["output_token"])
    return Pager(
        inputs=_texts(pagination["input_token"]),
        outputs=tuple(jmespath.compile(text) for text in outputs),
        members=tuple(text for text in outputs if text.isidentifier()),
        more=jmespath.compile(pagination["more_results"])
        if pagination.get("more_results")
        else None,
        lists=tuple(
            text
            for text in _texts(pagination.get("result_key"))
            if text.replace(".", "").isidentifier()
        ),
    )


def _guessed(model: OperationModel) -> Pager:
    """A pager by the customary names of tokens."""
    if model.output_shape is None or model.input_shape is None:
        return Pager()
    given, taken = model.output_shape.members, model.input_shape.members
    for output, candidates in _TOKENS.items():
        match = next((name for name in candidates if name in taken), "")
        if output in given and match and given[output].type_name == "string":
            return Pager(inputs=(match,), outputs=(jmespath.compile(output),), members=(output,))
    return Pager()
