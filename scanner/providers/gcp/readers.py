"""Readers of Google Cloud: sequences of calls that a declaration cannot say. No SDK is needed to replay them."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import OpenList, Unreadable
from scanner.providers.gcp.tenant_conditions import bound_to_tenant

Program = Generator[Call, Answer, Any]

_ORGANIZATION: Final = "cloudresourcemanager:organizations.get"
_USERS: Final = "directory:users.list"
_POOLS: Final = "iam:projects.locations.workloadIdentityPools.list"
_PROVIDERS: Final = "iam:projects.locations.workloadIdentityPools.providers.list"
_FIELDS: Final = "nextPageToken,users(id,primaryEmail,isAdmin,suspended,archived,isEnforcedIn2Sv,creationTime,lastLoginTime)"
"""No more of a person than the checks need."""


def directory_users(context: ReadContext) -> Program:
    """The users of the directory that an organisation belongs to, which the organisation names."""
    answer = yield Call(
        operation=_ORGANIZATION, region="", params={"organization": context.account}
    )
    if answer.state is not State.OK or not isinstance(answer.data, Mapping):
        return answer.unread
    customer = answer.data.get("directoryCustomerId")
    if not isinstance(customer, str) or not customer:
        return Unreadable(f"{_ORGANIZATION} names no directory")
    params = {"customer": customer, "maxResults": 500, "orderBy": "email", "fields": _FIELDS}
    answer = yield Call(operation=_USERS, region="", params=params, items=("users",))
    return _listed(answer, "users")


def workload_identity_providers(context: ReadContext) -> Program:
    """The providers of every workload identity pool, each with what its attribute condition binds."""
    parent = f"projects/{context.account}/locations/global"
    answer = yield Call(
        operation=_POOLS, region="", params={"parent": parent}, items=("workloadIdentityPools",)
    )
    pools = _listed(answer, "workloadIdentityPools")
    if isinstance(pools, Unreadable):
        return pools
    rest = pools.rest if isinstance(pools, OpenList) else None
    found: list[dict[str, Any]] = []
    for pool in pools:
        name = pool.get("name") if isinstance(pool, Mapping) else None
        if not isinstance(name, str):
            rest = rest or Unreadable(f"{_POOLS} gave a pool without a name")
            continue
        answer = yield Call(
            operation=_PROVIDERS,
            region="",
            params={"parent": name},
            items=("workloadIdentityPoolProviders",),
        )
        providers = _listed(answer, "workloadIdentityPoolProviders")
        if isinstance(providers, Unreadable | OpenList):
            rest = rest or (providers if isinstance(providers, Unreadable) else providers.rest)
        if isinstance(providers, list):
            found.extend(
                _provider(provider, pool) for provider in providers if isinstance(provider, Mapping)
            )
    return OpenList(found, rest.reason, rest.gaps) if rest else found


def _provider(provider: Mapping[str, Any], pool: Mapping[str, Any]) -> dict[str, Any]:
    condition, mapping, oidc = (
        provider.get("attributeCondition", ""),
        provider.get("attributeMapping", {}),
        provider.get("oidc"),
    )
    return {
        "Name": provider.get("name"),
        "Active": all(
            one.get("state") == "ACTIVE" and not one.get("disabled") for one in (provider, pool)
        ),
        "Issuer": oidc.get("issuerUri") if isinstance(oidc, Mapping) else "",
        "Condition": condition,
        "TenantBound": bound_to_tenant(condition, mapping),
    }


def _listed(answer: Answer, member: str) -> list[Any] | Unreadable:
    """The list of a paged answer, open where pages are lacking."""
    if answer.state not in (State.OK, State.EMPTY, State.PARTIAL) or not isinstance(
        answer.data, Mapping
    ):
        return answer.unread
    found = answer.data.get(member, [])
    if not isinstance(found, list):
        return Unreadable(f"{answer.call.operation} gave {member} in a form that is not known")
    return (
        OpenList(found, answer.reason, answer.unread.gaps)
        if answer.state is State.PARTIAL
        else found
    )
