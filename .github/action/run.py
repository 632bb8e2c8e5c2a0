"""Runs tscan as a step of GitHub Actions: inputs are variables, results are files and outputs.

The step succeeds whatever tscan finds, so that reports are uploaded: the action's last step exits
with the code.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

CHECKOUT: Final = Path(__file__).resolve().parents[2]
_COMMANDS: Final = ("plan", "scan", "drift", "verify")
_LARGEST_SUMMARY: Final = 900 * 1024
"""Bytes; GitHub takes 1 MiB of one step."""
_EXTENSIONS: Final = {
    "gitlab": "gitlab.json",
    "json": "json",
    "junit": "junit.xml",
    "markdown": "md",
    "sarif": "sarif",
    "terminal": "txt",
}
_MESSAGES: Final = {
    1: "Failures stop this job: see the summary",
    2: "tscan could not run: see the log of this step",
    3: "Something could not be read, so it is unknown whether it passes: see the summary",
}


def main() -> int:
    """Run the command of the inputs, and write what the next steps need."""
    folder = Path(tempfile.mkdtemp(prefix="tscan-reports-", dir=os.environ["RUNNER_TEMP"]))
    command = _input("command")
    if command not in _COMMANDS:
        sys.exit(f"input command: write {', '.join(_COMMANDS)}")
    reports = _reports(command, folder)
    code, printed = _run(_arguments(command, reports))
    written = {name: path for name, path in reports.items() if path.is_file()}
    if "github" in written:
        print(written.pop("github").read_text(encoding="utf-8"), end="")
    elif code:
        print(f"::error title=tscan::{_MESSAGES.get(code, _MESSAGES[2])}")
    reports["github"].unlink(missing_ok=True)
    _append("GITHUB_STEP_SUMMARY", _summary(written.get("markdown"), printed))
    outputs = {"exit-code": code, "reports": folder, **_counts(written.get("json"))}
    outputs.update({name: path for name, path in written.items() if name in ("json", "sarif")})
    _append("GITHUB_OUTPUT", "".join(f"{name}={value}\n" for name, value in outputs.items()))
    return 0


def _input(name: str) -> str:
    return os.environ.get(f"INPUT_{name.upper()}", "").strip()


def _reports(command: str, folder: Path) -> dict[str, Path]:
    """The files that tscan writes, by format; drift prints only."""
    names = {"plan": ["json", "markdown", "sarif"], "scan": ["json"]}.get(command, [])
    if command == "plan":
        names += _input("formats").replace(",", " ").split()
    reports = {name: folder / f"tscan.{_EXTENSIONS.get(name, name)}" for name in names}
    return {**reports, "github": folder / "annotations"}


def _arguments(command: str, reports: Mapping[str, Path]) -> list[str]:
    """The command line. Each value is joined to its option: none can be an option of its own."""
    if command == "verify":
        return [command, "--deep"]
    arguments = [command, *_given("config")]
    if command == "plan":
        arguments += [*_given("source"), *_given("over")]
    if command in ("plan", "scan"):
        arguments += _given("fail_on")
    is_new_only = _input("new_only") != "false"
    if command == "plan" and not is_new_only:
        arguments.append("--all")
    if command == "scan" and is_new_only:
        arguments.append("--new-only")
    for name, path in reports.items():
        if command == "plan" or name != "github":
            arguments.append(f"--format={name}={path}")
    if command == "plan":
        arguments += ["--", *_input("plan").splitlines()]
    return arguments


def _given(name: str) -> Iterator[str]:
    value = _input(name)
    if value:
        yield f"--{name.replace('_', '-')}={value}"


def _run(arguments: list[str]) -> tuple[int, str]:
    """The exit code of tscan, and what it printed, which is shown while it runs."""
    # Names in the output must not act as commands of the runner.
    token = secrets.token_hex(16)
    print(f"::stop-commands::{token}", flush=True)
    lines: list[str] = []
    with subprocess.Popen(  # noqa: S603 - no shell, and each value is joined to its option
        # -P: modules of the repository that is checked must not stand for those of tscan.
        [sys.executable, "-P", "-m", "scanner", *arguments],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            lines.append(line)
            print(line, end="", flush=True)
    print(f"\n::{token}::", flush=True)
    return process.returncode, "".join(lines)


def _summary(markdown: Path | None, printed: str) -> str:
    """The report in Markdown; without one, what was printed, as code."""
    if markdown is not None:
        return markdown.read_text(encoding="utf-8") + "\n"
    # Indented, so that nothing in it acts: a fence could be closed by a name.
    text = "".join(f"    {line}\n" for line in printed.splitlines())
    cut = text.encode()[:_LARGEST_SUMMARY].decode("utf-8", "ignore")
    return f"### tscan\n\n{cut}\n"


def _counts(report: Path | None) -> dict[str, Any]:
    if report is None:
        return {}
    document = json.loads(report.read_bytes())
    found: dict[str, Any] = document.get("counts") or document["summary"]["findings"]
    return {name.replace(" ", "-"): value for name, value in found.items()}


def _append(variable: str, text: str) -> None:
    with open(os.environ[variable], "a", encoding="utf-8", newline="\n") as file:
        file.write(text)


if __name__ == "__main__":
    sys.exit(main())
