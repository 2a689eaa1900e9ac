"""Random interleavings of calls, answers, time-outs, cancels and ends: no tool runs but after its accept."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from aaep_helpers import ConfirmationRejected, GateClosedError, aaep_tool
from aaep_helpers.clock import ManualClock
from tests.aaep_helpers.gates import Counter

picks = st.integers(0, 9)


class GateMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = ManualClock()
        self.counter = Counter("nothing", clock=self.clock)
        self.calls: dict[int, asyncio.Task[Any]] = {}
        self.accepted: set[int] = set()
        self.in_session = False

    def settle(self) -> None:
        async def turn() -> None:
            for _ in range(12):
                await asyncio.sleep(0)

        self.loop.run_until_complete(turn())

    @initialize()
    def begin(self) -> None:
        counter = self.counter

        @aaep_tool(counter.emitter, risk_level="high", irreversible=True)
        async def pay(number: int) -> None:
            counter.done.append(number)

        self.pay = pay
        self.start()

    @precondition(lambda self: not self.in_session)
    @rule()
    def start(self) -> None:
        self.scope = self.counter.emitter.session()
        self.session_id = self.scope.__enter__()
        self.in_session = True

    @precondition(lambda self: self.in_session)
    @rule()
    def call(self) -> None:
        number = len(self.calls)

        async def one() -> None:
            await self.pay(number)

        self.calls[number] = self.loop.create_task(one())
        self.settle()

    def open(self) -> list[dict[str, Any]]:
        emitter = self.counter.emitter
        return [q for q in self.counter.questions if emitter.settlement(q["reply_token"]) is None]

    @precondition(lambda self: self.counter.questions)
    @rule(pick=picks, answer=st.sampled_from(("accept", "accept", "reject")))
    def reply(self, pick: int, answer: str) -> None:
        question = self.counter.questions[pick % len(self.counter.questions)]
        was_open = question in self.open()
        honored = self.counter.reply(question, answer)
        assert honored == was_open
        if honored and answer == "accept":
            self.accepted.add(int(question["extra_context"]["arguments"]["number"]))
        self.settle()

    @precondition(lambda self: self.calls)
    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        self.calls[pick % len(self.calls)].cancel()
        self.settle()

    @precondition(lambda self: self.open())
    @rule(pick=picks)
    def withdraw(self, pick: int) -> None:
        question = self.open()[pick % len(self.open())]
        assert self.counter.emitter.withdraw_question(question["reply_token"])
        self.settle()

    @rule(seconds=st.sampled_from((1, 100, 400)))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.counter.emitter.check_deadlines()
        self.settle()

    @precondition(lambda self: self.in_session)
    @rule()
    def end(self) -> None:
        self.scope.__exit__(None, None, None)
        self.in_session = False
        self.settle()

    @invariant()
    def it_ran_if_and_only_if_it_was_accepted_and_once(self) -> None:
        assert sorted(self.counter.done) == sorted(self.accepted)

    def teardown(self) -> None:
        if self.in_session:
            self.end()
        self.settle()
        self.counter.judge()
        for task in self.calls.values():
            assert task.done()
            if not task.cancelled():
                error = task.exception()
                assert error is None or isinstance(error, (ConfirmationRejected, GateClosedError))
        self.loop.close()


GateMachine.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestTheGateInAnyOrder = GateMachine.TestCase
