"""Hand-made mutants of the core: each is a plausible mistake that would give a false pass, and must be noticed.

Run by hand: `python -m tests.core.mutants`. Each mutant lives in a temporary copy and meets the tests of its module.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ALGEBRA = ("test_assess.py", "test_algebra.py")
WAIVED = ("test_assess.py", "test_waive.py", "test_algebra_waived.py")
EVALUATE = ("test_evaluate.py",)
PERIOD = ("test_operate.py", "test_nights.py")
COLUMNS = ("../history/test_columns.py", "test_ordered.py", "../history/test_told.py")
POLICIES = ("test_policy_public.py", "test_policy_meaning.py", "test_policy_properties.py")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One replacement in one file, and the tests that should see it."""

    name: str
    path: str
    old: str
    new: str
    tests: tuple[str, ...]


def _of(path: str, tests: tuple[str, ...], *changes: tuple[str, str, str]) -> tuple[Mutant, ...]:
    return tuple(
        Mutant(name, f"scanner/core/{path}", old, new, tests) for name, old, new in changes
    )


MUTANTS = (
    *_of(
        "evaluate.py", EVALUATE,
        ("truthy passes", "if outcome is True:", "if outcome:"),
        ("an unread where leaves the population", "if chosen is not False:", "if chosen is None:"),
        ("an unread label is scoped out", "if isinstance(chosen, Unreadable):", "if chosen is None:"),
        ("gaps are dropped", "for gap in gaps)", "for gap in gaps[:0])"),
        ("scoped out is empty", "not findings and not scoped_out", "not findings"),
        ("an unset parameter keeps nothing in", "params.get(check.scope.untagged, True) is not False",
         "params.get(check.scope.untagged, True) is True"),
        ("an explanation is not needed to fail", "outcome is False and explained.outcome is False", "outcome is False"),
        ("a missing detector is not applicable", "check.if_empty is IfEmpty.NOT_APPLICABLE",
         "check.if_empty is not IfEmpty.FAIL"),
    ),
    *_of(
        "assess.py", ALGEBRA,
        ("unknown findings are passed over", "if counts.unknown:", "if counts.unknown > 99:"),
        ("a check that was not run is passed over", "for target in evidence.unrun(link.id):", "for target in ():"),
        ("supporting checks decide", "if link.role is Role.EVIDENCES)", "if link.role)"),
        ("one target speaks for all", "if str(target) not in ran)", "if not ran)"),
        ("nothing tested passes", "elif not evidence.found or not all(", "elif not evidence.found and not all("),
        ("scoped out is not applicable", "if counts.scoped_out:", "if counts.scoped_out < 0:"),
        ("any emptiness is allowed", "elif not _may_not_occur(evidence.control) and", "elif False and"),
        ("a setting may not occur", 'and "per event" in control.modes', ""),
        ("an attestation is assumed", "if manual not in evidence.attested:", "if manual in evidence.attested:"),
        ("one must_have is enough", "if not _only_attestations(need) and not _met(evidence, need):",
         "if not _only_attestations(need) and not any(_met(evidence, n) for n in evidence.control.must_have):"),
        ("what one cloud shows stands for another", "return there and not _open(evidence, checks)", "return there"),
        ("a population that was partly read meets a need",
         "if evidence.targets_of(check) and _read_whole(evidence, check)]", "if evidence.targets_of(check)]"),
        ("a check is asked of no cloud", "if cloud in (None, target.cloud)", "if cloud is None"),
        ("an empty population meets a need", "result.findings and not result.empty", "result.findings"),
        ("lacking evidence is passed over", 'lack.cloud == "any" or', ""),
        ("waived before unread", "    if unshown:\n        return Status.NOT_SHOWN",
         "    if unshown and not counts.waived:\n        return Status.NOT_SHOWN"),
    ),
    *_of(
        "criteria.py", ALGEBRA,
        ("supporting controls carry a criterion", "if link.primary)", "if link.control)"),
        ("no primary control passes", "whole = bool(links) and", "whole ="),
        ("a failing control is complete evidence", "return result.complete and", "return"),
        ("the best status is displayed", "for status in Status if", "for status in reversed(Status) if"),
    ),
    *_of(
        "assess.py", WAIVED,
        ("a control waiver accepts what is unread", "fails = finding.verdict is Verdict.FAIL",
         "fails = finding.verdict is not Verdict.PASS"),
        ("a control waiver reaches every target", "if fails and result.target in accepted", "if fails and accepted"),
        ("an accepted gap fills a must_have", "or (_gap(finding) and not decides)", ""),
        ("a waived failure is a gap", "finding.without_waiver is not Verdict.FAIL", "finding.waiver is not None"),
    ),
    *_of(
        "waive.py", WAIVED,
        ("a lapsed waiver counts", '!= "pass":', '== "gone":'),
        ("an accepted control compensates", '!= "pass":', 'not in ("pass", "accepted"):'),
        ("an expired waiver counts", "today >= waiver.expires", "today > waiver.expires"),
        ("a waiver counts before it was written down", "today < waiver.begins", "today < waiver.opened"),
        ("a failure's waiver accepts what is unread", "if finding.verdict is Verdict.FAIL:",
         "if finding.verdict in (Verdict.FAIL, Verdict.UNKNOWN):"),
        ("one accepted call is enough", "if all(used) else ()", "if any(used) else ()"),
        ("a control waiver is forgotten", "controls=_accepted_controls(ruled),", ""),
    ),
    *_of(
        "attest.py", ("test_attest.py",),
        ("an attestation outlives its end", "if one.current", "if one.attestation.dated"),
    ),
    *_of(
        "exits.py", ALGEBRA,
        ("unknown is clean", "if unsaid or", "if"),
        ("a check less is clean", "or not_run(assessment, library, fail_on)", ""),
    ),
    *_of(
        "policies/conditions.py", POLICIES,
        ("IfExists restricts", 'condition.quantifier != "ForAllValues" and not condition.if_exists',
         'condition.quantifier != "ForAllValues"'),
        ("ForAllValues restricts", 'condition.quantifier != "ForAllValues" and not', "not"),
        ("no values restrict",
         "not condition.values or not _compares(operator, arns=names_one",
         "not _compares(operator, arns=names_one"),
        ("one named value is enough",
         "if all(names_one(value, operator)",
         "if any(names_one(value, operator)"),
        ("a star runs over colons",
         "if operator in _STRING_OPERATORS and any(",
         "if operator is None and any("),
        ("the world is an address range", "<= _WIDEST_V4", "<= 2**32"),
        ("a positive condition in a Deny spares only the named",
         "_POSITIVE_OF_NEGATED.get(condition.operator)",
         "_POSITIVE_OF_NEGATED.get(condition.operator, condition.operator)"),
    ),
    *_of(
        "policies/effects.py", POLICIES,
        ("NotPrincipal names someone",
         "if statement.not_principal:\n        return True",
         "if False:\n        return True"),
        ("any Deny will do", "return all(action_mask & ", "return any(action_mask & "),
        ("a Deny to one is a Deny to all", "elif statement.everyone:", "else:"),
        ("NotAction denies all",
         "return all(apart(spared, action) for spared in deny.actions)",
         "return True"),
        ("an external id closes an open door", "if is_named and self.trust", "if self.trust"),
    ),
    *_of(
        "policies/queries.py", POLICIES,
        ("the bucket is enough",
         'return service, (resource, f"{resource}/*")',
         "return service, (resource,)"),
        ("reading is every action", 'f"{service}:?*"', 'f"{service}:GetObject".lower()'),
        ("any condition is about TLS",
         "return all(map(_holds_for_plain_http,",
         "return any(map(_holds_for_plain_http,"),
        ("a Deny with a condition takes admin away", "    if deny.conditions:", "    if False:"),
    ),
    *_of(
        "policies/document.py", POLICIES,
        ("keys may be written twice", "if len(found) != len(pairs):", "if False:"),
        ("any Effect that is not Allow is a Deny",
         'if effect not in ("Allow", "Deny"):', "if False:"),
        ("unknown operators are read", "if not is_known or", "if"),
    ),
    *_of(
        "policies/federation.py", POLICIES,
        ("an organisation is a repository", "repo:[^*?:/]+/[^*?:/]+:.*", "repo:[^*?:/]+/.*"),
        ("one named subject is enough", "return all(map(_names_one,", "return any(map(_names_one,"),
    ),
    *_of(
        "periods/deviations.py", PERIOD,
        ("what is unread closes an interval", "        elif status == PASS:\n            self._close(",
         "        else:\n            self._close("),
        ("what leaves the scope is removed", "if cause == Cause.SCOPE.value:", "if not cause:"),
        ("what another check lets go is removed", "elif cause in JUDGE_CHANGED:", "elif not cause:"),
        ("a forgotten event is removed", "elif self.context.is_event:", "elif not cause:"),
        ("a refused listing removes", "elif not self.context.listed_completely(position):", "elif not cause:"),
        ("what a refusal hid stays for ever", "self._resolve_hidden(end)", "pass"),
        ("a return fixes what a refusal hid", "            self._resolve_hidden(position)", "            pass"),
        ("a second failure begins anew", "if self.interval is None:\n                s", "if True:\n                s"),
        ("the last failing read is the next record", "self.last_failed = last", "self.last_failed = position"),
        ("waived is no last good read", "elif self.status in (PASS, WAIVED):", "elif self.status == PASS:"),
        ("an item is counted at each verdict", "if not self.counted:", "if True:"),
        ("intervals of earlier periods are listed", "        if self._ended_before_period(position, why):", "        if False:"),
        ("what a clock dates earlier is of another period", "record.seq for record in observations.records[:first]",
         "seq for seq, at in observations.positions.items() if observations.moments[at] < start"),
        ("what passed from the first is one item", "context.counters.items += count", "context.counters.items += 1"),
        ("what passed from the first passed one time", "+= count * days", "+= days"),
    ),
    *_of(
        "periods/counters.py", PERIOD,
        ("another check fixes", '"check changed" if cause in JUDGE_CHANGED else "fixed"', '"fixed"'),
        ("a refused listing shows an absence", "if self.listing.may_hide_items(self.region, position - 1):", "if False:"),
        ("another parameter fixes", "frozenset({Cause.PACK.value, Cause.PARAMS.value})",
         "frozenset({Cause.PACK.value})"),
        ("what is unread passes", '_DAYS_MEMBERS.get(verdict, "unread")', '_DAYS_MEMBERS.get(verdict, "passing")'),
        ("the listing is that of the record itself", "may_hide_items(self.region, position - 1)",
         "may_hide_items(self.region, position)"),
        ("who did not run it saw the whole listing", "return self.observations.ran(self.check, self.region, position)",
         "return True"),
    ),
    *_of(
        "periods/counters.py", COLUMNS,
        ("deviations in columns are no deviations", "(Listed(self.deviations), *self.intervals)",
         "(Listed(self.deviations),)"),
    ),
    *_of(
        "periods/counters.py", PERIOD,
        ("an open interval ends with its last read", "closed = self.end", "closed = moments[last_failed]"),
        ("a clock that jumped shortens what it fixed",
         "if not moments[opened_after] <= moments[opened_by] <= moments[last_failed]:", "if False:"),
        ("a clock that jumped back ends at once", "if closed < moments[last_failed]:", "if False:"),
        ("at least is at most", "at_least = max(moments[last_failed] - moments[opened_by], _NO_TIME)",
         "at_least = (moments[closed_by] if closed_by >= 0 else self.end) - moments[opened_by]"),
        ("a failure lasted less than nothing", "at_least = max(moments[last_failed] - moments[opened_by], _NO_TIME)",
         "at_least = moments[last_failed] - moments[opened_by]"),
    ),
    *_of(
        "periods/type2_period.py", PERIOD,
        ("a clock that jumped is not said", "if near and dated_before(before, after):", "if False:"),
        ("a clock is said in every period", "if near and dated_before", "if dated_before"),
    ),
    *_of(
        "periods/failure_intervals.py", COLUMNS,
        ("an interval in columns is open for ever", "        if closed:\n", "        if False:\n"),
        ("what was there before was absent", "before = PASS", 'before = "absent"'),
        ("the last failing read in columns is the first",
         "max(context.previous[end], positions[intervals.last_failed[row]])", "opened_by"),
        ("the last read before an interval is its record", "max(opened_after, positions[passed_before])",
         "positions[passed_before]"),
        ("intervals of earlier periods in columns are listed", "if not early.isdisjoint(intervals.closed):", "if False:"),
        ("failing days in columns are passing", "context.days[FAIL] += fsum(failing)", "pass"),
        ("items in columns are one", "context.counters.items += count", "context.counters.items += 1"),
        ("who was never read is an item", "if days_before[seq] < all_days:", "if days_before[seq] <= all_days:"),
        ("what failed passed beside", "chain(in_sight, opened, map(neg, closed))", "chain(in_sight, map(neg, closed))"),
        ("who was first seen late passed from the first", "chain(repeat(all_days, len(seen)), map(neg, seen))",
         "repeat(all_days, len(seen))"),
        ("items of earlier periods deviate", "if len(self) == len(self._intervals.opened):", "if True:"),
        ("an open interval in columns ends with its last read", "closed_by, end = -1, len(positions)",
         "closed_by, end = positions[intervals.last_failed[row]], len(positions)"),
        ("whatever passes in columns is fixed", "why_passing_again(intervals.closing_causes[row])", '"fixed"'),
        ("regions go before checks in columns",
         "            context.check,\n            context.region,\n            self._intervals.resources[row],",
         "            context.region,\n            context.check,\n            self._intervals.resources[row],"),
        ("an event in columns is a setting", "            context.is_event,", "            False,"),
        ("each deviation in columns is another item", "items_in_intervals += deviations.items()",
         "items_in_intervals += len(deviations)"),
        ("each interval is another item", "sum(1 for one, following in pairwise(resources) if one != following)",
         "len(resources) - 1"),
    ),
    *_of(
        "periods/ordered.py", COLUMNS,
        ("deviations are in no order", "return sorted(self._entries(began, latest))[:count]",
         "return list(self._entries(began, latest))[:count]"),
        ("the last of the first is left out", "when <= latest", "when < latest"),
        ("a part of them begins with the first", "max(indices, default=-1) + 1", "len(indices)"),
        ("each of them is the first", "self._first(indices + 1)[-1]", "self._first(indices + 1)[0]"),
        ("they are in order of when they had not begun", "[one.opened_by for one in", "[one.opened_after for one in"),
        ("the first part alone has the first of all", "chain.from_iterable(began)", "began[0]"),
        ("regions go before checks", '"target", "check", "region", "resource"',
         '"target", "region", "check", "resource"'),
        ("as many are the same", "tuple(self) == tuple(other)", "len(self) == len(other)"),
    ),
    *_of(
        "../history/ledger/timeline_columns.py", COLUMNS,
        ("what changed later never changed", "pc.or_(changed_later, is_listing.slice(0, count))",
         "is_listing.slice(0, count)"),
        ("an unread item only failed and passed", "other_verdict = pc.invert(", "other_verdict = pc.is_null("),
        ("an incomplete listing hides nothing", "pc.or_(other_verdict, maybe_hidden)", "other_verdict"),
        ("a failure after a failure is a new one", "pc.or_(first_of_item, pc.invert(failed_before))",
         "pc.or_(first_of_item, pc.invert(pc.and_not(failed_before, failed_before)))"),
        ("who passed later is forgotten", "always_passing=passing + passing_later", "always_passing=passing"),
        ("a record's number runs into the next group", "radix = last + 1", "radix = max(last, 1)"),
        ("items share a number", "pc.multiply_checked(code, len(column.dictionary))", "code"),
        ("a listing is an item", "items=self._status_changes(pc.and_not(replayed, is_listing))",
         "items=self._status_changes(replayed)"),
        ("each change is another item", "first_rows = pc.and_(chosen, self._first_of_item)", "first_rows = chosen"),
        ("who failed passed from the first beside", "pc.invert(pc.or_(replayed, failing))", "pc.invert(replayed)"),
        ("the item before was this one", "pc.if_else(is_new_item, no_record,",
         "pc.if_else(pc.invert(pa.array([True])), no_record,"),
        ("why it failed is why it passed", 'rows["cause"].take(following)', 'rows["cause"].take(end)'),
        ("the last failure is the first", '"last_failed": seq.take(end)', '"last_failed": seq.take(begin)'),
        ("an interval began with its last failure", '"causes": rows["cause"].take(begin)',
         '"causes": rows["cause"].take(end)'),
        ("items of a record are one", "first_seen[check, region][seq] = count", "first_seen[check, region][seq] = 1"),
        ("an interval goes on into the next item", "pc.if_else(stays_open, no_record, seq.take(following))",
         "seq.take(following)"),
    ),
    *_of(
        "../history/ledger/changes.py", ("../history/test_causes.py",),
        ("any parameter explains anything", "        if names is None:", "        if True:"),
        ("an unknown reader reads no parameter", "        if names is None:\n            return True",
         "        if names is None:\n            return False"),
    ),
    *_of(
        "../history/ledger/evidence_refs.py", ("../history/test_causes.py",),
        ("a program reads no parameter", "if isinstance(value, Listing) and value.reader:", "if False:"),
        ("labels are no parameters", "found |= {scope.tag, scope.values, scope.untagged}", "pass"),
        ("what a kind is read by needs no parameter", "(*definition.expressions, *kinds)", "definition.expressions"),
    ),
    *_of(
        "periods/listings.py", PERIOD,
        ("a listing that is whole is refused for ever", "incomplete.discard(region)", "pass"),
        ("a listing without a region hides nothing", '"" in incomplete or region in incomplete', "region in incomplete"),
        ("an item without a region is in no listing", ' or region == "")', ")"),
    ),
    *_of(
        "periods/observations.py", PERIOD,
        ("a run without the check is a run", "if wanted <= ran}", "if True}"),
        ("every record reads every region",
         "return region not in self._all_regions or region in self._regions[position]", "return True"),
        ("each run of a day is a day", "self._intervals[slot].days / readers_in_slot[slot]",
         "self._intervals[slot].days"),
        ("the record before read it", "            if position in inside:\n                last = position",
         "            if True:\n                last = position"),
    ),
    *_of(
        "periods/observations.py", (*PERIOD, "test_sampling.py"),
        ("what the period's end cuts off is not read", "(*self.slots, rest) if rest else self.slots", "self.slots"),
        ("a run is expected in what is cut off", "if 0 <= slot < len(self.slots):", "if slot >= 0:"),
    ),
    *_of(
        "periods/versions.py", ("test_versions.py",),
        ("today's pack judged", "return self.packs.get(pack, self.today)", "return self.today"),
        ("what is left out of a control is forgotten", "if set(kept) == set(last.checks):", "if last:"),
        ("a control that is left out is forgotten",
         "            for name, control in self.of(pack).controls.items():\n                found[name].append(control)",
         "            pass"),
        ("the first version speaks", "last = versions[-1]", "last = versions[0]"),
        ("a pack that came again is the first", "reversed(dict.fromkeys(reversed(packs)))", "dict.fromkeys(packs)"),
        ("what supported once only supports", "if role is Role.EVIDENCES or name not in evidencing:", "if name:"),
        ("today's grace is held against", "return controls.get(control.id, control).grace", "return control.grace"),
        ("a check of no pack of today is of every cloud", "for library in (self.today, *self.packs.values()):",
         "for library in (self.today,):"),
        ("today's stands for a pack without a word", "if not self.known(before) or not self.known(after):", "if False:"),
        ("checks of a control are not compared", "yield from _link_differences(old.checks, new.checks)", "pass"),
        ("checks of a requirement are not compared", "        if member.name not in _NOT_COMPARED:",
         '        if member.name not in _NOT_COMPARED | {"checks"}:'),
    ),
    *_of(
        "periods/decisions.py", ("test_decisions.py",),
        ("a record without a waiver is passed over", "record.seq - index, record)", "0, record)"),
        ("a waiver never lapses", "record.controls)", '{waiver.compensating: "pass"})'),
        ("a waiver stands for ever", "moment(record.finished).date()}", "waiver.opened}"),
    ),
    *_of(
        "periods/timelines.py", PERIOD,
        ("what comes after the period is told", "if row.seq > last:", "if False:"),
        ("whatever changed once passed", "len(changes) == 1 and first_verdict == PASS", "len(changes) == 1"),
        ("whoever passed first passed", "len(changes) == 1 and first_verdict == PASS", "first_verdict == PASS"),
    ),
)  # fmt: skip


