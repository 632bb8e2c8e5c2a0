"""`tscan checks`: from nothing to a check that runs, and what mistakes look like."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.cli import run
from scanner.cli.checks.new import skeleton
from tests.helpers.library import shipped_library

NAME = "aws-s3-bucket-example"


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new check in an empty folder."""
    monkeypatch.chdir(tmp_path)
    assert run(["checks", "new", NAME, "--resource", "aws.s3.bucket"]) == 0
    return tmp_path / f"{NAME}.yaml"


def test_a_new_check_lints_and_tests_as_it_stands(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["checks", "lint", str(written)]) == 0
    assert capsys.readouterr().out == "1 check without a mistake\n"
    assert run(["checks", "test", str(written)]) == 0
    assert capsys.readouterr().out == "3 examples of 1 check: 3 agree, 0 do not\n"


def test_every_kind_has_a_skeleton_that_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = shipped_library().kinds
    for name, kind in kinds.items():
        identity = f"{name.replace('.', '-').replace('_', '-')}-sketch"
        (tmp_path / f"{identity}.yaml").write_text(skeleton(identity, kind))
    assert run(["checks", "test", str(tmp_path)]) == 0
    count = len(kinds)
    assert (
        capsys.readouterr().out
        == f"{count * 3} examples of {count} checks: {count * 3} agree, 0 do not\n"
    )


