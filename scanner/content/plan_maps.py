"""Read the maps of Terraform types to kinds, and hold them to what the kinds read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final

from scanner.content.document_reader import DocumentReader
from scanner.content.locations import ContentFile, content_files
from scanner.content.pack import Pack
from scanner.content.plan_clouds import read_plan_clouds
from scanner.content.plan_trees import Places, TreeReader, Written, unwritten, written
from scanner.core.reading.read_plan import attribute_paths
from scanner.errors import ContentError
from scanner.language.types import BOOL, Type
from scanner.model.expressions import Expression
from scanner.model.kinds import Kind
from scanner.model.library import Library
from scanner.model.plan_maps import (
    ArgumentPath,
    Part,
    PlanCloud,
    PlanMap,
    PlanReads,
    Tree,
    argument_path,
)
from scanner.words import did_you_mean

_FOLDER: Final = Path(__file__).resolve().parent.parent / "plans"
_KEYS: Final = ("id", "arn", "name")

PlanMaps = Mapping[str, tuple[PlanMap, ...]]
"""The maps by kind: several where Terraform has types of different arguments for one kind."""


def load_plan_maps(library: Library, folder: Path = _FOLDER) -> PlanMaps:
    """The shipped maps; ContentError with every mistake of every file."""
    pack = Pack()
    found: dict[str, list[PlanMap]] = defaultdict(list)
    files = list(content_files(folder, "plans", pack.problems))
    clouds = read_plan_clouds((file for file in files if len(file.inside) == 1), pack)
    for file in files:
        if len(file.inside) == 1:
            continue
        plan_map = _read_map(file, pack, library, clouds)
        if plan_map is not None:
            found[plan_map.kind].append(plan_map)
    if pack.problems:
        raise ContentError(pack.problems)
    return {name: tuple(maps) for name, maps in found.items()}


def _read_map(
    file: ContentFile, pack: Pack, library: Library, clouds: Mapping[str, PlanCloud]
) -> PlanMap | None:
    """The map in a file; None: it has a mistake, which is noted."""
    reader = pack.read(file, "plan_map")
    if reader is None:
        return None
    name = reader.data["kind"]
    kind = library.kinds.get(name)
    if kind is None:
        message = f"there is no kind '{name}'"
        reader.wrong(("kind",), message, did_you_mean(name, library.kinds))
        return None
    cloud = clouds.get(kind.cloud)
    if cloud is None or file.inside[0] != kind.cloud:
        message = f"a map of {name} belongs in {kind.cloud}/, beside {kind.cloud}.yaml"
        reader.wrong(("kind",), message)
        return None
    return _plan_map(reader, kind, cloud)


def _plan_map(reader: DocumentReader, kind: Kind, cloud: PlanCloud) -> PlanMap:
    data = reader.data
    types = _types(data["of"])
    part_types = {name: _types(part["of"]) for name, part in data.get("parts", {}).items()}
    trees = TreeReader(reader, part_types, data.get("tables", {}))
    places: Places = {"r": ((types, ()),), "was": ((types, ()),)}
    parts = {
        name: _part(trees, name, part, part_types[name], types)
        for name, part in data.get("parts", {}).items()
    }
    _check_closed(reader, parts)
    answers = _answers(trees, kind, places)
    for name in types:
        read = trees.read.setdefault(name, set())
        read.update(map(argument_path, data.get("same", {})))
        read.update(_default_reads(data))
    return PlanMap(
        kind=kind.id,
        cloud=cloud,
        types=types,
        same=data.get("same", {}),
        unset=data.get("unset", {}),
        renamed=data.get("renamed", {}),
        parts=parts,
        item=answers["it"],
        parent=answers.get("parent"),
        details={name: answers[name] for name in answers if name not in ("it", "parent")},
        stays=_named(reader, "stays", types),
        unread=_unread(reader, kind, answers),
        where=_optional(trees, "where", places, BOOL),
        outside=_named(reader, "outside", data.get("unread", {})),
        region=_optional(trees, "region", places, None),
        path=reader.document.name,
        reads=trees.arguments(),
        made_of={member: tuple(found) for member, found in trees.made_of.items()},
    )


def _optional(trees: TreeReader, name: str, places: Places, fits: Type | None) -> Expression | None:
    """The expression of a key at the top of a map; None: the map does not have it."""
    text = trees.reader.data.get(name)
    return None if text is None else trees.expression((name,), text, places, fits=fits)


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


def _default_reads(data: Mapping[str, Any]) -> Iterator[ArgumentPath]:
    """The arguments that defaults are given to, or whose older names are known."""
    for name in data.get("unset", {}):
        yield argument_path(name)
    for old, name in data.get("renamed", {}).items():
        yield (old,)
        yield (name,)


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
    if ("join" in data) == ("named_by" in data):
        trees.reader.wrong(("parts", name), "a part has either 'join' or 'named_by'")
    join, named_by = data.get("join", ""), data.get("named_by", "")
    keys = data.get("to", ())
    for one in types:
        named = (join, *data.get("also", {}), *(keys if named_by else ()))
        _note(trees, one, named)
        trees.read[one].update(_default_reads(data))
    for one in owners:
        named = (*data.get("also", {}).values(), data.get("tells", ""), named_by)
        _note(trees, one, (*named, *(keys if join else ())))
    return Part(
        types=types,
        join=join,
        named_by=named_by,
        to=tuple(data.get("to", _KEYS)),
        where=where,
        many=data.get("many", False),
        tells=data.get("tells", ""),
        unset=data.get("unset", {}),
        strip=data.get("strip", ""),
        closes=tuple(data.get("closes", ())),
        stays=data.get("stays", False),
        also=data.get("also", {}),
        of_any=data.get("of_any", False),
        renamed=data.get("renamed", {}),
    )


def _note(trees: TreeReader, kind: str, arguments: Iterable[str]) -> None:
    """Note arguments of a type as read; an empty name is none."""
    trees.read.setdefault(kind, set()).update((one,) for one in arguments if one)


def _check_closed(reader: DocumentReader, parts: Mapping[str, Part]) -> None:
    for name, part in parts.items():
        for other in part.closes:
            if other not in parts:
                message = f"the map has no part '{other}'"
                reader.wrong(("parts", name, "closes"), message, did_you_mean(other, parts))


# -- what the kind reads --------------------------------------------------------------------------


def _unread(
    reader: DocumentReader, kind: Kind, answers: Mapping[str, Tree]
) -> dict[ArgumentPath, str]:
    """Where answers are unread, and why; each member that the kind reads is written or unread."""
    declared = {
        argument_path(name): why.strip() for name, why in reader.data.get("unread", {}).items()
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


def reads_of(maps: PlanMaps) -> PlanReads:
    """All that any map reads of a plan."""
    found: dict[str, frozenset[ArgumentPath]] = {}
    clouds: dict[str, PlanCloud] = {}
    for plan_map in chain.from_iterable(maps.values()):
        clouds[plan_map.cloud.name] = plan_map.cloud
        account = plan_map.cloud.account
        for name in plan_map.all_types:
            own = account.argument_of(name)
            shown = frozenset((one,) for one in (own, *account.shown_in) if one)
            paths = plan_map.reads.get(name, frozenset()) | shown
            found[name] = found.get(name, frozenset()) | paths
    settings: dict[str, tuple[str, ...]] = {}
    for cloud in clouds.values():
        for name, paths in _account_reads(cloud).items():
            found[name] = found.get(name, frozenset()) | paths
        if cloud.account.setting:
            settings.update(dict.fromkeys(cloud.providers, (cloud.account.setting,)))
    return PlanReads(types=found, settings=settings)


def _account_reads(cloud: PlanCloud) -> dict[str, frozenset[ArgumentPath]]:
    """By type: the attributes that show an account, and those that references lead to."""
    found: dict[str, frozenset[ArgumentPath]] = {}
    for name, names in cloud.data.items():
        found[name] = frozenset((one,) for one in names)
    for name, attribute in (*cloud.account.data.items(), *cloud.account.own.items()):
        found[name] = found.get(name, frozenset()) | {(attribute,)}
    return found
