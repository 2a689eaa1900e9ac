"""Defects of a session as a whole: its order, states, tools, questions and text."""

from __future__ import annotations

from tests.conformance.mutating import (
    CLARIFY,
    CONFIRM,
    END,
    FINISHED,
    INVOKED,
    PROGRESS,
    START,
    STATE,
    TEXT,
    Change,
    Mutant,
    again,
    becomes,
    both,
    drop,
    edit,
    every,
    lose,
    move,
    place,
)
from tests.conformance.traces import Event, at

# Reasons that several mutants share.
STALE = "the state told is not the one that has priority"
UNFINISHED = "what is open at completion is open"
LEFT_OPEN = "the state is left while the tool still counts as running"
AFTER = "whatever is heard after the end is"
WAY_OUT = "the state before idle is never left"


def _utf16(events: list[Event]) -> None:
    """Positions as a language with UTF-16 strings counts them."""
    told = 0
    for event in events:
        if event["type"] == f"aaep:agent.{TEXT}":
            event["position"] = told
            told += len(event["chunk"].encode("utf-16-le")) // 2


def _utf8(events: list[Event]) -> None:
    told = 0
    for event in events:
        if event["type"] == f"aaep:agent.{TEXT}":
            event["position"] = told
            told += len(event["chunk"].encode())


def _cut_to_completion(kind: str) -> Change:
    """Nothing is heard between an event and the completion."""

    def change(events: list[Event]) -> None:
        del events[place(events, kind) + 1 : place(events, END)]

    return change


def _second_call(events: list[Event]) -> None:
    """The confirmed call is made twice."""
    for kind in (FINISHED, INVOKED):
        model = events[place(events, kind)]
        events.insert(place(events, FINISHED) + 1, {**model, "tool_call_id": "call_7"})


ORDER_MUTANTS = [
    Mutant("SEQ-1/starts_once", "no start", "unnumbered_answer", drop(START)),
    Mutant(
        "SEQ-1/starts_once", "a start come late", "unnumbered_answer", move(START, 0, 1), tidy=True
    ),
    Mutant(
        "SEQ-1/starts_once", "a second start", "unnumbered_answer", again(START, after=1), tidy=True
    ),
    Mutant("SEQ-2/ends_once", "no end", "simple_answer", drop(END), tidy=True),
    Mutant("SEQ-2/ends_once", "two ends", "simple_answer", again(END), tidy=True),
    Mutant("SEQ-2/ends_once", "an afterthought", "simple_answer", move(PROGRESS, 0, 5), tidy=True),
    Mutant(
        "TYP-3/never_reopens",
        "the next request in the same session",
        "unnumbered_answer",
        again(START, after=5),
        tidy=True,
        also={"SEQ-2": AFTER},
    ),
    Mutant(
        "TYP-3/never_reopens",
        "a whole second round",
        "unnumbered_answer",
        lambda events: events.extend([dict(event) for event in events]),
        tidy=True,
        also={"SEQ-2": AFTER},
    ),
    Mutant(
        "SEQ-3/states_chain",
        "a state nobody heard of",
        "simple_answer",
        edit(STATE, 1, from_state="deciding"),
    ),
    Mutant(
        "SEQ-3/states_chain",
        "not from idle",
        "simple_answer",
        edit(STATE, 0, from_state="thinking"),
    ),
    Mutant(
        "SEQ-3/states_chain_exactly",
        "back to thinking in silence after a tool",
        "tool_call",
        edit(STATE, 2, from_state="thinking"),
    ),
    Mutant(
        "SEQ-3/states_chain_exactly",
        "back to thinking in silence after the text",
        "simple_answer",
        edit(STATE, 2, from_state="thinking"),
    ),
    Mutant(
        "SEQ-12/nothing_open_at_completion",
        "completed with a clarification open",
        "clarification",
        _cut_to_completion(CLARIFY),
        tidy=True,
    ),
    Mutant(
        "SEQ-12/nothing_open_at_completion",
        "completed with a confirmation open",
        "confirmation_timed_out",
        _cut_to_completion(CONFIRM),
        tidy=True,
    ),
    Mutant(
        "SEQ-12/idle_at_completion",
        "completed while deciding",
        "handoff",
        edit(STATE, -1, to_state="deciding"),
    ),
    Mutant(
        "SEQ-12/idle_at_completion",
        "completed while resting",
        "simple_answer",
        edit(STATE, -1, to_state="resting"),
    ),
]

