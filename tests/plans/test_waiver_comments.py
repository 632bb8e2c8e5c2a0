"""Waivers in comments of a configuration: at a resource, and at a module call for all below it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.cli import run
from tests.helpers.small_plan import change, plan

PORTS = "aws-ec2-sg-no-public-admin-ports"
TODAY = datetime.now(UTC).date()
LATER = TODAY + timedelta(days=30)
PAST = TODAY - timedelta(days=30)
OPEN = {
    "protocol": "tcp",
    "from_port": 22,
    "to_port": 22,
    "cidr_blocks": ["0.0.0.0/0"],
}
GROUP = {"name": "web", "vpc_id": "vpc-1", "ingress": [OPEN]}
RESOURCE = 'resource "aws_security_group" "web" {'


def waiver(until: object = LATER, check: str = PORTS) -> str:
    return f'# tscan:waive {check} reason="A jump host." until={until}'


class Configuration:
    """A folder with a configuration, and a plan that opens a port."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capsys = capsys

    def write(self, text: str, file: str = "main.tf") -> None:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def plan(
        self, *addresses: str, form: str = "terminal", more: tuple[str, ...] = ()
    ) -> tuple[int, str]:
        changes = [change(address, GROUP) for address in addresses or ("aws_security_group.web",)]
        file = self.folder / "tfplan.json"
        file.write_text(json.dumps(plan(*changes)), encoding="utf-8")
        arguments = ["--source", str(self.folder), "--format", form, "--select", PORTS]
        code = run(["plan", str(file), *arguments, *more])
        out = self.capsys.readouterr()
        return code, out.out + out.err

    def json(self, *addresses: str) -> tuple[int, dict[str, Any]]:
        code, text = self.plan(*addresses, form="json")
        shown: dict[str, Any] = json.loads(text)
        return code, {one["address"]: one for one in shown["findings"]}


@pytest.fixture
def configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Configuration:
    return Configuration(tmp_path, capsys)


@pytest.mark.parametrize(
    "text",
    [
        f"{waiver()}\n{RESOURCE}\n}}\n",
        f"{waiver()}\n# Ask the network team.\n{RESOURCE}\n  name = 1\n}}\n",
        f"{RESOURCE}\n  {waiver()}\n  name = 1\n}}\n",
        f"{RESOURCE}\n  // {waiver()[2:]}\n}}\n",
        f'{RESOURCE}\n  # tscan:waive {PORTS} until={LATER} reason="A \\"jump\\" host."\n}}\n',
        f'# tscan:waive {PORTS} until="{LATER}" reason="A jump host."\r\n{RESOURCE}\r\n}}\r\n',
    ],
)
def test_a_comment_at_a_resource_accepts_its_finding(
    configuration: Configuration, text: str
) -> None:
    configuration.write(text)
    code, shown = configuration.plan()
    assert code == 0, shown
    words = " ".join(shown.split())
    assert "0 worse" in words
    assert "1 waived" in words
    assert f"Waived: {PORTS} aws_security_group.web: A " in words
    place = "main.tf:1" if text.startswith("#") else "main.tf:2"
    assert f"({place}, until {LATER})" in words


def test_a_comment_accepts_its_check_alone_and_its_block_alone(
    configuration: Configuration,
) -> None:
    other = 'resource "aws_security_group" "other" {\n}\n'
    configuration.write(f"{waiver()}\n{RESOURCE}\n}}\n{other}")
    code, found = configuration.json(
        'aws_security_group.web["a"]', 'aws_security_group.web["b"]', "aws_security_group.other"
    )
    assert code == 1
    assert {address: "waiver" in one for address, one in found.items()} == {
        'aws_security_group.web["a"]': True,
        'aws_security_group.web["b"]': True,
        "aws_security_group.other": False,
    }
    configuration.write(f"{waiver(check='aws-s3-bucket-versioned')}\n{RESOURCE}\n}}\n")
    assert configuration.plan()[0] == 1


