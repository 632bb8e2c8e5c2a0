"""Plants secrets in a plan wherever Terraform writes values in clear text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_ARGUMENTS: Final = (
    "password",
    "master_password",
    "secret_string",
    "user_data",
    "user_data_base64",
    "private_key",
    "connection_string",
    "admin_password",
    "access_key",
    "custom_data",
)
"""Arguments that hold secrets, whether or not the plan marks them."""


@dataclass(slots=True)
class Planted:
    """A plan with secrets, and all that were planted."""

    plan: dict[str, Any]
    secrets: list[str] = field(default_factory=list)

    def secret(self) -> str:
        """A text that occurs nowhere else."""
        self.secrets.append(f"Planted{len(self.secrets):05d}Secret")
        return self.secrets[-1]


def planted(plan: Mapping[str, Any], *, all_sensitive: bool) -> Planted:
    """The plan with secrets in variables, providers, outputs, constants and arguments.

    With `all_sensitive` every text of every resource is one, and is marked as sensitive.
    """
    found = Planted(json.loads(json.dumps(plan)))
    data = found.plan
    data["variables"] = {**data.get("variables", {}), "password": {"value": found.secret()}}
    data["planned_values"] = {"outputs": {"o": {"sensitive": True, "value": found.secret()}}}
    data["output_changes"] = {"o": {"actions": ["create"], "after": found.secret()}}
    state = data.setdefault("prior_state", {}).setdefault("values", {})
    state.setdefault("outputs", {})["o"] = {"value": found.secret()}
    configuration = data.setdefault("configuration", {})
    for provider in ("aws", "google", "azurerm"):
        one = configuration.setdefault("provider_config", {}).setdefault(provider, {})
        one.setdefault("expressions", {})["secret_key"] = {"constant_value": found.secret()}
        one["expressions"]["credentials"] = {"references": ["var.password"]}
    _plant_constants(configuration.setdefault("root_module", {}), found)
    for name in ("resource_changes", "resource_drift"):
        for one in data.get(name, ()):
            for side in ("before", "after"):
                _plant_side(one["change"], side, found, all_sensitive=all_sensitive)
    return found


def _plant_side(change: Any, side: str, found: Planted, *, all_sensitive: bool) -> None:
    values = change.get(side)
    if not isinstance(values, dict):
        return
    marks = change.get(f"{side}_sensitive")
    marks = change[f"{side}_sensitive"] = marks if isinstance(marks, dict) else {}
    for argument in _ARGUMENTS:
        values[argument] = found.secret()
        marks[argument] = True
    # One that the provider does not know to be a secret, as a script that holds it.
    values["user_data"] = f"export PASSWORD={found.secret()}"
    del marks["user_data"]
    values["environment"] = [{"variables": {"PASSWORD": found.secret()}}]
    if all_sensitive:
        change[side], change[f"{side}_sensitive"] = _all_secret(values, found)


def _all_secret(value: Any, found: Planted) -> tuple[Any, Any]:
    if isinstance(value, dict):
        pairs = {name: _all_secret(inner, found) for name, inner in value.items()}
        return {k: v[0] for k, v in pairs.items()}, {k: v[1] for k, v in pairs.items()}
    if isinstance(value, list):
        items = [_all_secret(inner, found) for inner in value]
        return [one[0] for one in items], [one[1] for one in items]
    if isinstance(value, str):
        return found.secret(), True
    return value, not isinstance(value, bool)


def _plant_constants(module: Any, found: Planted) -> None:
    """Constants of the configuration are values, too: `password = "…"`."""
    for variable in module.setdefault("variables", {"v": {}}).values():
        variable["default"] = found.secret()
    for block in module.get("resources", ()):
        expressions = block.setdefault("expressions", {})
        expressions["password"] = {"constant_value": found.secret()}
        block["provisioners"] = [{"expressions": {"inline": {"constant_value": found.secret()}}}]
        for expression in expressions.values():
            if isinstance(expression, dict) and "constant_value" in expression:
                expression["constant_value"] = found.secret()
    for call in module.get("module_calls", {}).values():
        call.setdefault("expressions", {})["password"] = {"constant_value": found.secret()}
        _plant_constants(call.get("module", {}), found)
