"""Readers of what pipelines read: workflow commands, SARIF, JUnit, code quality and Markdown.

Each reads as the consumer does and refuses what the consumer would refuse. They share no code with
what writes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import jsonschema
from markdown_it import MarkdownIt

# -- workflow commands ----------------------------------------------------------------------------

_COMMANDS: Final = frozenset({"error", "warning", "notice", "add-mask", "stop-commands", "debug"})


@dataclass(frozen=True)
class Command:
    """One line that the runner of GitHub Actions takes for a command."""

    name: str
    properties: dict[str, str]
    message: str


def commands(output: str) -> list[Command]:
    """The commands in the output of a step, by the rules of the runner's own parser.

    Each line may have either form: `::name key=value::data` at its start, `##[name]` anywhere.
    """
    found: list[Command] = []
    stopped = ""
    for line in re.split(r"\r\n|\r|\n", output):
        command = _command(line)
        if command is None:
            continue
        if stopped:
            stopped = "" if command.name == stopped else stopped
        elif command.name == "stop-commands":
            stopped = command.message
        elif command.name in _COMMANDS:
            found.append(command)
    return found


def _command(line: str) -> Command | None:
    text = line.lstrip()
    if text.startswith("::") and "::" in text[2:]:
        info, _, data = text[2:].partition("::")
        name, _, rest = info.partition(" ")
        pairs = [pair.split("=", 1) for pair in rest.strip().split(",") if "=" in pair]
        escapes = {"%3A": ":", "%2C": ","}
        properties = {key: _unescaped(value, escapes) for key, value in pairs if key and value}
        return Command(name, properties, _unescaped(data, {}))
    old = re.search(r"##\[([^\s\]]+)[^\]]*\](.*)", line)
    return Command(old[1], {}, old[2]) if old else None


def _unescaped(text: str, more: dict[str, str]) -> str:
    for escape, char in {"%0D": "\r", "%0A": "\n", **more, "%25": "%"}.items():
        text = text.replace(escape, char)
    return text


# -- SARIF ----------------------------------------------------------------------------------------


def _record(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    properties = {**required, **optional}
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _list(items: Any, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


_TEXT: Final = {"type": "string", "minLength": 1}
_URI: Final = {"type": "string", "pattern": r"^([A-Za-z0-9_.~/!$&'()*+,;=:@-]|%[0-9A-F]{2})+$"}
"""RFC 3986: everything else is percent-encoded."""
_DESCRIPTION: Final = _record({"text": {"type": "string", "minLength": 1, "maxLength": 1024}})
_LEVEL: Final = {"enum": ["none", "note", "warning", "error"]}
_COUNT: Final = {"type": "integer", "minimum": 1}
_RULE: Final = _record(
    {"id": {"type": "string", "minLength": 1, "maxLength": 255}},
    name={"type": "string", "maxLength": 255},
    shortDescription=_DESCRIPTION,
    fullDescription=_DESCRIPTION,
    help=_record({"text": _TEXT}),
    helpUri={"type": "string", "pattern": "^https://[^ ]+$"},
    defaultConfiguration=_record({"level": _LEVEL}),
    properties=_record(
        {
            "tags": _list(_TEXT, maxItems=10, uniqueItems=True),
            "security-severity": {"type": "string", "pattern": r"^(\d\.\d|10\.0)$"},
        }
    ),
)
_LOCATION: Final = _record(
    {
        "physicalLocation": _record(
            {
                "artifactLocation": _record({"uri": _URI}),
                "region": _record({"startLine": _COUNT}, endLine=_COUNT),
            }
        )
    },
    logicalLocations=_list(_record({"fullyQualifiedName": _TEXT}, kind=_TEXT)),
)
_RESULT: Final = _record(
    {
        "ruleId": _TEXT,
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": _LEVEL,
        "message": _record({"text": _TEXT}),
        "locations": _list(_LOCATION, minItems=1, maxItems=100),
        "partialFingerprints": {
            "type": "object",
            "required": ["primaryLocationLineHash"],
            "additionalProperties": _TEXT,
        },
    },
    baselineState={"enum": ["new", "unchanged", "updated", "absent"]},
)
_NOTIFICATION: Final = _record({"message": _record({"text": _TEXT})}, level=_LEVEL)
_SARIF: Final = _record(
    {
        "version": {"const": "2.1.0"},
        "runs": _list(
            _record(
                {
                    "tool": _record(
                        {
                            "driver": _record(
                                {"name": _TEXT},
                                semanticVersion=_TEXT,
                                rules=_list(_RULE, maxItems=25_000, uniqueItems=True),
                            )
                        }
                    ),
                    "results": _list(_RESULT, maxItems=5_000),
                },
                automationDetails=_record({"id": _URI}),
                columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                invocations=_list(
                    _record(
                        {"executionSuccessful": {"type": "boolean"}},
                        exitCode={"type": "integer"},
                        toolExecutionNotifications=_list(_NOTIFICATION),
                    )
                ),
            ),
            minItems=1,
            maxItems=20,
        ),
    },
    **{"$schema": _TEXT},
)
"""The part of SARIF 2.1.0 in use, with the limits of GitHub; other members are refused."""
_LINK: Final = re.compile(r"(?<!\\)(?:\\\\)*\[(?:\\.|[^\]\\])*\]\(")
"""An embedded link in a message, section 3.11.6: brackets behind a backslash are text."""


def sarif(text: str) -> dict[str, Any]:
    """The run in a SARIF file, checked as GitHub checks an upload, and for links in messages."""
    document = json.loads(text)
    jsonschema.Draft202012Validator(_SARIF).validate(document)
    run: dict[str, Any] = document["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert len(text.encode()) < 10_000_000
    hashes = set()
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert not _LINK.search(result["message"]["text"])
        hashes.add((result["ruleId"], result["partialFingerprints"]["primaryLocationLineHash"]))
        uri = urlsplit(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
        assert not uri.scheme
        assert not uri.netloc
        assert not uri.path.startswith("/")
        assert ".." not in unquote(uri.path).split("/")
    assert len(hashes) == len(run["results"]), "GitHub would take two results for one"
    return run


# -- JUnit ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """One test of a JUnit report."""

    check: str
    name: str
    outcome: str
    """`passed`, `failure` or `skipped`."""
    message: str


def junit(text: str) -> list[Case]:
    """The tests of a JUnit report, checked by the rules of the readers of Jenkins and GitLab."""
    root = ElementTree.fromstring(text.encode())
    assert root.tag == "testsuites"
    cases: list[Case] = []
    for suite in root:
        assert suite.tag == "testsuite"
        found = [_case(element) for element in suite.iter("testcase")]
        assert int(suite.attrib["tests"]) == len(found)
        for word, outcome in (("failures", "failure"), ("skipped", "skipped")):
            assert int(suite.attrib[word]) == sum(case.outcome == outcome for case in found)
        assert {child.tag for child in suite} <= {"testcase", "system-out"}
        cases += found
    return cases


def _case(element: ElementTree.Element) -> Case:
    assert set(element.attrib) <= {"classname", "name", "time", "file", "line"}
    outcomes = [child for child in element if child.tag in ("failure", "skipped")]
    assert len(outcomes) == len(list(element)) <= 1
    found = outcomes[0] if outcomes else None
    return Case(
        element.attrib["classname"],
        element.attrib["name"],
        found.tag if found is not None else "passed",
        found.attrib["message"] if found is not None else "",
    )


# -- GitLab ---------------------------------------------------------------------------------------

_ISSUES: Final = _list(
    _record(
        {
            "description": _TEXT,
            "check_name": _TEXT,
            "fingerprint": _TEXT,
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": _record(
                {
                    "path": {"type": "string", "pattern": r"^(?!/|\./|\.\./).+"},
                    "lines": _record({"begin": _COUNT}, end=_COUNT),
                }
            ),
        }
    )
)


def code_quality(text: str) -> list[dict[str, Any]]:
    """The issues of a Code Quality report."""
    assert text[0] == "[", "GitLab refuses a byte order mark"
    issues: list[dict[str, Any]] = json.loads(text)
    jsonschema.Draft202012Validator(_ISSUES).validate(issues)
    return issues


# -- Markdown -------------------------------------------------------------------------------------

_ALLOWED_HTML: Final = frozenset({"<br>", "<code>", "</code>", "<!-- -->"})
_SUMMARY: Final = re.compile(r"(<details><summary>[a-z ]+: \d+</summary>|</details>)\n?")


@dataclass(frozen=True)
class Page:
    """A page of Markdown as a reader sees it."""

    rows: list[list[str]]
    """Cells of every row of every table, as text."""
    text: str


def markdown(text: str) -> Page:
    """A page as GitHub shows it, checked for what acts: markup, links, mentions, references."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    rows: list[list[str]] = []
    seen: list[str] = []
    for token in tokens:
        if token.type == "html_block":
            assert _SUMMARY.fullmatch(token.content), token.content
        elif token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            seen.append(_inline(token.children or []))
            if token.map and rows and text.split("\n")[token.map[0]].startswith("|"):
                rows[-1].append(seen[-1])
        else:
            assert re.fullmatch(r"(heading|paragraph|table|thead|tbody|tr|th|td)_\w+", token.type)
    # Extensions of GitHub make links of these wherever they stand in the text that they are given.
    assert not re.search(r"\w://|www\.", text, re.IGNORECASE)
    return Page(rows, "\n".join(seen))


def _inline(tokens: list[Any]) -> str:
    parts: list[str] = []
    for token in tokens:
        if token.type == "html_inline":
            assert token.content in _ALLOWED_HTML, token.content
            parts.append({"<br>": "\n"}.get(token.content, ""))
            continue
        assert token.type in ("text", "text_special", "softbreak", "code_inline"), token
        content = token.content
        # Mentions, issues, addresses of mail: GitHub looks for them in each text node.
        assert not re.search(r"[@#]\w", content), content
        parts.append(content)
    return "".join(parts)
