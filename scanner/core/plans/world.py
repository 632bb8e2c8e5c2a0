"""One side of a plan: the resources before or after it, with what is known of their arguments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from scanner.core.plans import blocks, policy_documents
from scanner.core.plans.accounts import Clouds, ProviderAccounts, own_account
from scanner.core.plans.addresses import Index
from scanner.core.plans.reduction import AFTER_APPLY, OWN_TAGS, SENSITIVE
from scanner.core.plans.references import Found, References, block_of
from scanner.model.plan_maps import PlanCloud, PlanMap
from scanner.model.values import RawValue, Symbol, Unreadable

Side = Literal["before", "after"]

NEVER_NULL: Final = frozenset({"arn", "id", "json", "key_id", "name", "self_link"})
"""Attributes that every applied resource which has them has a value of."""
_COMPUTED: Final = frozenset({"arn", "id", "self_link"})
"""Attributes that no block sets."""
_CREATES: Final = (("create",), ("delete", "create"), ("create", "delete"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResource:
    """One resource of a plan, on one side of it."""

    address: str
    module: str
    mode: str
    type: str
    name: str
    index: Index
    is_new: bool
    """Whether this plan creates it: then nothing outside the plan can have configured it."""
    is_replaced: bool
    is_imported: bool
    is_unchanged: bool
    """Whether the plan leaves every argument of it as it is."""
    is_forgotten: bool
    """Whether the plan only stops to manage it: it stays in the cloud."""
    provider: str
    """The provider configuration that it is made with: `aws`, `aws.replica`."""
    account: str | Unreadable
    """The account that it names, or its provider's; those of one provider share an unknown one."""
    region: str
    """The region of its own or of its provider; empty: the plan does not say it."""
    values: Mapping[str, RawValue]
    written: frozenset[str]
    """The arguments that its block sets in the configuration."""
    refreshed: frozenset[str]
    """The attributes that hold a value: of an existing resource, the provider read them."""
    source: Mapping[str, Any]
    """Where its block is written; empty: it is not known."""


class World:
    """The resources on one side of a plan, or of several plans that are judged together."""

    def __init__(
        self,
        plans: Iterable[Mapping[str, Any]],
        side: Side,
        maps: Iterable[PlanMap],
        account: str = "",
    ) -> None:
        """`account` is that of every provider; empty: what the plans show of it."""
        self.side: Final = side
        self._same: dict[str, Mapping[str, str]] = {}
        clouds: dict[str, PlanCloud] = {}
        for plan_map in maps:
            self._same.update(dict.fromkeys(plan_map.types, plan_map.same))
            clouds.update(dict.fromkeys(plan_map.all_types, plan_map.cloud))
            shown_by = (*plan_map.cloud.account.data, *plan_map.cloud.account.own)
            clouds.update(dict.fromkeys(shown_by, plan_map.cloud))
        self.resources: dict[str, PlanResource] = {}
        self.by_type: dict[str, list[PlanResource]] = defaultdict(list)
        self.twice: set[str] = set()
        """Addresses that two of the plans have: which one is meant is not known."""
        for plan in plans:
            for found in _PlanReader(plan, side, self._same, clouds, account).resources():
                if found.address in self.resources:
                    self.twice.add(found.address)
                    continue
                self.resources[found.address] = found
                if found.mode == "managed":
                    self.by_type[found.type].append(found)

    def of_types(self, types: Sequence[str]) -> list[PlanResource]:
        """The managed resources of some types, in order of address."""
        found: list[PlanResource] = []
        for name in types:
            found.extend(self.by_type.get(name, ()))
        return sorted(found, key=lambda one: one.address)


