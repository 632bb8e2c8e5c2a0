"""docs/ci.md: every file that it shows is valid, pinned, and grants no more than it says."""

from __future__ import annotations

import configparser
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from scanner.cli import run
from scanner.cli.support.variables import variable_of
from scanner.cli.verify import verify
from tests.conftest import ROOT

_BLOCK = re.compile(r"^```(\w+)\n(?:#|//) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PAGE = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
FILES = {name: body for _, name, body in _BLOCK.findall(_PAGE)}
WORKFLOWS = [name for name in FILES if name.startswith(".github/workflows/")]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
OURS = "example/tscan@"
_PINNED = re.compile(r"@[0-9a-f]{40}$")
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}\b")


def test_the_page_shows_what_it_promises() -> None:
    assert len(WORKFLOWS) == 3
    rest = set(FILES) - set(WORKFLOWS)
    assert rest == {
        "tscan.yaml",
        "Containerfile",
        ".gitlab-ci.yml",
        "Jenkinsfile",
        "/etc/cron.d/tscan",
        "/etc/systemd/system/tscan.service",
        "/etc/systemd/system/tscan.timer",
        ".pre-commit-config.yaml",
    }


def _jobs(name: str) -> Iterator[dict[str, Any]]:
    yield from yaml.safe_load(FILES[name])["jobs"].values()


def _steps(name: str) -> Iterator[dict[str, Any]]:
    for job in _jobs(name):
        yield from job["steps"]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_is_pinned_and_grants_nothing_by_default(name: str) -> None:
    workflow = yaml.safe_load(FILES[name])
    assert workflow["permissions"] == {}
    # YAML 1.1 reads the key `on` as true.
    assert "pull_request_target" not in workflow[True]
    for job in _jobs(name):
        assert job["permissions"]["contents"] == "read"
        assert job["timeout-minutes"]
    for step in _steps(name):
        if "uses" in step:
            assert _PINNED.search(step["uses"])
        if step.get("uses", "").startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] is False
        # Text of a pull request in a script is a script.
        assert "${{" not in step.get("run", "")


def test_forks_get_no_role_and_no_secret() -> None:
    fork = yaml.safe_load(FILES[".github/workflows/plan.yml"])["jobs"]["fork"]
    assert fork["permissions"] == {"contents": "read"}
    assert "secrets." not in str(fork)
    assert "!=" in fork["if"]


def test_workflows_give_the_action_inputs_that_it_has() -> None:
    used = [step for name in WORKFLOWS for step in _steps(name) if OURS in step.get("uses", "")]
    assert len(used) == 5
    for step in used:
        assert set(step.get("with", {})) <= set(ACTION["inputs"])
        for text in step.get("with", {}).values():
            assert isinstance(text, str), "an input is a text: true would be one, too"
    option = next(one for one in verify.params if one.name == "public_key")
    assert variable_of(option, "tscan verify") in FILES[".github/workflows/verify.yml"]  # type: ignore[arg-type]


def test_the_page_lists_the_inputs_with_their_defaults_and_the_outputs() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| ?(?:`(.*?)`)? ?\|", _PAGE, re.MULTILINE)
    listed = {name: default for name, default in rows if name in ACTION["inputs"]}
    assert listed == {name: str(one["default"]) for name, one in ACTION["inputs"].items()}
    outputs = _PAGE[_PAGE.index("Outputs: ") : _PAGE.index("Other options are set")]
    assert set(re.findall(r"`([\w-]+)`", outputs)) == set(ACTION["outputs"])


@pytest.mark.parametrize("name", [*WORKFLOWS, ".gitlab-ci.yml", "action.yml"])
def test_published_schemas_accept_them(name: str) -> None:
    if importlib.util.find_spec("check_jsonschema") is None:
        pytest.skip("check-jsonschema, which has the published schemas, is not installed")
    from check_jsonschema.builtin_schemas import get_builtin_schema

    kind = {".gitlab-ci.yml": "gitlab-ci", "action.yml": "github-actions"}
    schema = get_builtin_schema(f"vendor.{kind.get(name, 'github-workflows')}")
    document = ACTION if name == "action.yml" else yaml.safe_load(FILES[name])
    if True in document:
        document["on"] = document.pop(True)
    jsonschema.validators.validator_for(schema)(schema).validate(document)


