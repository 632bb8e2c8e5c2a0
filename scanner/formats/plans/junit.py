"""Renders a plan as JUnit XML: one test for each check and block, as the exit code has it.

What stops the pipeline is a failure. What fails and does not stop it, and what is not known, is
skipped with its reason: it did not pass.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from scanner.formats.plans import PlanView
from scanner.formats.plans.blocks import MOST_LISTED, Block, counts_text, folded, most_severe_first
from scanner.model.findings import Verdict
from scanner.model.plan_findings import PlanChange
from scanner.rendering.sanitize import sanitized, shortened_text
from scanner.words import plural


def render(view: PlanView) -> str:
    """One suite: failures first, then what is skipped, then what passes."""
    blocks = _blocks(view)
    listed = blocks[:MOST_LISTED]
    suites = Element("testsuites", name="tscan")
    suite = SubElement(suites, "testsuite", name=sanitized(view.report.target))
    for block in listed:
        _case(suite, view, block)
    notes = [counts_text(view.report), *view.report.notes]
    if len(blocks) > len(listed):
        notes.append(f"{plural(len(blocks) - len(listed), 'more block')}: not listed here")
    SubElement(suite, "system-out").text = "\n".join(sanitized(note) for note in notes)
    for element in (suites, suite):
        element.set("tests", str(len(listed)))
        element.set("failures", str(len(list(suite.iter("failure")))))
        element.set("errors", "0")
        element.set("skipped", str(len(list(suite.iter("skipped")))))
    indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(suites, encoding="unicode")}\n'


def _blocks(view: PlanView) -> list[Block]:
    news = most_severe_first(view)
    listed = {id(one) for one in view.news}
    others = [
        one
        for one in view.report.findings
        if one.change is not PlanChange.REMOVED and id(one) not in listed
    ]
    passing_last = sorted(folded(view, others), key=lambda block: block.first.after is Verdict.PASS)
    return [*news, *passing_last]


def _case(suite: Element, view: PlanView, block: Block) -> None:
    first, lines = block.first, block.lines
    # Without a duration some readers refuse a test; a plan takes none.
    case = SubElement(suite, "testcase", time="0")
    case.set("classname", first.check)
    case.set("name", sanitized(f"{first.title}: {block.names}"))
    if lines is not None:
        case.set("file", sanitized(lines.path))
        case.set("line", str(lines.first))
    if view.stops(first):
        failure = SubElement(case, "failure", message=block.sentence, type=first.severity.value)
        failure.text = block.message
    elif first.after is not Verdict.PASS:
        reason = shortened_text(first.waiver, 600) or block.sentence
        word = "waived" if first.waiver else first.change.value
        SubElement(case, "skipped", message=f"{word}: {reason}")
