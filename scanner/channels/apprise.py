"""Messages by Apprise: Slack, Teams, e-mail, PagerDuty, webhooks and the rest."""

from __future__ import annotations

from scanner.channels import Letter


def send(address: str, letter: Letter) -> str:
    """One message for all events; the reason names neither the address nor what is in it."""
    try:
        import apprise
    except ModuleNotFoundError:
        return "apprise is not installed: pip install 'tscan[alerts]'"
    one = apprise.Apprise(asset=apprise.AppriseAsset(app_id="tscan", app_desc="tscan", secure_logging=True))
    if not one.add(address):
        return "not an address that Apprise knows"
    sent = one.notify(title=letter.title, body=letter.body, body_format=apprise.NotifyFormat.TEXT)
    return "" if sent else "refused or not reached"
