"""The calls of a kind: listings, details and readers, from YAML to the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from scanner.content.document_reader import DocumentReader, Steps, suggest
from scanner.language.types import BOOL, DYN, INT, STRING, ListType, Type
from scanner.model.expressions import Expression
from scanner.model.kinds import Batch, Bulk, Count, Listing, Means, Request, Rows

_FITS: Final[Mapping[Means, Type]] = {Means.LISTS: ListType(STRING), Means.WHOLE: BOOL}
"""What a second source gives, where that is no number."""


@dataclass(frozen=True, slots=True)
class Requests:
    """Reads the calls of one kind; `names` are the names that their expressions may use."""

    reading: DocumentReader
    names: Mapping[str, Type]
    located: bool = False
    """Whether a resource's region is only where it is, and every call goes to the service's one endpoint."""

    def listing(self, path: Steps, data: dict[str, Any]) -> Listing:
        """How the resources of the kind are found, or a detail that takes a program."""
        self._either(path, data)
        if "call" not in data:
            reads = tuple(
                self.request((*path, "reads", index), read)
                for index, read in enumerate(data.get("reads", []))
            )
            return Listing(reader=data.get("reader", ""), reads=reads, per=data.get("per", ""))
        if path == ("list",) and "items" not in data:
            self.reading.wrong(
                path, "'items' is missing", "name the list in the answer whose elements are `it`"
            )
        return Listing(request=self.request(path, data), per=data.get("per", ""))

    def _either(self, path: Steps, data: dict[str, Any]) -> None:
        if ("call" in data) == ("reader" in data):
            self.reading.wrong(
                path,
                "one of 'call' and 'reader' is needed",
                "a reader also names its calls in 'reads'",
            )
        elif ("reader" in data) != ("reads" in data):
            self.reading.wrong(
                path, "'reader' and 'reads' stand together", "name every call that the reader makes"
            )
        elif "reader" in data:
            for key in data.keys() - {"reader", "reads", "per"}:
                self.reading.wrong(
                    (*path, key), f"'{key}' has no meaning beside 'reader'", "remove it", key=True
                )

    def request(self, path: Steps, data: dict[str, Any]) -> Request:
        """One declared call."""
        return Request(
            operation=data["call"],
            arguments=self._arguments((*path, "with"), data.get("with", {})),
            items=_texts(data.get("items", [])),
            absent_on=tuple(data.get("absent_on", [])),
            gone_on=tuple(data.get("gone_on", [])),
            disabled_is=data.get("disabled_is", ""),
            permission=_texts(data.get("permission", [])),
            secrets=tuple(data.get("secrets", [])),
            when=self.reading.expression(
                (*path, "when"), data["when"], self.names, want=BOOL, raw=True
            )
            if "when" in data
            else None,
            at=self._endpoint(path, data),
            batch=self._batch((*path, "batch"), data["batch"]) if "batch" in data else None,
        )

    def counts(self, path: Steps, data: dict[str, Any], listing: dict[str, Any]) -> Iterator[Count]:
        """The second sources that stand at a path, of a listing."""
        if "completeness" in data and "per" in listing:
            message = "only a listing of a whole target or region can be counted"
            self.reading.wrong((*path, "completeness"), message, key=True)
        for index, source in enumerate(data.get("completeness", ())):
            inner: Steps = (*path, "completeness", index)
            means = Means(source.get("means", Means.EQUAL))
            asked = {key: value for key, value in source.items() if key not in ("value", "means")}
            fits = _FITS.get(means, INT)
            value = self.reading.expression(
                (*inner, "value"), source["value"], {"answer": DYN}, fits=fits, raw=True
            )
            # Silence of a source that shows a listing to be whole shows that of none.
            yield Count(
                source=self.listing(inner, asked),
                value=value,
                means=means,
                needed=means is Means.WHOLE,
            )

    def bulk(self, kind: dict[str, Any]) -> Bulk | None:
        """How an inventory answers for the kind; None: none does."""
        if "bulk" not in kind:
            return None
        path: Steps = ("bulk",)
        data, details = kind["bulk"], kind.get("details", {})
        for word in ("details", "same"):
            for name in (
                name for name in data.get(word, ()) if "call" not in details.get(name, ())
            ):
                self.reading.wrong(
                    (*path, word),
                    f"'{name}' is no detail that a call tells",
                    suggest(name, details),
                )
        return Bulk(
            request=self._in_rows(path, data, data),
            asks=data["asks"],
            details={
                name: self._in_rows((*path, "details", name), detail, data)
                for name, detail in data.get("details", {}).items()
            },
            same=tuple(data.get("same", ())),
            quiet=frozenset(
                tuple(member.replace("[]", ".[]").split(".")) for member in data.get("quiet", ())
            ),
            # An inventory lists children without their parents: it is always one listing of the whole target.
            completeness=tuple(self.counts(path, data, data)),
        )

    def _in_rows(self, path: Steps, data: dict[str, Any], bulk: dict[str, Any]) -> Request:
        rows = Rows(
            tells=bulk["tells"],
            type=bulk["type"],
            item=data.get("item", ""),
            match=data.get("match", ""),
        )
        return replace(self.request(path, data), rows=rows)

    def _endpoint(self, path: Steps, data: dict[str, Any]) -> Expression | None:
        if "at" in data:
            return self.reading.expression(
                (*path, "at"), data["at"] or "''", self.names, fits=STRING, raw=True
            )
        return self.reading.expression(path, "''", {}, raw=True) if self.located else None

    def _arguments(self, path: Steps, data: Any) -> Any:
        if isinstance(data, str):
            return self.reading.expression(path, data, self.names, raw=True)
        if isinstance(data, dict):
            return {key: self._arguments((*path, key), value) for key, value in data.items()}
        if isinstance(data, list):
            return tuple(self._arguments((*path, index), value) for index, value in enumerate(data))
        return data

    def _batch(self, path: Steps, data: dict[str, Any]) -> Batch:
        key = self.reading.expression(
            (*path, "key"), data["key"], self.names, fits=STRING, raw=True
        )
        more = {
            name: data[name]
            for name in ("member", "size", "items", "match", "lacking_is")
            if name in data
        }
        return Batch(key=key, **more)


def _texts(data: str | list[str]) -> tuple[str, ...]:
    return (data,) if isinstance(data, str) else tuple(data)
