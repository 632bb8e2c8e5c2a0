"""Shapes of Azure's answers, derived from Microsoft's own packages: a development command.

The packages live in an environment of their own and are no dependency of the project:

    python3.11 -m venv ENV && ENV/bin/pip install --no-deps PACKAGE... (those that `models/*.json` name)
    ENV/bin/pip install azure-core azure-common azure-mgmt-core msrest isodate
    ENV/bin/python tests/sources/derive_azure.py

It writes `scanner/sources/azure/models/<service>.json`: for each operation the type of its answer, and the members of
every type that can be reached from there. What no package describes is written by hand and marked `authored`.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import sys
import typing
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

MODELS: Final = Path(__file__).parents[2] / "scanner" / "sources" / "azure" / "models"
SOURCES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "Microsoft.Authorization": (
        ("azure-mgmt-authorization", "azure.mgmt.authorization.v2022_04_01"),
        ("azure-mgmt-authorization", "azure.mgmt.authorization.v2020_10_01"),
        ("azure-mgmt-resource-policy", "azure.mgmt.resource.policy"),
        ("azure-mgmt-resource-locks", "azure.mgmt.resource.locks"),
    ),
    "Microsoft.Compute": (("azure-mgmt-compute", "azure.mgmt.compute"),),
    "Microsoft.ContainerService": (("azure-mgmt-containerservice", "azure.mgmt.containerservice"),),
    "Microsoft.DBforPostgreSQL": (("azure-mgmt-postgresqlflexibleservers", "azure.mgmt.postgresqlflexibleservers"),),
    "Microsoft.Insights": tuple(
        ("azure-mgmt-monitor", f"azure.mgmt.monitor.v{version}")  # below 7, which left diagnostic settings out
        for version in ("2023_01_01", "2022_10_01", "2021_05_01_preview", "2020_10_01")
    ),
    "Microsoft.KeyVault": (("azure-mgmt-keyvault", "azure.mgmt.keyvault"),),
    "Microsoft.Network": (("azure-mgmt-network", "azure.mgmt.network"),),
    "Microsoft.OperationalInsights": (("azure-mgmt-loganalytics", "azure.mgmt.loganalytics"),),
    "Microsoft.RecoveryServices": (
        ("azure-mgmt-recoveryservices", "azure.mgmt.recoveryservices"),
        ("azure-mgmt-recoveryservicesbackup", "azure.mgmt.recoveryservicesbackup"),
    ),
    "Microsoft.Resources": (
        ("azure-mgmt-resource", "azure.mgmt.resource.resources"),
        ("azure-mgmt-resource-subscriptions", "azure.mgmt.resource.subscriptions"),
    ),
    "Microsoft.Security": (
        ("azure-mgmt-security", "azure.mgmt.security.v2022_01_01"),
        ("azure-mgmt-security", "azure.mgmt.security.v2024_01_01"),
        ("azure-mgmt-security", "azure.mgmt.security.v2019_01_01_preview"),
    ),
    "Microsoft.Sql": (("azure-mgmt-sql", "azure.mgmt.sql"),),
    "Microsoft.Storage": (("azure-mgmt-storage", "azure.mgmt.storage"),),
    "Microsoft.Web": (("azure-mgmt-web", "azure.mgmt.web"),),
}
"""Where each service's operations are described; the first module that has one counts."""
KINDS_OF: Final = {
    "Job": ("AzureIaaSVMJob",),
    "ProtectedItem": ("AzureIaaSComputeVMProtectedItem", "AzureIaaSVMProtectedItem"),
}
"""Types of which the answers hold a kind that is told by a member: the kinds that are asked for."""
SCALARS: Final = {
    "str": "string", "bool": "boolean", "int": "integer", "float": "number", "object": "any",
    "datetime": "string", "date": "string", "timedelta": "string", "iso-8601": "string", "rfc-1123": "string",
    "duration": "string", "bytearray": "string", "bytes": "string", "Any": "any", "JSON": "any",
}  # fmt: skip


def main() -> None:
    """Write the file of every service."""
    wanted = _listed()
    for service, sources in SOURCES.items():
        Derivation(service, sources).write(wanted[service])


def _listed() -> dict[str, list[str]]:
    """The reviewed operations by service, read without a YAML library."""
    found: dict[str, list[str]] = {}
    service = ""
    for line in (MODELS.parent / "operations.yaml").read_text().splitlines():
        if match := re.fullmatch(r"  ([A-Za-z.]+):", line):
            service = match[1]
        elif match := re.match(r"      ([A-Za-z]+_[A-Za-z]+):", line):
            found.setdefault(service, []).append(match[1])
    return found


