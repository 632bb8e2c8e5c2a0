"""Scans of other scopes between the nightly ones: drift and alerts say exactly what changed in the
estate."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from scanner.alert import DeliveryContext, notify
from scanner.channels import Message
from scanner.core.drift.between_records import drift_between
from scanner.core.drift.comparison import DriftKind
from scanner.history.ledger.ledger import Ledger
from scanner.history.outbox import Outbox
from scanner.history.stores.local import LocalStore
from scanner.history.verification.verify import verify
from scanner.model.config import AlertRule
from scanner.model.history import Record, chain_name
from tests.helpers.small_scans import HERE, library, scan

LIBRARY = library()
CHECKS = ("check-a", "check-b", "check-c")
REGIONS = ("eu-west-1", "us-east-1")
VERDICTS = ("pass", "pass", "fail", "unknown")
RULES = (AlertRule(to=("json://127.0.0.1",)),)
EVENTS = {
    DriftKind.NEW_FAILURE: "new failure",
    DriftKind.NEW_UNKNOWN: "new unknown",
    DriftKind.FIXED: "fixed",
    DriftKind.RESOLVED: "fixed",
    DriftKind.REMOVED: "fixed",
}
Key = tuple[str, str, str]
Estate = Mapping[Key, str]
Change = tuple[str, str, str, str]
"""Kind of drift or event, check, region and resource."""


@dataclass(frozen=True)
class Scope:
    """A way to scan: the configured one, or one that options make differ."""

    options: tuple[str, ...] = ()
    checks: tuple[str, ...] = CHECKS
    regions: tuple[str, ...] = REGIONS
    params: Mapping[str, Any] = field(default_factory=dict)

    def seen(self, estate: Estate) -> dict[Key, str]:
        """What a scan of it finds; its parameters are so strict that nothing passes."""
        found: dict[Key, str] = {}
        for (check, region, resource), verdict in estate.items():
            if check in self.checks and region in self.regions:
                strict = self.params and verdict == "pass"
                found[check, region, resource] = "fail" if strict else verdict
        return found


NIGHTLY = Scope()
OTHERS = (
    Scope(("select=check-a",), checks=("check-a",)),
    Scope(("select=check-b", "select=check-c"), checks=("check-b", "check-c")),
    Scope(("region=us-east-1",), regions=("us-east-1",)),
    Scope(("param=days=1",), params={"days": 1}),
    Scope(("region=eu-west-1", "severity=high"), ("check-a",), ("eu-west-1",)),
)


class World:
    """A store, an estate that changes, and what a reader of it was told."""

    def __init__(self, folder: Path, dice: random.Random) -> None:
        self.store = LocalStore(str(folder))
        self.ledger = Ledger(self.store)
        self.estate: dict[Key, str] = {}
        self.sent: list[Change] = []
        self._dice = dice
        self._number = 0
        self._last: dict[Scope | tuple[str, ...], dict[Key, str]] = {}
        self._failed: dict[tuple[str, ...], set[Key]] = {}

    def change(self) -> None:
        """Resources appear, vanish, and get better or worse."""
        for number in range(6):
            for region in REGIONS:
                if self._dice.random() < 0.4:
                    self._change(region, f"bucket-{number}")

    def _change(self, region: str, resource: str) -> None:
        gone = self._dice.random() < 0.25
        for check in CHECKS:
            self.estate.pop((check, region, resource), None)
            if not gone:
                self.estate[check, region, resource] = self._dice.choice(VERDICTS)

    def scan(self, scope: Scope) -> Record:
        self._number += 1
        return self.ledger.commit(
            scan(
                self._number,
                scope.seen(self.estate),
                checks=scope.checks,
                regions=scope.regions,
                params=scope.params,
                scope=scope.options,
            )
        )

    def expected(self, scope: Scope) -> list[Change] | None:
        """What changed since the last scan of this scope; None for the first."""
        now = scope.seen(self.estate)
        before = self._last.get(scope.options)
        failed = self._failed.setdefault(scope.options, set())
        self._last[scope.options] = now
        found: list[Change] = []
        for key in sorted({*(before or {}), *now}):
            was, is_now = (before or {}).get(key, ""), now.get(key, "")
            what = kind_of(was, is_now, failed=key in failed)
            if was != is_now and what is not None:
                found.append((what.value, *key))
            if is_now == "fail" or (is_now == "unknown" and was == "fail"):
                failed.add(key)
            elif is_now != "unknown" or was != "unknown":
                failed.discard(key)
        return None if before is None else found

    def alerts(self, record: Record) -> list[Change]:
        self.sent.clear()
        post = DeliveryContext(
            environment={}, send=self._send, now=lambda: datetime(2026, 2, 1, tzinfo=UTC)
        )
        notify(self.ledger, record.chain, LIBRARY, RULES, Outbox(self.store), post)
        return sorted(self.sent)

    def _send(self, _: str, message: Message) -> str:
        for entry in message.entries:
            item = entry.item
            assert item.target == HERE
            self.sent.append((item.event, item.check, item.region, item.resource))
        return ""


def kind_of(was: str, now: str, *, failed: bool) -> DriftKind | None:
    """What drift calls a change, written down once more."""
    if now == "fail":
        return DriftKind.NEW_FAILURE
    if now == "unknown":
        return DriftKind.NEW_UNKNOWN
    if was not in ("fail", "unknown"):
        return None
    if not failed:
        return DriftKind.RESOLVED
    return DriftKind.FIXED if now == "pass" else DriftKind.REMOVED


def drift_of(world: World, record: Record) -> list[Change]:
    before = world.ledger.records(record.chain)[-2]
    found = drift_between(world.ledger, before, record, LIBRARY, today=date(2026, 2, 1))
    assert found.changes == (), "the same checks, regions and parameters"
    return sorted((one.what.value, one.check, one.region, one.resource) for one in found.moved)


@pytest.mark.parametrize("seed", range(20))
def test_drift_and_alerts_say_what_changed_and_nothing_else(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    world = World(tmp_path / "s", dice)
    told = 0
    for _ in range(5):
        world.change()
        mixture = [dice.choice(OTHERS) for _ in range(dice.randrange(4))]
        mixture.insert(dice.randrange(len(mixture) + 1), NIGHTLY)
        for scope in mixture:
            # What is there at a scan is what it finds: between two scans the estate changes too.
            if dice.random() < 0.5:
                world.change()
            expected = world.expected(scope)
            record = world.scan(scope)
            alerts = world.alerts(record)
            if expected is None:
                assert (record.seq, alerts) == (1, [])
                continue
            assert drift_of(world, record) == sorted(expected)
            events = [(EVENTS[DriftKind(what)], *key) for what, *key in expected]
            assert alerts == sorted(events)
            told += len(alerts)
    assert told > 20
    assert verify(world.store).damages == []
    assert world.ledger.targets() == [HERE]


# -- chains ----------------------------------------------------------------------------------------


def commit(ledger: Ledger, number: int, scope: Sequence[str] = (), **more: Any) -> Record:
    return ledger.commit(
        scan(number, {("check-a", "eu-west-1", "b"): "pass"}, scope=tuple(scope), **more)
    )


def test_each_scope_has_a_chain_of_its_own(tmp_path: Path) -> None:
    ledger = Ledger(LocalStore(str(tmp_path / "s")))
    whole = commit(ledger, 1)
    part = commit(ledger, 2, ("select=check-a",))
    again = commit(ledger, 3)
    assert (whole.chain, whole.seq, again.seq) == (HERE, 1, 2)
    assert again.previous_sha256 == whole.sha256
    assert (part.seq, part.scope, part.previous_sha256) == (1, ("select=check-a",), "")
    assert part.chain == chain_name(HERE, ("select=check-a",)) != HERE
    fresh = Ledger(LocalStore(str(tmp_path / "s")))
    assert set(fresh.chains()) == {HERE, part.chain}
    assert fresh.records(part.chain) == (part,)
    assert fresh.snapshot(part).scope == ("select=check-a",)


def test_the_configured_scope_speaks_for_its_target(tmp_path: Path) -> None:
    """Without it the newest of the others does, so that no target is left out."""
    ledger = Ledger(LocalStore(str(tmp_path / "s")))
    commit(ledger, 5, ("region=eu-west-1",))
    newer = commit(ledger, 6, ("select=check-b",))
    assert ledger.targets() == [newer.chain]
    commit(ledger, 2)
    assert ledger.targets() == [HERE]
    other = commit(ledger, 7, ("select=check-a",), target="aws:444455556666")
    assert ledger.targets() == [HERE, other.chain]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a=1",), ("a=1", "b=2")),
        (("select=a", "select=b"), ("select=a,select=b",)),
        (("region=x",), ()),
    ],
)
def test_no_two_scopes_share_a_chain(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert chain_name(HERE, one) != chain_name(HERE, other)


def test_a_record_that_lies_in_the_chain_of_another_scope_is_damage(tmp_path: Path) -> None:
    store = LocalStore(str(tmp_path / "s"))
    part = commit(Ledger(store), 1, ("select=check-a",))
    (file,) = (tmp_path / "s/log").glob("*/*.json")
    place = tmp_path / "s/log/aws=111122223333"
    place.mkdir()
    file.rename(place / file.name)
    (damage,) = verify(store).damages
    assert (damage.kind, damage.detail) == ("reordered", f"it is a record of {part.chain}")


def test_the_scope_of_a_record_is_that_of_its_evidence(tmp_path: Path) -> None:
    """Otherwise a record could be moved to where nobody looks."""
    made = scan(1, {("check-a", "eu-west-1", "b"): "pass"}, scope=("select=check-a",))
    assert made.facts["scope"] == ("select=check-a",)
    assert replace(made, snapshot=replace(made.snapshot, scope=())).facts["scope"] == ()
