"""Waivers of a plan accept a finding by its address, until their day."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scanner.cli import run
from tests.helpers.small_plan import change, plan

RULE = {
    "type": "ingress",
    "protocol": "tcp",
    "from_port": 22,
    "to_port": 22,
    "cidr_blocks": ["0.0.0.0/0"],
    "security_group_id": "sg-1",
}
WAIVERS = """\
version: 1
waivers:
  - id: W-001
    finding:
      target: terraform:net
      check: aws-ec2-sg-no-public-admin-ports
      resource: aws_security_group_rule.ssh
    reason: A jump host until the VPN is there.
    approver: lead@example.com
    opened: {opened}
    expires: {expires}
"""


@pytest.mark.parametrize(("days", "code"), [(30, 0), (-30, 1)])
def test_a_waiver_accepts_a_finding_by_address_until_its_day(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], days: int, code: int
) -> None:
    data = plan(change("aws_security_group_rule.ssh", RULE))
    (tmp_path / "plan.json").write_text(json.dumps(data), encoding="utf-8")
    waivers = tmp_path / "waivers.yaml"
    today = datetime.now(UTC).date()
    term = {"opened": today - timedelta(60), "expires": today + timedelta(days)}
    waivers.write_text(WAIVERS.format(**term), encoding="utf-8")
    arguments = ["plan", str(tmp_path / "plan.json"), "--name", "net", "--waivers", str(waivers)]
    assert run(arguments) == code
    shown = capsys.readouterr().out
    assert ("Waived: " in shown) is (code == 0)
    assert ("waiver expired: " in shown) is (code == 1)
