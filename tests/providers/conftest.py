"""An account on loopback, opened."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from stub import ALIAS, CALLER, Provider, Reply, Ticks, regions, serve

from scanner.client.clock import Clock
from scanner.client.interfaces import Rules
from scanner.content import load_library
from scanner.model.config import TargetConfig
from scanner.model.library import Library
from scanner.providers.aws.connect import connect_front
from scanner.providers.aws.session import AwsSession

Open = Callable[..., tuple[AwsSession, Provider, Ticks]]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens an account whose provider follows a script."""
    with ExitStack() as stack:

        def make(
            script: dict[str, list[Reply]],
            rules: Rules | None = None,
            target: TargetConfig | None = None,
        ) -> tuple[AwsSession, Provider, Ticks]:
            discovery = {
                "GetCallerIdentity": [CALLER],
                "ListAccountAliases": [ALIAS],
                "DescribeRegions": [regions("eu-west-1", "us-east-1")],
            }
            provider = stack.enter_context(serve({**discovery, **script}))
            monkeypatch.setenv("AWS_ENDPOINT_URL", provider.url)
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
            ticks = Ticks()
            clock = Clock(
                now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
                monotonic=ticks.monotonic,
                sleep=ticks.sleep,
                jitter=lambda: 0.5,
            )
            return (
                connect_front(target or TargetConfig(), rules or Rules(), clock).session,
                provider,
                ticks,
            )

        yield make


@pytest.fixture(scope="session")
def library() -> Library:
    """The library that tscan ships."""
    return load_library()
