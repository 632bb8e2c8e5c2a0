"""Record envelopes, cross-checked with securesystemslib: each verifies what the other signed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, Signature, SSlibKey

from scanner.history.ledger.ledger import Ledger
from scanner.history.records.seal import (
    PAYLOAD_TYPE,
    SealError,
    Signer,
    key_id,
    make_key,
    open_envelope,
    public_pem,
    signed_bytes,
    unsealed,
    verifies,
)
from scanner.history.records.statements import STATEMENT, payload_of, read_record
from scanner.history.stores import open_store
from scanner.model.answers import canonical
from tests.helpers.small_scans import simple

RECORDS = 3


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return make_key(tmp_path / "key.pem")


@pytest.fixture
def store(tmp_path: Path, signer: Signer) -> Path:
    path = tmp_path / "store"
    ledger = Ledger(open_store(str(path)), signer)
    for number in range(RECORDS):
        ledger.commit(simple(number))
    return path


def record_files(store: Path) -> list[Path]:
    return sorted((store / "log").rglob("*.json"))


def public_key(store: Path) -> SSlibKey:
    """The public key of a store, as securesystemslib reads the PEM."""
    (path,) = (store / "keys").glob("*.pem")
    pem = path.read_bytes()
    return SSlibKey.from_crypto(load_pem_public_key(pem), keyid=hashlib.sha256(pem).hexdigest())


def test_securesystemslib_verifies_the_records_of_a_ledger(store: Path) -> None:
    key = public_key(store)
    files = record_files(store)
    assert len(files) == RECORDS
    for path in files:
        content = path.read_bytes()
        envelope = Envelope.from_dict(json.loads(content))
        assert envelope.verify([key], threshold=1) == {key.keyid: key}
        assert envelope.payload_type == PAYLOAD_TYPE
        assert envelope.pae() == signed_bytes(open_envelope(content).payload)
        assert json.loads(envelope.payload)["_type"] == STATEMENT


def test_securesystemslib_refuses_what_was_edited_as_we_do(store: Path) -> None:
    key = public_key(store)
    content = record_files(store)[0].read_bytes()
    pem = next((store / "keys").glob("*.pem")).read_bytes()
    written = json.loads(content)
    for payload in (b"{}", open_envelope(content).payload + b" "):
        envelope = Envelope.from_dict(json.loads(content))
        envelope.payload = payload
        with pytest.raises(VerificationError):
            envelope.verify([key], threshold=1)
        ours = open_envelope(
            _canonical({**envelope.to_dict(), "signatures": written["signatures"]})
        )
        assert verifies(ours, {key.keyid: pem}) == "edited"


def test_securesystemslib_refuses_an_envelope_without_a_signature_as_we_do(store: Path) -> None:
    key = public_key(store)
    content = unsealed(b"{}")
    with pytest.raises(VerificationError):
        Envelope.from_dict(json.loads(content)).verify([key], threshold=1)
    assert verifies(open_envelope(content), {key.keyid: b""}) == "unsigned"


def test_we_verify_what_securesystemslib_signed(store: Path) -> None:
    """A record that another implementation of DSSE signed is a record."""
    other = CryptoSigner.generate_ed25519()
    pem = public_pem(other._private_key.public_key())
    name = key_id(pem)
    path = record_files(store)[0]
    record = read_record(path.read_bytes(), "log/x")
    envelope = Envelope(payload_of(record), PAYLOAD_TYPE, {})
    signature = envelope.sign(other)
    # The id of a key is no part of the signature; ours is the digest of the PEM.
    envelope.signatures = {name: Signature(name, signature.signature)}

    content = _canonical(envelope.to_dict())
    opened = open_envelope(content)
    assert opened.payload == envelope.payload
    assert verifies(opened, {name: pem}) == ""
    assert read_record(content, "log/x").seq == record.seq
    assert verifies(opened, {}) == f"unknown key {name[:16]}"

    forged = Envelope(envelope.payload + b" ", PAYLOAD_TYPE, envelope.signatures)
    assert verifies(open_envelope(_canonical(forged.to_dict())), {name: pem}) == "edited"


def test_an_envelope_of_another_type_is_refused_though_its_signature_is_right() -> None:
    """A signature of one protocol must not count in another."""
    other = CryptoSigner.generate_ed25519()
    envelope = Envelope(b"{}", "application/vnd.other+json", {})
    envelope.sign(other)
    assert envelope.verify([other.public_key], threshold=1)
    with pytest.raises(SealError, match="not an in-toto Statement"):
        open_envelope(_canonical(envelope.to_dict()))


def _canonical(envelope: dict[str, object]) -> bytes:
    """As tscan writes an envelope: sorted members, no white space, a newline."""
    return canonical(envelope).encode() + b"\n"
