"""Hand-made faults in the language, each of which the tests must notice.

`python -m tests.language.mutants` applies one after the other to a copy of the package and runs
the short tests.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (
    "scanner/language",
    "scanner/matching",
    "scanner/model",
    "tests/language",
    "tests/matching",
)
MATCHING = ("tests/matching/test_logging_queries.py",)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One replacement in one file, by its path from `scanner/language`."""

    title: str
    file: str
    before: str
    after: str


MUTANTS = (
    Mutant(
        "a range wider than allowed is let be",
        "address_ranges.py",
        "too_wide = one.prefixlen < widest_v4",
        "too_wide = False",
    ),
    Mutant(
        "an IPv6 range wider than allowed is let be",
        "address_ranges.py",
        "too_wide = one.prefixlen < widest_v6 and not",
        "too_wide = False and not",
    ),
    Mutant(
        "ranges are measured one by one",
        "address_ranges.py",
        "    return _together(_public_v4(v4), widest_v4) + ",
        "    return ",
    ),
    Mutant(
        "IPv6 ranges are measured one by one",
        "address_ranges.py",
        " + _together(_public_v6(v6), widest_v6)",
        "",
    ),
    Mutant(
        "an address in two ranges counts twice",
        "address_ranges.py",
        "list(collapse_addresses(networks))",
        "list(networks)",
    ),
    Mutant(
        "private ranges are the internet",
        "address_ranges.py",
        "if not any(map(one.subnet_of, _PRIVATE_V4))",
        "",
    ),
    Mutant(
        "private ranges of IPv6 are the internet",
        "address_ranges.py",
        "return [one for one in networks if not one.subnet_of(_PRIVATE_V6)]",
        "return list(networks)",
    ),
    Mutant(
        "exactly the widest range is too wide",
        "address_ranges.py",
        "<= allowed:",
        "< allowed:",
    ),
    Mutant(
        "IPv4 in IPv6 is measured as IPv6",
        "address_ranges.py",
        "or not one.overlaps(_MAPPED)",
        "or True",
    ),
    Mutant(
        "a query that leaves one entry out covers",
        "../matching/logging_query/coverage.py",
        "        if covered is False:\n            return False\n        still",
        "        if covered is False:\n            pass\n        still",
    ),
    Mutant(
        "an open question is a yes",
        "../matching/logging_query/coverage.py",
        "    if still_open:",
        "    if False:",
    ),
    Mutant(
        "AND needs one part",
        "../matching/logging_query/coverage.py",
        "_joined(parts, False, entry, query)",
        "_joined(parts, True, entry, query)",
    ),
    Mutant(
        "OR needs every part",
        "../matching/logging_query/coverage.py",
        "_joined(parts, True, entry, query)",
        "_joined(parts, False, entry, query)",
    ),
    Mutant(
        "NOT of an open part is true",
        "../matching/logging_query/coverage.py",
        "return None if truth is None else not truth",
        "return not truth",
    ),
    Mutant(
        "NOT is left out",
        "../matching/logging_query/coverage.py",
        "return None if truth is None else not truth",
        "return truth",
    ),
    Mutant(
        "an open part does not leave AND open",
        "../matching/logging_query/coverage.py",
        "            outcome = None\n",
        "            pass\n",
    ),
    Mutant(
        "a value searched for is found",
        "../matching/logging_query/coverage.py",
        "    return False if entry.whole else None\n\n\ndef _is_log",
        "    return True\n\n\ndef _is_log",
    ),
    Mutant(
        "any log is the log",
        "../matching/logging_query/coverage.py",
        "return last.casefold() == value",
        "return True or last.casefold() == value",
    ),
    Mutant(
        "a field that is not given is missing",
        "../matching/logging_query/coverage.py",
        "        return False if entry.whole else None\n    outcomes",
        "        return False\n    outcomes",
    ),
    Mutant(
        "a field that is not given fits",
        "../matching/logging_query/coverage.py",
        "        return False if entry.whole else None\n    outcomes",
        "        return True\n    outcomes",
    ),
    Mutant(
        "a field that is not given exists",
        "../matching/logging_query/coverage.py",
        "        return True\n    return False if entry.whole else None\n\n\ndef _any_value",
        "        return True\n    return True\n\n\ndef _any_value",
    ),
    Mutant(
        "a repeated field has these values only",
        "../matching/logging_query/coverage.py",
        "if None in outcomes or not entry.whole:",
        "if None in outcomes:",
    ),
    Mutant(
        "one value of a repeated field is not enough",
        "../matching/logging_query/coverage.py",
        "    if True in outcomes:",
        "    if set(outcomes) == {True}:",
    ),
    Mutant(
        "a negated operator needs one value",
        "../matching/logging_query/coverage.py",
        "return outcomes[0] if entry.whole and len(set(outcomes)) == 1 else None",
        "return True in outcomes",
    ),
    Mutant(
        "another spelling is another field",
        "../matching/logging_query/coverage.py",
        "        if _folded(known) == wanted:",
        "        if False:",
    ),
    Mutant(
        "a message is a field like others",
        "../matching/logging_query/coverage.py",
        "if len(known) > len(node.path) and",
        "if False and",
    ),
    Mutant(
        "= tells cases apart",
        "../matching/logging_query/coverage.py",
        "return value.casefold() == node.value.casefold()",
        "return value == node.value",
    ),
    Mutant(
        "= is a prefix",
        "../matching/logging_query/coverage.py",
        "return value.casefold() == node.value.casefold()",
        "return value.casefold().startswith(node.value.casefold())",
    ),
    Mutant(
        "!= is =",
        "../matching/logging_query/coverage.py",
        "return value.casefold() != node.value.casefold()",
        "return value.casefold() == node.value.casefold()",
    ),
    Mutant(
        ": is =",
        "../matching/logging_query/coverage.py",
        "return node.value.casefold() in value.casefold()",
        "return node.value.casefold() == value.casefold()",
    ),
    Mutant(
        ": looks the other way",
        "../matching/logging_query/coverage.py",
        "return node.value.casefold() in value.casefold()",
        "return value.casefold() in node.value.casefold()",
    ),
    Mutant(
        "=~ is turned round",
        "../matching/logging_query/coverage.py",
        'return _searcher(node.value, query, node.at)(value)\n        case "!~"',
        'return not _searcher(node.value, query, node.at)(value)\n        case "!~"',
    ),
    Mutant(
        "!~ is =~",
        "../matching/logging_query/coverage.py",
        "return not _searcher",
        "return _searcher",
    ),
    Mutant(
        "> is >=",
        "../matching/logging_query/coverage.py",
        '">": left > right',
        '">": left >= right',
    ),
    Mutant(
        "< is <=",
        "../matching/logging_query/coverage.py",
        '"<": left < right',
        '"<": left <= right',
    ),
    Mutant(
        ">= is >",
        "../matching/logging_query/coverage.py",
        '">=": left >= right',
        '">=": left > right',
    ),
    Mutant(
        "<= is <",
        "../matching/logging_query/coverage.py",
        '"<=": left <= right',
        '"<=": left < right',
    ),
    Mutant(
        "an entry may lack a severity",
        "../matching/logging_query/coverage.py",
        "    if path == _SEVERITY:\n        return [(name,) for name in _SEVERITIES]\n",
        "    pass\n",
    ),
    Mutant(
        "AND binds closer than OR",
        "../matching/logging_query/parser.py",
        "            parts.append(self._alternatives(primary))",
        "            parts.append(self._negation(primary))",
    ),
    Mutant(
        "two minus signs are one",
        "../matching/logging_query/parser.py",
        "negated = not negated",
        "negated = True",
    ),
    Mutant(
        "a negation is skipped",
        "../matching/logging_query/parser.py",
        "return Not(part) if negated else part",
        "return part",
    ),
    Mutant(
        "&& with an unread side is true",
        "evaluator.py",
        "            return merge(unread)\n        return neutral",
        "            pass\n        return neutral",
    ),
    Mutant(
        "&& stops at the first unread side",
        "evaluator.py",
        "unread.append(as_unread(value, doing))",
        "return as_unread(value, doing)",
    ),
    Mutant(
        "! of unread is true",
        "evaluator.py",
        "return as_unread(value, \"'!'\")",
        "return True",
    ),
    Mutant(
        "?: of unread takes the second branch",
        "evaluator.py",
        "return as_unread(value, \"'?'\")",
        "return otherwise(env)",
    ),
    Mutant(
        "all over an open list may be true",
        "macros.py",
        "unread.append(rest)\n    if unread:\n        return merge(unread)\n    return go_on",
        "pass\n    if unread:\n        return merge(unread)\n    return go_on",
    ),
    Mutant(
        "filter keeps what is open",
        "macros.py",
        "unread.append(rest)\n    for value, outcome in outcomes:",
        "pass\n    for value, outcome in outcomes:",
    ),
    Mutant(
        "an unread item counts as settled",
        "macros.py",
        'unread.append(as_unread(outcome, "the condition"))\n    if rest',
        "pass\n    if rest",
    ),
    Mutant(
        "map of an open list is closed",
        "macros.py",
        "return OpenList(made, rest.reason, rest.gaps)",
        "return made",
    ),
    Mutant(
        "a missed in over an open list is false",
        "run_time_operators.py",
        "unread.append(container.rest)",
        "pass",
    ),
    Mutant(
        "size of an open list is its length",
        "evaluator.py",
        "tuple(map(type, values)) not in allowed",
        "tuple(list if type(one) is OpenList else type(one) for one in values) not in allowed",
    ),
    Mutant(
        "the fast path does not check types",
        "emitter.py",
        'self.line(f"if {_wrong(name, kind)}: return SLOW")',
        "_wrong(name, kind)",
    ),
    Mutant(
        "the fast path does not check inside lists",
        "emitter.py",
        "if isinstance(kind, ListType | MapType) and comparable(kind):",
        "if isinstance(kind, MapType):",
    ),
    Mutant(
        "the fast path takes int for bool",
        "emitter.py",
        "{name} is not True and {name} is not False",
        "type({name}) not in (bool, int)",
    ),
    Mutant(
        "the fast path takes an open list for a list",
        "emitter.py",
        'return f"type({name}) is not list"',
        'return "False"',
    ),
    Mutant(
        "raw optional members are read as if guarded",
        "compiler.py",
        "if not emitter.raw:",
        "if True:",
    ),
    Mutant(
        "has of an unread field is true",
        "evaluator.py",
        "if isinstance(value, Unreadable):\n            return value.present or _has_not(value, raw=raw)",
        "if False:\n            pass",
    ),
    Mutant(
        "has of an unread raw member is false",
        "evaluator.py",
        "if raw and unread.missing:",
        "if raw:",
    ),
    Mutant(
        "absence is false, not unread",
        "unread.py",
        'return Unreadable(f"{path} is absent", missing=True)',
        "return False",
    ),
    Mutant(
        "missing survives a mixture",
        "unread.py",
        "missing = missing and one.missing",
        "missing = missing or one.missing",
    ),
    Mutant(
        "division rounds down",
        "run_time_operators.py",
        "quotient = abs(left) // abs(right)",
        "return fitting(left // right)",
    ),
    Mutant(
        "numbers grow beyond 64 bits",
        "run_time_operators.py",
        "if not -INT_LIMIT <= value < INT_LIMIT:",
        "if False:",
    ),
    Mutant(
        "the fast path overflows",
        "compiler.py",
        "if not {-INT_LIMIT} <= {name} < {INT_LIMIT}: return SLOW",
        "pass",
    ),
    Mutant(
        "no budget on the fast path",
        "compiler.py",
        'emitter.line("if left < 0: return SLOW")',
        "pass",
    ),
    Mutant(
        "a raw mapping is gone over as a list",
        "macros.py",
        "= frozenset({list, OpenList})",
        "= frozenset({list, OpenList, dict})",
    ),
    Mutant("a raw mapping has a size", "evaluator.py", "allowed.discard((dict,))", "pass"),
    Mutant("a raw mapping has members", "evaluator.py", "apply = listed_in", "pass"),
    Mutant("a redacted mapping has keys", "functions.py", "if is_mark(mapping):", "if False:"),
    Mutant("no budget on the careful path", "macros.py", "raise BudgetExceededError", "pass"),
    Mutant(
        "a pattern must match the whole text",
        "patterns.py",
        "re2.compile(pattern.encode(), options).search",
        "re2.compile(pattern.encode(), options).fullmatch",
    ),
    Mutant(
        "RE2 takes all the memory that it likes",
        "patterns.py",
        "options.max_mem = _MEMORY",
        "pass",
    ),
    Mutant(
        "flags and named groups are accepted",
        "patterns.py",
        'if self._peek(1) != ":":',
        "if False:",
    ),
    Mutant(
        "edges can be repeated",
        "patterns.py",
        'if previous in ("^", "$") and current in ("*", "+", "?", "{"):',
        "if False:",
    ),
    Mutant(
        "an || passes its guards on as if true",
        "checker.py",
        'facts(term, holds=node.operator == "&&")',
        "facts(term, holds=True)",
    ),
    Mutant(
        "both sides of a failed && are known",
        "scopes.py",
        'united = (operator == "&&") == holds',
        "united = True",
    ),
    Mutant(
        "strings have an order",
        "operators.py",
        "_ORDERED: Final = (INT,",
        "_ORDERED: Final = (STRING, INT,",
    ),
    Mutant(
        "addresses of both families are compared",
        "address_ranges.py",
        "isinstance(large, IPv4Network) and small.subnet_of(large)",
        "large.prefixlen == 0",
    ),
    Mutant(
        "explanations show the first item",
        "explanation.py",
        "return body is outcome",
        "return True",
    ),
)


