"""Seals: an in-toto Statement in a DSSE envelope, signed with Ed25519, so that anybody can check it with openssl."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scanner.errors import TscanError
from scanner.model.answers import canonical

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
OWN_KEY: Final = Path("~/.config/tscan/key.pem")
_USUAL: Final = re.compile(
    rb"-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/]{59}=)\n-----END PUBLIC KEY-----\n"
)
_ED25519: Final = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of a key of this kind (RFC 8410)."""
_MAKE: Final = "make one with 'tscan init', or give TSCAN_KEY or TSCAN_KEY_FILE"


class SealError(ValueError):
    """An envelope that cannot be read, and why."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload with the signatures over it, by key id."""

    payload: bytes
    signatures: tuple[tuple[str, bytes], ...]


class Signer:
    """A private key that seals records."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = public_pem(key.public_key())
        self.key_id = key_id(self.public)

    def seal(self, payload: bytes) -> bytes:
        """The envelope around a payload."""
        return _envelope(payload, [(self.key_id, self._key.sign(signed_bytes(payload)))])


def unsealed(payload: bytes) -> bytes:
    """The envelope of a record that nobody signed."""
    return _envelope(payload, [])


def _envelope(payload: bytes, signatures: list[tuple[str, bytes]]) -> bytes:
    signed = canonical(
        [{"keyid": key, "sig": base64.b64encode(sig).decode()} for key, sig in signatures]
    )
    # What canonical() gives for all of it; a payload in base64 has nothing to escape, and is long.
    head = b'{"payload":"%s","payloadType":"%s",' % (
        base64.b64encode(payload),
        PAYLOAD_TYPE.encode(),
    )
    return b'%s"signatures":%s}\n' % (head, signed.encode())


def signed_bytes(payload: bytes) -> bytes:
    """What is signed: DSSE's pre-authentication encoding."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def open_envelope(content: bytes) -> Envelope:
    """The envelope in a file; SealError with what is wrong."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise SealError("cut off or not JSON") from None
    try:
        kind = value["payloadType"]
        payload = base64.b64decode(value["payload"], validate=True)
        signatures = tuple(
            (str(one["keyid"]), base64.b64decode(one["sig"], validate=True))
            for one in value["signatures"]
        )
        written = _envelope(payload, list(signatures))
    except (
        KeyError,
        TypeError,
        ValueError,
    ):  # the last also for what is not ASCII, or no text that can be written
        raise SealError("not a DSSE envelope") from None
    if kind != PAYLOAD_TYPE:
        raise SealError("its payload is no in-toto Statement")
    # Only the bytes that tscan writes: no second reading of the same file is possible.
    if written != content:
        raise SealError("not written by tscan: its bytes are not the canonical ones")
    return Envelope(payload, signatures)


def verifies(envelope: Envelope, keys: Mapping[str, bytes]) -> str:
    """`` if a known key signed it, else why not: `unsigned`, `unknown key …` or `edited`."""
    from cryptography.exceptions import InvalidSignature

    if not envelope.signatures:
        return "unsigned"
    for key, signature in envelope.signatures:
        if key not in keys:
            return f"unknown key {key[:16]}"
        try:
            load_public(keys[key]).verify(signature, signed_bytes(envelope.payload))
        except InvalidSignature:
            return "edited"
    return ""


def public_pem(key: Ed25519PublicKey) -> bytes:
    """A public key as openssl reads it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@lru_cache(maxsize=16)
def load_public(pem: bytes) -> Ed25519PublicKey:
    """A public key; TscanError for anything but Ed25519."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if usual := _USUAL.fullmatch(pem):
        content = binascii.a2b_base64(usual[1])
        if content.startswith(_ED25519):
            return Ed25519PublicKey.from_public_bytes(content.removeprefix(_ED25519))
    # Reading any other form loads every algorithm there is, which takes longer than checking a year.
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise TscanError(
            "a public key cannot be read", "it is an Ed25519 key in PEM form"
        ) from None
    if not isinstance(key, Ed25519PublicKey):
        raise TscanError("a public key is not of the kind Ed25519", "tscan signs with Ed25519 only")
    return key


def key_id(pem: bytes) -> str:
    """SHA-256 of the public key's text: what names it."""
    return hashlib.sha256(pem).hexdigest()


def make_key(path: Path) -> Signer:
    """A new private key in a file for its owner only; TscanError if something is there already."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise TscanError(
            f"{path} exists: a key is never written over", "use it, or name another file"
        ) from None
    except OSError as error:
        raise TscanError(
            f"{path} cannot be written: {error.strerror}", "name another file with --key"
        ) from error
    return Signer(key)


def find_signer(
    path: Path | None = None, environment: Mapping[str, str] | None = None
) -> Signer | None:
    """The key of a file, of TSCAN_KEY, of TSCAN_KEY_FILE, or the own one; None where there is none at all."""
    given = os.environ if environment is None else environment
    if path is not None:
        return read_signer(path)
    if given.get("TSCAN_KEY"):
        return _signer(given["TSCAN_KEY"].encode(), "TSCAN_KEY")
    if given.get("TSCAN_KEY_FILE"):
        return read_signer(Path(given["TSCAN_KEY_FILE"]))
    own = own_key()
    return read_signer(own) if own is not None and _is_there(own) else None


def _is_there(path: Path) -> bool:
    """Whether it is: one that cannot be looked at is not taken for one that is not there."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def own_key() -> Path | None:
    """Where a person's key lies; None for who has no home, as in many containers."""
    try:
        return OWN_KEY.expanduser()
    except RuntimeError:
        return None


def read_signer(path: Path) -> Signer:
    """The private key in a file; TscanError if it is not one, or if others may read it."""
    try:
        content = path.read_bytes()
        mode = path.stat().st_mode
    except OSError as error:
        raise TscanError(f"the key {path} cannot be read: {error.strerror}", _MAKE) from error
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise TscanError(f"the key {path} can be read by others", f"chmod 600 {path}")
    return _signer(content, f"the key {path}")


def _signer(content: bytes, name: str) -> Signer:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key: Any = load_pem_private_key(content, password=None)
    except TypeError:
        raise TscanError(
            f"{name} is encrypted", "give it without a passphrase, from where secrets are kept"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise TscanError(f"{name} is not a private key that can be read", _MAKE) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise TscanError(f"{name} is not of the kind Ed25519", _MAKE)
    return Signer(key)
