"""The table of judged rules: id, case, strength and the function that judges it.

Boundary: the one list; a rule that is not here is not judged, and NOT_VISIBLE says why. The
functions and how they read each rule are in conformance.judging. Failure policy: none of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from conformance.findings import Finding, Strength
from conformance.judging import (
    activity,
    envelope,
    numbering,
    order,
    outputs,
    payloads,
    questions,
    speech,
    tools,
    wire,
)
from conformance.judging.trace import Fault, Heard, Session, Trace

EventCheck = Callable[[Heard], Iterator[Fault]]
SessionCheck = Callable[[Session], Iterator[Fault]]
TraceCheck = Callable[[Trace], Iterator[Fault]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One judged rule, or one case of it.

    Attributes:
        id: the rule's id in RULES; PAYLOAD for section 2's table of fields, D8 for plain speech.
        strength: M for a must, S for a should, H for a house rule.
        check: the function that judges it; its docstring says how the rule is read.
        run: applies the check to all it is about in a trace, giving faults with session ids.
    """

    id: str
    strength: Strength
    check: Callable[..., Iterator[Fault]]
    run: Callable[[Trace], Iterator[tuple[str, Fault]]]

    @property
    def case(self) -> str:
        """The rule id and the case, such as ``SEQ-9/positions``."""
        return f"{self.id}/{self.check.__name__}"

    def findings(self, trace: Trace) -> Iterator[Finding]:
        """What this rule finds in a trace."""
        for session_id, fault in self.run(trace):
            index = -1 if fault.at is None else fault.at.index
            yield Finding(self.id, fault.message, index, session_id, self.strength)


def _each_event(rule_id: str, strength: Strength, check: EventCheck) -> Rule:
    def run(trace: Trace) -> Iterator[tuple[str, Fault]]:
        for event in trace.heard:
            if event.index not in trace.copies:
                yield from ((event.session_id, fault) for fault in check(event))

    return Rule(rule_id, strength, check, run)


def _each_session(rule_id: str, strength: Strength, check: SessionCheck) -> Rule:
    def run(trace: Trace) -> Iterator[tuple[str, Fault]]:
        for session in trace.sessions:
            yield from ((session.session_id, fault) for fault in check(session))

    return Rule(rule_id, strength, check, run)


def _whole_trace(rule_id: str, strength: Strength, check: TraceCheck) -> Rule:
    def run(trace: Trace) -> Iterator[tuple[str, Fault]]:
        for fault in check(trace):
            yield (fault.at.session_id if fault.at else ""), fault

    return Rule(rule_id, strength, check, run)


def top_level_fields(event: Heard) -> Iterator[Fault]:
    """ENV-4: see envelope.top_level_fields, which is given section 2's table of fields here."""
    return envelope.top_level_fields(event, payloads.PAYLOAD_FIELDS)


