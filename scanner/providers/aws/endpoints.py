"""Resolves endpoints by botocore's rules, once for the parameters that they depend on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.model import OperationModel

from scanner.providers.aws.connections import Connections, Route

_ACCOUNT_HOST: Final = re.compile(r"//[0-9]{12}\.")
_PLAIN: Final = re.compile(r"[a-z0-9](?:[a-z0-9]|-(?!-)){1,61}[a-z0-9]")
"""Bucket names that the rules treat alike: no dot, no ARN, and none of the suffixes, which begin
with `--`.
"""
_ALIAS: Final = "-s3alias"
"""The end of an access point's name, which the rules treat apart."""
_ANY: Final = object()
"""Stands in a key for a bucket with a plain name."""
_REMEMBERED: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningScope:
    """How requests to an endpoint are signed."""

    auth_type: str | None
    service: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where requests with certain parameters go, and how they are signed."""

    url: str
    headers: Mapping[str, str]
    route: Route
    signing: SigningScope
    signing_context: Mapping[str, Any]
    """What the rules say of signing, as botocore's choice of a signer takes it."""


class Endpoints:
    """The endpoints of one botocore client, for all its operations; safe in threads."""

    def __init__(
        self,
        client: Any,
        connections: Connections,
        *,
        bare_host: bool,
    ) -> None:
        self._client = client
        self._connections = connections
        self._bare_host = bare_host
        """The endpoint is the user's own: no account can stand before its host."""
        self._known: dict[tuple[Any, ...], tuple[str, Endpoint]] = {}
        """With the bucket for which each was resolved, whose place others may take."""

    def of(
        self,
        model: OperationModel,
        params: dict[str, Any],
        context: dict[str, Any],
    ) -> Endpoint:
        """The endpoint of a call.

        The rules take longer than the request, and read few parameters (a bucket's name). They
        treat all buckets with plain names alike: one is resolved, and others take its place.
        """
        if model.operation_context_parameters:
            return self._resolve(model, params, context)
        bucket = _plain_bucket(params.get("Bucket"))
        key = _key(model, params, bucket)
        known = self._known.get(key)
        if known is not None:
            example, endpoint = known
            if example == bucket:
                return endpoint
            return self._for_bucket(bucket, endpoint, example)
        found = self._resolve(model, params, context)
        # A name that occurs twice in the address (`s3`, `amazonaws`) could not be replaced safely.
        if not bucket or found.url.count(bucket) == 1:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = bucket, found
        return found

    def _for_bucket(
        self,
        bucket: str,
        endpoint: Endpoint,
        example: str,
    ) -> Endpoint:
        """The endpoint of another bucket than the one for which it was resolved."""
        url = endpoint.url.replace(example, bucket)
        route = endpoint.route
        if not url.startswith(f"{route.url}/"):
            route = self._connections.route(url)
        return Endpoint(
            url=url,
            headers=endpoint.headers,
            route=route,
            signing=endpoint.signing,
            signing_context=endpoint.signing_context,
        )

    def _resolve(
        self,
        model: OperationModel,
        params: dict[str, Any],
        context: dict[str, Any],
    ) -> Endpoint:
        url, headers, _ = self._client._resolve_endpoint_ruleset(model, params, context)
        if self._bare_host:
            url = without_account(url)
        signing = context.get("signing", {})
        signer = self._client._request_signer
        return Endpoint(
            url=url,
            headers=headers or {},
            route=self._connections.route(url),
            signing=SigningScope(
                auth_type=context.get("auth_type"),
                service=signing.get("signing_name") or signer.signing_name,
                region=signing.get("region") or signer.region_name,
            ),
            signing_context=signing,
        )


def without_account(url: str) -> str:
    """An address without the account's id before its host (S3 Control puts it there)."""
    return _ACCOUNT_HOST.sub("//", url, count=1)


def _key(
    model: OperationModel,
    params: Mapping[str, Any],
    bucket: str,
) -> tuple[Any, ...]:
    # botocore's handlers treat some operations apart: GetBucketLocation goes to no bucket's own
    # host.
    key: list[Any] = [model.name]
    for parameter in model.context_parameters:
        if bucket and parameter.name == "Bucket":
            key.append((parameter.name, _ANY))
        else:
            key.append((parameter.name, params.get(parameter.member_name)))
    return tuple(key)


def _plain_bucket(bucket: Any) -> str:
    """The name of a bucket, if it is a plain one; else empty."""
    if not isinstance(bucket, str) or bucket.endswith(_ALIAS):
        return ""
    return bucket if _PLAIN.fullmatch(bucket) else ""
