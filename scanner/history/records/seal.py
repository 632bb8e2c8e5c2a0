"""Signs and verifies records: DSSE envelopes around in-toto Statements, signed with Ed25519 keys.

The format is that of https://github.com/secure-systems-lab/dsse, so other tools verify it too,
openssl among them.
"""

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
from typing import TYPE_CHECKING, Final

from scanner.content.input_files import read_input
from scanner.errors import TscanError
from scanner.model.answers import canonical

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
OWN_KEY: Final = Path("~/.config/tscan/key.pem")
_USUAL_PEM: Final = re.compile(
    rb"-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/]{59}=)\n-----END PUBLIC KEY-----\n"
)
_ED25519_PREFIX: Final = bytes.fromhex("302a300506032b6570032100")
"""The DER header before the 32 bytes of an Ed25519 public key (RFC 8410)."""
_MAKE_HINT: Final = "make one with 'tscan init', or set TSCAN_KEY or TSCAN_KEY_FILE"


class SealError(ValueError):
    """An envelope that cannot be read, with the reason."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload with the signatures over it, by key id."""

    payload: bytes
    signatures: tuple[tuple[str, bytes], ...]


class Signer:
    """A private key that signs records."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = public_pem(key.public_key())
        self.key_id = key_id(self.public)

    def seal(self, payload: bytes) -> bytes:
        """The signed envelope of a payload."""
        signature = self._key.sign(signed_bytes(payload))
        return _envelope(payload, [(self.key_id, signature)])


def unsealed(payload: bytes) -> bytes:
    """The envelope of a record without a signature."""
    return _envelope(payload, [])


def _envelope(
    payload: bytes,
    signatures: list[tuple[str, bytes]],
) -> bytes:
    entries = [
        {"keyid": keyid, "sig": base64.b64encode(signature).decode()}
        for keyid, signature in signatures
    ]
    # The same as canonical() of the whole: a payload in base64 is long, and has nothing to escape.
    return b'{"payload":"%s","payloadType":"%s","signatures":%s}\n' % (
        base64.b64encode(payload),
        PAYLOAD_TYPE.encode(),
        canonical(entries).encode(),
    )


def signed_bytes(payload: bytes) -> bytes:
    """What is signed of a payload: DSSE's pre-authentication encoding (PAE)."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (
        len(kind),
        kind,
        len(payload),
        payload,
    )


def open_envelope(content: bytes) -> Envelope:
    """The envelope in a file; SealError if it is none."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise SealError("truncated or not JSON") from None
    try:
        payload_type = value["payloadType"]
        payload = base64.b64decode(value["payload"], validate=True)
        signatures = tuple(
            (str(entry["keyid"]), base64.b64decode(entry["sig"], validate=True))
            for entry in value["signatures"]
        )
        rewritten = _envelope(payload, list(signatures))
    except (KeyError, TypeError, ValueError):
        # ValueError also for base64 that is not ASCII, and for key ids that cannot be encoded.
        raise SealError("not a DSSE envelope") from None
    if payload_type != PAYLOAD_TYPE:
        raise SealError("its payload is not an in-toto Statement")
    # Only the bytes that tscan writes are read: two readers can never understand one file
    # differently.
    if rewritten != content:
        raise SealError("not written by tscan: not in canonical form")
    return Envelope(payload, signatures)


def verifies(envelope: Envelope, keys: Mapping[str, bytes]) -> str:
    """Why an envelope is not verified: `unsigned`, `unknown key …` or `edited`.

    `` if known keys signed it.
    """
    from cryptography.exceptions import InvalidSignature

    # Without this, the loop below would accept an envelope without signatures.
    if not envelope.signatures:
        return "unsigned"
    # All of them: one good signature does not make up for another that is not.
    for key, signature in envelope.signatures:
        if key not in keys:
            return f"unknown key {key[:16]}"
        try:
            load_public(keys[key]).verify(signature, signed_bytes(envelope.payload))
        except InvalidSignature:
            return "edited"
    return ""


def public_pem(key: Ed25519PublicKey) -> bytes:
    """A public key as PEM, which openssl reads."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@lru_cache(maxsize=16)
def load_public(pem: bytes) -> Ed25519PublicKey:
    """A public key; TscanError for anything but Ed25519."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    usual = _USUAL_PEM.fullmatch(pem)
    if usual is not None:
        content = binascii.a2b_base64(usual[1])
        if content.startswith(_ED25519_PREFIX):
            return Ed25519PublicKey.from_public_bytes(content.removeprefix(_ED25519_PREFIX))
    # For any other form: this import loads every algorithm, which takes longer than verifying a
    # year.
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise TscanError(
            "a public key cannot be read", "it is an Ed25519 key in PEM form"
        ) from None
    if not isinstance(key, Ed25519PublicKey):
        raise TscanError("a public key is not an Ed25519 key", "tscan signs with Ed25519 only")
    return key


def key_id(pem: bytes) -> str:
    """The id of a public key: the SHA-256 of its PEM."""
    return hashlib.sha256(pem).hexdigest()


def make_key(path: Path) -> Signer:
    """Create a private key in a file that only its owner can read.

    TscanError if the file exists.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        path.parent.mkdir(
            mode=0o700,
            parents=True,
            exist_ok=True,
        )
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise TscanError(
            f"{path} exists: a key is never overwritten", "use it, or name another file"
        ) from None
    except OSError as error:
        raise TscanError(
            f"{path} cannot be written: {error.strerror}", "name another file with --key"
        ) from error
    return Signer(key)


def find_signer(
    path: Path | None = None, environment: Mapping[str, str] | None = None
) -> Signer | None:
    """The key of a file, of TSCAN_KEY, of TSCAN_KEY_FILE, or the user's own.

    None where there is none.
    """
    given = os.environ if environment is None else environment
    if path is not None:
        return read_signer(path)
    if given.get("TSCAN_KEY"):
        return _signer(given["TSCAN_KEY"].encode(), "TSCAN_KEY")
    if given.get("TSCAN_KEY_FILE"):
        return read_signer(Path(given["TSCAN_KEY_FILE"]))
    own = own_key()
    if own is not None and _exists(own):
        return read_signer(own)
    return None


def _exists(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        # A key that may not be accessed exists: reading it fails, and the scan is not silently left
        # unsigned.
        return True
    return True


def own_key() -> Path | None:
    """The path of the user's own key.

    None for a user without a home folder, as in many containers.
    """
    try:
        return OWN_KEY.expanduser()
    except RuntimeError:
        return None


def read_signer(path: Path) -> Signer:
    """The private key in a file; TscanError if it is not one, or if others may read it."""
    try:
        content = read_input(path)
        mode = path.stat().st_mode
    except OSError as error:
        raise TscanError(f"the key {path} cannot be read: {error.strerror}", _MAKE_HINT) from error
    # Whoever can read the key can rewrite history.
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise TscanError(f"the key {path} can be read by others", f"chmod 600 {path}")
    return _signer(content, f"the key {path}")


def _signer(content: bytes, name: str) -> Signer:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(content, password=None)
    except TypeError:
        raise TscanError(
            f"{name} is encrypted", "give it without a passphrase, from where secrets are kept"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise TscanError(f"{name} is not a readable private key", _MAKE_HINT) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise TscanError(f"{name} is not an Ed25519 key", _MAKE_HINT)
    return Signer(key)
