"""What is heard when OpenAI or Anthropic turns a request down, or breaks off in the middle of an answer.

Purpose: the category, the words and the silence about keys are right for errors as the real clients
raise them, not as we imagine them.

Boundary: real clients, a stub provider on this machine, real agents; every trace is judged.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal, TypeAlias

import pytest
from langchain.agents import create_agent
from langchain_core.tools import BaseTool, tool

from tests.aaep_langchain.agents import Way, asked, run, with_handlers
from tests.aaep_langchain.hearing_helpers import Hearing, assert_never_said
from tests.aaep_langchain.providers.answers import WIRES, Problem, Wire, calls, said
from tests.aaep_langchain.providers.clients import client
from tests.aaep_langchain.providers.problems import ANTHROPIC, KEY, OPENAI
from tests.aaep_langchain.providers.server import StubProvider

pytestmark = pytest.mark.filterwarnings(
    # The v3 stream is marked beta by langchain-core and experimental by langgraph.
    "ignore:.*(in beta|v3 streaming protocol).*:langchain_core._api.LangChainBetaWarning"
)

Expected: TypeAlias = tuple[str, str, bool]

EXPECTED: dict[str, Expected] = {
    "bad_key": ("requires_user", "AUTHENTICATION_FAILED", True),
    "rate_limit": ("transient", "RATE_LIMITED", True),
    "quota": ("requires_user", "QUOTA_EXCEEDED", True),
    "server": ("transient", "SERVICE_UNAVAILABLE", True),
    "overloaded": ("transient", "SERVICE_UNAVAILABLE", True),
    "too_long": ("permanent", "CONTEXT_TOO_LONG", False),
    "no_model": ("permanent", "NOT_FOUND", False),
    "region": ("requires_user", "PERMISSION_DENIED", True),
}
# Anthropic has a status for too much to do, and no allowance but credit.
ANTHROPICS = {
    "overloaded": ("transient", "SERVICE_OVERLOADED", True),
    "quota": ("requires_user", "PAYMENT_REQUIRED", True),
}

# Reprs, keys, ids and addresses: nothing of what is in the clients' own messages.
NEVER = (
    KEY,
    "Error",
    "Exception",
    "http",
    "{'",
    "req_0001",
    "org-0001",
    "127.0.0.1",
    "stub-model",
    "chunked",
)

HALF = ("Half ", "an answer, and")


def problem(wire: Wire, name: str) -> Problem:
    """A problem as this wire's provider puts it."""
    return (ANTHROPIC if wire == "anthropic" else OPENAI)[name]


def heard_failure(scene: Hearing) -> Expected:
    """The category, code and recoverability of the only end, which is an error in plain words."""
    event = scene.story.one("session.errored")
    assert scene.story.outcome == "session.errored"
    for story in scene.heard.values():
        words = story.one("session.errored")
        for text in [words[key] for key in words if key.startswith("summary")]:
            assert text.endswith(".")
            assert not [word for word in NEVER if word in text], text
    assert_never_said(scene, KEY, "://platform.", "{'", "Error(", "org-0001", "127.0.0.1")
    return event["error_category"], event["error_code"], event["recoverable"]


@pytest.mark.parametrize("way", ["stream", "ainvoke"])
@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("wire", WIRES)
def test_a_request_turned_down_is_told_in_its_category(
    wire: Wire, name: str, way: Way, provider: StubProvider
) -> None:
    provider.will_reply(problem(wire, name))
    agent = create_agent(client(wire, provider), [])
    with Hearing() as scene:
        scene.run(
            lambda handler: run(agent, way, asked("create_agent"), with_handlers(handler)),
            raises=Exception,
        )
        expected = {**EXPECTED, **(ANTHROPICS if wire == "anthropic" else {})}
        assert heard_failure(scene) == expected[name]
        assert scene.story.outputs == []


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("wire", WIRES)
def test_the_wait_a_provider_asks_for_is_said(
    wire: Wire, live: bool, provider: StubProvider
) -> None:
    provider.will_reply(problem(wire, "rate_limit"))
    model = client(wire, provider)
    with Hearing(live=live) as scene:
        scene.run(lambda handler: model.invoke("Hi", with_handlers(handler)), raises=Exception)
        heard_failure(scene)
        assert "20 seconds" in scene.story.one("session.errored")["remediation_hint"]


