"""Compile the trees of a plan map: what each member of an answer is made of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from scanner.content.document_reader import DocumentReader, Steps
from scanner.language.types import BOOL, DYN, STRING, TIMESTAMP, Type
from scanner.model.expressions import Expression
from scanner.model.plan_maps import (
    Argument,
    ArgumentPath,
    Constant,
    Count,
    Each,
    EachPart,
    FirstOf,
    Flat,
    FromPart,
    IfDeleted,
    IfNew,
    Items,
    Joined,
    Lookup,
    Members,
    NotInPlan,
    One,
    Pairs,
    Place,
    Tree,
    When,
)
from scanner.words import did_you_mean

NAMES: Final[Mapping[str, Type]] = {
    "r": DYN,
    "region": STRING,
    "account": STRING,
    "partition": STRING,
    "started": TIMESTAMP,
}
"""What every expression of a map may name; `p` and `item` come with the trees that bind them."""
_FORMS: Final[Mapping[str, frozenset[str]]] = {
    "$each": frozenset({"$each", "$make", "$else"}),
    "$one": frozenset({"$one", "$make"}),
    "$lists": frozenset({"$lists"}),
    "$parts": frozenset({"$parts", "$make"}),
    "$flat": frozenset({"$flat"}),
    "$count": frozenset({"$count"}),
    "$from": frozenset({"$from", "$make"}),
    "$when": frozenset({"$when", "$then", "$else"}),
    "$first": frozenset({"$first"}),
    "$new": frozenset({"$new"}),
    "$deleted": frozenset({"$deleted", "$make"}),
    "$table": frozenset({"$table", "$key"}),
    "$pairs": frozenset({"$pairs", "$key", "$value"}),
    "$constant": frozenset({"$constant"}),
    "$unread": frozenset({"$unread"}),
    "$use": frozenset({"$use"}),
}
"""The words of each form of a tree, by the word that begins it."""
_OPTIONAL: Final = "$else"
_NOTHING: Final = NotInPlan("the map has mistakes")

Places = Mapping[str, tuple[Place, ...]]
"""What a name of an expression stands for."""


@dataclass(slots=True)
class TreeReader:
    """Compiles the trees of one map, and notes which arguments they read."""

    reader: DocumentReader
    parts: Mapping[str, tuple[str, ...]]
    """The Terraform types of each part."""
    tables: Mapping[str, Any]
    read: dict[str, set[ArgumentPath]] = field(default_factory=dict)
    """By type: the arguments that are read."""
    gone_over: dict[str, set[ArgumentPath]] = field(default_factory=dict)
    """By type: lists of which only the items' own arguments are read."""
    made_of: dict[ArgumentPath, list[Place]] = field(default_factory=dict)
    """By member of an answer: the arguments that it is made of."""
    member: ArgumentPath = ()
    """The member that is being read."""
    using: list[str] = field(default_factory=list)
    """The named trees that are being compiled: one that uses itself would never end."""

    def tree(self, path: Steps, data: Any, places: Places) -> Tree:
        """The tree at a path of the file; its mistakes are noted."""
        if isinstance(data, str):
            return Argument(self.expression(path, data, places))
        if isinstance(data, list):
            with self.inside("[]"):
                return Items(self._several(path, data, places))
        if not isinstance(data, Mapping):
            self.reader.wrong(path, "a leaf is an expression", "write '$constant:' for a constant")
            return _NOTHING
        form = _form(data)
        if not form:
            return self._members(path, data, places)
        if not self._has_words(path, data, form):
            return _NOTHING
        return _READERS[form](self, path, data, places)

    def _members(self, path: Steps, data: Mapping[str, Any], places: Places) -> Tree:
        members: dict[str, Tree] = {}
        for name, inner in data.items():
            with self.inside(name):
                members[name] = self.tree((*path, name), inner, places)
        return Members(members)

    def _has_words(self, path: Steps, data: Mapping[str, Any], form: str) -> bool:
        if form not in _FORMS:
            hint = did_you_mean(form, _FORMS)
            self.reader.wrong((*path, form), f"unknown word '{form}'", hint, key=True)
            return False
        words = _FORMS[form]
        for word in data:
            if word not in words:
                hint = did_you_mean(word, words)
                self.reader.wrong(
                    (*path, word), f"'{word}' does not belong to '{form}'", hint, key=True
                )
                return False
        for word in sorted(words - {_OPTIONAL}):
            if word not in data:
                self.reader.wrong(path, f"'{form}' needs '{word}'")
                return False
        return True

    @contextmanager
    def inside(self, member: str) -> Iterator[None]:
        """Read the tree of one member of an answer."""
        above = self.member
        self.member = (*above, member)
        yield
        self.member = above

    # -- expressions ------------------------------------------------------------------------------

    def expression(
        self,
        path: Steps,
        text: str,
        places: Places,
        *,
        fits: Type | None = None,
        over: bool = False,
    ) -> Expression:
        """The expression at a path; the arguments that it names are noted as read."""
        names = {**NAMES, **dict.fromkeys(places, DYN)}
        compiled = self.reader.expression(path, text, names, fits=fits, raw=True)
        noted = self.gone_over if over else self.read
        for types, arguments in self.places_of(compiled, places):
            if self.member:
                self.made_of.setdefault(self.member, []).append((types, arguments))
            for name in types:
                noted.setdefault(name, set()).add(arguments)
        return compiled

    def places_of(self, expression: Expression, places: Places) -> tuple[Place, ...]:
        """The arguments that an expression reads."""
        found: list[Place] = []
        for root, *rest in sorted(expression.paths):
            for types, above in places.get(root, ()):
                found.append((types, (*above, *rest)))
        return tuple(found)

    def arguments(self) -> dict[str, frozenset[ArgumentPath]]:
        """By type: all arguments that are read, lists only as far as their items are."""
        found: dict[str, frozenset[ArgumentPath]] = {}
        for name in self.read.keys() | self.gone_over.keys():
            leaves = self.read.get(name, set())
            lists = self.gone_over.get(name, set())
            found[name] = frozenset(leaves | {path for path in lists if not _extends(leaves, path)})
        return found

    # -- forms ------------------------------------------------------------------------------------

    def _each(self, path: Steps, data: Any, places: Places) -> Tree:
        over = self.expression((*path, "$each"), data["$each"], places, over=True)
        items = tuple((types, (*inner, "[]")) for types, inner in self.places_of(over, places))
        otherwise = None
        if _OPTIONAL in data:
            otherwise = self.tree((*path, _OPTIONAL), data[_OPTIONAL], places)
        with self.inside("[]"):
            make = self.tree((*path, "$make"), data["$make"], {**places, "item": items})
        return Each(over=over, make=make, otherwise=otherwise)

    def _one(self, path: Steps, data: Any, places: Places) -> Tree:
        over = self.expression((*path, "$one"), data["$one"], places, over=True)
        item = self.places_of(over, places)
        with self.inside("[]"):
            make = self.tree((*path, "$make"), data["$make"], {**places, "item": item})
        return One(over=over, make=make)

    def _lists(self, path: Steps, data: Any, places: Places) -> Tree:
        return Joined(self._several((*path, "$lists"), data["$lists"], places))

    def _first(self, path: Steps, data: Any, places: Places) -> Tree:
        return FirstOf(self._several((*path, "$first"), data["$first"], places))

    def _several(self, path: Steps, data: Any, places: Places) -> tuple[Tree, ...]:
        if not isinstance(data, list):
            self.reader.wrong(path, "several trees are a list")
            return ()
        return tuple(self.tree((*path, at), one, places) for at, one in enumerate(data))

    def _parts(self, path: Steps, data: Any, places: Places) -> Tree:
        with self.inside("[]"):
            name, make = self._of_part(path, data, places, "$parts")
        return EachPart(part=name, make=make)

    def _flat(self, path: Steps, data: Any, places: Places) -> Tree:
        return Flat(self.tree((*path, "$flat"), data["$flat"], places))

    def _count(self, path: Steps, data: Any, places: Places) -> Tree:
        return Count(self.tree((*path, "$count"), data["$count"], places))

    def _from(self, path: Steps, data: Any, places: Places) -> Tree:
        name, make = self._of_part(path, data, places, "$from")
        return FromPart(part=name, make=make)

    def _of_part(self, path: Steps, data: Any, places: Places, word: str) -> tuple[str, Tree]:
        name = data[word]
        if name not in self.parts:
            message = f"the map has no part '{name}'"
            self.reader.wrong((*path, word), message, did_you_mean(str(name), self.parts))
            return "", _NOTHING
        part: tuple[Place, ...] = ((self.parts[name], ()),)
        return name, self.tree((*path, "$make"), data["$make"], {**places, "p": part, "item": part})

    def _when(self, path: Steps, data: Any, places: Places) -> Tree:
        otherwise = None
        if _OPTIONAL in data:
            otherwise = self.tree((*path, _OPTIONAL), data[_OPTIONAL], places)
        return When(
            condition=self.expression((*path, "$when"), data["$when"], places, fits=BOOL),
            then=self.tree((*path, "$then"), data["$then"], places),
            otherwise=otherwise,
        )

    def _new(self, path: Steps, data: Any, places: Places) -> Tree:
        return IfNew(self.tree((*path, "$new"), data["$new"], places))

    def _deleted(self, path: Steps, data: Any, places: Places) -> Tree:
        name = data["$deleted"]
        if name not in self.parts:
            message = f"the map has no part '{name}'"
            hint = did_you_mean(str(name), self.parts)
            self.reader.wrong((*path, "$deleted"), message, hint)
            return _NOTHING
        return IfDeleted(part=name, make=self.tree((*path, "$make"), data["$make"], places))

    def _table(self, path: Steps, data: Any, places: Places) -> Tree:
        table = self.tables.get(data["$table"])
        if table is None:
            message = f"the map has no table '{data['$table']}'"
            hint = did_you_mean(str(data["$table"]), self.tables)
            self.reader.wrong((*path, "$table"), message, hint)
            return _NOTHING
        return Lookup(table=table, key=self.expression((*path, "$key"), data["$key"], places))

    def _pairs(self, path: Steps, data: Any, places: Places) -> Tree:
        over = self.expression((*path, "$pairs"), data["$pairs"], places)
        return Pairs(over=over, key=str(data["$key"]), value=str(data["$value"]))

    def _constant(self, path: Steps, data: Any, places: Places) -> Tree:
        return Constant(data["$constant"])

    def _use(self, path: Steps, data: Any, places: Places) -> Tree:
        name = data["$use"]
        trees = self.reader.data.get("trees", {})
        if name not in trees or name in self.using:
            hint = did_you_mean(str(name), trees)
            self.reader.wrong((*path, "$use"), f"the map has no tree '{name}'", hint)
            return _NOTHING
        # The tree is compiled where it is used: there it is known what its names stand for.
        self.using.append(name)
        made = self.tree(("trees", name), trees[name], places)
        self.using.pop()
        return made

    def _unread(self, path: Steps, data: Any, places: Places) -> Tree:
        return NotInPlan(str(data["$unread"]))


