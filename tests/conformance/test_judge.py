"""The judge as a whole: what it takes, what it waives, how it reports, what it stands on."""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import Finding, explain, judge_trace
from conformance.judging import vocabulary
from conformance.rules import NOT_VISIBLE, RULES
from tests.conformance.traces import EXAMPLES, Event, Teller

ROOT = Path(__file__).resolve().parents[2]
RULES_PAGE = ROOT.parent / "shared" / "protocol" / "RULES.md"


def rules_of(events: list[Event], **options: Any) -> set[str]:
    return {finding.rule for finding in judge_trace(events, house=True, **options)}


# What it stands on


def test_each_rule_of_the_first_sections_is_judged_or_said_to_be_invisible() -> None:
    if not RULES_PAGE.exists():
        pytest.skip(f"the page of rules is not beside this checkout ({RULES_PAGE.name})")
    page = RULES_PAGE.read_text(encoding="utf-8")
    sections = page[page.index("## 1.") : page.index("## 4.")]
    written = set(re.findall(r"\b(?:ENV|TYP|SEQ)-\d+\b", sections))
    judged = {rule.id for rule in RULES}
    assert len(written) >= 27
    assert written <= judged | set(NOT_VISIBLE)
    assert not judged & set(NOT_VISIBLE)
    assert judged | set(NOT_VISIBLE) <= set(re.findall(r"\b[A-Z]+-\d+\b|\bD8\b", page)) | {
        "PAYLOAD",
        "D8",
    }


def test_the_judge_shares_no_code_with_a_producer() -> None:
    allowed = {"conformance", "jsonschema", *sys.stdlib_module_names}
    for module in (ROOT / "conformance").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0
                names = [node.module or ""]
            assert {imported.partition(".")[0] for imported in names} <= allowed


# What it takes


def test_any_iterable_of_any_mapping_is_judged_alike() -> None:
    events = EXAMPLES["tool_call"]().events
    frozen = [MappingProxyType(event) for event in events]
    assert judge_trace(iter(frozen), house=True) == []
    assert judge_trace(json.loads(json.dumps(events)), house=True) == []


def test_nothing_heard_is_nothing_found() -> None:
    assert judge_trace([], house=True) == []


@pytest.mark.parametrize("junk", [None, 7, "text", [], {}, {"session_id": 5}, {"type": None}])
def test_what_is_no_event_is_a_finding(junk: Any) -> None:
    findings = judge_trace([junk], house=True)
    assert {finding.rule for finding in findings} == {"ENV-1"}
    assert findings[0].index == 0


def test_a_value_that_holds_itself_is_a_finding() -> None:
    events = EXAMPLES["simple_answer"]().events
    loop: dict[str, Any] = {}
    loop["again"] = loop
    events[1] |= {"extensions": {"bank": loop}, "correlation_id": "9" * 20}
    assert "ENV-7" in rules_of(events)


def test_a_very_deep_value_is_a_finding() -> None:
    events = EXAMPLES["simple_answer"]().events
    deep: Any = "end"
    for _ in range(5_000):
        deep = [deep]
    events[1]["extensions"] = {"bank": {"deep": deep}}
    events.insert(2, dict(events[1]))
    assert "ENV-7" in rules_of(events)


@pytest.mark.parametrize(
    "value",
    [10**6_000, -(10**30), 1e400, b"bytes", {1, 2}, object()],
    ids=["huge", "large", "infinite", "bytes", "set", "object"],
)
def test_values_that_are_no_json_are_a_finding(value: Any) -> None:
    events = EXAMPLES["simple_answer"]().events
    events[2]["eta_ms"] = value
    assert rules_of(events) == {"ENV-6", "PAYLOAD"}


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=12,
)
TYPES = st.sampled_from([f"aaep:{kind}" for kind in sorted(vocabulary.CORE)])
FIELDS = st.sampled_from(
    sorted({name for tell in EXAMPLES.values() for event in tell().events for name in event})
)
HALF_EVENTS = st.builds(
    lambda kind, fields: {"session_id": "sess_one", "type": kind, **fields},
    TYPES,
    st.dictionaries(FIELDS, JSON, max_size=8),
)
OPTIONS = st.fixed_dictionaries(
    {
        "complete": st.booleans(),
        "filtered": st.booleans(),
        "late": st.sampled_from([(), ("sess_one",)]),
        "accepted": st.sampled_from([None, (), ("rpl_1",)]),
    }
)


# A busy machine is no finding: no deadline.
@settings(deadline=None)
@given(st.lists(JSON | HALF_EVENTS, max_size=8), OPTIONS)
def test_malformed_input_never_raises(events: list[Any], options: dict[str, Any]) -> None:
    findings = judge_trace(events, house=True, **options)
    explain(findings).encode("utf-8")
    assert all(-1 <= finding.index < len(events) for finding in findings)


