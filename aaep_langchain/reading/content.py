"""The text in a message's content or a token: text blocks only (known failures 14, 15).

Boundary: content in, text out. Failure policy: what is no text is no text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Blocks that hold words for the user. Reasoning, tool calls and media do not.
_TEXT_BLOCKS: Final = frozenset({"text", "output_text", "text-plain"})


def text_of(content: object) -> str:
    """The words for the user in a message's content or a token.

    Args:
        content: A string, or a list of strings and content blocks.
    """
    if isinstance(content, str):
        return content
    if isinstance(content, (list, tuple)):
        return "".join(_block_text(block) for block in content)
    if isinstance(content, Mapping):
        return _block_text(content)
    return ""


def _block_text(block: object) -> str:
    if isinstance(block, str):
        return block
    if isinstance(block, Mapping) and block.get("type", "text") in _TEXT_BLOCKS:
        text = block.get("text")
        return text if isinstance(text, str) else ""
    return ""
