"""Every single defect is caught by the rule it breaks, and every rule of the table catches some."""

from __future__ import annotations

from collections import Counter

import pytest

from conformance import explain, judge_trace
from conformance.judging.trace import Options, read_trace
from conformance.rules import RULES, Rule
from tests.conformance.mutants_envelope import ENVELOPE_MUTANTS
from tests.conformance.mutants_payload import PAYLOAD_MUTANTS, SPEECH_MUTANTS
from tests.conformance.mutants_session import (
    ACTIVITY_MUTANTS,
    ORDER_MUTANTS,
    OUTPUT_MUTANTS,
    QUESTION_MUTANTS,
    TOOL_MUTANTS,
)
from tests.conformance.mutating import Mutant

MUTANTS = [
    *ENVELOPE_MUTANTS,
    *PAYLOAD_MUTANTS,
    *SPEECH_MUTANTS,
    *ORDER_MUTANTS,
    *ACTIVITY_MUTANTS,
    *TOOL_MUTANTS,
    *QUESTION_MUTANTS,
    *OUTPUT_MUTANTS,
]
CASES: dict[str, Rule] = {rule.case: rule for rule in RULES}


def name(mutant: Mutant) -> str:
    return f"{mutant.rule}: {mutant.name} ({mutant.base})"


@pytest.mark.parametrize("mutant", MUTANTS, ids=name)
def test_mutant_breaks_its_rule_and_no_other(mutant: Mutant) -> None:
    findings = judge_trace(mutant.events(), house=True, **mutant.judged_with())
    assert {finding.rule for finding in findings} == {mutant.rule, *mutant.also}, explain(findings)


@pytest.mark.parametrize("mutant", MUTANTS, ids=name)
def test_mutant_is_caught_by_its_case(mutant: Mutant) -> None:
    trace = read_trace(mutant.events(), Options(**mutant.judged_with()))
    assert list(CASES[mutant.case].findings(trace))


@pytest.mark.parametrize("mutant", MUTANTS, ids=name)
def test_house_rules_are_for_our_own_producer_only(mutant: Mutant) -> None:
    findings = judge_trace(mutant.events(), **mutant.judged_with())
    assert all(finding.strength != "H" for finding in findings)
    assert bool(findings) == any(
        CASES[case].strength != "H"
        for case in CASES
        if any(CASES[case].findings(read_trace(mutant.events(), Options(**mutant.judged_with()))))
    )


def test_each_case_has_a_mutant_and_each_rule_two() -> None:
    of_case = Counter(mutant.case for mutant in MUTANTS)
    of_rule = Counter(mutant.rule for mutant in MUTANTS)
    assert not set(of_case) - set(CASES)
    assert not set(CASES) - set(of_case)
    assert not [rule.id for rule in RULES if of_rule[rule.id] < 2]


def test_cases_and_mutants_are_named_once() -> None:
    assert len(CASES) == len(RULES)
    assert not [mutant for mutant, count in Counter(map(name, MUTANTS)).items() if count > 1]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.case)
def test_each_case_says_how_it_reads_its_rule(rule: Rule) -> None:
    assert rule.check.__doc__
    assert rule.check.__doc__.startswith(rule.id)
