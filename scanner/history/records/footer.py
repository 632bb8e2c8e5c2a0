"""The number of rows that a Parquet file says it has: read without Arrow, which takes longer to load than to answer.

The footer is a Thrift structure in the compact protocol. `FileMetaData` begins with its version, the schema, and the
number of rows; what comes before that number is passed over.
"""

from __future__ import annotations

from typing import Final

_MARK: Final = b"PAR1"
_ROWS: Final = 3
"""The field of `FileMetaData` that holds the number."""
_BOOLEANS: Final = frozenset({1, 2})
_BYTE, _DOUBLE, _BINARY, _STRUCT = 3, 7, 8, 12
_NUMBERS: Final = frozenset({4, 5, 6})
_LISTS: Final = frozenset({9, 10})
_DEEPEST: Final = 8
_MOST: Final = 16
_heads: list[bytes] = []
"""How footers began, up to the number of rows: all segments of a kind begin alike, and what was read once is known."""


class FooterError(ValueError):
    """A file that does not end as a Parquet file does."""


def read_rows(content: bytes) -> int:
    """The number of rows; FooterError for what is no Parquet file."""
    length = int.from_bytes(content[-8:-4], "little")
    if len(content) < 12 + length or content[-4:] != _MARK or content[:4] != _MARK:
        raise FooterError("its end is not that of a Parquet file")
    footer = content[-8 - length : -8]
    head = next(filter(footer.startswith, _heads), None)
    thrift = _Thrift(footer, len(head) if head else 0)
    if head is None:
        thrift.find_rows()
        if len(_heads) < _MOST:
            _heads.append(thrift.passed)
    return thrift.signed()


class _Thrift:
    """A structure while it is read."""

    def __init__(self, content: bytes, at: int) -> None:
        self._content = content
        self._at = at

    @property
    def passed(self) -> bytes:
        """All that was passed over."""
        return self._content[: self._at]

    def find_rows(self) -> None:
        """Pass over what comes before the number of rows."""
        field = 0
        while True:
            kind, field = self._field(field)
            if kind == 0 or field > _ROWS:
                raise FooterError("its footer lacks the number of rows")
            if field == _ROWS:
                if kind not in _NUMBERS:
                    raise FooterError("its number of rows is no number")
                return
            self._skip(kind, 0)

    def _field(self, before: int) -> tuple[int, int]:
        """Type and number of the next field; type 0 at the end of a structure."""
        head = self._byte()
        step, kind = head >> 4, head & 15
        if kind == 0:
            return 0, before
        return kind, before + step if step else self.signed()

    def _skip(self, kind: int, depth: int) -> None:
        if depth > _DEEPEST:
            raise FooterError("its footer is too deep")
        if kind in _BOOLEANS:
            return
        if kind in _NUMBERS:
            self._unsigned()
        elif kind == _BYTE:
            self._pass(1)
        elif kind == _DOUBLE:
            self._pass(8)
        elif kind == _BINARY:
            self._pass(self._unsigned())
        elif kind in _LISTS:
            self._skip_list(depth)
        elif kind == _STRUCT:
            self._skip_struct(depth)
        else:
            raise FooterError("its footer holds what no footer holds")

    def _skip_list(self, depth: int) -> None:
        head = self._byte()
        count, kind = head >> 4, head & 15
        count = self._unsigned() if count == 15 else count
        if count > len(self._content):
            raise FooterError("its footer is cut off")
        for _ in range(count):
            # In a list a boolean takes a byte.
            self._skip(_BYTE if kind in _BOOLEANS else kind, depth + 1)

    def _skip_struct(self, depth: int) -> None:
        kind, field = self._field(0)
        while kind:
            self._skip(kind, depth + 1)
            kind, field = self._field(field)

    def _byte(self) -> int:
        self._pass(1)
        return self._content[self._at - 1]

    def _pass(self, count: int) -> None:
        self._at += count
        if self._at > len(self._content):
            raise FooterError("its footer is cut off")

    def _unsigned(self) -> int:
        value, shift = 0, 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def signed(self) -> int:
        """A number."""
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)
