"""A server on loopback that answers in one mode, and one that nobody may be sent to."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from tests.nonsense.modes import PAUSE, Asked, Mode, Pieces

Good = Callable[[Asked], Pieces | None]
"""What is answered as it should be; None: nonsense."""


@dataclass
class Nonsense:
    """The mode of the moment, and what was asked."""

    mode: Mode
    good: Good = lambda asked: None
    change: Callable[[Asked], Asked] = lambda asked: asked
    url: str = ""
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    elsewhere: str = ""
    stolen: list[bytes] = field(default_factory=list)
    """What came to the server that nobody may be sent to."""
    pause: float = 0.02
    _stop: threading.Event = field(default_factory=threading.Event)

    def handle(self, sock: socket.socket) -> None:
        """Serve one connection."""
        with contextlib.suppress(OSError), sock:
            sock.settimeout(30)
            while (asked := _read(sock)) is not None:
                asked = self.change(replace(asked, elsewhere=self.elsewhere))
                self.asked.append(asked)
                good = self.good(asked)
                if not self._send(sock, good if good is not None else self.mode(asked)):
                    return
                if good is None:
                    # What follows a broken response is nobody's.
                    return

    def _send(self, sock: socket.socket, pieces: Pieces) -> bool:
        for piece in pieces:
            if self._stop.is_set():
                return False
            if piece == PAUSE:
                self._stop.wait(self.pause)
                sock.send(b"") if not _closed(sock) else sock.close()
            sock.sendall(piece)
        return True

    def stop(self) -> None:
        self._stop.set()


def _closed(sock: socket.socket) -> bool:
    """Whether the other side has left."""
    sock.setblocking(False)
    try:
        return sock.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    finally:
        sock.settimeout(30)


def _read(sock: socket.socket) -> Asked | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (one.partition(":") for one in lines)
    }
    length = int(headers.get("content-length", 0))
    while len(body) < length:
        more = sock.recv(65536)
        if not more:
            return None
        body += more
    return Asked(line=line, headers=headers, body=body)


@contextmanager
def _listening(handle: Callable[[socket.socket], None]) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                sock = listener.accept()[0]
                threading.Thread(target=handle, args=(sock,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


@contextmanager
def serving(server: Nonsense) -> Iterator[Nonsense]:
    """The server while the block runs."""

    def steal(sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock:
            server.stolen.append(sock.recv(65536))
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with _listening(steal) as trap, _listening(server.handle) as port:
        server.port = port
        server.url, server.elsewhere = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{trap}"
        try:
            yield server
        finally:
            server.stop()
