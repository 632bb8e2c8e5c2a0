"""Connects to one Azure subscription, or to a tenant with all of its subscriptions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from scanner.client.interfaces import Connected, Connector, Rules
from scanner.client.rest.connect import (
    CloudName,
    by_key,
    callers,
    listed_account,
    organization_connectors,
    request_all,
    require_modules,
    required_data,
    rest_context,
    sign_in,
    unlisted_account,
)
from scanner.client.rest.operations import operations
from scanner.client.rest.rest_client import RestClient, RestContext
from scanner.client.rest.session import RestSession
from scanner.errors import NotConnectedError
from scanner.model.answers import Account, Answer, Call, State, Target
from scanner.model.config import TargetConfig
from scanner.providers.azure.credentials import AzureCredentials
from scanner.providers.azure.profile import AzureProfile
from scanner.providers.azure.role_permissions import properties_of

AZURE: Final = CloudName(
    name="Azure",
    extra="azure",
    modules=("urllib3", "azure.identity"),
    log_in="run `az login`, or set AZURE_CLIENT_ID",
)
SUBSCRIPTION_ONLY: Final = (
    "a subscription does not show resources of the tenant: add the tenant as a target"
)
_SUBSCRIPTIONS: Final = Call(
    operation="Microsoft.Resources:Subscriptions_List", region="", items=("value",)
)
_TENANTS: Final = Call(operation="Microsoft.Resources:Tenants_List", region="", items=("value",))
_ORGANIZATION: Final = Call(operation="graph:ListOrganization", region="", items=("value",))
# One that is disabled or past due still holds resources, and can be read.
_CLOSED: Final = frozenset({"Deleted"})

Row = Mapping[str, Any]


def connect_azure(config: TargetConfig, rules: Rules) -> Sequence[Connector]:
    """A subscription, or a tenant and its subscriptions; TscanError where it cannot be read."""
    require_modules(AZURE)
    configured_tenant = config.settings.get("tenant", "").lower()
    credentials = AzureCredentials(config.settings.get("credential", ""), configured_tenant)
    context = rest_context(
        config, rules, AzureProfile(), operations("azure"), lambda _http: credentials
    )
    sign_in(context, AZURE)
    client = RestClient(context, frozenset())
    tenant = configured_tenant or _tenant_of_bare_id(client, config)
    if not tenant:
        return (Connected(_subscription(context, client, config)),)
    # Tokens of another tenant would list that tenant's subscriptions under this one's name.
    if context.tokens is not None and credentials.tenant.lower() != tenant:
        raise NotConnectedError(
            f"the credentials belong to tenant {credentials.tenant or '?'}, not {tenant}",
            "log in to that tenant",
        )
    return _tenant(context, client, config, tenant)


def _tenant_of_bare_id(client: RestClient, config: TargetConfig) -> str:
    """The tenant that `azure:ID` names; empty where the id is that of a subscription, or there is
    none.
    """
    identity = config.settings.get("id", "").lower()
    if not identity:
        return ""
    answer = client.request(_TENANTS)
    required_data(answer, "the list of tenants", AZURE, "check the credentials")
    tenants = {str(row.get("tenantId", "")).lower() for row in _rows(answer)}
    if identity in tenants:
        return identity
    return ""


def _subscription(context: RestContext, client: RestClient, config: TargetConfig) -> RestSession:
    identity = config.settings.get("subscription", "") or config.settings["id"]
    identity = identity.lower()
    call = Call(
        operation="Microsoft.Resources:Subscriptions_Get",
        region="",
        params={"subscription": identity},
    )
    answer = client.request(call)
    hint = "check its id, and that the account has a role in it"
    row = required_data(answer, f"subscription {identity}", AZURE, hint)
    return _session(context, row, identity, management_open=SUBSCRIPTION_ONLY, answers=(answer,))


def _session(
    context: RestContext,
    row: Row,
    identity: str,
    *,
    management_open: str,
    answers: Sequence[Answer] = (),
) -> RestSession:
    return RestSession(
        target=Target(f"azure:{identity}"),
        name=str(row.get("displayName", "")),
        callers=callers(context),
        client=RestClient(context, frozenset({identity})),
        answers=by_key(answers),
        management_open=management_open,
    )


def _tenant(
    context: RestContext, client: RestClient, config: TargetConfig, tenant: str
) -> Sequence[Connector]:
    descendants_call = Call(
        operation="Microsoft.Management:ManagementGroups_GetDescendants",
        region="",
        params={"groupId": tenant},
        items=("value",),
    )
    calls = (_SUBSCRIPTIONS, descendants_call, _ORGANIZATION)
    subscriptions, descendants, organization = request_all(client, calls)
    what = f"the list of subscriptions of tenant {tenant}"
    required_data(subscriptions, what, AZURE, "check the credentials")
    rows: dict[str, Row] = {}
    for row in _subscriptions_in(subscriptions, tenant):
        rows[str(row["subscriptionId"])] = row
    # Subscriptions_List leaves out, in silence, those in which the caller has no role (second
    # listing).
    for identity, name in _subscriptions_below(descendants):
        rows.setdefault(identity, {"displayName": name})
    incomplete: list[Answer] = []
    if not _is_complete(subscriptions, "subscriptionId"):
        incomplete.append(subscriptions)
    if not _is_complete(descendants, "name"):
        incomplete.append(descendants)
    leader = RestSession(
        target=Target(f"azure:{tenant}"),
        name=_display_name(organization),
        callers=callers(context),
        client=client,
        answers=by_key((subscriptions, descendants, organization)),
        accounts=tuple(_accounts(rows, config, is_complete=not incomplete)),
        organization_only=True,
    )

    def session_of(row: Row, identity: str) -> RestSession:
        reason = f"the tenant is read from target azure:{tenant}"
        return _session(context, row, identity, management_open=reason)

    return organization_connectors(
        leader, rows, session_of, incomplete, "subscriptions of the tenant"
    )


def _rows(answer: Answer) -> list[Row]:
    return [row for row in _listed(answer) if isinstance(row, Mapping)]


def _listed(answer: Answer) -> list[object]:
    """The list of an answer; empty where none was read."""
    if not isinstance(answer.data, Mapping):
        return []
    rows: list[object] = answer.data.get("value", [])
    return rows


def _is_complete(answer: Answer, key: str) -> bool:
    """Whether a listing was read to its end, and each of its rows has an id."""
    for row in _listed(answer):
        identity = row.get(key) if isinstance(row, Mapping) else None
        if not isinstance(identity, str) or not identity:
            return False
    return answer.state.whole


def _subscriptions_in(listing: Answer, tenant: str) -> Iterator[Row]:
    """The subscriptions of the tenant: the caller may have roles in those of other tenants too."""
    for row in _rows(listing):
        is_of_tenant = str(row.get("tenantId", tenant)).lower() == tenant
        if row.get("subscriptionId") and is_of_tenant:
            yield row


def _subscriptions_below(descendants: Answer) -> Iterator[tuple[str, str]]:
    """Id and name of each subscription below the root management group, whoever has roles in it."""
    for row in _rows(descendants):
        resource_type = str(row.get("type", "")).lower()
        if not resource_type.endswith("/subscriptions"):
            continue
        identity = str(row.get("name", "?"))
        name = properties_of(row).get("displayName", "")
        yield identity, str(name)


def _accounts(
    rows: Mapping[str, Row], config: TargetConfig, *, is_complete: bool
) -> Iterator[Account]:
    for identity, row in sorted(rows.items()):
        name = str(row.get("displayName", ""))
        state = str(row.get("state", ""))
        closed = state if state in _CLOSED else ""
        yield listed_account(identity, name, closed, config.exclude)
    if not is_complete:
        yield unlisted_account("subscriptions that were not listed")


def _display_name(organization: Answer) -> str:
    """What the tenant is called; empty where that could not be read."""
    if organization.state is not State.OK:
        return ""
    for row in _rows(organization):
        return str(row.get("displayName", ""))
    return ""
