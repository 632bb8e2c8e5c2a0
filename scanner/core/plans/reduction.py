"""Reduces the JSON of a plan to what maps read: everything else is dropped before it is kept.

A plan holds passwords, the values of all variables and the keys of providers in clear text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from scanner.core.plans import policy_documents
from scanner.core.plans.addresses import without_indices
from scanner.model.plan_maps import ArgumentPath, PlanReads

AFTER_APPLY: Final = "$after_apply"
"""Key of what stands for a value that is known after apply only."""
SENSITIVE: Final = "$sensitive"
"""Key of what stands for a value that the plan marks as sensitive."""

OWN_TAGS: Final = {"tags_all": "tags", "effective_labels": "labels"}
"""By argument that holds all tags: the one with those of the resource's own block."""
Reads = Mapping[str, frozenset[ArgumentPath]]
"""By resource type: the paths of the arguments that maps read."""
Sources = Mapping[str, Mapping[str, Any]]
"""By address without indices: where its block is written (`scanner.terraform.sources`)."""

# What references may lead to.
_DATA: Final[Reads] = {
    policy_documents.TYPE: frozenset(
        (name,) for name in ("statement", "version", *policy_documents.OTHERS)
    ),
}
_IDENTITY: Final = frozenset({("id",), ("arn",), ("name",), ("region",)})
"""Attributes that references and joins use, of every resource."""


def reduce_plan(plan: Mapping[str, Any], reads: PlanReads, sources: Sources) -> dict[str, Any]:
    """What is kept of a plan, or of a state: the only evidence that its verdicts are made from."""
    wanted = {**_with_tags(reads.types), **_DATA}
    changes = _changes(plan)
    return {
        "format_version": str(plan.get("format_version", "")),
        "terraform_version": str(plan.get("terraform_version", "")),
        "complete": plan.get("complete", True) is not False,
        "targeted": bool(plan.get("deferred_changes")),
        "resources": [
            _resource(change, wanted, sources) for change in changes if change["type"] in wanted
        ],
        "other_types": _other_types(changes, wanted),
        "modules": dict(_modules(_configuration(plan), "", wanted, sources)),
        "providers": _providers(plan, reads),
    }


def _with_tags(reads: Reads) -> dict[str, frozenset[ArgumentPath]]:
    """All tags of a resource are made of its own where the provider has not computed them yet."""
    found: dict[str, frozenset[ArgumentPath]] = {}
    for name, paths in reads.items():
        own = {(OWN_TAGS[path[0]],) for path in paths if path and path[0] in OWN_TAGS}
        found[name] = paths | own
    return found


def _other_types(changes: Iterable[Mapping[str, Any]], wanted: Reads) -> dict[str, int]:
    """How many resources after the plan are of types that no map reads."""
    found: Counter[str] = Counter()
    for change in changes:
        is_there = change["mode"] == "managed" and change["change"].get("after") is not None
        if is_there and change["type"] not in wanted:
            found[change["type"]] += 1
    return {name: found[name] for name in sorted(found)}


def _configuration(plan: Mapping[str, Any]) -> Mapping[str, Any]:
    root: Mapping[str, Any] = plan.get("configuration", {}).get("root_module", {})
    return root


