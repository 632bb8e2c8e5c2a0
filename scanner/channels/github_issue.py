"""Issues on GitHub: one for each control, opened, kept up to date, closed when nothing of it stands open any more.

An issue is found by an invisible mark in its text, among those with the label `tscan`; an event by its id in a comment.
So a letter that is sent again opens no second issue and tells nothing twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qs, unquote, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

from scanner.channels import Letter
from scanner.channels.issues import Subject, comments, events_in, subjects
from scanner.rendering.sanitize import sanitized

LABEL: Final = "tscan"
PAGE: Final = 100
_API: Final = "https://api.github.com"
_VERSION: Final = "2022-11-28"
_SECONDS: Final = 30
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+")
_TOKEN: Final = re.compile(r"[!-~]+")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_FORM: Final = "write it as github-issue://${GITHUB_TOKEN}@owner/repository"


def send(address: str, letter: Letter) -> str:
    """Bring the issues of every control that the letter speaks of up to date."""
    try:
        repository = _repository(address)
        if not letter.entries:
            return ""
        about = subjects(letter)
        known = repository.known()
        for subject in about:
            repository.update(
                subject, next((one for one in known if subject.marker in (one["body"] or "")), None)
            )
    except _RefusedError as error:
        return str(error)
    except (KeyError, TypeError):
        return "an answer of GitHub is not of the known form"
    return ""


class _RefusedError(Exception):
    """Why something was not done; it names no secret."""


class _Stay(HTTPRedirectHandler):
    """No redirect is followed: it would take the token elsewhere."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Repository:
    """The issues of one repository."""

    api: str
    token: str
    opener: OpenerDirector

    def known(self) -> list[Mapping[str, Any]]:
        """Every issue of ours, open or closed, the oldest first; the label is there afterwards."""
        if self._ask("GET", f"/labels/{LABEL}", missing=None) is None:
            # A label that an issue brings along is dropped silently where the token may not make it.
            self._ask("POST", "/labels", {"name": LABEL, "description": "kept up to date by tscan"})
        found = self._pages(f"/issues?labels={LABEL}&state=all&sort=created&direction=asc")
        return [issue for issue in found if "pull_request" not in issue]

    def update(self, subject: Subject, issue: Mapping[str, Any] | None) -> None:
        """Open or find the issue, tell what happened in a comment, then show what stands open."""
        if issue is None:
            if not subject.standing:
                return
            issue = self._open(subject)
        place = f"/issues/{issue['number']}"
        told = set[str]()
        for comment in self._pages(f"{place}/comments"):
            # A comment of somebody else speaks for nobody.
            if comment["user"]["login"] == issue["user"]["login"]:
                told |= events_in(comment["body"] or "")
        for text in comments([entry for entry in subject.entries if entry.item.id not in told]):
            self._ask("POST", f"{place}/comments", {"body": text})
        state = "open" if subject.standing else "closed"
        if issue["body"] != subject.body or issue["state"] != state:
            self._ask("PATCH", place, {"body": subject.body, "state": state})

    def _open(self, subject: Subject) -> Mapping[str, Any]:
        asked = {"title": subject.title, "body": subject.body, "labels": [LABEL]}
        issue: Mapping[str, Any] = self._ask("POST", "/issues", asked)
        if LABEL not in [label["name"] for label in issue["labels"]]:
            self._ask("PATCH", f"/issues/{issue['number']}", {"state": "closed"})
            raise _RefusedError(
                "the token may open issues and not label them: they would not be found again"
            )
        return issue

    def _pages(self, path: str) -> Iterator[Mapping[str, Any]]:
        mark = "&" if "?" in path else "?"
        number = 1
        while True:
            page = self._ask("GET", f"{path}{mark}per_page={PAGE}&page={number}")
            if not isinstance(page, list):
                raise _RefusedError("an answer of GitHub is not of the known form")
            yield from page
            if len(page) < PAGE:
                return
            number += 1

    def _ask(
        self, method: str, path: str, content: Mapping[str, Any] | None = None, **missing: None
    ) -> Any:
        request = Request(  # noqa: S310 - the scheme was looked at when the address was read
            self.api + path,
            method=method,
            data=None if content is None else json.dumps(content).encode(),
            headers={
                "Authorization": f"Bearer {self.token}",
                "Accept": "application/vnd.github+json",
                "Content-Type": "application/json",
                "User-Agent": "tscan",
                "X-GitHub-Api-Version": _VERSION,
            },
        )
        try:
            with self.opener.open(request, timeout=_SECONDS) as answer:
                return json.load(answer)
        except HTTPError as error:
            if error.code == 404 and "missing" in missing:
                return missing["missing"]
            raise _RefusedError(_reason(error)) from None
        except (URLError, TimeoutError, HTTPException, OSError) as error:
            raise _RefusedError(f"GitHub was not reached ({type(error).__name__})") from None
        except ValueError:
            raise _RefusedError("an answer of GitHub is not JSON") from None


def _reason(error: HTTPError) -> str:
    if 300 <= error.code < 400:
        return f"GitHub answered {error.code}: the repository has another name now"
    try:
        said = str(json.load(error)["message"])
    except (ValueError, KeyError, TypeError, OSError, HTTPException):
        said = ""
    return sanitized(f"GitHub answered {error.code}{': ' * bool(said)}{said}")[:200]


def _repository(address: str) -> _Repository:
    """The repository of an address: `github-issue://<token>@<owner>/<name>?api=https://<host>/api/v3`."""
    try:
        parts = urlsplit(address)
    except ValueError:
        raise _RefusedError(f"not an address of a repository: {_FORM}") from None
    token, _, owner = parts.netloc.rpartition("@")
    name = parts.path.strip("/")
    api = parse_qs(parts.query).get("api", [_API])[-1].rstrip("/")
    if not token or not _NAME.fullmatch(owner) or not _NAME.fullmatch(name):
        raise _RefusedError(f"not an address of a repository: {_FORM}")
    if not _TOKEN.fullmatch(unquote(token)):
        raise _RefusedError("the token holds what no token holds, such as the end of a line")
    host = urlsplit(api)
    if host.scheme != "https" and not (host.scheme == "http" and host.hostname in _LOOPBACK):
        raise _RefusedError("the token goes over https only: api=https://…")
    return _Repository(
        api=f"{api}/repos/{owner}/{name}", token=unquote(token), opener=build_opener(_Stay())
    )