class Derivation:
    """One service, from Microsoft's packages."""

    def __init__(self, service: str, sources: tuple[tuple[str, str], ...]) -> None:
        self.service = service
        self.sources = sources
        self.types: dict[str, dict[str, str]] = {}

    def write(self, operations: list[str]) -> None:
        """Write the service's file."""
        path = MODELS / f"{self.service}.json"
        authored = json.loads(path.read_text()).get("authored", {}) if path.exists() else {}
        found = {name: self._answer(name) for name in operations if name not in authored.get("operations", {})}
        packages = sorted({f"{package} {version(package)}" for package, _ in self.sources})
        data = {"derived_from": packages, "operations": found, "types": dict(sorted(self.types.items()))}
        if authored:
            data["authored"] = authored
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n")

    def _answer(self, operation: str) -> str:
        group, _, verb = operation.partition("_")
        method_name = re.sub(r"(?<!^)(?=[A-Z])", "_", verb).lower()
        for _, place in self.sources:
            module = importlib.import_module(f"{place}.operations")
            method = getattr(getattr(module, f"{group}Operations", None), method_name, None)
            if method is not None:
                models = importlib.import_module(f"{place}.models")
                return self._of_annotation(str(inspect.signature(method).return_annotation), models)
        raise SystemExit(f"{self.service}:{operation} is in none of {[place for _, place in self.sources]}")

    def _of_annotation(self, text: str, models: Any) -> str:
        name = re.findall(r"_models(?:_py3)?\.(\w+)", text)[-1]
        inside = self._reach(getattr(models, name))
        return f"{{value: [{inside}]}}" if re.search(r"Item ?Paged|Iterable\[", text) else inside

    def _reach(self, model: type) -> str:
        """The name of a model, once it and what it leads to are among the types."""
        name = model.__name__
        if name not in self.types:
            self.types[name] = {}
            for member, kind in self._members(model):
                self.types[name][member] = kind
        return name

    def _members(self, model: type) -> Iterator[tuple[str, str]]:
        models = sys.modules[model.__module__.rpartition(".")[0]]
        for kind in (model, *(getattr(models, name) for name in KINDS_OF.get(model.__name__, ()))):
            if hasattr(kind, "_attribute_map"):
                yield from self._mapped(kind, models)
            else:
                yield from self._declared(kind)

    def _mapped(self, model: Any, models: Any) -> Iterator[tuple[str, str]]:
        """Members of a model of the older form; `properties.x` stands for a member of a member."""
        inner: dict[str, dict[str, str]] = {}
        for entry in model._attribute_map.values():
            parts = [part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", entry["key"])]
            kind = self._of_text(entry["type"], models)
            if len(parts) == 1:
                yield parts[0], kind
            else:
                inner.setdefault(parts[0], {})[".".join(parts[1:])] = kind
        for member, below in inner.items():
            name = f"{model.__name__}.{member}"
            self.types[name] = dict(self._nested(name, below))
            yield member, name

    def _nested(self, name: str, members: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        deeper: dict[str, dict[str, str]] = {}
        for path, kind in members.items():
            head, _, tail = path.partition(".")
            if tail:
                deeper.setdefault(head, {})[tail] = kind
            else:
                yield head, kind
        for head, below in deeper.items():
            self.types[f"{name}.{head}"] = dict(self._nested(f"{name}.{head}", below))
            yield head, f"{name}.{head}"

    def _of_text(self, text: str, models: Any) -> str:
        if text.startswith("["):
            return f"[{self._of_text(text[1:-1], models)}]"
        if text.startswith("{"):
            return f"{{{self._of_text(text[1:-1], models)}}}"
        if text in SCALARS:
            return SCALARS[text]
        model = getattr(models, text, None)
        return self._reach(model) if isinstance(model, type) and hasattr(model, "_attribute_map") else "string"

    def _declared(self, model: Any) -> Iterator[tuple[str, str]]:
        """Members of a model of the newer form."""
        fields = {name: field for one in reversed(model.__mro__) for name, field in vars(one).items()}
        for one in reversed(model.__mro__):
            package = one.__module__.rpartition(".models")[0]
            space = {**vars(sys.modules[one.__module__]), "_models": sys.modules.get(f"{package}.models")}
            for name, hint in vars(one).get("__annotations__", {}).items():
                field = fields.get(name)
                if not name.startswith("_") and hasattr(field, "_rest_name_input"):
                    yield field._rest_name_input or name, self._of_hint(hint, space)

    def _of_hint(self, hint: Any, space: Mapping[str, Any]) -> str:
        if isinstance(hint, typing.ForwardRef):
            hint = hint.__forward_arg__
        if isinstance(hint, str):
            hint = eval(hint, dict(space))
        if isinstance(hint, str | typing.ForwardRef):
            return self._of_hint(hint, space)
        origin, inside = typing.get_origin(hint), [one for one in typing.get_args(hint) if one is not type(None)]
        if origin is typing.Union:
            # A text or one of an enumeration's; of a model and a mapping, the model.
            kinds = [self._of_hint(one, space) for one in inside]
            return "string" if "string" in kinds else kinds[0]
        if origin is list:
            return f"[{self._of_hint(inside[0], space)}]"
        if origin is dict:
            return f"{{{self._of_hint(inside[1], space)}}}"
        if origin is typing.Literal:
            return "string"
        if isinstance(hint, type) and hint.__name__ not in SCALARS:
            return "string" if issubclass(hint, str) else self._reach(hint)
        return SCALARS.get(getattr(hint, "__name__", str(hint)), "any")


if __name__ == "__main__":
    main()
