"""Calls to a provider and their answers: the evidence that every verdict is made from."""

from __future__ import annotations

import hashlib
import json.encoder
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from scanner.model.values import Unreadable


class State(StrEnum):
    """The outcome of one call."""

    OK = "ok"
    EMPTY = "empty"
    """Read whole, and nothing was there."""
    ABSENT = "absent"
    """An error code that the kind declares to be knowledge (`absent_on`)."""
    PARTIAL = "partial"
    """Some pages were read; a later one failed."""
    DENIED = "denied"
    DISABLED = "disabled"
    """The service is switched off or not subscribed here."""
    THROTTLED = "throttled"
    """Still refused for rate after every retry."""
    ERROR = "error"

    @property
    def whole(self) -> bool:
        """Whether the answer is complete knowledge."""
        # Named one by one: a state that is added later is not complete until somebody says so.
        return self in (State.OK, State.EMPTY, State.ABSENT)


class Target(str):
    """The provider's own id of a place we look at, with its cloud before it: `aws:123456789012`."""

    __slots__ = ()

    @property
    def cloud(self) -> str:
        """`aws`, `gcp`, `azure`, …"""
        return self.partition(":")[0]

    @property
    def account(self) -> str:
        """The id without the cloud."""
        return self.partition(":")[2]


_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
# `encode` makes a C encoder for each value, which takes twice as long as encoding the parameters of
# a call: one encoder is kept.
_make: Any = getattr(json.encoder, "c_make_encoder", None)
_parts = _make and _make(
    None, _encoder.default, json.encoder.encode_basestring, None, ":", ",", True, False, True
)


