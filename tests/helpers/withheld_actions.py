"""Evidence as it would be without some IAM actions: what asks for one of them is refused."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace

from click.testing import CliRunner

from scanner.cli.permissions.aws import aws
from scanner.model.answers import Snapshot
from scanner.model.findings import Assessment, Verdict
from scanner.model.library import Library
from scanner.pipeline import judge
from tests.estate.refusing import required
from tests.helpers.refusals import changed, denied, improvements, worsened

ORGANIZATION = "organizations:DescribeOrganization"
REGIONS = "ec2:DescribeRegions"
"""Asked before anything else: whom the organization is led by, and where there is anything to read."""


def printed(*, deciding: bool = False) -> frozenset[str]:
    """The actions in what `tscan permissions aws` prints; `deciding`: without those of names that
    are only shown."""
    result = CliRunner().invoke(aws, [], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    found = json.loads(result.output)
    documents = found if isinstance(found, list) else [found]
    parts = [part for one in documents for part in one["Statement"]]
    return frozenset(
        action for part in parts if not (deciding and "Sid" in part) for action in part["Action"]
    )


def used(snapshot: Snapshot) -> dict[str, list[str]]:
    """By IAM action: the keys of the answers that ask for it."""
    found: dict[str, list[str]] = defaultdict(list)
    for key, answer in snapshot.answers.items():
        for action in required(answer.call.operation):
            found[action].append(key)
    return dict(sorted(found.items()))


def without(snapshot: Snapshot, actions: Collection[str], home: str = "") -> Snapshot:
    """What the scan would have brought had these actions not been allowed.

    `home` is the region that was asked which others there are; empty: they were named, and do not
    depend on it."""
    keys = {key for action, found in used(snapshot).items() if action in actions for key in found}
    after = worsened(snapshot, keys, denied)
    refused = {after.answers[key].call.operation: after.answers[key].reason for key in keys}
    if ORGANIZATION in refused:
        after = replace(after, management_open=refused[ORGANIZATION])
    if home and REGIONS in refused:
        after = replace(after, regions=(home,), regions_open=refused[REGIONS])
    return after


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What the lack of one action does to the findings."""

    operations: tuple[str, ...]
    turned: int
    """Findings that were decided, or not there, and are unknown."""
    naming: int
    """Those of them that name a refused operation as the reason."""
    gains: tuple[str, ...]
    """What got better; there must be nothing."""


def effect(
    action: str, snapshot: Snapshot, before: Assessment, after: Assessment, library: Library
) -> Effect:
    """The difference that the lack of an action makes."""
    operations = sorted({snapshot.answers[key].call.operation for key in used(snapshot)[action]})
    turned = [one.reason for one in changed(before, after) if one.verdict is Verdict.UNKNOWN]
    return Effect(
        operations=tuple(operations),
        turned=len(turned),
        naming=sum(any(f"{name} " in f"{reason} " for name in operations) for reason in turned),
        gains=tuple(improvements(before, after, library)),
    )


def verdicts(assessment: Assessment) -> dict[tuple[str, str, str], str]:
    """Each finding's verdict by check, resource and region."""
    return {
        (one.check, one.resource.id, one.resource.region): one.verdict.value
        for one in assessment.findings
    }


def replayed(
    action: str, snapshot: Snapshot, before: Assessment, library: Library, home: str = ""
) -> Effect:
    """The same, from evidence that is there."""
    return effect(
        action, snapshot, before, judge([without(snapshot, {action}, home)], library), library
    )
