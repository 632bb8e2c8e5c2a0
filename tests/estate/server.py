"""A moto server on a free port of loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

# Read by moto when it is imported. Without the first, 1,300 snapshots behind stock images read as the account's own.
os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")


@contextmanager
def running() -> Iterator[str]:
    """The address of a server that stops at the end."""
    import logging

    from moto.server import ThreadedMotoServer

    # moto answers 500 with a page of traceback where it lacks an operation; to the scan it is a gap like any other.
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()
