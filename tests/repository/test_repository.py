"""The repository around the code: what it promises in its files holds."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

import scanner
from scanner.cli import app

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = sorted(
    path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
)
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
NAMED = re.compile(r"`((?:checks|docs|mappings|scanner|tests|benchmarks)/[\w./-]*)`")
PYTHON = re.compile(r"`(scanner(?:\.\w+)*):([\w.]+)`")
ANCHOR = re.compile(r"\]\((?!https?://)([^)#\s]*)#([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
TARGET = re.compile(r"`?\bmake ([a-z-]+)`")


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_a_page_names_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    missing = [link for link in LINK.findall(text) if not ((ROOT / page).parent / link).exists()]
    missing += [name for name in NAMED.findall(text) if not (ROOT / name).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_every_python_name_that_a_page_names_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    missing = []
    for module, name in PYTHON.findall(text):
        try:
            attrgetter(name)(import_module(module))
        except (ImportError, AttributeError) as error:
            missing.append(f"{module}:{name}: {error}")
    assert missing == []


def test_the_pages_for_maintainers_name_modules() -> None:
    for page in ("architecture", "glossary", "adding-a-format", "adding-a-command"):
        text = (ROOT / f"docs/{page}.md").read_text(encoding="utf-8")
        assert PYTHON.search(text), page
        assert NAMED.search(text), page


@pytest.mark.parametrize("page", PAGES)
def test_every_heading_that_a_page_leads_to_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    missing = []
    for other, anchor in ANCHOR.findall(text):
        whole = (ROOT / page).parent.joinpath(other).read_text(encoding="utf-8") if other else text
        anchors = {
            re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
            for heading in HEADING.findall(whole)
        }
        missing += [f"{other}#{anchor}"] * (anchor not in anchors)
    assert missing == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_target_that_a_page_names_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(TARGET.findall((ROOT / page).read_text(encoding="utf-8"))) <= targets


def test_help_in_the_readme_is_fresh() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n\$ tscan ([^\n]*--help)\n(.*?)```", text, re.DOTALL)
    assert blocks
    for arguments, output in blocks:
        shown = CliRunner().invoke(app, arguments.split(), prog_name="tscan", terminal_width=80)
        assert shown.output == output


def test_every_decision_is_listed() -> None:
    listed = set(LINK.findall((ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")))
    assert listed == {path.name for path in (ROOT / "docs/decisions").glob("0*.md")}


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_lock_names_exact_versions_with_digests_and_no_host() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"https?:|file:|@ |index-url", text)
    entries = re.split(r"\n(?=[a-zA-Z])", text.partition("make lock\n")[2])
    assert len(entries) > 20
    for entry in entries:
        assert re.match(r"[a-zA-Z0-9._-]+(\[[a-z,]+\])?==[^\s;]+", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_the_lock_holds_every_dependency() -> None:
    project = _project()
    extras = project["project"]["optional-dependencies"].values()
    wanted = [*project["project"]["dependencies"], *(item for extra in extras for item in extra)]
    locked = set(
        re.findall(r"^([a-zA-Z0-9._-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    )
    names = {re.split(r"[\[>=<~]", item)[0].lower().replace("_", "-") for item in wanted}
    # An extra may take in another one of tscan's own.
    assert names - {project["project"]["name"]} <= {name.lower() for name in locked}


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob(".github/workflows/*.yml")), ids=lambda path: path.name
)
def test_workflows_are_pinned_and_may_do_little(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    assert all(set(job["permissions"].values()) <= {"read"} for job in workflow["jobs"].values())
    uses = re.findall(r"uses: (.*)", text)
    assert uses
    assert [
        use for use in uses if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)
    ] == []


def test_issue_forms_are_yaml() -> None:
    for path in ROOT.glob(".github/**/*.yml"):
        assert isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict)


def test_the_licence_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "9. Accepting Warranty or Additional Liability" in text


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel, unpacked: what an installation has."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    assert built.name.startswith(f"tscan-{scanner.__version__}-")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_carries_all_content(wheel: Path) -> None:
    for place in ("checks", "mappings"):
        inside = {path.relative_to(ROOT / place) for path in (ROOT / place).rglob("*.yaml")}
        carried = {
            path.relative_to(wheel / "scanner/_content" / place)
            for path in wheel.rglob(f"_content/{place}/**/*.yaml")
        }
        assert inside == carried != set()
    assert (wheel / "scanner/_content/verify.md").read_bytes() == (
        ROOT / "docs/verify.md"
    ).read_bytes()
    package = {path.relative_to(ROOT) for path in (ROOT / "scanner").rglob("*") if path.is_file()}
    wanted = {path for path in package if "__pycache__" not in path.parts}
    assert {path for path in wanted if not (wheel / path).exists()} == set()


def test_the_wheel_works_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(wheel)}
    where = subprocess.run(
        [sys.executable, "-c", "import scanner; print(scanner.__file__)"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert where.stdout.startswith(str(wheel))
    done = subprocess.run(
        [sys.executable, "-m", "scanner", "demo", "--format", "json"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert len(json.loads(done.stdout)["criteria"]) == 38
    assert list(tmp_path.iterdir()) == []


def test_no_text_gives_an_opinion() -> None:
    """The tool never says these of anything; pages may only say that it does not."""
    opinion = re.compile(
        r"\b(is|are|be|being) (fully )?(compliant|certified)\b|passed the audit", re.IGNORECASE
    )
    files = [
        *ROOT.glob("scanner/**/*.py"),
        *ROOT.glob("checks/**/*.yaml"),
        *ROOT.glob("mappings/**/*.yaml"),
    ]
    assert len(files) > 100
    assert [str(path) for path in files if opinion.search(path.read_text(encoding="utf-8"))] == []


def test_git_converts_no_golden_file() -> None:
    golden = sorted(
        path.relative_to(ROOT).as_posix() for path in ROOT.glob("tests/formats/golden/*")
    )
    command = ["git", "check-attr", "text", "--", *golden]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"{path}: text: unset" for path in golden]


UNREAL = re.compile(
    r"github\.com/tscan|@tscan/|\btscan\.(?:dev|io|com|org)\b|pip install '?\"?tscan\b(?!\[\w+\] @)"
)
"""Addresses, owners and packages of ours that nobody has registered: somebody else could."""


def test_no_file_leads_to_an_address_that_is_not_ours() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: list[str] = []
    for name in listed.stdout.split("\0"):
        path = ROOT / name
        if not name or path == Path(__file__).resolve() or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        found += [f"{name}: {unreal}" for unreal in UNREAL.findall(text)]
    assert found == []


def test_what_is_named_as_unreal_would_be_found() -> None:
    for text in ("https://github.com/tscan/tscan", "pip install 'tscan[aws]'", "* @tscan/owners"):
        assert UNREAL.search(text)
    assert not UNREAL.search("pip install '.[aws]', or 'tscan[aws] @ git+ADDRESS'")
