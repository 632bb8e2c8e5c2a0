"""A Terraform plan in memory, with the resources that a test needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

CREATE = ("create",)


def change(
    address: str,
    after: Mapping[str, Any] | None,
    *,
    before: Mapping[str, Any] | None = None,
    actions: Sequence[str] = CREATE,
    unknown: Mapping[str, Any] | None = None,
    sensitive: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One entry of `resource_changes`; the type, name and module are those of the address."""
    module, _, own = address.rpartition("module.")
    steps = own.split(".") if not module else own.split(".")[1:]
    if "module." in address:
        module_address = address[: address.rindex(f".{steps[-2]}.{steps[-1]}")]
        more = {"module_address": module_address, **more}
    kind, name = steps[-2], steps[-1].partition("[")[0]
    return {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name,
        "change": {
            "actions": list(actions),
            "before": before,
            "after": after,
            "after_unknown": unknown or {},
            "before_sensitive": {},
            "after_sensitive": sensitive or {},
        },
        **more,
    }


def plan(
    *changes: Mapping[str, Any],
    references: Mapping[str, Mapping[str, Any]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A plan; `references` are by block and argument what its expression refers to.

    A block within a block has the expressions of its arguments instead. Every other argument that
    a change sets is a constant of the configuration.
    """
    blocks: dict[str, dict[str, Any]] = {}
    for one in changes:
        prefix = "data." if one["mode"] == "data" else ""
        block = f"{prefix}{one['type']}.{one['name']}"
        values = one["change"]["after"] or one["change"]["before"] or {}
        blocks[block] = {name: {"constant_value": None} for name in values}
        for name, found in (references or {}).get(block, {}).items():
            blocks[block][name] = expression_of(found)
    resources = [
        {"address": block, "type": block.split(".")[-2], "expressions": expressions}
        for block, expressions in blocks.items()
    ]
    return {
        "format_version": "1.2",
        "terraform_version": "1.15.5",
        "resource_changes": list(changes),
        "configuration": {"root_module": {"resources": resources}},
        **more,
    }


def expression_of(references: Any) -> Any:
    """An argument of the configuration: what it refers to, or the blocks that are written there."""
    if references is None:
        return {"constant_value": None}
    is_leaf = isinstance(references, Sequence) and all(isinstance(one, str) for one in references)
    return {"references": list(references)} if is_leaf else references
