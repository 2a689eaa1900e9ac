"""Tools behind a gate in hand-written loops: they run after an accept, and in no other case."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import pickle
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from aaep_helpers import AAEPEmitter, ConfirmationRejected, GateClosedError, aaep_tool
from aaep_helpers.clock import ManualClock
from tests.aaep_helpers.ears import Event
from tests.aaep_helpers.gates import Counter

RISKY: dict[str, Any] = {"risk_level": "high", "irreversible": True}
RAN = [
    "session.started",
    "awaiting.confirmation",
    "tool.invoked",
    "tool.completed",
    "session.completed",
]


def sender(counter: Counter, **gate: Any) -> Callable[..., str]:
    @aaep_tool(counter.emitter, **{**RISKY, **gate})
    def send(to: str, amount: int = 50) -> str:
        """Send money to somebody."""
        counter.done.append((to, amount))
        return f"Sent to {to}."

    return send


def async_sender(counter: Counter, **gate: Any) -> Callable[..., Any]:
    @aaep_tool(counter.emitter, **{**RISKY, **gate})
    async def send(to: str, amount: int = 50) -> str:
        """Send money to somebody."""
        counter.done.append((to, amount))
        return f"Sent to {to}."

    return send


def use(counter: Counter, kind: str, *args: Any, **gate: Any) -> Any:
    """Call a sender of this kind once, in a session."""
    with counter.emitter.session():
        if kind == "sync":
            return sender(counter, **gate)(*args)
        return asyncio.run(async_sender(counter, **gate)(*args))


def outside(counter: Counter, kind: str) -> Any:
    """Call a sender of this kind where there is no session."""
    if kind == "sync":
        return sender(counter)("Ana")
    return asyncio.run(async_sender(counter)("Ana"))


KINDS = ("sync", "async")


@pytest.mark.parametrize("kind", KINDS)
def test_it_runs_after_an_accept(kind: str) -> None:
    counter = Counter()
    assert use(counter, kind, "Ana") == "Sent to Ana."
    assert counter.done == [("Ana", 50)]
    assert counter.kinds == RAN
    invoked = next(event for event in counter.ear.heard if event["type"].endswith("tool.invoked"))
    assert (invoked["irreversible"], invoked["risk_level"]) == (True, "high")
    assert counter.question["default_decision"] == "reject"
    counter.judge()


@pytest.mark.parametrize("kind", KINDS)
def test_it_does_not_run_after_a_reject(kind: str) -> None:
    counter = Counter("reject")
    with pytest.raises(ConfirmationRejected) as caught:
        use(counter, kind, "Ana")
    assert (caught.value.tool, caught.value.reason) == ("send", "declined")
    assert not counter.done
    assert counter.kinds == [*RAN[:2], "session.errored"]
    assert counter.ear.heard[-1]["error_code"] == "USER_DECLINED"
    counter.judge()


@pytest.mark.parametrize("kind", KINDS)
def test_known_failure_21_a_time_out_is_a_no(kind: str) -> None:
    clock = ManualClock()
    counter = Counter("nothing", clock=clock)

    def let_time_pass(event: Event) -> None:
        if event["type"].endswith("awaiting.confirmation"):
            clock.advance(event["timeout_seconds"])
            counter.emitter.check_deadlines()

    counter.emitter.subscribe(let_time_pass)
    with pytest.raises(ConfirmationRejected) as caught:
        use(counter, kind, "Ana")
    assert caught.value.reason == "timed_out"
    assert not counter.done
    assert counter.emitter.audit_trail[-1].outcome == "timed_out"
    states = [event for event in counter.ear.heard if event["type"].endswith("state.changed")]
    assert "Not answered in time, so it is not done." in [one["summary_normal"] for one in states]
    counter.judge()


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_there_is_a_no(kind: str) -> None:
    counter = Counter("nothing", can_reply=False)
    with pytest.raises(ConfirmationRejected) as caught:
        use(counter, kind, "Ana")
    assert caught.value.reason == "unanswerable"
    assert not counter.done
    counter.judge()


@pytest.mark.parametrize("kind", KINDS)
def test_refusals_may_be_returned(kind: str) -> None:
    counter = Counter("reject")
    told = use(counter, kind, "Ana", on_reject="return")
    assert "The user declined" in told
    assert "another way" in told
    counter.judge()


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_session_nothing_runs(kind: str) -> None:
    counter = Counter()
    with pytest.raises(GateClosedError, match=r"emitter\.session\(\)"):
        outside(counter, kind)
    assert not counter.done
    assert not counter.ear.heard


def test_a_thread_that_is_started_inside_finds_no_session() -> None:
    counter = Counter()
    errors: list[BaseException] = []

    def work() -> None:
        try:
            sender(counter)("Ana")
        except GateClosedError as error:
            errors.append(error)

    with counter.emitter.session():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert len(errors) == 1
    assert not counter.done


def test_the_session_of_another_emitter_is_not_its_own() -> None:
    counter, other = Counter(), Counter()
    with other.emitter.session(), pytest.raises(GateClosedError):
        sender(counter)("Ana")
    assert not counter.done


def test_a_sync_gate_on_a_loops_thread_is_refused_and_nobody_is_asked() -> None:
    counter = Counter("nothing")

    async def main() -> None:
        with counter.emitter.session():
            sender(counter)("Ana")

    with pytest.raises(GateClosedError, match="event loop"):
        asyncio.run(main())
    assert not counter.done
    assert not counter.questions


def test_known_failure_29_async_waits_cost_no_thread() -> None:
    counter = Counter("nothing")
    send = async_sender(counter)

    async def main() -> list[str]:
        with counter.emitter.session():
            before = threading.active_count()
            calls = [asyncio.ensure_future(send(f"number{at}")) for at in range(200)]
            while len(counter.questions) < len(calls):
                await asyncio.sleep(0)
            assert threading.active_count() <= before + 1  # The one that keeps time for all.
            for question in reversed(counter.questions):
                counter.reply(question, "accept")
            return list(await asyncio.gather(*calls))

    assert len(asyncio.run(main())) == 200
    assert len(counter.done) == 200
    counter.judge()


def test_known_failure_23_answers_in_any_order_belong_to_their_calls() -> None:
    counter = Counter("nothing")
    send = async_sender(counter, on_reject="return")

    async def main() -> list[str]:
        with counter.emitter.session():
            calls = [asyncio.ensure_future(send(name)) for name in ("Ana", "Bob", "Cem")]
            while len(counter.questions) < 3:
                await asyncio.sleep(0)
            for name, answer in (("Cem", "accept"), ("Ana", "reject"), ("Bob", "accept")):
                (question,) = [one for one in counter.questions if name in one["action"]]
                counter.reply(question, answer)
            return list(await asyncio.gather(*calls))

    told = asyncio.run(main())
    assert sorted(counter.done) == [("Bob", 50), ("Cem", 50)]
    assert told[1:] == ["Sent to Bob.", "Sent to Cem."]
    assert "declined" in told[0]
    counter.judge()


def test_the_same_question_waits_for_its_turn() -> None:
    counter = Counter("nothing")
    send = async_sender(counter)

    async def main() -> None:
        with counter.emitter.session():
            calls = [asyncio.ensure_future(send("Ana")) for _ in range(3)]
            for turn in range(3):
                while len(counter.questions) < turn + 1:
                    await asyncio.sleep(0)
                assert len(counter.questions) == turn + 1
                counter.reply(counter.questions[turn], "accept")
            await asyncio.gather(*calls)

    asyncio.run(main())
    assert counter.done == [("Ana", 50)] * 3
    counter.judge()


def test_the_same_question_in_threads_waits_for_its_turn() -> None:
    counter = Counter("nothing")
    send = sender(counter, on_reject="return")
    told: list[str] = []
    asked = threading.Semaphore(0)
    counter.answer = lambda event: asked.release() or "nothing"  # type: ignore[func-returns-value]
    with counter.emitter.session():
        contexts = [contextvars.copy_context() for _ in range(2)]
        threads = [
            threading.Thread(target=lambda c=context: told.append(c.run(send, "Ana")))
            for context in contexts
        ]
        for thread in threads:
            thread.start()
        assert asked.acquire(timeout=30)
        assert counter.reply(counter.question, "reject")
        for thread in threads:
            thread.join()
    # The second heard the first one's no, and nobody was asked again.
    assert len(counter.questions) == 1
    assert not counter.done
    assert all("declined" in one for one in told)
    counter.judge()


def test_known_failure_22_the_same_refused_call_is_refused_without_asking_again() -> None:
    counter = Counter("reject")
    send = sender(counter, on_reject="return")
    with counter.emitter.session():
        first, second = send("Ana"), send(to="Ana", amount=50)
        assert len(counter.questions) == 1
        send("Bob")
        assert len(counter.questions) == 2
    assert "do not try" in first
    assert "not asked again" in second
    with counter.emitter.session():
        send("Ana")  # A new session is a new request.
    assert len(counter.questions) == 3
    assert not counter.done
    counter.judge()


def test_a_refused_call_may_be_asked_about_more_often() -> None:
    counter = Counter("reject")
    send = sender(counter, on_reject="return", ask_again_after_refusals=2)
    with counter.emitter.session():
        for _ in range(4):
            send("Ana")
    assert len(counter.questions) == 2


def test_known_failure_28_a_cancelled_call_takes_its_question_with_it() -> None:
    counter = Counter("nothing")
    send = async_sender(counter)

    async def main() -> None:
        with counter.emitter.session():
            call = asyncio.ensure_future(send("Ana"))
            while not counter.questions:
                await asyncio.sleep(0)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert not counter.reply(counter.question, "accept")

    asyncio.run(main())
    assert not counter.done
    counter.judge()


def test_an_answer_after_the_session_does_nothing() -> None:
    counter = Counter("nothing")
    send = async_sender(counter)

    async def main() -> None:
        with counter.emitter.session():
            call = asyncio.ensure_future(send("Ana"))
            while not counter.questions:
                await asyncio.sleep(0)
            counter.emitter.cancel_session(
                session_id=counter.question["session_id"], cancelled_by="user"
            )
            assert not counter.reply(counter.question, "accept")
            with pytest.raises(ConfirmationRejected) as caught:
                await call
        assert caught.value.reason == "cancelled"

    asyncio.run(main())
    assert not counter.done
    counter.judge()


@pytest.mark.parametrize("method", ["await_confirmation", "settlement", "tool_invoked"])
@pytest.mark.parametrize("fault", [RuntimeError("broken"), KeyboardInterrupt(), MemoryError()])
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_breaks_nothing_runs(
    kind: str, method: str, fault: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = Counter()

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise fault

    monkeypatch.setattr(counter.emitter, method, broken)
    expected = GateClosedError if isinstance(fault, Exception) else KeyboardInterrupt
    with pytest.raises(expected):
        use(counter, kind, "Ana")
    assert not counter.done
    assert "tool.invoked" not in counter.kinds
    if method == "await_confirmation":
        counter.judge()
    else:
        # The yes was heard, and so was that it was taken back (CNF-8).
        assert "What you accepted was taken back before anything was done." in [
            event.get("summary_normal") for event in counter.ear.heard
        ]
    assert sum(kind.startswith("session.") for kind in counter.kinds) == 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lie", [True, 1, "Accept", "accept ", None, "reject"])
def test_nothing_but_a_settled_accept_is_one(
    kind: str, lie: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = Counter("reject")

    async def says(token: str) -> Any:
        return lie

    monkeypatch.setattr(counter.emitter, "wait_for_decision", says)
    monkeypatch.setattr(counter.emitter, "wait_for_decision_sync", lambda token: lie)
    with pytest.raises(ConfirmationRejected):
        use(counter, kind, "Ana")
    assert not counter.done


def test_a_wait_that_says_accept_of_a_rejected_question_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counter = Counter("reject")
    monkeypatch.setattr(counter.emitter, "wait_for_decision_sync", lambda token: "accept")
    with pytest.raises(ConfirmationRejected):
        use(counter, "sync", "Ana")
    assert not counter.done


def test_a_tool_without_risk_runs_and_is_announced() -> None:
    counter = Counter("reject")
    assert use(counter, "sync", "Ana", risk_level="low", irreversible=False) == "Sent to Ana."
    assert counter.kinds == [kind for kind in RAN if kind != "awaiting.confirmation"]
    counter.judge()


@pytest.mark.parametrize(
    ("gate", "asks"),
    [
        ({"irreversible": True}, True),
        ({"risk_level": "high"}, True),
        ({"risk_level": "medium"}, False),
        ({"risk_level": "low", "require_confirmation": True}, True),
        ({"risk_level": "high", "require_confirmation": False}, False),
    ],
)
def test_what_is_asked_about(gate: dict[str, Any], asks: bool) -> None:
    counter = Counter()

    @aaep_tool(counter.emitter, **gate)
    def act() -> None:
        """Act."""
        counter.done.append("acted")

    with counter.emitter.session():
        act()
    assert bool(counter.questions) is asks
    assert counter.done == ["acted"]
    counter.judge()


@pytest.mark.parametrize(
    "gate",
    [
        {"irreversible": True, "require_confirmation": False},
        {"risk_level": "huge"},
        {"irreversible": "yes"},
        {"irreversible": 0},
        {"require_confirmation": 1},
        {"timeout_seconds": 0},
        {"timeout_seconds": True},
        {"on_reject": "ignore"},
        {"ask_again_after_refusals": 0},
        {"consequence": " "},
        {"action": ""},
        {"action": 5},
    ],
)
def test_options_that_make_no_sense(gate: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        aaep_tool(AAEPEmitter(), **gate)


def test_there_is_no_default_decision() -> None:
    assert "default_decision" not in inspect.signature(aaep_tool).parameters


def test_generators_classes_and_gated_functions_are_refused_when_decorated() -> None:
    gate = aaep_tool(AAEPEmitter(), **RISKY)

    def counting() -> Iterator[int]:
        yield 1

    async def acounting() -> AsyncIterator[int]:
        yield 1

    class Acting:
        def __call__(self) -> None: ...

    for wrong in (counting, functools.partial(counting), acounting, Acting, 5, gate(print_all)):
        with pytest.raises(TypeError):
            gate(wrong)


def print_all(*things: str, end: str = "") -> str:
    """Print everything."""
    return " ".join(things) + end


MODULE_EMITTER = AAEPEmitter()


@aaep_tool(MODULE_EMITTER, risk_level="low")
def on_module_level(to: str, *, amount: int = 5) -> str:
    """Send money."""
    return f"{amount} to {to}"


def test_known_failure_26_a_gated_function_looks_like_the_function() -> None:
    def plain(to: str, *, amount: int = 5) -> str:
        """Send money."""
        return ""

    gated = aaep_tool(AAEPEmitter(), **RISKY)(plain)
    assert inspect.signature(gated) == inspect.signature(plain)
    assert gated.__doc__ == plain.__doc__
    assert gated.__annotations__ == plain.__annotations__
    assert (gated.__name__, gated.__qualname__) == (plain.__name__, plain.__qualname__)
    assert gated.__module__ == plain.__module__
    assert pickle.loads(pickle.dumps(on_module_level)) is on_module_level
    assert inspect.iscoroutinefunction(async_sender(Counter()))


def test_methods_partials_and_callable_objects() -> None:
    counter = Counter()

    class Account:
        def __init__(self, name: str) -> None:
            self.name = name
            self.lock = threading.Lock()  # Not to be copied.

        @aaep_tool(counter.emitter, **RISKY)
        def send(self, to: str) -> str:
            """Send money."""
            return f"{self.name} to {to}"

        @staticmethod
        @aaep_tool(counter.emitter, **RISKY)
        def burn(amount: int) -> str:
            """Burn money."""
            return f"{amount} burnt"

        def plain(self, to: str) -> str:
            """Send money."""
            return f"{self.name} again to {to}"

    class Burner:
        """Burn it all."""

        async def __call__(self, amount: int) -> str:
            return f"{amount} burnt"

    def send(reason: str, to: str) -> str:
        """Send money for a reason."""
        return f"{reason} to {to}"

    gate = aaep_tool(counter.emitter, **RISKY)
    account = Account("Ana")
    with counter.emitter.session():
        assert account.send("Bob") == "Ana to Bob"
        assert Account.burn(7) == "7 burnt"
        assert gate(account.plain)("Bob") == "Ana again to Bob"
        assert gate(functools.partial(send, "lunch"))("Bob") == "lunch to Bob"
        assert asyncio.run(gate(Burner())(7)) == "7 burnt"
    assert [question["action"] for question in counter.questions] == [
        "Send money, with to: Bob.",
        "Burn money, with amount: 7.",
        "Send money, with to: Bob.",
        "Send money for a reason, with to: Bob.",
        "Burn it all, with amount: 7.",
    ]
    counter.judge()


def test_a_tool_that_fails_is_told_as_failed() -> None:
    counter = Counter()

    @aaep_tool(counter.emitter, **RISKY)
    def send() -> None:
        """Send money."""
        raise ConnectionError("no route")

    with pytest.raises(ConnectionError), counter.emitter.session():
        send()
    ended = next(event for event in counter.ear.heard if event["type"].endswith("tool.completed"))
    assert ended["status"] == "error"
    counter.judge()


def test_a_coroutine_as_a_result_is_an_error_and_does_not_run() -> None:
    counter = Counter()

    async def later() -> None:
        counter.done.append("sent")

    @aaep_tool(counter.emitter, **RISKY)
    def send() -> Any:
        """Send money."""
        return later()

    with pytest.raises(TypeError, match="yet to run"), counter.emitter.session():
        send()
    assert not counter.done
    counter.judge()


def test_a_block_ends_its_session_once() -> None:
    counter = Counter()
    emitter = counter.emitter
    with emitter.session(request_text="Pay Ana.") as session_id:
        assert emitter.current_session() == session_id
        with emitter.session() as inner:
            assert emitter.current_session() == inner
    assert emitter.current_session() is None
    for error, kind in (
        (ValueError(), "session.errored"),
        (KeyboardInterrupt(), "session.cancelled"),
        (asyncio.CancelledError(), "session.cancelled"),
    ):
        with pytest.raises(type(error)), emitter.session():
            raise error
        assert counter.ear.kinds()[-1] == kind
    with emitter.session() as session_id:
        emitter.cancel_session(session_id=session_id, cancelled_by="user")
    counter.judge()
