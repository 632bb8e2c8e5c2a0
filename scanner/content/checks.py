"""Read checks: compile their conditions, cross-check parameters and examples with their kind."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from scanner.content.document_reader import DocumentReader, Steps, Unusable
from scanner.content.example_shapes import check_example
from scanner.content.parameters import params_type
from scanner.language.types import BOOL, STRING, TIMESTAMP, ListType, MapType, RecordType, Type
from scanner.model.checks import LINK, Check, Example, IfEmpty, LabelScope, Parameter, Severity
from scanner.model.expressions import Expression
from scanner.model.kinds import Kind
from scanner.words import did_you_mean

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
"""What `fails` has in braces; `scanner.rendering.failure` fills it in."""
_ALIASES: Final = re.compile(rb"""^["']?aliases["']? *:""", re.MULTILINE)
_LINK: Final = re.compile(rf"{LINK}[\w.-]+\.[a-z]+(/[\w.~%/#?&=+:@!,-]*)?", re.ASCII)
_SOURCE_CONTROL: Final = "scm"
"""First word of checks of source control, which are the same at every code host."""
_SCOPE_TYPES: Final[Mapping[str, Type]] = {
    "tag": STRING,
    "values": ListType(STRING),
    "untagged": BOOL,
}
"""The type of the parameter that each key of `scope` names."""


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

    def read(
        self,
        reader: DocumentReader,
        inside: tuple[str, ...],
        *,
        shipped: bool,
    ) -> Check:
        """The check in a file; its path inside the folder gives its cloud and its id."""
        data = reader.data
        self._check_place(reader, inside, shipped=shipped)
        kind = self.kinds.get(data["resource"])
        if kind is None and data["resource"] not in self.broken:
            hint = did_you_mean(data["resource"], self.kinds)
            reader.wrong(("resource",), f"there is no kind '{data['resource']}'", hint)
        names: Mapping[str, Type] | None = None
        if kind is not None:
            names = {"self": kind.type, "params": self.params, "now": TIMESTAMP}
        where = None
        if "where" in data:
            where = _condition(reader, "where", names)
        scope = None
        if "scope" in data:
            scope = self._scope(reader, kind)
        if kind is not None:
            self._check_placeholders(reader, kind)
        return Check(
            id=data["id"],
            title=data["title"].strip(),
            fails=data.get("fails", "").strip(),
            severity=Severity(data["severity"]),
            kind=data["resource"],
            where=where,
            scope=scope,
            if_empty=IfEmpty(data["if_empty"]),
            if_none_in_scope=self._if_none_in_scope(reader),
            pass_when=_condition(reader, "pass_when", names),
            why=data["why"].strip(),
            fix=data["fix"].strip(),
            refs=self._refs(reader),
            aliases=tuple(data.get("aliases", [])),
            keywords=tuple(data.get("keywords", [])),
            examples=tuple(self._examples(reader, kind)),
            path=reader.document.path,
        )

    def _if_none_in_scope(self, reader: DocumentReader) -> IfEmpty:
        """What the check says where `where` leaves out everything; `if_empty` unless it says so."""
        data = reader.data
        if "if_none_in_scope" in data and "where" not in data:
            message = "'if_none_in_scope' has no meaning without 'where'"
            hint = "remove it: every resource is in scope"
            reader.wrong(("if_none_in_scope",), message, hint, key=True)
        return IfEmpty(data.get("if_none_in_scope", data["if_empty"]))

    def _refs(self, reader: DocumentReader) -> tuple[str, ...]:
        refs: list[str] = reader.data.get("refs", [])
        for index, ref in enumerate(refs):
            if "://" in ref and not _LINK.fullmatch(ref):
                hint = "write the whole address: https://host/path"
                reader.wrong(("refs", index), f"'{ref}' is not a link", hint)
            if ref in refs[:index]:
                reader.wrong(("refs", index), f"'{ref}' is named twice", "keep one")
        return tuple(refs)

    def _check_placeholders(self, reader: DocumentReader, kind: Kind) -> None:
        """Every name in braces of `fails` can be filled in."""
        known = {"name", "self.id", "self.name", "self.region"}
        known |= {f"self.{name}" for name in kind.attributes}
        known |= {f"params.{name}" for name in self.parameters}
        for found in _PLACEHOLDER.finditer(reader.data.get("fails", "")):
            if found[1] not in known:
                message = f"'{found[0]}' cannot be filled in"
                reader.wrong(("fails",), message, did_you_mean(found[1], known))

    def _check_place(
        self,
        reader: DocumentReader,
        inside: tuple[str, ...],
        *,
        shipped: bool,
    ) -> None:
        identity: str = reader.data["id"]
        cloud = identity.partition("-")[0]
        kind_cloud = reader.data["resource"].partition(".")[0]
        # People see the id alone, in a finding or a waiver: its first word names the cloud.
        if cloud not in (kind_cloud, _SOURCE_CONTROL):
            message = f"'{identity}' does not begin with its cloud"
            reader.wrong(("id",), message, f"the kind's cloud is {kind_cloud}")
        if inside[-1] != f"{identity}.yaml":
            message = f"'{identity}' is not the file's name"
            reader.wrong(("id",), message, f"the file is called {inside[-1]}")
        if shipped and (len(inside) != 3 or inside[0] != kind_cloud):
            hint = f"it belongs in checks/{kind_cloud}/<service>/"
            reader.wrong(("id",), "the file is not in its folder", hint)

    def _scope(self, reader: DocumentReader, kind: Kind | None) -> LabelScope:
        data: dict[str, str] = reader.data["scope"]
        for key, name in data.items():
            known = self.params.fields.get(name)
            wanted = _SCOPE_TYPES[key]
            if known is None:
                hint = did_you_mean(name, self.parameters)
                reader.wrong(("scope", key), f"there is no parameter '{name}'", hint)
            elif known.type != wanted:
                reader.wrong(("scope", key), f"'{name}' is {known.type}; '{key}' needs {wanted}")
        # Without tags every resource would be unlabelled, and `untagged` would decide for all.
        if kind is not None and not _has_tags(kind):
            hint = f"give {kind.id} an attribute 'tags' of the type map(string)"
            reader.wrong(("scope",), f"{kind.id} has no tags to choose by", hint, key=True)
        return LabelScope(
            tag=data["tag"],
            values=data["values"],
            untagged=data.get("untagged", ""),
        )

    def _examples(self, reader: DocumentReader, kind: Kind | None) -> list[Example]:
        examples: dict[str, list[dict[str, Any]]] = reader.data["examples"]
        if "not_asked" in examples and "where" not in reader.data:
            hint = "add 'where', which leaves resources out"
            message = "the check leaves no resource out"
            reader.wrong(("examples", "not_asked"), message, hint)
        found: list[Example] = []
        for expect, entries in examples.items():
            for index, data in enumerate(entries):
                path: Steps = ("examples", expect, index)
                if kind is not None:
                    check_example(reader, path, data, kind, self.params)
                line, _ = reader.document.position(path)
                found.append(_example(expect.replace("_", " "), data, line))
        return found


def may_have_aliases(content: bytes) -> bool:
    """Whether a check's file may name earlier ids of it, without parsing the file."""
    return _ALIASES.search(content) is not None


def aliases_of(
    named: Iterable[tuple[DocumentReader, Check]], ids: Collection[str]
) -> dict[str, str]:
    """The id of each of these checks by its earlier ids; an id or an alias is no alias again."""
    found: dict[str, str] = {}
    for reader, check in named:
        for index, alias in enumerate(check.aliases):
            path: Steps = ("aliases", index)
            # A waiver for the earlier id would else accept failures of another check.
            if alias in ids:
                hint = "an alias is an id that no check has any more"
                reader.wrong(path, f"'{alias}' is the id of a check", hint)
            elif alias in found:
                hint = f"the first one is {found[alias]}"
                reader.wrong(path, f"'{alias}' is an alias already", hint)
            else:
                found[alias] = check.id
    return found


def _has_tags(kind: Kind) -> bool:
    tags = kind.type.fields.get("tags")
    return tags is not None and tags.type == MapType(STRING)


def _condition(reader: DocumentReader, key: str, names: Mapping[str, Type] | None) -> Expression:
    # Without its kind every name in the condition would be reported as unknown.
    if names is None:
        return Unusable()
    return reader.expression((key,), reader.data[key], names, want=BOOL)


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
