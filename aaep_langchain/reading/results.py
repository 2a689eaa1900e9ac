"""What tools are given and what they return, for ears (known failure 7; D8).

Boundary: callback arguments in, plain values out. Failure policy: what has no words is said to be done,
without words; nothing is copied, pickled or repr'd.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from langchain_core.documents import Document
from langchain_core.messages import BaseMessage, ToolMessage
from langgraph.types import Command

from aaep_helpers.redaction import redact_value
from aaep_helpers.spoken_values import spoken_value
from aaep_langchain.reading.careful import careful
from aaep_langchain.reading.content import text_of

_NO_ARGUMENTS: Final[Mapping[str, object]] = {}

_LONGEST: Final = 4000

# How Python writes what is no text: "Page(title='x')", "title='x' size=2", "<Page object at 0x1f>", b'x'.
_REPR: Final = re.compile(
    r"\bobject at 0x|\A[\[({]*(?:[A-Za-z_][\w.]*\(\w+=|<[A-Za-z_][\w.]* |\{['\"]|\w+=['\"\[{(]|b['\"])"
)


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came back from a tool.

    Attributes:
        text: Its words; "" where it has none.
        failed: Whether the tool reported an error instead of raising one.
        never_ran: Whether it is a coroutine nobody awaited, so that nothing was done (fact 11).
    """

    text: str = ""
    failed: bool = False
    never_ran: bool = False


@careful(ToolResult())
def tool_result(output: object) -> ToolResult:
    """What a tool returned, unwrapped from ToolMessage, Command, Document and lists of these."""
    if inspect.iscoroutine(output):
        output.close()
        return ToolResult(failed=True, never_ran=True)
    message = _tool_message(output)
    if message is not None:
        text = _of_content(message.content)
        if message.status == "success" and text.startswith(
            ("<coroutine object", "<async_generator")
        ):
            return ToolResult(failed=True, never_ran=True)
        return ToolResult(text=_of_message(text), failed=message.status == "error")
    return ToolResult(text=_words(output))


@careful(_NO_ARGUMENTS)
def tool_arguments(inputs: object, input_str: object) -> Mapping[str, object]:
    """A tool's arguments by name, without what LangChain injects.

    Args:
        inputs: The `inputs` keyword of on_tool_start; None in old callers.
        input_str: What a tool of one argument was given.
    """
    if isinstance(inputs, Mapping):
        return {str(name): value for name, value in inputs.items() if _is_plain(value)}
    if isinstance(input_str, str) and input_str.strip():
        return {"input": input_str}
    return {}


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, (str, int, float, bool, list, tuple, dict, set))


def _tool_message(output: object) -> ToolMessage | None:
    if isinstance(output, ToolMessage):
        return output
    if isinstance(output, Command):
        update = output.update
        messages = update.get("messages") if isinstance(update, Mapping) else update
        for message in messages if isinstance(messages, (list, tuple)) else ():
            if isinstance(message, ToolMessage):
                return message
    if isinstance(output, Sequence) and not isinstance(output, (str, bytes)):
        for item in output:
            found = _tool_message(item) if isinstance(item, (ToolMessage, Command)) else None
            if found is not None:
                return found
    return None


def _of_message(text: str) -> str:
    """The words of a message's text, which LangChain has made from whatever the tool returned."""
    if text[:1] in ("{", "[") or text in ("null", "true", "false"):
        try:
            return _said(json.loads(text))
        except ValueError:
            pass
    return "" if _REPR.search(text) else text


def _of_content(content: object) -> str:
    """Content blocks are pieces of one text; a list of plain strings is a list."""
    if isinstance(content, (list, tuple)) and all(isinstance(item, str) for item in content):
        return _said(content)
    return text_of(content)


def _said(value: object) -> str:
    """A value in words, with what is secret by its name masked (SEC-1)."""
    return spoken_value(redact_value(value), _LONGEST)


def _words(output: object) -> str:
    if isinstance(output, BaseMessage):
        return text_of(output.content)
    if isinstance(output, Document):
        return output.page_content
    if isinstance(output, Command):
        return ""  # It moves the graph on; what it has to say is in a ToolMessage.
    if isinstance(output, (list, tuple)):
        if output and all(isinstance(item, Document) for item in output):
            return " ".join(item.page_content for item in output if isinstance(item, Document))
        # content_and_artifact: the first of the two is what the model reads.
        if blocks := _of_content(output):
            return blocks
    return _said(output)
