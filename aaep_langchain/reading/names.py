"""What a run or a tool is called, wherever LangChain put the name (known failure 6).

Boundary: callback arguments in, names out. Failure policy: a nameless thing gets a plain name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_NOT_ALLOWED: Final = re.compile(r"[^A-Za-z0-9_.-]")


def run_name(serialized: Mapping[str, object] | None, name: object) -> str:
    """The name of a run: given outright, or in what describes its object.

    Args:
        serialized: The description LangChain passes; None for many runs.
        name: The `name` keyword of the callback; None for tools and models (fact 2).
    """
    if isinstance(name, str) and name:
        return name
    if serialized is not None:
        described = serialized.get("name")
        if isinstance(described, str) and described:
            return described
        path = serialized.get("id")
        if isinstance(path, list) and path and isinstance(path[-1], str):
            return path[-1]
    return ""


def tool_name(serialized: Mapping[str, object] | None, name: object) -> str:
    """A tool's name in the form the protocol allows (RULES 2): letters, digits and _ . - only.

    Args:
        serialized: The description LangChain passes.
        name: The `name` keyword of the callback.
    """
    allowed = _NOT_ALLOWED.sub("_", run_name(serialized, name) or "tool")[:255]
    return allowed if allowed[0].isalpha() or allowed[0] == "_" else f"_{allowed}"
