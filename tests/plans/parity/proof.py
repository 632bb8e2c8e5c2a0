"""One run: an estate is applied, drifts, is scanned, planned, applied again and scanned again."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from scanner.history.snapshots.snapshot_file import read_snapshot, write_snapshot
from scanner.model.answers import Snapshot
from scanner.model.config import Config, TargetConfig
from scanner.model.library import Library
from scanner.pipeline import scan
from tests.estate.seed import Estate
from tests.estate.server import running
from tests.plans.parity.drift import DRIFT
from tests.plans.parity.mended import mended
from tests.plans.parity.terraform import Terraform, Tools

ESTATES: Final = Path(__file__).parent / "estates"
LONG: Final = ("inline", "modules", "parts")
SHORT: Final = "small"
REGIONS: Final = ("us-east-1", "eu-west-1")
SERVICES: Final = ("cloudtrail", "ec2", "iam", "kms", "lambda", "rds", "s3", "sqs")
"""Those whose share of decided verdicts is demanded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What one run leaves: evidence alone, so that it can be compared again."""

    configuration: Path
    plan: dict[str, Any]
    state: dict[str, Any]
    """After the plan was applied."""
    before: Snapshot
    """The account when the plan was made."""
    after: Snapshot

    def write(self, folder: Path) -> None:
        """Keep it for later; the configuration is there already."""
        (folder / "plan.json").write_text(json.dumps(self.plan), encoding="utf-8")
        (folder / "state.json").write_text(json.dumps(self.state), encoding="utf-8")
        write_snapshot(folder / "before.snapshot", self.before)
        write_snapshot(folder / "after.snapshot", self.after)

    @classmethod
    def read(cls, folder: Path) -> Proof:
        """What an earlier run kept."""
        return cls(
            configuration=folder / "configuration",
            plan=json.loads((folder / "plan.json").read_text(encoding="utf-8")),
            state=json.loads((folder / "state.json").read_text(encoding="utf-8")),
            before=read_snapshot(folder / "before.snapshot"),
            after=read_snapshot(folder / "after.snapshot"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is scanned of the account."""

    checks: tuple[str, ...]
    regions: tuple[str, ...]
    managed_policies: bool
    """Whether the account has the policies that AWS manages: there are more than 1,000."""

    @classmethod
    def whole(cls, library: Library) -> Scope:
        """Every check on the state of an account, in every region of the estates."""
        return cls(checks=_checks(library, ()), regions=REGIONS, managed_policies=True)

    @classmethod
    def small(cls, library: Library) -> Scope:
        """What the estate of the short form has."""
        kinds = (
            "aws.ec2.security_group",
            "aws.ec2.vpc",
            "aws.iam.account",
            "aws.iam.policy",
            "aws.iam.role",
            "aws.iam.user",
            "aws.kms.key",
            "aws.s3.bucket",
        )
        checks = _checks(library, kinds)
        return cls(checks=checks, regions=REGIONS[:1], managed_policies=False)


def _checks(library: Library, kinds: Collection[str]) -> tuple[str, ...]:
    chosen: list[str] = []
    for check in library.checks.values():
        is_state = library.kinds[check.kind].nature == "state"
        if check.kind.startswith("aws.") and is_state and (not kinds or check.kind in kinds):
            chosen.append(check.id)
    return tuple(sorted(chosen))


def prove(estate: str, tools: Tools, folder: Path, library: Library, scope: Scope) -> Proof:
    """Run one estate in a folder of its own."""
    policies = {"MOTO_IAM_LOAD_MANAGED_POLICIES": str(scope.managed_policies).lower()}
    with mended(), patch.dict(os.environ, policies), running() as endpoint:
        terraform = Terraform(tools, ESTATES / estate, folder, endpoint)
        terraform.init()
        terraform.apply("first")
        DRIFT[estate](Estate(endpoint))
        before = _scanned(endpoint, library, scope)
        plan = terraform.plan("second")
        terraform.apply_plan()
        after = _scanned(endpoint, library, scope)
        return Proof(
            configuration=terraform.folder,
            plan=plan,
            state=terraform.state(),
            before=before,
            after=after,
        )


def _scanned(endpoint: str, library: Library, scope: Scope) -> Snapshot:
    config = Config(targets=(TargetConfig(regions=scope.regions),))
    # moto prints a line for each service that it lacks.
    with _credentials(endpoint), redirect_stdout(io.StringIO()):
        (snapshot,) = scan(config, library, checks=scope.checks)
    return snapshot


@contextmanager
def _credentials(endpoint: str) -> Iterator[None]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    own = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGIONS[0],
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    with patch.dict(os.environ, kept | own, clear=True):
        yield
