"""Random sequences of scans that `verify --deep` must find as committed.

    python -m tests.history.sequences --count 200

Between two scans anything changes that a verdict may depend on: parameters, waivers, the pack,
regions, the estate and its refusals, which checks run, which accounts are judged together, and the
time."""

from __future__ import annotations

import argparse
import random
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from scanner.cli.support.judging import judge_recorded
from scanner.content.library import load_library
from scanner.content.locations import Roots
from scanner.history.ledger.commit import commit_scan
from scanner.history.ledger.compact import compact
from scanner.history.ledger.evidence_refs import operations
from scanner.history.ledger.ledger import Ledger
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.history.stores import open_store
from scanner.history.verification.reverify import Reverifier
from scanner.history.verification.verify import Verified, verify
from scanner.model.answers import Answer, Snapshot, State, Target
from scanner.model.findings import Assessment, Verdict
from scanner.model.library import Library
from scanner.model.waivers import FindingScope, GapScope, Waiver
from scanner.pipeline import judge
from tests.helpers.estate_recording import SNAPSHOT
from tests.helpers.recorded_nights import ROOT

CHECKS: Final = (
    "aws-iam-access-key-rotated-90d",
    "aws-iam-password-min-length",
    "aws-iam-user-console-mfa",
    "aws-kms-key-rotation-enabled",
    "aws-logs-retention-365d",
    "aws-rds-instance-backup-retention",
    "aws-rds-instance-encrypted",
    "aws-s3-bucket-classification-tagged",
    "aws-s3-bucket-default-encryption-set",
    "aws-s3-bucket-versioned",
    "aws-s3-confidential-bucket-expires",
    "aws-s3-log-bucket-object-lock",
    "aws-secretsmanager-secret-rotated",
    "aws-sqs-queue-kms-encrypted",
)
VALUES: Final[dict[str, tuple[Any, ...]]] = {
    "access_key_max_age_days": (1, 30, 400),
    "audit_log_buckets": ([], ["acme-prod-audit-logs"], ["acme-prod-data"]),
    "audit_log_lock_days": (1, 4000),
    "backup_retention_days": (1, 7, 30),
    "classification_values": (["public"], ["public", "internal"]),
    "confidential_retention_days": (1, 730),
    "confidential_values": (["confidential"], ["personal"]),
    "log_retention_days": (1, 30, 3650),
    "password_min_length": (8, 14, 64),
    "record_untagged_in": (True, False),
    "record_values": (["system-of-record"], ["yes"]),
    "secret_max_age_days": (1, 9, 900),
}
"""Values that parameters of these checks take."""
REGIONS: Final = (("eu-west-1", "us-east-1"), ("eu-west-1",), ("us-east-1",))
ACCOUNTS: Final = ("aws:123456789012", "aws:210987654321")
_START: Final = datetime(2027, 1, 1, tzinfo=UTC)
_CONTROL: Final = """version: 1
id: ENC-01
title: Stored data is encrypted
statement: Every store encrypts what it holds.
category: Data
nature: preventive, automated
frequency: continuous
modes: [setting]
checks:
  - {id: aws-s3-bucket-default-encryption-set, role: evidences, why: Buckets are stores.}
  - {id: aws-rds-instance-encrypted, role: evidences, why: Databases are stores.}
when_empty: not shown
population: Every store.
deviation: each store and interval
why: Encryption keeps data unreadable.
"""
_CRITERION: Final = """version: 1
criteria:
  CC6.1:
    category: Security
    title: Access is restricted
    evidence: automated
    controls:
      - {id: ENC-01, role: primary, why: Encryption restricts.}
"""


@dataclass(frozen=True)
class Content:
    """One of the packs that judge."""

    roots: Roots
    library: Library


def make_packs(folder: Path) -> list[Content]:
    """Small packs: as shipped, with another default and condition, and with a check renamed."""
    contents: list[Content] = []
    for number in range(3):
        roots = _roots(folder / f"pack-{number}", number)
        contents.append(Content(roots, load_library(roots)))
    return contents