def test_a_comment_below_a_block_of_one_line_belongs_to_the_next(
    configuration: Configuration,
) -> None:
    first = 'resource "aws_security_group" "other" {}'
    configuration.write(f"{first}\n{waiver()}\n{RESOURCE}\n}}\n")
    code, found = configuration.json("aws_security_group.web", "aws_security_group.other")
    assert code == 1
    assert "waiver" in found["aws_security_group.web"]
    assert "waiver" not in found["aws_security_group.other"]


MODULE = 'module "net" {\n  source = "./net"\n}\n'


@pytest.mark.parametrize("has_folder", [True, False])
def test_a_comment_at_a_module_call_accepts_all_below_it(
    configuration: Configuration, has_folder: bool
) -> None:
    configuration.write(f"{waiver()}\n{MODULE}{RESOURCE}\n}}\n")
    if has_folder:
        configuration.write('module "inner" {\n  source = "./inner"\n}\n', "net/main.tf")
        configuration.write(f"{RESOURCE}\n}}\n", "net/inner/main.tf")
    inner = "module.net[0].module.inner.aws_security_group.web"
    code, found = configuration.json(inner, "aws_security_group.web")
    assert code == 1
    assert "(main.tf:1, until " in found[inner]["waiver"]
    assert "waiver" not in found["aws_security_group.web"]


def test_a_downloaded_module_accepts_nothing_for_its_users(configuration: Configuration) -> None:
    configuration.write('module "net" {\n  source = "example/net/aws"\n}\n')
    modules = {"Modules": [{"Key": "net", "Dir": ".terraform/modules/net"}]}
    configuration.write(json.dumps(modules), ".terraform/modules/modules.json")
    configuration.write(
        f"{waiver()}\n{RESOURCE}\n}}\n# tscan:waive\n", ".terraform/modules/net/m.tf"
    )
    code, found = configuration.json("module.net.aws_security_group.web")
    assert code == 1
    assert "waiver" not in found["module.net.aws_security_group.web"]


@pytest.mark.parametrize("form", ["terminal", "github", "markdown", "json", "junit"])
def test_an_expired_comment_is_shown_and_accepts_nothing(
    configuration: Configuration, form: str
) -> None:
    configuration.write(f"{waiver(PAST)}\n{RESOURCE}\n}}\n")
    code, shown = configuration.plan(form=form)
    assert code == 1
    words = " ".join(shown.split()).replace("&#x2d;", "-")
    assert "expired" in words
    assert f"until {PAST}" in words
    assert "waived" not in words.replace("| waived |", "")


def test_until_is_the_first_day_on_which_it_no_longer_counts(configuration: Configuration) -> None:
    configuration.write(f"{waiver(TODAY)}\n{RESOURCE}\n}}\n")
    assert configuration.plan()[0] == 1
    configuration.write(f"{waiver(TODAY + timedelta(days=1))}\n{RESOURCE}\n}}\n")
    assert configuration.plan()[0] == 0


def test_a_comment_that_accepts_nothing_is_noted(configuration: Configuration) -> None:
    configuration.write(
        f'{RESOURCE}\n}}\n{waiver()}\nresource "aws_security_group" "shut" {{\n}}\n'
    )
    shut = change("aws_security_group.shut", {**GROUP, "ingress": []})
    file = configuration.folder / "other.json"
    file.write_text(json.dumps(plan(shut)), encoding="utf-8")
    _, shown = configuration.plan(more=(str(file),))
    assert "note: 1 waiver in comments accept nothing: main.tf:3" in " ".join(shown.split())


