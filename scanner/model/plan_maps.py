"""Maps of Terraform resource types to a kind: how arguments become the provider's raw answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from scanner.model.expressions import Expression
from scanner.model.values import JsonValue

ArgumentPath = tuple[str, ...]
"""Arguments from the outside in; `[]` stands for any element of a list."""
Place = tuple[tuple[str, ...], ArgumentPath]
"""Terraform types, and the arguments that lead to a value of theirs."""


def argument_path(name: str) -> ArgumentPath:
    """The path that a map writes as `settings[].tier`."""
    return tuple(name.replace("[]", ".[]").split("."))


@dataclass(frozen=True, slots=True)
class Argument:
    """A leaf: an expression over the resource `r`, a part `p`, an item, region or account."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class Constant:
    """A leaf that is the same for every resource."""

    value: JsonValue


@dataclass(frozen=True, slots=True)
class Members:
    """A record of an answer."""

    members: Mapping[str, Tree]


@dataclass(frozen=True, slots=True)
class Items:
    """A list of an answer with a fixed number of items."""

    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Each:
    """A list with one item for each item of an argument."""

    over: Expression
    make: Tree
    otherwise: Tree | None = None
    """Where nobody sets the argument; None: the member is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class One:
    """A list with one item, or empty where the argument is not set."""

    over: Expression
    make: Tree


@dataclass(frozen=True, slots=True)
class Joined:
    """Several lists read together; one that is not known leaves the whole open."""

    lists: tuple[Tree, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EachPart:
    """A list with one item for each resource that configures this one."""

    part: str
    make: Tree


@dataclass(frozen=True, slots=True)
class Flat:
    """The items of all lists of a list."""

    lists: Tree


@dataclass(frozen=True, slots=True)
class Count:
    """How many items a list has; of an open one, how many are known, unless there are none."""

    items: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class FromPart:
    """What the one resource that configures this one says; without one, it is missing."""

    part: str
    make: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A tree that depends on a condition."""

    condition: Expression
    then: Tree
    otherwise: Tree | None = None


@dataclass(frozen=True, slots=True)
class FirstOf:
    """The first of several trees that says something."""

    options: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class IfNew:
    """What the cloud gives a resource that this plan creates; of others, nothing is said."""

    make: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class IfDeleted:
    """What the cloud sets when this plan deletes a part; without that, nothing is said."""

    part: str
    make: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """The entry of a table of the cloud, by the value of an argument."""

    table: Mapping[str, JsonValue]
    key: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """A mapping as a list of keys and values, as providers write tags."""

    over: Expression
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class NotInPlan:
    """What no plan says, and why."""

    reason: str


