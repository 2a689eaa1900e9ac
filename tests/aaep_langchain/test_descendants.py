"""The fan-out stands below roots whose handler LangChain does not pass on, and nowhere else (fact 1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_classic.agents import AgentExecutor
from langchain_core.runnables import Runnable

from aaep_langchain import AAEPCallbackHandler
from aaep_langchain.demo.bank import REQUEST, AgentKind, Bank, agent_input, bank_model, build_agent
from aaep_langchain.descendants import FanOut, _heard_here
from tests.aaep_langchain.hearing_helpers import hear


def _watched(seen: list[FanOut | None], kind: AgentKind = "executor") -> Runnable[Any, Any]:
    """The bank's agent, which notes at every token whether a fan-out stands."""
    model = bank_model()
    model.on_token = lambda index: seen.append(_heard_here.get())
    return build_agent(kind, model, Bank())


def _in_config(kind: AgentKind, seen: list[FanOut | None]) -> Callable[[AAEPCallbackHandler], None]:
    def run(handler: AAEPCallbackHandler) -> None:
        _watched(seen, kind).invoke(agent_input(kind, REQUEST), {"callbacks": [handler]})

    return run


@pytest.mark.parametrize("kind", ["create_agent", "executor", "graph"])
def test_a_handler_in_the_config_needs_no_fan_out(kind: AgentKind) -> None:
    seen: list[FanOut | None] = []
    hear(_in_config(kind, seen))
    assert seen
    assert set(seen) == {None}


def test_a_handler_in_the_constructor_has_one_for_as_long_as_it_runs() -> None:
    seen: list[FanOut | None] = []

    def run(handler: AAEPCallbackHandler) -> None:
        executor = _watched(seen)
        assert isinstance(executor, AgentExecutor)
        executor.callbacks = [handler]
        executor.invoke(agent_input("executor", REQUEST))
        (fan_out,) = set(seen)
        assert fan_out is not None
        assert fan_out.handlers == (handler,)
        assert fan_out.idle
        assert _heard_here.get() is None

    hear(run)


def test_a_handler_in_both_places_needs_none() -> None:
    seen: list[FanOut | None] = []

    def run(handler: AAEPCallbackHandler) -> None:
        executor = _watched(seen)
        assert isinstance(executor, AgentExecutor)
        executor.callbacks = [handler]
        executor.invoke(agent_input("executor", REQUEST), {"callbacks": [handler]})

    hear(run)
    assert set(seen) == {None}
