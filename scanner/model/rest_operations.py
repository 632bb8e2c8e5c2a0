"""REST operations: the HTTP request of a declared call, and how its response is checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

PLACEHOLDER: Final = re.compile(r"\{(\+?)([A-Za-z_][A-Za-z0-9_]*)\}")
"""`{name}`, which fills one segment of a path, and `{+name}`, which may fill several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where the next page of an answer is: a token to send back, or an address to follow."""

    send: str = ""
    """The argument that takes the token."""
    next: str = ""
    """Dotted path of the token."""
    more: str = ""
    """Dotted path of whether there is a next page; empty: a token says so."""
    link: str = ""
    """The member that holds the address."""
    header: bool = False
    """Whether the Link header holds the address."""

    @property
    def members(self) -> tuple[list[str], ...]:
        """Members that say nothing but where the next page is, each as the steps to it."""
        paths = (self.next.split("."), self.more.split("."), [self.link])
        return tuple(path for path in paths if path != [""])


@dataclass(frozen=True, slots=True, kw_only=True)
class RestOperation:
    """One reviewed read operation of a REST interface."""

    name: str
    """`service:operation`."""
    post: bool
    """A POST, which only reads and takes its arguments in its body; else a GET."""
    host: str
    """`https://…`, the only host that is spoken to."""
    path: str
    """A template: `/storage/v1/b/{bucket}/iam`."""
    version: str
    audience: str
    """Whom the token is for; empty: the cloud's usual one."""
    page: Page | None
    """None: the answer has one page."""
    permission: tuple[str, ...]
    """What the caller must be allowed."""
    root: str
    """The member that holds an answer which is a list; empty: the answer is a mapping."""
    # Some services list what failed (`unreachable`, `warnings`) in an answer of status 200.
    partial: tuple[str, ...]
    """Dotted paths that, where they hold something, say that the answer is not whole."""
    # An empty object with status 200 would read as an empty list.
    always: tuple[str, ...]
    """Members that every whole answer has: one that lacks them is of an unexpected shape."""
    shared: bool
    """Whether the answer is the same for all targets, as a folder's above them: fetched once."""
    why: str
    """Why a POST is on the list."""
    graphql: str
    """The GraphQL query, whose variables are the arguments. Empty: no GraphQL."""
    kql: str = ""
    """The KQL query, sent as `query`; `{name}` takes a list of quoted texts. Empty: no KQL."""
    total: str = ""
    """The member with the number of items of all pages: with another number it is partial."""
    truncated: str = ""
    """The member by which the last page says whether something was cut off."""
    may_be_empty: bool = False
    """Whether an answer without any member is whole: of a listing it may be, elsewhere seldom."""
    placeholders: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """The arguments that fill the path or the query, found once for all requests."""

    def __post_init__(self) -> None:
        found = PLACEHOLDER.finditer(self.path + self.kql)
        object.__setattr__(self, "placeholders", tuple(match[2] for match in found))

    @property
    def service(self) -> str:
        """The name before the colon."""
        return self.name.partition(":")[0]


RestOperations = Mapping[str, RestOperation]
"""By name, those of one cloud."""
