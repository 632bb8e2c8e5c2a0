"""What kinds declare a secret is in the providers' models: a path with a mistake redacts nothing."""

from __future__ import annotations

import re

from botocore.model import Shape

from scanner.core.reading.read_plan import kept_parts, secret_paths
from scanner.model.library import Library
from tests.helpers.library import shipped_library
from tests.helpers.provider_models import output

LIBRARY: Library = shipped_library()
NOT_IN_THE_MODEL = frozenset(
    {
        "Microsoft.Web:WebApps_GetConfiguration properties.publishingPassword",
        "Microsoft.Web:WebApps_List value[].properties.siteConfig.publishingPassword",
        "Microsoft.Web:WebApps_ListSlots value[].properties.siteConfig.publishingPassword",
    }
)
"""A member that Azure's answers had, and that its description does not name."""


def reaches(shape: Shape | None, steps: tuple[str, ...], above: frozenset[str]) -> bool:
    """Whether a path leads anywhere below a shape; `above` are the shapes that it went through."""
    if shape is None:
        return False
    if shape.type_name == "list":
        return reaches(shape.member, steps, above)
    if not steps:
        return True
    if getattr(shape, "is_document_type", False):
        return True
    step, *rest = steps
    if step == "**":
        # Any text may be a key of a map: only a member of a structure shows that the name is right.
        here = shape.type_name == "structure" and reaches(shape, tuple(rest), above)
        return here or _deeper(shape, steps, above)
    if shape.type_name == "map":
        return reaches(shape.value, tuple(rest), above)
    if shape.type_name != "structure":
        return False
    members = list(shape.members.values()) if step == "*" else [shape.members.get(step)]
    return any(reaches(member, tuple(rest), above) for member in members)


def _deeper(shape: Shape, steps: tuple[str, ...], above: frozenset[str]) -> bool:
    if shape.type_name == "map":
        return reaches(shape.value, steps, above)
    if shape.type_name != "structure" or shape.name in above:
        return False
    through = above | {shape.name}
    return any(reaches(member, steps, through) for member in shape.members.values())


def steps_of(path: str) -> tuple[str, ...]:
    """The members of a path; lists are gone through anyway."""
    return tuple(re.sub(r"\[[^\]]*\]", "", path).split("."))


def test_declared_secrets_are_in_the_models() -> None:
    wrong: list[str] = []
    count = 0
    declared = {name: set(paths) for name, paths in secret_paths(LIBRARY).items()}
    for operation, kept in kept_parts(LIBRARY).items():
        declared.setdefault(operation, set()).update(kept)
    for operation, paths in declared.items():
        for path in sorted(paths):
            count += 1
            named = f"{operation} {path}"
            found = reaches(output(operation), steps_of(path), frozenset())
            if found == (named in NOT_IN_THE_MODEL):
                wrong.append(named)
    assert wrong == []
    assert count > 150


def test_a_path_with_a_mistake_is_noticed() -> None:
    shape = output("wafv2:GetWebACLForResource")
    assert reaches(shape, steps_of("WebACL.**.SearchString"), frozenset())
    assert not reaches(shape, steps_of("WebACL.**.SearchStrings"), frozenset())
    assert not reaches(shape, steps_of("WebACL.SearchString"), frozenset())
