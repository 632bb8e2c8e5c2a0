"""What readers written in Python read is seen, and what they leave is accounted for."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from botocore.model import ServiceModel, Shape

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call
from scanner.model.library import Library
from tests.helpers import reader_members, tracked_answers
from tests.helpers.provider_models import output, session
from tests.helpers.reader_members import Use, asides, seen_by, uses, words_of
from tests.helpers.tracked_answers import Seen
from tests.providers.members import reader_problems

WEB_ACL = "aws.web_acl"
COUNTS = "aws.recorded_counts"


def _use(library: Library, name: str) -> Use:
    return next(use for use in uses(library) if use.listing.reader == name)


def _seen(library: Library, name: str) -> Mapping[str, Seen]:
    return {name: seen_by(library, _use(library, name))}


def _of(found: list[str], name: str) -> list[str]:
    """Problems of one reader; lines about the others are stale when these are not run."""
    return [text for text in found if text.startswith(f"{name}: ")]


def test_every_reader_is_run(library: Library) -> None:
    assert len({use.listing.reader for use in uses(library)}) == 28


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Installs a later model of AWS Config, changed as a function says."""

    def install(change: Callable[[dict[str, Any]], None]) -> None:
        loader = session().get_component("data_loader")
        description = copy.deepcopy(loader.load_service_model("config", "service-2"))
        change(description["shapes"])
        service = ServiceModel(description, "config")

        def changed(operation: str) -> Shape:
            name, _, call = operation.partition(":")
            return (
                service.operation_model(call).output_shape
                if name == "config"
                else output(operation)
            )

        monkeypatch.setattr(tracked_answers, "output", changed)

    return install


def test_a_member_that_a_later_model_brings_is_found(
    library: Library, later: Callable[..., None]
) -> None:
    later(
        lambda shapes: shapes["RecordingGroup"]["members"].update(
            excludedAccounts={"shape": "AllSupported"}
        )
    )
    found = list(reader_problems(library, _seen(library, COUNTS)))
    assert _of(found, COUNTS) == [
        f"{COUNTS}: config:DescribeConfigurationRecorders RecordingGroup.excludedAccounts"
        " is neither looked at nor set aside"
    ]


def test_a_value_that_a_later_model_brings_is_found(
    library: Library, later: Callable[..., None]
) -> None:
    later(lambda shapes: shapes["RecordingFrequency"]["enum"].append("WEEKLY"))
    found = list(reader_problems(library, _seen(library, COUNTS)))
    record = "config:DescribeConfigurationRecorders RecordingMode"
    assert _of(found, COUNTS) == [
        f"{COUNTS}: {record}.recordingFrequency may be WEEKLY: neither named nor set aside",
        f"{COUNTS}: {record}Override.recordingFrequency may be WEEKLY: neither named nor set aside",
    ]


def test_a_member_that_a_reader_looks_at_no_longer_is_found(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The web ACL's reader without the rule groups of Firewall Manager: their members are left."""
    monkeypatch.setattr("scanner.providers.aws.web_acls._FIREWALL_MANAGER", ())
    found = _of(list(reader_problems(library, _seen(library, WEB_ACL))), WEB_ACL)
    record = "wafv2:GetWebACLForResource WebACL"
    for member in ("PostProcess", "PreProcess"):
        text = f"{member}FirewallManagerRuleGroups is neither looked at nor set aside"
        assert f"{WEB_ACL}: {record}.{text}" in found


def test_what_is_set_aside_and_looked_at_is_found(library: Library) -> None:
    seen = _seen(library, COUNTS)
    line = f"{COUNTS}\tconfig:GetDiscoveredResourceCounts\tResourceCount\tcount gone\tNot read."
    found = list(reader_members.member_problems(library, seen, asides(line)))
    stale = [text for text in found if text.endswith("set aside for nothing")]
    assert [text.rsplit(": ")[1] for text in stale] == [
        "count is set aside for nothing",
        "gone is set aside for nothing",
    ]


def test_values_are_words_of_the_reader_and_not_its_docstrings() -> None:
    assert "EXCLUSION_BY_RESOURCE_TYPES" in words_of(COUNTS)
    assert not any("\n\n" in word or word.endswith(".") for word in words_of(COUNTS))


def _copying(context: ReadContext) -> Generator[Call, Answer, list[Any]]:
    answer = yield Call(operation="organizations:ListRoots", region="")
    return [{**row, "more": True} for row in answer.data.get("Roots", [])]


def test_a_copy_of_a_record_is_followed_by_the_paths_of_its_kind(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_members, "reader", lambda name: _copying)
    use = _use(library, "aws.recorded_databases")
    one = library.kinds["aws.iam.user"]
    kind = replace(use.kind, identity=one.identity, label=one.identity, attributes={})
    assert kind.identity.source == "it.Arn"
    listing = replace(use.listing, reader="aws.copying")
    seen = seen_by(library, replace(use, kind=kind, listing=listing))
    assert seen.members[("organizations:ListRoots", "Root")] == {"Arn"}
