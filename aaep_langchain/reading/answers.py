"""The answer in a root run's output, whatever shape it has (known failures 7, 18).

Boundary: an output in, the words of its answer out. Failure policy: an output without words is "".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Final, cast

from langchain_core.agents import AgentFinish
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, Generation, LLMResult
from langchain_core.tools import ToolException
from langgraph.types import Command

from aaep_helpers.failures import error_text
from aaep_langchain.reading.careful import careful
from aaep_langchain.reading.content import text_of

_ANSWER_KEYS: Final = ("output", "answer", "result", "response", "text", "messages")

_NO_MESSAGES: Final[Sequence[BaseMessage]] = ()

# The answer that ModelRetryMiddleware makes up when its attempts are spent: a class name and a message.
_SPENT: Final = re.compile(r"\A(Model call failed after \d+ attempts?) with \w+: (.*)\Z", re.DOTALL)


@careful("")
def answer_text(outputs: object) -> str:
    """The words of the answer in a root run's output; "" where there are none."""
    words = _words(outputs).strip()
    if words.startswith("[{"):
        return _block_words(words)
    spent = _SPENT.match(words)
    return words if spent is None else _failure_words(spent[1], spent[2])


@careful(cast("BaseMessage | None", None))
def answer_message(outputs: object) -> BaseMessage | None:
    """The message that `answer_text` reads; None where it reads something else."""
    match outputs:
        case BaseMessage():
            return outputs
        case Mapping():
            before = (outputs.get(key) for key in _ANSWER_KEYS)
            found = next((value for value in before if _words(value)), None)
            return None if isinstance(found, Mapping) else answer_message(found)
        case list() | tuple() if outputs and isinstance(outputs[-1], BaseMessage):
            return outputs[-1]
        case _:
            return None


@careful(_NO_MESSAGES)
def messages_in(state: object) -> Sequence[BaseMessage]:
    """The messages of a graph's state or input."""
    found = (
        state.get("messages") if isinstance(state, Mapping) else getattr(state, "messages", state)
    )
    if isinstance(found, BaseMessage):
        return [found]
    if not isinstance(found, (list, tuple)):
        return _NO_MESSAGES
    return [message for message in found if isinstance(message, BaseMessage)]


@careful(_NO_MESSAGES)
def ready_answers(outputs: object) -> Sequence[BaseMessage]:
    """The messages a node returns that answer, as they stand; one that calls tools does not."""
    update = outputs.update if isinstance(outputs, Command) else outputs
    return [
        message
        for message in messages_in(update)
        if isinstance(message, AIMessage) and not message.tool_calls and _message_words(message)
    ]


@careful("")
def model_text(response: LLMResult) -> str:
    """What a model said in one call, to the letter; "" where it said nothing."""
    return _words(response)


def _block_words(words: str) -> str:
    """AgentExecutor's stream hands over content blocks as their repr; any other text is as it is."""
    try:
        blocks = ast.literal_eval(words)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return words
    is_content = all(isinstance(block, Mapping) and "type" in block for block in blocks)
    return text_of(blocks).strip() if is_content else words


def _failure_words(what: str, message: str) -> str:
    why = error_text(ToolException(message))  # As if it had been raised.
    return f"{what}. {why}" if why is not None else f"{what}."


def _words(outputs: object) -> str:
    match outputs:
        case str():
            return text_of(outputs)
        case BaseMessage():
            return _message_words(outputs)
        case AgentFinish():
            return _words(outputs.return_values)
        case ChatGeneration():
            return _message_words(outputs.message)
        case Generation():
            return text_of(outputs.text)
        case LLMResult():
            return (
                _words(outputs.generations[0][0])
                if outputs.generations and outputs.generations[0]
                else ""
            )
        case Mapping():
            if outputs.get("structured_response") is not None:
                return ""  # The last message is the same data in other words: not for people.
            return next((said for key in _ANSWER_KEYS if (said := _words(outputs.get(key)))), "")
        case list() | tuple():
            return _last_answer(outputs)
        case _:
            return ""


def _last_answer(messages: Sequence[object]) -> str:
    """The last message, where it answers: one that asks or calls tools does not."""
    last = messages[-1] if messages else None
    return _message_words(last) if isinstance(last, BaseMessage) else ""


def _message_words(message: BaseMessage) -> str:
    # The ToolMessage of a return_direct tool is the answer (fact 8); the user's own words never are.
    if isinstance(message, HumanMessage):
        return ""
    if isinstance(message, (AIMessage, ToolMessage)) or message.type == "AIMessageChunk":
        # Where OpenAI's models refuse, a chat completion has no content.
        return text_of(message.content) or text_of(message.additional_kwargs.get("refusal"))
    return ""
