"""One handler, a thousand sessions at once, from sixteen threads and one event loop (D4)."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from aaep_helpers import AAEPEmitter
from aaep_helpers.events import WireEvent
from aaep_helpers.testing import capture_events
from aaep_langchain import AAEPCallbackHandler
from aaep_langchain.demo.scripted_model import ScriptedChatModel, ToolCall, Turn
from conformance import explain, judge_trace
from tests.aaep_langchain import agents

THREADS = 16
PER_THREAD = 32
ON_LOOP = 488
SESSIONS = THREADS * PER_THREAD + ON_LOOP

_KINDS: tuple[Any, ...] = ("create_agent", "executor", "graph", "model")


def _runnables() -> list[tuple[Any, Any]]:
    """Every kind of thing that can be run, each one shared by all that run it, with its input."""
    made: list[tuple[Any, Any]] = []
    for kind in _KINDS:
        if kind == "model":
            made.append((ScriptedChatModel(script=["It is sunny. Take a hat!"]), "How is it?"))
            continue
        look = Turn("Looking. ", (ToolCall("weather", {"city": "Oslo"}),))
        made.append((agents.agent(kind, look, "It is sunny. Take a hat!"), agents.asked(kind)))
    return made


def test_a_thousand_sessions_on_one_handler_are_all_valid_and_leave_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    emitter = AAEPEmitter(quiet_seconds=None)
    handler = AAEPCallbackHandler(emitter)
    config: Any = {"callbacks": [handler]}
    runnables = _runnables()
    together = threading.Barrier(THREADS + 1)

    def on_a_thread(number: int) -> None:
        together.wait()
        for turn in range(PER_THREAD):
            runnable, given = runnables[(number + turn) % len(runnables)]
            runnable.invoke(given, config)

    async def on_the_loop() -> None:
        together.wait()
        room = asyncio.Semaphore(50)

        async def one(number: int) -> None:
            async with room:
                runnable, given = runnables[number % len(runnables)]
                await runnable.ainvoke(given, config)

        await asyncio.gather(*(one(number) for number in range(ON_LOOP)))

    with capture_events(emitter) as seen, ThreadPoolExecutor(THREADS) as threads:
        waiting = [threads.submit(on_a_thread, number) for number in range(THREADS)]
        asyncio.run(on_the_loop())
        for done in waiting:
            done.result()

    sessions: dict[str, list[WireEvent]] = defaultdict(list)
    for event in seen:
        sessions[event["session_id"]].append(event)
    assert len(sessions) == SESSIONS == 1000
    for events in sessions.values():
        findings = judge_trace(events, house=True)
        assert not findings, explain(findings)
    ends = Counter(events[-1]["type"] for events in sessions.values())
    assert ends == {"aaep:agent.session.completed": SESSIONS}
    for events in sessions.values():
        text = "".join(event.get("chunk", "") for event in events)
        assert text.endswith("It is sunny. Take a hat!")
    assert handler.open_runs == 0
    assert not [name for name in sessions if emitter.is_live(name)]
    assert not [record for record in caplog.records if record.name.startswith("aaep")]
