"""The page on adding a channel: its code is run as it stands there."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from scanner import channels
from scanner.channels import CHANNELS, Message, MessageEntry, Send, send
from scanner.content.config import load_config
from scanner.content.library import load_library
from scanner.core.drift.alert_events import scan_failed
from scanner.registry import Registry

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs/adding-a-channel.md").read_text(encoding="utf-8")


def block(language: str, containing: str) -> str:
    """The one block of code in a language that contains a text."""
    blocks = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    (found,) = [text for text in blocks if containing in text]
    return str(found)


@pytest.fixture
def registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's module, registered by the page's line."""
    (tmp_path / "jsonl_of_the_page.py").write_text(block("python", "def send"))
    monkeypatch.syspath_prepend(tmp_path)
    line = block("python", '"jsonl":').strip().removesuffix(",")
    (scheme, place) = json.loads(f"{{{line}}}").popitem()
    assert place == "scanner.channels.jsonl:send"
    own: Registry[Send] = Registry("scanner.channels", **{scheme: "jsonl_of_the_page:send"})
    monkeypatch.setattr(channels, "CHANNELS", own)
    monkeypatch.delitem(sys.modules, "jsonl_of_the_page", raising=False)


@pytest.mark.usefixtures("registered")
def test_the_channel_of_the_page_keeps_the_rules_of_the_page(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    address = f"jsonl://{path}"
    item = scan_failed("aws (audit)", "2026-01-01T00:00:00Z", "no credentials")
    message = Message(entries=(MessageEntry(item=item),))
    assert send(address, Message(entries=())) == ""
    assert not path.exists()
    for _ in range(2):
        assert send(address, message) == ""
        (line,) = path.read_text().splitlines()
        assert json.loads(line)["id"] == item.id
    elsewhere = f"jsonl://{tmp_path}/none/secret"
    for given in (message, Message(entries=())):
        assert send(elsewhere, given) == "the folder does not exist"
    assert "secret" not in send(f"jsonl://{tmp_path}", message)


def test_the_page_names_what_there_is(tmp_path: Path) -> None:
    assert "github-issue" in CHANNELS.names
    assert CHANNELS.group in block("toml", "jsonl")
    (tmp_path / "tscan.yaml").write_text(block("yaml", "alerts:"))
    (rule,) = load_config(tmp_path / "tscan.yaml", load_library(lazily=True)).alerts
    assert rule.to == ("jsonl:///var/log/alerts.jsonl",)
