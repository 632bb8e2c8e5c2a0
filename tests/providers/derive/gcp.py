"""Google Cloud's models, from its discovery documents.

python3.11 -m venv ENV && ENV/bin/pip install google-api-python-client, which carries the documents
python -m tests.providers.derive.gcp ENV/lib/python3.11/site-packages

The Security Center Management API has no document there: its model is written by hand, and says so.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from scanner.client.rest.operations import operations
from scanner.model.rest_operations import PLACEHOLDER, RestOperation
from tests.providers.derive.shapes import Shapes

DOCUMENTS: Final = {"directory": "admin"}
"""Services whose document is called otherwise."""
_AUTHORED: Final = frozenset({"securitycentermanagement"})
_SCALARS: Final = {"string": "string", "integer": "long", "number": "double", "boolean": "boolean"}
_EVERYWHERE: Final = "fields"
"""An argument that every operation takes."""


class Discovery:
    """One service, from the documents of the versions that are asked."""

    def __init__(self, folder: Path, service: str, shapes: Shapes) -> None:
        self.folder = folder
        self.service = service
        self.shapes = shapes

    def derive(self, operation: RestOperation) -> None:
        """The model of one operation, with the verb and the paths by which Google tells it."""
        document = self._document(operation.version)
        name = operation.name.partition(":")[2]
        method = next(
            (one for one in methods(document) if one["id"].partition(".")[2] == name), None
        )
        if method is None:
            raise SystemExit(f"{operation.name} is not in the document of {operation.version}")
        body = document["schemas"].get(method.get("request", {}).get("$ref"), {})
        declared = {**method.get("parameters", {}), **body.get("properties", {})}
        arguments = {
            key: self._shape(document, f"{name}.{key}", one)
            for key, one in sorted(declared.items())
        }
        # One segment of what Google calls by the name of the whole.
        filled = [match[2] for match in PLACEHOLDER.finditer(operation.path)]
        more = {
            key: self.shapes.scalar("string")
            for key in (*filled, _EVERYWHERE)
            if key not in arguments
        }
        self.shapes.operation(
            name, {**arguments, **more}, self._shape(document, name, method["response"])
        )
        above = "/" + document["servicePath"]
        paths = sorted({above + method["path"], above + method.get("flatPath", method["path"])})
        self.shapes.operations[name]["http"] = {
            "method": method["httpMethod"],
            "requestUri": paths[0],
        }
        self.shapes.operations[name]["paths"] = paths

    def _document(self, version: str) -> Mapping[str, Any]:
        name = DOCUMENTS.get(self.service, self.service)
        document: dict[str, Any] = json.loads((self.folder / f"{name}.{version}.json").read_text())
        return document

    def _shape(
        self, document: Mapping[str, Any], name: str, schema: Mapping[str, Any]
    ) -> dict[str, str]:
        if "$ref" in schema:
            return self._named(document, schema["$ref"])
        kind = schema.get("type", "any")
        if kind == "array" or schema.get("repeated"):
            item = schema["items"] if kind == "array" else {"type": kind}
            return self.shapes.add(
                f"{name}.list", {"type": "list", "member": self._shape(document, name, item)}
            )
        if "additionalProperties" in schema:
            value = self._shape(document, name, schema["additionalProperties"])
            return self.shapes.add(
                f"{name}.map", {"type": "map", "key": self.shapes.scalar("string"), "value": value}
            )
        if kind == "object" and "properties" in schema:
            return self.shapes.add(name, self._structure(document, name, schema))
        if "enum" in schema:
            return self.shapes.enumeration(name, schema["enum"])
        return self.shapes.scalar(_SCALARS[kind]) if kind in _SCALARS else self.shapes.document()

    def _named(self, document: Mapping[str, Any], name: str) -> dict[str, str]:
        """A schema by its name, which may lead back to itself."""
        known = f"{name}.{document['version']}"
        if known not in self.shapes.made:
            self.shapes.made[known] = {"type": "structure", "members": {}}
            schema = document["schemas"][name]
            if "properties" in schema:
                self.shapes.made[known] = self._structure(document, known, schema)
            else:
                self.shapes.made[known] = {"type": "structure", "document": True, "members": {}}
        return {"shape": known}

    def _structure(
        self, document: Mapping[str, Any], name: str, schema: Mapping[str, Any]
    ) -> dict[str, Any]:
        members = sorted(schema["properties"].items())
        return {
            "type": "structure",
            "members": {key: self._shape(document, f"{name}.{key}", one) for key, one in members},
        }


def methods(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from resource.get("methods", {}).values()
    for inner in resource.get("resources", {}).values():
        yield from methods(inner)


def main(packages: Path) -> None:
    """Write the model of every service that has a document."""
    info = next(packages.glob("google_api_python_client-*.dist-info")).name
    source = f"google-api-python-client {info.removesuffix('.dist-info').rpartition('-')[2]}"
    services: dict[str, list[RestOperation]] = defaultdict(list)
    for operation in operations("gcp").values():
        services[operation.name.partition(":")[0]].append(operation)
    for service in services.keys() - _AUTHORED:
        shapes = Shapes()
        discovery = Discovery(
            packages / "googleapiclient/discovery_cache/documents", service, shapes
        )
        for operation in services[service]:
            discovery.derive(operation)
        shapes.write("gcp", service, source)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
