"""The GitHub Action: its steps on pull requests that open a port, close it, or change another thing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers import pipeline_readers as read
from tests.helpers.actions_runner import Runner
from tests.helpers.terraform_project import GROUP, OFFICE, OPEN, QUEUE, write_project

pytestmark = pytest.mark.slow
PORTS = "aws-ec2-sg-no-public-admin-ports"
OLD = {(PORTS, GROUP), ("aws-sqs-queue-kms-encrypted", QUEUE)}
"""What fails before and after a change of the queue's name, where the group is open in both."""
INPUTS = {"source": "infra", "upload_sarif": "true"}


@pytest.fixture
def runner(root: Path, tmp_path: Path) -> Runner:
    workspace = tmp_path / "work space"
    workspace.mkdir()
    return Runner(action=root, workspace=workspace, temp=tmp_path / "temp")


def test_a_change_that_opens_port_22_is_annotated_on_its_line_and_stops(runner: Runner) -> None:
    write_project(runner.workspace, before=OFFICE, after=OPEN)
    run = runner.run(**INPUTS)
    assert run.code == 1, run.log
    first, count = read.commands(run.log)
    assert first.name == "error"
    assert first.properties["file"] == "infra/modules/access/main.tf"
    assert first.properties["line"] == "5"
    assert GROUP in first.message
    assert "called at infra/main.tf:5" in first.message
    assert count.message.startswith("1 worse, 0 weakened, 0 better")
    page = read.markdown(run.summary)
    assert page.rows[3][0] == "critical"
    assert page.rows[3][2] == f"infra/modules/access/main.tf:5\n{GROUP}"
    sarif = run.used["github/codeql-action/upload-sarif"]["sarif_file"]
    (result,) = read.sarif(Path(sarif).read_text())["results"]
    assert result["ruleId"] == PORTS
    assert run.outputs["exit-code"] == "1"
    assert (run.outputs["worse"], run.outputs["better"]) == ("1", "0")
    assert json.loads(Path(run.outputs["json"]).read_text())["exit_code"] == 1
    artifact = run.used["actions/upload-artifact"]
    assert artifact == {
        "name": "tscan",
        "path": run.outputs["reports"],
        "if-no-files-found": "ignore",
    }
    reports = {path.name for path in Path(artifact["path"]).iterdir()}
    assert reports == {"tscan.json", "tscan.md", "tscan.sarif"}


def test_the_mended_change_is_better_and_goes_on(runner: Runner) -> None:
    write_project(runner.workspace, before=OPEN, after=OFFICE)
    run = runner.run(**INPUTS)
    assert run.code == 0, run.log
    (count,) = read.commands(run.log)
    assert count.message.startswith("0 worse, 0 weakened, 1 better")
    assert "0 worse, 1 better" in run.summary
    assert run.outputs["better"] == "1"


def test_old_failures_do_not_stop_a_change_of_another_thing(runner: Runner) -> None:
    write_project(runner.workspace, before=OPEN, after=OPEN)
    run = runner.run(**INPUTS)
    assert run.code == 0, run.log
    assert [one.name for one in read.commands(run.log)] == ["notice"]
    assert run.outputs["already-failing"] == str(len(OLD))
    findings = json.loads(Path(run.outputs["json"]).read_text())["findings"]
    old = [(one["check"], one["address"]) for one in findings if one["after"] == "fail"]
    assert sorted(old) == sorted(OLD)
    everything = runner.run(**INPUTS, new_only="false", formats="junit gitlab", artifact="")
    assert everything.code == 1
    assert "actions/upload-artifact" not in everything.used
    folder = Path(everything.outputs["reports"])
    issues = read.code_quality((folder / "tscan.gitlab.json").read_text())
    assert {(one["check_name"], one["location"]["path"]) for one in issues} == {
        (PORTS, "infra/modules/access/main.tf"),
        ("aws-sqs-queue-kms-encrypted", "infra/main.tf"),
    }
    # The queue's is of low severity, which does not stop: skipped with its reason.
    outcomes = [case.outcome for case in read.junit((folder / "tscan.junit.xml").read_text())]
    assert outcomes.count("failure") == 1


def test_in_the_folder_of_the_configuration_paths_are_still_the_repositorys(
    runner: Runner,
) -> None:
    write_project(runner.workspace, before=OFFICE, after=OPEN)
    runner.workspace /= "infra"
    run = runner.run(plan="../tfplan.json")
    first, _ = read.commands(run.log)
    assert first.properties["file"] == "infra/modules/access/main.tf"


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"plan": "missing.json"}, "missing.json"),
        ({"plan": "--help"}, "--help"),
        ({"command": "history"}, "plan, scan, drift, verify"),
        ({"source": "$(touch pwned)"}, "pwned"),
        ({"plan": '"; touch pwned; "\n::error::x'}, "pwned"),
        ({"formats": "nonsense"}, "unknown plan format 'nonsense'"),
        ({"fail_on": "nonsense"}, "--fail-on"),
    ],
    ids=str,
)
def test_a_wrong_input_stops_and_runs_nothing(
    runner: Runner, inputs: dict[str, str], message: str
) -> None:
    write_project(runner.workspace, before=OFFICE, after=OFFICE)
    run = runner.run(**{**INPUTS, **inputs})
    assert run.code != 0
    assert message in run.log
    assert not (runner.workspace / "pwned").exists()
    assert {one.message for one in read.commands(run.log)} <= {
        "tscan could not run: see the log of this step"
    }
    assert "github/codeql-action/upload-sarif" not in run.used


def test_code_of_the_checked_repository_does_not_run(runner: Runner) -> None:
    write_project(runner.workspace, before=OFFICE, after=OFFICE)
    for name in ("scanner", "click", "json", "sitecustomize"):
        (runner.workspace / f"{name}.py").write_text("open('pwned', 'w').close()\n")
    run = runner.run(**INPUTS)
    assert run.code == 0, run.log
    assert not (runner.workspace / "pwned").exists()


def test_a_scan_that_cannot_run_says_why_in_the_log_and_the_summary(runner: Runner) -> None:
    (runner.workspace / "tscan.yaml").write_text("version: 1\ntargetts: []\n")
    run = runner.run(command="scan")
    assert run.code == 2
    assert run.outputs["exit-code"] == "2"
    assert "    tscan.yaml:2:1: " in run.summary
    (error,) = read.commands(run.log)
    assert error.message == "tscan could not run: see the log of this step"


def test_a_scan_without_credentials_is_no_success(runner: Runner) -> None:
    (runner.workspace / "tscan.yaml").write_text("version: 1\ntargets: [{aws: {}}]\n")
    for command in ("scan", "drift", "verify"):
        assert runner.run(command=command).code not in (0, 1)
