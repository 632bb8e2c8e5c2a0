"""Makes the provider's raw answers of the arguments of a plan, as a map declares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scanner.core.plans.world import PlanResource
from scanner.core.reading.read_scope import Bindings
from scanner.model.expressions import Expression
from scanner.model.plan_maps import (
    Argument,
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
    Tree,
    When,
)
from scanner.model.values import ABSENT, OpenList, Outside, RawValue, Symbol, Unreadable

_MISSING: Final = ABSENT
"""Nobody sets it: the member is missing from the answer."""


@dataclass(frozen=True, slots=True)
class PartsFound:
    """The resources of a plan that configure one resource, and why there may be others."""

    found: tuple[PlanResource, ...]
    others: Unreadable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerMaker:
    """Evaluates the trees of a map for one resource."""

    bindings: Bindings
    """What expressions may name: `r`, `region`, `account`, `partition`."""
    parts: Mapping[str, PartsFound]
    is_new: bool
    is_untouched: bool
    """Whether the plan leaves it, and all that configures it, as they are."""
    earlier: Mapping[str, tuple[PlanResource, ...]]
    """Parts as they were before the plan, of which the resource's own list was refreshed."""
    made_by: dict[int, PlanResource]
    """By identity of an item: the part that it was made of."""
    deleted: frozenset[str] = frozenset()
    """Parts that the plan deletes, so that the cloud has none of them afterwards."""
    is_gone: bool = False
    """Whether the plan deletes what every account has: its answers say that nothing is set."""

    def unread(self, reason: str) -> Unreadable:
        """What no plan says; of something that the plan does not touch, a scan may know it."""
        return Outside(reason) if self.is_untouched else Unreadable(reason)

    def make(self, tree: Tree, **more: object) -> Any:
        """The raw answer, or a part of it: `ABSENT` where nobody sets it."""
        if self.is_gone:
            return _MISSING
        bindings = {**self.bindings, **more}
        return _MAKERS[type(tree)](self, tree, bindings)

    def _again(self, tree: Tree | None, bindings: Bindings, **more: object) -> Any:
        if tree is None:
            return _MISSING
        return _MAKERS[type(tree)](self, tree, {**bindings, **more})

    def _argument(self, tree: Argument, bindings: Bindings) -> Any:
        return _value(tree.expression, bindings)

    def _constant(self, tree: Constant, bindings: Bindings) -> Any:
        return tree.value

    def _members(self, tree: Members, bindings: Bindings) -> Any:
        made: dict[str, Any] = {}
        for name, inner in tree.members.items():
            value = self._again(inner, bindings)
            if value is not _MISSING:
                made[name] = value
        return made

    def _items(self, tree: Items, bindings: Bindings) -> Any:
        return [self._again(inner, bindings) for inner in tree.items]

    def _each(self, tree: Each, bindings: Bindings) -> Any:
        items = _value(tree.over, bindings)
        if items is _MISSING:
            return self._again(tree.otherwise, bindings)
        if isinstance(items, Symbol) and items.present:
            # The source shows the attribute by itself, `[aws_x.y.arn]`: a list of one.
            items = [items]
        if isinstance(items, Unreadable):
            return items
        if not isinstance(items, list):
            return Unreadable(f"{tree.over.source} is not a list")
        made = [self._item(tree.make, bindings, item) for item in items]
        if isinstance(items, OpenList):
            return OpenList(made, items.reason, items.gaps)
        return made

    def _item(self, tree: Tree, bindings: Bindings, item: object) -> Any:
        if isinstance(item, Unreadable):
            return item
        return self._again(tree, bindings, item=item)

    def _one(self, tree: One, bindings: Bindings) -> Any:
        value = _value(tree.over, bindings)
        if value is _MISSING or value == "":
            return []
        return [self._item(tree.make, bindings, value)]

    def _joined(self, tree: Joined, bindings: Bindings) -> Any:
        made: list[Any] = []
        open_because = ""
        for inner in tree.lists:
            items = self._again(inner, bindings)
            if items is _MISSING:
                continue
            if isinstance(items, Unreadable | OpenList):
                open_because = open_because or items.reason
            if isinstance(items, list) and isinstance(inner, Each):
                # A list that the provider refreshed has the parts as they were before the plan.
                items, not_found = without(items, self._earlier_items(tree, bindings))
                open_because = open_because or not_found
            if isinstance(items, list):
                made.extend(items)
        return OpenList(made, open_because) if open_because else made

    def _earlier_items(self, tree: Joined, bindings: Bindings) -> list[Any]:
        items: list[Any] = []
        for inner in tree.lists:
            if isinstance(inner, EachPart):
                for part in self.earlier.get(inner.part, ()):
                    again = self._again(inner.make, bindings, p=part.values, item=part.values)
                    items.append(again)
        return items

    def _each_part(self, tree: EachPart, bindings: Bindings) -> Any:
        parts = self.parts[tree.part]
        made: list[Any] = []
        for part in parts.found:
            item = self._again(tree.make, bindings, p=part.values, item=part.values)
            self.made_by[id(item)] = part
            made.append(item)
        return OpenList(made, parts.others.reason) if parts.others else made

    def _flat(self, tree: Flat, bindings: Bindings) -> Any:
        lists = self._again(tree.lists, bindings)
        if not isinstance(lists, list):
            return lists
        made: list[Any] = []
        open_because = lists.reason if isinstance(lists, OpenList) else ""
        for items in lists:
            if isinstance(items, Unreadable | OpenList):
                open_because = open_because or items.reason
            if isinstance(items, list):
                made.extend(items)
            # The lists end here, and another object may get their identities.
            part = self.made_by.pop(id(items), None)
            if part is not None and isinstance(items, list):
                self.made_by.update(dict.fromkeys(map(id, items), part))
        return OpenList(made, open_because) if open_because else made

    def _count(self, tree: Count, bindings: Bindings) -> Any:
        items = self._again(tree.items, bindings)
        if isinstance(items, OpenList) and not items:
            return items.rest
        return len(items) if isinstance(items, list) else items

    def _from_part(self, tree: FromPart, bindings: Bindings) -> Any:
        parts = self.parts[tree.part]
        if len(parts.found) > 1:
            names = ", ".join(part.address for part in parts.found)
            return Unreadable(f"several resources of the plan configure it: {names}")
        if parts.found:
            # A second one that is not known to be another's would make it two.
            return parts.others or self._again(
                tree.make, bindings, p=parts.found[0].values, item=parts.found[0].values
            )
        return parts.others or _MISSING

    def _when(self, tree: When, bindings: Bindings) -> Any:
        holds = _value(tree.condition, bindings)
        if holds is True:
            return self._again(tree.then, bindings)
        # Of an argument that nobody sets, no condition holds.
        if holds is False or holds is _MISSING:
            return self._again(tree.otherwise, bindings)
        if isinstance(holds, Unreadable):
            return holds
        return Unreadable(f"{tree.condition.source} is neither true nor false")

    def _first_of(self, tree: FirstOf, bindings: Bindings) -> Any:
        doubt: Unreadable | None = None
        for option in tree.options:
            made = self._again(option, bindings)
            if made is _MISSING:
                continue
            if isinstance(made, Unreadable):
                doubt = doubt or made
                continue
            # An earlier option that may apply leaves open which one does.
            return doubt or made
        return doubt or _MISSING

    def _if_new(self, tree: IfNew, bindings: Bindings) -> Any:
        return self._again(tree.make, bindings) if self.is_new else _MISSING

    def _if_deleted(self, tree: IfDeleted, bindings: Bindings) -> Any:
        return self._again(tree.make, bindings) if tree.part in self.deleted else _MISSING

    def _lookup(self, tree: Lookup, bindings: Bindings) -> Any:
        key = _value(tree.key, bindings)
        if key is _MISSING or isinstance(key, Unreadable):
            return key
        if not isinstance(key, str) or key not in tree.table:
            return Unreadable(f"{tree.key.source} has a value that tscan does not know: {key!r}")
        return tree.table[key]

    def _pairs(self, tree: Pairs, bindings: Bindings) -> Any:
        mapping = _value(tree.over, bindings)
        if mapping is _MISSING:
            return []
        if not isinstance(mapping, Mapping):
            is_unread = isinstance(mapping, Unreadable)
            return mapping if is_unread else Unreadable("tags are a list, not a mapping")
        return [{tree.key: key, tree.value: value} for key, value in mapping.items()]

    def _not_in_plan(self, tree: NotInPlan, bindings: Bindings) -> Any:
        return self.unread(tree.reason)


