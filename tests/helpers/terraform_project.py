"""A Terraform configuration with nested modules, and plans of changes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.helpers.small_plan import change

GROUP = "module.network.module.access.aws_security_group.bastion"
QUEUE = "aws_sqs_queue.jobs"
FILES = {
    "infra/main.tf": """\
resource "aws_sqs_queue" "jobs" {
  name = "jobs"
}

module "network" {
  source = "./modules/network"
}
""",
    "infra/modules/network/main.tf": """\
module "access" {
  source = "../access"
}
""",
    "infra/modules/access/main.tf": """\
resource "aws_security_group" "bastion" {
  name   = "bastion"
  vpc_id = "vpc-1"

  ingress {
    protocol    = "tcp"
    from_port   = 22
    to_port     = 22
    cidr_blocks = ["CIDR"]
  }
}
""",
}
OPEN, OFFICE = "0.0.0.0/0", "10.20.0.0/16"


def write_project(folder: Path, *, before: str, after: str) -> None:
    """Write the configuration after a change of the group's source, and `tfplan.json`."""
    (folder / ".git").mkdir()
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("CIDR", after))
    (folder / "tfplan.json").write_text(json.dumps(_plan(before, after)))


def _plan(before: str, after: str) -> dict[str, Any]:
    group = change(
        GROUP,
        _group(after),
        before=_group(before),
        actions=("no-op",) if before == after else ("update",),
    )
    queue = change(QUEUE, {"name": "jobs"}, before={"name": "work"}, actions=("update",))
    access = {"resources": [_block(group)]}
    network = {"module_calls": {"access": {"source": "../access", "module": access}}}
    root = {
        "resources": [_block(queue)],
        "module_calls": {"network": {"source": "./modules/network", "module": network}},
    }
    return {
        "format_version": "1.2",
        "terraform_version": "1.15.5",
        "resource_changes": [group, queue],
        "configuration": {"root_module": root},
    }


def _group(source: str) -> dict[str, Any]:
    rule = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": [source]}
    return {"id": "sg-1", "name": "bastion", "vpc_id": "vpc-1", "ingress": [rule]}


def _block(resource: Mapping[str, Any]) -> dict[str, Any]:
    values = resource["change"]["after"]
    return {
        "address": f"{resource['type']}.{resource['name']}",
        "mode": "managed",
        "type": resource["type"],
        "name": resource["name"],
        "expressions": {name: {"constant_value": value} for name, value in values.items()},
    }
