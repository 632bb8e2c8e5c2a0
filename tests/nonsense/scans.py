"""Scans of several clouds, one of which answers nonsense."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager

from scanner.model.config import TargetConfig
from tests.helpers import authored_github as github
from tests.helpers.scripted_aws import ALIAS, CALLER, Reply, regions
from tests.nonsense.modes import Asked, Pieces, reply
from tests.recordings.replay import replayed

CONNECTING = {
    "GetCallerIdentity": CALLER,
    "ListAccountAliases": ALIAS,
    "DescribeRegions": regions("eu-west-1"),
}
"""What an account must answer to be read at all."""
PROJECT = TargetConfig(cloud="gcp", settings={"project": "acme-project"})
SUBSCRIPTION = TargetConfig(
    cloud="azure", settings={"subscription": "00000000-0000-0000-0000-000000000001"}
)


def connects(asked: Asked) -> Pieces | None:
    """The answers by which an account of AWS is connected."""
    action = urllib.parse.parse_qs(asked.body.decode("latin-1")).get("Action", [""])[0]
    said: Reply | None = CONNECTING.get(action)
    if said is None:
        return None
    return [reply(said.body.encode(), kind=said.kind)]


@contextmanager
def organization() -> Iterator[TargetConfig]:
    """An organization of GitHub that answers as it should."""
    hub, opening = github.organization()
    with replayed(github.SCENARIO, opening, ignore=github.IGNORE) as server:
        yield TargetConfig(
            cloud="github", settings={**hub.settings, "endpoint": server.url}, params=hub.params
        )
