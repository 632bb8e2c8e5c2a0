"""Compares the blocks of a source with those of a plan, which may be of another commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from scanner.core.plans.reduction import Sources

_NO_ARGUMENTS: Final = frozenset(
    {"connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"}
)
"""What Terraform itself reads of a block."""


def differing_blocks(plan: Mapping[str, Any], sources: Sources) -> list[str]:
    """Addresses of blocks that set other arguments in the source than in the plan."""
    root = plan.get("configuration", {}).get("root_module", {})
    found: list[str] = []
    for address, expressions in _blocks(root, ""):
        facts = sources.get(address)
        if facts is None:
            continue
        written = {path.partition(".")[0] for path in facts["arguments"]} - _NO_ARGUMENTS
        # A plan has no dynamic blocks.
        loose = {path.partition(".")[0] for path in facts["dynamic"]}
        if written - loose != set(expressions) - loose - _NO_ARGUMENTS:
            found.append(address)
    return found


def without_trust(sources: Sources, differing: list[str]) -> dict[str, Mapping[str, Any]]:
    """The sources, of which differing blocks show lines alone."""
    trusted = dict(sources)
    for address in differing:
        trusted[address] = {**trusted[address], "is_whole": False}
    return trusted


def _blocks(module: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for block in module.get("resources", ()):
        yield f"{prefix}{block['address']}", block.get("expressions", {})
    for name, call in module.get("module_calls", {}).items():
        yield from _blocks(call.get("module", {}), f"{prefix}module.{name}.")
