"""Sends the calls of discovery by google-cloud-resource-manager, and keeps the raw responses as
evidence.

Only sending is the library's: pages, retries, deadlines and the meaning of errors are those of all
other calls, because the library's own pagers and exceptions keep neither the body nor the request
id of a response.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import requests
from google.api_core.exceptions import GoogleAPICallError
from google.auth import credentials as google_credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from google.cloud import resourcemanager_v3 as resource_manager
from google.cloud.resourcemanager_v3.services.folders.transports import FoldersRestTransport
from google.cloud.resourcemanager_v3.services.organizations.transports import (
    OrganizationsRestTransport,
)
from google.cloud.resourcemanager_v3.services.projects.transports import ProjectsRestTransport
from google.protobuf.json_format import ParseError

from scanner.client.clock import Clock, seconds_left
from scanner.client.failures import Failure
from scanner.client.rest.bounded_requests import BoundedAdapter
from scanner.client.rest.http_client import USER_AGENT, Proxies, tls_context
from scanner.client.rest.request import Endpoint, PreparedRequest
from scanner.client.rest.responses import HttpReply
from scanner.client.rest.tokens import Token, Tokens
from scanner.client.rest.transport import DECLARED_HOST, REQUEST_TIMEOUT
from scanner.model.answers import State
from scanner.model.rest_operations import RestOperation
from scanner.providers.gcp.profile import GcpProfile


class _TokenUnavailableError(Exception):
    """There is no token, so that no request is sent."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.code)
        self.failure = failure


class _TokenCredentials(google_credentials.Credentials):
    """Hands the tokens of a scan to google-auth: one cache of tokens for all requests."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._tokens = tokens
        self._used: Token | None = None

    def before_request(
        self, request: object, method: str, url: str, headers: dict[str, str]
    ) -> None:
        """Add the token to a request."""
        token = self._tokens.get(GcpProfile.audience)
        if isinstance(token, Failure):
            raise _TokenUnavailableError(token)
        self._used = token
        headers["Authorization"] = f"Bearer {token.value}"
        headers.update(token.headers)

    def refresh(self, request: object) -> None:
        """Drop a token that was refused: the session repeats its request once."""
        if self._used is not None:
            self._tokens.forget(GcpProfile.audience, self._used)


class _RecordingAdapter(BoundedAdapter):
    """Sends the library's requests by the rules of all others, and keeps each thread's last
    response.
    """

    def __init__(self, declared_host: str) -> None:
        self._declared_host = declared_host
        self._proxies = Proxies()
        self._last = threading.local()
        super().__init__()

    def init_poolmanager(self, *sizes: Any, **options: Any) -> None:
        """Connections that verify certificates by the same authorities."""
        super().init_poolmanager(*sizes, ssl_context=tls_context(), **options)

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        """Send one request, and read its response to the end."""
        self.forget()
        url = _without_numeric_enums(str(request.url))
        request.url = url
        if self._declared_host:
            request.headers[DECLARED_HOST] = self._declared_host
        proxy = self._proxies.of(url)
        options["proxies"] = {} if proxy is None else {"http": proxy, "https": proxy}
        response = super().send(request, **options)
        self._last.reply = HttpReply(
            status=response.status_code, headers=response.headers, body=response.content
        )
        return response

    def forget(self) -> None:
        """Forget the last response of this thread."""
        self._last.reply = None

    def last_reply(self) -> HttpReply | None:
        """The response to this thread's last request; None: there was none."""
        reply: HttpReply | None = getattr(self._last, "reply", None)
        return reply


def _credentials(tokens: Tokens | None) -> google_credentials.Credentials:
    if tokens is not None:
        return _TokenCredentials(tokens)
    anonymous: Any = google_credentials.AnonymousCredentials  # a class without types
    credentials: google_credentials.Credentials = anonymous()
    return credentials


def _without_numeric_enums(url: str) -> str:
    """The URL without the parameter by which the library requests `1` in place of `ACTIVE`.

    The evidence must read as the documentation of the API does, and as kinds read it.
    """
    parts = urlsplit(url)
    pairs = [pair for pair in parse_qsl(parts.query) if pair[0] != "$alt"]
    return urlunsplit(parts._replace(query=urlencode(pairs)))


