"""A run that is killed after its message left and before that was written down: STORE ADDRESS."""

from __future__ import annotations

import os
import signal
import sys

from scanner.alert import DeliveryContext, notify
from scanner.channels import Message, send
from scanner.history.outbox import Outbox
from scanner.history.stores.local import LocalStore
from scanner.model.config import AlertRule
from tests.helpers.failing_history import LIBRARY, failing
from tests.helpers.nights import HERE


def send_and_die(address: str, message: Message) -> str:
    reason = send(address, message)
    assert not reason
    os.kill(os.getpid(), signal.SIGKILL)
    return reason


if __name__ == "__main__":
    store, address = sys.argv[1:]
    rules = [AlertRule(to=(address,))]
    notify(
        failing(),
        HERE,
        LIBRARY,
        rules,
        Outbox(LocalStore(store)),
        DeliveryContext(send=send_and_die, environment={}),
    )
