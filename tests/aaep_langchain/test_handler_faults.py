"""Faults stay where they are: the handler's, the listeners', and those of other handlers (D3)."""

from __future__ import annotations

import gc
import logging
from typing import Any
from uuid import UUID

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda

from aaep_helpers import AAEPEmitter
from aaep_helpers.testing import capture_events
from aaep_langchain import AAEPCallbackHandler
from aaep_langchain.demo.bank import AGENT_KINDS, AgentKind, agent_answer
from aaep_langchain.demo.scripted_model import Step
from aaep_langchain.narrator import Narrator
from aaep_langchain.tool_narrator import ToolNarrator
from tests.aaep_langchain.agents import (
    Way,
    agent,
    asked,
    broken,
    calling,
    memory,
    run,
    scripted,
    with_handlers,
)
from tests.aaep_langchain.hearing_helpers import Hearing, Story, hear

ANSWER = "It is sunny in Oslo. Enjoy it!"
WAYS: tuple[Way, ...] = ("invoke", "ainvoke", "stream", "astream")

# Each is called in a run of the weather agent.
STEPS = {
    **dict.fromkeys(("start_root", "start_model", "add_token", "end_speech", "say"), Narrator),
    **dict.fromkeys(("treatment", "start_tool", "end_tool"), ToolNarrator),
}