Method = Callable[..., object]


class ResourceManager:
    """Sends requests about one organization, its folders and projects; safe in threads."""

    def __init__(self, tokens: Tokens | None, endpoint: Endpoint, clock: Clock) -> None:
        """`tokens` None: requests go without a token (an endpoint of this machine, over HTTP)."""
        declared_host = ""
        if endpoint.endpoint:
            declared_host = endpoint.host.removeprefix("https://")
        self._clock = clock
        declared_host = ""
        if endpoint.endpoint:
            declared_host = endpoint.host.removeprefix("https://")
        self._adapter = _RecordingAdapter(declared_host)
        self._credentials = _credentials(tokens)
        organizations = resource_manager.OrganizationsClient(
            transport=self._transport(OrganizationsRestTransport, endpoint)
        )
        folders = resource_manager.FoldersClient(
            transport=self._transport(FoldersRestTransport, endpoint)
        )
        projects = resource_manager.ProjectsClient(
            transport=self._transport(ProjectsRestTransport, endpoint)
        )
        self._methods: Mapping[str, Method] = {
            # No other method is ever called: the library could also write.
            "cloudresourcemanager:organizations.get": organizations.get_organization,
            "cloudresourcemanager:folders.list": folders.list_folders,
            "cloudresourcemanager:projects.get": projects.get_project,
            "cloudresourcemanager:projects.list": projects.list_projects,
        }

    def _transport(self, transport_class: Callable[..., Any], endpoint: Endpoint) -> Any:
        transport = transport_class(host=endpoint.base, credentials=self._credentials)
        # The library has no parameter for the session of a REST transport.
        session: AuthorizedSession = transport._session
        session.mount("http://", self._adapter)
        session.mount("https://", self._adapter)
        session.headers["User-Agent"] = USER_AGENT
        # Else an entry of ~/.netrc would replace the token.
        session.trust_env = False
        # A redirect would carry the token to a host that nobody reviewed.
        session.max_redirects = 0
        return transport

    def send(
        self,
        operation: RestOperation,
        endpoint: Endpoint,
        request: PreparedRequest,
        deadline: float,
    ) -> HttpReply | Failure:
        """The response of Resource Manager, whatever the library makes of it."""
        method = self._methods[operation.name]
        failure = Failure(
            state=State.ERROR, code="NoResponse", message="no response was received", attempts=3
        )
        self._adapter.forget()
        try:
            # Of a listing, the first page only: its pager requests nothing before it is iterated.
            method(
                request=_arguments(request),
                retry=None,
                timeout=seconds_left(self._clock, deadline, REQUEST_TIMEOUT),
            )
        except _TokenUnavailableError as error:
            return error.failure
        except (requests.RequestException, GoogleAuthError) as error:
            failure = _failure(error)
        except (GoogleAPICallError, ParseError, ValueError, RecursionError):
            # An error status, or a body that is no message of the library: what that means is
            # decided from the response itself, by the same rules as for all other calls.
            pass
        return self._adapter.last_reply() or failure


def _arguments(request: PreparedRequest) -> dict[str, str]:
    """The library's arguments: the name of a resource in the path, or those of a listing in the
    query.
    """
    query = dict(request.query)
    if "parent" not in query:
        return {"name": unquote(request.path).removeprefix("/v3/")}
    arguments = {"parent": query["parent"]}
    if "pageToken" in query:
        arguments["page_token"] = query["pageToken"]
    return arguments


def _failure(error: Exception) -> Failure:
    """Why there is no response; errors of certificates, proxies and addresses do not go away by a
    retry.
    """
    if isinstance(error, requests.Timeout):
        return Failure(state=State.ERROR, code="Timeout", message="no response in time", attempts=3)
    lasting = (requests.exceptions.SSLError, requests.exceptions.ProxyError, ValueError)
    attempts = 1 if isinstance(error, lasting) else 3
    # The innermost error: those around it name objects by their addresses in memory.
    cause: BaseException = error
    while cause.__context__ is not None:
        cause = cause.__context__
    message = " ".join(str(cause).split())
    return Failure(state=State.ERROR, code=type(error).__name__, message=message, attempts=attempts)
