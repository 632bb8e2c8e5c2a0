"""Titles of shipped checks, and the sentence that each prints beside a failing resource."""

from __future__ import annotations

from collections import Counter

import pytest

from scanner.content.examples import example_scope
from scanner.core.judging.evaluate import observations
from scanner.model.checks import Check, Severity
from scanner.model.findings import Finding, Observation, ResourceRef, Verdict
from scanner.rendering.failure import failure_sentence
from tests.helpers.library import shipped_library

LIBRARY = shipped_library()
WIDEST_TITLE = 72
"""With the severity before it, one line of 80 columns."""
WIDEST_SENTENCE = 100


def finding(**observed: object) -> Finding:
    return Finding(
        check="c",
        severity=Severity.HIGH,
        resource=ResourceRef(kind="k", id="arn:x", name="one", region="eu-west-1", target="aws:1"),
        verdict=Verdict.FAIL,
        reason="",
        observed=tuple(
            Observation(path=path.replace("__", "."), value=value)
            for path, value in observed.items()
        ),
    )


def test_titles_are_unique_and_fit_into_a_line() -> None:
    titles = Counter(check.title for check in LIBRARY.checks.values())
    assert [title for title, count in titles.items() if count > 1] == []
    assert [title for title in titles if len(title) > WIDEST_TITLE or title.endswith(".")] == []


def test_every_check_says_what_is_wrong_with_a_failing_resource() -> None:
    sentences = {name: check.fails for name, check in LIBRARY.checks.items()}
    assert [name for name, text in sentences.items() if not text] == []
    assert [name for name, text in sentences.items() if len(text) > WIDEST_SENTENCE] == []
    assert [name for name, text in sentences.items() if text.endswith(".")] == []


@pytest.mark.parametrize(
    ("sentence", "observed", "text"),
    [
        ("{name} accepts IMDSv1", {}, "one accepts IMDSv1"),
        ("Root user has no MFA device", {}, "Root user has no MFA device"),
        ("{name} keeps {self.days} days", {"self__days": 3}, "one keeps 3 days"),
        ("{name} is {self.on}", {"self__on": False}, "one is false"),
        ("{name} is over {params.most}", {"params__most": 90}, "one is over 90"),
        ("{self.id} in {self.region}", {}, "arn:x in eu-west-1"),
        ("{name} keeps {self.days} days", {}, ""),
        # A condition that ends early did not look at the parameter.
        ("{name} is over {params.limit}", {}, "one is over 7"),
        ("{name} allows {self.rules}", {"self__rules": ["a"]}, ""),
        ("{name} is {self.x}", {"self__x": "a\x1b[31mb"}, "one is a\\x1b[31mb"),
    ],
)
def test_a_sentence_is_filled_in_or_left_out(
    sentence: str, observed: dict[str, object], text: str
) -> None:
    assert failure_sentence(sentence, finding(**observed), {"limit": 7}) == text


def _sentences(check: Check) -> list[str]:
    """What each failing example of a check prints."""
    found: list[str] = []
    for example in check.examples:
        if example.expect != "fail" or example.resource is None:
            continue
        scope = example_scope(check, example, LIBRARY)
        record = scope["self"]
        failing = Finding(
            check=check.id,
            severity=check.severity,
            resource=ResourceRef(
                kind=check.kind,
                id=str(record["id"]),
                name=str(record["name"]),
                region="eu-west-1",
                target="aws:1",
            ),
            verdict=Verdict.FAIL,
            observed=observations(check.pass_when.explain(scope)),
        )
        found.append(failure_sentence(check.fails, failing, scope["params"]))
    return found


@pytest.mark.parametrize("name", sorted(LIBRARY.checks))
def test_a_failing_resource_prints_the_sentence(name: str) -> None:
    assert any(_sentences(LIBRARY.checks[name]))
