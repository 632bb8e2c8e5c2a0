"""Opening Azure: one subscription, or a tenant with all of its subscriptions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from scanner.client.interfaces import Entrance, Inside, Rules
from scanner.client.rest.connect import (
    Cloud,
    account,
    asked,
    callers,
    known,
    needed,
    signed_in,
    tools,
    unlisted,
)
from scanner.client.rest.rest_client import RestClient, Tools
from scanner.client.rest.session import RestSession
from scanner.errors import TscanError
from scanner.model.answers import Account, AccountState, Answer, Call, State, Target
from scanner.model.config import TargetConfig
from scanner.providers.azure.credentials import AzureCredentials
from scanner.providers.azure.profile import AzureProfile

AZURE: Final = Cloud(
    name="Azure",
    extra="azure",
    modules=("aiohttp", "azure.identity"),
    log_in="run `az login`, or set AZURE_CLIENT_ID",
)
ALONE: Final = (
    "what belongs to the tenant is not read from a subscription: name the tenant as a target"
)
_SUBSCRIPTIONS: Final = Call(
    operation="Microsoft.Resources:Subscriptions_List", region="", items=("value",)
)
_TENANTS: Final = Call(operation="Microsoft.Resources:Tenants_List", region="", items=("value",))
_ABOUT: Final = Call(operation="graph:ListOrganization", region="", items=("value",))
_GONE: Final = frozenset({"Deleted"})
"""States in which nothing of a subscription can be read; one that is disabled or past due still
holds resources.
"""


def open_azure(config: TargetConfig, rules: Rules) -> Sequence[Entrance]:
    """A subscription, or a tenant; TscanError where nobody answers."""
    needed(AZURE)
    made: list[AzureCredentials] = []
    named = config.settings.get("tenant", "").lower()

    def credentials(net: Any) -> AzureCredentials:
        made.append(AzureCredentials(net, config.settings.get("credential", ""), named))
        return made[0]

    shared = tools(config, rules, AzureProfile(), credentials)
    signed_in(shared, AZURE)
    door = RestClient(shared, frozenset())
    tenant = named or _meant(door, config)
    if not tenant:
        return (Inside(_subscription(shared, door, config)),)
    if made and made[0].tenant.lower() != tenant:
        raise TscanError(
            f"the credentials are of tenant {made[0].tenant or '?'}, not of {tenant}",
            "log in to that tenant",
        )
    return _tenant(shared, door, config, tenant)


def _meant(door: RestClient, config: TargetConfig) -> str:
    """The tenant, where a bare id is one; empty: it is a subscription."""
    identity = config.settings.get("id", "").lower()
    if not identity:
        return ""
    tenants = known(door.ask(_TENANTS), "the list of tenants", AZURE, "check the credentials").get(
        "value", []
    )
    ids = [str(row.get("tenantId", "")) for row in tenants if isinstance(row, Mapping)]
    return next((identity for one in ids if one.lower() == identity), "")


def _subscription(shared: Tools, door: RestClient, config: TargetConfig) -> RestSession:
    name = (config.settings.get("subscription", "") or config.settings["id"]).lower()
    call = Call(
        operation="Microsoft.Resources:Subscriptions_Get", region="", params={"subscription": name}
    )
    answer = door.ask(call)
    data = known(
        answer, f"subscription {name}", AZURE, "check its id, and that the account has a role in it"
    )
    return _session(shared, data, name, management_open=ALONE, answers=(answer,))


def _session(
    shared: Tools,
    row: Mapping[str, Any],
    identity: str,
    *,
    management_open: str,
    answers: Sequence[Answer] = (),
) -> RestSession:
    return RestSession(
        target=Target(f"azure:{identity}"),
        name=str(row.get("displayName", "")),
        callers=callers(shared),
        door=RestClient(shared, frozenset({identity})),
        answers={answer.call.key: answer for answer in answers},
        management_open=management_open,
    )


def _tenant(
    shared: Tools, door: RestClient, config: TargetConfig, tenant: str
) -> Sequence[Entrance]:
    below = Call(
        operation="Microsoft.Management:ManagementGroups_GetDescendants",
        region="",
        params={"groupId": tenant},
        items=("value",),
    )
    listed, groups, about = asked(door, (_SUBSCRIPTIONS, below, _ABOUT))
    known(listed, f"the list of subscriptions of tenant {tenant}", AZURE, "check the credentials")
    rows = {str(row["subscriptionId"]): row for row in _subscriptions(listed, tenant)}
    rows |= {
        name: {"displayName": label} for name, label in _descendants(groups) if name not in rows
    }
    lacking = [
        answer
        for answer, key in ((listed, "subscriptionId"), (groups, "name"))
        if not answer.state.whole or _odd(answer, key)
    ]
    accounts = tuple(_accounts(rows, config, open_list=bool(lacking)))
    leader = RestSession(
        target=Target(f"azure:{tenant}"),
        name=_name(about),
        callers=callers(shared),
        door=door,
        answers={answer.call.key: answer for answer in (listed, groups, about)},
        accounts=accounts,
        organization_only=True,
    )
    elsewhere = f"the tenant is read from target azure:{tenant}"
    members = [
        Inside(_session(shared, rows[one.id], one.id, management_open=elsewhere))
        for one in accounts
        if one.state is AccountState.IN_SCOPE and one.id in rows
    ]
    gap = (
        (unlisted("azure", lacking, callers(shared), "subscriptions of the tenant"),)
        if lacking
        else ()
    )
    return (Inside(leader), *members, *gap)


def _odd(answer: Answer, key: str) -> bool:
    """Whether a listing has a row without its name: something that nobody can ask about."""
    rows = (answer.data or {}).get("value", [])
    return not all(
        isinstance(row, Mapping) and isinstance(row.get(key), str) and row[key] for row in rows
    )


def _subscriptions(listed: Answer, tenant: str) -> Iterator[Mapping[str, Any]]:
    """The subscriptions of the tenant among those that the account may see."""
    for row in (listed.data or {}).get("value", []):
        if (
            isinstance(row, Mapping)
            and row.get("subscriptionId")
            and str(row.get("tenantId", tenant)).lower() == tenant
        ):
            yield row


def _descendants(groups: Answer) -> Iterator[tuple[str, str]]:
    """The subscriptions below the tenant's root group, whether or not the account has a role in
    them.
    """
    for row in (groups.data or {}).get("value", []):
        if isinstance(row, Mapping) and str(row.get("type", "")).lower().endswith("/subscriptions"):
            properties = row.get("properties")
            label = properties.get("displayName", "") if isinstance(properties, Mapping) else ""
            yield str(row.get("name", "?")), str(label)


def _accounts(
    rows: Mapping[str, Mapping[str, Any]], config: TargetConfig, *, open_list: bool
) -> Iterator[Account]:
    for identity, row in sorted(rows.items()):
        state = str(row.get("state", ""))
        yield account(
            identity,
            str(row.get("displayName", "")),
            state if state in _GONE else "",
            config.exclude,
        )
    if open_list:
        yield Account(
            id="organization",
            name="subscriptions that were not listed",
            state=AccountState.IN_SCOPE,
        )


def _name(about: Answer) -> str:
    rows = (about.data or {}).get("value") if about.state is State.OK else None
    first = rows[0] if isinstance(rows, list) and rows else {}
    return str(first.get("displayName", "")) if isinstance(first, Mapping) else ""
