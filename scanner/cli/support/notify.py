"""What people hear of a scan: what is new in history, that it ended without a record, that it works again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from scanner.errors import TscanError
from scanner.model.answers import canonical

if TYPE_CHECKING:
    from scanner.alert import Delivered, Post
    from scanner.history.ledger.ledger import Ledger
    from scanner.history.outbox import Outbox
    from scanner.model.config import AlertRule, Config, TargetConfig
    from scanner.model.library import Library
    from scanner.model.waivers import Waiver


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifier:
    """The alerts of one scan; whatever becomes of them is said on standard error, and never loses the scan."""

    config: Config
    library: Library
    store: str
    checks: tuple[str, ...] | None
    """Those that were chosen; None: all."""
    rules: tuple[AlertRule, ...]

    def look(self) -> None:
        """Say now what would keep messages from leaving: the first failure may be months away."""
        from scanner.alert import Post, unready

        for line in unready(self.rules, Post(environment=os.environ)):
            click.echo(line, err=True)

    @contextmanager
    def failure(self) -> Iterator[None]:
        """Where what is within ends by an error, those who asked for it hear of it, and the error goes on."""
        started = _now()
        try:
            yield
        except TscanError as error:
            self._failed(started, error.message)
            raise
        except Exception as error:
            # Only the type: a message may hold values from the cloud.
            self._failed(started, f"internal error ({type(error).__name__})")
            raise

    def news(self, targets: Sequence[str], waivers: Sequence[Waiver]) -> None:
        """Tell what the newest records have of news, and that the scan works where it did not."""
        from scanner.alert import notify, notify_works

        def works(ledger: Ledger, outbox: Outbox, post: Post) -> Delivered:
            return notify_works(ledger, self.library, self.rules, outbox, post, scope=self._scope)

        def of(target: str) -> Callable[[Ledger, Outbox, Post], Delivered]:
            return lambda ledger, outbox, post: notify(
                ledger, target, self.library, self.rules, outbox, post, waivers=waivers
            )

        self._tell(works, *map(of, targets))

    def _failed(self, started: str, reason: str) -> None:
        from scanner.alert import notify_failure
        from scanner.core.drift.alert_events import scan_failed

        failure = scan_failed(
            ", ".join(_name(target) for target in self.config.targets), started, reason
        )
        self._tell(
            lambda ledger, outbox, post: notify_failure(
                ledger, self.library, self.rules, outbox, post, failure=failure, scope=self._scope
            )
        )

    def _tell(self, *parts: Callable[[Ledger, Outbox, Post], Delivered]) -> None:
        if not self.rules:
            return
        from scanner.alert import Post
        from scanner.history.ledger.ledger import Ledger
        from scanner.history.outbox import Outbox
        from scanner.history.stores import open_store

        try:
            store = open_store(self.store)
            ledger, outbox, post = Ledger(store), Outbox(store), Post(environment=os.environ)
            for part in parts:
                for line in part(ledger, outbox, post).lines:
                    click.echo(line, err=True)
        except TscanError as error:
            click.echo(f"alerts: not told: {error.message}", err=True)

    @property
    def _scope(self) -> str:
        """A digest of what was to be scanned: another scan that works says nothing of this one."""
        targets = [{**asdict(target), "params": {}} for target in self.config.targets]
        text = canonical({"targets": targets, "checks": self.checks})
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _name(target: TargetConfig) -> str:
    """How a target is reached, which is all that is known of one that was not entered."""
    role = target.organization.role if target.organization else target.role_arn
    how = " ".join(part for part in (target.profile, role) if part)
    return f"{target.cloud} ({how})" if how else target.cloud


def _now() -> str:
    from scanner.core.calendar import iso

    return iso(datetime.now(UTC))