Tree: TypeAlias = (
    Argument
    | Constant
    | Members
    | Items
    | Each
    | One
    | Joined
    | EachPart
    | Flat
    | Count
    | FromPart
    | When
    | FirstOf
    | IfNew
    | IfDeleted
    | Lookup
    | Pairs
    | NotInPlan
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPlaces:
    """Where a plan shows which account of a cloud a resource is in."""

    form: re.Pattern[str]
    """What names an account: its one group is the account."""
    setting: str = ""
    """The setting of a provider that names the account of its resources."""
    argument: str = ""
    """The argument by which a resource names another account than its provider's."""
    other_arguments: Mapping[str, str] = field(default_factory=dict)
    """By type whose resources name it by another argument: that argument."""
    own: Mapping[str, str] = field(default_factory=dict)
    """By type of resource that is an account: the argument that names it."""
    data: Mapping[str, str] = field(default_factory=dict)
    """By type of data source: the attribute that is its provider's account."""
    shown_in: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    """By attribute of every resource: how it contains its provider's account."""
    not_shown_by: frozenset[str] = frozenset()
    """Types whose attributes of these names are another resource's."""

    def argument_of(self, kind: str) -> str:
        """The argument of a type of resource that names an account; empty: it has none."""
        return self.own.get(kind) or self.other_arguments.get(kind, self.argument)

    def named(self, value: object) -> str:
        """The account that a value names; empty: it names none."""
        found = self.form.fullmatch(value) if isinstance(value, str) else None
        return found[1] if found else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCloud:
    """What holds for every map of a cloud."""

    name: str
    providers: tuple[str, ...]
    """The names of its Terraform providers."""
    account: AccountPlaces
    partition: str = ""
    """The partition of the cloud where nothing says another."""
    keys_in_any_case: bool = False
    """Whether names and ids that differ in case are one."""
    data: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By type of data source: the attributes that references may lead to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReads:
    """All that is kept of a plan."""

    types: Mapping[str, frozenset[ArgumentPath]]
    """By Terraform type: the paths of its arguments."""
    settings: Mapping[str, tuple[str, ...]]
    """By name of a provider: its settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Another resource type that configures a resource of the map."""

    types: tuple[str, ...]
    join: str
    """The argument that names the resource it configures; empty: the resource names it."""
    to: tuple[str, ...]
    """The attributes of the one that is named, which the argument may hold."""
    where: Expression | None = None
    many: bool = False
    """Whether several of them may configure one resource."""
    tells: str = ""
    """The argument of an existing resource that the provider fills with what this part configures:
    if it was refreshed, a missing part is knowledge."""
    strip: str = ""
    """What a provider may write before the name in the argument."""
    closes: tuple[str, ...] = ()
    """Other parts, of which there are none elsewhere: it configures all that they do."""
    unset: Mapping[str, JsonValue] = field(default_factory=dict)
    """What the cloud gives where nobody sets an argument of the part."""
    stays: bool = False
    """Whether the cloud keeps what the part configured when Terraform deletes it."""
    also: Mapping[str, str] = field(default_factory=dict)
    """Further arguments of it that equal attributes of that resource, whose name is not unique."""
    of_any: bool = False
    """Whether it may configure a resource of any type, so that most are of no interest here."""
    named_by: str = ""
    """The argument of that resource which names it; empty: it names the resource."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """By name in older versions of the provider: the name in newer ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMap:
    """How the resources of some Terraform types become one kind of resource."""

    kind: str
    cloud: PlanCloud
    types: tuple[str, ...]
    same: Mapping[str, str]
    """Attributes that have one value under two names: `{id: bucket}`."""
    unset: Mapping[str, JsonValue]
    """What the cloud gives a new resource where nobody sets the argument; `x[].y` is in a block."""
    renamed: Mapping[str, str]
    """By name in older versions of the provider: the name in newer ones."""
    parts: Mapping[str, Part]
    item: Tree
    """What the kind's listing would return."""
    parent: Tree | None
    details: Mapping[str, Tree]
    stays: frozenset[str]
    """Types whose resources stay in the cloud when Terraform deletes them."""
    unread: Mapping[ArgumentPath, str]
    """Members of answers that no plan says, and why: by path from `it` or the detail's name."""
    where: Expression | None
    """Which resources of the types are of the kind."""
    outside: frozenset[str]
    """Answers among these that no argument sets: those of a scan hold after the plan, too."""
    region: Expression | None
    """Where the resource is, if its arguments say it."""
    path: str
    """The map's file inside tscan."""
    reads: Mapping[str, frozenset[ArgumentPath]] = field(default_factory=dict)
    """By Terraform type: the arguments that the map reads, which are all that is kept of a plan."""
    made_of: Mapping[ArgumentPath, tuple[Place, ...]] = field(default_factory=dict)
    """By member of an answer: the arguments that it is made of."""

    @property
    def all_types(self) -> frozenset[str]:
        """The Terraform types of its resources and of their parts."""
        types = set(self.types)
        for part in self.parts.values():
            types.update(part.types)
        return frozenset(types)

    @property
    def unread_answers(self) -> frozenset[str]:
        """The answers of which no plan says anything."""
        return frozenset(path[0] for path in self.unread if len(path) == 1)
