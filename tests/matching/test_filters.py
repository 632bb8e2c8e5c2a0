"""What filters cover, and where a text that is no filter goes wrong."""

from __future__ import annotations

import pytest

from scanner.matching import (
    UndecidedError,
    filter_covers,
    formula,
    missed_by_filter,
    parse_json_pattern,
    scan_filter_matches,
    selectors_cover,
    texts,
    triggering_series,
)
from scanner.matching.json_values import Reading, TextIs, written
from scanner.matching.log_syntax import LONGEST, FilterSyntaxError, regular_expression
from scanner.matching.log_terms import missed_message, parse_terms
from scanner.matching.texts import (
    Characters,
    Item,
    TextPattern,
    find_text,
    starts_with,
    wildcard,
)
from scanner.model.values import OpenList, Unreadable

CREATED = '{ $.eventName = "CreateVpc" && $.errorCode NOT EXISTS && $.readOnly IS FALSE }'


@pytest.mark.parametrize(
    ("pattern", "covers"),
    [
        ("{ $.eventName = CreateVpc }", True),
        ('{($.eventName="CreateVpc")}', True),
        ("{\n\t$.eventName\n=\r\n*Vpc\u000b}", True),
        ("{ $.eventName = DeleteVpc || $.eventName = CreateVpc }", True),
        # && binds more tightly than ||.
        ("{ $.eventName = CreateVpc || $.eventName = DeleteVpc && $.a = 1 }", True),
        ("{ ($.eventName = CreateVpc || $.eventName = DeleteVpc) && $.a = 1 }", False),
        ("{ $.eventName = createvpc }", False),
        ("{ $.eventName != DeleteVpc }", True),
        ("{ $.eventName != CreateVpc }", False),
        ("{ $.eventName = %^Create(?:x)% }", None),
        ("{ $.eventName = %^Create% && $.readOnly IS FALSE }", True),
        ("{ $.eventName = %^Vpc% }", False),
        ("{ $.readOnly IS TRUE }", False),
        ("{ $.errorCode NOT EXISTS }", True),
        ("{ $.errorCode EXISTS }", False),
        ("{ $.errorCode IS NULL }", False),
        # Is a field that is missing different from a value? Nothing says so.
        ('{ $.eventName = CreateVpc && $.errorCode != "x" }', None),
        # Items of arrays: not followed, so only what holds without them is known.
        ("{ $.eventName = CreateVpc || $.resources[0].type = x }", True),
        ("{ $.eventName = CreateVpc && $.resources[0].type = x }", None),
        ("{ $.eventName = CreateVpc && $.requestParameters.* = x }", None),
        ("{ $.eventName = DeleteVpc && $.resources[0].type = x }", False),
        ("", True),
        (" \n", True),
        ("CreateVpc", True),
        ('"CreateVpc"', True),
        ("eventName Create", True),
        ("?Nothing ?CreateVpc", True),
        ("?Nothing ?Other", False),
        ("Nothing", False),
        ("CreateVpc -Nothing", False),
        ("CreateVpc ?Other", None),
        ('"\\"eventName\\":\\"CreateVpc\\""', None),
        ("%Create.pc%", None),
        ("%Delete%", False),
        ("[...]", True),
        ("[..., all]", True),
        ("[first, second]", None),
        ("[..., name = CreateVpc]", None),
    ],
)
def test_a_filter_of_log_events(pattern: str, covers: bool | None) -> None:
    if covers is None:
        with pytest.raises(ValueError, match=r"depends on|does not parse|counts fields|mixes"):
            filter_covers(pattern, CREATED)
    else:
        assert filter_covers(pattern, CREATED) is covers


