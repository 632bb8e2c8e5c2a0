"""docs/plans.md, walked from its first file to the annotation, with a terraform that is played."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scanner.formats.plans import PLAN_FORMATS
from tests.helpers.small_plan import change

pytestmark = pytest.mark.slow
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TERRAFORM = """\
#!/bin/sh
# Shows the plan that stands for the configuration as it is; `plan` writes what `show` needs.
case "$*" in
  "-chdir=infra plan -out=tfplan") touch infra/tfplan ;;
  "-chdir=infra show -json tfplan") test -f infra/tfplan && cat "$PLANS/$(
    grep -q 0.0.0.0/0 -r infra && echo open || echo office).json" ;;
  *) echo "unknown: $*" >&2; exit 1 ;;
esac
"""


def _plan(source: str) -> str:
    rule = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": [source]}
    values = {"name": "bastion", "vpc_id": "vpc-1", "ingress": [rule]}
    group = change("module.network.aws_security_group.bastion", values, unknown={"id": True})
    block = {
        "address": "aws_security_group.bastion",
        "mode": "managed",
        "type": "aws_security_group",
        "name": "bastion",
        "expressions": {name: {"constant_value": value} for name, value in values.items()},
    }
    call = {"source": "./modules/network", "module": {"resources": [block]}}
    return json.dumps(
        {
            "format_version": "1.2",
            "terraform_version": "1.15.5",
            "resource_changes": [group],
            "configuration": {"root_module": {"module_calls": {"network": call}}},
        }
    )


def _programs(folder: Path) -> None:
    folder.mkdir()
    (folder / "open.json").write_text(_plan("0.0.0.0/0"))
    (folder / "office.json").write_text(_plan("10.20.0.0/16"))
    for name, text in {
        "terraform": _TERRAFORM,
        "tscan": f'#!/bin/sh\nexec "{sys.executable}" -m scanner "$@"\n',
    }.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)


def test_the_page_is_walked(root: Path, tmp_path: Path) -> None:
    programs, project = tmp_path / "programs", tmp_path / "project"
    _programs(programs)
    (project / ".git").mkdir(parents=True)
    codes: list[int] = []
    printed = ""
    for language, body in _BLOCK.findall((root / "docs/plans.md").read_text()):
        if language == "hcl":
            name, _, text = body.removeprefix("# ").partition("\n")
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).write_text(text)
        elif language == "text":
            assert printed == body
        else:
            if len(codes) == 3:
                # Section 5 asks for this change.
                path = project / "infra/modules/network/main.tf"
                path.write_text(path.read_text().replace("0.0.0.0/0", "10.20.0.0/16"))
            done = subprocess.run(
                ["bash", "-e", "-c", body],
                cwd=project,
                env={
                    "PATH": f"{programs}:{os.environ['PATH']}",
                    "PYTHONPATH": str(root),
                    "PLANS": str(programs),
                    "HOME": str(tmp_path),
                },
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert not done.stderr
            printed = done.stdout
            codes.append(done.returncode)
    assert codes == [0, 1, 1, 0]


def test_the_page_names_every_format_of_plans(root: Path) -> None:
    page = (root / "docs/plans.md").read_text()
    named = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert named == set(PLAN_FORMATS.names) - {"terminal"}
