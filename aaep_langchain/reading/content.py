"""The text in a message's content or a token: text blocks only (known failures 14, 15).

Boundary: content in, text out. Failure policy: what is no text is no text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Blocks that hold words for the user, besides refusals. Reasoning, tool calls and media do not.
_TEXT_BLOCKS: Final = frozenset({"text", "output_text", "text-plain"})


def text_of(content: object) -> str:
    """The words for the user in a message's content or a token.

    Args:
        content: A string, or a list of strings and content blocks.

    Returns:
        A plain string: LangChain's own subclass, which `message.text` is, is no JSON value (fact 16).
    """
    if isinstance(content, str):
        return str.__str__(content)
    if isinstance(content, (list, tuple)):
        return "".join(_block_text(block) for block in content)
    if isinstance(content, Mapping):
        return _block_text(content)
    return ""


def _block_text(block: object) -> str:
    if isinstance(block, str):
        return block
    if not isinstance(block, Mapping):
        return ""
    kind = block.get("type", "text")
    if kind == "non_standard":
        # A provider's own block, as LangChain's standard content wraps it.
        inner = block.get("value")
        return _refusal(inner) if isinstance(inner, Mapping) else ""
    text = block.get("text") if kind in _TEXT_BLOCKS else _refusal(block)
    return text if isinstance(text, str) else ""


def _refusal(block: Mapping[object, object]) -> str:
    """What a model says where it will not answer (OpenAI); words for the user like any others."""
    refusal = block.get("refusal") if block.get("type") == "refusal" else None
    return refusal if isinstance(refusal, str) else ""