@pytest.mark.parametrize(
    ("pattern", "place", "words"),
    [
        ("{ $.a = }", 9, "expected a value, found '}'"),
        ("{ $.a }", 7, "expected a comparison"),
        ("{ $.a IS true }", 7, "expected a comparison"),
        ("{ $.a = x", 10, "expected '}', found 'the end'"),
        ("{ $.a = x } y", 13, "expected the end, found 'y'"),
        ("{ a = x }", 3, "expected a field such as $.eventName"),
        ("{ $.a = x & $.b = y }", 11, "unexpected '&'"),
        ("{ ($.a = x }", 12, "expected ')'"),
        ("{ $.a > x }", 9, "expected a number"),
        ("{ $.a = 'x' }", 9, 'unexpected "\'"'),
        ('{ $.a = "x }', 9, "unexpected '\"'"),
        ("{ $.a = %(x)% }", 10, "'(' is not supported here in a regular expression"),
        ("{ $.a = %x**% }", 12, "a repetition cannot be repeated"),
        ("{ $.a = %x{3,2}% }", 11, "a repetition counts up"),
        ("{ $.a = %x{y}% }", 11, "'{' begins a repetition"),
        ("{ $.a = %[z-a]% }", 14, "a range of characters runs upwards"),
        ("{ $.a = %[#-\\d]% }", 15, "a class of characters ends no range"),
        ("{ $.a = %[\\d-x]% }", 15, "a class of characters ends no range"),
        ("{ $.a = %[a(b]% }", 12, "'(' is not supported in a class of characters"),
        ("{ $.a = %[a\\D]% }", 14, "a negated class inside a class is not supported"),
        ("{ $.a = %a$b% }", 11, "'$' is not supported here in a regular expression"),
        ("{ $.a = %\\!% }", 11, "'\\!' is not supported"),
        ("{ $.a = %x{101}% }", 11, "a repetition counts up"),
        ("{ $.a = %[]% }", 12, "a class of characters is empty"),
        ("{ $.a = %[a% }", 12, "the regular expression ends too early"),
        ("{ $.a = %\\q% }", 11, "'\\q' is not supported"),
        ("one two!", 5, "stand in double quotes"),
        (" %(x)%", 3, "'(' is not supported here in a regular expression"),
        ("[one", 1, "a pattern of fields is written"),
        ("[one,, two]", 1, "a pattern of fields is written"),
        ("{ " + "(" * 51 + "$.a = x" + ")" * 51 + " }", 53, "expected fewer parentheses"),
        ("{ ($.a = x) && " + "(" * 51 + "$.a = x", 66, "expected fewer parentheses"),
        # A sign in quotes is a text.
        ('{ $.a = x "&&" $.b = y }', 11, "expected '}', found '&&'"),
        ('{ $.a "=" x }', 7, "expected a comparison, found '='"),
        ("{ $.a = " + "x" * LONGEST + " }", LONGEST + 1, "longer than"),
    ],
)
def test_a_text_that_is_no_filter(pattern: str, place: int, words: str) -> None:
    with pytest.raises(FilterSyntaxError) as caught:
        filter_covers(pattern, CREATED)
    assert f"does not parse at character {place}: " in str(caught.value)
    assert words in str(caught.value)


def test_a_filter_that_is_too_complex_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formula, "MOST_STEPS", 200)
    monkeypatch.setattr(texts, "MOST_STATES", 200)
    parts = (" || ".join(f"$.f{n} = {value}" for value in ("x", "y")) for n in range(40))
    hard = " && ".join(f"({part})" for part in parts)
    with pytest.raises(UndecidedError):
        filter_covers("{ $.f20 = x || $.f20 = y }", "{ " + hard + " }")
    with pytest.raises(UndecidedError):
        find_text(
            frozenset(
                {wildcard("*x" + "?" * 3 + "*"), *(wildcard(f"*{n}*") for n in "abcdefghijklmno")}
            ),
            frozenset(),
        )


def test_parentheses_of_fifty_levels_are_read_again_and_again() -> None:
    deep = "(" * 50 + "$.eventName = CreateVpc" + ")" * 50
    assert filter_covers("{ " + f"{deep} && {deep}" + " }", CREATED)


def test_a_search_takes_as_many_steps_as_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def solutions() -> list[object]:
        return list(formula.Search(lambda literals: None if literals else {}).solutions(tree))

    # One step for the formula, and one for each alternative.
    tree = formula.Or(tuple(formula.Atom((name,), None) for name in "abc"))
    monkeypatch.setattr(formula, "MOST_STEPS", 4)
    assert solutions() == []
    monkeypatch.setattr(formula, "MOST_STEPS", 3)
    with pytest.raises(UndecidedError, match="too many alternatives"):
        solutions()


def test_a_search_for_a_text_visits_as_many_states_as_are_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = [Item(Characters(frozenset("ab"))) for _ in range(3)]
    pattern = TextPattern((tuple(wanted),))
    # One state before the first letter, and one behind each.
    monkeypatch.setattr(texts, "MOST_STATES", 4)
    assert find_text.__wrapped__(frozenset({pattern}), frozenset()) == "aaa"
    monkeypatch.setattr(texts, "MOST_STATES", 3)
    with pytest.raises(UndecidedError, match="too complex"):
        find_text.__wrapped__(frozenset({pattern}), frozenset())


