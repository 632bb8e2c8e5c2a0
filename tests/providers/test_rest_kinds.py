"""Every kind of a cloud that is spoken to by declared requests agrees with what the provider
publishes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scanner.client.rest.operations import clouds
from scanner.core.drift.audit_attribution import Reach
from scanner.model.answers import Target
from scanner.model.kinds import Request
from scanner.model.library import Library
from scanner.providers import audit_log
from tests.helpers.authored_audit_logs import Silent
from tests.helpers.provider_models import SOURCES, problems, request_problems


@pytest.mark.parametrize("cloud", clouds())
def test_every_kind_agrees_with_the_models(library: Library, cloud: str) -> None:
    kinds = [kind for kind in library.kinds.values() if kind.cloud == cloud]
    assert kinds
    found = [text for kind in kinds for text in problems(kind, library)]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("cloud", clouds())
def test_every_model_says_where_it_is_from(cloud: str) -> None:
    models = sorted((SOURCES / cloud / "models").glob("*.json"))
    assert models
    assert [path.name for path in models if '"source": "' not in path.read_text()] == []


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Request(operation="github:repos/list-for-orgs"), "did you mean 'repos/list-for-org'?"),
        (
            Request(operation="github:repos/list-for-org", arguments={"organ": "o"}),
            "did you mean 'org'?",
        ),
        (Request(operation="github:repos/list-for-org", items=("item",)), "did you mean 'items'?"),
    ],
)
def test_what_the_models_do_not_know_is_said(request_: Request, words: str) -> None:
    assert words in "\n".join(request_problems(request_))


@pytest.mark.parametrize(("cloud", "account"), [("gcp", "shop"), ("azure", "s")])
def test_what_an_audit_log_asks_agrees_with_the_models(cloud: str, account: str) -> None:
    session = Silent(Target(f"{cloud}:{account}"))
    log = audit_log(cloud)
    now = datetime.now(UTC)
    log.events(
        session, ((now - timedelta(hours=2)).isoformat(), now.isoformat()), "", {Reach.GLOBAL}
    )  # type: ignore[arg-type]
    (call,) = session.asked
    assert call.operation in log.operations
    request = Request(operation=call.operation, arguments=call.params, items=call.items)
    assert list(request_problems(request)) == []
