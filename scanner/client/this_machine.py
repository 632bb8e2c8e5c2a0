"""Tells the addresses of this machine from those of others."""

from __future__ import annotations

import ipaddress


def is_this_machine(host: str) -> bool:
    """Whether nobody else can read what is sent to a host: it is a loopback address."""
    name = host.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