_MAKERS: Final[Mapping[type, Callable[[AnswerMaker, Any, Bindings], Any]]] = {
    Argument: AnswerMaker._argument,
    Constant: AnswerMaker._constant,
    Members: AnswerMaker._members,
    Items: AnswerMaker._items,
    Each: AnswerMaker._each,
    One: AnswerMaker._one,
    Joined: AnswerMaker._joined,
    EachPart: AnswerMaker._each_part,
    Flat: AnswerMaker._flat,
    Count: AnswerMaker._count,
    FromPart: AnswerMaker._from_part,
    When: AnswerMaker._when,
    FirstOf: AnswerMaker._first_of,
    IfNew: AnswerMaker._if_new,
    IfDeleted: AnswerMaker._if_deleted,
    Lookup: AnswerMaker._lookup,
    Pairs: AnswerMaker._pairs,
    NotInPlan: AnswerMaker._not_in_plan,
}


def _value(expression: Expression, bindings: Bindings) -> Any:
    value = expression.evaluate(bindings)
    if value is None or value is ABSENT:
        return _MISSING
    if isinstance(value, Unreadable) and value.missing:
        # The argument is null in the plan: nobody sets it.
        return _MISSING
    return value


def without(items: list[Any], taken: Iterable[Any]) -> tuple[list[Any], str]:
    """A list without what other records say, and why that could not be told; empty: it could.

    A provider joins rules that differ in one member, so records are compared by their atoms: one
    for each element of each list that they hold.
    """
    atoms: list[Any] = []
    for item in items:
        atoms.extend(_atoms(item))
    not_found = ""
    for one in taken:
        for atom in _atoms(one):
            if atom in atoms:
                atoms.remove(atom)
            else:
                not_found = "a part that is changed is not among what the provider read"
    return atoms, not_found