def survives(mutant: Mutant, python: str) -> bool:
    """Whether the tests pass in spite of a fault."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in FOLDERS:
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("scanner/__init__.py", "scanner/errors.py", "scanner/words.py"):
            shutil.copy(ROOT / name, copy / name)
        target = copy / "scanner/language" / mutant.file
        text = target.read_text(encoding="utf-8")
        found = text.count(mutant.before)
        if found != 1:
            raise SystemExit(f"{mutant.title}: {found} places in {mutant.file} have its text")
        target.write_text(text.replace(mutant.before, mutant.after), encoding="utf-8")
        command = [
            python,
            "-m",
            "pytest",
            "-x",
            "-q",
            "--no-header",
            "--import-mode=importlib",
            "-p",
            "no:cacheprovider",
        ]
        command += ["-o", "pythonpath=.", "-W", "ignore", "tests/language", *MATCHING]
        environment = {**os.environ, "PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(
                command, cwd=copy, env=environment, capture_output=True, timeout=120, check=False
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0


def main() -> int:
    """Print one line per fault; 1 when any survives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="part of a title")
    options = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if options.only in mutant.title]
    alive = []
    if not survives(Mutant("none", "types.py", "DYN: Final", "DYN: Final"), sys.executable):
        raise SystemExit("the tests fail without any fault")
    for mutant in chosen:
        survived = survives(mutant, sys.executable)
        print(f"{'SURVIVED' if survived else 'noticed '}  {mutant.title}", flush=True)
        alive += [mutant] if survived else []
    print(f"{len(chosen) - len(alive)} of {len(chosen)} faults noticed")
    return 1 if alive else 0


if __name__ == "__main__":
    raise SystemExit(main())
