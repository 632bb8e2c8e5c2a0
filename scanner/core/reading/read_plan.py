"""Plans what to read for the selected checks: the attributes, relations and details of each kind.

Nothing that no check reads is requested.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scanner.model.checks import Check
from scanner.model.expressions import Expression
from scanner.model.kinds import Attribute, Kind, Listing, Relation, Request
from scanner.model.library import Library

Path = tuple[str, ...]
"""Members from the outside in; `[]` stands for any element of a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPlan:
    """What to read of one kind."""

    kind: Kind
    attributes: tuple[Attribute, ...]
    relations: tuple[str, ...]
    details: tuple[str, ...]
    """Detail requests and detail readers, each after those whose answers it uses."""


def plan_reads(library: Library, checks: Iterable[Check]) -> Mapping[str, ReadPlan]:
    """What to read for the checks, by kind; parents of child listings are listed and no more."""
    used = _UsedPaths(library)
    for check in checks:
        used.add_check(check)
    # A copy: parents are added meanwhile.
    for name in list(used.attributes):
        used.add_parents(library.kinds[name])
    plans: dict[str, ReadPlan] = {}
    for name in sorted(used.attributes):
        plans[name] = _plan_kind(library.kinds[name], used)
    return plans


class _UsedPaths:
    """Attributes and relations that conditions use, by kind; a kind without any is listed only."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.attributes: dict[str, set[str]] = defaultdict(set)
        self.relations: dict[str, set[str]] = defaultdict(set)

    def add_check(self, check: Check) -> None:
        """Add what the conditions and the label scope of a check use."""
        kind = self.library.kinds[check.kind]
        self.add_path(kind, ())
        if check.scope is not None:
            self.add_path(kind, ("tags",))
        for expression in check.expressions:
            self._add_own_paths(kind, expression)

    def add_path(self, kind: Kind, path: Path) -> None:
        """Add what a path below a resource of `kind` uses."""
        used = self.attributes[kind.id]
        members = tuple(step for step in path if step != "[]")
        if not members:
            return
        name, below = members[0], members[1:]
        if name in kind.attributes:
            used.add(name)
        elif name in kind.relations:
            self._add_relation(kind, name)
            other = kind.relations[name].kind
            self.add_path(self.library.kinds[other], below)

    def add_parents(self, kind: Kind) -> None:
        """Add the kinds that must be listed before this one can be."""
        while kind.listing is not None and kind.listing.per:
            kind = self.library.kinds[kind.listing.per]
            self.add_path(kind, ())

    def _add_relation(self, kind: Kind, name: str) -> None:
        # Relations may lead in a circle: each is followed once.
        if name in self.relations[kind.id]:
            return
        self.relations[kind.id].add(name)
        relation = kind.relations[name]
        other = self.library.kinds[relation.kind]
        for theirs, ours in relation.on.items():
            self.add_path(other, (theirs,))
            self._add_own_paths(kind, ours)

    def _add_own_paths(self, kind: Kind, expression: Expression) -> None:
        for path in expression.paths:
            if path[0] == "self":
                self.add_path(kind, path[1:])


def _plan_kind(kind: Kind, used: _UsedPaths) -> ReadPlan:
    names = sorted(used.attributes[kind.id])
    attributes = tuple(kind.attributes[name] for name in names)
    relations = tuple(sorted(used.relations[kind.id]))
    paths: list[Path] = []
    for attribute in attributes:
        paths.extend(attribute_paths(attribute))
    if kind.at is not None:
        paths.extend(kind.at.paths)
    for name in relations:
        paths.extend(_relation_paths(kind.relations[name]))
    roots = {path[0] for path in paths}
    return ReadPlan(
        kind=kind,
        attributes=attributes,
        relations=relations,
        details=tuple(_with_dependencies(kind, roots)),
    )


def _with_dependencies(kind: Kind, roots: Iterable[str]) -> Iterator[str]:
    """The details among `roots`, each after the details that its own arguments use."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[str]:
        is_detail = name in kind.details or name in kind.readers
        if name in done or not is_detail:
            return
        done.add(name)
        if name in kind.details:
            for path in sorted(request_paths(kind.details[name])):
                yield from visit(path[0])
        yield name

    # Sorted, here and above: the same checks always make the same calls in the same order.
    for root in sorted(roots):
        yield from visit(root)


# -- paths ----------------------------------------------------------------------------------------


def attribute_paths(attribute: Attribute) -> Iterator[Path]:
    """Every raw path that an attribute uses; fields of a record stand below their list."""
    yield from attribute.api.paths
    for member in (*attribute.unknown_if_set, *attribute.more_if_set):
        yield from member.paths
    for field in attribute.each.values():
        for path in attribute_paths(field):
            if path[0] != "item":
                yield path
                continue
            for source in attribute.api.paths:
                yield (*source, "[]", *path[1:])


def request_paths(request: Request) -> set[Path]:
    """Every path that a request's arguments and conditions use."""
    paths: set[Path] = set()
    for expression in expressions_in(request.arguments):
        paths |= expression.paths
    for condition in (request.when, request.at):
        if condition is not None:
            paths |= condition.paths
    if request.batch is not None:
        paths |= request.batch.key.paths
    return paths


