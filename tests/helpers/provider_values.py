"""Enumerations that kinds read, by the providers' models, and where conditions compare them; and
texts that conditions compare although the models have no values of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from botocore.model import Shape

from scanner.core.reading.read_plan import Path, attribute_paths
from scanner.model.kinds import Attribute, Enumeration, Kind
from scanner.model.library import Library
from tests.helpers.compared_texts import compared
from tests.helpers.provider_models import WrongError, answer_of, output, shape_at, walk

_LITERAL: Final = re.compile(r"'([^'\\]*)'|\"([^\"\\]*)\"")


@dataclass(frozen=True, slots=True)
class Site:
    """An expression that reads an enumeration: that of an attribute, or of a check."""

    where: str
    source: str

    @property
    def named(self) -> frozenset[str]:
        """The texts that it names."""
        return frozenset(one or other for one, other in _LITERAL.findall(self.source))


def enumerations(kind: Kind, library: Library) -> Mapping[str, frozenset[str]]:
    """The values by the model of each enumeration that an attribute reads, by its path."""
    found: dict[str, frozenset[str]] = {}
    for attribute in kind.attributes.values():
        for path in attribute_paths(attribute):
            known = _enumeration(kind, library, path)
            if known is not None:
                found[known[0]] = known[1]
    return dict(sorted(found.items()))


def _enumeration(kind: Kind, library: Library, path: Path) -> tuple[str, frozenset[str]] | None:
    """Where a path leads and the values there; None where no enumeration is."""
    end = _end(kind, library, path)
    if end is None or not getattr(end[1], "enum", None):
        return None
    return end[0], _values(end[1])


def _end(kind: Kind, library: Library, path: Path) -> tuple[str, Shape | None] | None:
    """Where a path leads, with the shape there if a model has it; None if it leads nowhere."""
    if path[0] in kind.readers or _is_made(kind, path[0]):
        return ".".join(path).replace(".[]", "[]"), None
    if path[0] not in ("it", "parent") and path[0] not in kind.details:
        return None
    where = answer_of(kind, path[0], library)
    if where is None:
        return None
    operation, above = where
    if shape_at(kind, library, path[:1]) is None:
        return ".".join(path).replace(".[]", "[]"), None
    try:
        shape = walk(output(operation), above)
    except WrongError:
        return None
    return _follow(shape, path[1:], path[0])


def _is_made(kind: Kind, root: str) -> bool:
    """Whether a reader makes the items."""
    return root == "it" and kind.listing is not None and bool(kind.listing.reader)


def _follow(shape: Shape | None, steps: Path, shown: str) -> tuple[str, Shape | None] | None:
    if shape is None:
        return None
    if getattr(shape, "is_document_type", False):
        return ".".join((shown, *steps)).replace(".[]", "[]"), None
    if shape.type_name == "list":
        rest = steps[1:] if steps and (steps[0] == "[]" or steps[0].isdigit()) else steps
        return _follow(shape.member, rest, f"{shown}[]")
    if not steps:
        return shown, shape
    if shape.type_name == "map":
        return _follow(shape.value, steps[1:], f"{shown}.*")
    if shape.type_name == "structure" and steps[0] in shape.members:
        return _follow(shape.members[steps[0]], steps[1:], f"{shown}.{steps[0]}")
    return None


def _values(shape: Shape) -> frozenset[str]:
    # What stands for "not said" is no value: read, it is unknown.
    return frozenset(value for value in shape.enum if not value.endswith("_UNSPECIFIED"))


def sites(library: Library, kind: Kind, path: str) -> Iterator[Site]:
    """Every expression that compares, or may compare, the values at a path."""
    for attribute in kind.attributes.values():
        for part in _parts(attribute.name, attribute):
            ends = (_end(kind, library, whole) for whole in part.paths)
            if path not in {end[0] for end in ends if end is not None}:
                continue
            if part.is_plain:
                yield from _check_sites(library, kind, part.name)
            else:
                yield Site(f"{kind.id}: attribute {part.name}", part.source)


@dataclass(frozen=True, slots=True)
class _Part:
    """An attribute, or a field of its records at any depth."""

    name: str
    attribute: Attribute
    above: frozenset[Path] | None = None
    """Where the lists are whose records it is a field of."""

    @property
    def source(self) -> str:
        return self.attribute.api.source

    @property
    def paths(self) -> frozenset[Path]:
        """Its raw paths."""
        return frozenset(whole for path in self.attribute.api.paths for whole in self.wholes(path))

    def wholes(self, path: Path) -> Iterator[Path]:
        """A path of its expression, from the raw names inward."""
        if path[0] != "item" or self.above is None:
            yield path
            return
        for source in self.above:
            yield (*source, "[]", *path[1:])

    @property
    def is_plain(self) -> bool:
        """Whether the attribute is the member itself, or the list of them: its checks compare it."""
        return not _LITERAL.search(self.source) and "==" not in self.source


def _parts(
    name: str, attribute: Attribute, above: frozenset[Path] | None = None
) -> Iterator[_Part]:
    part = _Part(name, attribute, above)
    yield part
    for field, inner in attribute.each.items():
        yield from _parts(f"{name}.{field}", inner, part.paths)


def _check_sites(library: Library, kind: Kind, name: str) -> Iterator[Site]:
    wanted = tuple(name.split("."))
    for check in library.checks.values():
        for expression in check.expressions:
            if any(_leads(library, library.kinds[check.kind], path[1:], kind, wanted)
                   for path in expression.paths if path[0] == "self"):  # fmt: skip
                yield Site(check.id, expression.source)


def _leads(library: Library, at: Kind, path: Path, kind: Kind, wanted: Path) -> bool:
    """Whether a path of a condition, from a resource of `at`, leads to an attribute of `kind`."""
    found, name = _attribute_at(library, at, path)
    return found.id == kind.id and tuple(name.split("."))[: len(wanted)] == wanted


def problems(kind: Kind, library: Library) -> Iterator[str]:
    """Values that the model has and the kind does not, and values that a condition leaves open."""
    modeled = enumerations(kind, library)
    declared = {shown(enumeration): enumeration for enumeration in kind.values}
    texts = compared_texts(kind, library)
    for path in sorted(declared.keys() - modeled.keys() - texts.keys()):
        yield f"{kind.id}: values: {path} is neither an enumeration that is read nor compared"
    for path in sorted(texts.keys() - modeled.keys()):
        yield from _text_problems(kind, library, path, texts[path], declared.get(path))
    for path, values in modeled.items():
        if path in declared and declared[path].open:
            continue
        known = declared[path].known if path in declared else frozenset()
        for value in sorted(values ^ known):
            missing = "lacks" if value in values else "has a value that the model lacks:"
            yield f"{kind.id}: values: {path} {missing} '{value}'"
        others = declared[path].others if path in declared else frozenset()
        for site, rest in undecided(library, kind, path, values, others):
            yield f"{site.where}: {kind.id} {path} may be {', '.join(sorted(rest))}: neither named nor under 'others'"


def _text_problems(
    kind: Kind, library: Library, path: str, texts: frozenset[str], declared: Enumeration | None
) -> Iterator[str]:
    """What is wrong with a text without values in the model that conditions compare."""
    if declared is None:
        words = ", ".join(sorted(texts))
        yield f"{kind.id}: {path} is compared with {words}: which values it has is not under 'values'"
    elif not declared.open:
        values = declared.known
        for site, rest in undecided(library, kind, path, values, declared.others):
            yield f"{site.where}: {kind.id} {path} may be {', '.join(sorted(rest))}: neither named nor under 'others'"


def compared_texts(kind: Kind, library: Library) -> Mapping[str, frozenset[str]]:
    """The texts that each member of an answer is compared with, by its path; enumerations too."""
    found: dict[str, set[str]] = {}
    by_checks = _compared_by_checks(library).get(kind.id, {})
    for attribute in kind.attributes.values():
        for part in _parts(attribute.name, attribute):
            inside = compared(part.attribute.api)
            beside = by_checks.get(part.name, frozenset())
            for path in part.attribute.api.paths:
                for whole in part.wholes(path):
                    end = _end(kind, library, whole)
                    texts = inside.get(path, frozenset()) | (
                        beside if _is_text(part) else frozenset()
                    )
                    if end is not None and texts and _may_be_text(end[1]):
                        found.setdefault(end[0], set()).update(texts)
    return {path: frozenset(texts) for path, texts in found.items()}


def _is_text(part: _Part) -> bool:
    return part.attribute.type.rstrip("?") in ("string", "list(string)", "map(string)")


def _may_be_text(shape: Shape | None) -> bool:
    return shape is None or shape.type_name == "string"


def _compared_by_checks(library: Library) -> Mapping[str, Mapping[str, frozenset[str]]]:
    """The texts that checks compare attributes with, by kind and attribute."""
    found: dict[str, dict[str, frozenset[str]]] = {}
    for check in library.checks.values():
        for expression in check.expressions:
            for path, texts in compared(expression).items():
                if path[0] == "self":
                    kind, name = _attribute_at(library, library.kinds[check.kind], path[1:])
                    known = found.setdefault(kind.id, {})
                    known[name] = known.get(name, frozenset()) | texts
    return found


def _attribute_at(library: Library, at: Kind, path: Path) -> tuple[Kind, str]:
    """The kind and the attribute, or the field of its records, that a path of a condition leads to."""
    steps = tuple(step for step in path if step != "[]")
    while steps and steps[0] in at.relations:
        at = library.kinds[at.relations[steps[0]].kind]
        steps = steps[1:]
    return at, ".".join(steps)


def shown(enumeration: Enumeration) -> str:
    """The path of an enumeration as a kind writes it."""
    return ".".join(enumeration.path).replace(".[]", "[]")


def undecided(
    library: Library,
    kind: Kind,
    path: str,
    values: frozenset[str],
    others: frozenset[str],
) -> Iterator[tuple[Site, frozenset[str]]]:
    """Each place that compares the values at a path and names only some, with the rest."""
    for site in sites(library, kind, path):
        # Conditions may compare in lower case.
        named = {text.casefold() for text in site.named}
        found = frozenset(value for value in values if value.casefold() in named)
        rest = values - found - others
        if found and rest:
            yield site, rest
