"""Keep GitHub issues up to date: one for each control, closed when nothing of it is open any more.

An issue is found by an invisible mark in its text, among the issues with the label `tscan`; an
event by its id in a comment. So a message that is sent again opens no second issue and adds no
event twice.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit
from urllib.request import (
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
    build_opener,
)

from scanner.channels import NO_TIME, Message
from scanner.channels.issues import Subject, comments, events_in, is_about, subjects
from scanner.client.bounded_reading import BoundedResponse

LABEL: Final = "tscan"
PAGE: Final = 100
PAGES: Final = 100
"""Pages that are read of one listing."""
_API: Final = "https://api.github.com"
_VERSION: Final = "2022-11-28"
_SECONDS: Final = 30
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+")
_TOKEN: Final = re.compile(r"[!-~]+")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_USAGE: Final = "write it as github-issue://${GITHUB_TOKEN}@owner/repository"
_UNEXPECTED: Final = "unexpected response from GitHub"
_MEANS: Final = {
    401: "the token is not accepted",
    403: "the token may not do this, or its rate limit is reached",
    404: "the repository does not exist, or the token may not see it",
    410: "issues are disabled in this repository",
    422: "the request was not accepted",
    429: "its rate limit is reached",
}
_Json = dict[str, Any]
"""An issue, a comment or a request of GitHub's API."""


def send(address: str, message: Message) -> str:
    """Bring the issues of all controls in a message up to date; a `Send`."""
    try:
        repository = _repository(address)
        if not message.entries:
            return ""
        repository = replace(repository, seconds=message.seconds)
        about = subjects(message)
        issues = repository.issues()
        for subject in about:
            repository.update(subject, _find(issues, subject))
    except _RefusedError as error:
        return str(error)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return _UNEXPECTED
    return ""


def _find(issues: Iterable[_Json], subject: Subject) -> _Json | None:
    """The issue of a subject: the oldest that has its mark."""
    for issue in issues:
        if is_about(issue["body"] or "", subject):
            return issue
    return None


class _RefusedError(Exception):
    """Why a request failed, without any secret."""


class _BoundedHttp(HTTPConnection):
    response_class = BoundedResponse


class _BoundedHttps(HTTPSConnection):
    response_class = BoundedResponse


class _Plain(HTTPHandler):
    """Reads responses that are bounded in time and in size."""

    def http_open(self, req: Request) -> HTTPResponse:
        return self.do_open(_BoundedHttp, req)


class _Secure(HTTPSHandler):
    """The same over TLS."""

    def https_open(self, req: Request) -> HTTPResponse:
        return self.do_open(_BoundedHttps, req, context=ssl.create_default_context())


