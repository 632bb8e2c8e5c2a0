"""Where requests go: endpoints as botocore's rules give them, remembered for the parameters that they depend on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.model import OperationModel

from scanner.providers.aws.connections import Connections, Route

_ACCOUNT_HOST: Final = re.compile(r"//[0-9]{12}\.")
_PLAIN: Final = re.compile(r"[a-z0-9](?:[a-z0-9]|-(?!-)){1,61}[a-z0-9]")
"""Names of buckets in which the rules find nothing: no dot, no ARN, and none of the suffixes, which begin with `--`."""
_ALIAS: Final = "-s3alias"
_ANY: Final = object()
"""Stands in a key for a bucket with a plain name."""
_REMEMBERED: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where requests with certain parameters go, and what signs them there."""

    url: str
    headers: Mapping[str, str]
    route: Route
    signing: tuple[Any, str, str]
    """How, for which service, in which region."""
    signing_context: Mapping[str, Any]


class Endpoints:
    """The places of one botocore client, for all its operations; safe in threads."""

    def __init__(self, client: Any, connections: Connections, *, bare_host: bool) -> None:
        self._client = client
        self._connections = connections
        self._bare_host = bare_host
        """The endpoint is the user's own: no account can stand before its host."""
        self._known: dict[tuple[Any, ...], tuple[str, Endpoint]] = {}
        """With the bucket that was asked about, in whose stead others may be put."""

    def of(
        self, model: OperationModel, params: dict[str, Any], context: dict[str, Any]
    ) -> Endpoint:
        """The place of a call. The rules read few parameters (a bucket's name), and take longer than the request.

        They treat all buckets with plain names alike: one is resolved, and others are put in its place.
        """
        if model.operation_context_parameters:
            return self._resolved(model, params, context)
        bucket = _plain(params.get("Bucket"))
        # botocore's handlers treat some operations apart: GetBucketLocation goes to no bucket's own host.
        key = (
            model.name,
            *(
                (one.name, _ANY if bucket and one.name == "Bucket" else params.get(one.member_name))
                for one in model.context_parameters
            ),
        )
        known = self._known.get(key)
        if known is not None:
            example, place = known
            return place if example == bucket else self._alike(example, place, bucket)
        found = self._resolved(model, params, context)
        if not bucket or found.url.count(bucket) == 1:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = bucket, found
        return found

    def _alike(self, name: str, place: Endpoint, bucket: str) -> Endpoint:
        """Where another bucket is, as one is at its place."""
        url = place.url.replace(name, bucket)
        return Endpoint(
            url=url,
            headers=place.headers,
            route=place.route
            if url.startswith(f"{place.route.url}/")
            else self._connections.route(url),
            signing=place.signing,
            signing_context=place.signing_context,
        )

    def _resolved(
        self, model: OperationModel, params: dict[str, Any], context: dict[str, Any]
    ) -> Endpoint:
        url, headers, _ = self._client._resolve_endpoint_ruleset(model, params, context)
        signing, signer = context.get("signing", {}), self._client._request_signer
        name, region = signing.get("signing_name"), signing.get("region")
        if self._bare_host:
            url = without_account(url)
        return Endpoint(
            url=url,
            headers=headers or {},
            route=self._connections.route(url),
            signing=(
                context.get("auth_type"),
                name or signer.signing_name,
                region or signer.region_name,
            ),
            signing_context=signing,
        )


def without_account(url: str) -> str:
    """An address without the account's id before its host (S3 Control puts it there)."""
    return _ACCOUNT_HOST.sub("//", url, count=1)


def _plain(bucket: Any) -> str:
    """The name of a bucket, if it is a plain one; else nothing."""
    return (
        bucket
        if isinstance(bucket, str) and _PLAIN.fullmatch(bucket) and not bucket.endswith(_ALIAS)
        else ""
    )
