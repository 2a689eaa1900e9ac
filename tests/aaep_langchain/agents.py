"""Agents, tools and a recorder for tests of what LangChain does.

Purpose: every test that needs a real agent builds it here, in one line, on a ScriptedChatModel.

Boundary: no simulated callbacks and nothing of AAEP; these are plain LangChain and LangGraph.

Failure policy: an agent's own exceptions reach the test unchanged.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypedDict
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.tools import BaseTool, create_retriever_tool, tool
from langgraph.callbacks import GraphCallbackHandler, GraphInterruptEvent, GraphResumeEvent
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt

from aaep_langchain.demo.bank import AgentKind, Bank, agent_input, build_agent
from aaep_langchain.demo.scripted_model import ScriptedChatModel, Step, ToolCall, Turn

Way: TypeAlias = Literal["invoke", "ainvoke", "stream", "astream", "batch", "abatch"]
WAYS: tuple[Way, ...] = ("invoke", "ainvoke", "stream", "astream", "batch", "abatch")


@dataclass(frozen=True, slots=True)
class Call:
    """One callback as it came.

    Attributes:
        event: The callback's name without "on_".
        run_id: The run it is about; None for the graph's own events.
        parent_run_id: That run's parent.
        payload: The first argument that matters: inputs, outputs, error, token, response, event.
        kwargs: All the rest, `serialized` among them.
        thread: The thread it was called on.
        in_loop: Whether that thread had a running event loop.
    """

    event: str
    run_id: UUID | None
    parent_run_id: UUID | None
    payload: Any
    kwargs: Mapping[str, Any]
    thread: int
    in_loop: bool


@dataclass
class Recording:
    """The calls of a RecordingHandler, in order, with the questions tests ask about them."""

    calls: list[Call] = field(default_factory=list)
    hook: Callable[[Call], object] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(
        self,
        event: str,
        payload: Any,
        kwargs: Mapping[str, Any],
        run_id: UUID | None = None,
        parent_run_id: UUID | None = None,
    ) -> None:
        try:
            asyncio.get_running_loop()
            in_loop = True
        except RuntimeError:
            in_loop = False
        call = Call(event, run_id, parent_run_id, payload, kwargs, threading.get_ident(), in_loop)
        with self._lock:
            self.calls.append(call)
        if self.hook is not None:
            self.hook(call)

    @property
    def events(self) -> list[str]:
        """The callbacks' names in order."""
        return [call.event for call in self.calls]

    @property
    def tokens(self) -> list[Any]:
        return [call.payload for call in self.calls if call.event == "llm_new_token"]

    def of(self, *events: str) -> list[Call]:
        """The calls with one of these names, in order."""
        return [call for call in self.calls if call.event in events]

    def one(self, event: str) -> Call:
        """The only call with this name."""
        found = self.of(event)
        assert len(found) == 1, f"{len(found)} calls of {event} in {self.events}"
        return found[0]

    def one_named(self, event: str, name: str) -> Call:
        """The only call with this name that is about a run called `name`."""
        found = [call for call in self.of(event) if self.name(call.run_id) == name]
        assert len(found) == 1, f"{len(found)} calls of {event} {name} in {self.events}"
        return found[0]

    def of_run(self, run_id: UUID | None) -> list[Call]:
        return [call for call in self.calls if call.run_id == run_id]

    def roots(self) -> list[Call]:
        """The starts whose parent this recorder does not know."""
        known = {call.run_id for call in self.calls}
        return [
            call
            for call in self.calls
            if call.event.endswith("_start") and call.parent_run_id not in known
        ]

    def root(self) -> Call:
        (root,) = self.roots()
        return root

    def last_of_root(self) -> Call:
        """What the root run ended with."""
        return self.of_run(self.root().run_id)[-1]

    def name(self, run_id: UUID | None) -> str:
        """What a run is called: its name, its tool's name, or nothing."""
        for call in self.calls:
            if call.run_id == run_id and call.event.endswith("_start"):
                named = call.kwargs.get("name") or (call.kwargs.get("serialized") or {}).get("name")
                return str(named)
        return ""

    def lines(self, *, tokens: bool = False) -> list[str]:
        """The run tree as text: each call indented by the depth of its run."""
        depth: dict[UUID | None, int] = {}
        lines = []
        for call in self.calls:
            if call.event.endswith("_start"):
                depth[call.run_id] = depth.get(call.parent_run_id, -1) + 1
            if call.event == "llm_new_token" and not tokens:
                continue
            pad = "  " * depth.get(call.run_id, 0)
            lines.append(f"{pad}{call.event} {self.name(call.run_id)}".rstrip())
        return lines


