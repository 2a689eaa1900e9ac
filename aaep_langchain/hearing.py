"""Whether what a model says in a run is meant for the user (fact 8, known failure 17).

The default is stated in docs/output.md; an application that knows better says so with `output=`.
Boundary: what is known of a run in, a verdict out; no events. Failure policy: in doubt it is the agent's
own words, because silence is worse; what is known to be somebody else's is not said. A policy that raises
is logged once and the default decides.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

logger = logging.getLogger("aaep_langchain")

# langgraph's own tag for models whose tokens are not for streaming, and the older spelling.
_SILENT_TAGS: Final = frozenset({"nostream", "langsmith:nostream"})

# Middleware nodes are named after the hook they run in.
_HOOKS: Final = (".before_model", ".after_model", ".before_agent", ".after_agent")

# How providers are asked for data in place of words. What with_structured_output leaves is LangChain's own.
_STRUCTURED_KEYS: Final = (
    "ls_structured_output_format",
    "structured_output_format",
    "response_schema",
    "response_json_schema",
    "guided_json",
)

# said: as it comes. held: only if it turns out to be the answer of the whole run. never: it is no text.
Verdict = Literal["said", "held", "never"]


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who has words that may be for the user: a model's run, or a node that answers without a model.

    Attributes:
        name: What the run is called: the model's class, unless it was given a `run_name`.
        node: The graph's node it runs in; None outside of graphs. In a create_agent agent it is "model".
        nodes: All the nodes around it, the outermost first: ("writer", "model") for an agent in a node.
        parents: What the runs around it are called, the outermost first.
        tags: Its tags, inherited ones among them.
        metadata: Its metadata.
        inside_tool: Whether it runs inside a tool.
        sub_agent: Whether it belongs to a graph inside a graph, in a node after which the outer graph
            always goes on.
        by_default: Whether it is heard unless a policy says otherwise.
    """

    name: str
    node: str | None = None
    nodes: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)
    inside_tool: bool = False
    sub_agent: bool = False
    by_default: bool = True


OutputRule: TypeAlias = Callable[[Speaker], bool]


@dataclass(frozen=True)
class OutputPolicy:
    """Whose words are the answer, by the names of nodes and by tags.

    Without `nodes` and `tags` it is whoever is heard by default; with them, it is only who is in one of
    the nodes or has one of the tags. `silent_nodes` and `silent_tags` are then left out in any case.

    Attributes:
        nodes: Nodes whose models are heard, sub-agents in them as well; what is never the agent's own
            words there stays silent: tools, middleware, models tagged "nostream".
        tags: Tags whose models are heard wherever they run, inside tools too.
        silent_nodes: Nodes whose models are not heard.
        silent_tags: Tags whose models are not heard.

    Raises:
        ValueError: Something in it is no collection of names.
    """

    nodes: Collection[str] | None = None
    tags: Collection[str] | None = None
    silent_nodes: Collection[str] = ()
    silent_tags: Collection[str] = ()

    def __post_init__(self) -> None:
        for name in ("nodes", "tags", "silent_nodes", "silent_tags"):
            given = getattr(self, name)
            if given is None and name in ("nodes", "tags"):
                continue
            object.__setattr__(self, name, _names(name, given))

    def __call__(self, speaker: Speaker) -> bool:
        """Whether this speaker's words are the answer."""
        tags = speaker.tags
        if _any_of(self.silent_nodes, speaker.nodes) or _any_of(self.silent_tags, tags):
            return False
        if self.nodes is None and self.tags is None:
            return speaker.by_default
        if _any_of(self.tags or (), tags):
            return True
        return _any_of(self.nodes or (), speaker.nodes) and _are_own_words(
            speaker.inside_tool, tags, speaker.metadata, speaker.nodes
        )


class CarefulRule:
    """An application's own rule, whose faults leave the decision to the default (D3).

    Args:
        rule: The policy or function.
    """

    def __init__(self, rule: OutputRule) -> None:
        self._rule = rule
        self._complained = False

    def hears(self, speaker: Speaker) -> bool:
        """Whether the rule hears this speaker; the first time it raises, that is logged."""
        try:
            return bool(self._rule(speaker))
        except Exception as error:
            if not self._complained:
                self._complained = True
                logger.error("The output= policy failed; the default decides.", exc_info=error)
            return speaker.by_default


