"""Send alerts through Apprise: Slack, Teams, e-mail, PagerDuty, webhooks and the rest."""

from __future__ import annotations

import re
from typing import Final

from scanner.channels import NO_TIME, UNSURE, Message
from scanner.channels.bounded_receivers import bounded_receivers
from scanner.registry import install_hint

SECONDS: Final = 20.0
"""How long a receiver may take to answer, unless the address allows more."""
_MARKUP: Final = re.compile(r"(?<!\w)@(?=\w)|@(?=everyone|here)|<(?=[@!#/\w])|\](?=\()")
"""The start of a mention, a tag or a link's address, in receivers that show markup."""
_FRAME: Final = 32
"""Characters that a receiver may add around title and text."""
_WORD_JOINER: Final = "\u2060"
"""Invisible. Behind the start of a mention or a link, it keeps it from taking effect."""


def send(address: str, message: Message) -> str:
    """Send one message for all events. The reason never contains the address, which is a secret."""
    try:
        import apprise
    except ModuleNotFoundError:
        return f"apprise is not installed; {install_hint('alerts')}"
    # A redirect would carry the message and its secret headers to somebody else.
    asset = apprise.AppriseAsset(
        app_id="tscan", app_desc="tscan", secure_logging=True, http_redirects=False
    )
    client = apprise.Apprise(asset=asset)
    if not client.add(address):
        return "not an address that Apprise knows"
    if not message.entries:
        return ""
    if not message.seconds(SECONDS):
        return NO_TIME
    for server in client:
        # Whatever `redirect=` in the address says.
        server.redirects = False
        server.socket_read_timeout = message.seconds(max(server.socket_read_timeout, SECONDS))
        server.socket_connect_timeout = message.seconds(server.socket_connect_timeout)
        # Escaped, a text may be longer than it was when it was cut to fit.
        server.overflow_mode = apprise.OverflowMode.TRUNCATE
    room = min(server.body_maxlen for server in client) - len(message.title) - _FRAME
    # Never SUCCESS or INFO: a success closes an incident in which other events are still open, and
    # for an information Opsgenie and Jira send nothing at all.
    notify_type = apprise.NotifyType.WARNING
    if message.bad:
        notify_type = apprise.NotifyType.FAILURE
    with bounded_receivers():
        sent = client.notify(
            title=message.title,
            body=_MARKUP.sub(lambda match: match[0] + _WORD_JOINER, message.body(room)),
            body_format=apprise.NotifyFormat.TEXT,
            notify_type=notify_type,
        )
    if sent:
        return ""
    # Apprise reports a timeout, after which the message may arrive, as it reports a refusal.
    return UNSURE
