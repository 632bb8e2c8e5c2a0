"""What the selected checks read: the attributes, relations and detail calls of each kind, and nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scanner.model.checks import Check
from scanner.model.expressions import Expression
from scanner.model.kinds import Attribute, Kind, Listing, Request
from scanner.model.library import Library

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPlan:
    """What is read of one kind."""

    kind: Kind
    attributes: tuple[Attribute, ...]
    relations: tuple[str, ...]
    details: tuple[str, ...]
    """Detail calls and detail readers, so that one that reads another comes after it."""


class _Needs:
    """The needs of all kinds while paths are being followed."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.attributes: dict[str, set[str]] = defaultdict(set)
        self.relations: dict[str, set[str]] = defaultdict(set)

    def follow(self, kind: Kind, path: Path) -> None:
        """Note what a path below a resource of `kind` reads."""
        self.attributes[kind.id]
        path = tuple(step for step in path if step != "[]")
        if not path:
            return
        name, rest = path[0], path[1:]
        if name in kind.attributes:
            self.attributes[kind.id].add(name)
        elif name in kind.relations:
            self._relate(kind, name)
            self.follow(self.library.kinds[kind.relations[name].kind], rest)

    def _relate(self, kind: Kind, name: str) -> None:
        if name in self.relations[kind.id]:
            return
        self.relations[kind.id].add(name)
        relation = kind.relations[name]
        other = self.library.kinds[relation.kind]
        for theirs, ours in relation.on.items():
            self.follow(other, (theirs,))
            for path in ours.paths:
                if path[0] == "self":
                    self.follow(kind, path[1:])

    def check(self, check: Check) -> None:
        kind = self.library.kinds[check.kind]
        self.follow(kind, ())
        if check.scope is not None:
            self.follow(kind, ("tags",))
        for expression in check.expressions:
            for path in expression.paths:
                if path[0] == "self":
                    self.follow(kind, path[1:])


def plan_reads(library: Library, checks: Iterable[Check]) -> Mapping[str, ReadPlan]:
    """What the checks read, by kind; parents of child listings are included, with nothing but their listing."""
    found = _Needs(library)
    for check in checks:
        found.check(check)
    for name in list(found.attributes):
        kind = library.kinds[name]
        while kind.listing is not None and kind.listing.per:
            kind = library.kinds[kind.listing.per]
            found.attributes[kind.id]
    return {name: _kind_need(library.kinds[name], found) for name in sorted(found.attributes)}


def _kind_need(kind: Kind, found: _Needs) -> ReadPlan:
    attributes = tuple(kind.attributes[name] for name in sorted(found.attributes[kind.id]))
    roots = {path[0] for attribute in attributes for path in attribute_paths(attribute)}
    roots |= {path[0] for path in kind.at.paths} if kind.at is not None else set()
    for name in found.relations[kind.id]:
        for expression in kind.relations[name].on.values():
            roots |= {path[0] for path in expression.paths}
    return ReadPlan(
        kind=kind,
        attributes=attributes,
        relations=tuple(sorted(found.relations[kind.id])),
        details=tuple(_with_dependencies(kind, roots)),
    )


def _with_dependencies(kind: Kind, roots: Iterable[str]) -> Iterator[str]:
    """The details among `roots`, each after the details that its own arguments read."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[str]:
        if name in done or (name not in kind.details and name not in kind.readers):
            return
        done.add(name)
        request = kind.details.get(name)
        for path in sorted(request_paths(request)) if request else ():
            yield from visit(path[0])
        yield name

    for root in sorted(roots):
        yield from visit(root)


def attribute_paths(attribute: Attribute) -> Iterator[Path]:
    """Every raw path that an attribute reads; a record's fields under the list that they are read from."""
    yield from attribute.api.paths
    for field in attribute.each.values():
        for path in attribute_paths(field):
            if path[0] == "item":
                yield from ((*source, "[]", *path[1:]) for source in attribute.api.paths)
            else:
                yield path


def request_paths(request: Request) -> set[Path]:
    """Every path that a request's arguments and conditions read."""
    found: set[Path] = set()
    for expression in (*expressions_in(request.arguments), request.when, request.at):
        if expression is not None:
            found |= expression.paths
    if request.batch is not None:
        found |= request.batch.key.paths
    return found


