"""Azure's models, from Microsoft's own packages, and from its documentation where no package
describes an operation.

python3.11 -m venv ENV && ENV/bin/pip install --no-deps PACKAGE... (those that SOURCES names,
monitor below 7) ENV/bin/pip install azure-core azure-common azure-mgmt-core msrest isodate pyyaml
ENV/bin/python -m tests.providers.derive.azure

What `azure_authored.json` holds was written by hand from the page that it names: Microsoft Graph as
far as it is asked, and operations whose version is in no package."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import sys
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import yaml

from tests.providers.derive.shapes import SOURCES as PLACES
from tests.providers.derive.shapes import Shapes

SOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "Microsoft.Authorization": (
        "azure.mgmt.authorization.v2022_04_01",
        "azure.mgmt.authorization.v2020_10_01",
        "azure.mgmt.resource.policy",
        "azure.mgmt.resource.locks",
    ),
    "Microsoft.Compute": ("azure.mgmt.compute",),
    "Microsoft.ContainerService": ("azure.mgmt.containerservice",),
    "Microsoft.DBforMySQL": ("azure.mgmt.mysqlflexibleservers",),
    "Microsoft.DBforPostgreSQL": ("azure.mgmt.postgresqlflexibleservers",),
    "Microsoft.Insights": tuple(
        f"azure.mgmt.monitor.v{version}"  # version 7 of the package left diagnostic settings out
        for version in (
            "2023_01_01",
            "2022_10_01",
            "2021_05_01_preview",
            "2020_10_01",
            "2015_04_01",
        )
    ),
    "Microsoft.KeyVault": ("azure.mgmt.keyvault",),
    "Microsoft.Network": ("azure.mgmt.network",),
    "Microsoft.OperationalInsights": ("azure.mgmt.loganalytics",),
    "Microsoft.RecoveryServices": (
        "azure.mgmt.recoveryservices",
        "azure.mgmt.recoveryservicesbackup",
    ),
    "Microsoft.Resources": ("azure.mgmt.resource.resources", "azure.mgmt.resource.subscriptions"),
    "Microsoft.Security": (
        "azure.mgmt.security.v2022_01_01",
        "azure.mgmt.security.v2024_01_01",
        "azure.mgmt.security.v2019_01_01_preview",
    ),
    "Microsoft.Sql": ("azure.mgmt.sql",),
    "Microsoft.Storage": ("azure.mgmt.storage",),
    "Microsoft.Web": ("azure.mgmt.web",),
}
"""Where each service's operations are described; the first module that has one counts."""
KINDS_OF: Final = {
    "Job": ("AzureIaaSVMJob",),
    "ProtectedItem": ("AzureIaaSComputeVMProtectedItem", "AzureIaaSVMProtectedItem"),
}
"""Types of which an answer holds a kind that one of its members tells: the kinds that are asked
for."""
SCALARS: Final = {
    "str": "string", "bool": "boolean", "int": "long", "float": "double", "datetime": "string", "date": "string",
    "timedelta": "string", "iso-8601": "string", "rfc-1123": "string", "duration": "string", "bytearray": "string",
    "bytes": "string", "string": "string", "boolean": "boolean", "integer": "long", "number": "double",
}  # fmt: skip
_ANYTHING: Final = frozenset({"object", "Any", "JSON", "any"})
_AUTHORED: Final = Path(__file__).parent / "azure_authored.json"