ACTIVITY_MUTANTS = [
    Mutant("TYP-1/text_has_hint", "no hint", "simple_answer", lose(TEXT, "coalesce_hint")),
    Mutant(
        "TYP-1/text_has_hint", "one without", "chunked_by_token", lose(TEXT, "coalesce_hint", 3)
    ),
    Mutant(
        "TYP-1/tools_in_state",
        "a tool while thinking",
        "tool_call",
        drop(STATE, 1),
        tidy=True,
        also={"SEQ-11": STALE},
    ),
    Mutant(
        "TYP-1/tools_in_state",
        "a tool in a state of its own",
        "tool_call",
        edit(STATE, 1, to_state="deciding"),
        tidy=True,
        also={"SEQ-11": STALE},
    ),
    Mutant(
        "TYP-1/text_in_state",
        "text while thinking",
        "simple_answer",
        drop(STATE, 1),
        tidy=True,
        also={"SEQ-11": STALE},
    ),
    Mutant(
        "TYP-1/text_in_state",
        "text in a state of its own",
        "chunked_by_completion",
        edit(STATE, 1, to_state="reading_aloud"),
        tidy=True,
        also={"SEQ-11": STALE},
    ),
    Mutant("TYP-1/thinking_heard", "never thinking", "simple_answer", drop(STATE, 0), tidy=True),
    Mutant(
        "TYP-1/thinking_heard",
        "deciding in place of thinking",
        "unnumbered_answer",
        edit(STATE, 0, to_state="deciding"),
        tidy=True,
    ),
    Mutant(
        "TYP-1/states_left",
        "completed while writing",
        "simple_answer",
        drop(STATE, -1),
        tidy=True,
        also={"SEQ-12": WAY_OUT},
    ),
    Mutant(
        "TYP-1/states_left",
        "completed while thinking",
        "tool_call",
        edit(STATE, -1, to_state="thinking"),
        also={"SEQ-12": WAY_OUT},
    ),
    Mutant(
        "TYP-4/handoff_announced", "no request", "handoff", drop("handoff.requested"), tidy=True
    ),
    Mutant(
        "TYP-4/handoff_announced",
        "handing off and failing",
        "errored_with_open_tool",
        edit(STATE, -1, to_state="handing_off"),
    ),
    Mutant(
        "SEQ-11/events_in_priority_state",
        "text after the tool, still in calling_tool",
        "tool_call",
        both(drop(STATE, 2), drop(STATE, 2)),
        tidy=True,
    ),
    Mutant(
        "SEQ-11/events_in_priority_state",
        "a tool announced before its state",
        "text_with_tool",
        move(INVOKED, 0, -1),
        tidy=True,
    ),
    Mutant(
        "SEQ-11/changes_keep_priority",
        "after the question back to thinking, past the tool",
        "confirmation_while_a_tool_runs",
        becomes("thinking", before=FINISHED),
        tidy=True,
    ),
    Mutant(
        "SEQ-11/changes_keep_priority",
        "text takes the state from the tool",
        "text_with_tool",
        becomes("writing_output", before=TEXT, nth=1),
        tidy=True,
    ),
    Mutant(
        "SEQ-11/states_have_cause",
        "calling_tool without a tool",
        "simple_answer",
        becomes("calling_tool", before=PROGRESS),
        tidy=True,
    ),
    Mutant(
        "SEQ-11/states_have_cause",
        "writing_output without text",
        "errored_with_open_tool",
        edit(STATE, -1, to_state="writing_output"),
    ),
    Mutant(
        "SEQ-11/idle_only_at_the_edges",
        "idle in between",
        "simple_answer",
        becomes("idle", before=STATE, nth=1),
        tidy=True,
    ),
    Mutant(
        "SEQ-11/idle_only_at_the_edges",
        "idle between two answers",
        "text_with_tool",
        edit(STATE, 4, to_state="idle"),
        tidy=True,
    ),
]

