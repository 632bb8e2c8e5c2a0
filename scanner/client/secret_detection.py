"""Names the kind of secret that a text holds, by a table of forms (`secret_forms.tsv`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import ascii_uppercase
from typing import Any, Final

from scanner.client.text_readings import TooLongError, readings

TABLE: Final = "secret_forms.tsv"
_COLUMNS: Final = ("form", "where", "pattern", "unless", "source")
AWS_SECRET: Final = "AWS secret access key"
TOO_LONG: Final = "too long to be searched"
_BARE: Final = re.compile(rb"(?<![0-9A-Za-z/+])[0-9A-Za-z/+]{40}(?![0-9A-Za-z/+=])")
_NEAR: Final = re.compile(
    rb"(?i)(?:^|[^a-z])(?:aws|secret|access|key|token|cred|passw|A[KS]IA[A-Z0-9]{16})"
    rb"|secret|access_?key"
)
_NEAR_BYTES: Final = 80
_LEAST_VARIED: Final = 22
"""Different characters among 40: of random ones there are about 30."""
_LEAST_CAPITALS: Final = 6
"""Of random ones there are about 16."""
_LEAST_TURNS: Final = 16
"""Places where small letters, capitals, digits and signs meet: about 25 among random characters;
names of many words have 15."""
_CAPITALS: Final = frozenset(ascii_uppercase.encode())
_TURN: Final = re.compile(rb"(?<=[a-z])[^a-z]|(?<=[A-Z])[^A-Z]|(?<=[0-9])[^0-9]|(?<=[/+])[^/+]")
_CACHE_LIMIT: Final = 200_000
_COUNT: Final = re.compile(r"\{(\d+)(?:,\d*)?\}")
_LEAST_REPEATED: Final = 4
_DFA_BYTES: Final = 64 << 20

Search = Callable[[bytes], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One row of the table."""

    name: str
    where: str
    """`text`: the pattern occurs in a text; `member`: it is the name of the text's member."""
    pattern: str
    unless: str
    """What the first group (of a member: the text) is, where it is no secret after all."""
    source: str
    """Where the form is documented."""


@cache
def forms() -> tuple[Form, ...]:
    """The rows of the table."""
    text = files("scanner.client").joinpath(TABLE).read_text(encoding="utf-8")
    head, *rows = (line.split("\t") for line in text.splitlines())
    if tuple(head) != _COLUMNS:
        raise ValueError(f"{TABLE} has other columns than {', '.join(_COLUMNS)}")
    found: list[Form] = []
    for name, where, pattern, unless, source in rows:
        found.append(Form(name=name, where=where, pattern=pattern, unless=unless, source=source))
    return tuple(found)


class Detector:
    """Names the kind of secret in a text; remembers every text that it has seen. Safe in threads.

    The same text has the same answer in every scan: nothing but the text and the names that it
    stands under decides.
    """

    def __init__(self) -> None:
        in_texts = [form for form in forms() if form.where == "text"]
        self._any = compiled("|".join(f"(?:{_rough(form.pattern)})" for form in in_texts)).search
        self._in_texts = [_Matcher(form) for form in in_texts]
        self._of_members = [_Matcher(form) for form in forms() if form.where == "member"]
        self._texts: dict[str, str] = {}
        self._members: dict[str, _Matcher | None] = {}

    def find(self, text: str) -> str:
        """The name of the kind of secret in a text, or ``."""
        known = self._texts.get(text)
        if known is None:
            if len(self._texts) >= _CACHE_LIMIT:
                self._texts.clear()
            known = self._texts[text] = self._search(text)
        return known

    def find_value(self, names: Iterable[str], text: str) -> str:
        """The same for a text that stands under names, which may tell what it is."""
        for name in names:
            form = self._member(name)
            if form is not None and not form.excuses(_bytes(text)):
                return form.name
        return self.find(text)

    def _member(self, name: str) -> _Matcher | None:
        if name not in self._members:
            if len(self._members) >= _CACHE_LIMIT:
                self._members.clear()
            raw = _bytes(name)
            named = (form for form in self._of_members if form.fullmatch(raw))
            self._members[name] = next(named, None)
        return self._members[name]

    def _search(self, text: str) -> str:
        try:
            for reading in readings(_bytes(text)):
                found = self._match(reading)
                if found:
                    return found
        except TooLongError:
            return TOO_LONG
        return ""

    def _match(self, text: bytes) -> str:
        # One search for all forms: nearly every text has none of them.
        if self._any(text) is not None:
            for form in self._in_texts:
                if form.occurs(text):
                    return form.name
        return AWS_SECRET if _has_bare_secret(text) else ""