def canonical(value: Any) -> str:
    """The one JSON text of a value: sorted keys, no spaces."""
    if _parts:
        return "".join(_parts(value, 0))
    return _encoder.encode(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to a provider. Calls with the same `key` are the same call, made once."""

    operation: str
    """`service:Operation`, the service as the SDK names it: `s3:GetBucketPolicy`."""
    region: str
    """The endpoint; `` for a service that has only one."""
    params: Mapping[str, Any] = field(default_factory=dict)
    attempt: int = 0
    """0, or the number of an intended second reading (a listing re-read, a poll)."""
    items: tuple[str, ...] = ()
    """Dotted paths of the lists and mappings (`items{}`) that pages add to; none: not paged."""
    absent_on: tuple[str, ...] = ()
    wait: float = 0.0
    """Seconds to wait before asking (polling)."""
    key: str = field(init=False, repr=False, compare=False)
    """Identity of the call in a snapshot; made once, for it is asked for a dozen times."""

    @property
    def place(self) -> str:
        """`operation@region`: how coverage and waivers name a call."""
        return f"{self.operation}@{self.region}"

    def __post_init__(self) -> None:
        again = f"#{self.attempt}" if self.attempt else ""
        key = f"{self.operation}@{self.region}{again}{canonical(self.params)}"
        # Frozen: this is the one way to set a field that is derived from the others.
        object.__setattr__(self, "key", key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back for one call: the evidence, or the refusal, kept the same way."""

    call: Call
    state: State
    data: Any = None
    """The response as JSON values, secrets redacted, pages joined along `call.items`."""
    code: str = ""
    message: str = ""
    caller: int = 0
    """Index into the snapshot's callers."""
    started: str = ""
    """UTC, ISO 8601 with milliseconds and `Z`."""
    finished: str = ""
    request_ids: tuple[str, ...] = ()
    pages: int = 1
    count: int = 0
    """Items read, over all pages."""
    retries: int = 0
    redacted: tuple[str, ...] = ()
    """Paths whose values were replaced before anything was written."""
    permission: tuple[str, ...] = ()
    """Of a denied call: the permissions that the caller lacks, one of them at least. Never stored:
    the kinds declare it, and it is looked up when the answer is judged."""

    @property
    def sha256(self) -> str:
        """Digest of `data` in canonical JSON."""
        return hashlib.sha256(canonical(self.data).encode()).hexdigest()

    @property
    def unread(self) -> Unreadable:
        """What a reader gets instead of the data that did not come."""
        return Unreadable(self.reason, gaps=frozenset((self.call.place,)))

    @property
    def reason(self) -> str:
        """`s3:GetBucketPolicy denied in eu-west-1 (AccessDenied)`.

        Where the permission is known: `s3:ListBuckets denied: the role lacks s3:ListAllMyBuckets`.
        """
        text = f"{self.call.operation} {self.state.value}"
        if self.call.region:
            text += f" in {self.call.region}"
        if self.permission:
            return f"{text}: the role lacks {' or '.join(self.permission)}"
        if self.code:
            text += f" ({self.code})"
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asked, in the provider's own words (AWS: GetCallerIdentity)."""

    id: str
    account: str
    detail: Mapping[str, str] = field(default_factory=dict)


class AccountState(StrEnum):
    """What becomes of an account that the organization lists."""

    IN_SCOPE = "in scope"
    EXCLUDED = "excluded"
    """By the entity, with a reason and an approver."""
    CLOSED = "closed"
    """Suspended, closed or not yet active: the provider lets nobody connect to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account of an organization, as the account that leads it lists it."""

    id: str
    name: str
    state: AccountState
    reason: str = ""
    """Why it is not in scope."""
    approver: str = ""
    """Who decided that it is excluded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """What is known to exist and was not read, because somebody decided so."""

    what: str
    """`account`, `kind` or `region`."""
    ids: tuple[str, ...]
    why: str
    """The reason in the configuration; empty: none is given."""
    decided: str
    """Where it was decided: the name of the configuration, options, or the provider."""
    approver: str = ""
    """Who approved it; empty: nobody is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All answers of one scan of one target.

    With the library, the parameters and the clock it is all that a verdict needs.
    """

    id: str
    target: Target
    name: str = ""
    """What people call the target (an account alias); never an identity."""
    partition: str = ""
    started: str
    finished: str
    version: str
    """Version of tscan that made it."""
    regions: tuple[str, ...]
    """The regions in scope."""
    regions_excluded: tuple[str, ...] = ()
    """Enabled regions that the configuration left out."""
    regions_why: str = ""
    """Why the configuration leaves them out; empty: it gives no reason."""
    regions_approver: str = ""
    """Who approved it."""
    regions_open: str = ""
    """Why the list of regions is not whole; empty: it is."""
    kinds_excluded: tuple[str, ...] = ()
    """Kinds of resources that the pack reads for this cloud and the selected checks do not."""
    configuration: str = ""
    """The name of the configuration's file, without folders; empty: there was none."""
    # Kept with the evidence: a selection must not look like a complete scan when it is replayed.
    checks: tuple[str, ...]
    """Ids of the checks that were selected."""
    params: Mapping[str, Any]
    """Parameters as the entity set them (not the defaults)."""
    callers: tuple[Caller, ...]
    answers: Mapping[str, Answer]
    """By `Call.key`."""
    accounts: tuple[Account, ...] = ()
    """The accounts of the organization, where this target lists them."""
    management_open: str = ""
    """Why what belongs to the organization is not read from this target; empty: it is."""
    organization_only: bool = False
    """Whether this is an organization alone, whose accounts are targets of their own."""
    # An unreachable target has a snapshot too: left out, its checks would be missed by nobody.
    unentered: str = ""
    """Why the target could not be entered, so that nothing of it is known; empty: it was."""
    clock_skew: float | None = None
    """Seconds that the provider's clock is ahead of the host's, at most; None: not reported."""
    bulk: tuple[str, ...] = ()
    """The types that an inventory was requested for, instead of listings; none: it was not."""
    scope: tuple[str, ...] = ()
    """Options by which the scan differs from the configured one, as `option=value`, sorted."""
