"""Ctrl-C while a listener is being told: the agent stops, and the session says who stopped it.

Under asyncio.run Ctrl-C cancels the task instead, which test_handler_endings covers.
"""

from __future__ import annotations

import pytest

from aaep_helpers import AAEPEmitter
from aaep_helpers.events import WireEvent
from aaep_helpers.testing import capture_events
from aaep_langchain import AAEPCallbackHandler
from aaep_langchain.demo.bank import REQUEST, AgentKind, Bank, agent_input, bank_model, build_agent
from conformance import explain, judge_trace

_MOMENTS = (
    "session.started",
    "state.changed",
    "output.streaming",
    "tool.invoked",
    "tool.completed",
)


@pytest.mark.parametrize("kind", ["create_agent", "executor", "graph"])
@pytest.mark.parametrize("moment", _MOMENTS)
def test_known_failure_32_a_keyboard_interrupt_inside_a_listener_ends_the_session(
    moment: str, kind: AgentKind
) -> None:
    emitter = AAEPEmitter(quiet_seconds=None)
    handler = AAEPCallbackHandler(emitter)
    agent = build_agent(kind, bank_model(), Bank())
    given = agent_input(kind, REQUEST)
    pressed: list[WireEvent] = []

    def press(event: WireEvent) -> None:
        if event["type"].endswith(moment) and not pressed:
            pressed.append(event)
            raise KeyboardInterrupt

    emitter.subscribe(press)
    with capture_events(emitter) as seen, pytest.raises(KeyboardInterrupt):
        agent.invoke(given, {"callbacks": [handler]})
    assert len(pressed) == 1
    findings = judge_trace(seen, house=True)
    assert not findings, explain(findings)
    assert seen[-1]["type"] == "aaep:agent.session.cancelled"
    assert handler.open_runs == 0
    assert not emitter.is_live(seen[0]["session_id"])
    assert seen[-1]["cancelled_by"] == "user"