@pytest.mark.parametrize(
    ("comment", "column", "message"),
    [
        (f'# tscan:waive {PORTS} reason="x"', 58, "'until' is missing"),
        (f"# tscan:waive {PORTS} until=2027-01-31", 64, "'reason' is missing"),
        ('# tscan:waive reason="x" until=2027-01-31', 14, "no check is named"),
        ("# tscan:waive", 14, "no check is named"),
        (f"# tscan:waive {PORTS} reason=x until=2027-01-31", 55, "a reason stands in quotes"),
        (f'# tscan:waive {PORTS} reason=" " until=2027-01-31', 55, "the reason is empty"),
        (f'# tscan:waive {PORTS} reason="x" until=soon', 65, "'soon' is not a day"),
        (f'# tscan:waive {PORTS} reason="x" until=2027-02-30', 65, "'2027-02-30' is not a day"),
        (f'# tscan:waive {PORTS} reason="x" until=20270131', 65, "'20270131' is not a day"),
        (f'# tscan:waive {PORTS} reason="x" untill=2027-01-31', 59, "there is no option 'untill'"),
        (f'# tscan:waive {PORTS} reason="x" reason="y"', 59, "'reason' is written twice"),
        (f'# tscan:waive {PORTS} reason="x until=2027-01-31', 48, "is not an option"),
        (f"# tscan:waive {PORTS} because", 48, "'because' is not an option"),
        (f'# tscan:waiver {PORTS} reason="x" until=2027-01-31', 1, "not a waiver in the form"),
        (f'# tscan: waive {PORTS} reason="x" until=2027-01-31', 1, "not a waiver in the form"),
        (f'# TSCAN:WAIVE {PORTS} reason="x" until=2027-01-31', 1, "not a waiver in the form"),
        ("# tscan:ignore", 1, "not a waiver in the form"),
        (f'/* tscan:waive {PORTS} reason="x" until=2027-01-31 */', 1, "not a waiver in the form"),
        (waiver(check="aws-ec2-sg-no-public-admin-port"), 15, "there is no check"),
        (waiver(until="9999-01-01"), 15, "a waiver lasts 366 days at most"),
        (f'# tscan:waive {PORTS} reason="{"x" * 501}" until=2027-01-31', 55, "longer than 500"),
    ],
)
def test_a_wrong_comment_is_an_error_at_its_place(
    configuration: Configuration, comment: str, column: int, message: str
) -> None:
    configuration.write(f"{RESOURCE}\n}}\n\n  {comment}\n{RESOURCE.replace('web', 'b')}\n}}\n")
    code, shown = configuration.plan(form="json")
    assert code == 2
    file = configuration.folder / "main.tf"
    assert f"{file}:4:{column + 2}: " in shown
    assert message in shown
    assert "hint: " in shown


@pytest.mark.parametrize(
    "text",
    [
        f"{waiver()}\n\n{RESOURCE}\n}}\n",
        f'{waiver()}\nvariable "x" {{\n}}\n',
        f'{waiver()}\ndata "aws_ami" "x" {{\n}}\n',
        f"{RESOURCE}\n  name = 1\n  {waiver()}\n}}\n",
        f"{RESOURCE}\n  ingress {{\n    {waiver()}\n  }}\n}}\n",
        f"{RESOURCE} {waiver()}\n}}\n",
        f"{RESOURCE}\n}}\n{waiver()}\n",
    ],
)
def test_a_comment_that_belongs_to_nothing_is_an_error(
    configuration: Configuration, text: str
) -> None:
    configuration.write(text)
    code, shown = configuration.plan()
    assert code == 2
    assert "hint: put it on the line above a resource" in " ".join(shown.split())


def test_one_check_is_waived_once_at_a_block(configuration: Configuration) -> None:
    configuration.write(f"{waiver()}\n{RESOURCE}\n  {waiver()}\n}}\n")
    code, shown = configuration.plan()
    assert code == 2
    assert "main.tf:3:17: " in shown
    assert "hint: first at main.tf:1" in shown


def test_sentences_and_texts_that_name_tscan_are_no_waivers(configuration: Configuration) -> None:
    configuration.write(
        f"# tscan: we plan every night\n# see tscan:waive in the manual\n{RESOURCE}\n"
        f"  description = <<EOT\n# tscan:waive {PORTS}\nEOT\n}}\n"
    )
    assert configuration.plan()[0] == 1


def test_in_the_working_folder_a_wrong_comment_is_an_error_too(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration.write(f"# tscan:waive\n{RESOURCE}\n}}\n")
    configuration.plan()
    monkeypatch.chdir(configuration.folder)
    assert run(["plan", "tfplan.json"]) == 2
    assert "main.tf:1:14: " in configuration.capsys.readouterr().err