TOOL_MUTANTS = [
    Mutant(
        "SEQ-4/calls_complete",
        "one of several never completed",
        "parallel_tools",
        drop(FINISHED),
        tidy=True,
        also={"SEQ-11": LEFT_OPEN, "SEQ-12": UNFINISHED},
    ),
    Mutant(
        "SEQ-4/calls_complete",
        "never completed before the error",
        "errored_with_open_tool",
        drop(FINISHED),
        tidy=True,
        also={"SEQ-11": LEFT_OPEN},
    ),
    Mutant("SEQ-4/calls_complete", "never invoked", "tool_call", drop(INVOKED), tidy=True),
    Mutant("SEQ-4/calls_complete", "completed twice", "tool_call", again(FINISHED), tidy=True),
    Mutant("SEQ-4/calls_complete", "another tool", "tool_call", edit(FINISHED, tool="get_rate")),
    Mutant(
        "SEQ-4/calls_complete", "another call", "tool_call", edit(FINISHED, tool_call_id="call_2")
    ),
    Mutant(
        "SEQ-4/calls_complete_in_state",
        "the state leaves first",
        "tool_call",
        move(STATE, 2, -1),
        tidy=True,
        also={"SEQ-11": LEFT_OPEN},
    ),
    Mutant(
        "SEQ-4/calls_complete_in_state",
        "the state leaves for text first",
        "text_with_tool",
        move(FINISHED, 0, 1),
        tidy=True,
        also={"SEQ-11": LEFT_OPEN},
    ),
    Mutant(
        "SEQ-4/calls_have_ids",
        "paired by name only",
        "tool_call",
        both(lose(INVOKED, "tool_call_id"), lose(FINISHED, "tool_call_id")),
    ),
    Mutant(
        "SEQ-4/calls_have_ids",
        "an id used again",
        "parallel_tools",
        both(edit(INVOKED, 3, tool_call_id="call_2"), edit(FINISHED, 3, tool_call_id="call_2")),
    ),
]

QUESTION_MUTANTS = [
    Mutant(
        "SEQ-6/irreversible_after_accept",
        "never asked",
        "tool_call",
        edit(INVOKED, irreversible=True),
    ),
    Mutant(
        "SEQ-6/irreversible_after_accept",
        "announced while the question is open",
        "confirmation_accepted",
        drop(STATE, 2),
        tidy=True,
    ),
    Mutant(
        "SEQ-6/irreversible_after_accept",
        "announced before the question",
        "confirmation_while_a_tool_runs",
        both(edit(INVOKED, 0, irreversible=True), edit(INVOKED, 1, irreversible=False)),
    ),
    Mutant(
        "SEQ-6/irreversible_after_accept",
        "run though refused",
        "confirmation_accepted",
        lambda events: None,
        options={"accepted": []},
        also={"SEQ-7": "what was refused is invoked"},
    ),
    Mutant(
        "SEQ-6/one_accept_one_call",
        "two calls on one accept",
        "confirmation_accepted",
        _second_call,
        tidy=True,
    ),
    Mutant(
        "SEQ-6/one_accept_one_call",
        "two calls on one known accept",
        "confirmation_accepted_as_known",
        _second_call,
        tidy=True,
    ),
    Mutant(
        "SEQ-7/nothing_invoked_after_reject",
        "the refused call by its tool",
        "confirmation_rejected",
        edit(CONFIRM, extra_context={"tool": "get_balance"}),
    ),
    Mutant(
        "SEQ-7/nothing_invoked_after_reject",
        "the refused call by its words",
        "confirmation_rejected",
        edit(CONFIRM, action="Get balance of Ada's account"),
    ),
    Mutant(
        "SEQ-7/nothing_invoked_after_reject",
        "refused twice and run",
        "confirmation_asked_again_after_reject",
        lambda events: None,
        options={"accepted": []},
        also={"SEQ-6": "it is irreversible as well"},
    ),
    Mutant(
        "SEQ-7/default_reject_shows",
        "past its deadline in silence",
        "cancelled",
        edit("session.cancelled", timestamp=at(100_000)),
    ),
    Mutant(
        "SEQ-7/default_reject_shows",
        "past a short deadline in silence",
        "cancelled",
        both(edit(CONFIRM, timeout_seconds=1), edit("session.cancelled", timestamp=at(9_000))),
    ),
    Mutant(
        "SEQ-7/each_resolution_shows",
        "an outcome among others in silence",
        "parallel_confirmations",
        drop(STATE, 2),
        tidy=True,
    ),
    Mutant(
        "SEQ-7/each_resolution_shows",
        "two outcomes in one",
        "clarification",
        again(CLARIFY, reply_token="rpl_9", question="Which currency?"),
        tidy=True,
    ),
    Mutant(
        "SEQ-8/asked_in_awaiting_input",
        "asked while thinking",
        "confirmation_accepted",
        drop(STATE, 1),
        tidy=True,
    ),
    Mutant(
        "SEQ-8/asked_in_awaiting_input",
        "asked before the state",
        "clarification",
        move(CLARIFY, 0, -1),
        tidy=True,
    ),
    Mutant(
        "SEQ-8/left_after_last_question",
        "the answer reported, the state kept",
        "confirmation_accepted",
        edit(STATE, 2, to_state="awaiting_input"),
        tidy=True,
    ),
    Mutant(
        "SEQ-8/left_after_last_question",
        "both answers reported, the state kept",
        "parallel_confirmations",
        becomes("awaiting_input", before=INVOKED),
        tidy=True,
    ),
    Mutant(
        "SEQ-10/asked_once",
        "the same action twice",
        "parallel_confirmations",
        edit(CONFIRM, 1, action="Send 50 euros to Ada"),
    ),
    Mutant(
        "SEQ-10/asked_once",
        "the same action in other spacing",
        "cancelled",
        again(CONFIRM, reply_token="rpl_9", action="send 50  euros to Ada"),
        tidy=True,
    ),
    Mutant(
        "CNF-4/unique_tokens",
        "a token used again after its answer",
        "confirmation_asked_again_after_reject",
        edit(CONFIRM, 1, reply_token="rpl_1"),
        options={"accepted": ["rpl_1"]},
    ),
    Mutant(
        "CNF-4/unique_tokens",
        "one token for two open questions",
        "parallel_confirmations",
        edit(CONFIRM, 1, reply_token="rpl_1"),
    ),
]