def expressions_in(tree: Any) -> Iterator[Expression]:
    """The expressions among the leaves of an argument tree."""
    if isinstance(tree, Mapping):
        for value in tree.values():
            yield from expressions_in(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from expressions_in(value)
    elif hasattr(tree, "evaluate"):
        yield tree


def answer_paths(library: Library) -> Mapping[str, frozenset[str]]:
    """The paths of each operation's answer that any kind reads: what a detector of secrets must leave alone.

    As texts: `Functions[].Environment.Variables`; the empty one is the whole answer, which a reader reads.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for kind in library.kinds.values():
        for path in _kind_paths(kind):
            where = _answer_of(kind, path[0], library)
            if where is not None:
                operation, above = where
                found[operation].add(".".join((*above, *path[1:])).replace(".[]", "[]"))
        for reader in (
            kind.listing,
            *kind.readers.values(),
            *(count.source for count in kind.completeness),
        ):
            for request in reader.reads if reader is not None else ():
                found[request.operation].add("")
    return {operation: frozenset(paths) for operation, paths in found.items()}


def _kind_paths(kind: Kind) -> Iterator[Path]:
    # Labels are whatever people wrote there: one that is a secret is replaced, and what reads that label is unread.
    labels = {
        path for item in kind.attributes.values() if _is_map(item) for path in attribute_paths(item)
    }
    for path in all_paths(kind):
        if not any(path[: len(label)] == label for label in labels):
            yield path


def all_paths(kind: Kind) -> Iterator[Path]:
    """Every raw path that a kind reads."""
    for attribute in kind.attributes.values():
        yield from attribute_paths(attribute)
    for expression in (kind.identity, kind.label, kind.at):
        if expression is not None:
            yield from expression.paths
    for request in kind.details.values():
        yield from request_paths(request)
    for relation in kind.relations.values():
        for expression in relation.on.values():
            yield from expression.paths
    if kind.listing is not None and kind.listing.request is not None:
        yield from request_paths(kind.listing.request)


def _is_map(attribute: Attribute) -> bool:
    return attribute.type.removesuffix("?") == "map(string)"


def _answer_of(kind: Kind, root: str, library: Library) -> tuple[str, Path] | None:
    """The operation whose answer a name stands for, and where in it the name begins."""
    if root == "parent" and kind.listing is not None and kind.listing.per:
        return _answer_of(library.kinds[kind.listing.per], "it", library)
    request = kind.details.get(root)
    if root in ("it", *kind.same) and kind.listing is not None:
        request = kind.listing.request
        if request is not None:
            return request.operation, (*_steps(request.items[0]), *_inside(request))
    if request is None:
        return None
    if request.rows is not None:
        return request.operation, (*_steps(request.items[0]), *_inside(request))
    if request.batch is not None:
        return request.operation, _steps(request.batch.items)
    return request.operation, ()


def _inside(request: Request) -> Path:
    """From a row of an answer to what is read of it."""
    return (
        tuple(request.rows.item.split("."))
        if request.rows is not None and request.rows.item
        else ()
    )


def _steps(items: str) -> Path:
    """`Reservations[].Instances` as steps, down to an element; `*` is any key of a mapping."""
    words = items.replace("[]", ".[]").replace("{}", ".*").split(".")
    return tuple(words) if items.endswith("{}") else (*words, "[]")


def secret_paths(library: Library) -> Mapping[str, tuple[str, ...]]:
    """Declared secrets by operation, over all kinds."""
    found: dict[str, set[str]] = defaultdict(set)
    for kind in library.kinds.values():
        for request in requests(kind):
            found[request.operation].update(request.secrets)
    return {operation: tuple(sorted(paths)) for operation, paths in found.items() if paths}


def requests(kind: Kind) -> Iterator[Request]:
    """Every operation that a kind declares, those of its readers included."""
    for listing in (
        kind.listing,
        *kind.readers.values(),
        *(count.source for count in kind.completeness),
    ):
        yield from listing_requests(listing)
    yield from kind.details.values()


def listing_requests(listing: Listing | None) -> Iterator[Request]:
    """The operations of a listing, or of what stands like one; those of its reader."""
    if listing is not None:
        if listing.request is not None:
            yield listing.request
        yield from listing.reads


def operations(kind: Kind, kinds: Mapping[str, Kind]) -> Mapping[str, str]:
    """The operation behind each raw name of a kind."""
    found = {name: request.operation for name, request in kind.details.items()}
    listing = kind.listing
    if listing is not None and listing.request is not None:
        found |= dict.fromkeys(("it", *kind.same), listing.request.operation)
    elif listing is not None and listing.reads:
        found["it"] = listing.reads[0].operation
    above = kinds[listing.per].listing if listing is not None and listing.per else None
    if above is not None and above.request is not None:
        found["parent"] = above.request.operation
    return found
