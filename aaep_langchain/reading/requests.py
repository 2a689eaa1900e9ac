"""What the user asked, from whatever shape a root run's input has (known failure 12).

Boundary: an input in, the user's words out. Failure policy: an input without words is "".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from langchain_core.messages import BaseMessage
from langchain_core.prompt_values import PromptValue
from langgraph.types import Command
from pydantic import BaseModel

from aaep_langchain.reading.careful import careful
from aaep_langchain.reading.content import text_of

# Where agents and chains keep the request, the most telling first.
_REQUEST_KEYS: Final = (
    "input",
    "messages",
    "question",
    "query",
    "request",
    "user_input",
    "prompt",
    "text",
)

_FROM_USER: Final = frozenset({"human", "user"})


@careful("")
def request_text(inputs: object) -> str:
    """The user's words in a root run's input; "" where there are none."""
    return " ".join(_words(inputs).split())


@careful(False)
def is_resume(inputs: object) -> bool:
    """Whether an input takes up a paused graph: a Command that answers it, or nothing at all (fact 12)."""
    return inputs is None or (isinstance(inputs, Command) and inputs.resume is not None)


def _words(inputs: object) -> str:
    match inputs:
        case str():
            return inputs
        case BaseMessage():
            return text_of(inputs.content)
        case PromptValue():
            return _last_request(inputs.to_messages())
        case Command():
            return _words(inputs.update)
        case Mapping():
            return _from_mapping(inputs)
        case BaseModel():
            return _from_mapping(dict(inputs))  # One level deep, and nothing is copied.
        case list() | tuple():
            return _last_request(inputs)
        case _:
            return ""


def _from_mapping(inputs: Mapping[object, object]) -> str:
    # A message as LangChain also accepts it: {"role": "user", "content": ...}.
    if "content" in inputs and ("role" in inputs or "type" in inputs):
        return text_of(inputs["content"])
    for key in _REQUEST_KEYS:
        if words := _words(inputs.get(key)):
            return words
    texts = [value for value in inputs.values() if isinstance(value, str) and value.strip()]
    return texts[0] if len(texts) == 1 else ""


def _last_request(items: Sequence[object]) -> str:
    """The user's last message of a list; of a list without roles, the last words in it."""
    if len(items) == 2 and isinstance(items[0], str) and isinstance(items[1], str):
        role, words = items
        if role in _FROM_USER:
            return str(words)
    for item in reversed(items):
        if _role(item) in _FROM_USER and (words := _words(_content(item))):
            return words
    if any(_role(item) is not None for item in items):
        return ""
    return next((words for item in reversed(items) if (words := _words(item))), "")


def _role(item: object) -> str | None:
    if isinstance(item, BaseMessage):
        return item.type
    if isinstance(item, Mapping):
        role = item.get("role", item.get("type"))
        return role if isinstance(role, str) and "content" in item else None
    if isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str):
        return item[0]
    return None


def _content(item: object) -> object:
    if isinstance(item, BaseMessage):
        return text_of(item.content)
    if isinstance(item, Mapping):
        return text_of(item.get("content"))
    if isinstance(item, tuple):
        return item[1]
    return item
