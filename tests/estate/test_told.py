"""What the estate is told in place of a server that lacks the operation is what the provider could
say."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.session import Session

from tests.estate.seed import REGIONS
from tests.estate.told import Told, untrue, written
from tests.estate.wide.answers import answers

ANSWERS = answers(dict.fromkeys(REGIONS, "i-0123456789abcdef0"))
REQUEST = {
    "filterCriteria": {
        "resourceType": [{"value": "AWS_EC2_INSTANCE"}, {"value": "AWS_LAMBDA_FUNCTION"}]
    },
    "resourceType": "AWS::EC2::SecurityGroup",
    "resourceId": "sg-1",
}


@pytest.mark.parametrize("operation", ANSWERS)
def test_every_answer_is_of_the_providers_shape_and_read_back_whole(operation: str) -> None:
    said = ANSWERS[operation](REGIONS[0], REQUEST)
    assert said
    assert list(untrue(operation, said)) == []
    status, headers, body = written(operation, said)
    assert status.startswith("200")
    service, _, name = operation.partition(":")
    model = Session().get_service_model(service)
    from botocore.parsers import create_parser

    read = create_parser(model.resolved_protocol).parse(
        {"status_code": 200, "headers": dict(headers), "body": body},
        model.operation_model(name).output_shape,
    )
    read.pop("ResponseMetadata")
    assert read == said


@pytest.mark.parametrize(
    ("operation", "answer", "word"),
    [
        ("ec2:GetSnapshotBlockPublicAccessState", {"State": "shut"}, "shut is none of"),
        ("ec2:GetSnapshotBlockPublicAccessState", {"Stat": "unblocked"}, "has no Stat"),
        ("guardduty:ListFilters", {}, "lacks FilterNames"),
        ("guardduty:ListFilters", {"FilterNames": "quiet"}, "is list, not str"),
        ("guardduty:ListFilters", {"FilterNames": [7]}, "is string, not int"),
        (
            "backup:ListBackupJobs",
            {"BackupJobs": [{"CreationDate": "today"}]},
            "is timestamp, not str",
        ),
    ],
)
def test_what_the_provider_could_not_say_is_noticed(
    operation: str, answer: dict[str, Any], word: str
) -> None:
    assert any(word in text for text in untrue(operation, answer))


def test_what_is_not_told_is_asked_of_the_server() -> None:
    told = Told(answers=ANSWERS, application=lambda environ, start: [b"served"])
    signed = "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, Signature=b"
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "wsgi.input": io.BytesIO(),
    }
    assert told({**environ, "HTTP_AUTHORIZATION": signed}, print) == [b"served"]
    assert told(environ, print) == [b"served"]
    assert told.asked == set()


def test_times_are_told_in_the_form_of_the_protocol() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    body = written("backup:ListProtectedResources", {"Results": [{"LastBackupTime": moment}]})[2]
    assert str(int(moment.timestamp())).encode() in body
