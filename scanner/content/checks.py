"""Checks, from YAML to the model: conditions typed, parameters and examples held against their kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from scanner.content.document_reader import DocumentReader, Steps, Unusable, suggest
from scanner.content.example_shapes import check_example
from scanner.content.parameters import params_type
from scanner.language.types import BOOL, STRING, TIMESTAMP, ListType, MapType, RecordType, Type
from scanner.model.checks import Check, Example, IfEmpty, Labelled, Parameter, Severity
from scanner.model.expressions import Expression
from scanner.model.kinds import Kind

_KIND: Final = re.compile(rb"^resource: *([\w.-]+) *$", re.MULTILINE)
_SOURCE_CONTROL: Final = "scm"
"""First word of questions about source control, which are the same at every code host."""


@dataclass(frozen=True)
class CheckReader:
    """Reads checks against the kinds and parameters of a library."""

    kinds: Mapping[str, Kind]
    broken: frozenset[str]
    """Kinds whose files have mistakes: a check on one of them is not blamed."""
    parameters: Mapping[str, Parameter]

    @cached_property
    def params(self) -> RecordType:
        """The type of `params`."""
        return params_type(self.parameters)

    def read(self, reading: DocumentReader, inside: tuple[str, ...], *, shipped: bool) -> Check:
        """The check in a file; its place says its cloud and its id."""
        data = reading.data
        self._place(reading, inside, shipped=shipped)
        kind = self.kinds.get(data["resource"])
        if kind is None and data["resource"] not in self.broken:
            hint = suggest(data["resource"], self.kinds)
            reading.wrong(("resource",), f"there is no kind '{data['resource']}'", hint)
        names = {"self": kind.type, "params": self.params, "now": TIMESTAMP} if kind else None
        return Check(
            id=data["id"],
            title=data["title"].strip(),
            severity=Severity(data["severity"]),
            kind=data["resource"],
            where=_condition(reading, "where", names) if "where" in data else None,
            scope=self._scope(reading, kind) if "scope" in data else None,
            if_empty=IfEmpty(data["if_empty"]),
            pass_when=_condition(reading, "pass_when", names),
            why=data["why"].strip(),
            fix=data["fix"].strip(),
            refs=tuple(data.get("refs", [])),
            examples=tuple(self._examples(reading, kind)),
            path=reading.document.path,
        )

    def _place(self, reading: DocumentReader, inside: tuple[str, ...], *, shipped: bool) -> None:
        identity: str = reading.data["id"]
        cloud = identity.partition("-")[0]
        kind_cloud = reading.data["resource"].partition(".")[0]
        if cloud not in (kind_cloud, _SOURCE_CONTROL):
            reading.wrong(
                ("id",),
                f"'{identity}' does not begin with its cloud",
                f"the kind's cloud is {kind_cloud}",
            )
        if inside[-1] != f"{identity}.yaml":
            reading.wrong(
                ("id",), f"'{identity}' is not the file's name", f"the file is called {inside[-1]}"
            )
        if shipped and (len(inside) != 3 or inside[0] != kind_cloud):
            reading.wrong(
                ("id",),
                "the file is not in its folder",
                f"it belongs in checks/{kind_cloud}/<service>/",
            )

    def _scope(self, reading: DocumentReader, kind: Kind | None) -> Labelled:
        data: dict[str, str] = reading.data["scope"]
        wanted: dict[str, Type] = {"tag": STRING, "values": ListType(STRING), "untagged": BOOL}
        for key, name in data.items():
            known = self.params.fields.get(name)
            if known is None:
                hint = suggest(name, self.parameters)
                reading.wrong(("scope", key), f"there is no parameter '{name}'", hint)
            elif known.type != wanted[key]:
                reading.wrong(
                    ("scope", key), f"'{name}' is {known.type}; '{key}' needs {wanted[key]}"
                )
        tags = kind.type.fields.get("tags") if kind else None
        if kind and (tags is None or tags.type != MapType(STRING)):
            hint = f"give {kind.id} an attribute 'tags' of the type map(string)"
            reading.wrong(("scope",), f"{kind.id} has no tags to choose by", hint, key=True)
        return Labelled(tag=data["tag"], values=data["values"], untagged=data.get("untagged", ""))

    def _examples(self, reading: DocumentReader, kind: Kind | None) -> list[Example]:
        found: list[Example] = []
        if "not_asked" in reading.data["examples"] and "where" not in reading.data:
            reading.wrong(
                ("examples", "not_asked"),
                "every resource is asked about",
                "'where' is what leaves some out",
            )
        for expect, entries in reading.data["examples"].items():
            for index, data in enumerate(entries):
                path: Steps = ("examples", expect, index)
                if kind is not None:
                    check_example(reading, path, data, kind, self.kinds, self.params)
                found.append(
                    _example(expect.replace("_", " "), data, reading.document.position(path)[0])
                )
        return found


def kind_in(content: bytes) -> str:
    """The kind that a check's file names, found without reading the rest; empty where it is written in another way."""
    found = _KIND.search(content)
    return found[1].decode() if found else ""


def _condition(reading: DocumentReader, key: str, names: Mapping[str, Type] | None) -> Expression:
    if names is None:
        return Unusable()
    return reading.expression((key,), reading.data[key], names, want=BOOL)


def _example(expect: str, data: dict[str, Any], line: int) -> Example:
    return Example(
        expect=expect,
        resource=data["resource"],
        unreadable=tuple(data.get("unreadable", [])),
        open=tuple(data.get("open", [])),
        params=data.get("params", {}),
        now=data.get("now", ""),
        line=line,
    )
