"""A moto server on a free port of loopback."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import Request, urlopen

# Read by moto when it is imported. Without the first, 1,300 snapshots behind stock images read as
# the account's own.
os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")


@contextmanager
def running(around: Callable[[Any], Any] = lambda application: application) -> Iterator[str]:
    """The address of a server with empty accounts that stops at the end; `around` wraps its WSGI
    application."""
    import logging

    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    # moto answers 500 with a page of traceback where it lacks an operation; to the scan it is a gap
    # like any other.
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    application = around(DomainDispatcherApplication(create_backend_app))
    server = make_server(
        "127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        # moto's accounts belong to the process: an earlier server's would still be there.
        urlopen(Request(f"{url}/moto-api/reset", method="POST"), timeout=60).close()
        yield url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
