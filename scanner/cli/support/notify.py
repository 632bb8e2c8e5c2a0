"""Sends the alerts of a scan: new failures, a scan that failed, a scan that works again."""

from __future__ import annotations

import hashlib
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import click

from scanner.errors import TscanError
from scanner.model.answers import canonical

if TYPE_CHECKING:
    from scanner.alert import Delivered, DeliveryContext
    from scanner.history.ledger.ledger import Ledger
    from scanner.history.outbox import Outbox
    from scanner.model.config import AlertRule, Config, TargetConfig
    from scanner.model.library import Library
    from scanner.model.waivers import Waiver

    Delivery = Callable[[Ledger, Outbox, DeliveryContext], Delivered]


LEAST_SECONDS: Final = 30.0
"""Seconds for alerts, where a scan has used all the time of its `--deadline`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifier:
    """The alerts of one scan.

    What becomes of them is reported on standard error and never loses the scan: an alert that
    cannot be delivered stays in the outbox of the store.
    """

    config: Config
    library: Library
    store: str
    checks: tuple[str, ...] | None
    """The selected checks; None: all."""
    rules: tuple[AlertRule, ...]
    ends: float = math.inf
    """When alerts must have been sent, on the monotonic clock."""

    def check_channels(self) -> None:
        """Report what would keep alerts from being delivered.

        Before the scan: the first failure that needs an alert may be months away.
        """
        from scanner.alert import DeliveryContext, unusable_channels

        for line in unusable_channels(self.rules, DeliveryContext(environment=os.environ)):
            click.echo(line, err=True)

    @contextmanager
    def alert_on_failure(self) -> Iterator[None]:
        """Send an alert if the block raises an error, which is then raised again.

        A scan that fails every night and is silent about it looks like one that finds nothing.
        """
        started = _now()
        try:
            yield
        except TscanError as error:
            self._alert_failure(started, error.message)
            raise
        except Exception as error:
            # Only the type: a message may hold values from the cloud.
            self._alert_failure(started, f"internal error ({type(error).__name__})")
            raise

    def alert_changes(self, targets: Sequence[str], waivers: Sequence[Waiver]) -> None:
        """Send what is new in the newest records, and that the scan works if it failed before."""
        from scanner.alert import notify, notify_works

        def works(ledger: Ledger, outbox: Outbox, post: DeliveryContext) -> Delivered:
            return notify_works(ledger, self.library, self.rules, outbox, post, scope=self._scope)

        def changes_of(target: str) -> Delivery:
            return lambda ledger, outbox, post: notify(
                ledger, target, self.library, self.rules, outbox, post, waivers=waivers
            )

        self._deliver(works, *map(changes_of, targets))

    def _alert_failure(self, started: str, reason: str) -> None:
        from scanner.alert import notify_failure
        from scanner.core.drift.alert_events import scan_failed

        targets = ", ".join(map(_connection, self.config.targets))
        failure = scan_failed(targets, started, reason)

        def failed(ledger: Ledger, outbox: Outbox, post: DeliveryContext) -> Delivered:
            return notify_failure(
                ledger, self.library, self.rules, outbox, post, failure=failure, scope=self._scope
            )

        self._deliver(failed)

    def _deliver(self, *deliveries: Delivery) -> None:
        # Most scans have no rules: they need neither the outbox nor the packages of channels.
        if not self.rules:
            return
        from scanner.alert import DeliveryContext
        from scanner.history.ledger.ledger import Ledger
        from scanner.history.outbox import Outbox
        from scanner.history.stores import open_store

        try:
            store = open_store(self.store)
            ledger, outbox, post = (
                Ledger(store),
                Outbox(store),
                DeliveryContext(
                    environment=os.environ,
                    # The scan may have used all of its time, and something may be wrong.
                    ends=max(self.ends, time.monotonic() + LEAST_SECONDS),
                ),
            )
            for deliver in deliveries:
                for line in deliver(ledger, outbox, post).lines:
                    click.echo(line, err=True)
        # The scan is committed by now: a channel that is down must not turn it into an error.
        except TscanError as error:
            click.echo(f"alerts: not sent: {error.message}", err=True)

    @property
    def _scope(self) -> str:
        """A digest of targets and checks: a failure ends only when the same scan works again."""
        targets = [{**asdict(target), "params": {}} for target in self.config.targets]
        text = canonical({"targets": targets, "checks": self.checks})
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _connection(target: TargetConfig) -> str:
    """How a target is reached: the account behind it is unknown before the connection stands."""
    role = target.role_arn
    if target.organization:
        role = target.organization.role
    how = " ".join(part for part in (target.profile, role) if part)
    if not how:
        return target.cloud
    return f"{target.cloud} ({how})"


def _now() -> str:
    from scanner.core.calendar import format_time

    return format_time(datetime.now(UTC))
