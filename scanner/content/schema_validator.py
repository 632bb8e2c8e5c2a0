"""Validate documents against the JSON Schemas of the formats; report violations at their lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from scanner.content.documents import Document
from scanner.content.schemas import schema
from scanner.errors import Problem
from scanner.words import closest, did_you_mean, plural

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

Steps = tuple[str | int, ...]

VERSION: Final = 1
"""The version of every format that this release reads."""
NOT_BLANK: Final = r"\S"
"""The pattern of a text that may hold anything but must hold something."""

_WORDS: Final = {
    "string": "a string",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_LIST: Final = "write each item on a line that begins with '- '"
_MAPPING: Final = "write each key on a line, as 'key: value'"
_JSON_TYPES: Final[Mapping[type, str]] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
    type(None): "null",
}
_RENAMED: Final = {
    "check": {"none_means": "if_empty"},
    "cloud": {"count_from": "completeness"},
    "kind": {"count_from": "completeness"},
    "parameters": {"tighter": "stricter"},
}
"""Keys that had another name when the first packs were kept in history, by format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Violation:
    """A keyword of a schema that a value does not satisfy."""

    path: Steps
    keyword: str
    expected: Any
    """What the schema gives for the keyword."""
    rule: Mapping[str, Any]
    """The schema that holds the keyword, with its `title`, `properties`, …"""
    found: Any


@dataclass(frozen=True, slots=True)
class _Mistake:
    """What is wrong with the value at a path, or with its key."""

    path: Steps
    message: str
    hint: str = ""
    key: bool = False


def schema_problems(document: Document, format_name: str) -> list[Problem]:
    """Every violation of a format's JSON Schema, at its position; none for a valid document."""
    unsupported = version_problem(document) or earlier_key(document, format_name)
    if unsupported is not None:
        return [unsupported]
    problems: list[Problem] = []
    for error in _validator(format_name).iter_errors(document.data):
        for mistake in _mistakes(_meant(error)):
            problem = document.problem(mistake.path, mistake.message, mistake.hint, key=mistake.key)
            # jsonschema has an error for each key that a mapping lacks; ours names all of them.
            if problem not in problems:
                problems.append(problem)
    return problems


def version_problem(document: Document) -> Problem | None:
    """Why this release cannot judge a document: it is not a mapping, or its version is newer."""
    data = document.data
    if not isinstance(data, dict):
        message = f"the file must be a mapping, not {_described(data)}"
        return document.problem((), message, f"begin it with 'version: {VERSION}'; {_MAPPING}")
    # Before any rule: a newer format may mean something else by the same keys.
    version = data.get("version")
    if type(version) is int and version > VERSION:
        message = f"version {version} is newer than this tscan reads"
        return document.problem(("version",), message, "upgrade tscan")
    return None


def earlier_key(document: Document, format_name: str) -> Problem | None:
    """The first key that only earlier releases wrote: one problem stands for the whole file."""
    renamed = _RENAMED.get(format_name, {})
    for path, mapping in _mappings_with_renamed_keys(document.data, format_name):
        for old, new in renamed.items():
            if old in mapping:
                message = (
                    "written for an earlier version of the content format"
                    f" ('{old}' is now '{new}'): read it with the release that wrote it"
                )
                hint = "rename the key if the file is yours"
                return document.problem((*path, old), message, hint, key=True)
    return None


def _mappings_with_renamed_keys(
    data: object, format_name: str
) -> Iterator[tuple[Steps, dict[str, Any]]]:
    """The mappings of a document in which keys were renamed, each with its path."""
    if not isinstance(data, dict):
        return
    yield (), data
    below = data.get("parameters")
    if format_name == "parameters" and isinstance(below, dict):
        for name, parameter in below.items():
            if isinstance(parameter, dict):
                yield ("parameters", name), parameter


