"""The table of what is legal, pinned case by case: moves so far, the next one, the rule it would break."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from aaep_helpers import events as e
from aaep_helpers.catalogue import Summary
from aaep_helpers.errors import ProtocolError, UnknownSessionError
from aaep_helpers.events import OutputClosed, StateChanged, TextDelta
from aaep_helpers.session import (
    GUARDS,
    PHASES,
    STATE_PRIORITY,
    AddText,
    Ask,
    CloseOutput,
    InvokeTool,
    Move,
    Outcome,
    Phase,
    Resolve,
    Revoke,
    SessionMachine,
    Step,
)

SAID = Summary.words("So it is.")


def start() -> e.SessionStarted:
    return e.SessionStarted(summary=SAID)


def go(from_state: str, to_state: str) -> e.StateChanged:
    return e.StateChanged(from_state=from_state, to_state=to_state, summary=SAID)


def invoke(
    call: str = "call_1",
    *,
    tool: str = "look_up",
    irreversible: bool | None = None,
    confirmed_by: str | None = None,
) -> InvokeTool:
    payload = e.ToolInvoked(tool=tool, tool_call_id=call, summary=SAID, irreversible=irreversible)
    return InvokeTool(payload, tool.replace("_", " "), confirmed_by)


def complete(call: str = "call_1", *, tool: str = "look_up") -> e.ToolCompleted:
    return e.ToolCompleted(tool=tool, tool_call_id=call, status="success", summary=SAID)


def confirm(
    token: str = "rpl_1",
    *,
    action: str = "Delete the letter",
    call: str | None = None,
    irreversible: bool | None = True,
    reversibility: str | None = None,
) -> Ask:
    payload = e.ConfirmationRequested(
        action=action,
        consequence="It is gone.",
        reply_token=token,
        timeout_seconds=60,
        default_decision="reject",
        summary=SAID,
        irreversible=irreversible,
        reversibility="irreversible" if reversibility == "irreversible" else None,
    )
    return Ask(payload, call)


def clarify(token: str = "rpl_1") -> Ask:
    return Ask(
        e.ClarificationRequested(
            question="Which letter?", reply_token=token, timeout_seconds=60, summary=SAID
        )
    )


def resolve(outcome: Outcome, token: str = "rpl_1") -> Resolve:
    return Resolve(token, outcome, SAID)


def accepted(
    call: str | None = None, token: str = "rpl_1", irreversible: bool | None = True
) -> tuple[Move, ...]:
    asked = confirm(token, call=call, irreversible=irreversible, action=f"Do {token}")
    return asked, resolve(Outcome.ACCEPTED, token)


HANDOFF = e.HandoffRequested(reason="Too hard.", target_kind="human", summary=SAID)
PROGRESS = e.ProgressUpdated(progress=e.Progress(percent=1), summary=SAID)
COMPLETED = e.SessionCompleted(summary=SAID)
ERRORED = e.SessionErrored(summary=SAID, error_category="unknown")
CANCELLED = e.SessionCancelled(summary=SAID, cancelled_by="user")
TEXT = AddText("out_1", "Hello.")
CLOSE = CloseOutput("out_1")
ANY_TIME: tuple[Move, ...] = (PROGRESS, HANDOFF, COMPLETED, ERRORED, CANCELLED)

# One move of each kind, with what must have happened in a live session for it to be legal.
EVERY_MOVE: dict[type, tuple[tuple[Move, ...], Move]] = {
    e.SessionStarted: ((), start()),
    e.StateChanged: ((), go("idle", "thinking")),
    e.ProgressUpdated: ((), PROGRESS),
    InvokeTool: ((), invoke()),
    e.ToolCompleted: ((invoke(),), complete()),
    AddText: ((), TEXT),
    CloseOutput: ((TEXT,), CLOSE),
    Ask: ((), confirm()),
    Resolve: ((confirm(),), resolve(Outcome.REJECTED)),
    Revoke: (accepted(), Revoke("rpl_1", SAID)),
    e.HandoffRequested: ((), HANDOFF),
    e.SessionCompleted: ((), COMPLETED),
    e.SessionErrored: ((), ERRORED),
    e.SessionCancelled: ((), CANCELLED),
}


@dataclass(frozen=True)
class Case:
    """In a session that has started and made these moves, the next one breaks this rule, or none."""

    name: str
    before: tuple[Move, ...]
    move: Move
    rule: str | None = None
    field: str = ""


CASES = (
    # SEQ-3 and SEQ-11: the state that is said.
    Case("leaves idle first", (), go("idle", "thinking")),
    Case("leaves a state it is not in", (), go("thinking", "idle"), "SEQ-3", "from_state"),
    Case(
        "leaves a state it was in",
        (go("idle", "thinking"), go("thinking", "deciding")),
        go("thinking", "idle"),
        "SEQ-3",
        "from_state",
    ),
    Case("says the same state again", (go("idle", "thinking"),), go("thinking", "thinking")),
    Case("a state of its own", (), go("idle", "reading_mail")),
    Case("awaits input before it asks", (), go("idle", "awaiting_input")),
    Case("idles again with nothing open", (go("idle", "thinking"),), go("thinking", "idle")),
    Case(
        "thinks while a question is open",
        (confirm(),),
        go("awaiting_input", "thinking"),
        "SEQ-11",
        "to_state",
    ),
    Case("awaits while a question is open", (confirm(),), go("awaiting_input", "awaiting_input")),
    Case(
        "calls a tool in words while a question is open",
        (invoke(), confirm()),
        go("awaiting_input", "calling_tool"),
        "SEQ-11",
        "to_state",
    ),
    Case(
        "writes while a tool runs",
        (invoke(),),
        go("calling_tool", "writing_output"),
        "SEQ-11",
        "to_state",
    ),
    Case("awaits while a tool runs", (invoke(),), go("calling_tool", "awaiting_input")),
    Case("thinks beside an open output", (TEXT,), go("writing_output", "thinking")),
    Case(
        "idles beside an open output", (TEXT,), go("writing_output", "idle"), "SEQ-11", "to_state"
    ),
    Case("thinks after a tool", (invoke(), complete()), go("thinking", "deciding")),
    # SEQ-4: tools in pairs.
    Case("two tools at once", (invoke(),), invoke("call_2")),
    Case("the same tool twice at once", (invoke(),), invoke("call_2")),
    Case("a call that is running", (invoke(),), invoke(), "SEQ-4", "tool_call_id"),
    Case("a call that has ended", (invoke(), complete()), invoke(), "SEQ-4", "tool_call_id"),
    Case("an end without a beginning", (), complete(), "SEQ-4", "tool_call_id"),
    Case("an end twice", (invoke(), complete()), complete(), "SEQ-4", "tool_call_id"),
    Case("the end of another call", (invoke(),), complete("call_2"), "SEQ-4", "tool_call_id"),
    Case("the end of another tool", (invoke(),), complete(tool="send"), "SEQ-4", "tool"),
    Case("ends in another order", (invoke(), invoke("call_2")), complete()),
    Case("ends while a question is open", (invoke(), confirm()), complete()),
    # SEQ-6: what cannot be undone needs a yes.
    Case("irreversible and never asked", (), invoke(irreversible=True), "SEQ-6", "irreversible"),
    Case(
        "irreversible while it is asked",
        (confirm(),),
        invoke(irreversible=True),
        "SEQ-6",
        "irreversible",
    ),
    Case("irreversible and accepted", accepted(), invoke(irreversible=True)),
    Case("accepted for this very call", accepted("call_1"), invoke(irreversible=True)),
    Case(
        "accepted for another call",
        accepted("call_2"),
        invoke(irreversible=True),
        "SEQ-6",
        "irreversible",
    ),
    Case(
        "accepted as something that can be undone",
        accepted(irreversible=False),
        invoke(irreversible=True),
        "SEQ-6",
        "irreversible",
    ),
    Case(
        "accepted without a word on whether it can be undone",
        accepted(irreversible=None),
        invoke(irreversible=True),
        "SEQ-6",
        "irreversible",
    ),
    Case(
        "CNF-2: accepted as irreversible by its reversibility",
        (
            confirm(irreversible=None, reversibility="irreversible"),
            resolve(Outcome.ACCEPTED),
        ),
        invoke(irreversible=True),
    ),
    Case(
        "CNF-16: one yes for two calls",
        (*accepted(), invoke(irreversible=True)),
        invoke("call_2", irreversible=True),
        "SEQ-6",
        "irreversible",
    ),
    Case(
        "a yes that was named for a harmless call is used up",
        (*accepted(), invoke(confirmed_by="rpl_1")),
        invoke("call_2", irreversible=True),
        "SEQ-6",
        "irreversible",
    ),
    Case(
        "a harmless call leaves the yes alone",
        (*accepted(), invoke()),
        invoke("call_2", irreversible=True),
    ),
    Case(
        "by a token nobody gave",
        accepted(),
        invoke(irreversible=True, confirmed_by="rpl_2"),
        "SEQ-6",
        "irreversible",
    ),
    Case("by the token itself", accepted(), invoke(irreversible=True, confirmed_by="rpl_1")),
    Case(
        "by a token for another call",
        (*accepted("call_2"), *accepted(None, "rpl_2")),
        invoke(irreversible=True, confirmed_by="rpl_1"),
        "SEQ-6",
        "irreversible",
    ),
    Case(
        "the yes that fits, though an older one does not",
        (*accepted("call_2"), *accepted(None, "rpl_2")),
        invoke(irreversible=True),
    ),
    Case(
        "a yes that was taken back",
        (*accepted(), Revoke("rpl_1", SAID)),
        invoke(irreversible=True),
        "SEQ-6",
        "irreversible",
    ),
    Case(
        "an answer to a clarification is no yes",
        (clarify(), resolve(Outcome.ACCEPTED)),
        invoke(irreversible=True),
        "SEQ-6",
        "irreversible",
    ),
    *(
        Case(
            f"{outcome} is no yes",
            (confirm(), resolve(outcome)),
            invoke(irreversible=True),
            "SEQ-6",
            "irreversible",
        )
        for outcome in Outcome
        if outcome is not Outcome.ACCEPTED
    ),
    Case(
        "asked when it already runs", (invoke(),), confirm(call="call_1"), "SEQ-6", "tool_call_id"
    ),
    Case("asked while another runs", (invoke("call_2"),), confirm(call="call_1")),
    # SEQ-7: a no is for good.
    *(
        Case(
            f"a call whose question ended {outcome}",
            (confirm(call="call_1"), resolve(outcome)),
            invoke(),
            "SEQ-7",
            "tool_call_id",
        )
        for outcome in Outcome
        if outcome is not Outcome.ACCEPTED
    ),
    Case(
        "another call after a no",
        (confirm(call="call_1"), resolve(Outcome.REJECTED)),
        invoke("call_2"),
    ),
    Case(
        "a call whose yes was taken back",
        (*accepted("call_1"), Revoke("rpl_1", SAID)),
        invoke(),
        "SEQ-7",
        "tool_call_id",
    ),
    Case(
        "asked again about a refused call",
        (confirm(call="call_1"), resolve(Outcome.REJECTED)),
        confirm("rpl_2", call="call_1"),
        "SEQ-7",
        "tool_call_id",
    ),
    Case(
        "asked about a call that has ended",
        (invoke(), complete()),
        confirm(call="call_1"),
        "SEQ-7",
        "tool_call_id",
    ),
    Case(
        "asked again without a call",
        (confirm(), resolve(Outcome.REJECTED)),
        confirm("rpl_2"),
    ),
    # SEQ-9: outputs.
    Case("more text", (TEXT,), TEXT),
    Case("two outputs at once", (TEXT,), AddText("out_2", "Hello.")),
    Case("text after the end", (TEXT, CLOSE), TEXT, "SEQ-9", "output_id"),
    Case("no text after the end", (TEXT, CLOSE), AddText("out_1", "")),
    Case("ended twice", (TEXT, CLOSE), CLOSE, "SEQ-9", "output_id"),
    Case("ended without text", (), CLOSE),
    Case("text after an end without text", (CLOSE,), TEXT),
    Case("another output after the end", (TEXT, CLOSE), AddText("out_2", "Hello.")),
    Case("text beside a tool and a question", (invoke(), confirm()), TEXT),
    # SEQ-10 and CNF-4: questions.
    Case("the same action while it is asked", (confirm(),), confirm("rpl_2"), "SEQ-10", "action"),
    Case(
        "the same action in other spaces and capitals",
        (confirm(),),
        confirm("rpl_2", action=" delete  THE letter "),
        "SEQ-10",
        "action",
    ),
    Case("another action meanwhile", (confirm(),), confirm("rpl_2", action="Burn it")),
    Case("the same action later", (confirm(), resolve(Outcome.TIMED_OUT)), confirm("rpl_2")),
    Case("a clarification meanwhile", (confirm(),), clarify("rpl_2")),
    Case("the same clarification twice", (clarify(),), clarify("rpl_2")),
    Case("a token that is open", (confirm(),), clarify(), "CNF-4", "reply_token"),
    Case(
        "a token that was used",
        (confirm(), resolve(Outcome.REJECTED)),
        confirm(action="Burn it"),
        "CNF-4",
        "reply_token",
    ),
    Case("an end nobody asked for", (), resolve(Outcome.REJECTED), "CNF-4", "reply_token"),
    Case(
        "a question that ends twice",
        (confirm(), resolve(Outcome.REJECTED)),
        resolve(Outcome.ACCEPTED),
        "CNF-4",
        "reply_token",
    ),
    Case(
        "the end of another question",
        (confirm(),),
        resolve(Outcome.ACCEPTED, "rpl_2"),
        "CNF-4",
        "reply_token",
    ),
    Case("a yes nobody gave is taken back", (), Revoke("rpl_1", SAID), "CNF-4", "reply_token"),
    Case("an open question is no yes", (confirm(),), Revoke("rpl_1", SAID), "CNF-4", "reply_token"),
    Case(
        "a no is taken back",
        (confirm(), resolve(Outcome.REJECTED)),
        Revoke("rpl_1", SAID),
        "CNF-4",
        "reply_token",
    ),
    Case(
        "a used yes is taken back",
        (*accepted(), invoke(irreversible=True)),
        Revoke("rpl_1", SAID),
        "CNF-4",
        "reply_token",
    ),
    Case(
        "a yes is taken back twice",
        (*accepted(), Revoke("rpl_1", SAID)),
        Revoke("rpl_1", SAID),
        "CNF-4",
        "reply_token",
    ),
    # What never needs more than a live session.
    *(
        Case(f"{type(move).__name__} with everything open", (invoke(), TEXT, confirm()), move)
        for move in ANY_TIME
    ),
)


def machine_after(*moves: Move) -> SessionMachine:
    machine = SessionMachine("sess_1")
    for move in moves:
        machine.apply(move, 1_000)
    return machine


def refused(machine: SessionMachine, move: Move) -> ProtocolError:
    """The error of an illegal move, which changed nothing, whether it was only checked or made."""
    before = copy.deepcopy(machine.state)
    with pytest.raises(ProtocolError) as checked:
        machine.check(move)
    with pytest.raises(ProtocolError) as applied:
        machine.apply(move, 2_000)
    assert machine.state == before
    assert str(checked.value) == str(applied.value)
    assert checked.value.session_id == "sess_1"
    return applied.value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_move_is_legal_or_names_the_rule_it_breaks_and_changes_nothing(case: Case) -> None:
    machine = machine_after(start(), *case.before)
    if case.rule is None:
        before = copy.deepcopy(machine.state)
        machine.check(case.move)
        assert machine.state == before
        machine.apply(case.move, 2_000)
        return
    error = refused(machine, case.move)
    assert (error.rule, error.field) == (case.rule, case.field)
    assert type(error) is ProtocolError
    assert "{" not in error.message


@pytest.mark.parametrize("kind", PHASES, ids=lambda kind: kind.__name__)
def test_seq_1_and_seq_2_every_move_belongs_to_one_phase(kind: type) -> None:
    before, move = EVERY_MOVE[kind]
    assert type(move) is kind
    over = (start(), COMPLETED)

    if PHASES[kind] is Phase.NEW:
        machine_after(move)
        error = refused(machine_after(start()), move)
        assert (type(error), error.rule) == (ProtocolError, "SEQ-1")
    else:
        machine_after(start(), *before, move)
        error = refused(machine_after(), move)
        assert (type(error), error.rule) == (UnknownSessionError, "SEQ-1")
    error = refused(machine_after(*over), move)
    assert (type(error), error.rule) == (UnknownSessionError, "SEQ-2")


@pytest.mark.parametrize("end", [COMPLETED, ERRORED, CANCELLED], ids=lambda end: type(end).__name__)
def test_seq_2_every_end_ends_the_session(end: e.TerminalPayload) -> None:
    machine = machine_after(start(), end)
    assert machine.state.phase is Phase.ENDED
    assert refused(machine, PROGRESS).rule == "SEQ-2"


def broken_guards() -> Iterator[int]:
    """The guard each illegal case runs into, by identity."""
    for case in CASES:
        if case.rule is not None:
            machine = machine_after(start(), *case.before)
            yield next(
                id(guard)
                for guard in GUARDS[type(case.move)]
                if not guard.holds(machine.state, case.move)
            )


def test_every_guard_has_a_case_that_breaks_it() -> None:
    broken = set(broken_guards())
    untested = [
        f"{kind.__name__}: {guard.message}"
        for kind, guards in GUARDS.items()
        for guard in guards
        if id(guard) not in broken
    ]
    assert not untested


def test_every_move_with_guards_has_a_case_that_keeps_them() -> None:
    legal = {type(case.move) for case in CASES if case.rule is None}
    # A question's end and a taken-back yes are legal in the table by phase above.
    assert set(GUARDS) - legal == {Resolve, Revoke}
    assert set(GUARDS) <= set(PHASES) == set(EVERY_MOVE)


def open_things(*names: str) -> tuple[Move, ...]:
    opened: dict[str, Move] = {"question": clarify(), "tool": invoke(), "output": TEXT}
    return tuple(opened[name] for name in names)


@pytest.mark.parametrize(
    ("names", "state"),
    [
        (("output",), "writing_output"),
        (("tool",), "calling_tool"),
        (("question",), "awaiting_input"),
        (("tool", "output"), "calling_tool"),
        (("output", "tool"), "calling_tool"),
        (("output", "question"), "awaiting_input"),
        (("question", "tool"), "awaiting_input"),
        (("question", "output"), "awaiting_input"),
        (("output", "tool", "question"), "awaiting_input"),
        (("question", "tool", "output"), "awaiting_input"),
    ],
)
def test_seq_11_what_is_open_decides_the_state(names: tuple[str, ...], state: str) -> None:
    assert machine_after(start(), *open_things(*names)).state.state == state
    assert [name for name, _ in STATE_PRIORITY] == [
        "awaiting_input",
        "calling_tool",
        "writing_output",
    ]


@pytest.mark.parametrize(
    ("names", "move", "state"),
    [
        (("output",), CLOSE, "thinking"),
        (("tool",), complete(), "thinking"),
        (("question",), resolve(Outcome.ANSWERED), "thinking"),
        (("output", "tool"), complete(), "writing_output"),
        (("output", "tool"), CLOSE, "calling_tool"),
        (("tool", "question"), resolve(Outcome.ANSWERED), "calling_tool"),
        (("output", "question"), resolve(Outcome.ANSWERED), "writing_output"),
        (("tool", "question"), complete(), "awaiting_input"),
    ],
)
def test_seq_11_what_is_left_open_decides_the_state(
    names: tuple[str, ...], move: Move, state: str
) -> None:
    machine = machine_after(start(), *open_things(*names))
    before = machine.state.state
    steps = machine.apply(move, 1_000)
    assert machine.state.state == state
    told = [(step.from_state, step.to_state) for step in steps if isinstance(step, StateChanged)]
    assert told == ([] if before == state else [(before, state)])


@pytest.mark.parametrize("outcome", Outcome)
def test_seq_7_every_resolution_is_followed_by_a_state_even_the_same_one(outcome: Outcome) -> None:
    machine = machine_after(start(), confirm(), clarify("rpl_2"))
    assert machine.apply(resolve(outcome), 1_000) == [
        StateChanged(from_state="awaiting_input", to_state="awaiting_input", summary=SAID)
    ]
    assert machine.apply(resolve(Outcome.ANSWERED, "rpl_2"), 1_000) == [
        StateChanged(from_state="awaiting_input", to_state="thinking", summary=SAID)
    ]


def brief(step: Step) -> str:
    match step:
        case StateChanged():
            return f"{step.from_state} -> {step.to_state}"
        case e.ToolCompleted():
            return f"{step.tool_call_id} {step.status}"
        case TextDelta():
            return f"{step.output_id} {step.text}"
        case OutputClosed():
            return f"{step.output_id} closed"
        case _:
            return type(step).__name__


def test_seq_8_a_question_comes_after_the_state_that_says_so() -> None:
    machine = machine_after(start())
    assert [brief(step) for step in machine.apply(confirm(), 1_000)] == [
        "idle -> awaiting_input",
        "ConfirmationRequested",
    ]
    assert [brief(step) for step in machine.apply(clarify("rpl_2"), 1_000)] == [
        "ClarificationRequested"
    ]


def test_seq_4_a_tool_ends_before_the_state_that_leaves_it() -> None:
    machine = machine_after(start(), invoke())
    assert [brief(step) for step in machine.apply(complete(), 1_000)] == [
        "call_1 success",
        "calling_tool -> thinking",
    ]


def test_seq_12_an_end_closes_everything_first() -> None:
    machine = machine_after(
        start(), TEXT, invoke(), invoke("call_2", tool="send"), confirm(), clarify("rpl_2")
    )
    steps = machine.apply(COMPLETED, 5_000)
    assert [brief(step) for step in steps] == [
        "out_1 closed",
        "call_1 timeout",
        "call_2 timeout",
        "awaiting_input -> awaiting_input",
        "awaiting_input -> thinking",
        "thinking -> idle",
        "SessionCompleted",
    ]
    ended = [step for step in steps if isinstance(step, e.ToolCompleted)]
    assert [(step.tool, step.duration_ms) for step in ended] == [
        ("look_up", 4_000),
        ("send", 4_000),
    ]
    state = machine.state
    assert not any((state.tools, state.outputs, state.questions, state.accepts))


def test_a_clock_set_back_gives_no_negative_duration() -> None:
    machine = SessionMachine("sess_1")
    machine.apply(start(), 9_000)
    machine.apply(invoke(), 9_000)
    steps = machine.apply(CANCELLED, 1_000)
    assert [step.duration_ms for step in steps if isinstance(step, e.ToolCompleted)] == [0]


def test_seq_9_positions_are_counted_in_code_points() -> None:
    machine = machine_after(start())
    told = [
        step
        for text in ("👩‍👩‍👧", "é", "", "x")
        for step in machine.apply(AddText("out_1", text), 1_000)
        if isinstance(step, TextDelta)
    ]
    assert [(step.text, step.position) for step in told] == [("👩‍👩‍👧", 0), ("é", 5), ("x", 6)]
