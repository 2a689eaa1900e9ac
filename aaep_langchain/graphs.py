"""Where in a graph a run stands: which graph starts it, and whether its node can be the last.

LangChain tells callbacks the names of nodes but not what follows them; the graph itself knows. It is
read from the frame that makes the callback, once for each graph that starts. That is what tells an agent
whose answer is the whole graph's from one that works for another (fact 8, known failure 17).

Boundary: reads frames and compiled graphs, keeps nothing. Failure policy: what cannot be read may be the
last, so that its words are heard.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Final

from langgraph.constants import END
from langgraph.pregel import Pregel

from aaep_langchain.reading.careful import careful

# Between a graph and us there are only these.
_PASSED: Final = ("aaep_langchain.", "langchain_core.callbacks.")


def starting_graph() -> object | None:
    """The graph whose run starts with the callback we are in; None where what starts is no graph."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_PASSED):
        frame = frame.f_back
    starter = frame.f_locals.get("self")
    return starter if isinstance(starter, Pregel) else None


@careful(False)
def goes_on_after(graph: object, node: str) -> bool:
    """Whether a graph certainly does something else after `node`, so that what is said there is no answer.

    Args:
        graph: A graph that is running.
        node: The name of a node of it.
    """
    config = getattr(graph, "config", None) or {}
    if config.get("metadata", {}).get("ls_integration") == "langchain_create_agent":
        return True  # An agent inside another's model call or hook works for it.
    builder = getattr(graph, "builder", None)
    if builder is None:
        return False
    following = {end for start, end in builder.edges if start == node}
    following |= {end for starts, end in builder.waiting_edges if node in starts}
    for branch in builder.branches.get(node, {}).values():
        if branch.ends is None:
            return False  # It may go anywhere.
        following |= set(branch.ends.values())
    spec = builder.nodes[node]
    if not isinstance(spec.runnable, Pregel):
        # Where its Commands may go. An agent that is a node hands over to these or ends, and cannot be told.
        following |= set(spec.ends or ())
    return bool(following) and END not in following


def nodes_around(metadata: Mapping[str, object]) -> tuple[str, ...]:
    """The nodes around a run, the outermost first, from its metadata."""
    namespace = metadata.get("langgraph_checkpoint_ns")
    if isinstance(namespace, str) and namespace:
        # "writer:<task>|model:<task>"; names have neither mark, and a loop leaves a number alone between.
        names = (part.partition(":")[0] for part in namespace.split("|"))
        return tuple(name for name in names if not name.isdigit())
    node = metadata.get("langgraph_node")
    return (node,) if isinstance(node, str) else ()