def test_a_new_check_is_not_written_over(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = written.read_bytes()
    assert run(["checks", "new", NAME, "--resource", "aws.s3.bucket"]) == 2
    assert "exists already" in capsys.readouterr().err
    assert written.read_bytes() == before


def test_a_new_check_names_what_can_be_read(written: Path) -> None:
    lines = written.read_text().splitlines()
    assert (
        "#   self.grants: list(record) - Grants of the bucket's ACL, each with its grantee."
        in lines
    )
    assert "#     .permission: string - What is granted." in lines
    assert "#   self.key: maybe_one aws.kms.key - The KMS key of the default encryption." in lines


def test_a_folder_of_checks_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["checks", "new", NAME, "--resource", "aws.s3.bucket", "--into", "my-checks"]) == 0
    assert (
        run(["checks", "new", f"{NAME}-2", "--resource", "aws.s3.bucket", "--into", "my-checks"])
        == 0
    )
    capsys.readouterr()
    assert run(["checks", "lint", "my-checks"]) == 0
    assert (
        run(
            [
                "checks",
                "new",
                NAME,
                "--resource",
                "aws.s3.bucket",
                "--into",
                f"my-checks/{NAME}.yaml",
            ]
        )
        == 2
    )
    assert (
        f"my-checks/{NAME}.yaml exists already\n  hint: choose another id"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["new", NAME, "--resource", "aws.s3.buckt"], "did you mean 'aws.s3.bucket'"),
        (["new", "../../x", "--resource", "aws.s3.bucket"], "cannot be a check's id"),
        (["new", "gcp-thing", "--resource", "aws.s3.bucket"], "cannot be a check's id"),
        (["new", "aws-s3-bucket-versioned", "--resource", "aws.s3.bucket"], "exists already"),
        (
            ["new", NAME, "--resource", "aws.s3.bucket", "--into", "/dev/null/x"],
            "cannot be written",
        ),
        (["kinds", "aws.s3.buckt"], "did you mean 'aws.s3.bucket'"),
        (["show", "aws-s3-bucket-versionde"], "did you mean 'aws-s3-bucket-versioned'"),
        (["list", "--service", "S33"], "did you mean 'S3'?"),
        (["list", "--cloud", "gpc"], "did you mean 'gcp'?"),
        (["list", "--cloud", "gcp", "--service", "S3"], "no check matches all of these filters"),
        (
            ["list", "--search", "MFA unicorn"],
            "no check has all the words of --search 'MFA unicorn'",
        ),
        (["list", "--search", "  "], "--search has no word in it"),
        (["list", "--control", "ENC-1"], "did you mean 'ENC-01'?"),
        (["list", "--criterion", "CC6.11"], "did you mean 'CC6.1'?"),
        (["list", "--severity", "grave"], "grave"),
        (["list", "--format", "xml"], "xml"),
        (["lint", "nowhere.yaml"], "does not exist"),
        (["test", "no-such-check"], "there is no check"),
    ],
)
def test_misuse_is_2_with_a_hint(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["checks", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_lint_names_every_mistake_with_its_place(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = written.read_text().replace("severity: medium", "severity: graev")
    written.write_text(text + "extra: 1\n")
    line = text[: text.index("severity:")].count("\n") + 1
    last = text.count("\n") + 1
    assert run(["checks", "lint", str(written)]) == 2
    shown = capsys.readouterr().err
    assert f"{written.name}:{line}:11:" in shown
    assert f"{written.name}:{last}:1:" in shown


def test_an_example_that_disagrees_is_1_with_its_line(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = written.read_text()
    swapped = text.replace("  pass:    ", "  keep:    ").replace("  fail:    ", "  pass:    ")
    written.write_text(swapped.replace("  keep:    ", "  fail:    "))
    capsys.readouterr()
    assert run(["checks", "test", str(written)]) == 1
    shown = capsys.readouterr().out
    assert "expected pass, says fail" in shown
    assert "expected fail, says pass" in shown
    line = swapped[: swapped.index("  pass:    ")].count("\n") + 1
    assert f"\n{written.name}:{line}: {NAME}: expected pass" in f"\n{shown}"


def test_show_says_all_that_matters(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["checks", "show", "aws-s3-bucket-versioned"]) == 0
    shown = capsys.readouterr().out
    assert all(
        f"{part}\n" in shown for part in ("Passes when", "Why", "Fix", "Reads", "Calls", "Controls")
    )
    assert "s3:GetBucketVersioning" in shown
    assert "s3:ListBuckets" in shown


def test_list_can_be_narrowed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["checks", "list", "--service", "s3", "--cloud", "aws"]) == 0
    shown = capsys.readouterr().out
    assert "aws-s3-bucket-versioned" in shown
    assert "aws-iam" not in shown


def test_every_example_of_the_pack_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["checks", "test"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("agree, 0 do not")


@pytest.mark.parametrize("command", ["lint", "test", "mutate"])
def test_a_file_is_checked_alone_whatever_lies_beside_it(
    command: str, written: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    beside = written.parent
    (beside / "tscan.yaml").write_text("version: 1\n")
    (beside / "broken.yaml").write_text("a: [")
    (beside / "other.yml").write_text("a: 1\n")
    named = [written.name, f"./{written.name}", str(written)]
    for name in named:
        assert run(["checks", command, name]) == 0, capsys.readouterr().err
    elsewhere = beside / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert run(["checks", command, f"../{written.name}"]) == 0
    # A folder is read whole, as a scan reads it.
    assert run(["checks", command, str(beside)]) == 2
    assert "broken.yaml:2:1:" in capsys.readouterr().err


def test_the_version_that_is_missing_is_named_beside_every_other_mistake(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = written.read_text().replace("version: 1\n", "")
    written.write_text(text.replace("severity: medium", "severity: grave"))
    for command in ("lint", "test"):
        assert run(["checks", command, written.name]) == 2
        shown = capsys.readouterr().err
        assert f"{written.name}:1:1: 'version' is missing" in shown
        assert "begin the file with 'version: 1'" in shown
        assert "grave" in shown


def test_a_file_alone_has_the_parameters_of_its_folder(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written.parent / "my-checks" / "s3"
    folder.mkdir(parents=True)
    path = folder / written.name
    text = written.read_text().replace("pass_when: ", "pass_when: size(params.own_names) > 0 || ")
    path.write_text(text)
    written.unlink()
    assert run(["checks", "test", str(path)]) == 2
    assert "own_names" in capsys.readouterr().err
    parameters = folder.parent / "parameters.yaml"
    parameters.write_text(
        "version: 1\nparameters:\n  own_names:\n    type: list(string)\n"
        "    default: []\n    meaning: Names of our own.\n    stricter: subset\n"
    )
    assert run(["checks", "test", str(path)]) == 0, capsys.readouterr().err
    assert run(["checks", "lint", str(path), str(parameters)]) == 0
    assert capsys.readouterr().out.endswith(f"1 check, {parameters} without a mistake\n")


def test_lint_without_a_file_reads_what_is_shipped_and_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    library = shipped_library()
    assert run(["checks", "lint"]) == 0
    shipped = f"{len(library.checks)} checks, {len(library.controls)} controls"
    assert capsys.readouterr().out == f"{shipped} without a mistake\n"
    (tmp_path / "tscan.yaml").write_text("version: 1\nwaivers: waivers.yaml\n")
    (tmp_path / "waivers.yaml").write_text("version: 1\nwaivers: [{id: W-1}]\n")
    assert run(["checks", "lint"]) == 2
    assert "waivers.yaml:2:" in capsys.readouterr().err


def test_lint_of_a_folder_without_a_check_is_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["checks", "lint", str(tmp_path)]) == 2
    assert "no check is there" in capsys.readouterr().err


def test_kinds_are_found_by_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["checks", "kinds", "Bucket"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "aws.s3.bucket  S3 bucket" in lines
    assert all("bucket" in line.lower() for line in lines)
    assert run(["checks", "kinds", "aws.s3.bucket"]) == 0
    assert "  self.acls_disabled: bool - " in capsys.readouterr().out
