"""One streamed answer under one handler, timed in a process of its own; `benchmarks.streaming` compares.

Needs nothing but langchain-core and the handler's own package, so that it also runs where a peer is
installed whose module has the same name as ours. For every line on its standard input it prints one
line of JSON: microseconds a token, without and with the handler, sync and async.

Run: python -m benchmarks.streaming_workload HANDLER [TOKENS]
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import random
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    BaseCallbackHandler,
    CallbackManagerForLLMRun,
)
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable

TOKENS = 2_000
# How often one round runs the answer in each way.
TURNS = 3
# Sentences of 6 to 29 words, 17 on average, as prose has them.
PROSE = (
    "I looked at the account you asked about, and nothing in it is out of order. The rent left on "
    "the first of the month, as it always does, and two smaller payments to the electricity company "
    "and the library followed in the week after. Nothing else is due before Friday. If you would "
    "like to put something aside, the savings account still pays more than the other one. The "
    "difference has become small since the spring, though, and may soon be gone. Shall I send you a "
    "list of what was paid, or is there anything else that you would like to know? "
)


class Prose(BaseChatModel):
    """A chat model that says the same text in the same tokens whenever it is asked."""

    pieces: tuple[str, ...]

    @property
    def _llm_type(self) -> str:
        return "prose"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage("".join(self.pieces)))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for piece in self.pieces:
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for piece in self.pieces:
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))


def pieces(count: int) -> tuple[str, ...]:
    """`count` tokens of 1 to 8 characters."""
    source = random.Random(1)
    text = PROSE * (1 + count * 8 // len(PROSE))
    cut: list[str] = []
    at = 0
    for _ in range(count):
        size = source.randint(1, 8)
        cut.append(text[at : at + size])
        at += size
    return tuple(cut)


class Attached(NamedTuple):
    """A handler at work.

    Attributes:
        callbacks: What a run is given.
        produced: How many events or spans came of it so far.
    """

    callbacks: list[BaseCallbackHandler]
    produced: Callable[[], int]


class NoOp(BaseCallbackHandler):
    """Does nothing, and does it without a hop to a thread."""

    run_inline = True


@contextmanager
def _no_op() -> Iterator[Attached]:
    yield Attached([NoOp()], lambda: 0)


def _ours(*boundaries: str) -> Callable[[], AbstractContextManager[Attached]]:
    @contextmanager
    def attach() -> Iterator[Attached]:
        ours = importlib.import_module("aaep_langchain")
        helpers = importlib.import_module("aaep_helpers")
        heard: list[object] = []
        with helpers.AAEPEmitter() as emitter:
            for boundary in boundaries:
                emitter.subscribe(heard.append, boundary=boundary)
            yield Attached([ours.AAEPCallbackHandler(emitter)], lambda: len(heard))

    return attach


@contextmanager
def _openinference() -> Iterator[Attached]:
    instrumentation = importlib.import_module("openinference.instrumentation.langchain")
    sdk = importlib.import_module("opentelemetry.sdk.trace")
    export = importlib.import_module("opentelemetry.sdk.trace.export")
    memory = importlib.import_module("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    exporter = memory.InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(export.SimpleSpanProcessor(exporter))
    instrumentor = instrumentation.LangChainInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    try:
        yield Attached([], lambda: len(exporter.get_finished_spans()))
    finally:
        instrumentor.uninstrument()
        provider.shutdown()


@contextmanager
def _producer() -> Iterator[Attached]:
    published = importlib.import_module("aaep_langchain")
    heard: list[object] = []
    handler = published.LangChainAAEPHandler(send_event=heard.append)
    yield Attached([handler], lambda: len(heard))


HANDLERS: dict[str, Callable[[], AbstractContextManager[Attached]]] = {
    "no-op": _no_op,
    "ours": _ours("sentence"),
    "ours, five listeners": _ours("sentence", "word", "paragraph", "completion", "none"),
    "openinference": _openinference,
    "aaep-langchain-producer": _producer,
}


class Workload:
    """The answer, streamed through a chain, so that there is a root with a model below.

    Args:
        count: How many tokens it has.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        prompt = ChatPromptTemplate.from_messages([("human", "{question}")])
        self._chain: Runnable[dict[str, str], Any] = prompt | Prose(pieces=pieces(count))
        self._question = {"question": "Is my account in order?"}

    def sync(self, callbacks: list[BaseCallbackHandler]) -> float:
        """Microseconds a token of `stream`."""
        gc.collect()
        started = time.perf_counter()
        for _ in self._chain.stream(self._question, {"callbacks": callbacks}):
            pass
        return self._per_token(started)

    def asynchronous(self, callbacks: list[BaseCallbackHandler]) -> float:
        """Microseconds a token of `astream`."""
        return asyncio.run(self._run(callbacks))

    async def _run(self, callbacks: list[BaseCallbackHandler]) -> float:
        gc.collect()
        started = time.perf_counter()
        async for _ in self._chain.astream(self._question, {"callbacks": callbacks}):
            pass
        return self._per_token(started)

    def _per_token(self, started: float) -> float:
        return (time.perf_counter() - started) / self._count * 1e6


def measure(handler: str, count: int, turns: int = TURNS) -> dict[str, dict[str, float]]:
    """Microseconds a token, the medians of some runs without and with the handler in turns.

    Returns:
        For "sync" and "async" the figures "bare" and "handled", and how many events or spans one
        run "produced", which shows that the handler heard it at all.
    """
    workload = Workload(count)
    figures: dict[str, dict[str, float]] = {}
    for way, run in (("sync", workload.sync), ("async", workload.asynchronous)):
        bare: list[float] = []
        handled: list[float] = []
        for _ in range(turns):
            bare.append(run([]))
            with HANDLERS[handler]() as attached:
                handled.append(run(attached.callbacks))
                produced = attached.produced()
        figures[way] = {
            "bare": statistics.median(bare),
            "handled": statistics.median(handled),
            "produced": produced,
        }
    return figures


def main() -> None:
    handler = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else TOKENS
    measure(handler, min(count, 100), 1)  # Imports and caches; what cannot be imported fails here.
    print(json.dumps({"ready": handler}), flush=True)
    for _ in sys.stdin:
        print(json.dumps(measure(handler, count)), flush=True)


if __name__ == "__main__":
    main()
