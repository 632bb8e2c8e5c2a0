"""Holds details to what an error code would have said: an answer without the code has its payload.

Where `NoSuchBucketPolicy` means that there is no policy, an answer of `s3:GetBucketPolicy` without
a policy is not one that says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from scanner.core.reading.read_plan import all_paths
from scanner.model.kinds import Kind
from scanner.model.values import RawValue, Unreadable


def payloads(kind: Kind) -> Mapping[str, frozenset[str]]:
    """By operation whose error code means absence: members that the kind reads of its answer."""
    found: dict[str, set[str]] = defaultdict(set)
    # Not where the provider leaves out what is empty: the payload may be.
    if kind.leaves_out_defaults:
        return {}
    for path in all_paths(kind):
        detail = kind.details.get(path[0])
        if detail is not None and detail.absent_on and len(path) > 1:
            found[detail.operation].add(path[1])
    return {operation: frozenset(members) for operation, members in found.items()}


def with_payload(
    data: RawValue,
    operation: str,
    members: Mapping[str, frozenset[str]],
) -> RawValue:
    """The data of an answer, with the members that it lacks marked as unread; `members` are those
    of `payloads`.
    """
    if operation not in members or not isinstance(data, Mapping):
        return data
    lacking: dict[str, RawValue] = {}
    for member in sorted(members[operation]):
        if data.get(member) is None:
            lacking[member] = Unreadable(f"{operation} returned no {member}")
    if not lacking:
        return data
    return {**data, **lacking}
