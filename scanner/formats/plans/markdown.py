"""Renders a plan as GitHub-flavored Markdown: for the job summary, and as a comment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from scanner.formats.plans import PlanView
from scanner.formats.plans.blocks import Block, folded, most_severe_first, of_change
from scanner.model.plan_findings import PlanChange
from scanner.rendering.markdown import markdown_code, markdown_text
from scanner.words import plural

_LONGEST: Final = 60_000
"""Characters. GitHub takes 65,536 in a comment, and 1 MiB in a summary."""
_CLOSING: Final = 2_000
"""Characters that are kept for what stands below the tables."""
_ROWS: Final = 50
"""Rows of one table that is closed at first."""
_ALTERED: Final = (PlanChange.WORSE, PlanChange.WEAKENED, PlanChange.ALREADY)


def render(view: PlanView) -> str:
    """What the plan makes worse, in a table; then what got better, and what stayed."""
    report = view.report
    text = "".join(f"{line}\n" for line in _head(view))
    text += _table(_LONGEST - _CLOSING - len(text), most_severe_first(view), _bad_row, "")
    changes = [PlanChange.BETTER, PlanChange.REMOVED]
    if not view.everything:
        changes.append(PlanChange.ALREADY)
    for change in changes:
        blocks = folded(view, of_change(view, change))
        row = _bad_row if change in _ALTERED else _good_row
        text += _table(_LONGEST - _CLOSING - len(text), blocks, row, change.value)
    if report.unmapped:
        count = plural(sum(report.unmapped.values()), "resource")
        text += f"\nNot evaluated: {count} of {plural(len(report.unmapped), 'other type')}.\n"
    return text


def _head(view: PlanView) -> Iterator[str]:
    report = view.report
    worse = report.count(PlanChange.WORSE) + report.count(PlanChange.WEAKENED)
    yield f"### tscan: {worse} worse, {report.count(PlanChange.BETTER)} better"
    yield ""
    resources = plural(sum(report.resources.values()), "resource")
    target = markdown_code(report.target[:200])
    yield f"Plan of {target}: {resources} evaluated before and after. {_verdict(view)}"
    yield ""
    waived = sum(bool(one.waiver) for one in report.findings)
    yield "| worse | weakened | better | already failing | removed | not known | waived |"
    yield "|---|---|---|---|---|---|---|"
    columns = ("WORSE", "WEAKENED", "BETTER", "ALREADY", "REMOVED", "OPEN")
    counts = [report.count(PlanChange[name]) for name in columns]
    yield "| " + " | ".join(map(str, [*counts, waived])) + " |"
    for note in report.notes[:10]:
        yield ""
        yield f"Note: {markdown_text(note[:500])}"


def _verdict(view: PlanView) -> str:
    level = view.fail_on.value
    if view.exit_code:
        return f"It makes a check of severity {level} or higher worse: exit code 1."
    return f"It makes no check of severity {level} or higher worse."


_Row = Callable[[Block], str]
_COLUMNS: Final = "| severity | check | where | what |\n|---|---|---|---|\n"


def _table(room: int, blocks: list[Block], row: _Row, title: str) -> str:
    """A table of blocks; with a title it is closed at first. Empty where there are none."""
    if not blocks:
        return ""
    head, tail = f"\n{_COLUMNS}", ""
    if title:
        head = f"\n<details><summary>{title}: {len(blocks)}</summary>\n\n{_COLUMNS}"
        tail = "\n</details>\n"
        blocks, left_out = blocks[:_ROWS], blocks[_ROWS:]
    else:
        left_out = []
    rows, count = _fitting(room - len(head) - len(tail), blocks, row)
    more = len(blocks) - count + len(left_out)
    ending = f"\nand {plural(more, 'more block')}: see another format\n" if more else ""
    return f"{head}{rows}{ending}{tail}" if count else ending


def _fitting(room: int, blocks: list[Block], row: _Row) -> tuple[str, int]:
    written: list[str] = []
    for block in blocks:
        line = row(block)
        room -= len(line)
        if room < 0:
            break
        written.append(line)
    return "".join(written), len(written)


def _bad_row(block: Block) -> str:
    return _row(block, "<br>".join(map(markdown_text, (block.sentence, *block.details))))


def _good_row(block: Block) -> str:
    return _row(block, block.first.change.value)


def _row(block: Block, what: str) -> str:
    first, lines = block.first, block.lines
    place = [markdown_code(block.names)]
    if lines is not None:
        place.insert(0, markdown_code(f"{lines.path}:{lines.first}"))
    check = f"{markdown_text(first.title)}<br>{markdown_code(first.check)}"
    return f"| {first.severity.value} | {check} | {'<br>'.join(place)} | {what} |\n"
