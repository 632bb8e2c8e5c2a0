"""Shapes of Google's answers, derived from its discovery documents: a development command.

The documents come with a package that is no dependency of the project and lives in an environment of its own:

    python3.11 -m venv ENV && ENV/bin/pip install google-api-python-client
    .venv/bin/python tests/sources/derive_gcp.py ENV/lib/python3.11/site-packages

It writes `scanner/sources/gcp/models/<service>.json`: for each operation its verb, path, arguments and the type of its
answer, and the members of every type that can be reached from there. What no document describes is written by hand and
marked `authored`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from scanner.model.rest import RestOperation
from scanner.sources.rest.operations import operations

MODELS: Final = Path(__file__).parents[2] / "scanner" / "sources" / "gcp" / "models"
DOCUMENTS: Final = {"directory": "admin"}
"""Services whose document is called otherwise."""


def main(packages: Path) -> None:
    """Write the file of every service."""
    source = next(packages.glob("google_api_python_client-*.dist-info")).name.partition("-")[2]
    folder = packages / "googleapiclient" / "discovery_cache" / "documents"
    services: dict[str, list[RestOperation]] = {}
    for operation in operations("gcp").values():
        services.setdefault(operation.name.partition(":")[0], []).append(operation)
    for service, known in services.items():
        path = MODELS / f"{service}.json"
        authored = json.loads(path.read_text()).get("authored", {}) if path.exists() else {}
        wanted = [one for one in known if one.name.partition(":")[2] not in authored.get("operations", {})]
        data = Derivation(folder, service).model(wanted) if wanted else {"operations": {}, "types": {}}
        if wanted:
            data["derived_from"] = [f"google-api-python-client {source.removesuffix('.dist-info')}"]
        if authored:
            data["authored"] = authored
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n")


class Derivation:
    """One service, from the documents of the versions that are asked."""

    def __init__(self, folder: Path, service: str) -> None:
        self.folder = folder
        self.service = service
        self.types: dict[str, dict[str, str]] = {}
        self.version = ""
        """Of the document whose types keep their names."""

    def model(self, wanted: list[RestOperation]) -> dict[str, Any]:
        """The operations, and the types that they lead to."""
        versions = [one.version for one in wanted]
        self.version = max(versions, key=versions.count)
        found = {one.name.partition(":")[2]: self._operation(one) for one in wanted}
        return {"operations": found, "types": self.types}

    def _operation(self, operation: RestOperation) -> dict[str, Any]:
        document = self._document(operation.version)
        name = operation.name.partition(":")[2]
        method = next((one for one in _methods(document) if one["id"].partition(".")[2] == name), None)
        if method is None:
            raise SystemExit(f"{operation.name} is not in the document of {operation.version}")
        above = "/" + document["servicePath"]
        body = method.get("request", {}).get("$ref", "")
        taken = {*method.get("parameters", {}), *(document["schemas"][body].get("properties", {}) if body else {})}
        return {
            "answer": self._reach(document, method["response"]["$ref"]),
            "verb": method["httpMethod"],
            "paths": sorted({above + method["path"], above + method.get("flatPath", method["path"])}),
            "parameters": sorted(taken),
        }

    def _document(self, version: str) -> dict[str, Any]:
        name = DOCUMENTS.get(self.service, self.service)
        document: dict[str, Any] = json.loads((self.folder / f"{name}.{version}.json").read_text())
        return document

    def _reach(self, document: Mapping[str, Any], name: str) -> str:
        """The name of a type, once it and what it leads to are known; another version's types are named by it too."""
        known = name if document["version"] == self.version else f"{name}.{document['version']}"
        if known not in self.types:
            self.types[known] = {}
            self.types[known] = self._members(document, known, document["schemas"][name])
        return known

    def _members(self, document: Mapping[str, Any], name: str, schema: Mapping[str, Any]) -> dict[str, str]:
        return {
            member: self._type(document, f"{name}.{member}", inner)
            for member, inner in sorted(schema.get("properties", {}).items())
        }

    def _type(self, document: Mapping[str, Any], name: str, schema: Mapping[str, Any]) -> str:
        if "$ref" in schema:
            return self._reach(document, schema["$ref"])
        kind: str = schema.get("type", "any")
        if kind == "array":
            return f"[{self._type(document, name, schema['items'])}]"
        if "additionalProperties" in schema:
            return f"{{{self._type(document, name, schema['additionalProperties'])}}}"
        if kind == "object" and "properties" in schema:
            self.types[name] = self._members(document, name, schema)
            return name
        return "any" if kind == "object" else kind


def _methods(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from resource.get("methods", {}).values()
    for inner in resource.get("resources", {}).values():
        yield from _methods(inner)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
