"""The schema of a Terraform provider, as the provider itself prints it: never kept here."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.plans.parity.terraform import Tools, find_tools

_TOOLS: Final = find_tools()
ABSENT: Final = _TOOLS if isinstance(_TOOLS, str) else ""
"""Why this machine cannot print the schema; empty: it can."""
_AWS: Final = "registry.terraform.io/hashicorp/aws"
_CONFIGURATION: Final = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
"""

Block = Mapping[str, Any]


@cache
def aws_types() -> Mapping[str, Block]:
    """The block of each resource type of the AWS provider."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "main.tf").write_text(_CONFIGURATION, encoding="utf-8")
        settings = Path(folder) / "terraform.rc"
        assert isinstance(_TOOLS, Tools)
        mirror = json.dumps(str(_TOOLS.mirror))
        settings.write_text(
            f"provider_installation {{\n filesystem_mirror {{\n path = {mirror}\n }}\n}}\n",
            encoding="utf-8",
        )
        environment = {
            **os.environ,
            "TF_CLI_CONFIG_FILE": str(settings),
            "CHECKPOINT_DISABLE": "1",
        }
        _terraform(["init", "-input=false"], folder, environment)
        printed = _terraform(["providers", "schema", "-json"], folder, environment)
    types: Mapping[str, Any] = json.loads(printed)["provider_schemas"][_AWS]["resource_schemas"]
    return {name: found["block"] for name, found in types.items()}


def _terraform(words: list[str], folder: str, environment: Mapping[str, str]) -> str:
    assert isinstance(_TOOLS, Tools)
    command = [_TOOLS.binary, *words]
    done = subprocess.run(
        command, cwd=folder, env=dict(environment), capture_output=True, text=True, check=True
    )
    return done.stdout


def lacking(block: Block, path: tuple[str, ...]) -> str:
    """The first step of a path that a block does not have; empty: it has all of them."""
    here: Any = block
    for step in path:
        if step == "[]":
            continue
        if isinstance(here, str):
            # A text or a number has nothing below it.
            return step
        inner = _below(here, step)
        if inner is None:
            return step
        here = inner
    return ""


def _below(here: Any, step: str) -> Any:
    """What an argument of a block, or of a type, is; None: there is no such argument."""
    if isinstance(here, list):
        return _of_type(here, step)
    blocks = here.get("block_types", {})
    if step in blocks:
        return blocks[step]["block"]
    attribute = here.get("attributes", {}).get(step)
    if attribute is None:
        return None
    return attribute.get("nested_type") or attribute["type"]


def _of_type(here: list[Any], step: str) -> Any:
    """What a step leads to within `["list", inner]`, `["map", inner]` or `["object", members]`."""
    form, inner = here
    if form == "object":
        return inner.get(step)
    if form == "map":
        return inner
    return _of_type(inner, step) if isinstance(inner, list) else None
