"""A gate on a tool that is finished already, such as LangChain's StructuredTool and Tool.

Known by what it is made of, so that nothing is imported: a `func` and a `coroutine` that all of its ways
end in, and a copy that takes others. A subclass may run something else than these two, so it is refused:
its own `_run` and `_arun` are gated where they are written.

Boundary: attributes of the tool in, a gated copy out; the tool itself is left as it was. Failure policy:
what is not known to run its func and coroutine and nothing else is a TypeError when it is decorated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from aaep_helpers.emitting import AAEPEmitter
from aaep_helpers.gate_mark import GateMark, gate_metadata, gate_of
from aaep_helpers.tool_gate.options import GateOptions

# Only these very classes: a subclass may do anything in its own _run.
_KNOWN: Final = frozenset(
    {("langchain_core.tools.structured", "StructuredTool"), ("langchain_core.tools.simple", "Tool")}
)

Gating = Callable[[AAEPEmitter, GateOptions, Any, str], Any]


def is_finished_tool(tool: object) -> bool:
    """Whether this is a tool object of LangChain's, of any class."""
    return any(
        kind.__name__ == "BaseTool" and kind.__module__.startswith("langchain_core.")
        for kind in type(tool).__mro__
    )


def gated_tool(emitter: AAEPEmitter, options: GateOptions, tool: Any, gate: Gating) -> Any:
    """A copy of a finished tool whose every way leads through a gate.

    Args:
        emitter: Whose sessions to ask in.
        options: How to ask.
        tool: The tool.
        gate: Gates one function under a name.

    Raises:
        TypeError: It cannot be seen what the tool runs, or it is gated already.
    """
    kind = type(tool)
    if (kind.__module__, kind.__name__) not in _KNOWN:
        raise TypeError(
            f"It cannot be seen what a {kind.__name__} runs. Put @aaep_tool on its _run, and on its _arun "
            "where that does not call _run."
        )
    ways = {name: way for name in ("func", "coroutine") if (way := getattr(tool, name)) is not None}
    if not ways:
        raise TypeError("The tool runs nothing.")
    gated = {name: gate(emitter, options, way, tool.name) for name, way in ways.items()}
    mark = gate_of(next(iter(gated.values())))
    told = gate_metadata(mark) if isinstance(mark, GateMark) else {}
    return tool.model_copy(update={**gated, "metadata": {**(tool.metadata or {}), **told}})
