"""An account on loopback, opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from scanner.client.clock import Clock
from scanner.client.interfaces import Rules
from scanner.model.config import TargetConfig
from scanner.model.library import Library
from scanner.providers.aws.connect import connect_target
from scanner.providers.aws.session import AwsSession
from tests.helpers.library import shipped_library
from tests.helpers.scripted_aws import ALIAS, CALLER, Open, Provider, Reply, Ticks, regions, serve


@pytest.fixture
def aws_client() -> str:
    """The client that calls AWS; a module that overrides this runs with several."""
    return "fast"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, aws_client: str) -> Iterator[Open]:
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
            config = replace(target or TargetConfig(), settings={"client": aws_client})
            return connect_target(config, rules or Rules(), clock).session, provider, ticks

        yield make


@pytest.fixture(scope="session")
def library() -> Library:
    """The library that tscan ships."""
    return shipped_library()
