"""Hearing the runs below a root whose handler LangChain does not pass on (fact 1).

`AgentExecutor(callbacks=[handler])` tells the handler of the executor's own runs only. While such a root
is heard, a fan-out stands in a context variable that LangChain asks whenever it configures callbacks, so
that it hears everything that starts in that context. The variable cannot be cleared reliably, because
async ends run in a copied context; so a handler takes from the fan-out only runs whose parent is one of
its live runs, and each run from one source.

Where LangChain passes the handler on itself, there is no fan-out: it would bring every callback, every token
among them, a second time for nothing.

Boundary: relays callbacks; understands none. Failure policy: that of the handlers it relays to. What is
left in a context after its run holds no handler alive and relays nothing.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from typing import Any, Final, Protocol
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler, BaseCallbackManager
from langchain_core.tracers.context import register_configure_hook

# How far up the stack the manager that makes a callback can be; measured at 5 and 6.
_MANAGER_DEPTH: Final = 16


class Descended(Protocol):
    """A handler that can be told of runs below its own."""

    live: bool

    @property
    def open_runs(self) -> int:
        """How much it has under way; where that is nothing, nothing can be below it."""
        ...

    def hear_relayed(
        self, source: object, callback: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """A callback of a run that may be below one of the handler's.

        Args:
            source: Who relays it; a run is heard from one source only.
            callback: The callback's name.
            args: Its positional arguments.
            kwargs: Its keywords; `run_id` is among them.
        """
        ...


# Everything LangChain may call on a handler by run_id.
RELAYED: Final = (
    "on_chain_start",
    "on_chain_end",
    "on_chain_error",
    "on_chat_model_start",
    "on_llm_start",
    "on_llm_new_token",
    "on_stream_event",
    "on_llm_end",
    "on_llm_error",
    "on_tool_start",
    "on_tool_end",
    "on_tool_error",
    "on_retriever_start",
    "on_retriever_end",
    "on_retriever_error",
    "on_text",
    "on_agent_action",
    "on_agent_finish",
    "on_retry",
    "on_custom_event",
)


# What LangChain asks a handler before it calls it.
_IGNORED_WHILE_IDLE: Final = (
    "ignore_llm",
    "ignore_retry",
    "ignore_chain",
    "ignore_agent",
    "ignore_retriever",
    "ignore_chat_model",
    "ignore_custom_event",
)


class FanOut(BaseCallbackHandler):
    """Relays every callback to the handlers that are heard in a context.

    While none of them has a run under way it is as good as absent: not inline, because an inline handler
    changes what others hear (fact 3), asking for no streaming (fact 6), and ignoring every callback.

    Args:
        handlers: Whom to relay to; held weakly.
    """

    # A handler may refuse a tool call on purpose; its own faults it keeps to itself.
    raise_error = True

    def __init__(self, handlers: tuple[Descended, ...]) -> None:
        super().__init__()
        self._handlers = tuple(weakref.ref(handler) for handler in handlers)
        self._lock = threading.Lock()
        self._roots = 0
        self._live_roots = 0

    @property
    def handlers(self) -> tuple[Descended, ...]:
        """Those of its handlers that are still there."""
        return tuple(handler for ref in self._handlers if (handler := ref()) is not None)

    @property
    def idle(self) -> bool:
        """Whether none of its handlers has a run under way."""
        return self._roots == 0

    def begin(self, handler: Descended) -> None:
        """A root of `handler` begins: models below it are streamed, if the handler wants that (fact 6)."""
        with self._lock:
            self._roots += 1
            self.run_inline = True
            if handler.live:
                self._live_roots += 1
                self.tap_output_iter = pass_through
                self.tap_output_aiter = pass_through_async

    def end(self, handler: Descended) -> None:
        """A root of `handler` is over."""
        with self._lock:
            self._roots -= 1
            self.run_inline = self._roots > 0
            if handler.live:
                self._live_roots -= 1
                if self._live_roots == 0:
                    del self.tap_output_iter
                    del self.tap_output_aiter
        # Where the root's end is heard in the context of its start, nothing is left behind at all.
        if self.idle and _heard_here.get() is self:
            _heard_here.set(None)


def _relay(callback: str) -> Callable[..., None]:
    def relay(self: FanOut, *args: Any, **kwargs: Any) -> None:
        for ref in self._handlers:
            handler = ref()
            if handler is not None:
                handler.hear_relayed(self, callback, args, kwargs)

    relay.__name__ = callback
    return relay


for _name in RELAYED:
    setattr(FanOut, _name, _relay(_name))
for _name in _IGNORED_WHILE_IDLE:
    setattr(FanOut, _name, FanOut.idle)

_heard_here: ContextVar[FanOut | None] = ContextVar("aaep_heard_here", default=None)
register_configure_hook(_heard_here, inheritable=True)


def is_passed_on(handler: BaseCallbackHandler) -> bool:
    """Whether LangChain itself tells `handler` of everything below the run it is being told of now.

    Only the manager that makes the callback knows; it is found up the stack, where inline handlers are
    always called from it. Then a fan-out would hear every token a second time, for nothing.

    Args:
        handler: Whom a callback of a root's start is made on, on this stack.
    """
    frame = sys._getframe(1)
    for _ in range(_MANAGER_DEPTH):
        maker = frame.f_locals.get("self")
        if isinstance(maker, BaseCallbackManager):
            return any(known is handler for known in maker.inheritable_handlers)
        if frame.f_back is None:
            return False
        frame = frame.f_back
    return False


def hear_descendants(handler: Descended) -> FanOut:
    """Have the runs that start in this context from now on relayed to `handler` as well.

    Returns:
        The fan-out in charge; call its `end` when the root is over.
    """
    fan_out = _heard_here.get()
    if fan_out is None or handler not in fan_out.handlers:
        others = () if fan_out is None else fan_out.handlers
        fan_out = FanOut((*(other for other in others if other.open_runs), handler))
        _heard_here.set(fan_out)
    fan_out.begin(handler)
    return fan_out


def pass_through(run_id: UUID, output: Iterator[Any]) -> Iterator[Any]:
    """What makes LangChain stream for a handler; changes nothing."""
    return output


def pass_through_async(run_id: UUID, output: AsyncIterator[Any]) -> AsyncIterator[Any]:
    """The same under the async methods."""
    return output
