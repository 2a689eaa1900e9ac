"""Random moves in one session, asked for without looking: what comes out is legal, or nothing comes out.

The machine alone, without emitter, threads or clock: its steps go through listening cores to the judge,
who is told which questions were accepted.
"""

from __future__ import annotations

import copy

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from aaep_helpers import events as e
from aaep_helpers import vocabulary as v
from aaep_helpers.catalogue import Summary, default_catalogue
from aaep_helpers.errors import ProtocolError, UnknownSessionError
from aaep_helpers.ids import make_id
from aaep_helpers.listening import ListeningCore, ListeningSettings
from aaep_helpers.rendering import Producer, Renderer
from aaep_helpers.session import (
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
)
from tests.aaep_helpers.ears import Event, assert_well_told

SESSION = "sess_1"
SAID = Summary.words("So it is.")
STARTED_MS = 1_800_000_000_000

# Few of each, so that moves meet; a question is about the call of its number, or about none.
calls = st.integers(1, 5)
statuses: st.SearchStrategy[v.ToolStatus] = st.sampled_from(("success", "error", "timeout"))
outputs = st.sampled_from(("out_1", "out_2", "out_3"))
picks = st.integers(0, 7)
seldom = st.integers(0, 9).map(lambda number: number == 0)
ENDS: tuple[Move, ...] = (
    e.SessionCompleted(summary=SAID),
    e.SessionErrored(summary=SAID, error_category="unknown"),
    e.SessionCancelled(summary=SAID, cancelled_by="user"),
)
# By the rules of the order of events: what a move may be refused for.
RULES = {"SEQ-1", "SEQ-2", "SEQ-3", "SEQ-4", "SEQ-6", "SEQ-7", "SEQ-9", "SEQ-10", "SEQ-11", "CNF-4"}


