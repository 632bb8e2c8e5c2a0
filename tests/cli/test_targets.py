"""`tscan scan --target`: which targets are read, and how the configuration and the options of AWS
go together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scanner.cli import run
from scanner.errors import TscanError
from scanner.model.config import Config, TargetConfig


@pytest.fixture
def scanned(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., tuple[TargetConfig, ...]]:
    """The targets that a scan with these options would read."""
    monkeypatch.chdir(tmp_path)
    seen: list[Config] = []

    def stop(config: Config, *_: Any, **__: Any) -> Any:
        seen.append(config)
        raise TscanError("far enough")

    monkeypatch.setattr("scanner.pipeline.scan", stop)

    def with_options(*options: str) -> tuple[TargetConfig, ...]:
        assert run(["scan", *options]) == 2
        return seen[-1].targets if seen else ()

    return with_options


def test_targets_are_read_in_the_order_in_which_they_are_named(scanned: Any) -> None:
    targets = scanned("--target", "gcp:my-project", "--target", "github:acme")
    assert [(target.cloud, target.settings["id"]) for target in targets] == [
        ("gcp", "my-project"),
        ("github", "acme"),
    ]


def test_options_of_aws_bring_its_account_along(scanned: Any) -> None:
    targets = scanned("--target", "gcp:my-project", "--profile", "audit", "--region", "eu-west-1")
    assert [target.cloud for target in targets] == ["gcp", "aws"]
    assert (targets[0].profile, targets[0].regions) == ("", ())
    assert (targets[1].profile, targets[1].regions) == ("audit", ("eu-west-1",))
    targets = scanned("--target", "aws", "--target", "gcp:my-project", "--profile", "audit")
    assert [(target.cloud, target.profile) for target in targets] == [("aws", "audit"), ("gcp", "")]


def test_without_a_target_the_account_of_the_environment_is_read(scanned: Any) -> None:
    (target,) = scanned()
    assert (target.cloud, target.settings) == ("aws", {})


def test_the_configuration_says_how_a_named_target_is_reached(scanned: Any) -> None:
    Path("tscan.yaml").write_text(
        "version: 1\ntargets:\n"
        "  - gcp: {project: my-project, impersonate: a@b.c}\n"
        "  - aws: {profile: audit}\n"
        "  - github: {organization: acme}\n"
    )
    (named,) = scanned("--target", "gcp:my-project")
    assert named.settings["impersonate"] == "a@b.c"
    (aws,) = scanned("--target", "aws")
    assert aws.profile == "audit"
    (other,) = scanned("--target", "gcp:other-one")
    assert other.settings == {"id": "other-one"}
    assert [target.cloud for target in scanned()] == ["gcp", "aws", "github"]


def test_options_of_aws_need_one_account_of_it(
    scanned: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("tscan.yaml").write_text("version: 1\ntargets: [{gcp: {project: my-project}}]\n")
    assert scanned("--profile", "audit") == ()
    assert "names 0 targets of AWS" in capsys.readouterr().err


def test_an_organization_may_be_several_targets(scanned: Any, tmp_path: Path, capsys: Any) -> None:
    assert scanned("--target", "gcp:42", "--snapshot", str(tmp_path / "one.gz")) == ()
    assert "must be a folder" in capsys.readouterr().err
    assert len(scanned("--target", "gcp:my-project", "--snapshot", str(tmp_path / "one.gz"))) == 1