def errors(scene: Hearing) -> list[str]:
    return [line.getMessage() for line in scene.log if line.levelno >= logging.ERROR]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_a_fault_of_the_handler_never_reaches_the_agent(
    step: str, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise ZeroDivisionError("our own fault")

    monkeypatch.setattr(STEPS[step], step, fail)
    for kind in AGENT_KINDS:
        emitter = AAEPEmitter(quiet_seconds=None)
        handler = AAEPCallbackHandler(emitter)
        with capture_events(emitter) as events:
            output = run(agent(kind), way, asked(kind), with_handlers(handler))
        assert agent_answer(kind, output) == ANSWER
        assert handler.open_runs == 0
        story = Story(events)
        assert not [name for name in story.sessions if emitter.is_live(name)]
        if step == "start_root":
            assert not story
        else:
            assert story.outcome == "session.completed"


@pytest.mark.parametrize("step", ["complete_session", "error_session", "cancel_session"])
def test_a_session_that_cannot_be_ended_as_it_should_is_ended_with_fewer_words(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = getattr(AAEPEmitter, step)

    def picky(self: AAEPEmitter, **details: Any) -> None:
        if "output_summary" in details or "summary" in details:
            raise ZeroDivisionError("too many words")
        plain(self, **details)

    monkeypatch.setattr(AAEPEmitter, step, picky)
    turns: dict[str, Step] = {
        "complete_session": "Fine.",
        "error_session": ConnectionError("gone"),
        "cancel_session": KeyboardInterrupt(),
    }
    turn = turns[step]
    raises = type(turn) if isinstance(turn, BaseException) else None
    with Hearing() as scene:
        scene.run(
            lambda handler: scripted(turn).invoke("go", with_handlers(handler)),
            raises=raises,
            faults=True,
        )
    assert scene.story.outcome.removeprefix("session.")[:5] == step[:5]
    assert len(errors(scene)) == 1


def test_a_fault_is_logged_once_with_the_run_id(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise ZeroDivisionError("our own fault")

    monkeypatch.setattr(Narrator, "add_token", fail)
    seen: list[UUID] = []

    class Watching(BaseCallbackHandler):
        def on_chat_model_start(self, *args: Any, run_id: UUID, **kwargs: Any) -> None:
            seen.append(run_id)

    with Hearing() as scene:
        scene.run(
            lambda handler: scripted("One two three.").invoke(
                "go", with_handlers(Watching(), handler)
            ),
            faults=True,
        )
    (line,) = [line for line in scene.log if line.levelno == logging.ERROR]
    assert line.getMessage().startswith(f"on_llm_new_token failed in run {seen[0]}")
    assert line.exc_info is not None
    assert isinstance(line.exc_info[1], ZeroDivisionError)
    assert not [each for each in scene.log if each.name == "langchain_core.callbacks.manager"]


def test_a_fault_in_one_run_leaves_the_next_one_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    with Hearing() as scene:

        def fail(*args: Any, **kwargs: Any) -> None:
            raise ZeroDivisionError("our own fault")

        with monkeypatch.context() as patched:
            patched.setattr(ToolNarrator, "start_tool", fail)
            scene.run(
                lambda h: agent("graph").invoke(asked("graph"), with_handlers(h)), faults=True
            )
        scene.run(lambda h: agent("graph").invoke(asked("graph"), with_handlers(h)))
        first, second = scene.story.sessions
        assert not scene.story.of_session(first).of("tool.invoked")
        assert len(scene.story.of_session(second).of("tool.invoked")) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_an_emitter_closed_in_mid_run_leaves_the_agent_alone(kind: AgentKind, way: Way) -> None:
    with Hearing() as scene:

        def close(index: int) -> None:
            if index == 3:
                scene.emitter.close()

        closing = agent(kind, on_token=close, token_size=2)
        scene.run(lambda handler: run(closing, way, asked(kind), with_handlers(handler)))
    assert scene.story.outcome == "session.cancelled"
    assert scene.story[-1]["cancelled_by"] == "system"


def test_an_emitter_that_is_closed_is_silence_and_one_line_in_the_log() -> None:
    emitter = AAEPEmitter()
    emitter.close()
    handler = AAEPCallbackHandler(emitter)
    output = agent("create_agent").invoke(asked("create_agent"), with_handlers(handler))
    assert agent_answer("create_agent", output) == ANSWER
    assert handler.open_runs == 0


@pytest.mark.parametrize("kind", AGENT_KINDS)
def test_a_listener_that_raises_harms_nobody(kind: AgentKind) -> None:
    def raising(event: Any) -> None:
        raise ZeroDivisionError("a listener's fault")

    with Hearing() as scene:
        scene.emitter.subscribe(raising, name="the broken one")
        scene.run(
            lambda handler: agent(kind).invoke(asked(kind), with_handlers(handler)), faults=True
        )
    assert scene.story.outputs[-1] == ANSWER
    assert errors(scene) == [
        "The listener the broken one raised; the agent and the other listeners go on."
    ]


class Rude(BaseCallbackHandler):
    """Somebody else's handler, which raises and means it."""

    raise_error = True
    run_inline = True

    def __init__(self, where: str) -> None:
        self.where = where

    def _raise(self, name: str) -> None:
        if name == self.where:
            raise ZeroDivisionError("somebody else's fault")

    def on_chat_model_start(self, *args: Any, **kwargs: Any) -> None:
        self._raise("model")

    def on_llm_new_token(self, *args: Any, **kwargs: Any) -> None:
        self._raise("token")

    def on_llm_end(self, *args: Any, **kwargs: Any) -> None:
        self._raise("answer")

    def on_tool_start(self, *args: Any, **kwargs: Any) -> None:
        self._raise("tool")

    def on_tool_end(self, *args: Any, **kwargs: Any) -> None:
        self._raise("result")


# LangChain drops the coroutines of the callbacks that come after the one that raised.
@pytest.mark.filterwarnings("ignore:coroutine 'ahandle_event' was never awaited:RuntimeWarning")
@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
@pytest.mark.parametrize("where", ["model", "token", "answer", "tool", "result"])
@pytest.mark.parametrize("first", [True, False])
def test_an_exception_in_somebody_elses_callback_is_an_errored_session(
    where: str, way: Way, first: bool
) -> None:
    def ask(handler: AAEPCallbackHandler) -> None:
        handlers = [handler, Rude(where)] if first else [Rude(where), handler]
        run(agent("create_agent"), way, asked("create_agent"), with_handlers(*handlers))

    with Hearing() as scene:
        # Langchain logs what the rude one raised.
        scene.run(ask, raises=ZeroDivisionError, faults=True)
    assert scene.story.outcome == "session.errored"
    assert not errors(scene)
    gc.collect()  # So that the warning comes here.


def test_an_exception_in_somebody_elses_quiet_callback_changes_nothing() -> None:
    class Clumsy(BaseCallbackHandler):
        def on_llm_new_token(self, *args: Any, **kwargs: Any) -> None:
            raise ZeroDivisionError("somebody else's fault")

    with Hearing() as scene:
        scene.run(
            lambda handler: agent("create_agent").invoke(
                asked("create_agent"), with_handlers(Clumsy(), handler)
            ),
            faults=True,
        )
    assert scene.story.outputs == ["Let me look.", ANSWER]


@pytest.mark.parametrize("kind", AGENT_KINDS)
@pytest.mark.parametrize("way", WAYS)
def test_known_failure_10_a_handler_listed_twice_doubles_nothing(kind: AgentKind, way: Way) -> None:
    story = hear(
        lambda handler: run(agent(kind), way, asked(kind), with_handlers(handler, handler))
    )
    assert story.kinds == ["session.started", "tool.invoked", "tool.completed", "session.completed"]
    assert story.outputs == ["Let me look.", ANSWER]


@pytest.mark.parametrize("times", [2, 3])
@pytest.mark.parametrize("way", WAYS)
def test_known_failure_10_nor_do_the_tokens_of_a_bare_model(way: Way, times: int) -> None:
    story = hear(
        lambda handler: run(
            scripted("Ha ha ha. Ha!", token_size=3), way, "go", {"callbacks": [handler] * times}
        )
    )
    assert story.outputs == ["Ha ha ha. Ha!"]


def test_known_failure_10_nor_does_one_in_the_constructor_and_in_the_config() -> None:
    with Hearing() as scene:
        doubled = agent("executor")
        doubled.callbacks = [scene.handler]  # type: ignore[attr-defined]
        scene.run(lambda handler: doubled.invoke(asked("executor"), with_handlers(handler)))
    assert scene.story.kinds == [
        "session.started",
        "tool.invoked",
        "tool.completed",
        "session.completed",
    ]
    assert scene.story.outputs == ["Let me look.", ANSWER]


def test_known_failure_10_two_handlers_each_tell_the_whole_story() -> None:
    with Hearing() as scene:
        emitter = AAEPEmitter(quiet_seconds=None)
        other = AAEPCallbackHandler(emitter)
        with capture_events(emitter) as events:
            scene.run(
                lambda handler: agent("create_agent").invoke(
                    asked("create_agent"), with_handlers(other, handler)
                )
            )
        assert Story(events).kinds == scene.story.kinds
        assert Story(events).outputs == scene.story.outputs


def test_known_failure_04_create_agent_ends_without_on_agent_finish() -> None:
    story = hear(lambda h: agent("create_agent").invoke(asked("create_agent"), with_handlers(h)))
    assert story.outcome == "session.completed"


def test_known_failure_05_callbacks_of_unknown_runs_are_nothing() -> None:
    """They may come from a run that began before the handler was attached."""

    def attach_late(handler: AAEPCallbackHandler) -> None:
        def join(text: str, config: RunnableConfig) -> str:
            manager = config["callbacks"]
            manager.add_handler(handler)  # type: ignore[union-attr]
            return str(scripted("Hello.").invoke(text, config).text)

        late: Runnable[str, str] = RunnableLambda(join)
        late.invoke("go")

    story = hear(attach_late)
    assert story.kinds == ["session.started", "session.completed"]
    assert story.outputs == ["Hello."]


def test_known_failure_13_a_session_has_one_end_whatever_comes_after() -> None:
    with Hearing() as scene:
        for turns, error in (
            (("Fine.",), None),
            ((ConnectionError("gone"),), ConnectionError),
            ((calling("broken", city="Oslo"),), ConnectionError),
        ):
            speaker = agent("create_agent", *turns, tools=[broken], checkpointer=memory())
            scene.run(
                lambda h, speaker=speaker: speaker.invoke(  # type: ignore[misc]
                    asked("create_agent"), with_handlers(h, configurable={"thread_id": "t"})
                ),
                raises=error,
            )
        for name in scene.story.sessions:
            assert scene.story.of_session(name).outcome
