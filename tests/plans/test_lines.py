"""Blocks are found in their file and on their lines; the truth is searched for line by line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.terraform.plan_file import read_plan
from scanner.terraform.sources import read_sources

PLANS = os.environ.get("TSCAN_PLANS", "")
_HEAD = re.compile(r'^(resource|data|module) +"([\w-]+)"(?: +"([\w-]+)")? *\{', re.MULTILINE)
_SOURCE = re.compile(r'^ *source *= *"(\.[^"]*)"', re.MULTILINE)

FILES = {
    "main.tf": """\
resource "aws_s3_bucket" "logs" {
  bucket = "logs"
  tags   = { owner = "}" }
}

module "net" {
  source = "./modules/net"
}

data "aws_caller_identity" "me" {}
""",
    "other.tf": """\
# resource "aws_s3_bucket" "commented" {
resource "aws_iam_policy" "p" {
  policy = <<-EOT
    resource "aws_s3_bucket" "in_text" {
  EOT
}
resource "aws_sqs_queue" "q" {
  name = "$${not} %%{a}"
}
""",
    "modules/net/main.tf": """\
resource "aws_security_group" "web" {
  dynamic "ingress" {
    for_each = []
    content {}
  }
}

module "inner" {
  source = "../inner"
}
""",
    "modules/inner/main.tf": """\


resource "aws_security_group" "web" {
}
""",
}


def truth(folder: Path, prefix: str = "", root: Path | None = None) -> Iterator[tuple[str, str]]:
    """Each block with its file, first and last line, by looking for heads and closing braces."""
    root = root or folder
    for file in sorted(folder.glob("*.tf")):
        text = re.sub(r"<<-?(\w+)\n.*?\n *\1\n", _blank, file.read_text(), flags=re.DOTALL)
        for found in _HEAD.finditer(text):
            kind, first, second = found.groups()
            end = text.index("}", found.end()) if text[found.end()] == "}" else -1
            if end < 0:
                end = text.index("\n}", found.end()) + 1
            lines = f"{text.count(chr(10), 0, found.start()) + 1}-{text.count(chr(10), 0, end) + 1}"
            name = os.path.relpath(file, root)
            address = {"data": f"data.{first}.{second}", "module": f"module.{first}"}.get(
                kind, f"{first}.{second}"
            )
            yield f"{prefix}{address}", f"{name}:{lines}"
            source = _SOURCE.search(text[found.start() : end])
            if kind == "module" and source:
                yield from truth(folder / source[1], f"{prefix}{address}.", root)


def _blank(found: re.Match[str]) -> str:
    return "EOT" + "\n" * found[0].count("\n")


def found_in(folder: Path) -> dict[str, str]:
    blocks = read_sources(folder)
    return {
        address: f"{one['file']}:{one['line']}-{one['last']}" for address, one in blocks.items()
    }


def write(folder: Path) -> None:
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_every_block_has_its_file_and_lines(tmp_path: Path) -> None:
    write(tmp_path)
    expected = dict(truth(tmp_path))
    assert len(expected) == 8
    assert expected["aws_sqs_queue.q"] == "other.tf:7-9"
    assert found_in(tmp_path) == expected


def test_the_search_agrees_on_public_configurations() -> None:
    """TSCAN_PLANS names a folder of plans with their sources; without it there is nothing to see."""
    folder = Path(PLANS)
    if not PLANS:
        pytest.skip("TSCAN_PLANS names no folder of plans")
    addresses = exact = 0
    wrong_files: list[str] = []
    for path in sorted(folder.rglob("*.json")):
        source = next(filter(_has, _folders(path)), None)
        if source is None or path.name == "modules.json":
            continue
        expected, found = dict(truth(source)), found_in(source)
        for change in read_plan(str(path)).get("resource_changes", ()):
            address = re.sub(r'\[("(?:[^"\\]|\\.)*"|\d+)\]', "", change["address"])
            if address not in expected:
                # Not in the source: nothing may be shown for it.
                assert address not in found, address
                continue
            addresses += 1
            exact += found.get(address) == expected[address]
            file = found.get(address, "").partition(":")[0]
            if file and file != expected[address].partition(":")[0]:
                wrong_files.append(address)
    assert wrong_files == []
    assert addresses > 100
    assert exact / addresses >= 0.98


def _folders(plan: Path) -> Iterator[Path]:
    """Where the configuration of a plan may lie: `shop-noop.json` is of `shop`."""
    yield plan.with_suffix("")
    yield plan.with_name(plan.stem.rpartition("-")[0] or plan.stem)
    yield plan.parent


def _has(folder: Path) -> bool:
    return any(folder.glob("*.tf"))


def test_of_a_module_that_is_not_here_its_call_is_shown(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "modules/net/main.tf").unlink()
    (tmp_path / "modules/net").rmdir()
    found = found_in(tmp_path)
    assert "module.net.aws_security_group.web" not in found
    assert found["module.net"] == "main.tf:6-8"


@pytest.mark.parametrize("is_repository", [True, False])
def test_a_module_beside_the_folder_is_read_where_it_is_of_the_same_repository(
    tmp_path: Path, is_repository: bool
) -> None:
    (tmp_path / "live").mkdir()
    (tmp_path / "shared").mkdir()
    if is_repository:
        (tmp_path / ".git").mkdir()
    (tmp_path / "live/main.tf").write_text('module "m" {\n  source = "../shared"\n}\n')
    (tmp_path / "shared/main.tf").write_text('resource "aws_sqs_queue" "q" {\n}\n')
    found = found_in(tmp_path / "live")
    assert found["module.m"] == "main.tf:1-3"
    assert found.get("module.m.aws_sqs_queue.q") == (
        "../shared/main.tf:1-2" if is_repository else None
    )


def test_a_block_that_an_override_adds_to_is_found_and_shows_nothing_plain(
    tmp_path: Path,
) -> None:
    text = 'resource "aws_sqs_queue" "q" {\n  kms_master_key_id = aws_kms_key.k.arn\n}\n'
    (tmp_path / "main.tf").write_text(text)
    assert read_sources(tmp_path)["aws_sqs_queue.q"]["is_whole"] is True
    other = text.replace("aws_kms_key.k.arn", "try(aws_kms_key.k.arn, null)")
    (tmp_path / "override.tf").write_text(other)
    facts = read_sources(tmp_path)["aws_sqs_queue.q"]
    assert (facts["file"], facts["is_whole"]) == ("main.tf", False)
