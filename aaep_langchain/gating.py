"""Whether the tool that LangChain is about to run asks the user first (fact 10).

Callback arguments do not show the function inside a tool. So the stack is looked at: an inline handler is
called from the tool's own `run` or `arun`. Where the tool is found, what it runs decides, and nothing else:
a copy of a gated tool that was given another function keeps the metadata and is not gated. Where it is
not found, its metadata decides, then its name. Wrong either way costs no money: a gate whose call was
announced does not run (D2), and a held call whose tool ends without its gate is reported.

Boundary: finds marks; holds and announces nothing. Failure policy: what cannot be read is not gated.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from langchain_core.tools import BaseTool

from aaep_helpers.gate_mark import GateMark, gate_in_metadata, gate_named, gate_of
from aaep_helpers.held_calls import register_run_finder
from aaep_langchain.surroundings import surrounding_run_id

# A gate asks which run it is in (fact 9).
register_run_finder(surrounding_run_id)

# Between a callback and the tool's run are 8 frames, and 4 more where a fan-out relays.
_MAX_FRAMES: Final = 24


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate in a tool.

    Attributes:
        mark: What it says of itself.
        reached: Whether the call at hand goes through it; False where only the tool's other way does,
            as with a gated func beside a coroutine that is not.
        returns_when_run: Whether a tool that returns has run its body for sure; False where a tool is
            not known, or answers bad arguments with words of its own.
        with_artifact: Whether its result is a pair of content and artifact, a refusal as well (fact 11).
    """

    mark: GateMark
    reached: bool = True
    returns_when_run: bool = False
    with_artifact: bool = False


def find_gate(name: str, metadata: Mapping[str, object] | None) -> Gate | None:
    """The gate of the tool whose start is being told; call it on the stack of the callback.

    Args:
        name: What the tool is called in the agent.
        metadata: Its run's, with its own merged in.
    """
    try:
        found = _calling_tool(name)
        if found is not None:
            return _gate_inside(*found)
        mark = gate_in_metadata(metadata) or gate_named(name)
    except Exception:  # noqa: BLE001 - tools are foreign objects; not gated is the careful answer.
        return None
    return Gate(mark) if mark is not None else None


def _calling_tool(name: str) -> tuple[BaseTool, bool] | None:
    """The tool up the stack and whether it runs asynchronously; None where it is not to be seen."""
    frame = sys._getframe(2)
    for _ in range(_MAX_FRAMES):
        # Reading a frame's locals costs more than all the rest, so the method's name comes first.
        method = frame.f_code.co_name
        if method in ("run", "arun"):
            tool = frame.f_locals.get("self")
            if isinstance(tool, BaseTool):
                # Not an outer tool, in whose body somebody tells of a tool of their own.
                return (tool, method == "arun") if tool.name == name else None
        if frame.f_back is None:
            return None
        frame = frame.f_back
    return None


def _gate_inside(tool: BaseTool, runs_async: bool) -> Gate | None:
    func, coroutine = getattr(tool, "func", None), getattr(tool, "coroutine", None)
    mark = gate_of(func) or gate_of(tool._run)
    async_mark = gate_of(coroutine) or gate_of(tool._arun)
    if not runs_async:
        reached, beside = mark, async_mark
    elif coroutine is not None:
        reached, beside = async_mark, mark
    else:
        # Without a coroutine of its own, `arun` ends in `_run`, by itself or as subclasses write it.
        reached, beside = async_mark or mark, None
    certain = not tool.handle_tool_error and not tool.handle_validation_error
    if reached is not None:
        pair = tool.response_format == "content_and_artifact"
        return Gate(reached, returns_when_run=certain, with_artifact=pair)
    return Gate(beside, reached=False) if beside is not None else None
