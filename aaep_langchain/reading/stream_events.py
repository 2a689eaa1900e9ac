"""The words in an event of LangChain's v3 stream (fact 7, known failure 14).

Boundary: one event in, its text out. Failure policy: an event of any other kind, or of a kind nobody
knows yet, has no words; what it held comes with the end of the model's run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aaep_langchain.reading.careful import careful
from aaep_langchain.reading.content import text_of

_DELTA: Final = "content-block-delta"
_TEXT_DELTA: Final = "text-delta"


@careful("")
def stream_event_text(event: object) -> str:
    """The words for the user that one event of a model's v3 stream adds; "" for all other events.

    Reasoning, tool arguments and data come as deltas of their own kinds. The start of a block has no text
    yet, and its finish repeats it.

    Args:
        event: What on_stream_event was given.
    """
    if not isinstance(event, Mapping) or event.get("event") != _DELTA:
        return ""
    delta = event.get("delta")
    if not isinstance(delta, Mapping) or delta.get("type") != _TEXT_DELTA:
        return ""
    return text_of(delta.get("text"))
