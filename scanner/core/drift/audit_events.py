"""Finds who changed a resource by the audit log events that fit.

Where two actors fit, nobody is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Final

from scanner.core.calendar import parse_time
from scanner.model.history import Transition
from scanner.words import plural

SLACK: Final = timedelta(seconds=2)
"""Logs truncate times to the second."""


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
)
class LogEvent:
    """One entry of a provider's audit log, in a form common to all providers."""

    id: str
    """The provider's id; the same event may be delivered twice."""
    time: str
    """When it happened, not when it was delivered."""
    action: str
    """`s3:PutBucketAcl`."""
    actor: str
    resources: tuple[str, ...] = ()
    """Ids, ARNs and names in it; empty where the log does not say."""
    region: str = ""
    """Empty in a log that has no regions."""
    writes: bool = True
    error: str = ""
    """An error code: the call changed nothing."""
    actor_type: str = ""
    """`IAMUser`, `AssumedRole`, as the provider writes it."""
    address: str = ""
    """Where the call came from."""


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
)
class Actor:
    """Who changed something, or why that is not known."""

    name: str
    """`` where it is unknown."""
    reason: str
    events: tuple[LogEvent, ...] = field(default=())
    """The events that fit, in order of time."""

    @property
    def known(self) -> bool:
        """Whether exactly one actor fits."""
        return bool(self.name)


def find_actor(
    transition: Transition,
    events: Iterable[LogEvent],
    window: tuple[str, str],
    *,
    actions: Sequence[str] = (),
    whole: bool = True,
) -> Actor:
    """The only actor whose successful writes fit a transition on resource, time and action.

    Otherwise the actor is unknown.

    `window` is from the start of the scan before to the end of this one. `actions` are patterns of
    the calls that can change what the check reads (`s3:PutBucket*`; none: every write).
    """
    # In an incomplete log, the one actor found may not be the only one.
    if not whole:
        return Actor(name="", reason="the audit log was not read completely")
    fits: dict[str, LogEvent] = {}
    for event in events:
        if not _may_change(event, window) or not _matches_any(event, actions):
            continue
        if _concerns(event, transition, actions):
            # The same event may be delivered twice.
            fits.setdefault(event.id, event)
    found = tuple(sorted(fits.values(), key=lambda event: (parse_time(event.time), event.id)))
    return _sole_actor(found)


def _sole_actor(found: tuple[LogEvent, ...]) -> Actor:
    if not found:
        return Actor(name="", reason="no event of the audit log matches")
    actors = sorted({event.actor for event in found})
    if len(actors) > 1:
        names = ", ".join(name or "an unnamed one" for name in actors)
        return Actor(
            name="",
            reason=f"{plural(len(actors), 'actor')} match: {names}",
            events=found,
        )
    if not actors[0]:
        return Actor(
            name="",
            reason="the audit log does not name the actor",
            events=found,
        )
    return Actor(
        name=actors[0],
        reason="",
        events=found,
    )


def _may_change(event: LogEvent, window: tuple[str, str]) -> bool:
    """Whether an event is a successful write within a window."""
    if not event.writes or event.error:
        return False
    begins, ends = parse_time(window[0]) - SLACK, parse_time(window[1]) + SLACK
    return begins <= parse_time(event.time) <= ends


def _matches_any(event: LogEvent, actions: Sequence[str]) -> bool:
    if not actions:
        return True
    return any(fnmatchcase(event.action.lower(), pattern.lower()) for pattern in actions)


def _concerns(
    event: LogEvent,
    transition: Transition,
    actions: Sequence[str],
) -> bool:
    """Whether an event may be about the resource of a transition."""
    resource = transition.resource
    if resource in event.resources:
        return True
    # With calls that are known to change it, a bare name is enough; without, a role and a bucket
    # may share one.
    if not actions:
        return False
    if not event.resources:
        # A call of the right kind on an unnamed resource could be the one: it makes others
        # ambiguous.
        return near(transition.region, event.region)
    if any(_contains(resource, name) for name in event.resources):
        return True
    return not _names(resource).isdisjoint(event.resources)


def near(region: str, other: str) -> bool:
    """Whether two regions may be the same: no region may be any."""
    return "" in (region, other) or region == other


def _contains(resource: str, name: str) -> bool:
    """Whether one is a part of the other, where ids are paths.

    A rule of its group, all that a deleted group held.
    """
    if not (resource.startswith("/") and name.startswith("/")):
        return False
    return name.startswith(f"{resource}/") or resource.startswith(f"{name}/")


def _names(resource: str) -> frozenset[str]:
    """How a log may name what has an ARN.

    A bucket by its name, a database too, a role by its name without the path.
    """
    tail = resource
    if resource.startswith("arn:"):
        tail = resource.split(":", 5)[-1]
    names = {resource, tail}
    for separator in "/:":
        names.add(tail.partition(separator)[2])
        names.add(tail.rpartition(separator)[2])
    return frozenset(names - {""})