@cache
def _validator(format_name: str) -> Validator:
    # Imported here: `tscan --help`, and a scan without files of a user, validate nothing.
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    # JSON Schema accepts 10.0 as an integer. In YAML 1.2 it is a float: a page size of 10.0 fails.
    types = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, instance: type(instance) is int
    )
    validator: type[Validator] = extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, {"pattern": _pattern}, type_checker=types
    )
    return validator(schema(format_name))


def _pattern(
    _: Validator,
    pattern: str,
    instance: object,
    __: Mapping[str, Any],
) -> Iterator[ValidationError]:
    """The keyword `pattern` as ECMA 262, which JSON Schema names, has it."""
    from jsonschema.exceptions import ValidationError

    if isinstance(instance, str) and not _compiled(pattern).search(instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # Python's `$` also matches before a final line feed: an id could carry one into a log.
    return re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", pattern))


def _meant(error: ValidationError) -> ValidationError:
    """The error of the branch of `anyOf` or `oneOf` that the document means.

    jsonschema picks the branch whose error lies deepest. The error itself is kept if two branches
    fail alike, or if each branch only requires a key: then the message is about the choice.
    """
    from jsonschema.exceptions import best_match

    if _keys_to_choose_from(str(error.validator), error.validator_value):
        return error
    meant: ValidationError = best_match([error])
    return meant


def _keys_to_choose_from(keyword: str, branches: Any) -> list[str]:
    """The keys of a `oneOf` each branch of which only requires one of them."""
    if keyword != "oneOf" or any(branch.keys() != {"required"} for branch in branches):
        return []
    return [branch["required"][0] for branch in branches]


def _mistakes(error: ValidationError) -> Iterator[_Mistake]:
    """The violation of one keyword, in the words of people who write YAML."""
    path: Steps = tuple(error.absolute_path)
    is_key = "propertyNames" in error.absolute_schema_path
    if path == ("version",):
        yield _Mistake(path, f"{error.instance!r} is not a version", f"write 'version: {VERSION}'")
        return
    violation = _Violation(
        # Errors about a key stop at its mapping: the key itself is what was found.
        path=(*path, str(error.instance)) if is_key else path,
        keyword=str(error.validator),
        expected=error.validator_value,
        rule=error.schema if isinstance(error.schema, Mapping) else {},
        found=error.instance,
    )
    translate = _TRANSLATIONS.get(violation.keyword)
    if translate is None:
        # A keyword that no schema used before: jsonschema's own words are better than none.
        yield _Mistake(path, error.message)
        return
    for mistake in translate(violation):
        yield replace(mistake, key=True) if is_key else mistake


def _wrong_type(violation: _Violation) -> Iterator[_Mistake]:
    allowed = violation.expected
    if isinstance(allowed, str):
        allowed = [allowed]
    wanted = " or ".join(_WORDS[name] for name in _WORDS if name in allowed)
    if violation.found is None:
        message = f"{_label(violation.path)} has no value; it must be {wanted}"
        yield _Mistake(violation.path, message, "leave the key out if there is none")
        return
    message = f"{_label(violation.path)} must be {wanted}, not {_described(violation.found)}"
    yield _Mistake(violation.path, message, _type_hint(allowed, violation.found))


def _type_hint(allowed: Sequence[str], found: object) -> str:
    if "string" in allowed and isinstance(found, bool | int | float):
        return "put it in quotes"
    for name, hint in (("array", _LIST), ("object", _MAPPING)):
        if name in allowed:
            return hint
    return ""


def _wrong_choice(violation: _Violation) -> Iterator[_Mistake]:
    choices: list[str] = violation.expected
    shown = _described(violation.found)
    hint = ""
    if isinstance(violation.found, str):
        shown = f"'{violation.found}'"
        hint = _closest(violation.found, choices)
    message = f"{_label(violation.path)} is {shown}; it must be one of: {', '.join(choices)}"
    yield _Mistake(violation.path, message, hint)


def _wrong_text(violation: _Violation) -> Iterator[_Mistake]:
    if violation.expected == NOT_BLANK:
        yield _Mistake(violation.path, f"{_label(violation.path)} is empty")
    else:
        message = f"'{violation.found}' is not {violation.rule['title']}"
        yield _Mistake(violation.path, message, violation.rule.get("x-hint", ""))


def _too_long(violation: _Violation) -> Iterator[_Mistake]:
    yield _Mistake(
        violation.path,
        f"{_label(violation.path)} is longer than {plural(violation.expected, 'character')}",
    )


def _out_of_range(violation: _Violation) -> Iterator[_Mistake]:
    low, high = violation.rule["minimum"], violation.rule["maximum"]
    yield _Mistake(violation.path, f"{_label(violation.path)} must be from {low} to {high}")


def _empty_list(violation: _Violation) -> Iterator[_Mistake]:
    yield _Mistake(violation.path, f"{_label(violation.path)} is an empty list")


def _empty_mapping(violation: _Violation) -> Iterator[_Mistake]:
    yield _Mistake(violation.path, f"{_label(violation.path)} is empty")


def _too_many_keys(violation: _Violation) -> Iterator[_Mistake]:
    count, most = len(violation.found), violation.expected
    message = f"{_label(violation.path)} has {plural(count, 'key')}; at most {most} may be given"
    yield _Mistake(violation.path, message, "write an item for each")


def _unknown_keys(violation: _Violation) -> Iterator[_Mistake]:
    known = violation.rule.get("properties", {})
    for key in violation.found:
        if key not in known:
            hint = did_you_mean(key, known)
            yield _Mistake((*violation.path, key), f"unknown key '{key}'", hint, key=True)


def _missing_keys(violation: _Violation) -> Iterator[_Mistake]:
    misspelled = _misspelled(violation)
    for key in violation.expected:
        if key in violation.found or key in misspelled:
            continue
        hint = ""
        if (*violation.path, key) == ("version",):
            hint = f"begin the file with 'version: {VERSION}'"
        yield _Mistake(violation.path, f"'{key}' is missing", hint)


def _one_of(violation: _Violation) -> Iterator[_Mistake]:
    names = _keys_to_choose_from(violation.keyword, violation.expected)
    if not names:
        yield _Mistake(violation.path, f"{_label(violation.path)} has none of its allowed forms")
    elif not _misspelled(violation) & set(names):
        words = " and ".join(f"'{name}'" for name in names)
        message = f"one of {words} is needed"
        if len(names) == 1:
            message = f"{words} is missing"
        yield _Mistake(violation.path, message, key=True)


def _misspelled(violation: _Violation) -> set[str]:
    """Keys that an unknown key of the mapping probably means: they are not missing as well."""
    # Where any key is allowed, none is unknown: the missing key has to be reported.
    if violation.rule.get("additionalProperties") is not False:
        return set()
    known = violation.rule.get("properties", {})
    return {closest(key, known) for key in violation.found if key not in known}


_TRANSLATIONS: Final[Mapping[str, Callable[[_Violation], Iterator[_Mistake]]]] = {
    "additionalProperties": _unknown_keys,
    "enum": _wrong_choice,
    "maxLength": _too_long,
    "maxProperties": _too_many_keys,
    "maximum": _out_of_range,
    "minItems": _empty_list,
    "minProperties": _empty_mapping,
    "minimum": _out_of_range,
    "oneOf": _one_of,
    "pattern": _wrong_text,
    "required": _missing_keys,
    "type": _wrong_type,
}


def _label(path: Steps) -> str:
    last = next((step for step in reversed(path) if isinstance(step, str)), "")
    if path and isinstance(path[-1], int):
        return f"an item of '{last}'"
    return f"'{last}'"


def _described(value: object) -> str:
    return _WORDS[_JSON_TYPES[type(value)]]


def _closest(word: str, choices: list[str]) -> str:
    """A hint that names the closest choice; the message already names all of them."""
    close = closest(word, choices)
    return f"did you mean '{close}'?" if close else ""