OUTPUT_MUTANTS = [
    Mutant("SEQ-9/positions", "off by one", "simple_answer", edit(TEXT, 1, position=21)),
    Mutant("SEQ-9/positions", "UTF-16 units", "chunked_by_token", _utf16),
    Mutant("SEQ-9/positions", "bytes", "chunked_by_word", _utf8),
    Mutant(
        "SEQ-9/positions",
        "from 0 in each chunk",
        "simple_answer",
        every(TEXT, lambda event: event.update(position=0)),
    ),
    Mutant(
        "SEQ-9/completes_once", "complete too early", "simple_answer", edit(TEXT, 0, complete=True)
    ),
    Mutant(
        "SEQ-9/completes_once",
        "complete twice",
        "chunked_by_completion",
        again(TEXT, 0, chunk="", position=30),
        tidy=True,
    ),
    Mutant(
        "SEQ-9/completes_before_completion",
        "never complete",
        "simple_answer",
        edit(TEXT, 1, complete=False),
        also={"SEQ-12": UNFINISHED},
    ),
    Mutant(
        "SEQ-9/completes_before_completion",
        "the end marker lost",
        "text_with_tool",
        drop(TEXT, 3),
        tidy=True,
        also={"SEQ-12": UNFINISHED},
    ),
    Mutant(
        "SEQ-9/completes_before_any_end",
        "never complete before a cancellation",
        "cancelled",
        edit(TEXT, 1, complete=False),
    ),
    Mutant(
        "SEQ-9/completes_before_any_end",
        "the last chunk lost",
        "cancelled",
        drop(TEXT, 1),
        tidy=True,
    ),
    Mutant(
        "SEQ-9/outputs_have_ids",
        "no output_id",
        "simple_answer",
        every(TEXT, lambda event: event.pop("output_id")),
    ),
    Mutant("SEQ-9/outputs_have_ids", "none here", "tool_call", lose(TEXT, "output_id")),
    Mutant(
        "SEQ-9/outputs_have_text",
        "an empty chunk",
        "simple_answer",
        again(TEXT, 0, chunk="", position=22),
        tidy=True,
    ),
    Mutant(
        "SEQ-9/outputs_have_text",
        "an output that is an end only",
        "text_with_tool",
        again(TEXT, 0, output_id="out_9", chunk="", position=0, complete=True),
        tidy=True,
    ),
]
