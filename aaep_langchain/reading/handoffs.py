"""Which agents a tool hands over to, told by the Command it returns.

A handoff is what an agent itself decides: a tool of its returns Command(goto="other", graph=Command.PARENT),
so that the graph around the agent goes on with another node. Everything else is the way of a graph and no
handoff: a Command without a parent graph, one that a node returns, conditional edges, Send, the end.

Boundary: a tool's output in, names out. Failure policy: what cannot be read hands nothing over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from langgraph.constants import END
from langgraph.types import Command, Send

from aaep_langchain.reading.careful import careful

_NOBODY: Final[tuple[str, ...]] = ()


@careful(_NOBODY)
def handoff_targets(output: object) -> tuple[str, ...]:
    """The nodes a tool's output hands over to, each once."""
    return tuple(dict.fromkeys(_targets(output)))


def _targets(output: object) -> Iterator[str]:
    if isinstance(output, Command):
        if output.graph == Command.PARENT:
            yield from _names(output.goto)
    elif isinstance(output, (list, tuple)):
        for item in output:
            if isinstance(item, Command):
                yield from _targets(item)


def _names(goto: Send | str | Sequence[Send | str]) -> Iterator[str]:
    for target in [goto] if isinstance(goto, (str, Send)) else goto:
        name = target.node if isinstance(target, Send) else target
        if name and name != END:
            yield name