class RecordingHandler(GraphCallbackHandler):
    """Writes down every callback; inline, so that the order is the order of what happened."""

    run_inline = True
    raise_error = True

    def __init__(self, hook: Callable[[Call], object] | None = None) -> None:
        self.seen = Recording(hook=hook)

    def on_chain_start(self, serialized: Any, inputs: Any, **kwargs: Any) -> None:
        self._note("chain_start", inputs, kwargs, serialized=serialized)

    def on_chain_end(self, outputs: Any, **kwargs: Any) -> None:
        self._note("chain_end", outputs, kwargs)

    def on_chain_error(self, error: BaseException, **kwargs: Any) -> None:
        self._note("chain_error", error, kwargs)

    def on_llm_start(self, serialized: Any, prompts: Any, **kwargs: Any) -> None:
        self._note("llm_start", prompts, kwargs, serialized=serialized)

    def on_chat_model_start(self, serialized: Any, messages: Any, **kwargs: Any) -> None:
        self._note("chat_model_start", messages, kwargs, serialized=serialized)

    def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
        self._note("llm_new_token", token, kwargs)

    def on_stream_event(self, event: Any, **kwargs: Any) -> None:
        self._note("stream_event", event, kwargs)

    def on_llm_end(self, response: Any, **kwargs: Any) -> None:
        self._note("llm_end", response, kwargs)

    def on_llm_error(self, error: BaseException, **kwargs: Any) -> None:
        self._note("llm_error", error, kwargs)

    def on_tool_start(self, serialized: Any, input_str: Any, **kwargs: Any) -> None:
        self._note("tool_start", input_str, kwargs, serialized=serialized)

    def on_tool_end(self, output: Any, **kwargs: Any) -> None:
        self._note("tool_end", output, kwargs)

    def on_tool_error(self, error: BaseException, **kwargs: Any) -> None:
        self._note("tool_error", error, kwargs)

    def on_retriever_start(self, serialized: Any, query: Any, **kwargs: Any) -> None:
        self._note("retriever_start", query, kwargs, serialized=serialized)

    def on_retriever_end(self, documents: Any, **kwargs: Any) -> None:
        self._note("retriever_end", documents, kwargs)

    def on_retriever_error(self, error: BaseException, **kwargs: Any) -> None:
        self._note("retriever_error", error, kwargs)

    def on_agent_action(self, action: Any, **kwargs: Any) -> None:
        self._note("agent_action", action, kwargs)

    def on_agent_finish(self, finish: Any, **kwargs: Any) -> None:
        self._note("agent_finish", finish, kwargs)

    def on_text(self, text: str, **kwargs: Any) -> None:
        self._note("text", text, kwargs)

    def on_retry(self, retry_state: Any, **kwargs: Any) -> None:
        self._note("retry", retry_state, kwargs)

    def on_custom_event(self, name: str, data: Any, **kwargs: Any) -> None:
        self._note("custom_event", data, {**kwargs, "name": name})

    def on_interrupt(self, event: GraphInterruptEvent) -> None:
        self.seen.add("interrupt", event, {}, event.run_id)

    def on_resume(self, event: GraphResumeEvent) -> None:
        self.seen.add("resume", event, {}, event.run_id)

    def _note(self, event: str, payload: Any, kwargs: dict[str, Any], **more: Any) -> None:
        run_id = kwargs.pop("run_id")
        parent = kwargs.pop("parent_run_id", None)
        self.seen.add(event, payload, {**kwargs, **more}, run_id, parent)


class StreamingRecordingHandler(RecordingHandler):
    """A recorder that makes LangChain stream models it would call whole (fact 6)."""

    def tap_output_iter(self, run_id: UUID, output: Iterator[Any]) -> Iterator[Any]:
        return output

    def tap_output_aiter(self, run_id: UUID, output: AsyncIterator[Any]) -> AsyncIterator[Any]:
        return output


@tool
def weather(city: str) -> str:
    """The weather in a city."""
    return f"It is sunny in {city}."


@tool
async def aweather(city: str) -> str:
    """The weather in a city, asked for asynchronously."""
    return f"It is sunny in {city}."


@tool
def broken(city: str) -> str:
    """A tool that always fails."""
    raise ConnectionError(f"no route to {city}")