class _PlanReader:
    """Reads one reduced plan: values become trees, references become symbols."""

    def __init__(
        self,
        plan: Mapping[str, Any],
        side: Side,
        same: Mapping[str, Mapping[str, str]],
        clouds: Clouds,
        account: str,
    ) -> None:
        self.plan = plan
        self.side = side
        self.same = same
        self.clouds = clouds
        self.rows = {row["address"]: row for row in plan["resources"] if self._is_here(row)}
        self.references = References(plan, side, self.rows.values())
        self.accounts = ProviderAccounts(plan, clouds, account)
        for row in plan["resources"]:
            self.accounts.note(self._provider(row), row)

    def _is_here(self, row: Mapping[str, Any]) -> bool:
        """Whether a resource is part of this side: after it, none that is deleted or forgotten."""
        if row[self.side] is None:
            return False
        leaves = row["actions"] in (["delete"], ["forget"])
        return not (self.side == "after" and leaves)

    def resources(self) -> Iterable[PlanResource]:
        """Every resource of this side."""
        for row in self.rows.values():
            yield self._resource(row)

    def _resource(self, row: Mapping[str, Any]) -> PlanResource:
        arguments = self._written(row)
        values: dict[str, RawValue] = {}
        for name, value in row[self.side].items():
            if value is not None:
                values[name] = self._value(value, row, (name,))
        self._with_all_tags(row, values)
        account = self._with_account(row, values)
        actions = tuple(row["actions"])
        return PlanResource(
            address=row["address"],
            module=row["module"],
            mode=row["mode"],
            type=row["type"],
            name=row["name"],
            index=row["index"],
            is_new=self.side == "after" and actions in _CREATES,
            is_replaced=self.side == "after" and len(actions) == 2,
            is_imported=row["imported"],
            is_unchanged=actions in (("no-op",), ("read",)),
            is_forgotten=actions == ("forget",),
            provider=self._provider(row),
            account=account,
            region=self._region(row),
            values=values,
            written=frozenset(arguments) | frozenset(row.get("source", {}).get("dynamic", ())),
            refreshed=frozenset(
                name for name, value in row[self.side].items() if not _is_later(value)
            ),
            source=row.get("source", {}),
        )

    def _provider(self, row: Mapping[str, Any]) -> str:
        key: str = (
            self.references.module(row["module"])["blocks"]
            .get(block_of(row), {})
            .get("provider", "")
        )
        # A provider that a module is given is named after the module: `module.network:aws`.
        return key if key in self.plan["providers"] else key.rpartition(":")[2]

    def _with_account(
        self, row: Mapping[str, Any], values: dict[str, RawValue]
    ) -> str | Unreadable:
        """The account; where the resource names none, its provider's stands in the argument."""
        cloud = self.clouds.get(row["type"])
        block = self.references.module(row["module"])["blocks"].get(block_of(row))
        own = own_account(cloud, row, values, block and block["arguments"])
        if own is not None:
            return own
        account = self.accounts.of(self._provider(row))
        if cloud is not None and cloud.account.argument:
            values[cloud.account.argument] = account
        return account

    def _region(self, row: Mapping[str, Any]) -> str:
        own = row[self.side].get("region")
        if isinstance(own, str):
            return own
        region: str = self._configured(row).get("region", "")
        return region

    def _configured(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.plan["providers"].get(self._provider(row), {})
        return found

    def _with_all_tags(self, row: Mapping[str, Any], values: dict[str, RawValue]) -> None:
        """Make all tags of the resource's own, where the provider has not computed them yet."""
        for name, own in OWN_TAGS.items():
            value = values.get(name)
            if value is not None and not isinstance(value, Unreadable):
                continue
            if self._configured(row).get("adds_tags"):
                values[name] = Unreadable("the provider adds tags, which are known after apply")
            else:
                values[name] = values.get(own, {})

    # -- values -----------------------------------------------------------------------------------

    def _value(self, value: Any, row: Mapping[str, Any], path: tuple[str | int, ...]) -> RawValue:
        if _is_later(value):
            return self._later(row, path)
        if isinstance(value, Mapping):
            if SENSITIVE in value:
                return Unreadable(f"{_shown(path)} is sensitive, and is not kept")
            return {
                name: self._value(inner, row, (*path, name))
                for name, inner in value.items()
                if inner is not None
            }
        if isinstance(value, list):
            return [self._value(item, row, (*path, at)) for at, item in enumerate(value)]
        if isinstance(value, float) and value.is_integer():
            return int(value)
        result: RawValue = value
        return result

    def _later(self, row: Mapping[str, Any], path: tuple[str | int, ...]) -> Unreadable:
        """What is known of a value that is known after apply only."""
        name, own = _shown(path), f"{row['address']}.{_shown(path)}"
        arguments = self._written(row)
        if not self._is_configured(row) and path[0] not in _COMPUTED:
            return Unreadable(f"{name} is known after apply, and its block is not in the plan")
        is_dynamic = path[0] in row.get("source", {}).get("dynamic", ())
        if len(path) == 1 and path[0] not in arguments and not is_dynamic:
            # No argument sets it: the provider will.
            return self._symbol(Found(row, str(path[0]), True), f"{own} is known after apply")
        if len(path) > 1 and blocks.leaves_unset(arguments, row[self.side], path):
            return Symbol(f"{own} is known after apply", owner=row["address"], attribute=name)
        expression = blocks.expression_at(arguments, path)
        # A template with text of its own has a value, whatever else is in it.
        is_text = expression.get("text", False)
        found = self.references.follow(row["module"], expression, row["index"])
        if found is None:
            return Unreadable(f"{name} is known after apply", present=is_text)
        reason = f"{name} is known after apply ({found.row['address']}.{found.attribute})"
        if found.is_plain is False:
            # A template or a condition around the reference: the value is another one.
            return Unreadable(reason, present=is_text)
        return self._symbol(found, reason)

    def _symbol(self, found: Found, reason: str) -> Symbol:
        same = self.same.get(found.row["type"], {})
        name = same.get(found.attribute, found.attribute)
        known = (found.row[self.side] or {}).get(name)
        present = found.attribute in NEVER_NULL
        if present and found.is_plain is None:
            # Without the source, the argument may be a condition that gives null.
            present, reason = False, f"{reason}; with --source more may be known"
        return Symbol(
            reason,
            present=present,
            owner=found.row["address"],
            attribute=name,
            value=known if isinstance(known, str) else "",
            document=self._document(found, name),
        )

    def _document(self, found: Found, name: str) -> Mapping[str, RawValue] | None:
        """The policy document that an argument is exactly the text of; None: it is not known."""
        is_text = found.row["type"] == policy_documents.TYPE and name in policy_documents.TEXTS
        # Only the source shows that the argument is nothing else.
        if not is_text or found.is_plain is not True:
            return None
        arguments = found.row[self.side] or {}
        read = ("statement", *policy_documents.OTHERS)
        values = {
            argument: self._value(arguments[argument], found.row, (argument,))
            for argument in read
            if arguments.get(argument) is not None
        }
        return policy_documents.policy_document(values)

    def _written(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """The references of the arguments that its block sets."""
        block = self.references.module(row["module"])["blocks"].get(block_of(row), {})
        arguments: Mapping[str, Any] = block.get("arguments", {})
        return arguments

    def _is_configured(self, row: Mapping[str, Any]) -> bool:
        """Whether the plan shows which arguments its block sets."""
        return block_of(row) in self.references.module(row["module"])["blocks"]


def _is_later(value: Any) -> bool:
    return isinstance(value, Mapping) and AFTER_APPLY in value


def _shown(path: Sequence[str | int]) -> str:
    return ".".join(map(str, path))
