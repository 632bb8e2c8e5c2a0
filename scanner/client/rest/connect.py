"""Connects to targets of REST clouds: credentials, the calls of discovery, and one clear error
where they fail.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from scanner.client.client import ProviderClient, ScanContext
from scanner.client.clock import Clock
from scanner.client.interfaces import (
    Connected,
    Connector,
    NotConnectable,
    Rules,
    Unreachable,
)
from scanner.client.rest.http_client import HttpClient
from scanner.client.rest.provider_profile import ProviderProfile
from scanner.client.rest.rest_client import RestContext
from scanner.client.rest.session import RestSession
from scanner.client.rest.tokens import Credentials, Token, Tokens
from scanner.errors import NotConnectedError, TscanError
from scanner.model.answers import Account, AccountState, Answer, Call, Caller, State, Target
from scanner.model.config import Exclusion, TargetConfig
from scanner.model.rest_operations import RestOperations
from scanner.registry import install_hint

NO_CREDENTIALS: Final = "NoCredentials"
"""The code of a token failure where nothing configures an identity."""
ANONYMOUS: Final = Caller(id="nobody (an endpoint of this machine, over plain HTTP)", account="")
_CALLS_AT_ONCE: Final = 16
_NOT_REACHED: Final = (
    "ConnectionError",
    "Deadline",
    "NameResolution",
    "ProtocolError",
    "Proxy",
    "SSL",
    "Timeout",
)
"""Parts of the codes of failures without a response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudName:
    """How messages name a cloud, and what they advise."""

    name: str
    """`Google Cloud`."""
    extra: str
    """The extra of tscan that installs `modules`."""
    modules: tuple[str, ...]
    """Packages that reading the cloud needs."""
    log_in: str
    """What to do where no credentials are found."""


@cache
def http_client() -> HttpClient:
    """The one pool of connections, for all targets of all REST clouds."""
    return HttpClient()


def require_modules(cloud: CloudName) -> None:
    """TscanError where a package is not installed."""
    for module in cloud.modules:
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise TscanError(
                f"reading {cloud.name} needs {module}, which is not installed",
                install_hint(cloud.extra),
            ) from error


def rest_context(
    config: TargetConfig,
    rules: Rules,
    profile: ProviderProfile,
    operations: RestOperations,
    credentials: Callable[[HttpClient], Credentials],
) -> RestContext:
    """What the clients of a configured target share."""
    clock = Clock()
    http = http_client()
    endpoint = config.settings.get("endpoint", "").rstrip("/")
    tokens: Tokens | None = None
    # A token is a password for as long as it lasts: it never goes over plain HTTP.
    if not endpoint.startswith("http://"):
        tokens = Tokens(credentials(http), clock)
    return RestContext(
        scan=ScanContext.begin(rules, clock),
        profile=profile,
        operations=operations,
        http=http,
        tokens=tokens,
        endpoint=endpoint,
    )


def callers(context: RestContext) -> tuple[Caller, ...]:
    """The identity that the scan runs as."""
    if context.tokens is None:
        return (ANONYMOUS,)
    return (context.tokens.credentials.caller,)


def sign_in(context: RestContext, cloud: CloudName) -> None:
    """Request the first token; TscanError where there is none."""
    if context.tokens is None:
        return
    outcome = context.tokens.get(context.profile.audience)
    if isinstance(outcome, Token):
        return
    if outcome.code == NO_CREDENTIALS:
        raise NotConnectedError(
            f"no credentials for {cloud.name} were found", f"{cloud.log_in}, or run `tscan demo`"
        )
    # A library's message may quote a key or an assertion.
    reason = context.scan.redactor.text(f"{outcome.code} {outcome.message}".strip())
    raise NotConnectedError(
        f"{cloud.name} issued no token: {reason}", "check the credentials and the network"
    )


def required_data(answer: Answer, what: str, cloud: CloudName, hint: str) -> Mapping[str, Any]:
    """The data of an answer that connecting cannot do without; TscanError where there is none."""
    if answer.state in (State.OK, State.EMPTY) and isinstance(answer.data, Mapping):
        return answer.data
    # Of a provider that cannot be reached, a hint about permissions would lead astray.
    if any(part in answer.code for part in _NOT_REACHED):
        raise NotConnectedError(
            f"{cloud.name} cannot be reached ({answer.code})",
            "check the network, proxy and endpoint",
        )
    reason = f"{answer.code} {answer.message}".strip()
    raise NotConnectedError(f"{what} cannot be read: {reason}", hint)


def request_all(client: ProviderClient, calls: Sequence[Call]) -> list[Answer]:
    """The answers to several calls, in their order, requested at the same time."""
    # Discovery runs before the scheduler has workers.
    with ThreadPoolExecutor(_CALLS_AT_ONCE) as pool:
        return list(pool.map(client.request, calls))


def by_key(answers: Iterable[Answer]) -> dict[str, Answer]:
    """Answers by `Call.key`, as a session keeps those of discovery."""
    return {answer.call.key: answer for answer in answers}


def listed_account(identity: str, name: str, closed: str, exclude: Iterable[Exclusion]) -> Account:
    """A listed project or subscription; `closed` is why nobody can connect to it, empty where one
    can.
    """
    # Before the exclusions: nobody has to approve that a closed account is not read.
    if closed:
        return Account(id=identity, name=name, state=AccountState.CLOSED, reason=closed)
    for exclusion in exclude:
        if exclusion.account == identity:
            return Account(
                id=identity,
                name=name,
                state=AccountState.EXCLUDED,
                reason=exclusion.reason,
                approver=exclusion.approver,
            )
    return Account(id=identity, name=name, state=AccountState.IN_SCOPE)


def unlisted_account(name: str) -> Account:
    """One account in place of the members that incomplete listings leave out."""
    return Account(id="organization", name=name, state=AccountState.IN_SCOPE)


def unlisted_members(
    cloud: str, incomplete: Sequence[Answer], asking: tuple[Caller, ...], what: str
) -> NotConnectable:
    """Stands for the members of an organization that its incomplete listings leave out.

    Without it, a scan that was refused the listing would pass for one of all members.
    """
    return NotConnectable(
        Unreachable(
            target=Target(f"{cloud}:organization"),
            callers=asking,
            answers=by_key(incomplete),
            why=f"{incomplete[0].reason}: {what} are not known",
        )
    )


def organization_connectors(
    leader: RestSession,
    rows: Mapping[str, Mapping[str, Any]],
    session_of: Callable[[Mapping[str, Any], str], RestSession],
    incomplete: Sequence[Answer],
    what: str,
) -> tuple[Connector, ...]:
    """The organization itself, each member in scope, and one connector for members that are not
    known.
    """
    connectors: list[Connector] = [Connected(leader)]
    for account in leader.accounts:
        if account.state is AccountState.IN_SCOPE and account.id in rows:
            connectors.append(Connected(session_of(rows[account.id], account.id)))
    if incomplete:
        cloud = leader.target.cloud
        connectors.append(unlisted_members(cloud, incomplete, leader.callers, what))
    return tuple(connectors)