@tool
def forbidden(city: str) -> str:
    """A tool the caller may not use."""
    raise PermissionError(f"{city} is off limits")


@tool
def ask_first(city: str) -> str:
    """A tool that interrupts its graph to ask whether it may go on."""
    answer = interrupt({"question": f"May I look at {city}?"})
    return f"{answer}: it is sunny in {city}."


class Library(BaseRetriever):
    """A retriever over three lines."""

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        return [Document(f"{query} is a word"), Document("and this is another page")]


def library_tool() -> BaseTool:
    """The retriever as an agent's tool."""
    return create_retriever_tool(Library(), "library", "Search the library.")


def calling(name: str, text: str = "", **args: object) -> Turn:
    """A turn that says something, if anything, and calls one tool."""
    return Turn(text, (ToolCall(name, args),))


WEATHER_TURNS: tuple[Step, ...] = (
    calling("weather", "Let me look.", city="Oslo"),
    Turn("It is sunny in Oslo. Enjoy it!"),
)


def scripted(*turns: Step, **options: Any) -> ScriptedChatModel:
    """The model that plays these turns; the options are those of ScriptedChatModel."""
    return ScriptedChatModel(script=turns or WEATHER_TURNS, **options)


def agent(
    kind: AgentKind,
    *turns: Step,
    tools: Sequence[BaseTool] = (weather,),
    checkpointer: BaseCheckpointSaver[Any] | None = None,
    **options: Any,
) -> Runnable[Any, Any]:
    """An agent of this kind on a scripted model; with no turns it looks at Oslo's weather."""
    return build_agent(
        kind, scripted(*turns, **options), Bank(), tools=tools, checkpointer=checkpointer
    )


def asked(kind: AgentKind, text: str = "How is the weather in Oslo?") -> dict[str, Any]:
    """The input of an agent of this kind."""
    return agent_input(kind, text)


def with_handlers(*handlers: BaseCallbackHandler, **config: Any) -> RunnableConfig:
    """A config with these callbacks; the keywords are further keys of RunnableConfig."""
    return {"callbacks": list(handlers), **config}  # type: ignore[typeddict-item]


def on_thread(*handlers: BaseCallbackHandler, thread_id: str = "thread-1") -> RunnableConfig:
    """A config with these callbacks on one thread of a checkpointer."""
    return with_handlers(*handlers, configurable={"thread_id": thread_id})


def run(agent: Runnable[Any, Any], way: Way, given: Any, config: RunnableConfig) -> Any:
    """Run an agent in one of the ways and return its last output.

    The asynchronous ways get a loop of their own, so that a test sees them as a program would.
    """

    async def drain() -> Any:
        return [chunk async for chunk in agent.astream(given, config)][-1]

    match way:
        case "invoke":
            return agent.invoke(given, config)
        case "ainvoke":
            return asyncio.run(agent.ainvoke(given, config))
        case "stream":
            return list(agent.stream(given, config))[-1]
        case "astream":
            return asyncio.run(drain())
        case "batch":
            return agent.batch([given], config)[-1]
        case "abatch":
            return asyncio.run(agent.abatch([given], config))[-1]


def chain(*turns: Step, **options: Any) -> Runnable[dict[str, Any], str]:
    """The usual LCEL chain: prompt, model, parser."""
    prompt = ChatPromptTemplate.from_messages([("human", "{question}")])
    return prompt | scripted(*turns, **options) | StrOutputParser()


class Trail(TypedDict):
    """The state of `approval_graph`: what happened so far."""

    trail: list[str]


def approval_graph(
    checkpointer: BaseCheckpointSaver[Any] | None = None, **compile_options: Any
) -> Runnable[Any, Any]:
    """Two nodes; the first asks with an interrupt, the second uses the answer."""

    def ask(state: Trail) -> Trail:
        answer = interrupt({"question": "Shall I?"})
        return {"trail": [*state["trail"], f"answered {answer}"]}

    def act(state: Trail) -> Trail:
        return {"trail": [*state["trail"], "acted"]}

    graph = StateGraph(Trail)
    graph.add_node("ask", ask)
    graph.add_node("act", act)
    graph.add_edge(START, "ask")
    graph.add_edge("ask", "act")
    graph.add_edge("act", END)
    compiled: Runnable[Any, Any] = graph.compile(checkpointer=checkpointer, **compile_options)
    return compiled


def memory() -> InMemorySaver:
    """A checkpointer of its own for one test."""
    return InMemorySaver()