class Derivation:
    """One service, from the modules of Microsoft's packages."""

    def __init__(self, places: tuple[str, ...], shapes: Shapes) -> None:
        self.places = places
        self.shapes = shapes
        self.names: dict[Any, str] = {}

    def derive(self, name: str, declared: Mapping[str, Any]) -> None:
        """The model of one operation."""
        group, _, verb = name.partition("_")
        method = _snake(verb)
        for place in self.places:
            module = importlib.import_module(f"{place}.operations")
            found = getattr(getattr(module, f"{group}Operations", None), method, None)
            if found is not None:
                models = importlib.import_module(f"{place}.models")
                arguments = [
                    *placeholders(declared),
                    *_queries(found, f"build_{_snake(group)}_{method}_request"),
                ]
                answer = self._answer(name, str(inspect.signature(found).return_annotation), models)
                self.shapes.operation(
                    name, {one: self.shapes.scalar("string") for one in arguments}, answer
                )
                return
        raise SystemExit(f"{name} is in none of {self.places}")

    def _answer(self, name: str, text: str, models: Any) -> dict[str, str]:
        inside = self.reach(getattr(models, re.findall(r"_models(?:_py3)?\.(\w+)", text)[-1]))
        if not re.search(r"ItemPaged|Iterable\[", text):
            return inside
        rows = self.shapes.add(f"{name}.value", {"type": "list", "member": inside})
        return self.shapes.add(f"{name}.answer", {"type": "structure", "members": {"value": rows}})

    def reach(self, model: type) -> dict[str, str]:
        """A reference to a model, once it and what it leads to are among the shapes."""
        if model not in self.names:
            name = (
                model.__name__
                if model.__name__ not in self.shapes.made
                else f"{model.__name__}_{len(self.names)}"
            )
            self.names[model] = name
            self.shapes.made[name] = {"type": "structure", "members": {}}
            self.shapes.made[name]["members"].update(sorted(self._members(model)))
        return {"shape": self.names[model]}

    def _members(self, model: type) -> Iterator[tuple[str, dict[str, str]]]:
        models = sys.modules[model.__module__.rpartition(".")[0]]
        more = [getattr(models, name, None) for name in KINDS_OF.get(model.__name__, ())]
        for kind in (model, *filter(None, more)):
            yield from (
                self._mapped(kind, models)
                if hasattr(kind, "_attribute_map")
                else self._declared(kind)
            )

    def _mapped(self, model: Any, models: Any) -> Iterator[tuple[str, dict[str, str]]]:
        """Members of a model of the older form, where `properties.x` stands for a member of a
        member."""
        known = _documented_enumerations(model)
        paths = {}
        for name, entry in model._attribute_map.items():
            steps = re.split(r"(?<!\\)\.", entry["key"])
            # The maps of these models call an enumeration a text; their documentation names it.
            named = known.get(name, entry["type"]) if entry["type"] == "str" else entry["type"]
            paths[tuple(part.replace("\\.", ".") for part in steps)] = named
        yield from self._nested(model.__name__, paths, models)

    def _nested(
        self, name: str, paths: Mapping[tuple[str, ...], str], models: Any
    ) -> Iterator[tuple[str, dict[str, str]]]:
        for head in dict.fromkeys(path[0] for path in paths):
            below = {
                path[1:]: kind for path, kind in paths.items() if path[0] == head and len(path) > 1
            }
            if below:
                members = dict(sorted(self._nested(f"{name}.{head}", below, models)))
                yield (
                    head,
                    self.shapes.add(f"{name}.{head}", {"type": "structure", "members": members}),
                )
            else:
                yield head, self._of_text(paths[(head,)], models)

    def _of_text(self, text: str, models: Any) -> dict[str, str]:
        if text[0] in "[{":
            return self._several(text[0], self._of_text(text[1:-1], models))
        model = getattr(models, text, None)
        if isinstance(model, type) and hasattr(model, "_attribute_map"):
            return self.reach(model)
        if isinstance(model, type) and issubclass(model, Enum):
            return self._enumerated(model)
        return self._plain(text if text in SCALARS or text in _ANYTHING else "str")

    def _several(self, bracket: str, inside: dict[str, str]) -> dict[str, str]:
        if bracket == "[":
            return self.shapes.add(f"{inside['shape']}.list", {"type": "list", "member": inside})
        key = self.shapes.scalar("string")
        return self.shapes.add(
            f"{inside['shape']}.map", {"type": "map", "key": key, "value": inside}
        )

    def _plain(self, name: str) -> dict[str, str]:
        return self.shapes.scalar(SCALARS[name]) if name in SCALARS else self.shapes.document()

    def _declared(self, model: Any) -> Iterator[tuple[str, dict[str, str]]]:
        """Members of a model of the newer form."""
        fields = {
            name: field for one in reversed(model.__mro__) for name, field in vars(one).items()
        }
        for one in reversed(model.__mro__):
            package = one.__module__.rpartition(".models")[0]
            space = {
                **vars(sys.modules[one.__module__]),
                "_models": sys.modules.get(f"{package}.models"),
            }
            for name, hint in vars(one).get("__annotations__", {}).items():
                field = fields.get(name)
                if not name.startswith("_") and hasattr(field, "_rest_name_input"):
                    yield field._rest_name_input or name, self._of_hint(hint, space)

    def _of_hint(self, hint: Any, space: Mapping[str, Any]) -> dict[str, str]:
        while isinstance(hint, str | typing.ForwardRef):
            hint = eval(hint if isinstance(hint, str) else hint.__forward_arg__, dict(space))
        origin, inside = (
            typing.get_origin(hint),
            [one for one in typing.get_args(hint) if one is not type(None)],
        )
        if origin is typing.Union:
            return self._of_union(inside, space)
        if origin in (list, dict):
            return self._several("[" if origin is list else "{", self._of_hint(inside[-1], space))
        name = getattr(hint, "__name__", str(hint))
        if origin is typing.Literal:
            return self._plain("str")
        if isinstance(hint, type) and issubclass(hint, str):
            return self._enumerated(hint)
        known = name in SCALARS or name in _ANYTHING or not isinstance(hint, type)
        return self._plain(name) if known else self.reach(hint)

    def _of_union(self, inside: list[Any], space: Mapping[str, Any]) -> dict[str, str]:
        """A text or one of an enumeration's: the enumeration; of a model and a mapping, the
        model."""
        for hint in inside:
            if hint is not str:
                return self._of_hint(hint, space)
        return self._plain("str")

    def _enumerated(self, kind: type) -> dict[str, str]:
        if issubclass(kind, Enum):
            return self.shapes.enumeration(kind.__name__, (str(one.value) for one in kind))
        return self._plain("str")