def test_the_longest_filter_and_the_longest_set() -> None:
    def of_length(length: int) -> str:
        return "{ $.a = " + "x" * (length - 10) + " }"

    assert LONGEST == 1024
    assert not filter_covers(of_length(LONGEST), CREATED)
    assert parse_json_pattern(of_length(4 * LONGEST))
    for refused in (LONGEST + 1, 4 * LONGEST + 1):
        with pytest.raises(FilterSyntaxError, match="longer than"):
            filter_covers(of_length(refused), CREATED)
    with pytest.raises(FilterSyntaxError, match="longer than"):
        parse_json_pattern(of_length(4 * LONGEST + 1))


@pytest.mark.parametrize("events", ["$.note EXISTS || $.b = y", "$.b = y || $.note EXISTS"])
def test_one_event_without_the_term_decides(events: str) -> None:
    # Whether the first has the term depends on how it is written; the other lacks it.
    with pytest.raises(UndecidedError):
        filter_covers("note", "{ $.note EXISTS }")
    assert not filter_covers("note", "{ " + events + " }")


def test_each_term_is_looked_for() -> None:
    assert not filter_covers("note Nothing", "{ $.note EXISTS }")
    # The event that has the term has it in a field of its own.
    assert not filter_covers("-Nothing", "{ $.note EXISTS }")


def test_a_text_that_a_field_must_not_have_is_not_in_the_message() -> None:
    differs = (formula.Atom(("a",), TextIs(wildcard("x"), "x")), False)
    assert missed_message(parse_terms("x"), [differs], {"a": "y"}) == {"a": "y"}


@pytest.mark.parametrize(
    ("expression", "text", "matches"),
    [
        ("b", "abc", True),
        ("^b", "abc", False),
        ("c$", "abc", True),
        ("b$", "abc", False),
        ("^a|z$", "xyz", True),
        ("^a$|^b$", "b", True),
        ("a.c", "a\nc", False),
        ("ab?c", "ac", True),
        ("ab+c", "ac", False),
        ("ab*c", "abbbc", True),
        ("^a{2}$", "aaa", False),
        ("^a{2,}$", "aaa", True),
        ("^a{1,2}$", "aaa", False),
        (r"^\d\.\w$", "5.x", True),
        (r"^\D\S\W$", "xx-", True),
        (r"^\s$", "x", False),
        ("^[a-c_]+$", "a_b", True),
        ("^[a-c]$", "d", False),
        ("^[^a-c]$", "d", True),
        (r"^[\d-]$", "-", True),
        (r"^\$$", "$", True),
        ("^[a-]$", "-", True),
        ("^[a-a]$", "a", True),
        ("a|bc", "c", False),
        ("a$|bc$", "c", False),
        ("^a{2,}$", "a", False),
        ("^a{2,}$", "aa", True),
        ("^a{2,}$", "aaaa", True),
        ("^a{1,2}$", "a", True),
        ("^a{1,2}$", "aa", True),
        ("^a{100}$", "a" * 100, True),
        (r"^\D$", "5", False),
        (r"^\W$", "x", False),
        (r"^\S$", " ", False),
    ],
)
def test_regular_expressions(expression: str, text: str, matches: bool) -> None:
    assert regular_expression(expression, 0).matches(text) is matches


def test_numbers_and_texts_are_one_value_or_two() -> None:
    assert not filter_covers("{ $.a > 4 }", "{ $.a >= 4 }")
    assert filter_covers("{ $.a >= 4 }", "{ $.a > 4 }")
    assert filter_covers("{ $.a < 1e2 }", "{ $.a <= 99.5 }")
    for pattern, events in (("{ $.a = 5 }", '{ $.a = "5" }'), ("{ $.a != 5 }", '{ $.a = "5" }')):
        with pytest.raises(UndecidedError):
            filter_covers(pattern, events)
    assert filter_covers("{ $.a != 6 }", '{ $.a = "5" }')
    converted = Reading(missing_differs=False, converts=True, unmodeled_holds=False)
    assert missed_by_filter('{ $.a = "5" }', "{ $.a = 5 }", converted) is None
    assert missed_by_filter('{ $.a = "5.5" }', "{ $.a = 5.5 }", converted) is None
    assert missed_by_filter('{ $.a = "true" }', "{ $.a IS TRUE }", converted) is None
    assert [written(value) for value in (5, 5.0, 5.5, True)] == ["5", "5", "5.5", "true"]