_READERS: Final[Mapping[str, Callable[[TreeReader, Steps, Any, Places], Tree]]] = {
    "$each": TreeReader._each,
    "$one": TreeReader._one,
    "$lists": TreeReader._lists,
    "$parts": TreeReader._parts,
    "$flat": TreeReader._flat,
    "$count": TreeReader._count,
    "$from": TreeReader._from,
    "$when": TreeReader._when,
    "$first": TreeReader._first,
    "$new": TreeReader._new,
    "$deleted": TreeReader._deleted,
    "$table": TreeReader._table,
    "$pairs": TreeReader._pairs,
    "$constant": TreeReader._constant,
    "$unread": TreeReader._unread,
    "$use": TreeReader._use,
}


def _extends(leaves: Collection[ArgumentPath], path: ArgumentPath) -> bool:
    """Whether something below a path is read by itself."""
    return any(leaf[: len(path)] == path for leaf in leaves)


def _form(data: Mapping[str, Any]) -> str:
    """The word that begins a form of trees; empty for a record of an answer."""
    words = [word for word in data if word.startswith("$")]
    known = [word for word in words if word in _FORMS]
    return next(iter((*known, *words)), "")


Written = dict[str, "Written"]
"""The members that a tree writes; `*`: all that is below is as the plan has it."""


