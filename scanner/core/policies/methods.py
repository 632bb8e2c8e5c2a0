"""Reads the table of known ways to escalate privileges."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A set of actions that together give more rights."""

    id: str
    reach: str
    """What the first action works on; see the table's head."""
    services: tuple[str, ...]
    """The services that act with a role: names before `.amazonaws.com`."""
    actions: tuple[str, ...]


@cache
def table() -> tuple[Method, ...]:
    """Every row of `escalation.tsv`."""
    text = files(__package__).joinpath("escalation.tsv").read_text(encoding="utf-8")
    found: list[Method] = []
    for line in text.splitlines():
        if not line or line.startswith(("#", "id\t")):
            continue
        name, reach, services, actions = line.split("\t")
        needed = tuple(actions.lower().split())
        served: tuple[str, ...] = ()
        if services != "-":
            served = tuple(services.split(","))
        found.append(Method(id=name, reach=reach, services=served, actions=needed))
    return tuple(found)


@cache
def methods() -> tuple[Method, ...]:
    """The rows that are a way by themselves."""
    return tuple(method for method in table() if method.reach != "run")


@cache
def of_reach(reach: str) -> tuple[Method, ...]:
    """The rows of one reach."""
    return tuple(method for method in table() if method.reach == reach)