@settings(deadline=None)
@given(st.data(), st.sampled_from(sorted(EXAMPLES)), OPTIONS)
def test_one_strange_value_in_a_conforming_trace_never_raises(
    data: st.DataObject, name: str, options: dict[str, Any]
) -> None:
    events = EXAMPLES[name]().events
    event = data.draw(st.sampled_from(events))
    event[data.draw(st.sampled_from(sorted(event)))] = data.draw(JSON)
    explain(judge_trace(events, house=True, **options)).encode("utf-8")


@settings(deadline=None)
@given(st.data(), st.sampled_from(sorted(EXAMPLES)))
def test_events_in_any_order_never_raise(data: st.DataObject, name: str) -> None:
    events = EXAMPLES[name]().events
    explain(judge_trace(data.draw(st.permutations(events)), house=True))


# What it waives


def test_a_trace_still_being_heard_needs_no_end() -> None:
    events = EXAMPLES["simple_answer"]().events[:-1]
    assert rules_of(events, complete=False) == set()
    assert rules_of(events) == {"SEQ-2"}


def test_late_is_said_of_single_sessions() -> None:
    example = EXAMPLES["late_joiner"]()
    assert rules_of(example.events, late=["sess_other"]) >= {"SEQ-1", "ENV-10", "SEQ-9"}


def test_a_late_joiner_is_owed_what_follows() -> None:
    example = EXAMPLES["late_joiner"]()
    example.events[-4]["position"] += 1
    example.events[4]["sequence_number"] = 40
    assert rules_of(example.events, **example.options) == {"SEQ-9", "ENV-10"}


def test_a_filter_waives_what_it_may_have_kept_away() -> None:
    example = EXAMPLES["filtered_to_tools"]()
    assert rules_of(example.events) >= {"SEQ-1", "SEQ-2"}
    del example.events[-1]
    assert rules_of(example.events, filtered=True) == set()


def test_what_a_filter_let_through_once_it_lets_through() -> None:
    events = EXAMPLES["filtered_to_text_and_ends"]().events
    events[1]["position"] = 4
    assert rules_of(events, filtered=True) == {"SEQ-9"}


def test_another_producers_silent_moves_of_the_state_are_its_own() -> None:
    """A from_state that the events account for is legal for others, a house finding for ours."""
    teller = Teller()
    teller.start()
    teller.becomes("thinking")
    teller.becomes("calling_tool")
    teller.invoke("get_balance")
    teller.finish("get_balance")
    teller.state = "thinking"
    teller.answer()
    assert judge_trace(teller.events) == []
    assert rules_of(teller.events) == {"SEQ-3"}


def test_another_producer_may_pair_by_name_and_have_one_output() -> None:
    teller = Teller()
    teller.start()
    teller.becomes("thinking")
    teller.becomes("calling_tool")
    for _ in range(2):
        teller.invoke("get_balance", None)
    for _ in range(2):
        teller.finish("get_balance", None)
    teller.becomes("thinking")
    teller.answer(output=None)
    assert judge_trace(teller.events) == []
    assert rules_of(teller.events) == {"SEQ-4", "SEQ-9"}


def test_a_redelivered_event_counts_once_even_with_a_new_number() -> None:
    events = EXAMPLES["question_redelivered"]().events
    assert events[3]["event_id"] == events[4]["event_id"]
    events[4] = {**events[4], "sequence_number": 4}
    for number, event in enumerate(events):
        event["sequence_number"] = number
    assert rules_of(events) == set()


# How it reports


def test_findings_come_in_the_order_of_the_trace_with_the_end_last() -> None:
    events = EXAMPLES["simple_answer"]().events[:-1]
    events[2]["urgency"] = "high"
    events[4]["chunk"] = None
    indexes = [finding.index for finding in judge_trace(events, house=True)]
    assert indexes[-1] == -1
    assert indexes[:-1] == sorted(indexes[:-1])


def test_explain_names_event_rule_strength_and_session() -> None:
    text = explain(
        [
            Finding("SEQ-9", "position 3, but 2 code points came before", 4, "sess_one"),
            Finding("SEQ-2", "the session never ends", -1, "sess_one"),
            Finding("D8", "chunk reads like a dict", 0, "", "H"),
        ]
    )
    assert text.splitlines() == [
        "3 findings:",
        "  sess_one",
        "    event 4: SEQ-9 (must): position 3, but 2 code points came before",
        "    at the end: SEQ-2 (must): the session never ends",
        "  (no session)",
        "    event 0: D8 (house rule): chunk reads like a dict",
    ]


def test_explain_says_when_there_is_nothing() -> None:
    assert explain([]) == "no findings"


def test_a_finding_never_repeats_the_secret() -> None:
    events = EXAMPLES["tool_call"]().events
    secret = "sk-" + "a1B2" * 6
    events[3]["args_summary"] = f"password={secret}"
    findings = judge_trace(events, house=True)
    assert any(finding.rule == "SEC-1" for finding in findings)
    assert secret not in explain(f for f in findings if f.rule == "SEC-1")
