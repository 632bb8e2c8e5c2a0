"""What moto answers otherwise than AWS, where a provider of Terraform stops because of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch


@contextmanager
def mended() -> Iterator[None]:
    """moto while the block runs, with these answers as AWS documents them."""
    with ExitStack() as stack:
        stack.enter_context(_own_ids_of_databases())
        stack.enter_context(_trails_by_name())
        stack.enter_context(_encrypted_buckets())
        yield


@contextmanager
def _own_ids_of_databases() -> Iterator[None]:
    """`DbiResourceId` is unique in a region; moto has one for all, by which none is found."""
    from moto.rds.models import DBInstance

    made = DBInstance.__init__
    numbers = iter(range(10_000_000))

    def init(self: Any, *given: Any, **named: Any) -> None:
        made(self, *given, **named)
        self.dbi_resource_id = f"db-{next(numbers):026d}"

    with patch.object(DBInstance, "__init__", init):
        yield


@contextmanager
def _trails_by_name() -> Iterator[None]:
    """`DescribeTrails` keeps the trails of `trailNameList`; moto answers with all."""
    from moto.cloudtrail.responses import CloudTrailResponse

    described = CloudTrailResponse.describe_trails

    def describe(self: Any) -> str:
        names = self._get_param("trailNameList")
        found = json.loads(described(self))["trailList"]
        kept = [one for one in found if not names or {one["Name"], one["TrailARN"]} & set(names)]
        return json.dumps({"trailList": kept})

    with patch.object(CloudTrailResponse, "describe_trails", describe):
        yield


@contextmanager
def _encrypted_buckets() -> Iterator[None]:
    """`GetBucketEncryption` of a bucket without a setting of its own: SSE-S3, since 2023."""
    from moto.s3.models import S3Backend

    own = S3Backend.get_bucket_encryption
    default = {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}}

    def encryption(self: Any, bucket_name: str) -> Any:
        return own(self, bucket_name) or default

    with patch.object(S3Backend, "get_bucket_encryption", encryption):
        yield
