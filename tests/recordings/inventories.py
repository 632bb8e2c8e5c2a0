"""What an inventory may leave out: resources without one of their members, and with that member
emptied."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from scanner import pipeline
from scanner.model.answers import Snapshot
from scanner.model.findings import Verdict
from scanner.model.library import Library

Found = Mapping[tuple[str, str], Verdict]
Named = Mapping[str, Mapping[str, Verdict]]


def verdicts(snapshot: Snapshot, library: Library) -> dict[tuple[str, str], Verdict]:
    """Every verdict by check and resource."""
    assessment = pipeline.judge([snapshot], library)
    return {
        (one.check, one.resource.id): one.verdict
        for result in assessment.results
        for one in result.findings
    }


def by_id(found: Found) -> dict[str, dict[str, Verdict]]:
    """The same by the resource's id, then by check."""
    named: dict[str, dict[str, Verdict]] = {}
    for (check, identity), one in found.items():
        named.setdefault(identity, {})[check] = one
    return named


def by_name(found: Found) -> dict[str, dict[str, Verdict]]:
    """The same by the last word of the id."""
    return by_id(
        {(check, identity.rpartition("/")[2]): one for (check, identity), one in found.items()}
    )


def joined(one: Any, other: Any) -> Any:
    """Mappings laid over each other, member by member."""
    if isinstance(one, dict) and isinstance(other, Mapping):
        return {**one, **{key: joined(one.get(key), value) for key, value in other.items()}}
    return other


def poorer(data: Mapping[str, Any], kept: Collection[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A resource without each of its members but those that are kept, and with it emptied; with a
    word for each."""
    for number, path in enumerate(_members(data)):
        if len(path) == 1 and path[0] in kept:
            continue
        for empty in (False, True):
            changed: Any = copy.deepcopy(data)
            inner = changed
            for step in path[:-1]:
                inner = inner[step]
            if empty:
                inner[path[-1]] = (
                    type(inner[path[-1]])()
                    if isinstance(inner[path[-1]], (dict, list, str))
                    else None
                )
            else:
                del inner[path[-1]]
            yield f"{number}~{'.'.join(map(str, path))}~{empty}", changed


def _members(value: Any) -> Iterator[tuple[Any, ...]]:
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in items:
        if isinstance(value, dict):
            yield (key,)
        yield from ((key, *below) for below in _members(inner))


def worse_alone(was: Named, now: Named, changed: Iterable[tuple[str, str]]) -> Iterator[str]:
    """What passes, or fails no more and says nothing, of resources that tell less; each beside what
    it was made of."""
    for name, of in changed:
        for check in {*was.get(of, {}), *now.get(name, {})}:
            told, less = was.get(of, {}).get(check), now.get(name, {}).get(check)
            if (less is Verdict.PASS and told is not Verdict.PASS) or (
                told is Verdict.FAIL and less is None
            ):
                yield f"{name}: {check} is {less} and was {told}"