def _roots(folder: Path, number: int) -> Roots:
    (folder / "resources/aws").mkdir(parents=True)
    for kind in _kinds():
        name = f"aws/{kind.removeprefix('aws.')}.yaml"
        shutil.copy(ROOT / "scanner/resources" / name, folder / "resources" / name)
    shutil.copy(ROOT / "scanner/resources/aws.yaml", folder / "resources/aws.yaml")
    mappings = folder / "mappings"
    (mappings / "controls").mkdir(parents=True)
    (mappings / "soc2-2017").mkdir()
    (mappings / "controls/ENC-01.yaml").write_text(_CONTROL)
    (mappings / "manual.yaml").write_text("version: 1\nmanual: {}\n")
    framework = "version: 1\nid: soc2-2017\ntitle: Criteria\n"
    (mappings / "soc2-2017/framework.yaml").write_text(framework)
    (mappings / "soc2-2017/CC6.yaml").write_text(_CRITERION)
    checks = folder / "checks"
    for name in CHECKS:
        (path,) = (ROOT / "checks/aws").glob(f"*/{name}.yaml")
        text = path.read_text()
        if number == 1 and name == "aws-kms-key-rotation-enabled":
            text = re.sub(r"pass_when: (.*)", r'pass_when: "true"', text, count=1)
        if number == 2 and name == "aws-sqs-queue-kms-encrypted":
            text = text.replace(f"id: {name}", f"id: {name}-own\naliases: [{name}]", 1)
            name += "-own"
        place = checks / "aws" / path.parent.name
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{name}.yaml").write_text(text)
    parameters = (ROOT / "checks/parameters.yaml").read_text()
    if number == 1:
        parameters = parameters.replace("default: 14", "default: 8")
    (checks / "parameters.yaml").write_text(parameters)
    return Roots(kinds=folder / "resources", checks=checks, mappings=mappings, validate=False)


@cache
def _kinds() -> frozenset[str]:
    """The kinds of the checks, and those that they lead to: all others only take time to load."""
    library = load_library(lazily=True)
    found: set[str] = set()
    open_ones = {library.checks[name].kind for name in CHECKS}
    while open_ones:
        name = open_ones.pop()
        found.add(name)
        kind = library.kinds[name]
        open_ones |= {relation.kind for relation in kind.relations.values()} - found
        if kind.listing is not None and kind.listing.per:
            open_ones |= {kind.listing.per} - found
    return frozenset(found)


@cache
def _taken() -> Snapshot:
    """The recorded account, with only the answers that these checks read."""
    read = set().union(*operations(load_library(lazily=True), CHECKS).values())
    taken = read_snapshot(SNAPSHOT)
    answers = {key: one for key, one in taken.answers.items() if one.call.operation in read}
    return replace(taken, answers=answers)


