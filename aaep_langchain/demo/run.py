"""The demo: a real agent at work, and what a screen reader would say of it.

Boundary: puts the pieces together as a user would; everything it shows comes out of events.
Failure policy: what goes wrong in the agent is announced like everything else, and the exit code says
so; what is missing on the machine is said in one sentence on stderr.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableConfig

from aaep_helpers import AAEPEmitter
from aaep_helpers.announcing import Announcer
from aaep_helpers.events import WireEvent
from aaep_helpers.tool_policy import ToolPolicy
from aaep_helpers.vocabulary import Verbosity
from aaep_langchain.demo.bank import AgentKind, Bank, agent_input, bank_model, build_agent
from aaep_langchain.demo.voice import Voice, VoiceMissingError
from aaep_langchain.handler import AAEPCallbackHandler

StreamMode = Literal["invoke", "values", "updates", "messages", "custom", "debug"]
STREAM_MODES: Final[tuple[StreamMode, ...]] = (
    "invoke",
    "values",
    "updates",
    "messages",
    "custom",
    "debug",
)

# How the bank's tools are announced; the same may stand in a tool's own metadata.
BANK_TOOLS: Final = {
    "get_balance": ToolPolicy(announcement="Looking up your {account} account."),
    "transfer": ToolPolicy(announcement="Sending {amount} dollars to {to}.", risk_level="high"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What `aaep demo` was asked for; see its --help."""

    agent: AgentKind
    stream_mode: StreamMode
    model: str | None
    request: str
    verbosity: Verbosity
    show_events: bool
    speak: bool
    delay: float


class _Printer:
    """Prints lines as they come, and is silent once nobody reads them any more."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def line(self, text: str) -> None:
        try:
            print(text, flush=True)  # noqa: T201 - this is what the demo is for.
        except BrokenPipeError:
            # `aaep demo | head`: what follows goes nowhere, also what Python flushes at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def announcement(self, text: str) -> None:
        self.line(f"{time.monotonic() - self._started:6.2f} s  {text}")


def run_demo(options: DemoOptions) -> int:
    """Run the agent and print what is heard.

    Args:
        options: What was asked for.

    Returns:
        The exit code: 0 it worked, 1 the agent failed, 2 something is missing, 130 stopped by the user.
    """
    # What is wrong is announced; a traceback beside it would be read aloud as well.
    logging.getLogger("aaep_langchain").addHandler(logging.NullHandler())
    with ExitStack() as cleanup:
        try:
            agent = _agent(options)
            say = cleanup.enter_context(Voice.find()).say if options.speak else None
        except (ImportError, ValueError, VoiceMissingError) as error:
            print(f"aaep demo: {error}", file=sys.stderr)  # noqa: T201
            return 2
        emitter = cleanup.enter_context(
            AAEPEmitter(agent_id="bank-helper", agent_name="Bank helper")
        )
        _listen(emitter, options, say)
        handler = AAEPCallbackHandler(emitter, tools=BANK_TOOLS)
        try:
            _run(agent, options, {"callbacks": [handler]})
        except KeyboardInterrupt:
            return 130
        except Exception as error:  # noqa: BLE001 - announced as an event; the code tells scripts.
            print(f"aaep demo: the agent failed: {error}", file=sys.stderr)  # noqa: T201
            return 1
    return 0


def _agent(options: DemoOptions) -> Runnable[Any, Any]:
    model: BaseChatModel
    if options.model is None:
        model = bank_model(delay=options.delay)
    else:
        # Here, because it imports every provider's table, and the script needs none of it.
        from langchain.chat_models import init_chat_model

        model = init_chat_model(options.model)
    return build_agent(options.agent, model, Bank())


def _listen(emitter: AAEPEmitter, options: DemoOptions, say: Callable[[str], None] | None) -> None:
    printer = _Printer()
    announcer = Announcer(options.verbosity)

    def show_event(event: WireEvent) -> None:
        printer.line(json.dumps(event, ensure_ascii=False))

    def announce(event: WireEvent) -> None:
        for announcement in announcer.feed(event):
            printer.announcement(announcement.text)
            if say is not None:
                say(announcement.text)

    emitter.subscribe(show_event if options.show_events else announce, verbosity=options.verbosity)


def _run(agent: Runnable[Any, Any], options: DemoOptions, config: RunnableConfig) -> None:
    inputs = agent_input(options.agent, options.request)
    if options.stream_mode == "invoke":
        agent.invoke(inputs, config)
        return
    # AgentExecutor streams its steps and knows no modes.
    modes = {} if options.agent == "executor" else {"stream_mode": options.stream_mode}
    for _ in agent.stream(inputs, config, **modes):
        pass  # The program would use what is streamed; here only the listener matters.
