"""Random interleavings of asking, answering, waiting too long, taking back, leaving and ending.

Whatever happens in whatever order: a confirmation comes out as accept if and only if a valid accept came
before anything else, every question ends once, and every listener hears a legal story.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from aaep_helpers import AAEPEmitter, make_id
from aaep_helpers.clock import ManualClock
from aaep_helpers.errors import ProtocolError
from aaep_helpers.subscription import CanReply
from tests.aaep_helpers.ears import Ear, assert_same_events, assert_well_told
from tests.aaep_helpers.replies.asking import reply_to

picks = st.integers(0, 9)
rights: st.SearchStrategy[CanReply] = st.sampled_from(
    (True, False, ("confirmation",), ("clarification",))
)
KINDS = ("confirmation", "clarification")


@dataclass
class Asked:
    """What the test knows of a question."""

    session_id: str
    kind: str
    deadline: float
    call_id: str | None
    decides: Any = None
    ended: str = ""
    used: bool = False


class QuestionMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.emitter = AAEPEmitter("bank-helper", quiet_seconds=None, clock=self.clock)
        self.hears_all = Ear("completion").listen(self.emitter)
        self.ears: list[Ear] = [self.hears_all]
        self.rights: list[CanReply] = [False]
        self.live: list[str] = []
        self.asked: dict[str, Asked] = {}
        self.waits: dict[str, list[Any]] = {}
        self.threads: list[threading.Thread] = []
        self.changed = False

    # The world as it is.

    def open(self, kind: str = "") -> list[str]:
        return [t for t, q in self.asked.items() if not q.ended and kind in ("", q.kind)]

    def can_answer(self, place: int, kind: str) -> bool:
        subscription = self.ears[place].subscription
        assert subscription is not None
        right = self.rights[place]
        return not subscription.closed and (
            right if isinstance(right, bool) else kind in tuple(right)
        )

    def someone_can_answer(self, kind: str) -> bool:
        return any(self.can_answer(place, kind) for place in range(len(self.ears)))

    def end(self, token: str, how: str, decides: Any) -> None:
        asked = self.asked[token]
        assert not asked.ended
        asked.ended, asked.decides = how, decides
        if how == "accepted" and asked.call_id is not None:
            # As a gate does: what was accepted runs at once.
            self.use(token)

    def use(self, token: str) -> None:
        asked = self.asked[token]
        call_id = self.emitter.tool_invoked(
            session_id=asked.session_id,
            tool="bank.transfer",
            irreversible=True,
            tool_call_id=asked.call_id,
            confirmed_by=token,
        )
        asked.used = True
        self.emitter.tool_completed(
            session_id=asked.session_id,
            tool="bank.transfer",
            tool_call_id=call_id,
            status="success",
        )

    def expire(self) -> None:
        self.emitter.check_deadlines()
        for token in self.open():
            asked = self.asked[token]
            if self.clock.monotonic() >= asked.deadline:
                self.end(token, "timed_out", "reject" if asked.kind == "confirmation" else 7)

    # What may happen.

    @initialize(first=rights, second=rights)
    def begin(self, first: CanReply, second: CanReply) -> None:
        for right in (True, first, second):
            self.join(right)
        self.start()

    @rule()
    def start(self) -> None:
        if len(self.live) < 2:
            self.live.append(self.emitter.start_session())

    @precondition(lambda self: self.live)
    @rule(
        which=picks,
        kind=st.sampled_from(KINDS),
        seconds=st.sampled_from((30, 90)),
        names_call=st.booleans(),
    )
    def ask(self, which: int, kind: str, seconds: int, names_call: bool) -> None:
        self.changed = True
        session_id = self.live[which % len(self.live)]
        call_id = make_id("call") if names_call and kind == "confirmation" else None
        if kind == "confirmation":
            token = self.emitter.await_confirmation(
                session_id=session_id,
                action=f"Transfer the sum number {len(self.asked)}",
                consequence="The money is gone.",
                timeout_seconds=seconds,
                risk_level="high",
                irreversible=True,
                tool_call_id=call_id,
            )
        else:
            token = self.emitter.ask_clarification(
                session_id=session_id,
                question="How much?",
                timeout_seconds=seconds,
                accepted_response_kinds=["numeric"],
                default_response="7",
            )
        deadline = self.clock.monotonic() + seconds
        self.asked[token] = Asked(session_id, kind, deadline, call_id)
        if not self.someone_can_answer(kind):
            self.end(token, "unanswerable", "reject" if kind == "confirmation" else 7)

    @precondition(lambda self: self.asked)
    @rule(
        which=picks,
        listener=picks,
        accepts=st.booleans(),
        defect=st.sampled_from(("", "", "", "stamp", "type", "extra", "modified")),
    )
    def reply(self, which: int, listener: int, accepts: bool, defect: str) -> None:
        self.changed = True
        tokens = self.open() if which % 3 and self.open() else list(self.asked)
        token = tokens[which % len(tokens)]
        asked = self.asked[token]
        place = listener % len(self.ears)
        subscription = self.ears[place].subscription
        assert subscription is not None
        answer: dict[str, Any] = (
            {"decision": "accept" if accepts else "reject"}
            if asked.kind == "confirmation"
            else {"type": "clarification.reply", "response": 12 if accepts else "twelve"}
        )
        reply = reply_to(token, subscription, self.clock, **answer)
        if defect == "stamp":
            reply["timestamp"] = "2042-01-01T00:00:00Z"
        elif defect == "type":
            reply["type"] = {"confirmation": "clarification.reply"}.get(
                asked.kind, "confirmation.reply"
            )
        elif defect == "extra":
            reply["also"] = 1
        elif defect == "modified" and asked.kind == "confirmation":
            reply["modified_action"] = {"sum": 1}
        counts = (
            not asked.ended
            and self.clock.monotonic() < asked.deadline
            and self.can_answer(place, asked.kind)
            and defect not in ("stamp", "type", "extra")
            and (accepts or asked.kind == "confirmation")
        )
        assert self.emitter.submit_reply(reply, sender=subscription) is counts
        if counts:
            if asked.kind == "clarification":
                self.end(token, "answered", 12)
            elif accepts and defect != "modified":
                self.end(token, "accepted", "accept")
            else:
                self.end(token, "rejected", "reject")

    @rule(seconds=st.sampled_from((1.0, 29.5, 30.0, 61.0)), looks=st.booleans())
    def let_time_pass(self, seconds: float, looks: bool) -> None:
        self.clock.advance(seconds)
        if looks or self.threads:  # Who waits looks too.
            self.changed = True
            self.expire()

    @precondition(lambda self: self.asked)
    @rule(which=picks)
    def withdraw(self, which: int) -> None:
        self.changed = True
        token = list(self.asked)[which % len(self.asked)]
        asked = self.asked[token]
        unused = asked.decides == "accept" and not asked.used and asked.session_id in self.live
        assert self.emitter.withdraw_question(token) is (not asked.ended or unused)
        if not asked.ended:
            self.end(token, "withdrawn", "reject" if asked.kind == "confirmation" else None)
        elif unused:
            asked.ended, asked.decides = "withdrawn", "reject"

    @rule(right=rights)
    def join(self, right: CanReply) -> None:
        if len(self.ears) < 7:
            ear = Ear("completion", late=frozenset(self.live))
            self.ears.append(ear.listen(self.emitter, can_reply=right))
            self.rights.append(right)

    @rule(which=picks)
    def leave(self, which: int) -> None:
        self.changed = True
        place = 1 + which % (len(self.ears) - 1)
        subscription = self.ears[place].subscription
        assert subscription is not None
        subscription.close()
        for kind in KINDS:
            if not self.someone_can_answer(kind):
                for token in self.open(kind):
                    self.end(token, "unanswerable", "reject" if kind == "confirmation" else 7)

    @precondition(lambda self: self.live)
    @rule(which=picks, how=st.sampled_from(("complete", "error", "cancel")))
    def end_session(self, which: int, how: str) -> None:
        self.changed = True
        self.expire()  # The emitter's own watch would have.
        session_id = self.live.pop(which % len(self.live))
        if how == "complete":
            self.emitter.complete_session(session_id=session_id)
        elif how == "error":
            self.emitter.error_session(session_id=session_id, error_category="unknown")
        else:
            self.emitter.cancel_session(session_id=session_id, cancelled_by="user")
        self.cancelled(session_id)

    def cancelled(self, session_id: str) -> None:
        for token in self.open():
            asked = self.asked[token]
            if asked.session_id == session_id:
                self.end(token, "cancelled", "reject" if asked.kind == "confirmation" else None)

    @precondition(lambda self: self.asked)
    @rule(which=picks)
    def use_an_accept(self, which: int) -> None:
        self.changed = True
        token = list(self.asked)[which % len(self.asked)]
        asked = self.asked[token]
        if asked.decides == "accept" and not asked.used and asked.session_id in self.live:
            self.use(token)
            return
        try:
            self.use(token)
        except ProtocolError:
            return
        raise AssertionError("An action ran that nobody, or nobody any more, had accepted.")

    @precondition(lambda self: len(self.threads) < 4 and self.open("confirmation"))
    @rule(which=picks, on_loop=st.booleans())
    def wait(self, which: int, on_loop: bool) -> None:
        self.changed = True
        self.expire()
        tokens = self.open("confirmation")
        if not tokens:
            return
        token = tokens[which % len(tokens)]
        heard = self.waits.setdefault(token, [])

        def on_a_loop() -> None:
            heard.append(asyncio.run(self.emitter.wait_for_decision(token)))

        def in_a_thread() -> None:
            heard.append(self.emitter.wait_for_decision_sync(token))

        thread = threading.Thread(target=on_a_loop if on_loop else in_a_thread, daemon=True)
        thread.start()
        self.threads.append(thread)

    # What must be true.

    @invariant()
    def each_question_has_the_end_it_should(self) -> None:
        for token, asked in self.asked.items():
            settled = self.emitter.settlement(token)
            if not asked.ended:
                assert settled is None
                continue
            assert settled is not None
            assert settled.outcome.value == asked.ended
            if asked.kind == "confirmation":
                assert settled.decision == asked.decides
                assert self.emitter.wait_for_decision_sync(token) == asked.decides
            else:
                assert settled.decision is None
                assert self.emitter.wait_for_response_sync(token) == asked.decides

    @invariant()
    def the_story_so_far_is_legal(self) -> None:
        if self.changed:
            self.judge(complete=False)
            self.changed = False

    def judge(self, *, complete: bool) -> None:
        accepted = [token for token, asked in self.asked.items() if asked.used or self.yes(asked)]
        for ear in self.ears:
            there = ear.subscription is not None and not ear.subscription.closed
            assert_well_told(
                ear.heard, complete=complete and there, late=ear.late, accepted=accepted
            )

    def yes(self, asked: Asked) -> bool:
        return bool(asked.decides == "accept")

    def teardown(self) -> None:
        self.expire()
        still_there = [ear for ear in self.ears if ear.subscription and not ear.subscription.closed]
        self.emitter.close()
        for session_id in self.live:
            self.cancelled(session_id)
        for thread in self.threads:
            thread.join(30)
            assert not thread.is_alive(), "a wait outlived its question"
        for token, heard in self.waits.items():
            assert set(heard) <= {"accept", "reject"}
            accepted_once = self.asked[token].used or self.asked[token].decides == "accept"
            # A yes that was taken back later may have been heard before that.
            assert "accept" not in heard or accepted_once or self.asked[token].ended == "withdrawn"
        self.each_question_has_the_end_it_should()
        for ear in still_there:
            accepted = [t for t, q in self.asked.items() if q.used or self.yes(q)]
            assert_well_told(ear.heard, complete=True, late=ear.late, accepted=accepted)
        assert_same_events(self.ears)
        desk = self.emitter._desk
        assert not desk._waiters
        assert not desk._sessions
        assert not len(desk._book)


TestQuestionMachine = QuestionMachine.TestCase
TestQuestionMachine.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
