"""Conforming traces: what RULES allows is no finding, not even for the house rules."""

from __future__ import annotations

import pytest

from conformance import explain, judge_trace
from tests.conformance.traces import EXAMPLES


@pytest.mark.parametrize("name", EXAMPLES)
def test_conforming_trace_has_no_findings(name: str) -> None:
    example = EXAMPLES[name]()
    findings = judge_trace(example.events, house=True, **example.options)
    assert not findings, explain(findings)


@pytest.mark.parametrize("name", EXAMPLES)
def test_judging_changes_no_event(name: str) -> None:
    example, untouched = EXAMPLES[name](), EXAMPLES[name]()
    judge_trace(example.events, house=True, **example.options)
    assert example.events == untouched.events


@pytest.mark.parametrize("name", EXAMPLES)
def test_unended_prefixes_are_tolerated_when_not_said_to_be_complete(name: str) -> None:
    """A trace still being heard breaks no rule that waits for the end."""
    example = EXAMPLES[name]()
    for length in range(len(example.events)):
        options = {**example.options, "complete": False}
        findings = judge_trace(example.events[:length], house=True, **options)
        assert not findings, explain(findings)