RULES: Final[tuple[Rule, ...]] = (
    _each_event("ENV-1", "M", envelope.required_fields),
    _each_event("ENV-1", "M", envelope.identifiers),
    _each_event("ENV-1", "M", envelope.timestamp_form),
    _each_event("ENV-1", "M", envelope.producer_object),
    _each_event("ENV-1", "M", envelope.optional_fields),
    _each_event("ENV-1", "M", envelope.hints_form),
    _each_event("ENV-1", "H", envelope.hints_with_text),
    _each_event("ENV-2", "M", envelope.context_form),
    _each_event("ENV-3", "M", envelope.known_core_type),
    _each_event("ENV-4", "M", top_level_fields),
    _each_event("ENV-5", "M", envelope.declared_extensions),
    _each_event("ENV-6", "M", wire.json_values),
    _each_event("ENV-6", "S", wire.normal_form),
    _each_event("ENV-7", "S", wire.soft_limits),
    _whole_trace("ENV-8", "M", numbering.unique_event_ids),
    _each_session("ENV-9", "M", numbering.monotone_timestamps),
    _each_session("ENV-10", "M", numbering.numbers_all_or_none),
    _each_session("ENV-10", "M", numbering.numbers_count_up),
    _each_session("SUB-13", "H", numbering.filtered_numbers_gapless),
    _each_event("PAYLOAD", "M", payloads.payload_fields),
    _each_session("TYP-1", "M", activity.text_has_hint),
    _each_session("TYP-1", "M", activity.tools_in_state),
    _each_session("TYP-1", "M", activity.text_in_state),
    _each_session("TYP-1", "M", activity.thinking_heard),
    _each_session("TYP-1", "M", activity.states_left),
    _each_event("TYP-2", "M", payloads.announced_summary),
    _each_event("TYP-2", "H", payloads.critical_summary),
    _each_session("TYP-3", "M", order.never_reopens),
    _each_session("TYP-4", "M", activity.handoff_announced),
    _each_event("TYP-5", "M", payloads.critical_urgency),
    _each_session("SEQ-1", "M", order.starts_once),
    _each_session("SEQ-2", "M", order.ends_once),
    _each_session("SEQ-3", "M", order.states_chain),
    _each_session("SEQ-3", "H", order.states_chain_exactly),
    _each_session("SEQ-4", "M", tools.calls_complete),
    _each_session("SEQ-4", "M", tools.calls_complete_in_state),
    _each_session("SEQ-4", "H", tools.calls_have_ids),
    _each_session("SEQ-6", "M", questions.irreversible_after_accept),
    _each_session("SEQ-6", "H", questions.one_accept_one_call),
    _each_session("SEQ-7", "M", questions.nothing_invoked_after_reject),
    _each_session("SEQ-7", "M", questions.default_reject_shows),
    _each_session("SEQ-7", "H", questions.each_resolution_shows),
    _each_session("SEQ-8", "H", questions.asked_in_awaiting_input),
    _each_session("SEQ-8", "H", questions.left_after_last_question),
    _each_session("SEQ-9", "M", outputs.positions),
    _each_session("SEQ-9", "M", outputs.completes_once),
    _each_session("SEQ-9", "M", outputs.completes_before_completion),
    _each_session("SEQ-9", "H", outputs.completes_before_any_end),
    _each_session("SEQ-9", "H", outputs.outputs_have_ids),
    _each_session("SEQ-9", "H", outputs.outputs_have_text),
    _each_session("SEQ-10", "M", questions.asked_once),
    _each_session("SEQ-11", "H", activity.events_in_priority_state),
    _each_session("SEQ-11", "H", activity.changes_keep_priority),
    _each_session("SEQ-11", "H", activity.states_have_cause),
    _each_session("SEQ-11", "H", activity.idle_only_at_the_edges),
    _each_session("SEQ-12", "H", order.nothing_open_at_completion),
    _each_session("SEQ-12", "H", order.idle_at_completion),
    _each_event("CNF-2", "M", payloads.default_must_reject),
    _each_event("CNF-2", "S", payloads.default_should_reject),
    _whole_trace("CNF-4", "M", questions.unique_tokens),
    _each_event("CNF-5", "M", payloads.default_response_parses),
    _each_event("CNF-14", "S", payloads.allowed_replies),
    _each_event("D8", "H", speech.for_people),
    _each_session("D8", "H", speech.output_for_people),
    _each_event("SEC-1", "M", speech.no_secrets),
    _each_session("SEC-1", "M", speech.no_secrets_in_output),
)

# Rules of sections 1 to 3, and neighbours of the judged ones in section 4, of which one listener's
# events show nothing.
NOT_VISIBLE: Final[dict[str, str]] = {
    "SEQ-5": "the side effect is in the tool; no event says when it begins",
    "CNF-1": "that an action is blocked shows only in the action (its order: SEQ-6)",
    "CNF-3": "replies and what was made of them are not events",
    "CNF-8": "the tokens' death shows only to a reply sent later",
    "CNF-9": "that tokens are opaque and no authority shows only to replies",
    "CNF-16": "a gate's questions cannot be told from others, nor an accept from a default",
}
