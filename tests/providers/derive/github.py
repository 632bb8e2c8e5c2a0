"""GitHub's models, from its OpenAPI description and GraphQL schema.

npm pack @octokit/openapi @octokit/graphql-schema        and unpack both
pip install graphql-core
python -m tests.providers.derive.github api.github.com.json schema.graphql
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from scanner.client.rest.operations import operations
from scanner.model.rest_operations import RestOperation
from tests.providers.derive.shapes import Shapes

_SCALARS: Final = {"string": "string", "integer": "long", "number": "double", "boolean": "boolean"}
_GRAPHQL: Final = {"Int": "long", "Float": "double", "Boolean": "boolean"}
_DEPTH: Final = 6
"""Levels of an answer that are kept; GitHub's schemas repeat a repository within a repository."""


class OpenApi:
    """An OpenAPI description, read operation by operation."""

    def __init__(self, description: Mapping[str, Any], shapes: Shapes) -> None:
        self.description = description
        self.shapes = shapes
        self.by_id = {
            operation["operationId"]: (path, operation)
            for path, verbs in description["paths"].items()
            for operation in verbs.values()
        }

    def derive(self, operation: RestOperation) -> None:
        """The model of one operation."""
        name = operation.name.partition(":")[2]
        path, declared = self.by_id[name]
        if re.sub(r"\{\w+\}", "{}", path) != re.sub(r"\{\+?\w+\}", "{}", operation.path):
            raise SystemExit(f"{operation.name} is {path}, not {operation.path}")
        parameters = [self._resolved(parameter) for parameter in declared.get("parameters", [])]
        arguments = {one["name"]: self.shape(one["schema"], one["name"], 0) for one in parameters}
        body = declared["responses"]["200"]["content"]["application/json"]["schema"]
        answer = self.shape(body, name, 0)
        if operation.root:
            answer = self.shapes.add(
                f"{name}.answer", {"type": "structure", "members": {operation.root: answer}}
            )
        self.shapes.operation(name, arguments, answer)

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            found: Any = self.description
            for step in schema["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            schema = found
        return schema

    def shape(self, schema: Mapping[str, Any], name: str, depth: int) -> dict[str, str]:
        schema = self._resolved(schema)
        options = [option for word in ("anyOf", "oneOf") for option in schema.get(word, [])]
        options = [
            option for option in map(self._resolved, options) if option.get("type") != "null"
        ]
        if options:
            return self._union(options, name, depth)
        members = self._members(schema)
        kinds = schema.get("type", "object" if members else "")
        kind = next(
            (one for one in ([kinds] if isinstance(kinds, str) else kinds) if one != "null"), ""
        )
        if kind == "string" and "enum" in schema:
            return self.shapes.enumeration(name, filter(None, schema["enum"]))
        if kind in _SCALARS:
            return self.shapes.scalar(_SCALARS[kind])
        if kind == "array":
            item = self.shape(schema["items"], f"{name}.item", depth)
            return self.shapes.add(f"{name}.list", {"type": "list", "member": item})
        if not members or depth == _DEPTH:
            return self.shapes.document()
        inner = {
            key: self.shape(value, f"{name}.{key}", depth + 1) for key, value in members.items()
        }
        return self.shapes.add(name, {"type": "structure", "members": inner})

    def _members(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        parts = [self._resolved(part) for part in schema.get("allOf", [])]
        return {
            **{key: value for part in parts for key, value in self._members(part).items()},
            **schema.get("properties", {}),
        }

    def _union(self, options: list[Mapping[str, Any]], name: str, depth: int) -> dict[str, str]:
        """A shape with the members of every option: which one is meant, the answer says."""
        if all(self._members(option) for option in options):
            members: dict[str, Mapping[str, Any]] = {}
            for option in options:
                for key, value in self._members(option).items():
                    members[key] = self._either(members.get(key), value)
            return self.shape({"properties": members}, name, depth)
        return self.shape(options[0], name, depth) if len(options) == 1 else self.shapes.document()

    def _either(self, one: Mapping[str, Any] | None, other: Mapping[str, Any]) -> Mapping[str, Any]:
        """A member of options that are no alternative members: what any of them may have."""
        if one is None:
            return other
        one, other = self._resolved(one), self._resolved(other)
        if "enum" in one and "enum" in other:
            return {**other, "enum": [*one["enum"], *other["enum"]]}
        options = one.get("anyOf", [one])
        if self._members(other) and all(self._members(option) for option in options):
            return {"anyOf": [*options, other]}
        return other


def derive_query(operation: RestOperation, schema_text: str, shapes: Shapes) -> None:
    """The model of a GraphQL query, which is held against the schema first."""
    import graphql

    schema = graphql.build_schema(schema_text, assume_valid=True, assume_valid_sdl=True)
    document = graphql.parse(operation.graphql)
    problems = graphql.validate(schema, document)
    if problems:
        raise SystemExit(f"{operation.name}: {problems[0]}")
    (query,) = document.definitions

    def shape(kind: Any, node: Any, name: str) -> dict[str, str]:
        bare = graphql.get_nullable_type(kind)
        if isinstance(bare, graphql.GraphQLList):
            return shapes.add(
                f"{name}.list", {"type": "list", "member": shape(bare.of_type, node, name)}
            )
        if isinstance(bare, graphql.GraphQLEnumType):
            return shapes.enumeration(bare.name, bare.values)
        if node.selection_set is None:
            return shapes.scalar(_GRAPHQL.get(bare.name, "string"))
        return shapes.add(
            name, {"type": "structure", "members": dict(fields(bare, node.selection_set, name))}
        )

    def fields(owner: Any, selection: Any, name: str) -> Any:
        for node in selection.selections:
            if isinstance(node, graphql.InlineFragmentNode):
                yield from fields(
                    schema.get_type(node.type_condition.name.value), node.selection_set, name
                )
            else:
                word = node.name.value
                if word == "__typename":
                    yield word, shapes.scalar("string")
                    continue
                yield word, shape(owner.fields[word].type, node, f"{name}.{word}")

    name = operation.name.partition(":")[2]
    data = shapes.add(
        name,
        {
            "type": "structure",
            "members": dict(fields(schema.query_type, query.selection_set, name)),
        },
    )
    answer = shapes.add(f"{name}.answer", {"type": "structure", "members": {"data": data}})
    variables = [one.variable.name.value for one in query.variable_definitions]
    shapes.operation(name, {word: shapes.scalar("string") for word in variables}, answer)


def main(openapi: str, schema: str) -> None:
    """Write `models/github.json`."""
    shapes = Shapes()
    description = json.loads(Path(openapi).read_text(encoding="utf-8"))
    rest = OpenApi(description, shapes)
    for operation in operations("github").values():
        if operation.graphql:
            derive_query(operation, Path(schema).read_text(encoding="utf-8"), shapes)
        else:
            rest.derive(operation)
    shapes.write(
        "github",
        "github",
        f"OpenAPI description of api.github.com {description['info']['version']}; GraphQL schema",
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
