"""Resource kinds: the calls that read a resource, and its typed attributes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from scanner.model.expressions import Expression

PARAMETER: Final = re.compile(r"\{params\.(\w+)\}")
"""A parameter in a sentence for people: `{params.classification_tag}`."""


class Scope(StrEnum):
    """How often a kind is listed: once in a target, in each region, or in an organization."""

    MANAGEMENT = "management"
    ACCOUNT = "account"
    REGION = "region"


class CountMeaning(StrEnum):
    """What a second source says of a listing."""

    EQUAL = "equal"
    """As many as are listed."""
    AT_LEAST = "at_least"
    """No fewer are listed: it may know of some only, or learn of them late."""
    LISTS = "lists"
    """Ids of some, each of which is listed."""
    WHOLE = "whole"
    """That nothing can be left out of the listing; it counts nothing."""


class Cardinality(StrEnum):
    """How many resources a relation leads to."""

    MANY = "many"
    ONE = "one"
    MAYBE_ONE = "maybe_one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A detail call that serves many items at once."""

    member: str
    """The request member that takes the list of keys."""
    size: int
    key: Expression
    """The item's own key, over `it`."""
    items: str
    """Where the answer holds its rows."""
    match: str
    """The row member that repeats the key."""
    lacking_is: str = ""
    """`absent`: a key without a row in a complete answer is knowledge; otherwise it is a gap."""
    # Many batch answers name failed keys apart from the rows: a missing row is no absence.


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryRows:
    """Which rows of an inventory are of one kind, and which members are read of them."""

    tells: str
    """The row member that names the type."""
    type: str
    """As the inventory calls the kind: `storage.googleapis.com/Bucket`."""
    item: str
    """Dotted path of the resource, or of the detail, within a row; empty: the row itself."""
    match: str = ""
    """The row member that repeats a resource's id; empty: each row is a resource."""
    below: tuple[str, ...] = ()
    """Types of what lies below such resources and is of the kind: `microsoft.web/sites/slots`."""
    types: tuple[str, ...] = ()
    """The types that were asked for."""
    read: frozenset[tuple[str, ...]] = frozenset()
    """Members that the kind reads below the item: what a row leaves out of them is unread."""
    quiet: frozenset[tuple[str, ...]] = frozenset()
    """Those of them whose absence means what it means in the service's own answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """The part of a secret that an attribute needs literally; the rest of it is redacted."""

    path: str
    """`Subscriptions[].Endpoint`."""
    pattern: str
    """Of the whole value, in RE2; its first group is what is kept."""
    why: str
    """Why that part is needed, and is no secret by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One declared read operation with the arguments made from what is already known."""

    operation: str
    arguments: Any = field(default_factory=dict)
    """A tree of constants and `Expression`s."""
    items: tuple[str, ...] = ()
    absent_on: tuple[str, ...] = ()
    # Not an absence at once: the listing is read again, and decides whether the resource is gone.
    gone_on: tuple[str, ...] = ()
    disabled_is: str = ""
    """`empty`: a service that is off is knowledge that nothing is there. Else it is a gap."""
    permission: tuple[str, ...] = ()
    """Permissions, where they are not those of the operation."""
    secrets: tuple[str, ...] = ()
    """Paths that are redacted before anything is written: `Functions[].Environment.Variables.*`."""
    keeps: tuple[Keep, ...] = ()
    """Secrets of which a part is kept."""
    when: Expression | None = None
    """The call is made only where this holds; elsewhere its answer is absent."""
    at: Expression | None = None
    """The endpoint region, where it is not the resource's own."""
    batch: Batch | None = None
    rows: InventoryRows | None = None
    """None: the answer is of this kind alone."""
    leaves_out_empty: str = ""
    """Why an answer without its list is one whose list is empty; empty: it was not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How the resources of a kind are found."""

    request: Request | None = None
    reader: str = ""
    """Name of a reader, a program that makes its calls with the same client; no `request` then."""
    reads: tuple[Request, ...] = ()
    """The operations that the reader may use."""
    per: str = ""
    """Parent kind: one listing for each of its resources, whose item is `parent`."""
    below: tuple[Request, ...] = ()
    """Listings of more of the same, made for each listed item, which is their `parent`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondSource:
    """A second source that counts, or names, what the listing lists."""

    source: Listing
    """A call or a reader; an answer that is absent says that nothing is counted there."""
    value: Expression
    """Over `answer`: how many resources there are, their ids, or whether all can be seen."""
    means: CountMeaning
    needed: bool = False
    """Whether its missing answer is a gap: the listing alone does not show that it is complete."""

    @property
    def operation(self) -> str:
        """The call that counts; of a reader, the last one that it names."""
        # A reader needs several calls; the last one is the one that counts.
        request = self.source.request or self.source.reads[-1]
        return request.operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """How an inventory replaces the listing of a kind, and some of its details."""

    request: Request
    asks: str
    """The argument that takes the types of all kinds that are read so."""
    details: Mapping[str, Request]
    """Details whose rows are found by the resource's id."""
    same: tuple[str, ...]
    """Details that are the listed resource itself."""
    quiet: frozenset[tuple[str, ...]]
    """Members that a row leaves out exactly where the service's own answer does."""
    completeness: tuple[SecondSource, ...] = ()
    """Second sources, where the inventory alone does not show that it told everything."""

    @property
    def type(self) -> str:
        """As the inventory calls the kind."""
        if self.request.rows is None:
            return ""
        return self.request.rows.type

    @property
    def types(self) -> tuple[str, ...]:
        """The types of all rows that are of the kind."""
        if self.request.rows is None:
            return ()
        return (self.request.rows.type, *self.request.rows.below)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One typed fact of a resource."""

    name: str
    meaning: str
    type: str
    """In the language's notation: `bool`, `list(string)`, `timestamp?`, `policy`, …"""
    api: Expression
    absent: Any = None
    """The value that a missing member stands for; meaningful only if `has_absent`."""
    # Apart from `absent`: null could be meant, and would turn a missing member into knowledge.
    has_absent: bool = False
    unknown: str = ""
    """Why the value is not known where a complete answer leaves it out, with `{params.…}`: what the
    entity can do about it, such as setting a tag."""
    each: Mapping[str, Attribute] = field(default_factory=dict)
    """Fields of the records of a `list(record)`, read from `item`."""
    ordered: bool = False
    unknown_if_set: tuple[Expression, ...] = ()
    """Members that change what the value means: where one of them is set, it is unread."""
    more_if_set: tuple[Expression, ...] = ()
    """Members that add to a list what is not read: where one of them is set, the list is open."""
    null_words: tuple[str, ...] = ()
    """Texts that mean that there is no value (`N/A`)."""

    @property
    def optional(self) -> bool:
        """Whether absence is an answer that conditions must guard with `has()`."""
        return self.type.endswith("?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Enumeration:
    """The values that a member of an answer has, by the provider's model; others are unread."""

    path: tuple[str, ...]
    """From a raw name inward, `[]` for any element and `*` for any key: `it`, `Rules`, `[]`."""
    known: frozenset[str]
    others: frozenset[str] = frozenset()
    """Those of them that no condition names."""
    pattern: str = ""
    """A regular expression of further ones that no condition names: it takes the whole text."""
    why: str = ""
    """What these count as, and why that is right."""
    open: str = ""
    """Why a value that nobody knows is as good as any: then none is held to the others."""
    any_case: bool = False
    """Whether the provider spells them in any case: they are read in the model's."""

    @property
    def shown(self) -> str:
        """The path for people: `Rules[].Status`."""
        return ".".join(self.path[1:]).replace(".[]", "[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A hash join to other resources of the same target."""

    name: str
    meaning: str
    kind: str
    cardinality: Cardinality
    on: Mapping[str, Expression]
    """Their attribute (or `id`, `account`, `region`) by our expression; a list matches any item."""
    home: Mapping[str, Expression] = field(default_factory=dict)
    """`account` and `region` of a key, over `key`: one of another place without match is unread."""
    # Without this, a key in another account would read as "no such resource" (confused scope).


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlisted:
    """Something of the same service that a kind does not list: a hole in its population."""

    what: str
    why: str
    calls: tuple[str, ...] = ()
    """The operations that would list it."""

    @property
    def sentence(self) -> str:
        """What is not listed, and why."""
        return f"{self.what}: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeInventory:
    """A service that counts the resources of a target by type, whether or not a check reads them.

    It never decides a verdict: it shows which types in use no check reads.
    """

    name: str
    """As reports call it: `AWS Config`."""
    counts: str
    """Which resources it counts, so that a short list does not look like all there is."""
    scope: Scope
    source: Listing
    """A reader of a mapping of types to numbers; absent where the inventory is not in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A resource kind.

    Kinds decide which calls run with a customer's credentials: only tscan ships them.
    """

    id: str
    title: str
    service: str
    """Heading in lists: `S3`."""
    nature: str
    """`state` or `event`."""
    scope: Scope
    listing: Listing | None
    """None: a singleton, one for each target or region."""
    completeness: tuple[SecondSource, ...]
    """None: nothing else counts these resources, and the result says so."""
    at: Expression | None
    """Where the resource is; None: where it was listed."""
    identity: Expression
    label: Expression
    details: Mapping[str, Request]
    readers: Mapping[str, Listing]
    """Details that take a program, by name."""
    attributes: Mapping[str, Attribute]
    relations: Mapping[str, Relation]
    type: Any
    """The `RecordType` of `self` in a condition."""
    path: str
    bulk: Inventory | None = None
    """None: no inventory answers for it."""
    same: tuple[str, ...] = ()
    """Details that are the listed resource itself."""
    values: tuple[Enumeration, ...] = ()
    """Members that an enumeration of the provider types."""
    ignores: Mapping[str, str] = field(default_factory=dict)
    """Members of answers that no attribute reads (`it.Placement`), and why they cannot change what
    the attributes say."""
    ignored_names: Mapping[str, str] = field(default_factory=dict)
    """Names of members, as patterns, that no kind of the cloud needs to read, and why."""
    leaves_out_defaults: str = ""
    """Why a member that an answer of the cloud leaves out has the default of its type: an empty
    list, false, 0; empty: it was not read."""
    does_not_list: tuple[Unlisted, ...] = ()
    """What of its service no check on this kind says anything about."""
    types: tuple[str, ...] = ()
    """What inventories call such resources: `AWS::S3::Bucket`."""

    @property
    def cloud(self) -> str:
        """First word of the id."""
        return self.id.partition(".")[0]