class _Matcher:
    """A form that was compiled."""

    def __init__(self, form: Form) -> None:
        pattern = compiled(form.pattern, captures=True)
        self.name = form.name
        self.fullmatch: Search = pattern.fullmatch
        self._finditer = pattern.finditer
        self._unless: Search | None = compiled(form.unless).fullmatch if form.unless else None

    def occurs(self, text: bytes) -> bool:
        """Whether the form occurs in a text, and is no placeholder."""
        found: Iterator[Any] = self._finditer(text)
        if self._unless is None:
            return next(found, None) is not None
        return any(match[1] is None or not self.excuses(match[1]) for match in found)

    def excuses(self, value: bytes) -> bool:
        """Whether a value is no secret, although it stands where one would."""
        return self._unless is not None and self._unless(value) is not None


def _rough(pattern: str) -> str:
    """A pattern that also matches wherever this one does, without its long counts.

    All forms in one automaton would have a state for each combination of their counters.
    """

    def short(count: re.Match[str]) -> str:
        least = min(int(count[1]), _LEAST_REPEATED)
        return f"{{{least},}}" if least else "*"

    return _COUNT.sub(short, pattern)


def compiled(pattern: str, *, captures: bool = False) -> Any:
    """A pattern that searches bytes, in time proportional to their number."""
    import re2

    options = re2.Options()
    options.log_errors = False
    options.never_capture = not captures
    options.max_mem = _DFA_BYTES
    # Bytes, not characters: a text may hold what is no Unicode, and every form is of ASCII.
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(pattern.encode(), options)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _has_bare_secret(text: bytes) -> bool:
    """Whether an AWS secret access key stands in a text: 40 random characters, no more."""
    if len(text) < 40:
        return False
    for found in _BARE.finditer(text):
        # A line of a certificate may be as long, and a piece of base64 between its signs for URLs:
        # there, a word must say what it is.
        if _is_random(found[0]) and (_stands_alone(text, found) or _is_named(text, found)):
            return True
    return False


def _stands_alone(text: bytes, found: re.Match[bytes]) -> bool:
    """Whether a value is no piece of something longer."""
    edges = text[max(0, found.start() - 1) : found.start()] + text[found.end() : found.end() + 1]
    return b"\n" not in text and not set(edges) & set(b"_-")


def _is_named(text: bytes, found: re.Match[bytes]) -> bool:
    """Whether a word near a value says that it is a secret."""
    before = text[max(0, found.start() - _NEAR_BYTES) : found.start()]
    after = text[found.end() : found.end() + _NEAR_BYTES]
    return _NEAR.search(before) is not None or _NEAR.search(after) is not None


def _is_random(value: bytes) -> bool:
    """Whether 40 characters look drawn, and are no digest, path or encoded text."""
    if value.isalpha() or len(set(value)) < _LEAST_VARIED:
        return False
    if not _LEAST_CAPITALS <= sum(one in _CAPITALS for one in value) < len(value):
        return False
    if len(_TURN.findall(value)) < _LEAST_TURNS:
        return False
    return not any(reading.isascii() for reading in readings(value) if reading != value)
