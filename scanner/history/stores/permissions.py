"""What the identity that uses a store must be allowed, by the operations that the store makes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from scanner.errors import TscanError

_BLOBS: Final = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
_S3_PUT: Final = ("s3:AbortMultipartUpload", "s3:PutObject")
_GCS_PUT: Final = (
    "storage.multipartUploads.abort",
    "storage.multipartUploads.create",
    "storage.objects.create",
    # A file that an interrupted scan left is written again, with the same content: for Google
    # Cloud Storage that deletes the object before it.
    "storage.objects.delete",
)

PERMISSIONS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "s3": {
        "put": _S3_PUT,
        "get": ("s3:GetObject",),
        "list": ("s3:ListBucket",),
        "delete": ("s3:DeleteObject",),
        "list_object_versions": ("s3:ListBucketVersions",),
        "get_object": ("s3:GetObjectVersion",),
        "head_object": ("s3:GetObjectRetention", "s3:GetObjectVersion"),
    },
    "gs": {
        "put": _GCS_PUT,
        "get": ("storage.objects.get",),
        "list": ("storage.objects.list",),
        "delete": ("storage.objects.delete",),
    },
    "az": {
        "put": (f"{_BLOBS}/write",),
        "get": (f"{_BLOBS}/read",),
        "list": (f"{_BLOBS}/read",),
        "delete": (f"{_BLOBS}/delete",),
    },
}
"""By URL scheme, and by operation of obstore or, for versions, of botocore."""

VERSIONS: Final = ("list_object_versions", "get_object", "head_object")
"""Operations on object versions: they show what was deleted or replaced."""
USES: Final[Mapping[str, tuple[str, ...]]] = {
    "scan": ("put", "get", "list"),
    "read": ("get", "list"),
    "verify": ("get", "list", *VERSIONS),
    "compact": ("put", "get", "list", "delete"),
}
"""Operations by what the identity does: scan, read reports, verify, or remove superseded files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StorePlace:
    """A bucket, and the prefix in it."""

    scheme: str
    bucket: str
    prefix: str


def place_of(url: str) -> StorePlace:
    """The bucket that a URL names; TscanError for a folder and for another kind of store."""
    scheme, is_url, _ = url.partition("://")
    if not is_url or scheme not in PERMISSIONS:
        raise TscanError(
            f"{url} is not a bucket: it needs no cloud permission",
            "name one with --store, such as s3://bucket/tscan",
        )
    parts = urlsplit(url)
    if not parts.netloc or set(url) & set("*?${}"):
        raise TscanError(
            f"{url} does not name a single bucket", f"write it as {scheme}://bucket/prefix"
        )
    return StorePlace(scheme=scheme, bucket=parts.netloc, prefix=parts.path.strip("/"))


def permissions_for(scheme: str, use: str) -> dict[str, tuple[str, ...]]:
    """Each permission with the operations that need it, in order of its name."""
    found: dict[str, tuple[str, ...]] = {}
    for operation in USES[use]:
        # Google Cloud Storage and Azure have no versions that tscan reads.
        for name in PERMISSIONS[scheme].get(operation, ()):
            found[name] = (*found.get(name, ()), operation)
    return dict(sorted(found.items()))


def role_for(place: StorePlace, names: Sequence[str]) -> dict[str, Any]:
    """The document that grants these permissions, as the cloud's command line takes it."""
    if place.scheme == "s3":
        return _policy(place, names)
    if place.scheme == "gs":
        return {
            "title": "tscan history",
            "description": f"Grant it on gs://{place.bucket} alone.",
            "stage": "GA",
            "includedPermissions": list(names),
        }
    return {
        "Name": "tscan history",
        "IsCustom": True,
        "Description": f"Assign it on the container {place.bucket} alone.",
        "Actions": [],
        "DataActions": list(names),
        # Azure takes a group or a subscription here; the assignment is what names the container.
        "AssignableScopes": ["/subscriptions/SUBSCRIPTION/resourceGroups/GROUP"],
    }


def _policy(place: StorePlace, names: Sequence[str]) -> dict[str, Any]:
    """An IAM policy for the prefix alone: listing is allowed on a bucket, the rest on objects."""
    bucket = f"arn:aws:s3:::{place.bucket}"
    objects = f"{bucket}/*"
    listing: dict[str, Any] = {"Effect": "Allow", "Action": [], "Resource": bucket}
    if place.prefix:
        objects = f"{bucket}/{place.prefix}/*"
        listing["Condition"] = {"StringLike": {"s3:prefix": [f"{place.prefix}/*"]}}
    reading: dict[str, Any] = {"Effect": "Allow", "Action": [], "Resource": objects}
    for name in names:
        statement = reading
        if name.startswith("s3:List"):
            statement = listing
        statement["Action"].append(name)
    return {"Version": "2012-10-17", "Statement": [listing, reading]}


def as_json(place: StorePlace, names: Sequence[str]) -> str:
    """The same as text."""
    return json.dumps(role_for(place, names), indent=2)
