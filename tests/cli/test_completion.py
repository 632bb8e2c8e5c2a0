"""Completion in a shell: commands, options, and ids, without loading the library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scanner.cli import run
from scanner.content import library


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    def loads(*_: object, **__: object) -> None:
        raise AssertionError("the library is not loaded for a word")

    monkeypatch.setattr(library, "_load", loads)
    monkeypatch.setenv("_TSCAN_COMPLETE", "bash_complete")

    def words(line: str) -> list[str]:
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
        assert run([]) == 0
        return [one.partition(",")[2] for one in capsys.readouterr().out.splitlines()]

    return words


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("tscan perm", ["permissions"]),
        ("tscan checks l", ["list", "lint"]),
        ("tscan scan --fail-on cr", ["critical"]),
        ("tscan scan --log", ["--log-file"]),
        ("tscan checks show aws-s3-bucket-versio", ["aws-s3-bucket-versioned"]),
        ("tscan checks test aws-s3-bucket-versio", ["aws-s3-bucket-versioned"]),
        ("tscan demo --select aws-s3-bucket-versio", ["aws-s3-bucket-versioned"]),
        ("tscan reperform aws-s3-bucket-versio", ["aws-s3-bucket-versioned"]),
        ("tscan permissions aws --select aws-s3-bucket-versio", ["aws-s3-bucket-versioned"]),
        ("tscan period --control ENC-01", ["ENC-01"]),
        ("tscan findings --control ENC-01", ["ENC-01"]),
        ("tscan findings --check aws-s3-bucket-versio", ["aws-s3-bucket-versioned"]),
        ("tscan explain ENC-01", ["ENC-01"]),
        ("tscan explain access_key_max", ["access_key_max_age_days"]),
        ("tscan explain MC-39", ["MC-39"]),
        ("tscan attest MC-39", ["MC-39"]),
        ("tscan waive aws-s3-bucket-versio", ["aws-s3-bucket-versioned"]),
        ("tscan params access_key_max", ["access_key_max_age_days"]),
        ("tscan demo --param access_key_max", ["access_key_max_age_days="]),
        ("tscan checks show nothing-begins-so", [""]),
    ],
)
def test_a_word_is_completed(complete, line: str, expected: list[str]) -> None:  # type: ignore[no-untyped-def]
    assert complete(line) == expected


def test_own_checks_are_completed(complete, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "aws-s3-own.yaml").touch()
    (tmp_path / "parameters.yaml").write_text("version: 1\nparameters: {ours_days: {}}\n")
    assert complete(f"tscan demo --checks {tmp_path} --select aws-s3-own") == ["aws-s3-own"]
    assert complete(f"tscan demo --checks {tmp_path} --param ours") == ["ours_days="]
    (tmp_path / "parameters.yaml").write_text("{")
    assert complete(f"tscan demo --checks {tmp_path} --param ours") == [""]


def test_no_module_of_a_command_is_imported_to_name_it() -> None:
    code = (
        "import sys; from scanner.cli import run; code = run([]); "
        "print([name for name in sys.modules if name.startswith('scanner.cli.') "
        "and '.support' not in name]); sys.exit(code)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={"_TSCAN_COMPLETE": "bash_complete", "COMP_WORDS": "tscan s", "COMP_CWORD": "1"},
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    # SystemExit is caught, so that what was imported by then is printed.
    assert ran.stdout.splitlines()[-1] == "[]"
    assert "plain,scan" in ran.stdout
