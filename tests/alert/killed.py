"""A run that is killed after its message left and before that was written down: STORE ADDRESS."""

from __future__ import annotations

import os
import signal
import sys

from scanner.alert import Post, apprise_send, notify
from scanner.history.local import LocalStore
from scanner.history.outbox import Outbox
from scanner.model.config import AlertRule
from tests.alert.estate import LIBRARY, failing
from tests.core.nights import HERE


def send(address: str, title: str, body: str) -> str:
    reason = apprise_send(address, title, body)
    assert not reason
    os.kill(os.getpid(), signal.SIGKILL)
    return reason


if __name__ == "__main__":
    store, address = sys.argv[1:]
    rules = [AlertRule(to=(address,))]
    notify(failing(), HERE, LIBRARY, rules, Outbox(LocalStore(store)), Post(send=send, environment={}))