def output_rule(output: object) -> CarefulRule | None:
    """The `output=` of a handler, looked at before anything runs.

    Raises:
        ValueError: It is neither a policy nor a function that answers at once.
    """
    if output is None:
        return None
    if not callable(output):
        raise ValueError(
            "output= takes an OutputPolicy, such as OutputPolicy(nodes=['answer']), or a function that "
            f"gets a Speaker and returns whether it is heard; not {type(output).__name__}."
        )
    if inspect.isclass(output) or inspect.iscoroutinefunction(output):
        raise ValueError(
            "output= takes a policy object or a plain function, not a class and not an async function: "
            "tokens do not wait for an answer."
        )
    return CarefulRule(output)


def heard_by_default(
    *,
    inside_tool: bool,
    sub_agent: bool,
    tags: Sequence[str],
    metadata: Mapping[str, object],
    nodes: Sequence[str],
) -> bool:
    """Whether a speaker's words are the agent's own, as far as that can be told.

    Args:
        inside_tool: As in Speaker.
        sub_agent: As in Speaker.
        tags: As in Speaker.
        metadata: As in Speaker.
        nodes: As in Speaker.
    """
    return not sub_agent and _are_own_words(inside_tool, tags, metadata, nodes)


def verdict_on(speaker: Speaker, rule: CarefulRule | None) -> Verdict:
    """What becomes of a speaker's words.

    Args:
        speaker: Who speaks.
        rule: The application's own; None where it has none.
    """
    heard = speaker.by_default if rule is None else rule.hears(speaker)
    if heard:
        return "said"
    # What a policy silences stays silent; what only is not the agent's own may still be the answer.
    return "never" if speaker.by_default else "held"


def is_data(call: Mapping[str, object]) -> bool:
    """Whether a model is asked for data for a program, which is never text.

    Args:
        call: How the model is called: its `invocation_params`, and the `options` of its start, where
            with_structured_output leaves its mark.
    """
    if any(call.get(key) is not None for key in _STRUCTURED_KEYS):
        return True
    form = call.get("response_format")
    if form is not None and not (isinstance(form, Mapping) and form.get("type") == "text"):
        return True
    return call.get("response_mime_type") == "application/json" or call.get("format") == "json"


def writes_steps(call: Mapping[str, object], parents: Sequence[str]) -> bool:
    """Whether a model writes its steps as text ("Thought:", "Action:"), so that only the end is an answer.

    Args:
        call: How the model is called, as for `is_data`.
        parents: What the runs around it are called.
    """
    stop = call.get("stop") or call.get("stop_sequences")
    words = [stop] if isinstance(stop, str) else stop if isinstance(stop, (list, tuple)) else ()
    if any(isinstance(word, str) and word.strip().startswith("Observation") for word in words):
        return True
    # Other text agents of AgentExecutor stop elsewhere or nowhere; all others bind their tools.
    return "AgentExecutor" in parents and "tools" not in call and "functions" not in call


def is_middleware(node: str) -> bool:
    """Whether a node is a hook of a create_agent middleware."""
    return node.endswith(_HOOKS)


def _are_own_words(
    inside_tool: bool,
    tags: Sequence[str],
    metadata: Mapping[str, object],
    nodes: Sequence[str],
) -> bool:
    return not (
        inside_tool
        or not _SILENT_TAGS.isdisjoint(tags)
        # A helper of LangChain's own, such as the one that sums up old messages.
        or metadata.get("lc_source") is not None
        or any(is_middleware(node) for node in nodes)
    )


def _any_of(names: Collection[str], found: Sequence[str]) -> bool:
    return any(name in names for name in found)


def _names(field_name: str, given: object) -> frozenset[str]:
    if isinstance(given, str) or not isinstance(given, Collection):
        raise ValueError(
            f"{field_name} takes a collection of names, such as {field_name}=['answer'], not {given!r}."
        )
    if not all(isinstance(name, str) and name for name in given):
        raise ValueError(f"{field_name} takes names, which are texts; it was given {given!r}.")
    return frozenset(given)
