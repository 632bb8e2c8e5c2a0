"""A cloud is added by a package and one entry: docs/adding-a-cloud.md, carried out and scanned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from scanner import pipeline
from scanner.content import load_library
from scanner.content.config import load_config, parse_target
from scanner.content.locations import Roots
from scanner.content.schemas import schema
from scanner.errors import ContentError, TscanError
from scanner.model.answers import Snapshot, State
from scanner.model.findings import Verdict
from scanner.model.library import Library
from scanner.providers import PROVIDERS, audit_log, cli_command
from tests.helpers.scripted_rest import Provider, Said, served

FOLDER = Path(__file__).parent / "toy_cloud"
ROOT = Path(__file__).parents[2]
CHECK = "toy-store-box-locked"


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The toy cloud, as a package that is installed beside tscan."""
    find = metadata.entry_points
    toy = metadata.EntryPoint("toy", "tests.providers.toy_cloud:TOY", "scanner.providers")

    def entry_points(**options: Any) -> Any:
        found = find(**options)
        if options != {"group": "scanner.providers"}:
            return found
        return metadata.EntryPoints([*found, toy])

    def forget() -> None:
        PROVIDERS.__dict__.pop("_places", None)
        schema.cache_clear()

    monkeypatch.setattr(metadata, "entry_points", entry_points)
    forget()
    yield
    monkeypatch.undo()
    forget()


@pytest.fixture
def library() -> Library:
    pack = FOLDER / "pack"
    return load_library(
        Roots(kinds=pack / "resources", checks=pack / "checks", mappings=pack / "mappings")
    )


def scanned(provider: Provider, library: Library, folder: Path) -> Snapshot:
    """The one target of a configuration file, scanned."""
    path = folder / "tscan.yaml"
    target = f"{{shelf: attic, endpoint: '{provider.url}'}}"
    path.write_text(f"version: 1\ntargets:\n  - toy: {target}\n")
    (snapshot,) = pipeline.scan(load_config(path, library), library)
    return snapshot


def verdicts(snapshot: Snapshot, library: Library) -> Counter[Verdict]:
    (result,) = pipeline.judge([snapshot], library).results
    assert result.check == CHECK
    return Counter(finding.verdict for finding in result.findings)


SHELF = {"/shelves/attic": Said({"label": "Attic"})}
BOXES = "/shelves/attic/boxes"


def test_a_toy_cloud_is_scanned(library: Library, tmp_path: Path) -> None:
    pages = [
        Said({"boxes": [{"name": "a", "locked": True}], "next": "2"}),
        Said({"boxes": [{"name": "b", "locked": False}]}),
    ]
    with served({**SHELF, BOXES: pages}) as provider:
        snapshot = scanned(provider, library, tmp_path)
    assert (snapshot.target, snapshot.name) == ("toy:attic", "Attic")
    # Judged without the server: a snapshot is replayed from its answers alone.
    assert verdicts(snapshot, library) == {Verdict.PASS: 1, Verdict.FAIL: 1}


@pytest.mark.parametrize(
    ("refusal", "state"),
    [
        (Said({}, 403), State.DENIED),
        (Said(b"<html>"), State.ERROR),
        (Said({"boxes": "none"}), State.ERROR),
    ],
)
def test_what_the_toy_cloud_refuses_is_unknown(
    library: Library, tmp_path: Path, refusal: Said, state: State
) -> None:
    with served({**SHELF, BOXES: refusal}) as provider:
        snapshot = scanned(provider, library, tmp_path)
    answers = {answer.call.operation: answer for answer in snapshot.answers.values()}
    assert answers["store:boxes.list"].state is state
    assert verdicts(snapshot, library) == {Verdict.UNKNOWN: 1}


def test_its_targets_are_read_like_those_of_other_clouds(library: Library, tmp_path: Path) -> None:
    target = parse_target("toy:attic")
    assert (target.cloud, target.settings) == ("toy", {"id": "attic"})
    with pytest.raises(TscanError, match="is not the name of a shelf") as caught:
        parse_target("toy:ATTIC")
    assert caught.value.hint == "write toy:id, such as toy:attic"
    path = tmp_path / "tscan.yaml"
    path.write_text("version: 1\ntargets:\n  - toy: {shelf: attic, colour: red}\n")
    with pytest.raises(ContentError, match="unknown key 'colour'"):
        load_config(path, library)


def test_the_rest_of_a_provider_is_found_by_its_name(library: Library, tmp_path: Path) -> None:
    with served({**SHELF, BOXES: Said({"boxes": []})}) as provider:
        snapshot = scanned(provider, library, tmp_path)
    calls = {answer.call.operation: answer.call for answer in snapshot.answers.values()}
    command = cli_command("toy", calls["store:boxes.list"])
    assert command == "curl https://store.toy.example/shelves/attic/boxes"
    assert PROVIDERS.get("toy").permissions_of("store:boxes.list") == ("store.boxes.list",)
    assert audit_log("toy") is None


def test_nothing_of_tscan_itself_names_the_toy_cloud() -> None:
    naming = [
        str(path)
        for path in (ROOT / "scanner").rglob("*.py")
        if "toy" in path.read_text("utf-8").lower().split()
    ]
    assert naming == []


def test_each_cloud_of_tscan_is_named_on_one_line() -> None:
    """Of the code outside a cloud's own folders: `tscan permissions` has a module for each."""
    own = [ROOT / "scanner/providers" / name for name in PROVIDERS.names]
    registry = ROOT / "scanner/providers/__init__.py"
    for cloud in ("azure", "gcp", "github"):
        naming = []
        for path in (ROOT / "scanner").rglob("*.py"):
            if any(folder in path.parents for folder in own):
                continue
            lines = path.read_text("utf-8").splitlines()
            naming += [path for line in lines if f"providers.{cloud}" in line]
        of_commands = ROOT / f"scanner/cli/permissions/{cloud}.py"
        assert set(naming) == {registry, of_commands}
        assert naming.count(registry) == 1
