"""Whether what a model says in a run is meant for the user (fact 8, known failure 17).

Boundary: run facts in, a yes or no out. Failure policy: in doubt it is the agent's own words, because
silence is worse; what is known to be somebody else's is not said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

# langgraph's own tag for models whose tokens are not for streaming, and the older spelling.
_SILENT_TAGS: Final = frozenset({"nostream", "langsmith:nostream"})

# How a model is told to answer with data: by LangChain, or by its provider.
_STRUCTURED_KEYS: Final = (
    "ls_structured_output_format",
    "structured_output_format",
    "response_format",
)


def is_for_the_user(
    *,
    inside_tool: bool,
    tags: Sequence[str] | None,
    metadata: Mapping[str, object] | None,
    invocation_params: Mapping[str, object] | None,
) -> bool:
    """Whether a model run speaks to the user.

    Args:
        inside_tool: Whether a tool is among its ancestors.
        tags: Its tags.
        metadata: Its metadata.
        invocation_params: How the model is called, its options included.
    """
    if inside_tool or _SILENT_TAGS.intersection(tags or ()):
        return False
    about = metadata or {}
    params = invocation_params or {}
    if about.get("lc_source") is not None:
        return False  # A helper of LangChain's own, such as the one that sums up old messages.
    if any(params.get(key) is not None for key in _STRUCTURED_KEYS):
        return False  # Data for a program, not words.
    node = about.get("langgraph_node")
    # Middleware nodes are named after the hook they run in.
    return not (
        isinstance(node, str)
        and node.endswith((".before_model", ".after_model", ".before_agent", ".after_agent"))
    )
