"""Read the calls of a kind: its listing, its details, and the second sources of its listing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from scanner.content.document_reader import DocumentReader, Steps
from scanner.language.types import BOOL, DYN, INT, STRING, ListType, Type
from scanner.model.expressions import Expression
from scanner.model.kinds import (
    Batch,
    CountMeaning,
    Inventory,
    InventoryRows,
    Keep,
    Listing,
    Request,
    SecondSource,
)
from scanner.words import did_you_mean

_VALUE_TYPES: Final[Mapping[CountMeaning, Type]] = {
    CountMeaning.LISTS: ListType(STRING),
    CountMeaning.WHOLE: BOOL,
}
"""The type of a second source's `value`, where that is not a number."""
_BATCH_KEYS: Final = ("member", "size", "items", "match", "lacking_is")


@dataclass(frozen=True, slots=True)
class CallReader:
    """Reads the calls of one kind; `names` are the names that their expressions may use."""

    reader: DocumentReader
    names: Mapping[str, Type]
    located: bool = False
    """Whether the kind has a location: then every call goes to the service's one endpoint."""

    def listing(self, path: Steps, data: dict[str, Any]) -> Listing:
        """How the resources of the kind are listed, or a detail that a reader fetches."""
        self._check_source(path, data)
        per = data.get("per", "")
        if "call" in data:
            if path == ("list",) and "items" not in data:
                hint = "name the list in the answer whose elements are `it`"
                self.reader.wrong(path, "'items' is missing", hint)
            return Listing(
                request=self.request(path, data),
                per=per,
                below=tuple(self._below(path, data)),
            )
        reads: list[Request] = []
        for index, read in enumerate(data.get("reads", [])):
            reads.append(self.request((*path, "reads", index), read))
        return Listing(
            reader=data.get("reader", ""),
            reads=tuple(reads),
            per=per,
        )

    def _below(self, path: Steps, data: dict[str, Any]) -> Iterator[Request]:
        for index, request in enumerate(data.get("below", ())):
            where = (*path, "below", index)
            if "items" not in request:
                hint = "name the list in the answer whose elements are `it`"
                self.reader.wrong(where, "'items' is missing", hint)
            yield self.request(where, request)

    def _check_source(self, path: Steps, data: dict[str, Any]) -> None:
        if ("call" in data) == ("reader" in data):
            hint = "a reader also names its calls in 'reads'"
            self.reader.wrong(path, "one of 'call' and 'reader' is needed", hint)
        elif ("reader" in data) != ("reads" in data):
            # What a reader calls is reviewed and granted by this list.
            hint = "name every call that the reader makes"
            self.reader.wrong(path, "'reader' and 'reads' need each other", hint)
        elif "reader" in data:
            for key in data.keys() - {"reader", "reads", "per"}:
                message = f"'{key}' has no meaning beside 'reader'"
                self.reader.wrong((*path, key), message, "remove it", key=True)

    def request(self, path: Steps, data: dict[str, Any]) -> Request:
        """One declared call."""
        when = None
        if "when" in data:
            when = self._expression((*path, "when"), data["when"], want=BOOL)
        batch = None
        if "batch" in data:
            batch = self._batch((*path, "batch"), data["batch"])
        return Request(
            operation=data["call"],
            arguments=self._arguments((*path, "with"), data.get("with", {})),
            items=texts(data.get("items", [])),
            absent_on=tuple(data.get("absent_on", [])),
            gone_on=tuple(data.get("gone_on", [])),
            disabled_is=data.get("disabled_is", ""),
            permission=texts(data.get("permission", [])),
            secrets=tuple(data.get("secrets", [])),
            keeps=tuple(_keeps(data.get("keeps", {}))),
            when=when,
            at=self._endpoint(path, data),
            batch=batch,
            leaves_out_empty=data.get("leaves_out_empty", ""),
        )

    def counts(
        self,
        path: Steps,
        data: dict[str, Any],
        listing: dict[str, Any],
    ) -> Iterator[SecondSource]:
        """The second sources that are declared at a path, of a listing."""
        # A count of the whole target says nothing about the children of one parent.
        if "completeness" in data and "per" in listing:
            message = "'completeness' needs the listing of a whole target or region"
            self.reader.wrong((*path, "completeness"), message, key=True)
        for index, source in enumerate(data.get("completeness", ())):
            yield self._count((*path, "completeness", index), source)

    def _count(self, path: Steps, data: dict[str, Any]) -> SecondSource:
        means = CountMeaning(data.get("means", CountMeaning.EQUAL))
        value = self.reader.expression(
            (*path, "value"),
            data["value"],
            {"answer": DYN},
            fits=_VALUE_TYPES.get(means, INT),
            raw=True,
        )
        source = {key: given for key, given in data.items() if key not in ("value", "means")}
        return SecondSource(
            source=self.listing(path, source),
            value=value,
            means=means,
            # The listing alone does not show that nothing is hidden: without this answer it is a
            # gap. The silence of a source that only counts shows nothing.
            needed=means is CountMeaning.WHOLE,
        )

    def bulk(self, kind: dict[str, Any]) -> Inventory | None:
        """How an inventory answers for the kind; None: none does."""
        if "bulk" not in kind:
            return None
        path: Steps = ("bulk",)
        data = kind["bulk"]
        self._check_details_of_bulk(path, data, kind.get("details", {}))
        details: dict[str, Request] = {}
        for name, detail in data.get("details", {}).items():
            details[name] = self._in_rows((*path, "details", name), detail, data)
        return Inventory(
            request=self._in_rows(path, data, data),
            asks=data["asks"],
            details=details,
            same=tuple(data.get("same", ())),
            quiet=frozenset(_member_path(member) for member in data.get("quiet", ())),
            # An inventory lists children without their parents: it is always one listing of the
            # whole target.
            completeness=tuple(self.counts(path, data, data)),
        )

    def _check_details_of_bulk(
        self,
        path: Steps,
        data: dict[str, Any],
        details: dict[str, Any],
    ) -> None:
        """Note details of the inventory that the kind does not fetch with a call."""
        for word in ("details", "same"):
            for name in data.get(word, ()):
                if "call" not in details.get(name, ()):
                    message = f"'{name}' is not a detail that a call reads"
                    self.reader.wrong((*path, word), message, did_you_mean(name, details))

    def _in_rows(
        self,
        path: Steps,
        data: dict[str, Any],
        bulk: dict[str, Any],
    ) -> Request:
        rows = InventoryRows(
            tells=bulk["tells"],
            type=bulk["type"],
            item=data.get("item", ""),
            match=data.get("match", ""),
            below=tuple(data.get("below", ())),
        )
        return replace(self.request(path, data), rows=rows)

    def _endpoint(self, path: Steps, data: dict[str, Any]) -> Expression | None:
        if "at" in data:
            return self._expression((*path, "at"), data["at"] or "''", fits=STRING)
        # The region of a located kind is only where it is: as an endpoint it does not exist.
        if self.located:
            return self.reader.expression(path, "''", {}, raw=True)
        return None

    def _arguments(self, path: Steps, data: Any) -> Any:
        """A tree of constants and expressions: every text is an expression."""
        if isinstance(data, str):
            return self._expression(path, data)
        if isinstance(data, dict):
            return {key: self._arguments((*path, key), value) for key, value in data.items()}
        if isinstance(data, list):
            return tuple(self._arguments((*path, index), value) for index, value in enumerate(data))
        return data

    def _batch(self, path: Steps, data: dict[str, Any]) -> Batch:
        key = self._expression((*path, "key"), data["key"], fits=STRING)
        return Batch(key=key, **{name: data[name] for name in _BATCH_KEYS if name in data})

    def _expression(
        self,
        path: Steps,
        text: str,
        *,
        want: Type | None = None,
        fits: Type | None = None,
    ) -> Expression:
        return self.reader.expression(path, text, self.names, want=want, fits=fits, raw=True)


def _keeps(data: Mapping[str, Any]) -> Iterator[Keep]:
    for path, kept in data.items():
        yield Keep(path=path, pattern=kept["pattern"], why=kept["why"])


def texts(data: str | list[str]) -> tuple[str, ...]:
    """One text or several, as a tuple."""
    if isinstance(data, str):
        return (data,)
    return tuple(data)


def _member_path(text: str) -> tuple[str, ...]:
    """`allowed[].ports` as the steps to it; the step into a list is `[]`."""
    return tuple(text.replace("[]", ".[]").split("."))
