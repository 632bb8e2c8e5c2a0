"""Opening targets of REST clouds: tools, who we are, and one clear line where nobody can be asked."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from scanner.client.clock import Clock
from scanner.client.interfaces import Rules, Session, Unreachable
from scanner.client.redaction import Redactor
from scanner.client.rest.operations import operations
from scanner.client.rest.provider_profile import ProviderProfile
from scanner.client.rest.rest_client import RestClient, Tools
from scanner.client.rest.tokens import Credentials, Tokens
from scanner.client.rest.transport import Net
from scanner.errors import TscanError
from scanner.model.answers import Account, AccountState, Answer, Call, Caller, State, Target
from scanner.model.config import Exclusion, TargetConfig

_ASKED_AT_ONCE: Final = 16
NO_CREDENTIALS: Final = "NoCredentials"
"""The code of a token that could not be made because nothing says who we are."""
ANONYMOUS: Final = Caller(id="nobody (an endpoint of this machine, over plain HTTP)", account="")
_UNREACHABLE: Final = (
    "Connector",
    "Timeout",
    "Proxy",
    "SSL",
    "Disconnected",
    "ClientOSError",
    "Deadline",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """What is said to people about a cloud."""

    name: str
    """`Google Cloud`."""
    extra: str
    modules: tuple[str, ...]
    """What reading it needs."""
    log_in: str
    """What to do where no credentials are found."""


@cache
def network() -> Net:
    """The one way to the network."""
    return Net()


def needed(cloud: Cloud) -> None:
    """TscanError where a package is not installed."""
    for module in cloud.modules:
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise TscanError(
                f"reading {cloud.name} needs {module}, which is not installed",
                f"pip install 'tscan[{cloud.extra}]'",
            ) from error


def tools(
    config: TargetConfig,
    rules: Rules,
    dialect: ProviderProfile,
    credentials: Callable[[Net], Credentials],
) -> Tools:
    """What the doors of a configured target share."""
    clock, net = Clock(), network()
    endpoint = config.settings.get("endpoint", "").rstrip("/")
    # A token is a password for as long as it lasts: it never goes over plain HTTP.
    plain = endpoint.startswith("http://")
    return Tools(
        dialect=dialect,
        operations=operations(dialect.cloud),
        net=net,
        tokens=None if plain else Tokens(credentials(net), net, clock),
        rules=rules,
        clock=clock,
        redactor=Redactor(rules),
        endpoint=endpoint,
        deadline=clock.monotonic() + rules.scan_deadline,
    )


def callers(shared: Tools) -> tuple[Caller, ...]:
    """Who asks."""
    return (ANONYMOUS if shared.tokens is None else shared.tokens.credentials.caller,)


def signed_in(shared: Tools, cloud: Cloud) -> None:
    """Make a first token; TscanError where there is none."""
    if shared.tokens is None:
        return
    made = shared.tokens.get(shared.dialect.audience)
    if hasattr(made, "value"):
        return
    if made.code == NO_CREDENTIALS:
        raise TscanError(
            f"no credentials for {cloud.name} were found", f"{cloud.log_in}, or run `tscan demo`"
        )
    said = shared.redactor.text(f"{made.code} {made.message}".strip())
    raise TscanError(f"{cloud.name} gave no token: {said}", "check the credentials and the network")


def known(answer: Answer, what: str, cloud: Cloud, hint: str) -> Mapping[str, Any]:
    """The data of an answer that opening cannot do without; TscanError where there is none."""
    if answer.state in (State.OK, State.EMPTY) and isinstance(answer.data, Mapping):
        return answer.data
    if any(word in answer.code for word in _UNREACHABLE):
        raise TscanError(
            f"{cloud.name} cannot be reached ({answer.code})",
            "check the network, proxy and endpoint",
        )
    said = f"{answer.code} {answer.message}".strip()
    raise TscanError(f"{what} cannot be read: {said}", hint)


def asked(door: RestClient, calls: Sequence[Call]) -> list[Answer]:
    """The answers to several calls, asked at the same time."""
    with ThreadPoolExecutor(_ASKED_AT_ONCE) as pool:
        return list(pool.map(door.request, calls))


def account(identity: str, name: str, closed: str, exclude: Iterable[Exclusion]) -> Account:
    """A listed project or subscription with what becomes of it; `closed`: why nobody can enter it."""
    excluded = next((one for one in exclude if one.account == identity), None)
    if closed:
        return Account(id=identity, name=name, state=AccountState.CLOSED, reason=closed)
    if excluded is None:
        return Account(id=identity, name=name, state=AccountState.IN_SCOPE)
    return Account(
        id=identity,
        name=name,
        state=AccountState.EXCLUDED,
        reason=excluded.reason,
        approver=excluded.approver,
    )


@dataclass(frozen=True, slots=True)
class Shut:
    """The entrance of a target that is in scope and that nobody can enter."""

    unentered: Unreachable

    @property
    def target(self) -> Target:
        return self.unentered.target

    def connect(self) -> Session | Unreachable:
        """Why not."""
        return self.unentered


def unlisted(cloud: str, answers: Sequence[Answer], asking: tuple[Caller, ...], what: str) -> Shut:
    """What stands for the members of an organisation that its listings do not name."""
    why = f"{answers[0].reason}: {what} are not known"
    return Shut(
        Unreachable(
            target=Target(f"{cloud}:organization"),
            callers=asking,
            answers={answer.call.key: answer for answer in answers},
            why=why,
        )
    )
