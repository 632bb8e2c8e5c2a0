"""What a plan says of something that lies outside it, of which it configures a part."""

from __future__ import annotations

from typing import Any

from tests.helpers.small_plan import change, plan
from tests.plans.test_before_and_after import judged

PUBLIC = "gcp-iam-no-public-members"
MEMBER = "google_project_iam_member.m"
ROLE = "roles/resourcemanager.projectIamAdmin"


def found(unknown: dict[str, Any], **arguments: Any) -> dict[str, str]:
    """The verdicts on the project of a member, by check."""
    values = {"project": "elsewhere", "role": ROLE, **arguments}
    findings = judged(plan(change(MEMBER, values, unknown=unknown)))
    return {
        check: one.after.value
        for (check, address), one in findings.items()
        if address == MEMBER and one.after is not None
    }


def test_what_the_plan_gives_decides() -> None:
    assert found({}, member="allUsers")[PUBLIC] == "fail"


def test_that_the_rest_is_not_known_is_no_news() -> None:
    assert found({}, member="user:a@example.com", role="roles/viewer") == {}


def test_an_unread_value_shows_where_the_check_reads_it() -> None:
    shown = found({"member": True})
    assert shown[PUBLIC] == "unknown"
    assert "gcp-logging-sink-all" not in shown
    assert "gcp-orgpolicy-guardrails-enforced" not in shown


def test_of_resources_that_the_check_is_not_about_it_says_nothing() -> None:
    replica = {
        "name": "r",
        "instance_type": "READ_REPLICA_INSTANCE",
        "settings": [{"availability_type": "ZONAL"}],
    }
    findings = judged(plan(change("google_sql_database_instance.r", replica)))
    assert ("gcp-sql-restore-tested", "gcp") not in findings
    assert {address for _, address in findings} == {"google_sql_database_instance.r"}
