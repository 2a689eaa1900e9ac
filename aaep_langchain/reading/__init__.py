"""What LangChain hands to callbacks, read as text for people (D8)."""

from aaep_langchain.reading.answers import (
    answer_message,
    answer_text,
    messages_in,
    model_text,
    ready_answers,
)
from aaep_langchain.reading.content import text_of
from aaep_langchain.reading.handoffs import handoff_targets
from aaep_langchain.reading.interrupts import interrupt_question
from aaep_langchain.reading.names import run_name, tool_name
from aaep_langchain.reading.requests import is_resume, request_text
from aaep_langchain.reading.results import ToolResult, tool_arguments, tool_result
from aaep_langchain.reading.stream_events import stream_event_text

__all__ = [
    "ToolResult",
    "answer_message",
    "answer_text",
    "handoff_targets",
    "interrupt_question",
    "is_resume",
    "messages_in",
    "model_text",
    "ready_answers",
    "request_text",
    "run_name",
    "stream_event_text",
    "text_of",
    "tool_arguments",
    "tool_name",
    "tool_result",
]
