"""Read the maps of Terraform types to kinds, and hold them to what the kinds read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from scanner.content.document_reader import DocumentReader
from scanner.content.locations import content_files
from scanner.content.pack import Pack
from scanner.content.plan_trees import Places, TreeReader, Written, unwritten, written
from scanner.core.reading.read_plan import attribute_paths
from scanner.errors import ContentError
from scanner.language.types import BOOL
from scanner.model.expressions import Expression
from scanner.model.kinds import Kind
from scanner.model.library import Library
from scanner.model.plan_maps import ArgumentPath, Part, PlanMap, Tree
from scanner.words import did_you_mean

_FOLDER: Final = Path(__file__).resolve().parent.parent / "plans"
_KEYS: Final = ("id", "arn", "name")

PlanMaps = Mapping[str, tuple[PlanMap, ...]]
"""The maps by kind: several where Terraform has types of different arguments for one kind."""


def load_plan_maps(library: Library, folder: Path = _FOLDER) -> PlanMaps:
    """The shipped maps; ContentError with every mistake of every file."""
    pack = Pack()
    found: dict[str, list[PlanMap]] = defaultdict(list)
    for file in content_files(folder, "plans", pack.problems):
        reader = pack.read(file, "plan_map")
        if reader is None:
            continue
        kind = library.kinds.get(reader.data["kind"])
        if kind is None:
            message = f"there is no kind '{reader.data['kind']}'"
            reader.wrong(("kind",), message, did_you_mean(reader.data["kind"], library.kinds))
            continue
        found[kind.id].append(_plan_map(reader, kind))
    if pack.problems:
        raise ContentError(pack.problems)
    return {name: tuple(maps) for name, maps in found.items()}


def _plan_map(reader: DocumentReader, kind: Kind) -> PlanMap:
    data = reader.data
    types = _types(data["of"])
    part_types = {name: _types(part["of"]) for name, part in data.get("parts", {}).items()}
    trees = TreeReader(reader, part_types, data.get("tables", {}))
    places: Places = {"r": ((types, ()),), "was": ((types, ()),)}
    parts = {
        name: _part(trees, name, part, part_types[name], types)
        for name, part in data.get("parts", {}).items()
    }
    answers = _answers(trees, kind, places)
    region = None
    if "region" in data:
        region = trees.expression(("region",), data["region"], places)
    for name in types:
        read = trees.read.setdefault(name, set())
        read.update((argument,) for argument in (*data.get("unset", {}), *data.get("same", {})))
    return PlanMap(
        kind=kind.id,
        types=types,
        same=data.get("same", {}),
        unset=data.get("unset", {}),
        parts=parts,
        item=answers["it"],
        parent=answers.get("parent"),
        details={name: answers[name] for name in answers if name not in ("it", "parent")},
        stays=_named(reader, "stays", types),
        unread=_unread(reader, kind, answers),
        outside=_named(reader, "outside", data.get("unread", {})),
        region=region,
        path=reader.document.name,
        reads=trees.arguments(),
        made_of={member: tuple(found) for member, found in trees.made_of.items()},
    )


def _answers(trees: TreeReader, kind: Kind, places: Places) -> dict[str, Tree]:
    """The trees by the answer that they make: the listed item, its parent, and the details."""
    data, reader = trees.reader.data, trees.reader
    written: dict[tuple[str, ...], Any] = {("it",): data.get("it", {})}
    if "parent" in data:
        written[("parent",)] = data["parent"]
    known = [*kind.details, *kind.readers]
    for name, tree in data.get("details", {}).items():
        if name not in known:
            message = f"{kind.id} has no detail '{name}'"
            reader.wrong(("details", name), message, did_you_mean(name, known), key=True)
        written["details", name] = tree
    answers: dict[str, Tree] = {}
    for path, tree in written.items():
        with trees.inside(path[-1]):
            answers[path[-1]] = trees.tree(path, tree, places)
    return answers


def _types(of: str | list[str]) -> tuple[str, ...]:
    return (of,) if isinstance(of, str) else tuple(of)


def _named(reader: DocumentReader, word: str, known: Collection[str]) -> frozenset[str]:
    """The names under a word, each of which the map has elsewhere."""
    named = reader.data.get(word, [])
    for at, name in enumerate(named):
        if name not in known:
            reader.wrong((word, at), f"the map does not name '{name}'", did_you_mean(name, known))
    return frozenset(named)


def _part(
    trees: TreeReader,
    name: str,
    data: dict[str, Any],
    types: tuple[str, ...],
    owners: tuple[str, ...],
) -> Part:
    where = None
    if "where" in data:
        places: Places = {"p": ((types, ()),)}
        where = trees.expression(("parts", name, "where"), data["where"], places, fits=BOOL)
    for one in types:
        trees.read.setdefault(one, set()).add((data["join"],))
    for one in owners:
        keys = [(key,) for key in (*data.get("to", ()), data.get("tells", "")) if key]
        trees.read.setdefault(one, set()).update(keys)
    return Part(
        types=types,
        join=data["join"],
        to=tuple(data.get("to", _KEYS)),
        where=where,
        many=data.get("many", False),
        tells=data.get("tells", ""),
        stays=data.get("stays", False),
    )


# -- what the kind reads --------------------------------------------------------------------------


def _unread(
    reader: DocumentReader, kind: Kind, answers: Mapping[str, Tree]
) -> dict[ArgumentPath, str]:
    """Where answers are unread, and why; each member that the kind reads is written or unread."""
    declared = {
        tuple(name.replace("[]", ".[]").split(".")): why.strip()
        for name, why in reader.data.get("unread", {}).items()
    }
    shapes = {name: written(tree) for name, tree in answers.items()}
    used: set[ArgumentPath] = set()
    found: dict[ArgumentPath, str] = {}
    for path in sorted(_read_paths(kind)):
        missing = _missing(path, shapes)
        if not missing:
            continue
        prefix = next((name for name in declared if path[: len(name)] == name), None)
        if prefix is None:
            message = f"{kind.id} reads {_shown(path)}, which the map does not write"
            reader.wrong((), message, "write it, or name it under 'unread:' with the reason")
            continue
        used.add(prefix)
        found[missing] = declared[prefix]
    for name in declared.keys() - used:
        message = f"'{_shown(name)}' is written, or nothing of {kind.id} reads it"
        reader.wrong(("unread", _shown(name)), message, "remove it", key=True)
    return found


def _missing(path: ArgumentPath, shapes: Mapping[str, Written]) -> ArgumentPath:
    """The first member on a path that no tree writes, with the way to it; empty: all are."""
    root, *rest = path
    if root not in shapes:
        return (root,)
    below = unwritten(rest, shapes[root])
    return (root, *below) if below else ()


def _shown(path: ArgumentPath) -> str:
    return ".".join(path).replace(".[]", "[]")


def _read_paths(kind: Kind) -> Iterator[tuple[str, ...]]:
    """Every member of an answer that the kind's expressions read."""
    answers = {"it", "parent", *kind.details, *kind.readers}
    expressions: list[Expression] = [kind.identity, kind.label]
    if kind.at is not None:
        expressions.append(kind.at)
    for relation in kind.relations.values():
        expressions.extend(relation.on.values())
    paths: set[tuple[str, ...]] = set()
    for expression in expressions:
        paths.update(expression.paths)
    for attribute in kind.attributes.values():
        paths.update(attribute_paths(attribute))
    for root, *rest in paths:
        if root in answers:
            # A detail may be the listed item itself.
            yield ("it" if root in kind.same else root, *rest)


def reads_of(maps: PlanMaps) -> dict[str, frozenset[ArgumentPath]]:
    """By Terraform type: the arguments that any map reads."""
    found: dict[str, frozenset[ArgumentPath]] = {}
    for several in maps.values():
        for plan_map in several:
            for name, paths in plan_map.reads.items():
                found[name] = found.get(name, frozenset()) | paths
    return found
