"""A webhook, a mail server and the issues of a repository, on loopback, that keep what they are
sent."""

from __future__ import annotations

import json
import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Webhook:
    """An HTTP server; `refuse` is the number of requests that it answers with 500 first."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.refuse = 0
        self.port = 0


@contextmanager
def webhook() -> Iterator[Webhook]:
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if hook.refuse:
                hook.refuse -= 1
                self.send_response(500)
            else:
                hook.received.append(json.loads(body))
                hook.paths.append(self.path)
                self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    hook.port = server.server_port
    with _running(server):
        yield hook


class Issues:
    """The issues of one repository behind the part of GitHub's REST API that is used; each page
    holds 100 at most."""

    def __init__(self) -> None:
        self.issues: list[dict[str, Any]] = []
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.labels: set[str] = set()
        self.calls: list[tuple[str, str]] = []
        self.tokens: set[str] = set()
        self.port = 0
        self.before: Callable[[str, str], tuple[int, Any] | None] = lambda *_: None
        """Answers a request in our place: `(status, content)`."""
        self.may_label = True
        self.who = {"login": "tscan-bot"}

    @property
    def address(self) -> str:
        return f"github-issue://${{TOKEN}}@Owner/repo.x?api=http://127.0.0.1:{self.port}"

    def open(self, **more: Any) -> dict[str, Any]:
        number = len(self.issues) + 1
        labels = [{"name": name} for name in more.pop("labels", ())]
        issue = {
            "number": number,
            "state": "open",
            "user": self.who,
            "body": None,
            "labels": labels,
            **more,
        }
        self.issues.append(issue)
        return issue

    def answer(
        self, method: str, path: str, query: dict[str, list[str]], content: Any
    ) -> tuple[int, Any]:
        """Status and content."""
        where = path.removeprefix("/repos/Owner/repo.x")
        number = re.match(r"/issues/(\d+)", where)
        issue = self.issues[int(number[1]) - 1] if number else {}
        match (method, re.sub(r"\d+", "N", where)):
            case ("GET", "/labels/tscan"):
                return (
                    (200, {"name": "tscan"})
                    if "tscan" in self.labels
                    else (404, {"message": "Not Found"})
                )
            case ("POST", "/labels"):
                self.labels.add(content["name"])
                return 201, content
            case ("GET", "/issues"):
                assert query["state"] == ["all"]
                wanted = query["labels"][0]
                return 200, _page(
                    [one for one in self.issues if {"name": wanted} in one["labels"]], query
                )
            case ("POST", "/issues"):
                return 201, self.open(
                    **{**content, "labels": content["labels"] if self.may_label else []}
                )
            case ("PATCH", "/issues/N"):
                issue.update(content)
                return 200, issue
            case ("GET", "/issues/N/comments"):
                return 200, _page(self.comments.get(issue["number"], []), query)
            case ("POST", "/issues/N/comments"):
                self.comments.setdefault(issue["number"], []).append({**content, "user": self.who})
                return 201, content
        return 404, {"message": "Not Found"}


def _page(rows: list[dict[str, Any]], query: dict[str, list[str]]) -> list[dict[str, Any]]:
    size, number = int(query["per_page"][0]), int(query["page"][0])
    return rows[size * (number - 1) : size * number]


@contextmanager
def repository() -> Iterator[Issues]:
    found = Issues()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers["Content-Length"] or 0))
            found.calls.append((self.command, self.path))
            found.tokens.add(self.headers["Authorization"])
            content = json.loads(raw) if raw else None
            said = found.before(self.command, self.path)
            if said is None:
                said = found.answer(self.command, parts.path, parse_qs(parts.query), content)
            status, answer = said
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"http://127.0.0.1:{found.port}/stolen")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def do_PATCH(self) -> None:
            self._answer()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_port
    with _running(server):
        yield found


class Mailbox:
    """A mail server's messages, as they came over the wire."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.port = 0


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 here")
            while line := self.rfile.readline().decode().strip():
                word = line.split(" ")[0].upper()
                if word == "DATA":
                    self._say("354 go on")
                    box.messages.append(self._data())
                self._say("221 bye" if word == "QUIT" else "250 ok")
                if word == "QUIT":
                    return

        def _data(self) -> str:
            lines = []
            while (line := self.rfile.readline().decode()) not in (".\r\n", ""):
                lines.append(line)
            return "".join(lines)

        def _say(self, text: str) -> None:
            self.wfile.write(text.encode() + b"\r\n")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    box.port = server.server_address[1]
    with _running(server):
        yield box


@contextmanager
def _running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