def survives(mutant: Mutant) -> bool:
    """Whether the tests are still green with the mutant in place."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("scanner", "tests"):
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        (copy / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
        source = (copy / mutant.path).read_text()
        if source.count(mutant.old) != 1:
            raise SystemExit(
                f"{mutant.name}: its text stands {source.count(mutant.old)} times in {mutant.path}"
            )
        (copy / mutant.path).write_text(source.replace(mutant.old, mutant.new))
        tests = [f"tests/core/{name}" for name in mutant.tests]
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-qx",
            "--import-mode=importlib",
            "-p",
            "no:cacheprovider",
            *tests,
        ]
        ran = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
        if ran.returncode not in (0, 1):
            raise SystemExit(f"{mutant.name}: the tests did not run\n{ran.stdout}{ran.stderr}")
        return ran.returncode == 0


def main() -> int:
    """Run every mutant, or those whose name contains the first argument; 1 if one survives."""
    chosen = [mutant for mutant in MUTANTS if not sys.argv[1:] or sys.argv[1] in mutant.name]
    living = 0
    for mutant in chosen:
        alive = survives(mutant)
        living += alive
        print(f"{'SURVIVES' if alive else 'dies    '} {mutant.path}: {mutant.name}", flush=True)
    print(f"{len(chosen)} mutants, {living} survive")
    return 1 if living else 0


if __name__ == "__main__":
    raise SystemExit(main())
