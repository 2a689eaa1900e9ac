"""Whose words are heard, told by the facts of a run and by a policy (fact 8)."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from aaep_langchain import OutputPolicy, Speaker
from aaep_langchain.hearing import (
    heard_by_default,
    is_data,
    is_middleware,
    output_rule,
    verdict_on,
    writes_steps,
)


def by_default(**facts: Any) -> bool:
    nothing = {"inside_tool": False, "sub_agent": False, "tags": (), "metadata": {}, "nodes": ()}
    return heard_by_default(**{**nothing, **facts})


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"tags": ["seq:step:1"]},
        {"nodes": ("writer", "model")},
        {"metadata": {"lc_source": None}},
    ],
)
def test_the_agents_own_words_are_for_the_user(facts: dict[str, Any]) -> None:
    assert by_default(**facts)


@pytest.mark.parametrize(
    "facts",
    [
        {"inside_tool": True},
        {"sub_agent": True},
        {"tags": ["nostream"]},
        {"tags": ["seq:step:1", "langsmith:nostream"]},
        {"metadata": {"lc_source": "summarization"}},
        {"nodes": ("Guard.before_model",)},
        {"nodes": ("Guard.after_agent", "model")},
    ],
)
def test_known_failure_17_the_words_of_others_are_not(facts: dict[str, Any]) -> None:
    assert not by_default(**facts)


@pytest.mark.parametrize(
    ("call", "data"),
    [
        ({}, False),
        ({"model": "x", "response_format": None}, False),
        ({"response_format": {"type": "text"}}, False),
        ({"format": ""}, False),
        ({"response_format": {"type": "json_schema"}}, True),
        ({"response_format": {"type": "json_object"}}, True),
        ({"ls_structured_output_format": {"schema": {}}}, True),
        ({"response_mime_type": "application/json"}, True),
        ({"format": "json"}, True),
    ],
)
def test_data_is_told_by_how_the_model_is_called(call: dict[str, Any], data: bool) -> None:
    assert is_data(call) is data


@pytest.mark.parametrize(
    ("call", "parents", "steps"),
    [
        ({"stop": None}, (), False),
        ({"stop": ["\nHuman"]}, (), False),
        ({"stop": [3]}, ("RunnableSequence",), False),
        ({"stop": ["\nObservation"]}, (), True),
        ({"stop": "\nObservation:"}, (), True),
        ({"stop": ["</tool_input>"]}, ("AgentExecutor",), True),
        ({"tools": []}, ("AgentExecutor",), False),
        ({"functions": []}, ("AgentExecutor",), False),
    ],
)
def test_fact_08_steps_written_as_text_are_told_by_how_the_model_is_called(
    call: dict[str, Any], parents: tuple[str, ...], steps: bool
) -> None:
    assert writes_steps(call, parents) is steps


def test_hooks_of_middleware_are_told_by_their_names() -> None:
    assert is_middleware("Guard.before_model")
    assert not is_middleware("before_model")


ANSWER = Speaker("M", node="answer", nodes=("answer",))
INNER = Speaker(
    "M", node="model", nodes=("research", "model"), sub_agent=True, tags=("x",), by_default=False
)
IN_TOOL = Speaker(
    "M", node="tools", nodes=("answer", "tools"), tags=("x",), inside_tool=True, by_default=False
)
HOOK = Speaker("M", node="G.before_model", nodes=("answer", "G.before_model"), by_default=False)


@pytest.mark.parametrize(
    ("policy", "heard"),
    [
        (OutputPolicy(), [True, False, False, False]),
        (OutputPolicy(nodes=["answer"]), [True, False, False, False]),
        (OutputPolicy(nodes=["research"]), [False, True, False, False]),
        (OutputPolicy(nodes=[]), [False, False, False, False]),
        (OutputPolicy(tags=["x"]), [False, True, True, False]),
        (OutputPolicy(nodes={"answer"}, tags={"x"}), [True, True, True, False]),
        (OutputPolicy(silent_nodes=["answer"]), [False, False, False, False]),
        (OutputPolicy(tags=["x"], silent_nodes=("research",)), [False, False, True, False]),
        (OutputPolicy(tags=["x"], silent_tags=frozenset("x")), [False] * 4),
    ],
)
def test_a_policy_by_names(policy: OutputPolicy, heard: list[bool]) -> None:
    assert [policy(speaker) for speaker in (ANSWER, INNER, IN_TOOL, HOOK)] == heard


def test_a_policy_decides_fully_and_what_it_silences_is_never_said() -> None:
    assert verdict_on(ANSWER, None) == "said"
    assert verdict_on(INNER, None) == "held"
    assert verdict_on(INNER, output_rule(lambda speaker: True)) == "said"
    assert verdict_on(ANSWER, output_rule(lambda speaker: False)) == "never"
    assert verdict_on(INNER, output_rule(lambda speaker: False)) == "held"


def test_a_policy_that_fails_is_logged_once_and_the_default_decides(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(speaker: Speaker) -> bool:
        raise KeyError(speaker.name)

    rule = output_rule(fail)
    with caplog.at_level(logging.ERROR, "aaep_langchain"):
        assert [verdict_on(speaker, rule) for speaker in (ANSWER, INNER)] == ["said", "held"]
    assert [record.message for record in caplog.records] == [
        "The output= policy failed; the default decides."
    ]


@pytest.mark.parametrize("name", ["nodes", "tags", "silent_nodes", "silent_tags"])
@pytest.mark.parametrize("given", ["answer", 3, [3], [""], iter(["answer"])])
def test_a_policy_takes_collections_of_names(name: str, given: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} takes "):
        OutputPolicy(**{name: given})


async def later(speaker: Speaker) -> bool:
    return True


@pytest.mark.parametrize("given", ["answer", ["answer"], 3, {"nodes": ["answer"]}])
def test_output_takes_nothing_but_a_policy_or_a_function(given: Any) -> None:
    with pytest.raises(ValueError, match=r"OutputPolicy\(nodes=\['answer'\]\)"):
        output_rule(given)


@pytest.mark.parametrize("given", [OutputPolicy, later])
def test_output_takes_no_class_and_nothing_asynchronous(given: Any) -> None:
    with pytest.raises(ValueError, match="plain function"):
        output_rule(given)


def test_output_takes_policies_and_functions() -> None:
    policy = OutputPolicy(nodes=["answer"])
    rule = output_rule(policy)
    assert rule is not None
    assert [rule.hears(speaker) for speaker in (ANSWER, INNER)] == [
        policy(speaker) for speaker in (ANSWER, INNER)
    ]
    assert output_rule(None) is None
    assert hash(policy) == hash(OutputPolicy(nodes=("answer",)))