def _atoms(item: Any) -> list[Any]:
    if not isinstance(item, Mapping):
        return [item]
    lists = {name: value for name, value in item.items() if isinstance(value, list)}
    plain = {name: value for name, value in item.items() if name not in lists}
    empty: dict[str, list[Any]] = {name: [] for name in lists}
    atoms: list[Any] = []
    for name, elements in lists.items():
        atoms.extend({**plain, **empty, name: [element]} for element in elements)
    return atoms or [dict(item)]


def with_unread(
    answer: RawValue,
    paths: Iterable[tuple[str, ...]],
    reasons: Mapping[tuple[str, ...], Unreadable],
) -> RawValue:
    """The answer with the members that no plan says: unread, not missing."""
    result = answer
    for path in paths:
        result = _put(result, path[1:], reasons[path])
    return result


def _put(value: Any, path: Sequence[str], unread: Unreadable) -> Any:
    if not path:
        return unread
    step, rest = path[0], path[1:]
    if isinstance(value, OpenList):
        return OpenList([_put(item, rest, unread) for item in value], value.reason, value.gaps)
    if isinstance(value, list):
        return [_put(item, rest if step == "[]" else path, unread) for item in value]
    if not isinstance(value, Mapping):
        return value
    if not rest:
        return {**value, step: unread}
    if step not in value:
        return value
    return {**value, step: _put(value[step], rest, unread)}
