"""Every member and every value that a provider's model has is accounted for in the kinds."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.model import ServiceModel, Shape

from scanner.model.kinds import Kind
from scanner.model.library import Library
from tests.helpers import declared_absence, provider_members, provider_values
from tests.helpers.provider_models import output, session
from tests.providers.members import accounted, block, problems

Change = Callable[[dict[str, Any]], None]


@pytest.mark.slow
def test_everything_is_accounted_for(library: Library) -> None:
    found = list(problems(library))
    assert not found, "\n" + "\n".join(found)


@pytest.fixture
def later_kms(monkeypatch: pytest.MonkeyPatch) -> Callable[[Change], None]:
    """Installs a later model of KMS, changed as a function says."""

    def install(change: Change) -> None:
        loader = session().get_component("data_loader")
        description = copy.deepcopy(loader.load_service_model("kms", "service-2"))
        change(description["shapes"])
        service = ServiceModel(description, "kms")

        def changed(operation: str) -> Shape:
            name = operation.partition(":")
            if name[0] != "kms":
                return output(operation)
            return service.operation_model(name[2]).output_shape

        monkeypatch.setattr(provider_members, "output", changed)
        monkeypatch.setattr(provider_values, "output", changed)

    return install


def test_a_member_that_a_later_model_brings_is_found(
    library: Library, later_kms: Callable[[Change], None]
) -> None:
    later_kms(
        lambda shapes: shapes["KeyMetadata"]["members"].update(Escrow={"shape": "BooleanType"})
    )
    kind = library.kinds["aws.kms.key"]
    assert list(provider_members.problems(kind, library)) == [
        "aws.kms.key: metadata.KeyMetadata.Escrow is neither read nor under 'ignores'"
    ]


def test_a_value_that_a_later_model_brings_is_found(
    library: Library, later_kms: Callable[[Change], None]
) -> None:
    later_kms(lambda shapes: shapes["KeyState"]["enum"].append("Lent"))
    kind = library.kinds["aws.kms.key"]
    found = list(provider_values.problems(kind, library))
    assert "aws.kms.key: values: metadata.KeyMetadata.KeyState lacks 'Lent'" in found
    undecided = [text for text in found if text.startswith("aws.kms.key: attribute rotatable:")]
    assert undecided == [
        "aws.kms.key: attribute rotatable: aws.kms.key metadata.KeyMetadata.KeyState"
        " may be Lent: neither named nor under 'others'"
    ]


def test_what_is_written_from_a_later_model_waits_for_a_decision(
    library: Library, later_kms: Callable[[Change], None]
) -> None:
    later_kms(lambda shapes: shapes["KeyState"]["enum"].append("Lent"))
    kind = library.kinds["aws.kms.key"]
    path = "metadata.KeyMetadata.KeyState"
    written = accounted(kind, provider_values.enumerations(kind, library))[path]
    assert written["named"] == ["Enabled", "Lent"]
    assert "Disabled" in written["others"]
    assert written["why"] == "A key that is not enabled is not rotated."
    assert block({path: written}).startswith(f"values:\n  {path}:\n    named: [Enabled, Lent]\n")
    assert block({}) == ""


def _with(kind: Kind, **changes: Any) -> Kind:
    return replace(kind, **changes)


def test_what_is_set_aside_for_nothing_is_found(library: Library) -> None:
    kind = library.kinds["aws.kms.key"]
    more = {
        "metadata.KeyMetadata.KeyState": "Read.",
        "metadata.KeyMetadata.Gone": "Not there.",
        "metadata.KeyMetadata.Arn": "By name.",
    }
    found = provider_members.problems(_with(kind, ignores={**kind.ignores, **more}), library)
    read = "is read, or is no member of a record that is"
    assert list(found) == [
        f"aws.kms.key: ignores: metadata.KeyMetadata.KeyState {read}",
        f"aws.kms.key: ignores: metadata.KeyMetadata.Gone {read}",
        "aws.kms.key: ignores: metadata.KeyMetadata.Arn is set aside for the whole cloud",
    ]


def test_a_meaning_for_the_absence_of_what_the_model_requires_is_found(library: Library) -> None:
    kind = library.kinds["aws.accessanalyzer.finding"]
    status = replace(kind.attributes["status"], has_absent=True, absent="RESOLVED")
    changed = _with(kind, attributes={**kind.attributes, "status": status})
    assert list(declared_absence.problems(changed, library)) == [
        "aws.accessanalyzer.finding: status: the model requires it.status, which is never absent"
    ]


def test_a_value_that_no_model_has_is_found(library: Library) -> None:
    kind = library.kinds["aws.s3.bucket"]
    values = []
    for enumeration in kind.values:
        if provider_values.shown(enumeration) == "versions.Status":
            enumeration = replace(enumeration, known=enumeration.known | {"Paused"})
        values.append(enumeration)
    found = list(provider_values.problems(_with(kind, values=tuple(values)), library))
    assert found == [
        "aws.s3.bucket: values: versions.Status has a value that the model lacks: 'Paused'"
    ]
    path = ("it", "Name")
    odd = replace(kind.values[0], path=path)
    found = list(provider_values.problems(_with(kind, values=(*kind.values, odd)), library))
    assert found == [
        "aws.s3.bucket: values: it.Name is neither an enumeration that is read nor compared"
    ]


def test_lists_maps_and_positions_lead_to_one_record(library: Library) -> None:
    """`rules[0].x` and `rules.exists(r, r.y)` read one record: both members count as read."""
    paths = {one.path for one in provider_members.records(library.kinds["aws.s3.bucket"], library)}
    assert "encryption.ServerSideEncryptionConfiguration.Rules[]" in paths
    assert not any("[0]" in path or ".0" in path for path in paths)
