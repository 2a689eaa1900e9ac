"""Tools as they are heard: their policy, their arguments, their results, their failures."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ToolRetryMiddleware
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool, StructuredTool, Tool, ToolException, tool
from langchain_core.tools.base import BaseTool as CoreTool
from langgraph.types import Command

from aaep_langchain import ToolPolicy
from aaep_langchain.demo.bank import AGENT_KINDS, AgentKind
from aaep_langchain.demo.scripted_model import ToolCall, Turn
from tests.aaep_langchain.agents import Way, agent, asked, run, scripted, weather, with_handlers
from tests.aaep_langchain.hearing_helpers import (
    Hearing,
    Run,
    Story,
    assert_never_said,
    hear,
)
from tests.aaep_langchain.reading.hostile import Hostile

ARGUMENTS = {"to": "Ana", "subject": "Lunch", "password": "hunter2"}


@tool
def send_email(to: str, subject: str, password: str) -> str:
    """Send an email. It is really sent."""
    return "Sent."


def using(
    tool: BaseTool,
    kind: AgentKind = "create_agent",
    way: Way = "invoke",
    arguments: dict[str, Any] | None = None,
) -> Run:
    """An agent that calls this tool and then answers."""
    turns = (Turn("", (ToolCall(tool.name, arguments or {}),)), "That is all.")
    return lambda handler: run(
        agent(kind, *turns, tools=[tool]), way, asked(kind), with_handlers(handler)
    )


def with_policy(**policy: Any) -> BaseTool:
    """The email tool with a policy in its metadata."""
    return send_email.model_copy(update={"metadata": {"aaep": policy}})


def announced(story: Story) -> str:
    return str(story.one("tool.invoked")["summary_normal"])


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_secrets_given_as_arguments_are_said_by_nobody(kind: AgentKind) -> None:
    with Hearing() as scene:
        scene.run(using(send_email, kind, arguments=ARGUMENTS))
    assert_never_said(scene, "hunter2")
    assert "to: Ana, subject: Lunch, password: " in scene.story.one("tool.invoked")["args_summary"]


def test_secrets_in_an_announcement_are_said_by_nobody() -> None:
    with Hearing(tools={"send_email": ToolPolicy(announcement="Using {password}")}) as scene:
        scene.run(using(send_email, arguments=ARGUMENTS))
    assert_never_said(scene, "hunter2")


def test_secrets_in_a_result_are_said_by_nobody() -> None:
    @tool
    def read_vault(key: str) -> dict[str, str]:
        """Read the vault."""
        return {
            "user": "ana",
            "password": "hunter2",
            "note": "api_key=sk-proj-abcdefghij0123456789",
        }

    for kind in AGENT_KINDS:
        with Hearing() as scene:
            scene.run(using(read_vault, kind, arguments={"key": "x"}))
        assert_never_said(scene, "hunter2", "abcdefghij0123456789")


def test_a_secret_in_the_request_is_said_by_nobody() -> None:
    with Hearing() as scene:
        scene.run(
            lambda handler: agent("create_agent").invoke(
                asked("create_agent", "My key is sk-proj-abcdefghij0123456789, and the weather?"),
                with_handlers(handler),
            )
        )
    assert_never_said(scene, "abcdefghij0123456789")


def test_a_secret_in_an_error_is_said_by_nobody() -> None:
    @tool
    def log_in(city: str) -> str:
        """Log in."""
        raise ConnectionError("no answer from https://ana:hunter2@example.org")

    with Hearing() as scene:
        scene.run(using(log_in, arguments={"city": "Oslo"}), raises=ConnectionError)
    assert_never_said(scene, "hunter2")


def test_a_tool_without_a_policy_is_announced_in_a_sensible_sentence() -> None:
    with Hearing() as scene:
        scene.run(using(weather, arguments={"city": "Oslo"}))
    assert announced(scene.story) == "Using weather, with city: Oslo."
    assert scene.heard["terse"].one("tool.invoked")["summary_terse"] == "Weather."
    detailed = scene.heard["detailed"].one("tool.invoked")["summary_detailed"]
    assert detailed == "Using weather. The weather in a city. It is given city: Oslo."


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_a_policy_on_the_handler_by_name(kind: AgentKind) -> None:
    policy = ToolPolicy(
        risk_level="medium", spoken_name="the mail", announcement="Sending an email to {to}"
    )
    story = hear(using(send_email, kind, arguments=ARGUMENTS), tools={"send_email": policy})
    assert announced(story) == "Sending an email to Ana."
    assert story.one("tool.invoked")["risk_level"] == "medium"
    assert story.one("tool.completed")["summary_normal"] == "The mail is done."


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_a_policy_in_the_tools_metadata(kind: AgentKind) -> None:
    mail = with_policy(risk_level="high", announcement="Sending {subject} to {to}.")
    story = hear(using(mail, kind, arguments=ARGUMENTS))
    assert announced(story) == "Sending Lunch to Ana."
    assert story.one("tool.invoked")["risk_level"] == "high"


def test_the_handlers_policy_counts_before_the_tools_own() -> None:
    mail = with_policy(risk_level="high", announcement="Sending {subject}.", spoken_name="mail")
    own = {"send_email": ToolPolicy(announcement="Writing to {to}.")}
    story = hear(using(mail, arguments=ARGUMENTS), tools=own)
    assert announced(story) == "Writing to Ana."
    assert story.one("tool.invoked")["risk_level"] == "high"
    assert story.one("tool.completed")["summary_normal"] == "Mail is done."


def test_an_announcement_without_its_argument_is_not_used() -> None:
    policy = ToolPolicy(announcement="Sending an email to {recipient}")
    story = hear(using(send_email, arguments=ARGUMENTS), tools={"send_email": policy})
    assert announced(story).startswith("Using send email, with to: Ana")


@pytest.mark.parametrize("metadata", ["high", {"risk_level": "huge"}, {"colour": "red"}, 3])
def test_a_policy_that_makes_no_sense_costs_the_policy_and_nothing_else(metadata: object) -> None:
    mail = send_email.model_copy(update={"metadata": {"aaep": metadata}})
    with Hearing() as scene:
        scene.run(using(mail, arguments=ARGUMENTS))
    assert announced(scene.story).startswith("Using send email, with to: Ana")
    (warning,) = [line for line in scene.log if line.levelno == logging.WARNING]
    assert "send_email" in warning.getMessage()


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_irreversible_but_unguarded_is_said_in_words_and_the_flag_left_out(
    kind: AgentKind,
) -> None:
    policy = ToolPolicy(
        irreversible=True, risk_level="high", announcement="Sending an email to {to}"
    )
    with Hearing(tools={"send_email": policy}) as scene:
        for _ in range(2):
            scene.run(using(send_email, kind, arguments=ARGUMENTS))
    for invoked in scene.story.of("tool.invoked"):
        assert invoked["summary_normal"] == (
            "Sending an email to Ana. This cannot be undone, and you were not asked."
        )
        assert "irreversible" not in invoked
    warnings = [line for line in scene.log if line.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "send_email" in warnings[0].getMessage()


@pytest.mark.parametrize("name", ["größe", "天気", "two words", "3d", "a" * 300])
def test_a_tool_of_any_name_is_announced_by_that_name(name: str) -> None:
    def look(city: str) -> str:
        return "Sunny."

    named = StructuredTool.from_function(look, name=name, description="Look.")
    policy = ToolPolicy(risk_level="low")
    story = hear(
        lambda handler: named.invoke({"city": "Oslo"}, with_handlers(handler)),
        tools={name: policy},
    )
    assert story.one("tool.invoked")["risk_level"] == "low"
    assert announced(story).startswith(f"Using {name}"[:100])


def test_a_long_argument_is_not_heard_in_full() -> None:
    with Hearing() as scene:
        scene.run(using(send_email, arguments={**ARGUMENTS, "subject": "very " * 500}))
    assert announced(scene.story) == "Using send email."
    assert len(scene.heard["detailed"].one("tool.invoked")["summary_detailed"]) < 600


def test_an_error_that_the_tool_puts_into_words_is_heard_as_one() -> None:
    @tool
    def picky(city: str) -> str:
        """Be picky."""
        raise ToolException(f"{city} is too far away.")

    picky.handle_tool_error = True
    for kind in AGENT_KINDS:
        story = hear(using(picky, kind, arguments={"city": "Oslo"}))
        assert story.outcome == "session.completed"
        completed = story.one("tool.completed")
        if kind == "executor":
            # AgentExecutor calls tools without a tool_call_id and gets plain text: it cannot be told.
            assert completed["status"] == "success"
        else:
            assert completed["status"] == "error"
            assert completed["summary_normal"] == "Picky did not work. Oslo is too far away."


def test_arguments_the_tool_does_not_take_are_an_error_and_the_body_never_runs() -> None:
    """Fact 2: on_tool_start fires before the arguments are checked."""
    story = hear(using(weather, arguments={"town": "Oslo"}))
    assert story.one("tool.completed")["status"] == "error"
    assert story.outcome == "session.completed"


def test_each_try_of_a_tool_that_is_retried_is_heard() -> None:
    failures = [ConnectionError("once")]

    @tool
    def shaky(city: str) -> str:
        """Try."""
        if failures:
            raise failures.pop()
        return "Sunny."

    model = scripted(Turn("", (ToolCall("shaky", {"city": "Oslo"}),)), "That is all.")
    retrying: Runnable[Any, Any] = create_agent(
        model,
        [shaky],
        middleware=[ToolRetryMiddleware(max_retries=1, initial_delay=0, jitter=False)],
    )
    story = hear(lambda handler: retrying.invoke(asked("create_agent"), with_handlers(handler)))
    assert [event["status"] for event in story.of("tool.completed")] == ["error", "success"]
    assert story[-1]["tool_invocations_count"] == 2


@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_parallel_tools_are_paired_with_their_own_ends(way: Way) -> None:
    calls = tuple(ToolCall("weather", {"city": city}) for city in ("Oslo", "Rome", "Lima"))
    several = agent("create_agent", Turn("", calls), "That is all.")
    with Hearing() as scene:
        scene.run(lambda handler: run(several, way, asked("create_agent"), with_handlers(handler)))
    heard = scene.heard["detailed"]
    city_of = {
        event["tool_call_id"]: event["args_summary"].removeprefix("city: ")
        for event in heard.of("tool.invoked")
    }
    assert sorted(city_of.values()) == ["Lima", "Oslo", "Rome"]
    for event in heard.of("tool.completed"):
        assert city_of[event["tool_call_id"]] in event["summary_detailed"]


def test_a_handoff_by_a_command_is_a_tool_that_worked() -> None:
    @tool
    def hand_over(city: str) -> Command[Any]:
        """Hand over."""
        return Command(update={})

    story = hear(lambda handler: hand_over.invoke({"city": "x"}, with_handlers(handler)))
    assert story.one("tool.completed")["status"] == "success"


def nothing(city: str) -> str:
    """Do nothing."""
    return "Nothing."


async def never(city: str) -> str:
    """Never run."""
    return "Never."


# ToolNode makes a message of the coroutine's repr and drops it, before anybody could close it.
@pytest.mark.filterwarnings("ignore:coroutine 'never' was never awaited:RuntimeWarning")
@pytest.mark.parametrize("kind", AGENT_KINDS)
@pytest.mark.parametrize("made", ["Tool", "StructuredTool"])
def test_fact_11_an_async_function_given_as_func_is_an_error(kind: AgentKind, made: str) -> None:
    silent: BaseTool = (
        Tool(name="never", func=never, description="Never run.")
        if made == "Tool"
        else StructuredTool.from_function(never, name="never")
    )
    arguments = {"__arg1": "Oslo"} if made == "Tool" else {"city": "Oslo"}
    with Hearing() as scene:
        scene.run(using(silent, kind, arguments=arguments), faults=True)
    completed = scene.story.one("tool.completed")
    assert completed["status"] == "error"
    assert completed["summary_normal"].startswith("Never did not work. Never did not run")
    (fault,) = [line for line in scene.log if line.levelno == logging.ERROR]
    assert "pass it as coroutine" in fault.getMessage()


def test_fact_11_an_async_tool_under_invoke_is_an_error() -> None:
    only_async = StructuredTool.from_function(coroutine=never, name="never")
    for kind in AGENT_KINDS:
        story = hear(
            using(only_async, kind, arguments={"city": "Oslo"}), raises=NotImplementedError
        )
        assert story.one("tool.completed")["status"] == "error"


def test_known_failure_08_payloads_are_never_copied_pickled_or_printed() -> None:
    """The object goes through a graph's tool and comes back as the very same one."""
    payload = Hostile()

    class Handing(CoreTool):
        name: str = "handing"
        description: str = "Hand something over."

        def _run(self, thing: Any) -> Any:
            return thing

    def pass_on(handler: Any) -> Any:
        # A tool's input is printed by LangChain itself, so only what is nested may refuse that.
        class Box:
            content = payload

        box = Box()
        assert Handing().invoke({"thing": box}, with_handlers(handler)) is box
        return Handing().invoke({"thing": "x"}, with_handlers(handler))

    story = hear(pass_on)
    assert len(story.sessions) == 2


def test_known_failure_09_a_tool_call_without_an_id_has_one_of_ours() -> None:
    for kind in AGENT_KINDS:
        story = hear(using(weather, kind, arguments={"city": "Oslo"}))
        invoked, completed = story.of("tool.invoked", "tool.completed")
        assert invoked["tool_call_id"].startswith("call_")
        assert invoked["tool_call_id"] == completed["tool_call_id"]


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_a_call_of_a_tool_that_does_not_exist_is_the_agents_own_business(kind: AgentKind) -> None:
    """AgentExecutor runs a tool of its own in its place, which tells the model and nobody else."""
    turns = (Turn("", (ToolCall("nope", {"city": "Oslo"}),)), "I cannot do that.")
    story = hear(
        lambda handler: run(agent(kind, *turns), "invoke", asked(kind), with_handlers(handler))
    )
    assert story.kinds == ["session.started", "session.completed"]
    assert story.outputs == ["I cannot do that."]
