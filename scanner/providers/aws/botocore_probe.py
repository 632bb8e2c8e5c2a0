"""Checks that botocore and urllib3 have the members on which the fast client stands.

Most of them are private, so that any release may change them.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

_CLIENT: Final = {
    "_request_signer._choose_signer": 3,
    "_request_signer.region_name": None,
    "_request_signer.signing_name": None,
    "_resolve_endpoint_ruleset": 3,
    "_serializer.serialize_to_request": 2,
    "_user_agent_creator.to_string": 0,
    "meta.events._alias_event_name": 1,
    "meta.events._emitter._handlers.prefix_search": 1,
}
"""Members of a botocore client, with the number of arguments that they are called with; None: they
are values.
"""
_MODULES: Final = {
    "botocore.auth:SIGNED_HEADERS_BLACKLIST": None,
    "botocore.awsrequest:prepare_request_dict": 2,
    "botocore.httpsession:ProxyConfiguration": 1,
    "botocore.httpsession:get_cert_path": 1,
    "botocore.httpsession:mask_proxy_url": 1,
    "botocore.parsers:ResponseParserFactory": 0,
    "botocore.utils:get_environ_proxies": 1,
    "botocore.utils:normalize_url_path": 1,
    "botocore.utils:parse_timestamp": 1,
    "urllib3.connectionpool:HTTPConnectionPool._get_conn": 1,
    "urllib3.connectionpool:HTTPConnectionPool._put_conn": 2,
    "urllib3.connectionpool:HTTPSConnectionPool._prepare_proxy": 2,
    "urllib3.util.proxy:connection_requires_http_tunnel": 3,
}
"""Members of modules, likewise; a method counts its `self`."""


def missing_members(client: Any) -> list[str]:
    """The members that are missing, or that cannot be called as the fast client calls them;
    `client` is any client.
    """
    return sorted([*_missing_of_client(client), *_missing_of_modules()])


def _missing_of_client(client: Any) -> Iterator[str]:
    for path, arguments in _CLIENT.items():
        if not _usable(client, path, arguments):
            yield path


def _missing_of_modules() -> Iterator[str]:
    for place, arguments in _MODULES.items():
        module, _, path = place.partition(":")
        try:
            found = import_module(module)
        except ImportError:
            yield module
            continue
        if not _usable(found, path, arguments):
            yield f"{module}.{path}"


def _usable(owner: Any, path: str, arguments: int | None) -> bool:
    """Whether there is a member at a dotted path and, for a function, whether it takes so many
    arguments.
    """
    member = owner
    for name in path.split("."):
        try:
            member = getattr(member, name)
        except AttributeError:
            return False
    if arguments is None:
        return True
    try:
        inspect.signature(member).bind(*[None] * arguments)
    except (TypeError, ValueError):
        return False
    return True