@pytest.mark.parametrize(
    ("pattern", "events", "covers"),
    [
        ("{ $.a > 5 }", "{ $.a > 5 && $.a < 6 }", True),
        ("{ $.a = 6 }", "{ $.a > 5 && $.a < 7 }", False),
        # Numbers between those that are named, below them and above them, however large.
        ("{ $.a = x }", "{ $.a > 5 && $.a < 6 }", False),
        ("{ $.a = x }", "{ $.a < -1e30 }", False),
        ("{ $.a = x }", "{ $.a > 1e30 }", False),
        ("{ $.a != 5 }", "{ $.a EXISTS }", False),
        # A number that is written so may be among them: 5.5, and 16 to 19.
        ('{ $.a != "5.5" }', "{ $.a > 5 && $.a < 7 }", None),
        ('{ $.a != "1*" }', "{ $.a > 15 && $.a < 25 }", None),
        ("{ $.a != %^3$% }", "{ $.a > 2 && $.a < 5 }", None),
        ('{ $.a != "5.5" }', "{ $.a = 5 }", True),
    ],
)
def test_numbers_of_a_range(pattern: str, events: str, covers: bool | None) -> None:
    if covers is None:
        with pytest.raises(UndecidedError):
            filter_covers(pattern, events)
    else:
        assert filter_covers(pattern, events) is covers


def test_a_missed_event_has_the_fields_that_were_named_and_plain_values() -> None:
    plain = Reading(missing_differs=False, converts=False, unmodeled_holds=False)
    events = "{ $.c.d = x && $.b.e = y && $.a EXISTS }"
    found = {"a": "", "b": {"e": "y"}, "c": {"d": "x"}, "z": ""}
    assert missed_by_filter("{ $.z = q }", events, plain) == found


def test_terms_that_json_writes_in_another_way() -> None:
    # In a message a quote has a backslash before it, and `^` stands for the message's beginning.
    assert not filter_covers(r'"a\"b"', r'{ $.a = "a\"b" }')
    assert not filter_covers("%^x%", '{ $.a = "^x" }')
    # An expression is no part of the texts that it matches.
    assert not filter_covers('"x[y]"', "{ $.a = %x[y]% }")
    with pytest.raises(UndecidedError, match="how they are written"):
        filter_covers(r'-"a\"b"', CREATED)


@pytest.mark.parametrize(
    ("kind", "value", "arn", "covers"),
    [
        ("AWS::S3::Object", "arn:aws:s3", "arn:aws:s3:::a/*", True),
        ("AWS::S3::Object", "arn:aws:s3:::a/", "arn:aws:s3:::a/*", True),
        ("AWS::S3::Object", "arn:aws:s3:::a/x", "arn:aws:s3:::a/*", False),
        ("AWS::S3::Object", "arn:aws:s3:::b/", "arn:aws:s3:::a/*", False),
        ("AWS::Lambda::Function", "arn:aws:lambda", "arn:aws:lambda:r:1:function:f", True),
        (
            "AWS::Lambda::Function",
            "arn:aws:lambda:r:1:function:f",
            "arn:aws:lambda:r:1:function:f",
            True,
        ),
        (
            "AWS::Lambda::Function",
            "arn:aws:lambda:r:1:function:f",
            "arn:aws:lambda:r:1:function:f2",
            False,
        ),
    ],
)
def test_a_basic_selector_names_resources(kind: str, value: str, arn: str, covers: bool) -> None:
    basic = {
        "read_write": "All",
        "management": False,
        "excluded": [],
        "data": [{"type": kind, "values": [value, "arn:aws:s3:::z/"]}],
    }
    events = f'$.eventCategory = "Data" && $.resources.type = "{kind}" && $.resources.ARN = "{arn}"'
    assert selectors_cover([basic], [], "{ " + events + " }") is covers


@pytest.mark.parametrize(
    ("operator", "value", "reads", "writes"),
    [
        ("equals", "true", True, False),
        ("equals", "false", False, True),
        ("equals", "yes", False, False),
        ("not_equals", "true", False, True),
        ("not_equals", "false", True, False),
        ("not_equals", "yes", True, True),
        ("starts_with", "t", True, False),
        ("not_ends_with", "e", False, False),
    ],
)
def test_a_selector_compares_read_only_as_a_text(
    operator: str, value: str, reads: bool, writes: bool
) -> None:
    selector = {"fields": [{"field": "readOnly", operator: [value]}]}
    assert selectors_cover([], [selector], "{ $.readOnly IS TRUE }") is reads
    assert selectors_cover([], [selector], "{ $.readOnly IS FALSE }") is writes


