"""The 66 controls: which evidence each one takes, and that none is left without any."""

from __future__ import annotations

from collections import Counter

from scanner.model.controls import Control, Role, WhenEmpty
from scanner.model.library import Library


def _named_checks(control: Control) -> set[str]:
    return {link.id for link in control.checks} | {lack.id for lack in control.lacking}


def _asked_of_people(control: Control) -> set[str]:
    return set(control.manual)


def test_every_check_is_linked_by_a_control(library: Library) -> None:
    linked = {link.id for control in library.controls.values() for link in control.checks}
    assert set(library.checks) - linked == set()


def test_every_manual_control_is_asked_for(library: Library) -> None:
    asked = {name for control in library.controls.values() for name in _asked_of_people(control)}
    assert set(library.manual) == asked
    assert len(asked) == 82


def test_every_control_has_evidence_or_says_what_is_lacking(library: Library) -> None:
    assert len(library.controls) == 66
    empty = [
        c.id for c in library.controls.values() if not _named_checks(c) and not _asked_of_people(c)
    ]
    assert empty == []


def test_a_check_is_either_here_or_lacking(library: Library) -> None:
    both = [
        c.id for c in library.controls.values() for lack in c.lacking if lack.id in library.checks
    ]
    assert both == []


def test_titles_are_short_and_differ(library: Library) -> None:
    titles = [control.title for control in library.controls.values()]
    assert [title for title in titles if len(title) > 60] == []
    assert [title for title, times in Counter(titles).items() if times > 1] == []


def test_no_occurrence_is_kept_for_controls_with_events(library: Library) -> None:
    for control in library.controls.values():
        if control.when_empty is WhenEmpty.NO_OCCURRENCE:
            assert "per event" in control.modes, control.id
        if control.when_empty is WhenEmpty.NOT_APPLICABLE:
            assert control.modes == ("setting",), control.id
        assert control.when_empty_why, control.id


def test_statements_on_mere_presence_only_support(library: Library) -> None:
    """Evidence that the catalogue calls supporting never carries the control it stands beside."""
    supporting = {
        "DET-02": "aws-guardduty-high-findings-triaged",
        "CHG-01": "aws-codepipeline-approval-before-deploy",
        "PRI-03": "aws-sqs-queue-has-dlq",
        "PRI-05": "aws-s3-bucket-versioned",
        "MAL-01": "aws-guardduty-malware-protection",
        "ACC-04": "azure-entra-guest-invites-restricted",
        "BKP-02": "aws-backup-restore-tested",
    }
    for identity, check in supporting.items():
        control = library.controls[identity]
        roles = {link.id: link.role for link in control.checks} | {
            lack.id: lack.role for lack in control.lacking
        }
        assert roles[check] is Role.SUPPORTS, (identity, check)
