"""Enumerations that kinds read, by the providers' models, and where conditions compare them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from botocore.model import Shape

from scanner.core.reading.read_plan import Path, attribute_paths
from scanner.model.kinds import Attribute, Enumeration, Kind
from scanner.model.library import Library
from tests.helpers.provider_models import WrongError, answer_of, output, walk

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
    if path[0] != "it" and path[0] not in kind.details:
        return None
    where = answer_of(kind, path[0], library)
    if where is None:
        return None
    operation, above = where
    try:
        shape = walk(output(operation), above)
    except WrongError:
        return None
    return _follow(shape, path[1:], path[0])


def _follow(shape: Shape | None, steps: Path, shown: str) -> tuple[str, frozenset[str]] | None:
    if shape is None:
        return None
    if shape.type_name == "list":
        rest = steps[1:] if steps and (steps[0] == "[]" or steps[0].isdigit()) else steps
        return _follow(shape.member, rest, f"{shown}[]")
    if not steps:
        return (shown, _values(shape)) if getattr(shape, "enum", None) else None
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
        for name, part in _parts(attribute):
            if path not in _paths(kind, library, attribute, part):
                continue
            if _is_plain(part):
                yield from _check_sites(library, kind, name)
            else:
                yield Site(f"{kind.id}: attribute {name}", part.api.source)


def _parts(attribute: Attribute) -> Iterator[tuple[str, Attribute]]:
    """An attribute, or the fields of its records, by name."""
    yield attribute.name, attribute
    for name, field in attribute.each.items():
        yield f"{attribute.name}.{name}", field


def _paths(kind: Kind, library: Library, attribute: Attribute, part: Attribute) -> set[str]:
    found: set[str] = set()
    for path in part.api.paths:
        wholes = [path]
        if path[0] == "item":
            wholes = [(*source, "[]", *path[1:]) for source in attribute.api.paths]
        for whole in wholes:
            known = _enumeration(kind, library, whole)
            if known is not None:
                found.add(known[0])
    return found


def _is_plain(part: Attribute) -> bool:
    """Whether the attribute is the member itself, or the list of them: its checks compare it."""
    return not _LITERAL.search(part.api.source) and "==" not in part.api.source


def _check_sites(library: Library, kind: Kind, name: str) -> Iterator[Site]:
    wanted = tuple(name.split("."))
    for check in library.checks.values():
        for expression in check.expressions:
            if any(_leads(library, library.kinds[check.kind], path[1:], kind, wanted)
                   for path in expression.paths if path[0] == "self"):  # fmt: skip
                yield Site(check.id, expression.source)


def _leads(library: Library, at: Kind, path: Path, kind: Kind, wanted: Path) -> bool:
    """Whether a path of a condition, from a resource of `at`, leads to an attribute of `kind`."""
    steps = tuple(step for step in path if step != "[]")
    while steps and steps[0] in at.relations:
        at = library.kinds[at.relations[steps[0]].kind]
        steps = steps[1:]
    return at.id == kind.id and steps[: len(wanted)] == wanted


def problems(kind: Kind, library: Library) -> Iterator[str]:
    """Values that the model has and the kind does not, and values that a condition leaves open."""
    modeled = enumerations(kind, library)
    declared = {shown(enumeration): enumeration for enumeration in kind.values}
    for path in sorted(declared.keys() - modeled.keys()):
        yield f"{kind.id}: values: {path} is no enumeration that an attribute reads"
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