def test_zizmor_finds_nothing(tmp_path: Path) -> None:
    zizmor = Path(sys.executable).with_name("zizmor")
    if not zizmor.exists():
        pytest.skip("zizmor, which looks for weaknesses of workflows, is not installed")
    for name in WORKFLOWS:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FILES[name])
    done = subprocess.run(
        [zizmor, "--offline", "--no-progress", *map(str, _inputs(tmp_path))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def _inputs(folder: Path) -> list[Path]:
    return [folder / ".github/workflows", ROOT / "action.yml", ROOT / ".github/workflows"]


def test_the_action_uses_only_what_is_pinned() -> None:
    for step in ACTION["runs"]["steps"]:
        if "uses" in step:
            assert _PINNED.search(step["uses"])
        else:
            assert "${{" not in step["run"]
    lock = (ROOT / ".github/action/requirements.lock").read_text()
    packages = re.findall(r"^([\w.-]+)==([\w.]+)", lock, re.MULTILINE)
    hashes = re.findall(
        r"^\S+==.*?\n((?:    --hash=sha256:[0-9a-f]{64}.*\n?)+)", lock, re.MULTILINE
    )
    assert len(packages) == len(hashes) > 20
    whole = (ROOT / "requirements.lock").read_text()
    for name, version in packages:
        assert f"\n{name}=={version} " in whole, "make lock was run for one of the two alone"


def test_the_container_is_of_two_stages_by_digest_and_not_root() -> None:
    lines = FILES["Containerfile"].replace("\\\n", " ").splitlines()
    stages = [line for line in lines if line.startswith("FROM ")]
    assert len(stages) == 2
    assert all(map(_DIGEST.search, stages))
    user = next(line for line in reversed(lines) if line.startswith("USER "))
    assert not user.endswith((" 0", " root", " 0:0"))
    assert "--require-hashes" in FILES["Containerfile"]
    for line in lines:
        if line.startswith("COPY ") and "--from" not in line:
            assert (ROOT / line.split()[1]).exists(), line


@pytest.mark.parametrize("name", [".gitlab-ci.yml", "Jenkinsfile"])
def test_images_of_other_pipelines_are_named_by_digest(name: str) -> None:
    images = re.findall(r"image:? '?(registry\S+)", FILES[name])
    assert images
    assert all(map(_DIGEST.search, images))


def test_units_of_systemd_are_read() -> None:
    for name in ("tscan.service", "tscan.timer"):
        parser = configparser.ConfigParser(interpolation=None)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read_string(FILES[f"/etc/systemd/system/{name}"])
        assert parser.sections()
    service = FILES["/etc/systemd/system/tscan.service"]
    assert "SuccessExitStatus=1 3" in service, "2 and a signal stay failures"


def test_commands_of_the_page_have_these_options(capsys: pytest.CaptureFixture[str]) -> None:
    text = "\n".join(FILES.values())
    found = set(
        re.findall(r"\btscan ((?:checks )?(?:plan|scan|lint|permissions aws))\b([^\n'\"]*)", text)
    )
    assert len(found) >= 5
    for command, rest in found:
        assert run([*command.split(), "--help"]) == 0
        shown = capsys.readouterr().out
        for option in re.findall(r"--[\w-]+", rest):
            assert option in shown


def test_the_configuration_is_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tscan.yaml").write_text(FILES["tscan.yaml"].replace("s3://example-history", "."))
    monkeypatch.chdir(tmp_path)
    assert run(["history", "list"]) == 2
    assert "tscan.yaml:" not in capsys.readouterr().err, "it was read"