Break: TypeAlias = Literal["cut", "overloaded", "server", "rate_limit"]
BREAKS: dict[Break, tuple[str, ...]] = {
    "cut": ("transient", "CONNECTION_FAILED"),
    "overloaded": ("transient", "SERVICE_OVERLOADED"),
    "server": ("transient", "SERVICE_UNAVAILABLE"),
    "rate_limit": ("transient", "RATE_LIMITED"),
}


def broken(wire: Wire, how: Break) -> dict[str, Any]:
    """How a stream breaks off in the middle of an answer."""
    if how == "cut":
        return {"cut": True}
    if wire == "anthropic":
        kind = {"overloaded": "overloaded_error", "server": "api_error"}.get(how, f"{how}_error")
        return {"failure": {"type": kind, "message": "No."}}
    kind = {"server": "server_error", "rate_limit": "rate_limit_exceeded"}[how]
    return {"failure": {"code": kind, "type": kind, "param": None, "message": "No."}}


@pytest.mark.parametrize("way", ["invoke", "astream", "v3", "async_v3"])
@pytest.mark.parametrize(
    ("wire", "how"),
    # OpenAI has no error of its own for too much to do.
    [(w, b) for w in WIRES for b in BREAKS if w == "anthropic" or b != "overloaded"],
)
def test_an_answer_that_breaks_off_is_closed_and_told(
    wire: Wire, how: Break, way: str, provider: StubProvider
) -> None:
    provider.will_reply(said(*HALF, **broken(wire, how)))
    agent: Any = create_agent(client(wire, provider), [])

    async def events(config: Any) -> None:
        async for _ in await agent.astream_events(asked("create_agent"), config, version="v3"):
            pass

    def go(handler: Any) -> Any:
        config = with_handlers(handler)
        if way == "v3":
            return list(agent.stream_events(asked("create_agent"), config, version="v3"))
        if way == "async_v3":
            return asyncio.run(events(config))
        return run(agent, way, asked("create_agent"), config)  # type: ignore[arg-type]

    with Hearing() as scene:
        scene.run(go, raises=Exception)
        assert heard_failure(scene)[:2] == BREAKS[how]
        assert scene.story.outputs == ["".join(HALF)]
        assert scene.story.of("output.streaming")[-1]["complete"] is True


@pytest.mark.parametrize("wire", WIRES)
def test_the_clients_own_retries_are_not_heard(wire: Wire, provider: StubProvider) -> None:
    """The clients try again before anything reaches LangChain: the listener hears one answer."""
    again = problem(wire, "server")
    quick = Problem(again.status, again.body, {"retry-after-ms": "1"})
    provider.will_reply(quick, quick, said("Here ", "it is."))
    model = client(wire, provider, max_retries=2)
    with Hearing() as scene:
        scene.run(lambda handler: model.invoke("Hi", with_handlers(handler)))
        assert scene.story.outputs == ["Here it is."]
        assert len(provider.requests) == 3


def asking(model: Any) -> BaseTool:
    """A tool that asks a model of its own."""

    @tool
    def expert(question: str) -> str:
        """Ask an expert."""
        return str(model.invoke(question).text)

    return expert


@pytest.mark.parametrize("wire", WIRES)
def test_an_error_inside_a_tool_is_told_without_key_or_repr(
    wire: Wire, provider: StubProvider
) -> None:
    model = client(wire, provider)
    provider.will_reply(calls("expert", question="Why?"), problem(wire, "bad_key"))
    agent: Any = create_agent(model, [asking(model)])
    with Hearing() as scene:
        scene.run(
            lambda handler: agent.invoke(asked("create_agent"), with_handlers(handler)),
            raises=Exception,
        )
        assert heard_failure(scene) == EXPECTED["bad_key"]
        failed = scene.story.one("tool.completed")
        assert failed["status"] == "error"
        assert_never_said(scene, KEY)