@dataclass
class Story:
    """One sequence of scans in progress."""

    chance: random.Random
    packs: Sequence[Content]
    store: Path
    when: datetime = _START
    params: dict[str, Any] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
    regions: tuple[str, ...] = REGIONS[0]
    accounts: tuple[str, ...] = ACCOUNTS[:1]
    pack: int = 0
    changed: dict[str, Answer] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    scans: int = 0
    causes: Counter[str] = field(default_factory=Counter)

    def run(self, count: int) -> None:
        for number in range(count):
            if number:
                self._change()
            self._scan()
            if self.chance.random() < 0.1:
                compact(open_store(str(self.store)))

    def _change(self) -> None:
        deeds = [
            self._set_parameter,
            self._set_parameter,
            self._decide,
            self._switch_pack,
            self._switch_regions,
            self._switch_accounts,
            self._alter,
            self._alter,
            self._refuse,
            self._leave_out,
        ]
        # Two at once are where a cause is mistaken for another.
        for deed in self.chance.sample(deeds, self.chance.choice((0, 1, 2, 3))):
            deed()
        self.when += timedelta(days=self.chance.choice((1, 1, 1, 40)))

    def _set_parameter(self) -> None:
        name = self.chance.choice(sorted(VALUES))
        if name in self.params and self.chance.random() < 0.4:
            del self.params[name]
        else:
            self.params[name] = self.chance.choice(VALUES[name])

    def _switch_pack(self) -> None:
        # A name that was given up does not come back.
        self.pack = self.chance.choice((0, 1, 2)) if self.pack < 2 else 2

    def _switch_regions(self) -> None:
        self.regions = self.chance.choice(REGIONS)

    def _switch_accounts(self) -> None:
        self.accounts = ACCOUNTS[: self.chance.choice((1, 2))]

    def _leave_out(self) -> None:
        self.left_out = frozenset(self.chance.sample(CHECKS, self.chance.choice((0, 1, 3))))

    def _alter(self) -> None:
        """Other values somewhere in some answers, and an earlier one again."""
        for _ in range(8):
            key, answer = self._any_answer()
            data = _altered(answer.data, self.chance)
            self.changed[key] = replace(answer, data=data)
        self.changed.pop(self.chance.choice(sorted(self.changed)))

    def _refuse(self) -> None:
        key, answer = self._any_answer()
        self.changed[key] = replace(answer, state=State.DENIED, data=None, code="AccessDenied")

    def _any_answer(self) -> tuple[str, Answer]:
        answers = _taken().answers
        key = self.chance.choice(sorted(answers))
        return key, answers[key]

    def _decide(self) -> None:
        """Accept failures and gaps that there may be; drop what was accepted."""
        self.waivers = ()
        for number, finding in enumerate(self._unwaived()):
            scope: FindingScope | GapScope
            scope = FindingScope(target=ACCOUNTS[0], check=finding[0], resource=finding[1])
            if finding[2]:
                operation, _, region = finding[2].partition("@")
                scope = GapScope(target=ACCOUNTS[0], operation=operation, region=region)
            opened = self.when.date() - timedelta(days=1)
            self.waivers += (
                Waiver(
                    id=f"W-{number}",
                    scope=scope,
                    reason="accepted",
                    approver="head@acme.example",
                    opened=opened,
                    expires=opened + timedelta(days=self.chance.choice((2, 30, 300))),
                    author="dev@acme.example",
                ),
            )

    def _unwaived(self) -> list[tuple[str, str, str]]:
        found: dict[tuple[str, str, str], None] = {}
        for one in self._judge(self._snapshots(), ()).findings:
            if one.verdict is Verdict.FAIL:
                found[one.check, one.resource.id, ""] = None
            for gap in one.gaps[:1]:
                if gap:
                    found["", "", gap] = None
        return self.chance.sample(sorted(found), min(len(found), self.chance.choice((0, 1, 3))))

    def _snapshots(self) -> list[Snapshot]:
        content = self.packs[self.pack]
        checks = tuple(sorted(set(content.library.checks) - self.left_out))
        answers = {**_taken().answers, **self.changed}
        inside = {
            key: one
            for key, one in answers.items()
            if not one.call.region or one.call.region in (*self.regions, "aws-global")
        }
        moment = self.when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return [
            replace(
                _taken(),
                id=f"scan-{self.scans}-{account[4:]}",
                target=Target(account),
                started=moment,
                finished=moment.replace(":00.000Z", ":30.000Z"),
                regions=self.regions,
                checks=checks,
                params=dict(self.params),
                answers=inside,
            )
            for account in self.accounts
        ]

    def _judge(self, snapshots: Sequence[Snapshot], waivers: tuple[Waiver, ...]) -> Assessment:
        return judge(snapshots, self.packs[self.pack].library, waivers=waivers)

    def _scan(self) -> None:
        content = self.packs[self.pack]
        snapshots = self._snapshots()
        assessment = self._judge(snapshots, self.waivers)
        commit_scan(
            snapshots,
            assessment,
            content.library,
            str(self.store),
            sign=False,
            waivers=self.waivers,
            roots=content.roots,
        )
        self.scans += 1


def _altered(value: object, chance: random.Random) -> object:
    """A value with one thing in it changed."""
    if isinstance(value, dict) and value:
        key = chance.choice(sorted(value))
        return {**value, key: _altered(value[key], chance)}
    if isinstance(value, list) and value:
        place = chance.randrange(len(value))
        if chance.random() < 0.3:
            return value[:place] + value[place + 1 :]
        return [*value[:place], _altered(value[place], chance), *value[place + 1 :]]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return chance.choice((0, 1, value + 1, value * 40))
    return value


def deep(store: Path, library: Library) -> Verified:
    """What `tscan verify --deep` finds."""
    opened = open_store(str(store))
    found = verify(opened)
    Reverifier(Ledger(opened), judge_recorded, library).run(found)
    return found


def run(count: int, seed: int, first: int = 0) -> Counter[str]:
    """The transitions of so many sequences by their cause; AssertionError for one that is called
    damaged, or that cannot be re-evaluated."""
    causes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        packs = make_packs(Path(name))
        for number in range(first, first + count):
            chance = random.Random(f"{seed}-{number}")
            store = Path(name) / f"store-{number}"
            story = Story(chance, packs, store)
            story.run(chance.choice((3, 5, 8)))
            found = deep(store, packs[0].library)
            if found.damages or found.not_rejudged:
                lines = [*map(str, found.damages), *map(str, found.not_rejudged)]
                raise AssertionError(f"sequence {seed}-{number}:\n" + "\n".join(lines[:20]))
            ledger = Ledger(open_store(str(store)))
            for chain in ledger.chains():
                causes.update(move.cause.value for move in ledger.transitions(chain))
            shutil.rmtree(store)
    return causes


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    causes = run(options.count, options.seed)
    named = ", ".join(f"{count} by {cause}" for cause, count in sorted(causes.items()))
    print(f"{options.count} sequences as committed; transitions: {named}")


if __name__ == "__main__":
    main()