class _NoRedirects(HTTPRedirectHandler):
    """Follows no redirect: it would send the token to another host."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Repository:
    """The issues of one repository."""

    api: str
    token: str
    opener: OpenerDirector
    seconds: Callable[[float], float] = float
    """Seconds for one response, of so many at most."""

    def issues(self) -> list[_Json]:
        """Every issue with the label, open or closed, the oldest first. Creates the label."""
        # Without the right to create labels, GitHub drops an unknown one from a new issue in
        # silence, and the issue would not be found again.
        if self._request("GET", f"/labels/{LABEL}", may_be_missing=True) is None:
            label = {"name": LABEL, "description": "kept up to date by tscan"}
            self._request("POST", "/labels", label)
        query = f"labels={LABEL}&state=all&sort=created&direction=asc"
        issues: list[_Json] = []
        for issue in self._pages(f"/issues?{query}"):
            # GitHub's API lists pull requests as issues.
            if "pull_request" not in issue:
                issues.append(issue)
        return issues

    def update(self, subject: Subject, issue: _Json | None) -> None:
        """Open the issue if there is none, comment new events, then rewrite its text and state."""
        if issue is None:
            if not subject.open:
                return
            issue = self._open(subject)
        path = f"/issues/{issue['number']}"
        known = self._commented_events(issue, path)
        new = [entry for entry in subject.entries if entry.item.id not in known]
        for text in comments(new):
            self._request("POST", f"{path}/comments", {"body": text})
        state = "closed"
        if subject.open:
            state = "open"
        if issue["body"] != subject.body or issue["state"] != state:
            self._request("PATCH", path, {"body": subject.body, "state": state})

    def _commented_events(self, issue: _Json, path: str) -> set[str]:
        """The ids of the events that are in comments of the issue's author."""
        events: set[str] = set()
        for comment in self._pages(f"{path}/comments"):
            # Anybody may comment: a copied id in a stranger's comment must not suppress an event.
            if comment["user"]["login"] == issue["user"]["login"]:
                events |= events_in(comment["body"] or "")
        return events

    def _open(self, subject: Subject) -> _Json:
        content = {"title": subject.title, "body": subject.body, "labels": [LABEL]}
        issue: _Json = self._request("POST", "/issues", content)
        if LABEL not in [label["name"] for label in issue["labels"]]:
            self._request("PATCH", f"/issues/{issue['number']}", {"state": "closed"})
            raise _RefusedError(
                "the token can open issues but not label them, so tscan could not find them again"
            )
        return issue

    def _pages(self, path: str) -> Iterator[_Json]:
        """The items of all pages of a listing."""
        separator = "?"
        if "?" in path:
            separator = "&"
        number = 1
        while True:
            page = self._request("GET", f"{path}{separator}per_page={PAGE}&page={number}")
            if not isinstance(page, list):
                raise _RefusedError(_UNEXPECTED)
            yield from page
            if len(page) < PAGE:
                return
            number += 1
            # A server that repeats itself would be read for ever.
            if number > PAGES:
                raise _RefusedError(f"GitHub lists more than {PAGES * PAGE} items")

    def _request(
        self,
        method: str,
        path: str,
        content: _Json | None = None,
        *,
        may_be_missing: bool = False,
    ) -> Any:
        """The JSON of a response; None for 404 where that is an answer."""
        data = None
        if content is not None:
            data = json.dumps(content).encode()
        request = Request(  # noqa: S310 - `_repository` checked the scheme
            self.api + path,
            method=method,
            data=data,
            headers={
                "Authorization": f"Bearer {self.token}",
                "Accept": "application/vnd.github+json",
                "Content-Type": "application/json",
                "User-Agent": "tscan",
                "X-GitHub-Api-Version": _VERSION,
            },
        )
        seconds = self.seconds(_SECONDS)
        if not seconds:
            raise _RefusedError(NO_TIME)
        try:
            with self.opener.open(request, timeout=seconds) as response:
                return json.load(response)
        except HTTPError as error:
            error.close()
            if error.code == 404 and may_be_missing:
                return None
            raise _RefusedError(_reason(error.code)) from None
        except (URLError, TimeoutError, HTTPException, OSError) as error:
            raise _RefusedError(f"GitHub is unreachable ({type(error).__name__})") from None
        except (ValueError, RecursionError):
            raise _RefusedError("response from GitHub is not JSON") from None


def _reason(status: int) -> str:
    """Why a request was refused, in words of ours: a server's own may repeat the token."""
    if 300 <= status < 400:
        return f"GitHub answered {status}: the repository was renamed"
    means = _MEANS.get(status, "")
    return f"GitHub answered {status}: {means}" if means else f"GitHub answered {status}"


def _repository(address: str) -> _Repository:
    """The repository of `github-issue://<token>@<owner>/<name>?api=https://<host>/api/v3`.

    _RefusedError for any other address.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        raise _RefusedError(f"not a repository address: {_USAGE}") from None
    token, _, owner = parts.netloc.rpartition("@")
    name = parts.path.strip("/")
    if not token or not _NAME.fullmatch(owner) or not _NAME.fullmatch(name):
        raise _RefusedError(f"not a repository address: {_USAGE}")
    token = unquote(token)
    # A line break in a token would begin a new header of the request.
    if not _TOKEN.fullmatch(token):
        raise _RefusedError("the token has an invalid character, such as a line break")
    api = parse_qs(parts.query).get("api", [_API])[-1].rstrip("/")
    if not _is_secure(urlsplit(api)):
        raise _RefusedError("the API address must be https: api=https://…")
    opener = build_opener(_NoRedirects(), _Plain(), _Secure())
    return _Repository(api=f"{api}/repos/{owner}/{name}", token=token, opener=opener)


def _is_secure(api: SplitResult) -> bool:
    return api.scheme == "https" or (api.scheme == "http" and api.hostname in _LOOPBACK)
