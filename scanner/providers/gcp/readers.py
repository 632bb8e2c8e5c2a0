"""Reads what Google Cloud needs several dependent calls for: directory users and workload identity
providers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from typing import Any, Final

from scanner.core.policies.truth import Truth, all_of
from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import OpenList, Unreadable
from scanner.providers.gcp.tenant_conditions import bound_to_tenant

Row = dict[str, Any]
Listing = Generator[Call, Answer, list[Row] | Unreadable]

_ASSETS: Final = "cloudasset:searchAllResources"
_ORGANIZATION: Final = "cloudresourcemanager:organizations.get"
_USERS: Final = "directory:users.list"
_POOLS: Final = "iam:projects.locations.workloadIdentityPools.list"
_PROVIDERS: Final = "iam:projects.locations.workloadIdentityPools.providers.list"
_OTHER_SORTS: Final = ("aws", "saml", "x509")
# Data minimization: no more of a person is requested than the checks read.
_USER_FIELDS: Final = (
    "nextPageToken,users(id,primaryEmail,isAdmin,suspended,archived,isEnforcedIn2Sv,"
    "creationTime,lastLoginTime)"
)


def directory_users(context: ReadContext) -> Listing:
    """The users of the directory (Cloud Identity or Workspace) that the organization belongs to."""
    organization = {"organization": context.account}
    answer = yield Call(operation=_ORGANIZATION, region="", params=organization)
    if answer.state is not State.OK or not isinstance(answer.data, Mapping):
        return answer.unread
    customer = answer.data.get("directoryCustomerId")
    if not isinstance(customer, str) or not customer:
        return Unreadable(f"{_ORGANIZATION} does not name the directory")
    params = {
        "customer": customer,
        "maxResults": 500,
        "orderBy": "email",
        "fields": _USER_FIELDS,
    }
    answer = yield Call(operation=_USERS, region="", params=params, items=("users",))
    return _rows_in(answer, "users")


def workload_identity_providers(context: ReadContext) -> Listing:
    """The providers of every workload identity pool, each with `TenantBound`: what its attribute
    condition binds.
    """
    parent = f"projects/{context.account}/locations/global"
    answer = yield _list_call(_POOLS, parent, "workloadIdentityPools")
    pools = _rows_in(answer, "workloadIdentityPools")
    if isinstance(pools, Unreadable):
        return pools
    rest = _rest_of(pools)
    found: list[Row] = []
    for pool in pools:
        name = pool.get("name") if isinstance(pool, Mapping) else None
        # Its providers cannot be listed, and one of them may let strangers in.
        if not isinstance(name, str):
            rest = rest or Unreadable(f"{_POOLS} returned a pool without a name")
            continue
        answer = yield _list_call(_PROVIDERS, name, "workloadIdentityPoolProviders")
        providers = _rows_in(answer, "workloadIdentityPoolProviders")
        rest = rest or _rest_of(providers)
        found.extend(_provider_rows(providers, pool))
    if rest is None:
        return found
    return OpenList(found, rest.reason, rest.gaps)


def asset_types(
    context: ReadContext,
) -> Generator[Call, Answer, dict[str, int] | Unreadable]:
    """By type, how many resources of a project Cloud Asset Inventory finds."""
    params = {
        "scope": f"projects/{context.account}",
        "readMask": "assetType",
        "pageSize": 500,
    }
    answer = yield Call(operation=_ASSETS, region="", params=params, items=("results",))
    rows = _rows_in(answer, "results")
    if isinstance(rows, OpenList):
        return rows.rest
    if isinstance(rows, Unreadable):
        return rows
    counts: Counter[str] = Counter()
    for row in rows:
        name = row.get("assetType") if isinstance(row, Mapping) else None
        if not isinstance(name, str):
            return Unreadable(f"{_ASSETS} returned a resource without a type")
        counts[name] += 1
    # A project is a resource itself: without any, the inventory has not looked.
    if not counts:
        return Unreadable(f"{_ASSETS} found nothing, not even the project")
    return dict(counts)


def _list_call(operation: str, parent: str, member: str) -> Call:
    return Call(
        operation=operation,
        region="",
        params={"parent": parent},
        items=(member,),
    )


def _rest_of(rows: list[Row] | Unreadable) -> Unreadable | None:
    """Why there may be more rows; None where all were read."""
    if isinstance(rows, OpenList):
        return rows.rest
    if isinstance(rows, Unreadable):
        return rows
    return None


def _provider_rows(providers: list[Row] | Unreadable, pool: Mapping[str, Any]) -> Iterator[Row]:
    if isinstance(providers, Unreadable):
        return
    for provider in providers:
        if isinstance(provider, Mapping):
            yield _provider_row(provider, pool)


def _provider_row(provider: Mapping[str, Any], pool: Mapping[str, Any]) -> Row:
    condition = provider.get("attributeCondition", "")
    bound = bound_to_tenant(condition, provider.get("attributeMapping", {}))
    if provider.get("actorProviders"):
        bound = Unreadable("actorProviders lets in tokens of other providers, which are not read")
    return {
        "Name": provider.get("name"),
        # A provider in a disabled pool issues no credentials, whatever its own state.
        "Active": all_of((_is_active(provider), _is_active(pool))),
        "Issuer": _issuer(provider),
        "Condition": condition,
        "TenantBound": bound,
    }


def _issuer(provider: Mapping[str, Any]) -> str | Unreadable:
    """The issuer of the tokens; empty where they are of another sort."""
    oidc = provider.get("oidc")
    issuer = oidc.get("issuerUri") if isinstance(oidc, Mapping) else None
    if isinstance(issuer, str) and issuer:
        return issuer
    if oidc is None and any(isinstance(provider.get(sort), Mapping) for sort in _OTHER_SORTS):
        return ""
    return Unreadable(f"{_PROVIDERS} returned a provider of an unknown sort")


def _is_active(row: Mapping[str, Any]) -> Truth:
    # Deleted pools and providers are listed for 30 days, and can be restored.
    state = row.get("state")
    if row.get("disabled") is True or state == "DELETED":
        return False
    if state == "ACTIVE":
        return True
    return Unreadable(f"a pool or provider is in a state that is not known: {state}")


def _rows_in(answer: Answer, member: str) -> list[Row] | Unreadable:
    """The list of a paged answer; an open list where pages are missing."""
    if answer.state not in (State.OK, State.EMPTY, State.PARTIAL):
        return answer.unread
    if not isinstance(answer.data, Mapping):
        return answer.unread
    rows = answer.data.get(member, [])
    if not isinstance(rows, list):
        return Unreadable(f"{answer.call.operation} returned {member} in an unknown format")
    if answer.state is State.PARTIAL:
        return OpenList(rows, answer.reason, answer.unread.gaps)
    return rows
