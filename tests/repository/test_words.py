"""Public text speaks the language of the trade: no phrase that a reader must translate, one
spelling, plain plurals, and no term of tscan's own that the glossary does not explain."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Final

import pytest

from tests.conftest import ROOT
from tests.helpers.public_text import (
    Piece,
    markdown_pieces,
    public_text,
    python_pieces,
    yaml_pieces,
)

STATUS: Final = "pass|fail|waived|unknown|accepted|not shown|needs evidence|no occurrence"
PHRASES: Final = {
    # phrase                                                    what the field says
    r"judg\w* (it |them |all |the same evidence |recorded evidence |the evidence )?again\b|re-judged": "re-evaluate",
    r"made again|make again|makes again|made anew|written anew|write anew": "re-evaluate, recreate",
    r"asked again": "retried",
    r"\b(says?|tells?|shows?) nothing of\b": "has no …, does not show",
    r"\bma[dk]es? good\b|\bmade good\b": "fix, retry",
    r"\btold\b|\bwithout telling\b": "notified, reported, returned",
    r"\bhearers?\b": "recipients",
    r"\basked of\b": "evaluated on, read from",
    r"\bwhom\b": "name the person: owner, approver, caller",
    r"\bwhat is left is\b": "the rest",
    r"\bleast severity\b|\bthis grave\b|\bgrave(r|st)?\b": "this severity or higher, most severe",
    r"\bsp(ea|o)k(e|s|es|ing)? (to|of)\b": "cover, evidence, concern",
    r"\bh(e|o)ld(s|ing)? (\S+ ){0,5}against\b": "compare with, verify",
    r"\blook(s|ed|ing)? through\b": "search, scan",
    r"\bout of sight\b|\bunseen\b": "no longer read, undetected",
    r"\b(read|reads|is|are|was|were|be|not) whole\b": "read completely, complete",
    r"\bas (it|they) should be\b": "meets the condition",
    r"\bbr(oke|oken|eaks|eak)[- ]off\b": "interrupted",
    r"\bwrit(e|es|ten) over\b": "overwrite",
    # `there is no trail` is plain English, `it is no trail` is not.
    r"(?<!here )\b(is|are|was|were) no (?!longer\b|more\b|fewer\b|less\b|such\b)": "is not a",
    r"\blast but one\b": "previous",
    r"\bfor want of\b": "because … is missing",
    r"\bin reach\b": "reachable",
    r"\b(did|does|do) not (say|tell)\b": "does not return, has no",
    r"\b(is|are|was) said\b": "reported",
    r"(^|[.:;] )who (wants|asks|reads|holds|verifies|commits|scans|signs|hears)\b": "the auditor, …",
    r"\bpeople must\b": "needs an attestation",
    r"\bstand(s|ing)? open\b|\bnothing backwards\b": "is open, retroactively",
    r"\bnamed so\b": "match",
    r"\bnone that is not\b": "say it without the double negation",
    rf"\breads? [`*]?({STATUS})\b": "has the status",
    r"\b(judg|describ|written|record|read|nam)\w* otherwise\b": "differently, changed",
    r"\bwill of the\b|\borganisation's will\b": "policy",
    # titles of before, which mend nothing if they come back in other places
    r"\bpassword alone\b|\bheld back\b|\bas their templates say\b|\bby a known way\b": "see a title",
    r"\banchor\w* outside\b|\boutside anchor\b": "external anchor",
    r"\bmust be allowed\b": "permissions",
}
"""Phrases that make a reader translate, and what the field says in their place."""

BRITISH: Final = (
    r"\b(un|re)?(organis|authoris|recognis|serialis|synchronis|minimis|summaris|normalis|sanitis"
    r"|customis|initialis|labell|cancell|analys(e[rs]?|ing)\b|colour|favour|honour|behaviou?r(?<=our)"
    r"|neighbour|defence|offence|licence|centre|catalogue|programme(?!d)|judgement|fulfil\b|enrol\b)"
)


def phrases_in(pieces: tuple[Piece, ...]) -> Iterator[str]:
    """Each phrase of the list that a piece holds, with its place."""
    for piece in pieces:
        for pattern, instead in PHRASES.items():
            found = re.search(pattern, piece.text, re.IGNORECASE)
            if found:
                yield f"{piece.place}: {_around(piece.text, found)} -> {instead}"


def _around(text: str, found: re.Match[str]) -> str:
    return "…" + text[max(found.start() - 30, 0) : found.end() + 20] + "…"


def test_public_text_has_none_of_the_phrases_that_a_reader_must_translate() -> None:
    found = list(phrases_in(public_text()))
    assert found == [], "\n".join(found)


def test_spelling_is_american() -> None:
    found = [
        f"{piece.place}: {match.group()}"
        for piece in public_text()
        if (match := re.search(BRITISH, piece.text, re.IGNORECASE))
    ]
    assert found == [], "\n".join(found)


# -- the glossary ----------------------------------------------------------------------------------
#
# The vocabulary is every word of the help of all commands, and of headings and bold words of the
# pages. A word is known if the glossary has it, or if it stands in plain_words.txt, a list that
# people have read and that holds only plain English and the trade's words.
#
# What this finds: a new word of tscan's own in help, headings or bold text, at the moment that it
# comes in (it is in neither list), and a term that leaves the glossary while help still uses it
# (no word may be in both). What it cannot find: a plain word that is used with a meaning of its
# own, a term of two plain words, and terms that occur in running text alone.

UPDATING: Final = os.environ.get("TSCAN_UPDATE_GOLDEN") == "1"
PLAIN_WORDS: Final = ROOT / "tests/repository/plain_words.txt"
"""`TSCAN_UPDATE_GOLDEN=1` writes it: read each word that comes in. Is it ours? Into the glossary."""
_EXAMPLES: Final = re.compile(r"^  Examples:\n(?:    .*\n)+", re.MULTILINE)
_NOT_PROSE: Final = re.compile(r"^(?:Usage:|\$ |#|```).*$", re.MULTILINE)
_TERM: Final = re.compile(r"^\| ([^|]+) \|.*\|.*\|$", re.MULTILINE)
_WORD: Final = re.compile(r"[A-Z]?[a-z]+(?:-[a-z]+)*")


def singular(word: str) -> str:
    """A word without the ending of its plural, as far as the glossary needs it."""
    if word.endswith("ies"):
        return word.removesuffix("ies") + "y"
    return word.removesuffix("s")


def words_of(text: str) -> set[str]:
    """The plain words of a text; names with capitals, digits or signs are left out."""
    bare = (part.strip(".,:;()[]'\"…`*?!") for part in text.split())
    return {part.lower() for part in bare if _WORD.fullmatch(part)}


def vocabulary() -> set[str]:
    """Words of the help of all commands, and of headings and bold text of the pages."""
    found: set[str] = set()
    for path in (ROOT / "docs").glob("*.md"):
        text = path.read_text(encoding="utf-8")
        if path.name == "commands.md":
            found |= words_of(_NOT_PROSE.sub("", _EXAMPLES.sub("", text)))
            continue
        for shown in re.findall(r"^#+ (.*)$|\*\*(.+?)\*\*", text, re.MULTILINE):
            found |= words_of(" ".join(shown))
    return found


def glossary() -> set[str]:
    """Words of the terms that the glossary explains."""
    text = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    return {word for term in _TERM.findall(text) for word in term.lower().split()}


def test_every_term_of_help_is_plain_or_in_the_glossary() -> None:
    terms = glossary()
    unknown = {word for word in vocabulary() if not {word, singular(word)} & terms}
    if UPDATING:
        PLAIN_WORDS.write_text("\n".join(sorted(unknown)) + "\n", encoding="utf-8")
    plain = PLAIN_WORDS.read_text(encoding="utf-8").split()
    assert sorted(unknown - set(plain)) == [], "explain it in docs/glossary.md, or say it plainly"
    assert sorted(set(plain) & terms) == [], "a term of the glossary is not a plain word"
    assert plain == sorted(set(plain))
    assert sorted(set(plain) - unknown) == [], "no text has these words any more"


# -- the tests themselves --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("The scan is judged again.", "re-evaluate"),
        ("it is no store", "is not a"),
        ("The listing was read whole.", "read completely"),
        ("somebody is told of it", "notified"),
        ("a control reads `not shown`", "has the status"),
        ("each record is held against the key", "compare"),
    ],
)
def test_a_phrase_is_found(text: str, phrase: str) -> None:
    (found,) = phrases_in((Piece(place="x:1", text=text),))
    assert phrase in found


@pytest.mark.parametrize(
    "text", ["There is no trail.", "The key is no longer there.", "compared against the list"]
)
def test_plain_english_is_no_phrase(text: str) -> None:
    assert list(phrases_in((Piece(place="x:1", text=text),))) == []


def test_pieces_are_what_users_read() -> None:
    source = (
        '"""A docstring of a module."""\n'
        "@click.command()\ndef run(x):\n"
        '    """The help of it."""\n'
        '    raise Error(f"no {x} here", "a" " hint")\n'
    )
    assert [piece.text for piece in python_pieces("a.py", source)] == [
        "The help of it.",
        "no {} here",
        "a hint",
    ]
    page = "# A title\n\nText over\ntwo lines.\n- an item\n\n```console\n$ not this\n```\n"
    pieces = [(piece.place, piece.text) for piece in markdown_pieces("a.md", page)]
    assert pieces == [
        ("a.md:1", "# A title"),
        ("a.md:3", "Text over two lines."),
        ("a.md:5", "- an item"),
    ]
    content = "title: A bucket\npass_when: self.x == 1\nwhy: >-\n  It is\n  so.\n"
    assert [piece.text for piece in yaml_pieces("a.yaml", content)] in (
        ["It is so.", "A bucket"],
        ["A bucket", "It is so."],
    )
