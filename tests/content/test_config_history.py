"""`tscan.yaml`: the store, the schedule and who hears of what."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.content.config import load_config, load_store_location
from scanner.content.schemas import schema
from scanner.core.calendar import parse_schedule
from scanner.core.drift.alert_events import EVENTS
from scanner.errors import ContentError
from scanner.model.config import AlertRule

CONFIG = "tscan.yaml"
HISTORY = """\
version: 1
store: s3://bucket/tscan
anchor: {git: ../anchors}
schedule: every 6 hours
alerts:
  - events: [new failure, scan failed]
    severities: [high, critical]
    controls: [ENC-01]
    targets: ["aws:*"]
    to: ["slack://${SLACK_TOKENS}/security", "${PAGER}"]
  - to: [json://hooks.example.org]
  - to: ["github-issue://${GITHUB_TOKEN}@example/evidence", "github-issue://${T}@a/b?api=https://git.example.org/api/v3"]
"""


def test_what_is_read(pack: Any) -> None:
    pack.write(CONFIG, HISTORY)
    config = load_config(CONFIG, pack.load())
    assert (config.store, config.anchors, config.schedule) == (
        "s3://bucket/tscan",
        "../anchors",
        "every 6 hours",
    )
    assert load_store_location(CONFIG) == (config.store, config.anchors)
    assert config.alerts == (
        AlertRule(
            events=("new failure", "scan failed"), severities=("high", "critical"), controls=("ENC-01",),
            targets=("aws:*",), to=("slack://${SLACK_TOKENS}/security", "${PAGER}"),
        ),
        AlertRule(to=("json://hooks.example.org",)),
        AlertRule(
            to=(
                "github-issue://${GITHUB_TOKEN}@example/evidence",
                "github-issue://${T}@a/b?api=https://git.example.org/api/v3",
            )
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("store", "found"),
    [
        ("history", "sub/history"),
        ("../history", "sub/../history"),
        ("/var/history", "/var/history"),
        ("s3://bucket/tscan", "s3://bucket/tscan"),
        # Not a folder: as one, a mistyped URL would be created.
        ("s3:bucket", "s3:bucket"),
    ],
)
def test_places_are_relative_to_the_file(pack: Any, store: str, found: str) -> None:
    path = pack.write(
        "sub/tscan.yaml", f'version: 1\nstore: "{store}"\nanchor: {{git: "{store}"}}\n'
    )
    config = load_config("sub/tscan.yaml", pack.load())
    assert (config.store, config.anchors) == (found, found), path
    assert load_store_location("sub/tscan.yaml") == (found, found)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("every 6 hours", "‸nightly", "is not a schedule"),
        ("every 6 hours", "‸every 0 hours", "is not a schedule"),
        ("[ENC-01]", "[‸ENC-02]", "there is no control 'ENC-02'"),
        ("[new failure, scan failed]", "[‸new failures]", "new failures"),
        ("[high, critical]", "[‸grave]", "grave"),
        ('["aws:*"]', '["aws:*", ‸"gpc:*"]', "no target is called 'gpc:*'"),
        ('["aws:*"]', "[‸aws]", "write it as aws:*"),
        ('["aws:*"]', "[‸production]", "no target is called 'production'"),
        ("{git: ../anchors}", "‸{}", "'git'"),
        ("{git: ../anchors}", "{git: ‸7}", "'git' must be a string"),
        ("{git: ../anchors}", "{git: x, ‸hg: y}", "hg"),
        ("[json://hooks.example.org]", "[‸github-issue://ghp_secret@example/evidence]", "is not an address"),
        ("[json://hooks.example.org]", "[‸github-issue://example/evidence]", "is not an address"),
        ("[json://hooks.example.org]", '[‸"github-issue://${T}@example"]', "is not an address"),
        ("[json://hooks.example.org]", "[‸hooks.example.org]", "is not an address"),
        ("[json://hooks.example.org]", '[‸"${A B}"]', "is not an address"),
        ("  - to: [json://hooks.example.org]\n", "  - ‸events: [fixed]\n", "'to'"),
    ],
)  # fmt: skip
def test_mistakes_have_their_place(pack: Any, old: str, new: str, said: str) -> None:
    library = pack.load()
    place = pack.write(CONFIG, HISTORY.replace(old, new))
    with pytest.raises(ContentError) as caught:
        load_config(CONFIG, library)
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"{place}: ")
    assert said in str(problem)


@pytest.mark.parametrize("targets", ["*", "a*", "aws:111122223333", "github:my-*"])
def test_targets_of_a_rule(pack: Any, targets: str) -> None:
    pack.write(CONFIG, f'version: 1\nalerts: [{{to: [json://x], targets: ["{targets}"]}}]\n')
    assert load_config(CONFIG, pack.load()).alerts[0].targets == (targets,)


def test_the_schema_and_the_program_know_the_same() -> None:
    properties = schema("config")["properties"]
    assert tuple(properties["alerts"]["items"]["properties"]["events"]["items"]["enum"]) == EVENTS
    for text in ("hourly", "daily", "weekly", "every 1 hour", "every 48 hours"):
        assert parse_schedule(text) is not None
