"""Finds the members that a response lacks although botocore's model, or AWS's documentation, says
that they are always there.

botocore parses an empty body, another operation's document and an error with status 200 alike: into
a response without members. An empty list and a list that is missing are different facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final

from botocore.model import OperationModel, Shape, StructureShape

ALWAYS: Final[Mapping[str, tuple[str, ...]]] = {
    # IAM API Reference, GetAccountAuthorizationDetails: the lists of a user, group or role are in
    # the answer also where they are empty. A user's inline policies are not.
    "iam:GetAccountAuthorizationDetails": (
        "UserDetailList[].GroupList",
        "UserDetailList[].AttachedManagedPolicies",
        "GroupDetailList[].GroupPolicyList",
        "GroupDetailList[].AttachedManagedPolicies",
        "RoleDetailList[].RolePolicyList",
        "RoleDetailList[].AttachedManagedPolicies",
    ),
}
"""Members that are always there, by operation, beside those that the model requires."""
_CONTAINERS: Final = frozenset({"list", "map", "structure"})
MAY_BE_EMPTY: Final[Mapping[str, str]] = {
    "s3:GetBucketLocation": "LocationConstraint",
    "s3:GetBucketLogging": "BucketLoggingStatus",
    "s3:GetBucketVersioning": "VersioningConfiguration",
    "sqs:ListQueues": "",
    "wafv2:GetWebACLForResource": "",
}
"""Operations by which AWS says "nothing" without any member, and the root of their XML."""


def missing_members(
    operation: str, model: OperationModel, data: Mapping[str, Any], lists: Iterable[str]
) -> list[str]:
    """Paths of the members that a response lacks; `lists` are those of the items of a listing."""
    output = model.output_shape
    if output is None or not output.members:
        return []
    if not any(name in data for name in output.members):
        if operation in MAY_BE_EMPTY:
            return []
        return [" and ".join(list(output.members)[:3])]
    missing = [*_required_here(output, data)]
    for path in ALWAYS.get(operation, ()):
        missing.extend(_lacking(data, path.split("."), path))
    for path in lists:
        if operation not in MAY_BE_EMPTY and not _list_is_there(output, data, path.split(".")):
            missing.append(path)
    return missing


def _required_here(output: StructureShape, data: Mapping[str, Any]) -> Iterator[str]:
    """Required members of a response that are not there, of any type at its top."""
    yield from (name for name in output.required_members if name not in data)
    for inner, value, step in _inside(output, data):
        yield from _required(inner, value, step.lstrip("."))


def _required(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """Required lists and records that are not there, at any depth.

    A missing text or number is found where it is read: a kind may not declare its absence
    (docs/decisions/0053). Those that nothing reads came to the models late, and older regions and
    services like AWS leave them out.
    """
    if not _requires(shape):
        return
    if shape.type_name == "structure" and isinstance(value, Mapping):
        for name in shape.required_members:
            if name not in value and shape.members[name].type_name in _CONTAINERS:
                yield f"{path}.{name}".lstrip(".")
    for inner, item, step in _inside(shape, value):
        yield from _required(inner, item, f"{path}{step}")


def _inside(shape: Shape, value: Any) -> Iterator[tuple[Shape, Any, str]]:
    """The values inside a value, each with its shape and the step to it."""
    if shape.type_name == "list" and isinstance(value, list):
        yield from ((shape.member, item, "[]") for item in value)
    elif shape.type_name == "map" and isinstance(value, Mapping):
        yield from ((shape.value, item, ".*") for item in value.values())
    elif shape.type_name == "structure" and isinstance(value, Mapping):
        known = value.keys() & shape.members.keys()
        yield from ((shape.members[name], value[name], f".{name}") for name in sorted(known))


@cache
def _requires(shape: Shape) -> bool:
    """Whether a shape, or one inside it, has required members: most have none to look for."""
    seen: set[str] = set()
    open_shapes = [shape]
    while open_shapes:
        one = open_shapes.pop()
        if one.name in seen:
            continue
        seen.add(one.name)
        if one.type_name == "structure":
            if one.required_members:
                return True
            open_shapes.extend(one.members.values())
        elif one.type_name == "list":
            open_shapes.append(one.member)
        elif one.type_name == "map":
            open_shapes.append(one.value)
    return False


def _lacking(value: Any, steps: list[str], path: str) -> Iterator[str]:
    """The path, where a record that is on it has not its last member."""
    name = steps[0].removesuffix("[]")
    if not isinstance(value, Mapping):
        return
    if len(steps) == 1:
        if name not in value:
            yield path
        return
    inner = value.get(name)
    for item in inner if isinstance(inner, list) else ():
        found = [*_lacking(item, steps[1:], path)]
        if found:
            yield found[0]
            return


def _list_is_there(shape: Shape, value: Any, steps: list[str]) -> bool:
    """Whether a list is in a response, or its structure says by required members that it is empty.

    CloudFront counts the items that it leaves out: `DistributionList.Quantity`.
    """
    if not isinstance(value, Mapping) or steps[0] not in value:
        counted = shape.type_name == "structure" and bool(shape.required_members)
        return counted and isinstance(value, Mapping)
    if len(steps) == 1:
        return True
    return _list_is_there(shape.members[steps[0]], value[steps[0]], steps[1:])
