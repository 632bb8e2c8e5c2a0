"""More of the estate: something behind each action that `tscan permissions aws` prints, so that
each decides."""

from __future__ import annotations

from tests.estate.seed import REGIONS, Estate
from tests.estate.told import Say
from tests.estate.wide.answers import answers
from tests.estate.wide.compute import compute
from tests.estate.wide.delivery import delivery
from tests.estate.wide.directory import directory
from tests.estate.wide.events import events
from tests.estate.wide.stores import buckets, stores
from tests.estate.wide.watching import watching

PARAMS = {"confidential_retention_days": 400, "approved_identity_center_administrators": []}
"""What an entity would set: without it two checks are unknown whatever is read."""


def widen(endpoint: str) -> dict[str, Say]:
    """Make everything that the estate itself has not; the answers for which the server has no word."""
    estate = Estate(endpoint)
    directory(estate)
    buckets(estate)
    machines: dict[str, str] = {}
    for region in REGIONS:
        machines[region] = compute(estate, region)
        stores(estate, region)
        delivery(estate, region)
        events(estate, region)
        watching(estate, region)
    return answers(machines)
