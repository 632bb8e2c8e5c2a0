"""The listings of each service that kinds read, with the members of their rows, from what providers
publish: `tests/providers/listings/<cloud>.json`.

python -m tests.providers.derive.listings gcp ENV/lib/python3.11/site-packages
PYTHONPATH=.:ENV/lib/python3.11/site-packages python -m tests.providers.derive.listings azure
python -m tests.providers.derive.listings github api.github.com.json

The environments and the file are those of the modules `gcp`, `azure` and `github` beside this one."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tests.providers.derive import azure, gcp
from tests.providers.derive.github import OpenApi
from tests.providers.derive.shapes import Shapes

FOLDER: Final = Path(__file__).parents[1] / "listings"
Row = tuple[str, set[str]]
"""An operation, with the members of the rows that it lists."""
_DEEP: Final = 4
"""Where to begin to count the levels of GitHub's schemas, of which a row needs few."""
_OWN: Final = re.compile(r"/(orgs/\{org\}|repos/\{owner\}/\{repo\})(/[a-z-]+)+")
"""What an organization or a repository has itself; lists of lists' items are left out."""
_LIST: Final = re.compile(r"\.(list\w*|aggregatedList|search\w*)$")


def of_google(packages: Path) -> Iterator[Row]:
    """From Google's discovery documents: of each service, the versions that are asked."""
    folder = packages / "googleapiclient/discovery_cache/documents"
    for service, version in sorted({*_asked()}):
        name = gcp.DOCUMENTS.get(service, service)
        path = folder / f"{name}.{version}.json"
        if not path.exists():
            continue
        document = json.loads(path.read_text(encoding="utf-8"))
        for method in gcp.methods(document):
            called = method["id"].partition(".")[2]
            if method["httpMethod"] != "GET" or not _LIST.search(f".{called}"):
                continue
            rows = set(_rows(document, document["schemas"][method["response"]["$ref"]]))
            if rows:
                yield f"{service}:{called}", rows


def _asked() -> Iterator[tuple[str, str]]:
    for operation in gcp.operations("gcp").values():
        yield operation.name.partition(":")[0], operation.version


def _rows(document: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterator[str]:
    """The members of what an answer has lists of, whether straight or by place."""
    for member in answer.get("properties", {}).values():
        item = member.get("items", {})
        yield from item.get("properties", {})
        if "$ref" in item:
            yield from document["schemas"][item["$ref"]].get("properties", {})
        scoped = member.get("additionalProperties", {})
        if "$ref" in scoped:
            yield from _rows(document, document["schemas"][scoped["$ref"]])


def of_azure() -> Iterator[Row]:
    """From Microsoft's packages."""
    for service, places in sorted(azure.SOURCES.items()):
        for place in places:
            module = importlib.import_module(f"{place}.operations")
            models = importlib.import_module(f"{place}.models")
            derivation = azure.Derivation((place,), Shapes())
            for group, method in _methods(module):
                rows = _azure_rows(derivation, models, method)
                verb = "".join(word.capitalize() for word in method.__name__.split("_"))
                if rows:
                    yield f"{service}:{group}_{verb}", rows


def _methods(module: Any) -> Iterator[tuple[str, Any]]:
    for name, found in inspect.getmembers(module, inspect.isclass):
        for called, method in inspect.getmembers(found, inspect.isfunction):
            if called.startswith("list"):
                yield name.removesuffix("Operations"), method


def _azure_rows(derivation: Any, models: Any, method: Any) -> set[str]:
    text = str(inspect.signature(method).return_annotation)
    named = re.findall(r"_models(?:_py3)?\.(\w+)", text)
    if not named or not re.search(r"ItemPaged|Iterable\[", text):
        return set()
    shapes = derivation.shapes.made
    derivation.reach(getattr(models, named[-1]))
    members = shapes[derivation.names[getattr(models, named[-1])]]["members"]
    below = members.get("properties", {}).get("shape", "")
    return {*members, *shapes.get(below, {}).get("members", {})} - {"properties"}


def of_github(path: Path) -> Iterator[Row]:
    """From GitHub's OpenAPI description: what an organization or a repository has lists of."""
    shapes = Shapes()
    api = OpenApi(json.loads(path.read_text(encoding="utf-8")), shapes)
    for name, (route, operation) in sorted(api.by_id.items()):
        found = operation["responses"].get("200", {}).get("content", {}).get("application/json")
        is_get = api.description["paths"][route].get("get") is operation
        if not found or not is_get or not _OWN.fullmatch(route):
            continue
        answer = shapes.made[api.shape(found["schema"], name, _DEEP)["shape"]]
        rows = set(_github_rows(shapes.made, answer))
        if rows:
            yield f"github:{name}", rows


def _github_rows(made: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterator[str]:
    lists = [answer, *(made[one["shape"]] for one in answer.get("members", {}).values())]
    for shape in lists:
        if shape["type"] == "list":
            yield from made[shape["member"]["shape"]].get("members", {})


def main(cloud: str, *places: str) -> None:
    """Write the listings of a cloud."""
    if cloud == "gcp":
        rows = of_google(Path(places[0]))
    else:
        rows = of_azure() if cloud == "azure" else of_github(Path(places[0]))
    found: dict[str, set[str]] = {}
    for name, members in rows:
        found.setdefault(name, set()).update(members)
    lines = [f"{json.dumps(name)}: {json.dumps(sorted(found[name]))}" for name in sorted(found)]
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{cloud}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{cloud}: {len(found)} listings")


if __name__ == "__main__":
    main(*sys.argv[1:])
