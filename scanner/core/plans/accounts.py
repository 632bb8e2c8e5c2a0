"""Tells which account each resource of a plan is in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from scanner.model.plan_maps import AccountPlaces, PlanCloud
from scanner.model.values import RawValue, Symbol, Unreadable

Clouds = Mapping[str, PlanCloud]
"""The cloud of each Terraform type that maps read."""
_NOT_SHOWN = "the account is not in the plan"


class ProviderAccounts:
    """The account of each provider configuration of a plan, where the plan shows it."""

    def __init__(self, plan: Mapping[str, Any], clouds: Clouds, given: str) -> None:
        self._clouds = clouds
        self._given = given
        self._seen: dict[str, set[str]] = defaultdict(set)
        by_provider: dict[str, PlanCloud] = {}
        for cloud in clouds.values():
            by_provider.update(dict.fromkeys(cloud.providers, cloud))
        for key, provider in plan["providers"].items():
            own = by_provider.get(provider["name"])
            if own is not None:
                setting = provider["settings"].get(own.account.setting)
                self._add(key, own.account.named(setting))

    def _add(self, provider: str, account: str) -> None:
        if account:
            self._seen[provider].add(account)

    def note(self, provider: str, row: Mapping[str, Any]) -> None:
        """Take in what one resource or data source shows of its provider."""
        cloud = self._clouds.get(row["type"])
        if cloud is not None:
            for side in ("before", "after"):
                for account in _shown(cloud.account, row, row[side] or {}):
                    self._add(provider, account)

    def of(self, provider: str) -> str | Symbol:
        """The account of a provider; its resources share one that is not known."""
        seen = self._seen.get(provider, set())
        # Two different ones contradict each other.
        account = self._given or (min(seen) if len(seen) == 1 else "")
        if account:
            return account
        return Symbol(_NOT_SHOWN, owner=f"provider.{provider}", attribute="account")


def _shown(
    places: AccountPlaces, row: Mapping[str, Any], values: Mapping[str, Any]
) -> Iterable[str]:
    """The accounts that a resource's own attributes contain, or that a data source reads."""
    kind = row["type"]
    yield places.named(values.get(places.data.get(kind, "")))
    if row["mode"] == "data" or kind in places.not_shown_by:
        # It may be read, or named, from another account.
        return
    for attribute, pattern in places.shown_in.items():
        value = values.get(attribute)
        found = pattern.match(value) if isinstance(value, str) else None
        if found is not None:
            yield places.named(found[1])


def own_account(
    cloud: PlanCloud | None,
    row: Mapping[str, Any],
    values: Mapping[str, RawValue],
    written: Mapping[str, Any] | None,
) -> str | Unreadable | None:
    """The account that a resource itself names; None: it is in its provider's.

    `written` are the arguments that its block sets; None: its block is not in the plan.
    """
    if cloud is None:
        return None
    places = cloud.account
    name = places.argument_of(row["type"])
    value = values.get(name) if name else None
    named = places.named(value)
    if named or not name:
        return named or None
    if row["type"] in places.own:
        # Others refer to the account by this attribute.
        return Symbol(_NOT_SHOWN, owner=row["address"], attribute=name)
    return _unnamed(name, row, value, written)


def _unnamed(
    name: str, row: Mapping[str, Any], value: RawValue, written: Mapping[str, Any] | None
) -> Unreadable | None:
    """The account of a resource whose argument holds no known name of one."""
    if isinstance(value, str) and value:
        # A number stands for an account, and its name is not known.
        return Symbol(_NOT_SHOWN, owner="account", attribute=value)
    if isinstance(value, Symbol) and value.owner != row["address"]:
        return value
    is_set = written is None or name in written
    if is_set and isinstance(value, Unreadable):
        return Unreadable(value.reason)
    return None
