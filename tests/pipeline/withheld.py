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
from tests.pipeline.refusals import changed, denied, improvements, worsened

ORGANIZATION = "organizations:DescribeOrganization"

SILENT = {
    "application-autoscaling:DescribeScalableTargets": "the tables are paid by request, which needs no target",
    "backup:ListProtectedResources": "nothing is labelled as having to be backed up",
    "backup:ListRestoreJobs": "nothing is labelled as having to be backed up",
    "ec2:DescribeManagedPrefixLists": "no rule of a security group names a prefix list",
    "ec2:DescribeRegions": "the regions are named, and where one is not enabled every call says so",
    "iam:ListAccountAliases": "it is what people call the account; no verdict depends on it",
    "identitystore:ListGroups": "the estate has no Identity Center",
    "inspector2:ListCoverage": "no instance and no function runs, and images fail or pass by their own setting",
    "organizations:ListPolicies": "the estate is of no organisation",
    "s3:GetBucketOwnershipControls": "no bucket's access list names anybody else, in force or not",
    "s3:GetLifecycleConfiguration": "no bucket is labelled confidential",
    "securityhub:GetEnabledStandards": "Security Hub is off, which fails whatever its standards are",
    "ssm:DescribeInstanceInformation": "no instance runs",
    "sso:ListPermissionSets": "the estate has no Identity Center",
}
"""Actions without which no finding of `tests.estate` is unknown, each with why."""


def printed() -> frozenset[str]:
    """The actions in what `tscan permissions aws` prints."""
    result = CliRunner().invoke(aws, [], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    found = json.loads(result.output)
    documents = found if isinstance(found, list) else [found]
    return frozenset(action for one in documents for part in one["Statement"] for action in part["Action"])


def used(snapshot: Snapshot) -> dict[str, list[str]]:
    """By IAM action: the keys of the answers that ask for it."""
    found: dict[str, list[str]] = defaultdict(list)
    for key, answer in snapshot.answers.items():
        for action in required(answer.call.operation):
            found[action].append(key)
    return dict(sorted(found.items()))


def without(snapshot: Snapshot, actions: Collection[str]) -> Snapshot:
    """What the scan would have brought had these actions not been allowed."""
    keys = {key for action, found in used(snapshot).items() if action in actions for key in found}
    after = worsened(snapshot, keys, denied)
    refused = [after.answers[key] for key in keys if after.answers[key].call.operation == ORGANIZATION]
    return replace(after, management_open=refused[0].reason) if refused else after


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What the lack of one action does to the findings."""

    operations: tuple[str, ...]
    turned: int
    """Findings that were decided, or not there, and are unknown."""
    naming: int
    """Unknown findings that name a refused operation as the reason."""
    named_before: int
    """Such findings that were unknown for the same operation before, which the estate answers with an error."""
    gains: tuple[str, ...]
    """What got better; there must be nothing."""


def effect(action: str, snapshot: Snapshot, before: Assessment, after: Assessment, library: Library) -> Effect:
    """The difference that the lack of an action makes."""
    operations = sorted({snapshot.answers[key].call.operation for key in used(snapshot)[action]})
    return Effect(
        operations=tuple(operations),
        turned=sum(one.verdict is Verdict.UNKNOWN for one in changed(before, after)),
        naming=_naming(after, operations),
        named_before=_naming(before, operations),
        gains=tuple(improvements(before, after, library)),
    )


def _naming(assessment: Assessment, operations: Collection[str]) -> int:
    unknown = [one.reason for one in assessment.findings if one.verdict is Verdict.UNKNOWN]
    return sum(any(f"{name} " in f"{reason} " for name in operations) for reason in unknown)


def verdicts(assessment: Assessment) -> dict[tuple[str, str, str], str]:
    """Each finding's verdict by check, resource and region."""
    return {(one.check, one.resource.id, one.resource.region): one.verdict.value for one in assessment.findings}


def replayed(action: str, snapshot: Snapshot, before: Assessment, library: Library) -> Effect:
    """The same, from evidence that is there."""
    return effect(action, snapshot, before, judge([without(snapshot, {action})], library), library)
