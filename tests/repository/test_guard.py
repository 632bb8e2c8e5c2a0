"""The guard of conftest.py itself: no test reaches the network."""

from __future__ import annotations

import socket

import pytest


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("example.com", 443)])
def test_the_network_is_closed(address: tuple[str, int]) -> None:
    with socket.socket() as sock, pytest.raises(Exception, match="only loopback is open"):
        sock.connect(address)
    with socket.socket() as sock, pytest.raises(Exception, match="only loopback is open"):
        sock.connect_ex(address)


def test_names_are_not_asked_for() -> None:
    with pytest.raises(Exception, match="only loopback is open"):
        socket.getaddrinfo("example.com", 443)


def test_loopback_is_open() -> None:
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        client.connect(server.getsockname())
        assert client.getpeername() == server.getsockname()