def test_selectors_that_were_not_read() -> None:
    reads = '{ $.eventCategory = "Management" && $.readOnly IS TRUE }'
    plain = {"read_write": "All", "management": True, "excluded": [], "data": []}
    assert selectors_cover([plain], [], reads)
    for member, value in (
        ("read_write", "Sometimes"),
        ("read_write", Unreadable("it was refused")),
        ("management", "true"),
        ("excluded", OpenList([], "it was cut off")),
        ("excluded", [Unreadable("it was refused")]),
        ("data", OpenList([], "it was cut off")),
    ):
        with pytest.raises(ValueError, match="event selector"):
            selectors_cover([{**plain, member: value}], [], reads)
    unread = Unreadable("it was refused")
    for basic, advanced in (([unread], []), ([], [unread]), ([], [{"fields": [unread]}])):
        with pytest.raises(ValueError, match="it was refused"):
            selectors_cover(basic, advanced, reads)
    # What is missing of a list may record more than was read, or than a trail without selectors.
    for basic, advanced in ((OpenList([], "cut off"), []), ([], OpenList([], "cut off"))):
        with pytest.raises(ValueError, match="selectors were not read: cut off"):
            selectors_cover(basic, advanced, reads)
    with pytest.raises(ValueError, match="it was cut off"):
        selectors_cover(
            [],
            [{"fields": [{"field": "readOnly", "equals": OpenList([], "it was cut off")}]}],
            reads,
        )


@pytest.mark.parametrize(
    "values",
    [
        ("Median", "GreaterThanThreshold", "missing"),
        ("Sum", "GreaterThanUpperThreshold", "missing"),
        ("Sum", "GreaterThanThreshold", "later"),
    ],
)
def test_an_alarm_of_values_without_a_rule(values: tuple[str, str, str]) -> None:
    statistic, operator, missing = values
    with pytest.raises(ValueError, match="no rule for"):
        triggering_series(statistic, operator, 1.0, missing, 1)


def test_an_average_is_as_little_above_zero_as_you_like() -> None:
    # One event among very many zeros: above 0, and above no other threshold.
    for threshold, triggers in ((0.0, True), (1e-300, False)):
        found = triggering_series("Average", "GreaterThanThreshold", threshold, "missing", 1)
        assert ("ones and zeros" in found) is triggers


def test_filters_of_image_scans() -> None:
    table = {
        "prod": (True, True),
        "*prod": (True, False),
        "prod*": (False, True),
        "*prod*": (True, True),
        "prod*repo": (False, True),
        "*": (True, True),
    }
    for pattern, matches in table.items():
        found = tuple(scan_filter_matches(pattern, name) for name in ("repo-prod", "prod-repo"))
        assert found == matches


def test_texts_that_no_pattern_names_stand_for_each_other() -> None:
    assert find_text(frozenset({starts_with("a")}), frozenset({wildcard("a*b*")})) == "a"
    assert find_text(frozenset({wildcard("a*")}), frozenset({starts_with("a")})) is None
    assert find_text(frozenset(), frozenset({wildcard("")})) is not None
    # A character that no pattern names, though some name the first of the alphabet.
    one = regular_expression("^.$", 0)
    assert find_text(frozenset({one}), frozenset({wildcard("a"), wildcard("b")})) == "c"


@pytest.mark.parametrize(
    ("expression", "only"),
    [
        ("^ab$", "ab"),
        ("^$", ""),
        ("^ab?$", None),
        ("^ab+$", None),
        ("^a[bc]$", None),
        ("^a[^b]$", None),
        ("^a$|^b$", None),
    ],
)
def test_patterns_with_one_text(expression: str, only: str | None) -> None:
    assert regular_expression(expression, 0).literal == only


def test_one_text_is_found_without_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "MOST_STATES", 0)
    assert find_text.__wrapped__(frozenset({wildcard("ab")}), frozenset()) == "ab"


def test_a_set_of_events_is_written_as_json_patterns() -> None:
    with pytest.raises(FilterSyntaxError):
        parse_json_pattern("CreateVpc")