def all_paths(kind: Kind) -> Iterator[Path]:
    """Every raw path that a kind uses."""
    for attribute in kind.attributes.values():
        yield from attribute_paths(attribute)
    for expression in (kind.identity, kind.label, kind.at):
        if expression is not None:
            yield from expression.paths
    for request in kind.details.values():
        yield from request_paths(request)
    for relation in kind.relations.values():
        yield from _relation_paths(relation)
    listing = kind.listing
    if listing is not None and listing.request is not None:
        yield from request_paths(listing.request)


def _relation_paths(relation: Relation) -> Iterator[Path]:
    for expression in relation.on.values():
        yield from expression.paths


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


# -- where answers begin --------------------------------------------------------------------------


def root_in_answer(
    kind: Kind,
    root: str,
    library: Library,
) -> tuple[str, Path] | None:
    """The operation whose answer a name stands for, and where in it the name begins."""
    listing = kind.listing
    if root == "parent" and listing is not None and listing.per:
        return root_in_answer(library.kinds[listing.per], "it", library)
    if root in ("it", *kind.same) and listing is not None:
        if listing.request is None:
            return None
        return listing.request.operation, _row_path(listing.request)
    request = kind.details.get(root)
    if request is None:
        return None
    if request.rows is not None:
        return request.operation, _row_path(request)
    if request.batch is not None:
        return request.operation, _element_path(request.batch.items)
    return request.operation, ()


def _row_path(request: Request) -> Path:
    """From the answer's root to what is read of each of its items."""
    element = _element_path(request.items[0])
    if request.rows is None or not request.rows.item:
        return element
    below = request.rows.item.split(".")
    return (*element, *below)


def _element_path(items: str) -> Path:
    """`Reservations[].Instances` as steps down to an element; `*` is any key of a mapping."""
    dotted = items.replace("[]", ".[]").replace("{}", ".*")
    steps = dotted.split(".")
    if items.endswith("{}"):
        return tuple(steps)
    return (*steps, "[]")


# -- what is redacted -----------------------------------------------------------------------------


def secret_paths(library: Library) -> Mapping[str, tuple[str, ...]]:
    """The declared secrets of each operation's answer, over all kinds."""
    secrets: dict[str, set[str]] = defaultdict(set)
    for kind in library.kinds.values():
        for request in requests(kind):
            if request.secrets:
                secrets[request.operation].update(request.secrets)
    ordered: dict[str, tuple[str, ...]] = {}
    for operation, paths in secrets.items():
        ordered[operation] = tuple(sorted(paths))
    return ordered


def kept_parts(library: Library) -> Mapping[str, Mapping[str, str]]:
    """The pattern of what is kept of a secret, by operation and path, over all kinds."""
    kept: dict[str, dict[str, str]] = defaultdict(dict)
    for kind in library.kinds.values():
        for request in requests(kind):
            for keep in request.keeps:
                kept[request.operation][keep.path] = keep.pattern
    return dict(kept)


# -- operations -----------------------------------------------------------------------------------


def requests(kind: Kind) -> Iterator[Request]:
    """Every operation that a kind declares, those of its readers included."""
    for listing in _listings(kind):
        yield from listing_requests(listing)
    yield from kind.details.values()


def _listings(kind: Kind) -> Iterator[Listing]:
    """The listing of a kind, its detail readers and its second sources."""
    if kind.listing is not None:
        yield kind.listing
    yield from kind.readers.values()
    for count in kind.completeness:
        yield count.source


def listing_requests(listing: Listing | None) -> Iterator[Request]:
    """The operations of a listing or of another use of a reader."""
    if listing is None:
        return
    if listing.request is not None:
        yield listing.request
    yield from listing.below
    yield from listing.reads


def plan_requests(plan: ReadPlan) -> Iterator[Request]:
    """Every request that a plan makes: the listing, its second sources, and the details."""
    kind = plan.kind
    yield from listing_requests(kind.listing)
    for count in kind.completeness:
        yield from listing_requests(count.source)
    for name in plan.details:
        if name in kind.details:
            yield kind.details[name]
        else:
            yield from listing_requests(kind.readers[name])


def operations(kind: Kind, kinds: Mapping[str, Kind]) -> Mapping[str, str]:
    """The operation behind each raw name of a kind."""
    found: dict[str, str] = {}
    for name, request in kind.details.items():
        found[name] = request.operation
    listing = kind.listing
    if listing is None:
        return found
    if listing.request is not None:
        for name in ("it", *kind.same):
            found[name] = listing.request.operation
    elif listing.reads:
        found["it"] = listing.reads[0].operation
    parent = _parent_operation(listing, kinds)
    if parent:
        found["parent"] = parent
    return found


def _parent_operation(listing: Listing, kinds: Mapping[str, Kind]) -> str:
    """The operation that a listing's parents come from; empty where it has none."""
    request = None
    if listing.per:
        above = kinds[listing.per].listing
        if above is not None:
            request = above.request
    elif listing.below:
        request = listing.request
    return "" if request is None else request.operation