class SessionMoves(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.session = SessionMachine(SESSION)
        renderer = Renderer(Producer(agent_id="bank"), "en-US", default_catalogue(), {})
        self.cores = [
            ListeningCore(SESSION, ListeningSettings(boundary=boundary), renderer, b"key")
            for boundary in v.BOUNDARIES
        ]
        self.heard: list[list[Event]] = [[] for _ in self.cores]
        self.now_ms = STARTED_MS
        self.accepted: set[str] = set()
        self.refused_calls: set[str] = set()
        self.asked: dict[str, Ask] = {}
        self.changed = False

    def make(self, move: Move) -> bool:
        """Make a move that may be illegal; whether it was legal."""
        before = copy.deepcopy(self.session.state)
        self.now_ms += 10
        try:
            steps = self.session.apply(move, self.now_ms)
        except ProtocolError as error:
            refused: ProtocolError | None = error
            steps = []
        else:
            refused = None
        if refused is not None:
            assert refused.rule in RULES, str(refused)
            assert refused.session_id == SESSION
            assert self.session.state == before
            assert isinstance(refused, UnknownSessionError) == (before.phase is not Phase.LIVE)
            return False
        for step in steps:
            if isinstance(step, (e.TextDelta, e.OutputClosed)):
                text = e.TextFact(self.now_ms, step)
                for core, heard in zip(self.cores, self.heard, strict=True):
                    heard += core.feed_text(text)
            else:
                fact = e.Fact(
                    make_id("evt"), SESSION, self.now_ms, step, v.URGENCY_OF_TYPE[step.TYPE]
                )
                for core, heard in zip(self.cores, self.heard, strict=True):
                    heard += core.feed(fact)
        self.changed = bool(steps)
        return True

    @initialize()
    def start(self) -> None:
        assert not self.make(e.ProgressUpdated(progress=e.Progress(step=1), summary=SAID))
        assert self.make(e.SessionStarted(summary=SAID))
        assert self.heard[0]

    @rule(to_state=st.sampled_from(("thinking", "deciding", "looking_up")), knows=st.booleans())
    def change_state(self, to_state: str, knows: bool) -> None:
        from_state = self.session.state.state if knows else "elsewhere"
        legal = self.make(e.StateChanged(from_state=from_state, to_state=to_state, summary=SAID))
        assert not (legal and not knows)
        assert not (legal and (self.session.state.tools or self.session.state.questions))

    def invoke(self, call_id: str, irreversible: bool, confirmed_by: str | None = None) -> None:
        tool = call_id.replace("call", "tool")
        payload = e.ToolInvoked(
            tool=tool, tool_call_id=call_id, summary=SAID, irreversible=irreversible
        )
        unused = len(self.session.state.accepts)
        legal = self.make(InvokeTool(payload, tool.replace("_", " "), confirmed_by))
        assert not (legal and call_id in self.refused_calls)  # SEQ-7
        if legal and irreversible:  # SEQ-6: an accept is good for one call.
            assert len(self.session.state.accepts) == unused - 1

    @rule(call=calls, irreversible=seldom)
    def invoke_any(self, call: int, irreversible: bool) -> None:
        self.invoke(f"call_{call}", irreversible)

    @rule(which=picks, fresh=st.booleans(), names=st.booleans())
    def invoke_what_was_asked_about(self, which: int, fresh: bool, names: bool) -> None:
        if self.asked:
            token = list(self.asked)[which % len(self.asked)]
            number = 10 + len(self.session.state.closed_calls) + len(self.session.state.tools)
            call_id = self.asked[token].tool_call_id or f"call_{number if fresh else 1}"
            self.invoke(call_id, irreversible=True, confirmed_by=token if names else None)

    @rule(which=picks, wrong_call=seldom, wrong_tool=seldom, status=statuses)
    def complete(
        self, which: int, wrong_call: bool, wrong_tool: bool, status: v.ToolStatus
    ) -> None:
        running = list(self.session.state.tools) or ["call_1"]
        call_id = "call_99" if wrong_call else running[which % len(running)]
        tool = "tool_98" if wrong_tool else call_id.replace("call", "tool")
        is_right = call_id in self.session.state.tools and not wrong_tool
        assert is_right == self.make(
            e.ToolCompleted(tool=tool, tool_call_id=call_id, status=status, summary=SAID)
        )

    @rule(output=outputs, text=st.sampled_from(("", "One. ", "Two ", "three", "\n\n", "👩‍👩‍👧")))
    def add_text(self, output: str, text: str) -> None:
        closed = output in self.session.state.closed_outputs
        live = self.session.state.phase is Phase.LIVE
        assert self.make(AddText(output, text)) == (live and not (closed and text))

    @rule(output=outputs)
    def close_output(self, output: str) -> None:
        self.make(CloseOutput(output))

    @rule(used=seldom, call=st.none() | calls, reversible=seldom, clarify=seldom)
    def ask(self, used: bool, call: int | None, reversible: bool, clarify: bool) -> None:
        reply_token = f"rpl_{len(self.asked) + (0 if used else 1)}"
        payload: e.QuestionPayload
        if clarify:
            payload = e.ClarificationRequested(
                question="Which one?", reply_token=reply_token, timeout_seconds=600, summary=SAID
            )
        else:
            payload = e.ConfirmationRequested(
                action="Do something else" if call is None else f"Run tool {call}",
                consequence="It is done.",
                reply_token=reply_token,
                timeout_seconds=600,
                default_decision="reject",
                summary=SAID,
                irreversible=not reversible,
            )
        open_actions = {
            question.payload.action
            for question in self.session.state.questions.values()
            if isinstance(question.payload, e.ConfirmationRequested)
        }
        move = Ask(payload, None if clarify or call is None else f"call_{call}")
        legal = self.make(move)
        assert not (legal and reply_token in self.asked)  # CNF-4: a token is good for one question.
        if isinstance(payload, e.ConfirmationRequested):
            assert not (legal and payload.action in open_actions)  # SEQ-10
        if legal:
            self.asked[reply_token] = move

    @rule(which=picks, over=seldom, accept=st.booleans(), otherwise=st.sampled_from(Outcome))
    def resolve(self, which: int, over: bool, accept: bool, otherwise: Outcome) -> None:
        outcome = Outcome.ACCEPTED if accept else otherwise
        some = list(self.asked if over else self.session.state.questions) or ["rpl_never"]
        reply_token = some[which % len(some)]
        is_open = reply_token in self.session.state.questions
        legal = self.make(Resolve(reply_token, outcome, SAID))
        assert legal == is_open  # CNF-4: the first counts, CNF-8: none after the end.
        if not legal:
            return
        asked = self.asked[reply_token]
        if outcome is Outcome.ACCEPTED and isinstance(asked.payload, e.ConfirmationRequested):
            self.accepted.add(reply_token)
        elif asked.tool_call_id is not None:
            self.refused_calls.add(asked.tool_call_id)

    @rule(which=picks)
    def take_back(self, which: int) -> None:
        if self.session.state.questions:
            return  # A listener would take its state.changed for the end of one of these (SEQ-7).
        some = [*self.session.state.accepts, *self.asked, "rpl_never"]
        reply_token = some[which % len(some)]
        if self.make(Revoke(reply_token, SAID)):
            assert reply_token in self.accepted
            call_id = self.asked[reply_token].tool_call_id
            if call_id is not None:
                self.refused_calls.add(call_id)

    @rule(call=calls, accept=st.booleans(), which=picks, names=st.booleans())
    def ask_wait_and_run(self, call: int, accept: bool, which: int, names: bool) -> None:
        """What a gate does; other questions and tools may be open meanwhile."""
        self.ask(used=False, call=call, reversible=False, clarify=False)
        token = f"rpl_{len(self.asked)}"
        if token in self.session.state.questions:
            place = list(self.session.state.questions).index(token)
            self.resolve(place, over=False, accept=accept, otherwise=Outcome.TIMED_OUT)
        self.invoke_what_was_asked_about(len(self.asked) - 1, fresh=False, names=names)

    @rule(hand_off=st.booleans())
    def report(self, hand_off: bool) -> None:
        if hand_off:
            self.make(e.HandoffRequested(reason="Too hard.", target_kind="human", summary=SAID))
        else:
            self.make(e.ProgressUpdated(progress=e.Progress(percent=5), summary=SAID))

    @rule()
    def start_again(self) -> None:
        assert not self.make(e.SessionStarted(summary=SAID))

    @rule(end=st.sampled_from(ENDS), truly=st.integers(0, 29).map(lambda number: number == 0))
    def end(self, end: Move, truly: bool) -> None:
        if truly:
            self.make(end)

    @invariant()
    def the_story_so_far_is_legal(self) -> None:
        if self.changed:
            self.changed = False
            over = self.session.state.phase is Phase.ENDED
            for heard in self.heard[:3:2]:  # Every token, and sentences; the others at the end.
                assert_well_told(heard, complete=over, accepted=self.accepted)

    @invariant()
    def what_is_open_decides_the_state(self) -> None:
        """SEQ-11."""
        state = self.session.state
        if state.phase is Phase.LIVE:
            if state.questions:
                assert state.state == "awaiting_input"
            elif state.tools:
                assert state.state == "calling_tool"

    def teardown(self) -> None:
        if self.session.state.phase is Phase.LIVE:
            self.make(ENDS[0])
        state = self.session.state
        assert (state.tools, state.outputs, state.questions, state.accepts) == ({}, {}, {}, {})
        for heard in self.heard:
            assert_well_told(heard, accepted=self.accepted)


TestSessionMoves = SessionMoves.TestCase
TestSessionMoves.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
