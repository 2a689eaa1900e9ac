"""Whose words are heard in a run tree, and which of them are new when they come again as an output.

Boundary: keeps what it must know on the run records, asks the policy, emits nothing; the narrator says
what is left. Failure policy: in doubt an answer is new and is heard.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from langchain_core.messages import BaseMessage

from aaep_langchain.graphs import goes_on_after, nodes_around, starting_graph
from aaep_langchain.hearing import (
    CarefulRule,
    Speaker,
    Verdict,
    heard_by_default,
    is_data,
    is_middleware,
    verdict_on,
    writes_steps,
)
from aaep_langchain.reading import (
    answer_message,
    answer_text,
    messages_in,
    ready_answers,
)
from aaep_langchain.repeats import same_words, unsaid
from aaep_langchain.runs import RootRun, Run

_FINAL: Final = "Final Answer:"

_NOTHING: Mapping[str, object] = {}


def place_chain(
    run: Run, name: object, metadata: Mapping[str, object] | None, inputs: object
) -> None:
    """Take note of where a chain stands that has just started.

    Args:
        run: Its run.
        name: What it is called.
        metadata: Its metadata.
        inputs: What it is given.
    """
    run.name = name if isinstance(name, str) else ""
    about = run.metadata = metadata or _NOTHING
    root = run.root
    run.graph = starting_graph()
    if run.graph is not None:
        node = about.get("langgraph_node")
        around = next((above.graph for above in _above(run) if above.graph is not None), None)
        if around is not None and isinstance(node, str) and goes_on_after(around, node):
            run.sub_agent = True
    # What was there before the run: the input has it, and the first node's state what a thread remembers.
    if run.run_id == root.run_id:
        root.old_messages += messages_in(inputs)
    elif run.parent is not None and run.parent.graph is not None:
        run.given = messages_in(inputs)
        if not root.state_seen:
            root.state_seen = True
            root.old_messages += run.given


def verdict_on_model(
    run: Run,
    rule: CarefulRule | None,
    *,
    tags: Sequence[str] | None,
    metadata: Mapping[str, object] | None,
    call: Mapping[str, object],
) -> Verdict:
    """What becomes of the words of a model that is asked now; remembered on its run.

    Args:
        run: Its run, named already.
        rule: The application's policy.
        tags: Its tags.
        metadata: Its metadata.
        call: How it is called.
    """
    speaker = _speaker(run, tags, metadata)
    if is_data(call) or writes_steps(call, speaker.parents):
        run.verdict = "never"
    else:
        run.verdict = verdict_on(speaker, rule)
    if run.verdict != "said":
        for above in _above(run):
            above.hushed = True
    return run.verdict


def answers_of_node(run: Run, rule: CarefulRule | None, outputs: object) -> Iterator[str]:
    """What a graph's node that has ended answers without a model of its own, where that is new.

    Args:
        run: The run of the node.
        rule: The application's policy.
        outputs: What it returns.
    """
    if run.parent is None or run.parent.graph is None or run.hushed or is_middleware(run.name):
        return
    # An agent that is a node returns all of the state.
    new = [message for message in ready_answers(outputs) if not _is_among(run.given, message)]
    for message in new:
        words = new_words(run.root, answer_text(message))
        if not words:
            continue
        verdict = verdict_on(_speaker(run, (), run.metadata), rule)
        if verdict == "said":
            yield words
        elif verdict == "never":
            run.root.never.append(words)


def answer_of_root(root: RootRun, outputs: object) -> str:
    """The answer in a root run's output; "" where it is an old one, or nobody is to hear it."""
    message = answer_message(outputs)
    answer = answer_text(outputs)
    if message is not None and _is_among(root.old_messages, message):
        return ""
    return _for_ears(root, answer)


def new_words(root: RootRun, answer: str) -> str:
    """What of an answer nobody has heard yet; "" where that is nothing (known failure 18)."""
    return unsaid(_for_ears(root, answer), root.said, since=root.said_before_tool)


def _speaker(
    run: Run, tags: Sequence[str] | None, metadata: Mapping[str, object] | None
) -> Speaker:
    about = metadata or _NOTHING
    labels = tuple(tags or ())
    nodes = nodes_around(about)
    inside_tool = run.inside_tool
    sub_agent = run.sub_agent
    return Speaker(
        name=run.name,
        node=nodes[-1] if nodes else None,
        nodes=nodes,
        parents=tuple(reversed([above.name for above in _above(run)])),
        tags=labels,
        metadata=about,
        inside_tool=inside_tool,
        sub_agent=sub_agent,
        by_default=heard_by_default(
            inside_tool=inside_tool,
            sub_agent=sub_agent,
            tags=labels,
            metadata=about,
            nodes=nodes,
        ),
    )


def _for_ears(root: RootRun, answer: str) -> str:
    if not any(same_words(answer, text) for text in root.never):
        return answer
    # Steps written as text may come as they are, and end with the answer.
    return answer.rpartition(_FINAL)[2].strip() if _FINAL in answer else ""


def _is_among(old: Sequence[BaseMessage], message: BaseMessage) -> bool:
    """Whether a message was there before: a graph's output repeats them all (fact 8)."""
    return any(message is one or (message.id is not None and message.id == one.id) for one in old)


def _above(run: Run) -> Iterator[Run]:
    above = run.parent
    while above is not None:
        yield above
        above = above.parent