def _changes(plan: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Every resource with its values before and after: of a plan, a drift report or a state."""
    found = plan.get("resource_changes") or plan.get("resource_drift", [])
    # A deposed object has the address of the one that replaced it.
    changes = [change for change in found if "deposed" not in change]
    known = {change["address"] for change in changes}
    # Data sources that were read while planning are not changes: they are in the prior state.
    for one in _state_resources(_root(plan.get("prior_state", {}))):
        if one["mode"] == "data" and one["address"] not in known:
            changes.append(_unchanged(one))
    if "resource_changes" not in plan:
        changes.extend(map(_unchanged, _state_resources(_root(plan))))
    return changes


def _root(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """The root module of a state; empty where it has no values."""
    root: Mapping[str, Any] = (state.get("values") or {}).get("root_module", {})
    return root


def _state_resources(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for found in module.get("resources", []):
        if found.get("deposed_key"):
            continue
        yield {**found, "module_address": module.get("address", "")}
    for child in module.get("child_modules", []):
        yield from _state_resources(child)


def _unchanged(found: Mapping[str, Any]) -> Mapping[str, Any]:
    values, sensitive = found.get("values"), found.get("sensitive_values")
    change = {
        "actions": ["no-op"],
        "before": values,
        "after": values,
        "before_sensitive": sensitive,
        "after_sensitive": sensitive,
    }
    return {**found, "change": change}


def _resource(found: Mapping[str, Any], wanted: Reads, sources: Sources) -> dict[str, Any]:
    change, paths = found["change"], wanted[found["type"]] | _IDENTITY
    reduced: dict[str, Any] = {
        "address": found["address"],
        "module": found.get("module_address", ""),
        "mode": found["mode"],
        "type": found["type"],
        "name": found["name"],
        "index": found.get("index"),
        "actions": list(change["actions"]),
        "imported": "importing" in change,
        "before": _side(change, "before", None, paths),
        "after": _side(change, "after", change.get("after_unknown"), paths),
    }
    source = _source(without_indices(found["address"]), sources)
    if source:
        reduced["source"] = source
    return reduced


def _source(address: str, sources: Sources) -> dict[str, Any]:
    """Where a block is written; of a module that is not here, where it is called."""
    facts = sources.get(address)
    if facts is not None:
        # What is plain stands with the references; what it refers to is only asked of locals.
        dropped = ("is_whole", "plain", "references", "texts")
        kept = {name: value for name, value in facts.items() if name not in dropped}
        return {**kept, "is_read": facts.get("is_whole", True)}
    call = _call(address, sources)
    if call is None:
        return {}
    return {**call, "note": "its module is not in the source folder"}


def _call(address: str, sources: Sources) -> dict[str, Any] | None:
    """The innermost module call on the way to an address that is in the source folder."""
    parts = address.split(".")
    for end in range(len(parts), 1, -1):
        facts = sources.get(".".join(parts[:end]))
        if facts is not None and parts[end - 2] == "module":
            return {
                "file": facts["file"],
                "line": facts["line"],
                "last": facts["last"],
                "calls": facts["calls"],
                "waivers": facts.get("waivers", []),
            }
    return None


def _side(
    change: Mapping[str, Any], side: str, unknown: object, paths: frozenset[ArgumentPath]
) -> Any:
    values = change.get(side)
    if values is None:
        return None
    return _kept(values, unknown, change.get(f"{side}_sensitive"), paths)


def _kept(value: Any, unknown: object, sensitive: object, paths: frozenset[ArgumentPath]) -> Any:
    """A value with markers for what is not known, and without what nothing reads."""
    if unknown is True:
        return {AFTER_APPLY: True}
    if _is_secret(value, sensitive):
        return {SENSITIVE: True}
    if isinstance(value, list):
        return _kept_items(value, unknown, sensitive, _below(paths, "[]"))
    is_partly_known = value is None and isinstance(unknown, Mapping)
    if isinstance(value, Mapping) or is_partly_known:
        return _kept_members(value or {}, unknown, sensitive, paths)
    return value


def _is_secret(value: object, sensitive: object) -> bool:
    """Whether a value is marked sensitive; whether something is on or off is no secret."""
    return sensitive is True and value is not None and not isinstance(value, bool)


def _kept_items(
    items: list[Any], unknown: object, sensitive: object, paths: frozenset[ArgumentPath]
) -> list[Any]:
    return [
        _kept(item, _at(unknown, position), _at(sensitive, position), paths)
        for position, item in enumerate(items)
    ]


def _kept_members(
    value: Mapping[str, Any], unknown: object, sensitive: object, paths: frozenset[ArgumentPath]
) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    names = set(value)
    if isinstance(unknown, Mapping):
        names.update(name for name, later in unknown.items() if later not in (False, [], {}))
    for name in sorted(names):
        below = _below(paths, name)
        if below:
            kept[name] = _kept(value.get(name), _at(unknown, name), _at(sensitive, name), below)
    return kept


def _at(tree: object, step: str | int) -> object:
    if isinstance(tree, Mapping):
        return tree.get(step)
    if isinstance(tree, list) and isinstance(step, int) and step < len(tree):
        return tree[step]
    return None


def _below(paths: frozenset[ArgumentPath], step: str) -> frozenset[ArgumentPath]:
    """What is read below a member: the empty path is all of it."""
    if () in paths:
        return frozenset({()})
    return frozenset(path[1:] for path in paths if path and path[0] == step)


# -- configuration --------------------------------------------------------------------------------


def _modules(
    module: Mapping[str, Any], name: str, wanted: Reads, sources: Sources
) -> Iterator[tuple[str, dict[str, Any]]]:
    """References of one module and of those below it, by the names of their calls."""
    calls: Mapping[str, Any] = module.get("module_calls", {})
    prefix = "".join(f"module.{call}." for call in name.split(".") if call)
    everything: frozenset[ArgumentPath] = frozenset({()})
    blocks: dict[str, Any] = {}
    for found in module.get("resources", []):
        if found.get("type") in wanted:
            paths = wanted[found["type"]] | _IDENTITY
            facts = sources.get(f"{prefix}{found['address']}")
            blocks[found["address"]] = {
                "provider": found.get("provider_config_key", ""),
                "arguments": _references(found.get("expressions", {}), paths, facts),
            }
    arguments: dict[str, Any] = {}
    for call, found in calls.items():
        facts = sources.get(f"{prefix}module.{call}")
        arguments[call] = _references(found.get("expressions", {}), everything, facts)
    outputs: dict[str, Any] = {}
    for output, found in module.get("outputs", {}).items():
        facts = sources.get(f"{prefix}output.{output}")
        expression = {"value": found.get("expression", {})}
        outputs[output] = _references(expression, everything, facts).get("value", {})
    yield (
        name,
        {
            "blocks": blocks,
            "calls": arguments,
            "outputs": outputs,
            "locals": _locals(prefix, sources),
        },
    )
    for call, found in calls.items():
        below = f"{name}.{call}" if name else call
        yield from _modules(found.get("module", {}), below, wanted, sources)


def _locals(prefix: str, sources: Sources) -> dict[str, Any]:
    """References of the local values of a module: a plan has none, only the source shows them."""
    start = f"{prefix}local."
    found: dict[str, Any] = {}
    for address, facts in sources.items():
        name = address.removeprefix(start)
        is_whole = facts.get("is_whole", True)
        if address.startswith(start) and "." not in name:
            found[name] = {
                "references": list(facts["references"]),
                "plain": bool(facts["references"]) and facts["is_plain"] and is_whole,
            }
    return found


def _references(
    expression: Any,
    paths: frozenset[ArgumentPath],
    facts: Mapping[str, Any] | None,
    at: str = "",
) -> Any:
    """The references of an expression, without its constants: those may be secret."""
    if isinstance(expression, list):
        below = _below(paths, "[]")
        return [_references(item, below, facts, at) for item in expression]
    if not isinstance(expression, Mapping):
        return {}
    if "references" in expression or "constant_value" in expression:
        return _leaf(expression, facts, at)
    kept: dict[str, Any] = {}
    for name, inner in expression.items():
        below = _below(paths, name)
        if below:
            kept[name] = _references(inner, below, facts, f"{at}.{name}" if at else name)
    return kept


def _leaf(
    expression: Mapping[str, Any], facts: Mapping[str, Any] | None, at: str
) -> dict[str, Any]:
    leaf: dict[str, Any] = {"references": list(expression.get("references", []))}
    if facts is not None and facts.get("is_whole", True):
        leaf["plain"] = at in facts["plain"]
        leaf["text"] = at in facts["texts"]
    return leaf


def _providers(plan: Mapping[str, Any], reads: PlanReads) -> dict[str, Any]:
    """By key: the region that a provider is configured with, and whether it adds tags."""
    found: dict[str, Any] = {}
    configured = plan.get("configuration", {}).get("provider_config", {})
    for key, provider in configured.items():
        expressions = provider.get("expressions", {})
        found[key] = {
            "name": provider.get("name", ""),
            "region": _region(expressions.get("region", {}), plan),
            "settings": _settings(expressions, reads.settings.get(provider.get("name", ""), ())),
            "adds_tags": "default_tags" in expressions or "default_labels" in expressions,
        }
    return found


def _settings(expressions: Mapping[str, Any], names: Iterable[str]) -> dict[str, str]:
    """The settings that are written as constants.

    A reference may stand in a template, so that the value of its variable is not the setting.
    """
    found: dict[str, str] = {}
    for name in names:
        value = expressions.get(name, {}).get("constant_value")
        if isinstance(value, str):
            found[name] = value
    return found


def _region(expression: Mapping[str, Any], plan: Mapping[str, Any]) -> str:
    """The region, where the plan says it; empty: it does not."""
    region = expression.get("constant_value")
    for reference in expression.get("references", []):
        if reference.startswith("var."):
            variable = plan.get("variables", {}).get(reference.removeprefix("var."), {})
            region = variable.get("value")
    return region if isinstance(region, str) else ""
