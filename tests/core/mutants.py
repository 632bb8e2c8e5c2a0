"""Hand-made mutants of the core: each is a plausible mistake that would give a false pass, and must
be noticed.

Run by hand: `python -m tests.core.mutants`, or `python -m tests.core.mutants reading/ judging/` for
those of some modules. Each mutant lives in a temporary copy and meets the tests of its module."""

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
READING = (
    "test_attributes.py",
    "test_items.py",
    "test_project.py",
    "test_counts.py",
    "test_bulk.py",
    "test_organization.py",
)
PERIOD = ("test_operate.py", "test_nights.py")
COLUMNS = ("../history/test_columns.py", "test_ordered.py", "../history/test_told.py")
POLICIES = (
    "test_policy_public.py",
    "test_policy_meaning.py",
    "test_policy_properties.py",
    "test_policy_reference.py",
)
ESCALATION = (
    "test_wildcards.py",
    "test_escalation.py",
    "test_escalation_targets.py",
    "test_policy_reference.py",
)


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
        "reading/answer_lookup.py", READING,
        ("a code of a later page means absence", "if answer.state is State.PARTIAL:",
         "if answer.state is State.PARTIAL and answer.code not in request.absent_on:"),
        ("what is switched off holds nothing", ' and request.disabled_is == "empty"', ""),
        ("any error is an absence", "    return answer.unread", "    return ABSENT"),
    ),
    *_of(
        "reading/answer_items.py", READING,
        ("a list that was cut off is complete", "return OpenList(found, rest.reason, rest.gaps)", "return found"),
        ("a mapping that was cut off is complete", "return OpenMapping(rest.reason, gaps=rest.gaps, known=found)",
         "return found"),
        ("another form is empty", 'return _unexpected(path, "a list", found)', "return []"),
    ),
    *_of(
        "reading/request_builder.py", READING,
        ("a detail whose condition is unread is absent", "return replace(condition, missing=False)", "return ABSENT"),
        ("what a batch could not read is absent", "        without_row = found.rest", "        pass"),
    ),
    *_of(
        "reading/shared_details.py", READING,
        ("a key without a row is always absent", 'if batch.lacking_is != "absent":', "if False:"),
    ),
    *_of(
        "reading/kind_reader.py", READING,
        ("gaps of parents are none of their children", "found.gaps.extend(parents.gaps)", "pass"),
        ("the rest of a listing is no gap", "self.gaps.append(listed.rest)", "pass"),
        ("a refused listing is empty", "            self.gaps.append(listed)\n", "            pass\n"),
        ("a code alone shows that a resource is gone",
         "if second.gaps or kind.identity.evaluate(bindings) in still_listed:", "if False:"),
        ("a refused second listing shows that a resource is gone", "if second.gaps or kind.", "if kind."),
        ("an item without an id is none", "listing.gaps.append(resource)", "pass"),
        ("what a source counts beyond the listing is no gap", "listing.gaps.append(gap)", "pass"),
    ),
    *_of(
        "reading/completeness.py", READING,
        ("fewer may be listed than counted", "number > listed.number", "number < listed.number"),
        ("ids that are not listed are passed over", "        if unlisted:", "        if not unlisted:"),
        ("what may be hidden is shown", "        if value is True:", "        if value is not False:"),
        ("a source that must count may be silent",
         "may_be_silent = source.means is not CountMeaning.EQUAL and not source.needed", "may_be_silent = True"),
    ),
    *_of(
        "reading/inventory_rows.py", READING,
        ("an inventory's empty list is the service's", "if value not in _EMPTY:", "if value is not None:"),
        ("a row of an unknown type is none of ours", "    if not all_requested:", "    if False:"),
        ("the first of two rows is taken", "        elif len(own) > 1:", "        elif len(own) > 9:"),
    ),
    *_of(
        "reading/attributes.py", READING,
        ("what is unread is absent", "        if raw.missing:", "        if raw:"),
        ("an absence that nobody declared is optional", "    if attribute.optional:", "    if attribute:"),
        ("True is a number", "        if type(raw) is scalar:", "        if isinstance(raw, scalar):"),
        ("records of a cut-off list are all", "    if isinstance(raw, OpenList):\n        return OpenList(",
         "    if raw is None:\n        return OpenList("),
    ),
    *_of(
        "reading/relations.py", READING,
        ("a key of another account has no match", 'if part == "account" and home', 'if part == "" and home'),
        ("two matches are one", "        if len(records) == 1:", "        if records:"),
        ("an unread key matches nothing", "            unread = self._index_record(record)\n            if unread is not None:",
         "            unread = self._index_record(record)\n            if unread is None and unread is not None:"),
    ),
    *_of(
        "reading/projection.py", READING,
        ("the first of two listings is right", "if not _is_same(value, record[name]):", "if False:"),
        ("regions that nobody listed are none", "if estate.regions_open and scope is Scope.REGION:", "if False:"),
        ("what is not read here is no gap", "        if not_read:", "        if False:"),
    ),
    *_of(
        "judging/evaluate.py", EVALUATE,
        ("truthy passes", "if outcome is True:", "if outcome:"),
        ("an unread where leaves the population", "if selected is False:", "if selected is not True:"),
        ("an unread label is scoped out", "if labeled is False:", "if labeled is not True:"),
        ("gaps are dropped", "for gap in gaps)", "for gap in gaps[:0])"),
        ("an unset parameter keeps nothing in", "params.get(check.scope.untagged, True) is not False",
         "params.get(check.scope.untagged, True) is True"),
        ("a missing detector is not applicable", "if says is IfEmpty.NOT_APPLICABLE:",
         "if says is not IfEmpty.FAIL:"),
        ("nothing there is nobody in scope", "empty=nobody and not left_out", "empty=False"),
    ),
    *_of(
        "judging/assess.py", ALGEBRA,
        ("unknown findings are passed over", "if counts.unknown:", "if counts.unknown > 99:"),
        ("a check that was not run is passed over", "for target in evidence.unrun(link.id):", "for target in ():"),
        ("supporting checks decide", "if link.role is Role.EVIDENCES)", "if link.role)"),
        ("one target speaks for all", "if target not in ran)", "if not ran)"),
        ("nothing tested passes", "return bool(results) and all(", "return not results or all("),
        ("scoped out is not applicable", "if counts.scoped_out:", "if counts.scoped_out < 0:"),
        ("one must_have is enough",
         "if not _is_met(evidence, requirement):\n            yield _unmet(evidence, requirement)\n    yield from u",
         "if not any(_is_met(evidence, one) for one in evidence.control.must_have):\n"
         "            yield _unmet(evidence, requirement)\n    yield from u"),
        ("a check is asked of no cloud", "if target.cloud == cloud]", "if not cloud]"),
        ("waived before unread", "    if unshown:\n        return Status.NOT_SHOWN",
         "    if unshown and not counts.waived:\n        return Status.NOT_SHOWN"),
    ),
    *_of(
        "judging/criteria.py", ALGEBRA,
        ("supporting controls carry a criterion", "if link.primary)", "if link.control)"),
        ("a failing control is complete evidence", "    return result.complete", "    return True"),
        ("the best status is displayed", "for status in Status if", "for status in reversed(Status) if"),
    ),
    *_of(
        "judging/assess.py", WAIVED,
        ("a control waiver accepts what is unread", "if verdict is Verdict.FAIL and",
         "if verdict is not Verdict.PASS and"),
        ("a control waiver reaches every target", "and result.target in accepted:", "and accepted:"),
        ("a waived failure is a gap", "return finding.without_waiver is not Verdict.FAIL", "return True"),
    ),
    *_of(
        "judging/waive.py", WAIVED,
        ("a lapsed waiver counts", 'if status != "pass":', 'if status == "gone":'),
        ("an accepted control compensates", 'if status != "pass":', 'if status not in ("pass", "accepted"):'),
        ("an expired waiver counts", "today >= waiver.expires", "today > waiver.expires"),
        ("a waiver counts before it was written down", "today < waiver.begins", "today < waiver.opened"),
        ("a failure's waiver accepts what is unread", "if finding.verdict is Verdict.FAIL:",
         "if finding.verdict in (Verdict.FAIL, Verdict.UNKNOWN):"),
        ("one accepted call is enough", "        if not waiver:\n            return ()",
         "        if not waiver:\n            continue"),
        ("a control waiver is forgotten", "controls=_accepted_controls(by_target),", ""),
    ),
    *_of(
        "judging/attestations.py", ("test_attest.py",),
        ("an attestation outlives its end", "if result.current]", "if result.attestation.dated]"),
    ),
    *_of(
        "judging/exit_codes.py", (*ALGEBRA, "test_exits.py"),
        ("unknown is clean", "if Verdict.UNKNOWN in verdicts:", "if False:"),
        ("a selection of nothing is clean", "return is_empty_selection(assessment)", "return False"),
        ("a check less is clean", "if not_run(assessment, library, fail_on):", "if False:"),
    ),
    *_of(
        "judging/baseline.py", ("test_exits.py",),
        ("a failure of another region is old", "(resource.target, finding.check, resource.region, resource.id)",
         '(resource.target, finding.check, "", resource.id)'),
        ("what was unknown failed before", "if one.verdict is Verdict.FAIL]",
         "if one.verdict in (Verdict.FAIL, Verdict.UNKNOWN)]"),
    ),
    *_of(
        "judging/selection.py", ("test_selection.py",),
        ("a gap of the selection is left out", "foreign = others - mine", "foreign = others"),
        ("supporting checks serve nothing", "    for link in control.checks:", "    for link in control.checks[:1]:"),
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
        ("the world is an address range", "internet_ranges(ranges, _WIDEST_V4, _WIDEST_V6)", "internet_ranges(ranges, 0, 0)"),
        ("a positive condition in a Deny spares only the named",
         "_POSITIVE_OF_NEGATED.get(condition.operator)",
         "_POSITIVE_OF_NEGATED.get(condition.operator, condition.operator)"),
        ("a missed key is denied", 'condition.quantifier == "ForAnyValue" and not condition.if_exists', "False"),
        ("services are spared without IfExists", "if not is_key or not condition.if_exists or", "if not is_key or"),
        ("any role is a service's", r':role/aws-service-role/.*"', r':role/.*"'),
    ),
    *_of(
        "policies/effects.py", POLICIES,
        ("NotPrincipal names someone",
         "if statement.not_principal:\n        return True",
         "if False:\n        return True"),
        ("any Deny will do", "return all(action_mask & ", "return any(action_mask & "),
        ("a Deny to one is a Deny to all", "    if statement.everyone:", "    if True:"),
        ("a Deny to all but anyone", "any(map(has_wildcard, _principal_names(statement))):", "False:"),
        ("a provider names who it signs in",
         '    if _not_principals(statement, "Federated"):', "    if False:"),
        ("tagging a session is a way in", "    if not entries:\n        return None", "    if not entries:\n        return allow"),
        ("any Deny leaves the named", "if names is not None and self._is_denied(statement, [deny]):", "if names is not None:"),
        ("networks are inside", 'if restriction.by == "network":', "if False:"),
        ("NotAction denies all",
         "return all(apart(spared, action) for spared in deny.actions)",
         "return True"),
        ("an external id closes an open door",
         "if is_named and self._requires", "if self._requires"),
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
        ("an organization is a repository", "repo:[^*?:/]+/[^*?:/]+:.*", "repo:[^*?:/]+/.*"),
        ("one named subject is enough", "return all(map(names_one,", "return any(map(names_one,"),
        ("any Deny binds", "condition.key not in keys:\n            return False", "False:\n            return False"),
        ("a Deny without conditions binds", "    if not deny.conditions:\n", "    if False:\n"),
        ("a Deny of other calls binds", " and _denies_web_identity(deny)]", "]"),
        ("a Deny to another provider binds", "if _is_denied_to(deny, name)]", "]"),
        ("a claim with a wildcard names", "_keys(provider, others), _is_literal", "_keys(provider, others), bool"),
    ),
    *_of(
        "policies/request_conditions.py", ESCALATION,
        ("a missing key equals", 'is_equal = actual != "" and any(', "is_equal = any("),
        ("negated is positive", "is_equal != (operator in _NEGATIONS)", "is_equal"),
        ("Null is turned around", 'missing = "false" if actual else "true"',
         'missing = "true" if actual else "false"'),
        ("IfExists fails", "if not actual and (condition.if_exists or", "if not actual and ("),
        ("ForAllValues fails", 'condition.if_exists or condition.quantifier == "ForAllValues")',
         "condition.if_exists)"),
        ("letters are compared with case", "return wanted.lower() == actual.lower()", "return wanted == actual"),
        ("StringEquals ignores case", "        return wanted == actual\n    if operator in",
         "        return wanted.lower() == actual.lower()\n    if operator in"),
        ("StringLike has no wildcards", "        return covers(wanted, actual)", "        return wanted == actual"),
        ("a star of an ARN runs over colons", "    return all(map(covers, wanted, actual))",
         "    return covers(pattern, arn)"),
        ("a region of a global service is chosen", "in _WITHOUT_REGION:\n        return False",
         'in ():\n        return False'),
        ("a Deny of calls through services holds", "if condition.key in _CALLED_THROUGH and", "if False and"),
    ),
    *_of(
        "policies/permitted.py", ESCALATION,
        ("a Deny is not read", "return all_of([granted, within, negated(denied)])", "return all_of([granted, within])"),
        ("a boundary bounds nothing", "return all_of([granted, within, negated", "return all_of([granted, negated"),
        ("a boundary denies nothing", "for statement in (*holder.statements, *boundary)", "for statement in holder.statements"),
        ("NotAction is Action", "covered_by_any(statement.actions, action) != statement.not_action",
         "covered_by_any(statement.actions, action)"),
        ("NotResource is Resource", "return negated(named) if statement.not_resource else named", "return named"),
        ("a Deny of one thing denies all", "    if covered_by_any(deny.resources, \"*\"):\n        return True",
         "    if deny.resources:\n        return True"),
        ("a variable is no doubt", "    return Unreadable(f\"{pattern} depends", "    return False and Unreadable(f\"{pattern} depends"),
    ),
    *_of(
        "policies/control.py", ESCALATION,
        ("a service-linked role is taken", "        if _SERVICE_LINKED in target.arn:\n            return\n", ""),
        ("an account is let in without permission", "any(_names_holder(name, holder) for name in names)", "names"),
        ("an unlimited pass needs trust", "permissions.may(action, role.arn, iam__passedtoservice=_NO_SERVICE)", "False"),
        ("a limited pass needs no trust", "if trusted else []", "or []"),
        ("an unread trust lets nobody in", "return Unreadable(f\"the trust policy of {role.arn} was not read\")\n    return any_of",
         "return False\n    return any_of"),
    ),
    *_of(
        "policies/escalation.py", ESCALATION,
        ("joining any group counts", "all_of([self.permissions.may(action, arn), self._gains(group)])",
         "self.permissions.may(action, arn)"),
        ("writing to any principal counts", "return all_of([written, self._is_mine(target)])", "return written"),
        ("a boundary cannot be lifted", "return all_of([lifted, self._unbounded_gains()])", "return False"),
        ("the widest policies are forgotten", "yield self._aws_policy(name), True", "yield self._aws_policy(name), False"),
        ("what may be attached is worth nothing", "yield policy, self._policy_gains(policy)", "yield policy, False"),
        ("a policy that was not read is worth nothing",
         "return any_of([writable, Unreadable(f\"policy {policy} was not read\")])", "return writable"),
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
        ("what passed from the first is one item", "read[region] += resources", "read[region] += resources[:1]"),
        ("what passed from the first passed one time", "+= len(resources) * days", "+= days"),
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
        ("deviations in columns are no deviations", "(DeviationList(self.deviations), *self.intervals)",
         "(DeviationList(self.deviations),)"),
    ),
    *_of(
        "periods/counters.py", PERIOD,
        ("an open interval ends with its last read", "closed = self.end", "closed = moments[last_failed]"),
        ("a clock that jumped shortens what it fixed",
         "if not moments[opened_after] <= moments[opened_by] <= moments[last_failed]:", "if False:"),
        ("a clock that jumped back ends at once", "if closed < moments[last_failed]:", "if False:"),
        ("a resource counts once for each check", "read[each.target, region].update(resources)",
         "read[each.target, f'{region}{len(read)}'].update(resources)"),
        ("resources of two targets are one", "read[each.target, region].update", "read['', region].update"),
        ("resources of two regions are one", "read[each.target, region].update", "read[each.target, ''].update"),
        ("what was waived did not deviate", "deviating[each.target, span.region].add(span.resource)", "pass"),
        ("at least is at most", "at_least = max(moments[last_failed] - moments[opened_by], _NO_TIME)",
         "at_least = (moments[closed_by] if closed_by >= 0 else self.end) - moments[opened_by]"),
        ("a failure lasted less than nothing", "at_least = max(moments[last_failed] - moments[opened_by], _NO_TIME)",
         "at_least = moments[last_failed] - moments[opened_by]"),
    ),
    *_of(
        "periods/type2_period.py", PERIOD,
        ("a clock that jumped is not said", "if doubt and period.start <= first", "if False and period.start <= first"),
        ("a clock is said in every period", "if doubt and period.start <= first and", "if doubt and"),
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
        ("each interval is another item", "if resource != previous and ", "if "),
        ("who was never read is an item", "days_before[passed_before or opened] < all_days", "True"),
        ("who passed first was first seen failing", "[passed_before or opened]", "[opened]"),
        ("what failed passed beside", "chain(in_sight, opened, map(neg, closed))", "chain(in_sight, map(neg, closed))"),
        ("who was first seen late passed from the first", "chain(repeat(all_days, len(seen)), map(neg, seen))",
         "repeat(all_days, len(seen))"),
        ("an open interval in columns ends with its last read", "closed_by, end = -1, len(positions)",
         "closed_by, end = positions[intervals.last_failed[row]], len(positions)"),
        ("whatever passes in columns is fixed", "why_passing_again(intervals.closing_causes[row])", '"fixed"'),
        ("regions go before checks in columns",
         "            context.check,\n            context.region,\n            self._intervals.resources[row],",
         "            context.region,\n            context.check,\n            self._intervals.resources[row],"),
        ("an event in columns is a setting", "            context.is_event,", "            False,"),
        ("nothing in columns deviates", "failing.update(deviations.resources())", "pass"),
        ("items of earlier periods deviate", "for row in self._rows)", "for row in range(len(self._intervals.opened)))"),
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
        ("who passed later is forgotten", "always_passing=passing_later", "always_passing=passing"),
        ("who passed from the first is forgotten", "[*resources, *passing_later.get(key, ())]", "resources[:0]"),
        ("a record's number runs into the next group", "radix = last + 1", "radix = max(last, 1)"),
        ("a record's number runs into the next group of names", "as_py() or 0) + 1", "as_py() or 0)"),
        ("items share a number", "pc.multiply_checked(code, len(column.dictionary))", "code"),
        ("a listing is an item", "items=self._status_changes(pc.and_not(replayed, is_listing))",
         "items=self._status_changes(replayed)"),
        ("each change is another item", "first_rows = pc.and_(chosen, self._first_of_item)", "first_rows = chosen"),
        ("each change is another name", "pc.and_(chosen, self._first_of_item)))", "chosen))"),
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
        ("what the period's end cuts off is not read",
         "(*self.slots, unfinished_interval) if unfinished_interval else self.slots", "self.slots"),
        ("a run is expected in what is cut off", "if 0 <= slot < len(self.slots):", "if slot >= 0:"),
    ),
    *_of(
        "periods/versions.py", ("test_versions.py",),
        ("today's pack judged", "return self.packs.get(pack, self.today)", "return self.today"),
        ("what is left out of a control is forgotten", "if set(kept) == set(last.checks):", "if last:"),
        ("a control that is left out is forgotten",
         "            for name, control in self.of(pack).controls.items():\n                found[name].append(_with_names(control, names))",
         "            pass"),
        ("the first version speaks", "last = versions[-1]", "last = versions[0]"),
        ("a pack that came again is the first", "reversed(dict.fromkeys(reversed(packs)))", "dict.fromkeys(packs)"),
        ("what supported once only supports", "if role is Role.EVIDENCES or name not in evidencing:", "if name:"),
        ("today's grace is held against", "return controls.get(control.id, control).grace", "return control.grace"),
        ("a check of no pack of today is of every cloud", "for library in (self.today, *self.packs.values()):",
         "for library in (self.today,):"),
        ("an older tscan does not know the newer id", "found.setdefault(new, old)", "pass"),
        ("an id of today is taken for an earlier one", "if old not in self.today.checks:", "if True:"),
        ("a link keeps the id of its day", "found[name].append(_with_names(control, names))",
         "found[name].append(control)"),
        ("today's stands for a pack without a word", "if not self.known(before) or not self.known(after):", "if False:"),
        ("checks of a control are not compared", "yield from _link_differences(old.checks, new.checks)", "pass"),
        ("checks of a requirement are not compared", "        if member.name not in _NOT_COMPARED:",
         '        if member.name not in _NOT_COMPARED | {"checks"}:'),
    ),
    *_of(
        "periods/renames.py", ("../history/test_renames.py",),
        ("checks that ran side by side are joined", "if len(ran) == 1 and", "if ran and"),
        ("another check's id is taken over", " and ran.isdisjoint(library.checks):", ":"),
        ("what records say of names is lost",
         "for pair in chain(library.aliases.items(), recorded):", "for pair in library.aliases.items():"),
        ("a family falls apart", "joined |= families.get(name, frozenset())", "pass"),
        ("the first that ran counts", "for record in reversed(records):\n        ran =", "for record in records:\n        ran ="),
        ("a later name is not followed", "return {old: names.get(new, new)", "return {old: new"),
        ("a transition keeps the name of its day", "    return replace(row, check=name)", "    return row"),
        ("a record keeps the names of its day",
         "return replace(record, checks=tuple(sorted(checks)))", "return record"),
    ),
    *_of(
        "periods/decisions.py", ("test_decisions.py",),
        ("a record without a waiver is passed over", "record.seq - index, record)", "0, record)"),
        ("a waiver never lapses", "record.controls)", '{waiver.compensating: "pass"})'),
        ("a waiver stands for ever", "parse_time(record.finished).date()}", "waiver.opened}"),
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
    """Run every mutant, or those whose path or name contains an argument; 1 if one survives."""
    wanted = sys.argv[1:]
    chosen = [
        mutant
        for mutant in MUTANTS
        if not wanted or any(word in f"{mutant.path}: {mutant.name}" for word in wanted)
    ]
    living = 0
    for mutant in chosen:
        alive = survives(mutant)
        living += alive
        print(f"{'SURVIVES' if alive else 'dies    '} {mutant.path}: {mutant.name}", flush=True)
    print(f"{len(chosen)} mutants, {living} survive")
    return 1 if living else 0


if __name__ == "__main__":
    raise SystemExit(main())
