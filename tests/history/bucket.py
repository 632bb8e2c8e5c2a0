"""A bucket of a moto server on loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tests.estate.server import running

SETTINGS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": "us-east-1",
}


@contextmanager
def bucket() -> Iterator[str]:
    """The URL of an empty store; the environment leads to it while this is open."""
    import boto3

    with running() as address:
        before = dict(os.environ)
        os.environ.update({**SETTINGS, "AWS_ENDPOINT_URL": address})
        try:
            client = boto3.client("s3", region_name="us-east-1", endpoint_url=address)
            client.create_bucket(Bucket="history")
            yield "s3://history/tscan"
        finally:
            os.environ.clear()
            os.environ.update(before)
