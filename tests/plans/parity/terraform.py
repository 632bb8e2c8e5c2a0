"""Terraform with the AWS provider of this machine: found, and run without a network."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

VARIABLE: Final = "TSCAN_TF_PLUGINS"
"""The environment variable that names a folder of providers: a filesystem mirror of Terraform."""
PROVIDER: Final = Path("registry.terraform.io", "hashicorp", "aws")
_MIRROR: Final = re.compile(r'filesystem_mirror\s*\{[^}]*?path\s*=\s*"([^"]+)"', re.DOTALL)
_HANDLER: Final = "def main(event, context):\n    return None\n"


class TerraformError(Exception):
    """A command of Terraform ended with an error."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What is needed of the machine."""

    binary: str
    mirror: Path


def find_tools() -> Tools | str:
    """Terraform and the AWS provider, or why there is none of them."""
    binary = shutil.which("terraform") or shutil.which("tofu")
    if binary is None:
        return "no terraform and no tofu is on the PATH"
    for mirror in _mirrors():
        if any((mirror / PROVIDER).glob("*")):
            return Tools(binary, mirror)
    return f"no AWS provider is on this machine: {VARIABLE} may name a folder with {PROVIDER}"


def _mirrors() -> Iterator[Path]:
    """Folders that may hold providers: the named one, that of the CLI, and Terraform's own."""
    named = os.environ.get(VARIABLE)
    if named:
        yield Path(named)
        return
    configured = Path(os.environ.get("TF_CLI_CONFIG_FILE", Path.home() / ".terraformrc"))
    if configured.is_file():
        yield from map(Path, _MIRROR.findall(configured.read_text(encoding="utf-8")))
    yield Path.home() / ".terraform.d" / "plugins"
    shares = os.environ.get("XDG_DATA_DIRS", "/usr/local/share:/usr/share").split(":")
    for share in (os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share"), *shares):
        yield Path(share) / "terraform" / "plugins"


class Terraform:
    """One configuration in a folder of its own, against one endpoint."""

    def __init__(self, tools: Tools, estate: Path, folder: Path, endpoint: str) -> None:
        self._tools = tools
        self.folder = folder / "configuration"
        shutil.copytree(estate, self.folder)
        with zipfile.ZipFile(self.folder / "handler.zip", "w") as archive:
            archive.writestr("handler.py", _HANDLER)
        config = folder / "terraform.rc"
        config.write_text(
            "disable_checkpoint = true\n"
            "provider_installation {\n"
            f"  filesystem_mirror {{\n    path = {json.dumps(str(tools.mirror))}\n  }}\n}}\n",
            encoding="utf-8",
        )
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AWS_", "TF_", "TOFU_"))
        }
        self._environment = kept | {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "CHECKPOINT_DISABLE": "1",
            # The provider's schema is large: without collecting, a command takes half the time.
            "GOGC": "off",
            "GOMEMLIMIT": "1500MiB",
            "TF_CLI_CONFIG_FILE": str(config),
            "TF_DATA_DIR": str(folder / "data"),
            "TF_IN_AUTOMATION": "1",
        }

    def init(self) -> None:
        """Take the provider from the mirror."""
        self._run("init")

    def apply(self, rollout: str) -> None:
        """Make what the configuration says."""
        self._run("apply", "-auto-approve", f"-var=rollout={rollout}", "-parallelism=20")

    def plan(self, rollout: str) -> dict[str, Any]:
        """The plan, as JSON; it is kept to be applied."""
        self._run("plan", "-out=tfplan", f"-var=rollout={rollout}")
        shown: dict[str, Any] = json.loads(self._run("show", "-json", "tfplan"))
        return shown

    def apply_plan(self) -> None:
        """Do what the plan says."""
        self._run("apply", "-parallelism=20", "tfplan")

    def state(self) -> dict[str, Any]:
        """What is there now, in the form of `terraform show -json`, of which it takes no process."""
        path = self.folder / "terraform.tfstate"
        return shown_state(json.loads(path.read_text(encoding="utf-8")))

    def _run(self, command: str, *options: str) -> str:
        fixed = [] if command == "show" else ["-input=false"]
        done = subprocess.run(
            [self._tools.binary, command, *fixed, "-no-color", *options],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise TerraformError(f"terraform {command}:\n{done.stdout[-2000:]}\n{done.stderr}")
        return done.stdout


def shown_state(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state file in the form in which Terraform shows it."""
    modules: dict[str, list[dict[str, Any]]] = {}
    for found in state["resources"]:
        module = found.get("module", "")
        for instance in found["instances"]:
            modules.setdefault(module, []).append(_instance(module, found, instance))
    children = [
        {"address": address, "resources": resources}
        for address, resources in modules.items()
        if address
    ]
    root = {"resources": modules.get("", []), "child_modules": children}
    return {"format_version": "1.0", "values": {"root_module": root}}


def _instance(module: str, found: Mapping[str, Any], instance: Mapping[str, Any]) -> dict[str, Any]:
    index = instance.get("index_key")
    data = "data." if found["mode"] == "data" else ""
    own = f"{data}{found['type']}.{found['name']}"
    key = "" if index is None else f"[{json.dumps(index)}]"
    return {
        "address": f"{module}.{own}{key}" if module else f"{own}{key}",
        "mode": found["mode"],
        "type": found["type"],
        "name": found["name"],
        **({} if index is None else {"index": index}),
        "values": instance["attributes"],
        "sensitive_values": {},
    }
