"""The folder of attestations: read whole, or refused with every mistake in any of its files."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from scanner.content.attestations import load_attestations
from scanner.errors import ContentError, TscanError
from scanner.model.attestations import Attestation, EvidenceReference

GOOD = (Path(__file__).parent / "pack/attestations/MC-01-2026.yaml").read_text()
NAME = "attestations/MC-01-2026.yaml"


def test_it_is_read(pack: Any) -> None:
    assert load_attestations("attestations", pack.load()) == (
        Attestation(
            id="MC-01-2026",
            control="MC-01",
            statement="Everybody on the list of staff has signed.",
            by="hr@example.com",
            dated=date(2026, 1, 15),
            valid_until=date(2026, 12, 31),
            evidence=(
                EvidenceReference(
                    reference="https://files.example.com/signed",
                    sha256=hashlib.sha256(b"").hexdigest(),
                ),
                EvidenceReference(reference="the register of staff"),
            ),
            covers_from=date(2025, 1, 1),
            covers_to=date(2025, 12, 31),
        ),
    )


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("control: MC-01", "control: ‸MC-0", "did you mean 'MC-01'"),
        ("by: hr@example.com", "by: ‸HR", ""),
        ("dated: 2026-01-15", "dated: ‸2026-02-30", "write it as 2026-12-31"),
        ("valid_until: 2026-12-31", "valid_until: ‸2026-01-14", "give a later day"),
        ("valid_until: 2026-12-31", "valid_until: ‸2027-01-17", "state it again when it ends"),
        ("to: 2025-12-31", "to: ‸2026-01-16", "state what is over"),
        ("to: 2025-12-31", "to: ‸2024-12-31", "give a later day"),
        (
            "reference: the register of staff",
            "‸referenc: the register of staff",
            "did you mean 'reference'",
        ),
        ('sha256: "e3b0', 'sha256: ‸"E3B0', "is not a SHA-256"),
        ("version: 1", "version: ‸2", "upgrade tscan"),
    ],
)
def test_a_mistake_is_shown_where_it_stands(pack: Any, old: str, new: str, hint: str) -> None:
    library = pack.load()
    place = pack.change(NAME, old, new)
    with pytest.raises(ContentError) as caught:
        load_attestations("attestations", library)
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"{place}: ")
    assert hint in str(problem)


def test_every_file_with_a_mistake_is_named(pack: Any) -> None:
    library = pack.load()
    pack.write("attestations/2026/b.yaml", GOOD.replace("MC-01", "MC-99"))
    pack.write("attestations/a.yaml", "x")
    with pytest.raises(ContentError) as caught:
        load_attestations("attestations", library)
    assert [str(one).partition(":")[0] for one in caught.value.problems] == [
        "attestations/2026/b.yaml", "attestations/a.yaml",
    ]  # fmt: skip


def test_a_digest_is_held_against_the_file_that_is_there(pack: Any) -> None:
    library = pack.load()
    pack.write("attestations/2026/minutes.pdf", "of a meeting")
    digest = hashlib.sha256(b"of a meeting").hexdigest()
    empty = hashlib.sha256(b"").hexdigest()
    text = GOOD.replace("https://files.example.com/signed", "minutes.pdf")
    pack.write("attestations/2026/good.yaml", text.replace(empty, digest))
    assert [one.id for one in load_attestations("attestations", library)] == [
        "2026/good",
        "MC-01-2026",
    ]
    pack.write("attestations/2026/good.yaml", text)
    with pytest.raises(ContentError) as caught:
        load_attestations("attestations", library)
    assert f"the SHA-256 of attestations/2026/minutes.pdf is {digest}" in str(caught.value)


@pytest.mark.parametrize("reference", ["minutes.pdf", "the register of staff", '"a\\0b"', '"."'])
def test_a_digest_without_its_file_is_a_mistake(pack: Any, reference: str) -> None:
    library = pack.load()
    place = pack.change(NAME, '"https://files.example.com/signed"', f"‸{reference}")
    with pytest.raises(ContentError) as caught:
        load_attestations("attestations", library)
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"{place}: there is no file ")
    assert "and a digest is given for it" in str(problem)
    assert "or leave out 'sha256'" in str(problem)


def test_an_address_is_not_opened(pack: Any) -> None:
    library = pack.load()
    pack.change(NAME, "https://files.example.com/signed", "mailto:hr@example.com")
    assert load_attestations("attestations", library)


def test_a_folder_that_is_not_there(pack: Any) -> None:
    with pytest.raises(TscanError, match="there is no such folder"):
        load_attestations("nowhere", pack.load())
