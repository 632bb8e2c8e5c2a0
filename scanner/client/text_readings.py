"""What a text says once its encodings are undone: URL encoding, JSON escapes, base64, gzip."""

from __future__ import annotations

import binascii
import re
import zlib
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

_DEPTH: Final = 4
"""Encodings inside each other: base64 of JSON in a JSON text that is URL-encoded."""
_MOST_BYTES: Final = 1 << 22
"""Of all readings of one text."""
_UNPACKED_LIMIT: Final = 1 << 20
_PERCENT: Final = re.compile(rb"%[0-9A-Fa-f]{2}")
_ESCAPE: Final = re.compile(rb"\\(?:u00([0-7][0-9A-Fa-f])|([\"'/\\nrt]))")
_RUN: Final = re.compile(rb"[A-Za-z0-9+/_-]{20,}(?:\r?\n[A-Za-z0-9+/_-]+)*")
_DIGEST: Final = re.compile(rb"[0-9a-f-]+|[A-F0-9-]+")
_PRINTED: Final = re.compile(rb"[\t\n\r -~]{10,}")
_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
_GZIP: Final = b"\x1f\x8b"


class TooLongError(ValueError):
    """A text, or what is packed in it, is longer than is searched."""


def readings(text: bytes) -> Iterator[bytes]:
    """The text, and what it says with each of its encodings undone; TooLongError."""
    left = _MOST_BYTES
    layer = [text]
    for _ in range(_DEPTH + 1):
        below: list[bytes] = []
        for one in layer:
            left -= len(one)
            if left < 0:
                raise TooLongError
            yield one
            below.extend(_undone(one))
        if not below:
            return
        layer = below


def _undone(text: bytes) -> Iterator[bytes]:
    """The text with one encoding undone, for each that it has."""
    if b"%" in text and _PERCENT.search(text):
        yield unquote_to_bytes(text)
    if b"\\" in text:
        plain = _ESCAPE.sub(_escaped, text)
        if plain != text:
            yield plain
    if len(text) >= 20:
        for run in _RUN.finditer(text):
            if not _DIGEST.fullmatch(run[0]):
                yield from _decoded(run[0].translate(_URL_SAFE, b"\r\n"))


def _escaped(found: re.Match[bytes]) -> bytes:
    if found[1]:
        return bytes((int(found[1], 16),))
    return {b"n": b"\n", b"r": b"\r", b"t": b"\t"}.get(found[2], found[2])


def _decoded(run: bytes) -> Iterator[bytes]:
    """What base64 holds. It may begin after other characters of its alphabet, as in a path."""
    for offset in range(4):
        part = run[offset:]
        part = part[: len(part) - (len(part) % 4 == 1)]
        raw = binascii.a2b_base64(part + b"=" * (-len(part) % 4))
        if raw[:2] == _GZIP:
            raw = _unpacked(raw)
        # UTF-16, as PowerShell encodes commands.
        raw = raw.replace(b"\0", b"")
        if _PRINTED.search(raw):
            yield raw


def _unpacked(raw: bytes) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(raw, _UNPACKED_LIMIT)
    except zlib.error:
        return b""