def written(tree: Tree | None) -> Written:
    """The members of an answer that a tree writes."""
    match tree:
        case None:
            return {}
        case Pairs():
            return {"[]": {tree.key: {"*": {}}, tree.value: {"*": {}}}}
        case Members():
            return {name: written(inner) for name, inner in tree.members.items()}
        case Items() | Each() | One() | EachPart():
            return _written_list(tree)
        case Flat():
            return written(tree.lists).get("[]", {})
        case Argument() | Constant() | Count() | Lookup() | NotInPlan():
            return {"*": {}}
        case _:
            return _merged(map(written, _alternatives(tree)))


def _written_list(tree: Items | Each | One | EachPart) -> Written:
    if isinstance(tree, Items):
        return {"[]": _merged(map(written, tree.items))}
    found: Written = {"[]": written(tree.make)}
    if isinstance(tree, Each):
        found = _merged((found, written(tree.otherwise)))
    return found


def _alternatives(
    tree: Joined | FirstOf | When | FromPart | IfNew | IfDeleted,
) -> tuple[Tree | None, ...]:
    """The trees of which one, or all together, make the answer."""
    match tree:
        case Joined():
            return tree.lists
        case FirstOf():
            return tree.options
        case When():
            return tree.then, tree.otherwise
        case _:
            return (tree.make,)


def _merged(found: Iterable[Written]) -> Written:
    merged: Written = {}
    for one in found:
        for name, below in one.items():
            merged[name] = _merged((merged[name], below)) if name in merged else below
    return merged


def unwritten(path: Collection[str], tree: Written) -> tuple[str, ...]:
    """The part of a path up to the first member that is not written; empty: all of it is."""
    at: tuple[str, ...] = ()
    here = tree
    for step in path:
        if "*" in here or (not here and step == "[]"):
            return ()
        at = (*at, step)
        if step not in here:
            return at
        here = here[step]
    return ()
