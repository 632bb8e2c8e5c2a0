"""Which kinds of Google Cloud are read from which recordings, and what is authored beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scanner.model.config import TargetConfig
from tests.recordings.collecting import Pointed, gcp_project
from tests.recordings.replay import Opening

IGNORED = frozenset({"all", "filter", "options.requestedPolicyVersion", "optionsRequestedPolicyVersion"})
"""Arguments that the tool that recorded did not send, or sent otherwise; its answers are those of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One scenario, read as one target with the checks that need nothing else than it holds."""

    scenario: str
    target: str
    """Id of a project, or number of an organisation."""
    checks: tuple[str, ...]
    authored: tuple[Opening, ...] = ()
    """Responses that were not recorded, and without which the recorded ones are never asked for."""
    why: str
    """What is surprising in its row, explained."""

    @property
    def pointed(self) -> Pointed:
        """The target, with every authored response by which it is opened and read."""
        if self.target.isdecimal():
            return organization(self.target, self.authored)
        config, opening = gcp_project(self.target)
        return config, (*opening, *self.authored)


def organization(number: str, more: tuple[Opening, ...] = ()) -> Pointed:
    """An organisation without folders and projects, and the authored responses by which it is opened."""
    about = Opening(path=f"/v3/organizations/{number}", body={"name": f"organizations/{number}"})
    below = (Opening(path="/v3/folders", body={}), Opening(path="/v3/projects", body={}))
    return TargetConfig(cloud="gcp", settings={"organization": number}), (about, *below, *more)


def ancestry(project: str, *above: str) -> Opening:
    """The authored answer that tells what is above a project, as `folders/1`."""
    rows = [{"resourceId": {"type": "project", "id": project}}]
    for level in above:
        plural, _, identity = level.partition("/")
        rows.append({"resourceId": {"type": plural.removesuffix("s"), "id": identity}})
    return Opening(path=f"/v1/projects/{project}:getAncestry", body={"ancestor": rows})


def authored(path: str, body: Mapping[str, Any]) -> Opening:
    """Another authored answer."""
    return Opening(path=path, body=body)


IAM = (
    "gcp-iam-no-basic-roles",
    "gcp-iam-no-public-members",
    "gcp-iam-separation-of-duties",
    "gcp-audit-logs-data-access-on",
    "gcp-audit-logs-data-access-on-nobody-exempt",
)
BUCKET = (
    "gcp-storage-uniform-access",
    "gcp-storage-recoverable",
    "gcp-storage-bucket-not-public-objects",
    "gcp-storage-bucket-classification-labelled",
    "gcp-storage-confidential-expires",
)
SQL = (
    "gcp-sql-not-public",
    "gcp-sql-tls-required",
    "gcp-sql-backups-pitr",
    "gcp-sql-backups-pitr-daily",
    "gcp-sql-backups-pitr-kept",
    "gcp-sql-high-availability",
    "gcp-sql-high-availability-deletion-protected",
)
FIREWALL = (
    "gcp-firewall-no-public-admin-ports",
    "gcp-firewall-no-public-remote-desktop",
    "gcp-firewall-no-public-database-ports",
)
CLUSTER = (
    "gcp-gke-control-plane-private",
    "gcp-gke-control-plane-private-nodes",
    "gcp-binary-authorization-enforced-clusters",
)
CASES = (
    *(
        Case(scenario="project-iam-policy", target=name, checks=IAM, authored=(ancestry(name),), why="")
        for name in ("custodian-test", "custodian-test-2", "custodian-test-3")
    ),
    Case(
        scenario="project-set-iam-policy",
        target="cloud-custodian",
        checks=IAM,
        authored=(ancestry("cloud-custodian"),),
        why="",
    ),
    Case(
        scenario="project-iam-policy-chained-filters",
        target="stacklet-test-policies",
        checks=IAM,
        authored=(ancestry("stacklet-test-policies"),),
        why="",
    ),
    Case(
        scenario="folder-iam-policy",
        target="authored",
        checks=IAM,
        authored=(
            ancestry("authored", "folders/222222222222"),
            authored("/v3/projects/authored:getIamPolicy", {}),
        ),
        why="",
    ),
    Case(
        scenario="organization-iam-policy",
        target="authored",
        checks=IAM,
        authored=(
            ancestry("authored", "organizations/111111111111"),
            authored("/v3/projects/authored:getIamPolicy", {}),
        ),
        why="",
    ),
    Case(
        scenario="iam-service-account-key-query",
        target="cloud-custodian",
        checks=("gcp-iam-sa-no-user-managed-keys", "gcp-iam-sa-no-user-managed-keys-rotated"),
        why="",
    ),
    Case(scenario="bucket-label", target="cloud-custodian", checks=BUCKET, why=""),
    Case(scenario="bucket-uniform-bucket-access", target="custodian-1291", checks=BUCKET, why=""),
    Case(scenario="bucket-iam-policy", target="custodian", checks=(*BUCKET, "gcp-storage-bucket-not-public"), why=""),
    Case(
        scenario="bucket-iam-policy-matched-chained",
        target="stacklet-test-policies",
        checks=(*BUCKET, "gcp-storage-bucket-not-public"),
        why="",
    ),
    Case(scenario="firewall-modify", target="cloud-custodian", checks=FIREWALL, why=""),
    Case(scenario="firewall-delete", target="cloud-custodian", checks=FIREWALL, why=""),
    Case(
        scenario="test_vpc_firewall_filter_query",
        target="cloud-custodian",
        checks=tuple(f"{name}-policies" for name in FIREWALL),
        why="",
    ),
    Case(scenario="subnet-set-flow", target="cloud-custodian", checks=("gcp-subnet-flow-logs",), why=""),
    Case(scenario="project-query", target="cloud-custodian", checks=("gcp-compute-oslogin",), why=""),
    Case(
        scenario="compute-project-set-common-instance-metadata",
        target="stacklet-test-policies",
        checks=("gcp-compute-oslogin",),
        why="",
    ),
    *(
        Case(scenario=name, target="cloud-custodian", checks=("gcp-compute-oslogin-instances",), why="")
        for name in ("instance-effective-firewall", "instance-remove-metadata", "instance-asset-query")
    ),
    Case(
        scenario="lb-target-https-proxies-query",
        target="cloud-custodian",
        checks=("gcp-lb-tls12", "gcp-lb-tls12-ciphers"),
        authored=(authored("/compute/v1/projects/cloud-custodian/global/sslPolicies", {}),),
        why="",
    ),
    Case(
        scenario="lb-ssl-policy-delete",
        target="cloud-custodian",
        checks=("gcp-lb-tls12", "gcp-lb-tls12-ciphers"),
        authored=(
            authored(
                "/compute/v1/projects/cloud-custodian/global/targetHttpsProxies",
                {"items": [{"name": "authored", "sslPolicy": "projects/cloud-custodian/global/sslPolicies/test"}]},
            ),
        ),
        why="",
    ),
    *(
        Case(scenario=name, target="cloud-custodian", checks=SQL, why="")
        for name in ("sqlinstance-terminate", "sqlinstance-high-availability", "sqlinstance-offhour")
    ),
    Case(
        scenario="sql-backup-run-delete",
        target="cloud-custodian",
        checks=(*SQL, "gcp-sql-backup-runs-succeed", "gcp-sql-backup-runs-succeed-reruns"),
        why="",
    ),
    Case(
        scenario="kms-cryptokey-iam-policy",
        target="custodian",
        checks=("gcp-kms-key-rotation", "gcp-kms-key-not-public"),
        authored=(
            authored(
                "/v1/projects/custodian/locations", {"locations": [{"name": "projects/custodian/locations/global"}]}
            ),
        ),
        why="",
    ),
    Case(
        scenario="kms-cryptokey-label",
        target="cloud-custodian",
        checks=("gcp-kms-key-rotation",),
        authored=(
            authored(
                "/v1/projects/cloud-custodian/locations",
                {"locations": [{"name": "projects/cloud-custodian/locations/us-central1"}]},
            ),
            authored(
                "/v1/projects/cloud-custodian/locations/us-central1/keyRings",
                {"keyRings": [{"name": "projects/cloud-custodian/locations/us-central1/keyRings/c7n-kr-002c1dda"}]},
            ),
        ),
        why="",
    ),
    Case(
        scenario="log-project-sink-bucket-filter",
        target="cloud-custodian",
        checks=("gcp-logging-sink-all",),
        authored=(ancestry("cloud-custodian"),),
        why="",
    ),
    Case(
        scenario="log-project-sink-query",
        target="test-project-232910",
        checks=("gcp-logging-sink-all",),
        authored=(ancestry("test-project-232910"),),
        why="",
    ),
    Case(
        scenario="filter-alerts",
        target="cloud-custodian",
        checks=("gcp-alert-privileged-changes", "gcp-alert-network-changes"),
        authored=(authored("/v3/projects/cloud-custodian/notificationChannels", {}),),
        why="",
    ),
    Case(scenario="bq-dataset-label", target="cloud-custodian", checks=("gcp-bigquery-dataset-not-public",), why=""),
    Case(scenario="bq-dataset-delete", target="cloud-custodian", checks=("gcp-bigquery-dataset-not-public",), why=""),
    *(
        Case(scenario=name, target="cloud-custodian", checks=CLUSTER, why="")
        for name in (
            "gke-cluster-set-label",
            "gke-cluster-filter-effective-firewall",
            "gke-cluster-nodepool-filter-server-config",
        )
    ),
    *(
        Case(scenario=name, target="cloud-custodian", checks=("gcp-binary-authorization-enforced-services",), why="")
        for name in ("gcp-cloud-run-service", "gcp-cloud-run-service-filter-iam")
    ),
    Case(
        scenario="artifact-repository-label",
        target="cloud-custodian",
        checks=("gcp-artifactregistry-scanned-immutable", "gcp-artifactregistry-scanned-immutable-tags"),
        authored=(
            authored(
                "/v1/projects/cloud-custodian/locations",
                {"locations": [{"name": "projects/cloud-custodian/locations/us-central1"}]},
            ),
        ),
        why="",
    ),
    Case(
        scenario="filter-essentialcontacts",
        target="999999999999",
        checks=("gcp-essential-contacts-security",),
        why="",
    ),
    Case(
        scenario="filter-scc-findings",
        target="111111111111",
        checks=("gcp-scc-critical-findings-in-sla",),
        authored=(
            authored(
                "/v1/organizations/111111111111/locations/global/securityCenterServices",
                {
                    "securityCenterServices": [
                        {
                            "name": "organizations/111111111111/locations/global/securityCenterServices/x",
                            "effectiveEnablementState": "ENABLED",
                        }
                    ]
                },
            ),
        ),
        why="",
    ),
)
