"""A server on loopback that answers with given bytes, plainly or over TLS, and a proxy that tunnels
to it."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Wire:
    """What to answer, in turn, the last for ever; what came; and how many connections there were."""

    replies: list[bytes]
    context: ssl.SSLContext | None = None
    proxy_for: int = 0
    """A port: CONNECT is answered, and the bytes are passed on to it."""
    url: str = ""
    got: list[bytes] = field(default_factory=list)
    connections: int = 0
    close: bool = False
    """Whether each connection ends with its answer, whatever the answer says."""
    closed: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    """Released whenever a connection was closed from this side."""

    def handle(self, plain: socket.socket) -> None:
        """Serve one connection."""
        self.connections += 1
        with contextlib.suppress(OSError):
            sock = self.context.wrap_socket(plain, server_side=True) if self.context else plain
            with sock:
                while request := _request(sock):
                    self.got.append(request)
                    if self.proxy_for and request.startswith(b"CONNECT"):
                        return _tunnel(sock, self.proxy_for)
                    sock.sendall(self.replies.pop(0) if len(self.replies) > 1 else self.replies[0])
                    if self.close:
                        break
        self.closed.release()
        return None


def _request(sock: socket.socket) -> bytes:
    found = b""
    while b"\r\n\r\n" not in found:
        more = sock.recv(65536)
        if not more:
            return b""
        found += more
    return found


def _tunnel(sock: socket.socket, port: int) -> None:
    sock.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
    with socket.create_connection(("127.0.0.1", port)) as other:
        back = threading.Thread(target=_pass, args=(other, sock), daemon=True)
        back.start()
        _pass(sock, other)


def _pass(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while more := one.recv(65536):
            other.sendall(more)
        other.shutdown(socket.SHUT_WR)


@contextmanager
def serving(wire: Wire) -> Iterator[Wire]:
    """The server while the block runs."""
    listener = socket.create_server(("127.0.0.1", 0))
    wire.url = f"http{'s' if wire.context else ''}://127.0.0.1:{listener.getsockname()[1]}"

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(
                    target=wire.handle, args=(listener.accept()[0],), daemon=True
                ).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield wire
    finally:
        listener.close()


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context for 127.0.0.1, and the file of the authority that vouches for it: itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "public.pem", folder / "private.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public