def _snake(text: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", text).lower()


def _documented_enumerations(model: Any) -> dict[str, str]:
    """The enumeration of each member that the documentation of a model gives one."""
    lines = re.findall(r":(?:vartype|paramtype) (\w+): str or ~[\w.]+\.(\w+)", model.__doc__ or "")
    return dict(lines)


def placeholders(declared: Mapping[str, Any]) -> list[str]:
    """What fills the path of a reviewed operation."""
    return re.findall(r"\{\+?(\w+)\}", declared.get("get") or declared["post"])


def _queries(method: Any, name: str) -> list[str]:
    """The arguments of the query, from the text of the function that makes the request."""
    module = sys.modules[method.__module__]
    names = (name, name.removesuffix("_request"), f"build_{method.__name__}_request")
    build = next((getattr(module, one) for one in names if hasattr(module, one)), None)
    source = inspect.getsource(build) if build else inspect.getsource(method)
    return [word for word in re.findall(r'_params\["([^"]+)"\]', source) if word != "api-version"]


class Authored:
    """Operations that were written by hand, in a notation of their own."""

    def __init__(self, data: Mapping[str, Any], shapes: Shapes) -> None:
        self.data = data
        self.shapes = shapes

    def derive(self, name: str) -> None:
        """The model of one operation."""
        declared = self.data["operations"][name]
        arguments = {word: self.shapes.scalar("string") for word in declared["arguments"]}
        answer = declared["answer"]
        if isinstance(answer, str):
            self.shapes.operation(name, arguments, self._type(answer))
            return
        members = {word: self._type(kind) for word, kind in answer.items()}
        self.shapes.operation(
            name,
            arguments,
            self.shapes.add(f"{name}.answer", {"type": "structure", "members": members}),
        )

    def _type(self, text: str) -> dict[str, str]:
        if text.startswith("["):
            inside = self._type(text[1:-1])
            return self.shapes.add(f"{inside['shape']}.list", {"type": "list", "member": inside})
        if text in self.data["types"]:
            members = {word: self._type(kind) for word, kind in self.data["types"][text].items()}
            return self.shapes.add(text, {"type": "structure", "members": members})
        return self.shapes.scalar(SCALARS[text]) if text in SCALARS else self.shapes.document()


def main() -> None:
    """Write the model of every service."""
    reviewed = yaml.safe_load((PLACES / "azure/operations.yaml").read_text(encoding="utf-8"))[
        "services"
    ]
    authored = json.loads(_AUTHORED.read_text(encoding="utf-8"))
    for service, declared in reviewed.items():
        shapes = Shapes()
        by_hand = authored.get(service, {"operations": {}, "types": {}})
        if service not in SOURCES and not by_hand["operations"]:
            continue
        derivation, written = (
            Derivation(SOURCES.get(service, ()), shapes),
            Authored(by_hand, shapes),
        )
        for name, operation in declared["operations"].items():
            if name in by_hand["operations"]:
                written.derive(name)
            else:
                derivation.derive(name, operation)
        packages = sorted({_package(place) for place in SOURCES.get(service, ())})
        pages = [f"authored: {by_hand['documentation']}"] if by_hand["operations"] else []
        shapes.write("azure", service, "; ".join([*packages, *pages]))


def _package(place: str) -> str:
    """The package that holds a module, with its version."""
    words = [word for word in place.split(".") if not re.fullmatch(r"v[0-9_]+(preview)?", word)]
    name = "-".join(words)
    name = "azure-mgmt-resource" if name == "azure-mgmt-resource-resources" else name
    return f"{name} {version(name)}"


if __name__ == "__main__":
    main()
