"""Messages by Apprise: Slack, Teams, e-mail, PagerDuty, webhooks and the rest."""

from __future__ import annotations

import re
from typing import Final

from scanner.channels import UNSURE, Letter

SECONDS: Final = 20.0
"""How long a receiver may take to answer, unless the address allows more."""
_ACTS: Final = re.compile(r"(?<!\w)@(?=\w)|@(?=everyone|here)|<(?=[@!#/\w])|\](?=\()")
"""What begins a mention, a tag, or the address of a link where a text is shown as markup."""
_FRAME: Final = 32
"""Characters that may stand around title and text."""
_JOINER: Final = "\u2060"
"""Not seen, and of no width: what it parts acts no more."""


def send(address: str, letter: Letter) -> str:
    """One message for all events; the reason names neither the address nor what is in it."""
    try:
        import apprise
    except ModuleNotFoundError:
        return "apprise is not installed: pip install 'tscan[alerts]'"
    one = apprise.Apprise(
        asset=apprise.AppriseAsset(app_id="tscan", app_desc="tscan", secure_logging=True)
    )
    if not one.add(address):
        return "not an address that Apprise knows"
    if not letter.entries:
        return ""
    for server in one:
        server.socket_read_timeout = max(server.socket_read_timeout, SECONDS)
        # What fits as we write it may be longer as it is escaped.
        server.overflow_mode = apprise.OverflowMode.TRUNCATE
    room = min(server.body_maxlen for server in one) - len(letter.title) - _FRAME
    sent = one.notify(
        title=letter.title,
        body=_ACTS.sub(lambda match: match[0] + _JOINER, letter.body(room)),
        body_format=apprise.NotifyFormat.TEXT,
        # A success would close an incident in which more stands, and an information opens none: Opsgenie and Jira then
        # send nothing at all.
        notify_type=apprise.NotifyType.FAILURE if letter.bad else apprise.NotifyType.WARNING,
    )
    return "" if sent else UNSURE
