"""Random use and misuse of an emitter: whatever is asked of it, every listener hears a legal story."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from aaep_helpers import AAEPEmitter, make_id
from aaep_helpers.clock import ManualClock
from aaep_helpers.errors import (
    CallerError,
    EventValidationError,
    ProtocolError,
    UnknownSessionError,
)
from aaep_helpers.session import SessionState
from aaep_helpers.vocabulary import (
    BOUNDARIES,
    VERBOSITIES,
    Boundary,
    RiskLevel,
    ToolStatus,
    Verbosity,
)
from tests.aaep_helpers.ears import Ear, assert_same_events, fields_of, rules_of

# In NFC however they are sliced; with clusters that no cut may tear.
TEXTS = (
    "Your balance is twelve euros. Shall I go on? I can, e.g., call Dr. Who at 3.14 o'clock.",
    "👩‍👩‍👧 waves 👋🏽 at 🇫🇷🇩🇪. Fine!\n\nA new paragraph — without a stop",
    "お元気ですか。はい、元気です。नमस्ते। كيف حالك؟ ",
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen " * 2,
)
TOOLS = ("look_up", "send_mail", "bank.transfer")
NEVER_THERE = "sess_never"
ODD: Any = "odd"

slices = st.builds(
    lambda text, start, length: text[start : start + length],
    st.sampled_from(TEXTS),
    st.integers(0, 60),
    st.integers(0, 30),
)
picks = st.integers(0, 7)
tool_names = st.sampled_from(TOOLS)


@dataclass
class Told:
    """What the test itself told a session."""

    tools: dict[str, str] = field(default_factory=dict)
    ended_calls: list[str] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)
    asked_for_help: bool = False


class EmitterMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.emitter = AAEPEmitter("bank-helper", quiet_seconds=None, clock=self.clock)
        self.everything = Ear("none").listen(self.emitter)
        self.ears = [self.everything]
        self.live: dict[str, Told] = {}
        self.over: dict[str, Told] = {}
        self.touched = ""

    @initialize(verbosity=st.sampled_from(VERBOSITIES))
    def listen_at_every_boundary(self, verbosity: Verbosity) -> None:
        self.ears += [Ear(boundary, verbosity).listen(self.emitter) for boundary in BOUNDARIES]

    def pick(self, which: int) -> tuple[str, Told]:
        session_id = list(self.live)[which % len(self.live)]
        self.touched = session_id
        return session_id, self.live[session_id]

    def state_of(self, session_id: str) -> str:
        heard = [event for event in self.everything.of(session_id) if "to_state" in event]
        return str(heard[-1]["to_state"]) if heard else "idle"

    # What may be done.

    @rule(request=st.none() | slices)
    def start(self, request: str | None) -> None:
        if len(self.live) < 3:
            session_id = self.emitter.start_session(request_text=request)
            self.live[session_id] = Told()
            self.touched = session_id

    @precondition(lambda self: self.live)
    @rule(which=picks, state=st.sampled_from(("thinking", "deciding", "looking_things_up")))
    def say_what_goes_on(self, which: int, state: str) -> None:
        session_id, told = self.pick(which)
        if told.tools:
            with self.refused({"SEQ-11"}, ProtocolError):
                self.emitter.state_changed(session_id=session_id, to_state=state)
        else:
            before = self.state_of(session_id)
            self.emitter.state_changed(session_id=session_id, from_state=before, to_state=state)
            assert self.state_of(session_id) == state

    @precondition(lambda self: self.live)
    @rule(which=picks)
    def settle(self, which: int) -> None:
        session_id, told = self.pick(which)
        self.emitter.settle_state(session_id=session_id)
        expected = "calling_tool" if told.tools else "thinking"
        heard_text = any(told.outputs.values())
        assert self.state_of(session_id) in (
            {expected, "writing_output"} if heard_text else {expected}
        )

    @precondition(lambda self: self.live)
    @rule(which=picks, percent=st.floats(0, 100), description=st.none() | st.just("Reading."))
    def report_progress(self, which: int, percent: float, description: str | None) -> None:
        session_id, _ = self.pick(which)
        self.emitter.progress_updated(
            session_id=session_id, percent=percent, description=description
        )

    @precondition(lambda self: self.live)
    @rule(which=picks, tool=tool_names, risk=st.sampled_from((None, "low", "medium")))
    def invoke_tool(self, which: int, tool: str, risk: RiskLevel | None) -> None:
        session_id, told = self.pick(which)
        call_id = self.emitter.tool_invoked(session_id=session_id, tool=tool, risk_level=risk)
        told.tools[call_id] = tool

    @precondition(lambda self: any(told.tools for told in self.live.values()))
    @rule(which=picks, call=picks, status=st.sampled_from(("success", "error", "timeout")))
    def complete_tool(self, which: int, call: int, status: ToolStatus) -> None:
        session_id, told = self.pick(which)
        if told.tools:
            call_id = list(told.tools)[call % len(told.tools)]
            tool = told.tools.pop(call_id)
            told.ended_calls.append(call_id)
            self.emitter.tool_completed(
                session_id=session_id, tool=tool, tool_call_id=call_id, status=status
            )

    @precondition(lambda self: self.live)
    @rule(which=picks, output=picks, text=slices, say_position=st.booleans(), last=st.booleans())
    def hand_over_text(
        self, which: int, output: int, text: str, say_position: bool, last: bool
    ) -> None:
        session_id, told = self.pick(which)
        names = [*told.outputs, make_id("out")]
        output_id = names[output % len(names)]
        before = told.outputs.get(output_id, "")
        self.emitter.output_streaming(
            session_id=session_id,
            output_id=output_id,
            chunk=text,
            position=len(before) if say_position else None,
            complete=last,
        )
        told.outputs[output_id] = before + text
        if last:
            whole = told.outputs.pop(output_id)
            if whole:
                told.closed[output_id] = whole

    @rule()
    def be_quiet(self) -> None:
        self.emitter.flush_quiet_text()

    @precondition(lambda self: self.live)
    @rule(which=picks)
    def hand_off(self, which: int) -> None:
        session_id, told = self.pick(which)
        self.emitter.request_handoff(session_id=session_id, reason="Too hard.", target_kind="human")
        if not told.tools:
            self.emitter.state_changed(session_id=session_id, to_state="handing_off")

    @precondition(lambda self: self.live)
    @rule(which=picks, how=st.sampled_from(("complete", "error", "cancel")), rest=st.booleans())
    def end(self, which: int, how: str, rest: bool) -> None:
        session_id, told = self.pick(which)
        if rest and not told.tools and not told.outputs:
            self.emitter.state_changed(session_id=session_id, to_state="idle")
        self.finish(session_id, how)

    def finish(self, session_id: str, how: str) -> None:
        if how == "complete":
            self.emitter.complete_session(session_id=session_id)
        elif how == "error":
            self.emitter.error_session(session_id=session_id, error_category="transient")
        else:
            self.emitter.cancel_session(session_id=session_id, cancelled_by="user")
        told = self.over[session_id] = self.live.pop(session_id)
        told.closed |= {name: text for name, text in told.outputs.items() if text}

    @rule(boundary=st.sampled_from(BOUNDARIES), verbosity=st.sampled_from(VERBOSITIES))
    def join(self, boundary: Boundary, verbosity: Verbosity) -> None:
        if len(self.ears) < 10:
            ear = Ear(boundary, verbosity, late=frozenset(self.live))
            self.ears.append(ear.listen(self.emitter))

    @precondition(lambda self: len(self.ears) > 4)
    @rule(which=picks)
    def leave(self, which: int) -> None:
        ear = self.ears[1 + which % (len(self.ears) - 1)]
        assert ear.subscription is not None
        ear.subscription.close()

    @rule(seconds=st.sampled_from((0.001, 0.5, 90.0)))
    def let_time_pass(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(seconds=st.integers(1, 3600))
    def set_the_clock_back(self, seconds: int) -> None:
        self.clock.set_epoch_ms(self.clock.epoch_ms() - seconds * 1000)

    # What may not be done: it is refused, nobody hears of it, and nothing has changed.

    @contextmanager
    def refused(self, rules: set[str], *kinds: type[CallerError]) -> Iterator[None]:
        before = self.everything_remembered()
        with pytest.raises(kinds) as caught:
            yield
        error = caught.value
        assert rules_of(error) & rules, str(error)
        assert any(fields_of(error)) or isinstance(error, UnknownSessionError), str(error)
        assert self.everything_remembered() == before

    def everything_remembered(self) -> tuple[dict[str, SessionState], list[int]]:
        states = {
            session_id: copy.deepcopy(session.machine.state)
            for session_id, session in self.emitter._sessions.items()
        }
        return states, [len(ear.heard) for ear in self.ears]

    @precondition(lambda self: self.live)
    @rule(which=picks, state=st.sampled_from(("nowhere", "idle", "calling_tool", "thinking")))
    def leave_a_state_it_is_not_in(self, which: int, state: str) -> None:
        session_id, _ = self.pick(which)
        if state != self.state_of(session_id):
            with self.refused({"SEQ-3"}, ProtocolError):
                self.emitter.state_changed(
                    session_id=session_id, from_state=state, to_state="deciding"
                )

    @precondition(lambda self: self.live)
    @rule(which=picks)
    def rest_while_something_is_open(self, which: int) -> None:
        session_id, told = self.pick(which)
        if told.tools or any(told.outputs.values()):
            with self.refused({"SEQ-11"}, ProtocolError):
                self.emitter.state_changed(session_id=session_id, to_state="idle")

    @precondition(lambda self: self.live)
    @rule(which=picks, tool=tool_names)
    def complete_what_never_ran(self, which: int, tool: str) -> None:
        session_id, told = self.pick(which)
        for call_id in (*told.ended_calls[-1:], make_id("call")):
            with self.refused({"SEQ-4"}, ProtocolError):
                self.emitter.tool_completed(
                    session_id=session_id, tool=tool, tool_call_id=call_id, status="success"
                )

    @precondition(lambda self: self.live)
    @rule(which=picks)
    def mix_up_calls(self, which: int) -> None:
        session_id, told = self.pick(which)
        for call_id in (*list(told.tools)[:1], *told.ended_calls[-1:]):
            with self.refused({"SEQ-4"}, ProtocolError):
                self.emitter.tool_invoked(session_id=session_id, tool="t", tool_call_id=call_id)
            with self.refused({"SEQ-4"}, ProtocolError):
                self.emitter.tool_completed(
                    session_id=session_id, tool="other", tool_call_id=call_id, status="error"
                )

    @precondition(lambda self: self.live)
    @rule(which=picks, tool=tool_names)
    def do_what_nobody_accepted(self, which: int, tool: str) -> None:
        session_id, _ = self.pick(which)
        with self.refused({"SEQ-6"}, ProtocolError):
            self.emitter.tool_invoked(session_id=session_id, tool=tool, irreversible=True)

    @precondition(lambda self: self.live)
    @rule(which=picks, off_by=st.sampled_from((-1, 1, 1000)))
    def misplace_text(self, which: int, off_by: int) -> None:
        session_id, told = self.pick(which)
        for output_id, text in (*list(told.outputs.items())[:1], (make_id("out"), "")):
            with self.refused({"SEQ-9"}, ProtocolError):
                self.emitter.output_streaming(
                    session_id=session_id,
                    output_id=output_id,
                    chunk="Hm.",
                    position=len(text) + off_by,
                )

    @precondition(lambda self: any(told.closed for told in self.live.values()))
    @rule(which=picks, last=st.booleans())
    def add_to_what_is_complete(self, which: int, last: bool) -> None:
        session_id, told = self.pick(which)
        for output_id, text in list(told.closed.items())[:1]:
            for position in (None, len(text)):
                with self.refused({"SEQ-9"}, ProtocolError):
                    self.emitter.output_streaming(
                        session_id=session_id,
                        output_id=output_id,
                        chunk="More.",
                        position=position,
                        complete=last,
                    )

    @precondition(lambda self: self.live)
    @rule(which=picks)
    def say_what_is_malformed(self, which: int) -> None:
        session_id, _ = self.pick(which)
        emitter = self.emitter
        calls: tuple[tuple[str, Callable[[], object]], ...] = (
            ("ENV-1", lambda: emitter.tool_invoked(session_id=session_id, tool="no tool's name")),
            (
                "SEQ-4",
                lambda: emitter.tool_invoked(session_id=session_id, tool="t", tool_call_id="1"),
            ),
            ("ENV-1", lambda: emitter.progress_updated(session_id=session_id, percent=101)),
            ("ENV-6", lambda: emitter.progress_updated(session_id=session_id, percent=math.nan)),
            ("ENV-1", lambda: emitter.progress_updated(session_id=session_id)),
            (
                "SEQ-9",
                lambda: emitter.output_streaming(session_id=session_id, output_id="o", chunk="Hm"),
            ),
            ("ENV-1", lambda: emitter.complete_session(session_id=session_id, result_uri="no uri")),
            ("ENV-1", lambda: emitter.error_session(session_id=session_id, error_category=ODD)),
            ("ENV-1", lambda: emitter.start_session(session_id="sess_!")),
        )
        for wrong, call in calls:
            with self.refused({wrong}, EventValidationError):
                call()

    @rule(which=picks)
    def speak_where_no_session_is(self, which: int) -> None:
        over = list(self.over)[which % len(self.over) :][:1] if self.over else []
        for session_id, wrong in ((NEVER_THERE, "SEQ-1"), *((name, "SEQ-2") for name in over)):
            for call in (self.emitter.settle_state, self.emitter.complete_session):
                with self.refused({wrong}, UnknownSessionError):
                    call(session_id=session_id)
            with self.refused({wrong}, UnknownSessionError):
                self.emitter.tool_invoked(session_id=session_id, tool="t")
        for session_id in (*over, *list(self.live)[:1]):
            with self.refused({"SEQ-1"}, ProtocolError):
                self.emitter.start_session(session_id=session_id)

    # What must be true.

    @invariant()
    def every_story_so_far_is_legal(self) -> None:
        if self.touched:
            for ear in self.ears:
                ear.assert_well_told(session_id=self.touched, complete=False)
            self.touched = ""

    def teardown(self) -> None:
        for which, session_id in enumerate(list(self.live)):
            self.finish(session_id, ("complete", "error", "cancel")[which % 3])
        for ear in self.ears:
            still_there = ear.subscription is not None and not ear.subscription.closed
            ear.assert_well_told(complete=still_there)
            if still_there:
                for session_id, told in self.over.items():
                    for output_id, text in told.closed.items():
                        if session_id in ear.late or ear.of(session_id):
                            ear.assert_text(session_id, output_id, text)
        assert_same_events(self.ears)
        self.emitter.close()


TestEmitterMachine = EmitterMachine.TestCase
TestEmitterMachine.settings = settings(
    max_examples=100,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
