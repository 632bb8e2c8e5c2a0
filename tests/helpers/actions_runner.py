"""Runs the steps of a composite action as the runner of GitHub Actions does, offline.

Scripts run in bash, with the files for outputs and the summary that the runner gives. Steps that use
another action are noted with their inputs, and not run.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


@dataclass
class Run:
    """What the steps of an action did."""

    code: int = 0
    """Of the step that failed; 0: none did."""
    log: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    used: dict[str, dict[str, str]] = field(default_factory=dict)
    """Inputs of the actions that were used, by their names without version."""


@dataclass
class Runner:
    """A runner with a checkout of the user's repository."""

    action: Path
    """The checkout of the action."""
    workspace: Path
    temp: Path

    def __post_init__(self) -> None:
        # As after an earlier use in the job: packages are not installed again. This one has them.
        python = self.temp / "tscan" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)

    def run(self, **inputs: str) -> Run:
        """Run the action with inputs, written with underscores."""
        action = yaml.safe_load((self.action / "action.yml").read_text())
        given = {name: str(one["default"]) for name, one in action["inputs"].items()}
        given.update({name.replace("_", "-"): value for name, value in inputs.items()})
        assert set(given) == set(action["inputs"])
        known = {f"inputs.{name}": value for name, value in given.items()}
        known.update({"runner.temp": str(self.temp), "runner.os": "Linux", "runner.arch": "X64"})
        run = Run()
        for step in action["runs"]["steps"]:
            if "if" in step and not self._condition(step["if"], known):
                continue
            run.code = self._step(step, known, run)
            if run.code:
                break
        for name, output in action["outputs"].items():
            run.outputs[name] = self._text(output["value"], known)
        return run

    def _step(self, step: Mapping[str, Any], known: dict[str, str], run: Run) -> int:
        if "uses" in step:
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"]), "not pinned"
            name = step["uses"].partition("@")[0]
            run.used[name] = {
                key: self._text(str(value), known) for key, value in step.get("with", {}).items()
            }
            if name == "actions/setup-python":
                known[f"steps.{step['id']}.outputs.python-path"] = sys.executable
            return 0
        assert "${{" not in step["run"], "an expression in a script"
        files = {name: self.temp / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("")
        script = self.temp / "script.sh"
        script.write_text(step["run"])
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.temp),
                "RUNNER_TEMP": str(self.temp),
                "GITHUB_WORKSPACE": str(self.workspace),
                "GITHUB_ACTION_PATH": str(self.action),
                **{name: str(file) for name, file in files.items()},
                **{key: self._text(value, known) for key, value in step.get("env", {}).items()},
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        run.log += done.stdout
        run.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        for line in files["GITHUB_OUTPUT"].read_text().splitlines():
            name, _, value = line.partition("=")
            known[f"steps.{step['id']}.outputs.{name}"] = value
        return done.returncode

    def _text(self, text: str, known: Mapping[str, str]) -> str:
        return _EXPRESSION.sub(lambda found: self._value(found[1], known), text)

    def _value(self, expression: str, known: Mapping[str, str]) -> str:
        if re.fullmatch(r"'[^']*'", expression):
            return expression[1:-1]
        # What is not set is empty, as for the runner; a misspelled context is not.
        assert re.fullmatch(r"(inputs|steps|runner)\.[\w.-]+", expression), expression
        assert not expression.startswith(("inputs.", "runner.")) or expression in known, expression
        return known.get(expression, "")

    def _condition(self, text: str, known: Mapping[str, str]) -> bool:
        parts = [part.strip() for part in text.split("&&")]
        return all(self._comparison(part, known) for part in parts)

    def _comparison(self, text: str, known: Mapping[str, str]) -> bool:
        found = re.fullmatch(r"(\S+) (==|!=) (\S+)", text)
        assert found, text
        same = self._value(found[1], known) == self._value(found[3], known)
        return same == (found[2] == "==")
