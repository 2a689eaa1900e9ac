"""Runs whose end never comes, and pauses nobody takes up, are given up by age (known failure 11)."""

from __future__ import annotations

import gc
import logging
from collections.abc import Generator
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import Command, interrupt

from aaep_helpers import AAEPEmitter
from aaep_helpers.events import WireEvent
from aaep_helpers.testing import ManualClock, capture_events
from aaep_langchain import AAEPCallbackHandler
from aaep_langchain.demo.bank import REQUEST, Bank, agent_input, bank_model, build_agent
from conformance import explain, judge_trace
from tests.aaep_langchain.hearing_helpers import Story

_DAY = 86_400.0


def _judged(events: list[WireEvent]) -> Story:
    findings = judge_trace(events, house=True)
    assert not findings, explain(findings)
    return Story(events)


def _run_another(handler: AAEPCallbackHandler) -> None:
    agent = build_agent("create_agent", bank_model(), Bank())
    agent.invoke(agent_input("create_agent", REQUEST), {"callbacks": [handler]})


def test_known_failure_11_a_run_whose_end_never_comes_is_given_up_by_age() -> None:
    clock = ManualClock()
    emitter = AAEPEmitter(clock=clock, quiet_seconds=None)
    handler = AAEPCallbackHandler(emitter)
    agent = build_agent("executor", bank_model(), Bank())
    with capture_events(emitter) as seen:
        # An executor's stream reports its end only when the generator is dropped (fact 5).
        stream = agent.stream(agent_input("executor", REQUEST), {"callbacks": [handler]})
        next(stream)
        lost = seen[0]["session_id"]
        clock.advance(_DAY - 1)
        _run_another(handler)
        assert emitter.is_live(lost)
        clock.advance(_DAY)
        _run_another(handler)
        assert not emitter.is_live(lost)
        assert handler.open_runs == 0
        heard = len(seen)
        assert isinstance(stream, Generator)
        stream.close()
        del stream
        gc.collect()
        assert len(seen) == heard  # What comes late is not heard.
    end = _judged(seen).of_session(lost)[-1]
    assert end["type"] == "aaep:agent.session.cancelled"
    assert (end["cancelled_by"], end["cancellation_reason"]) == ("timeout", "no_end_heard")


def _asking_graph() -> StateGraph[MessagesState]:
    def ask(state: MessagesState) -> dict[str, list[str]]:
        return {"messages": [str(interrupt("Which account?"))]}

    return StateGraph(MessagesState).add_node(ask).add_edge(START, "ask")


def test_known_failure_11_a_pause_nobody_takes_up_is_given_up_by_age() -> None:
    clock = ManualClock()
    emitter = AAEPEmitter(clock=clock, quiet_seconds=None)
    handler = AAEPCallbackHandler(emitter, forget_after=60.0)
    graph: Any = _asking_graph().compile(checkpointer=InMemorySaver())
    config: RunnableConfig = {"callbacks": [handler], "configurable": {"thread_id": "t"}}
    with capture_events(emitter) as seen:
        graph.invoke({"messages": [("user", "Pay the rent.")]}, config)
        paused = seen[0]["session_id"]
        assert emitter.is_live(paused)
        assert handler.open_runs == 1
        clock.advance(61)
        _run_another(handler)
        assert not emitter.is_live(paused)
        assert handler.open_runs == 0
        # The answer comes after all: a new session takes it, because the old one is over (TYP-3).
        graph.invoke(Command(resume="Checking."), config)
    story = _judged(seen)
    assert story.of_session(paused)[-1]["cancelled_by"] == "timeout"
    assert len(story.sessions) == 3


def test_a_stale_run_whose_session_was_ended_by_hand_is_forgotten_without_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = ManualClock()
    emitter = AAEPEmitter(clock=clock, quiet_seconds=None)
    handler = AAEPCallbackHandler(emitter, forget_after=60.0)
    graph: Any = _asking_graph().compile(checkpointer=InMemorySaver())
    config: RunnableConfig = {"callbacks": [handler], "configurable": {"thread_id": "t"}}
    with capture_events(emitter) as seen, caplog.at_level(logging.WARNING):
        graph.invoke({"messages": [("user", "Pay the rent.")]}, config)
        emitter.cancel_session(session_id=seen[0]["session_id"], cancelled_by="user")
        clock.advance(61)
        _run_another(handler)
    assert handler.open_runs == 0
    assert len(_judged(seen).sessions) == 2
    assert not caplog.records
