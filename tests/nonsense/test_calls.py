"""Every kind of nonsense is a gap of the one call: nothing is raised, nothing repeated, nobody else
is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from scanner.client import bounded_reading
from scanner.client.rest import http_client
from scanner.client.rest.operations import operations
from scanner.model.answers import Answer, canonical
from tests.helpers.long_form import some
from tests.nonsense.clients import (
    SECRET,
    Account,
    may_answer_so,
    rest_call,
    rest_client,
    rest_may_answer_so,
)
from tests.nonsense.modes import MODES, SLOW
from tests.nonsense.server import Nonsense, serving

SMALL = 256 << 10
QUICK = 5.0
SOON = 0.15
AWS = {
    "ec2:DescribeVpcs": True,
    "iam:GetAccountAuthorizationDetails": True,
    "kms:ListKeys": False,
    "lambda:ListFunctions": False,
    "s3:GetBucketVersioning": True,
    "sqs:ListQueues": False,
}
"""One operation of each protocol, and whether it speaks XML."""
REST = {
    "azure": "Microsoft.Network:NetworkSecurityGroups_ListAll",
    "gcp": "storage:buckets.list",
    "github": "github:orgs/list-members",
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Nonsense]:
    monkeypatch.setattr(bounded_reading, "LARGEST_RESPONSE", SMALL)
    monkeypatch.setattr(http_client, "LARGEST_RESPONSE", SMALL)
    with serving(Nonsense(mode=MODES["silence"], pause=0.005)) as made:
        monkeypatch.setenv("AWS_ENDPOINT_URL", made.url)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield made


def limit(mode: str) -> float:
    """Seconds for a call: only what never ends needs a limit that comes soon."""
    endless = mode in SLOW or "Retry-After" in mode
    return SOON if endless else QUICK


def check(answer: Answer, server: Nonsense, mode: str) -> None:
    assert not answer.state.whole, (mode, answer.state, answer.data)
    assert answer.code, mode
    written = canonical(answer.data) + answer.code + answer.message + "".join(answer.request_ids)
    assert SECRET not in written, mode
    assert written.isprintable()
    written.encode()
    assert server.stolen == []


@pytest.mark.parametrize("client", ["fast", "boto3"])
@pytest.mark.parametrize("name", some(AWS, 3))
def test_aws(server: Nonsense, name: str, client: str) -> None:
    account = Account.of(client)
    server.change = lambda asked: replace(asked, xml=AWS[name], large=SMALL + 1)
    for mode, server.mode in MODES.items():
        if client == "boto3" and (mode in SLOW or name != "kms:ListKeys"):
            continue
        answer = account.ask(name, limit(mode))
        if not may_answer_so(name, mode):
            check(answer, server, mode)


@pytest.mark.parametrize("cloud", REST)
def test_rest_clouds(server: Nonsense, cloud: str) -> None:
    operation = operations(cloud)[REST[cloud]]
    server.change = lambda asked: replace(asked, large=SMALL + 1)
    for mode, server.mode in MODES.items():
        answer = rest_client(cloud, server.url, limit(mode)).request(rest_call(operation))
        if not rest_may_answer_so(cloud, operation, mode):
            check(answer, server, mode)


def test_there_are_as_many_modes_as_are_promised() -> None:
    assert len(MODES) >= 60
