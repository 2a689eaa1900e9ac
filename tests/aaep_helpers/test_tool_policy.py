"""How a tool is treated and announced: what is said of it by name, and what is said by its metadata."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aaep_helpers.catalogue import default_catalogue
from aaep_helpers.redaction import MASK
from aaep_helpers.tool_policy import NO_POLICY, ToolPolicy
from aaep_helpers.vocabulary import RISK_LEVELS, VERBOSITIES
from tests.aaep_helpers.secrets import SECRETS

TO_ADA = ToolPolicy(announcement="Sending an email to {to}")


def said(policy: ToolPolicy, arguments: dict[str, object], tool: str = "send_email") -> list[str]:
    """What is said when the tool runs: tersely, normally, in detail."""
    catalogue = default_catalogue()
    summary = policy.sentence(tool, arguments)
    normal = catalogue.render(summary, "en", "normal") or ""
    return [catalogue.render(summary, "en", verbosity) or normal for verbosity in VERBOSITIES]


@pytest.mark.parametrize("risk", ["", "none", "High", "critical", 3, True])
def test_an_unknown_risk_is_the_callers_mistake(risk: Any) -> None:
    with pytest.raises(ValueError, match="risk_level is one of low, medium, high, not"):
        ToolPolicy(risk_level=risk)


@pytest.mark.parametrize(
    "template",
    [
        "Sending {x.__class__}",
        "Sending {x.__class__.__mro__[1]}",
        "Sending {x[0]}",
        "Sending {x[key]}",
        "Sending {0}",
        "Sending {}",
        "Sending {a!r}",
        "Sending {a!s}",
        "Sending {a:>10}",
        "Sending {a:{b}}",
        "Sending {a b}",
        "Sending { a }",
        "Sending {a-b}",
    ],
)
def test_an_announcement_may_name_arguments_and_nothing_else(template: str) -> None:
    with pytest.raises(ValueError, match="may only name arguments, as in 'Sending an email to"):
        ToolPolicy(announcement=template)
    with pytest.raises(ValueError, match="may only name arguments"):
        ToolPolicy.from_metadata({"announcement": template})


@pytest.mark.parametrize("template", ["Sending {", "Sending }", "Sending {to"])
def test_braces_without_a_partner_are_the_callers_mistake(template: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        ToolPolicy(announcement=template)


@pytest.mark.parametrize(
    ("data", "policy"),
    [
        ({}, NO_POLICY),
        ({"risk_level": "high"}, ToolPolicy(risk_level="high")),
        ({"irreversible": False}, ToolPolicy(irreversible=False)),
        (
            {"spoken_name": "the post", "announcement": "Off it goes", "description": "Sends."},
            ToolPolicy(spoken_name="the post", announcement="Off it goes", description="Sends."),
        ),
        (TO_ADA, TO_ADA),
    ],
)
def test_metadata_is_a_policy_in_plain_data(data: object, policy: ToolPolicy) -> None:
    assert ToolPolicy.from_metadata(data) == policy


@pytest.mark.parametrize("data", [None, "high", 3, ["risk_level"], object()])
def test_metadata_that_is_no_mapping_is_the_callers_mistake(data: object) -> None:
    with pytest.raises(ValueError, match='A tool\'s "aaep" metadata is a mapping'):
        ToolPolicy.from_metadata(data)


def test_metadata_with_keys_nobody_knows_names_them_and_those_there_are() -> None:
    with pytest.raises(ValueError, match="has no irreversable, risk;") as refused:
        ToolPolicy.from_metadata({"risk": "high", "irreversable": True})
    for known in ("risk_level", "irreversible", "spoken_name", "announcement", "description"):
        assert known in str(refused.value)


@pytest.mark.parametrize("key", [3, None, ("a",)])
def test_metadata_with_a_key_that_is_no_text_is_the_callers_mistake(key: object) -> None:
    with pytest.raises(ValueError, match="metadata has no"):
        ToolPolicy.from_metadata({key: "x"})


def test_metadata_is_judged_like_a_policy() -> None:
    with pytest.raises(ValueError, match="risk_level is one of"):
        ToolPolicy.from_metadata({"risk_level": "enormous"})


FULL = ToolPolicy(
    risk_level="low",
    irreversible=False,
    spoken_name="the post",
    announcement="Posting",
    description="It posts.",
)
OTHER = ToolPolicy(
    risk_level="high",
    irreversible=True,
    spoken_name="the mail",
    announcement="Mailing",
    description="It mails.",
)


def test_what_a_policy_says_counts_over_another_and_the_rest_is_taken_from_it() -> None:
    assert FULL.over(OTHER) == FULL
    assert OTHER.over(FULL) == OTHER
    assert NO_POLICY.over(FULL) == FULL
    assert FULL.over(NO_POLICY) == FULL
    assert ToolPolicy(spoken_name="the owl").over(OTHER) == ToolPolicy(
        risk_level="high",
        irreversible=True,
        spoken_name="the owl",
        announcement="Mailing",
        description="It mails.",
    )


def test_a_no_is_something_said() -> None:
    assert ToolPolicy(irreversible=False).over(ToolPolicy(irreversible=True)).irreversible is False


@pytest.mark.parametrize(("one", "other"), [*product([None, *RISK_LEVELS], repeat=2)])
def test_at_least_takes_the_greater_risk_whoever_says_it(one: Any, other: Any) -> None:
    ranks = [RISK_LEVELS.index(risk) if risk else -1 for risk in (one, other)]
    greater = ToolPolicy(risk_level=one).at_least(ToolPolicy(risk_level=other)).risk_level
    assert (RISK_LEVELS.index(greater) if greater else -1) == max(ranks)


@pytest.mark.parametrize(("one", "other"), [*product([None, False, True], repeat=2)])
def test_at_least_is_irreversible_if_either_is(one: bool | None, other: bool | None) -> None:
    both = ToolPolicy(irreversible=one).at_least(ToolPolicy(irreversible=other))
    assert (both.irreversible is True) == (one is True or other is True)


@pytest.mark.parametrize(
    ("tool", "name"),
    [
        ("send_email", "send email"),
        ("sendEmail", "send email"),
        ("send-email.now", "send email now"),
        ("search", "search"),
        ("_", "_"),
    ],
)
def test_a_tool_without_a_spoken_name_is_called_by_its_own(tool: str, name: str) -> None:
    assert NO_POLICY.called(tool) == name
    assert FULL.called(tool) == "the post"


@pytest.mark.parametrize(
    ("policy", "arguments", "words"),
    [
        (NO_POLICY, {}, ["Send email.", "Using send email.", "Using send email."]),
        (
            NO_POLICY,
            {"to": "Ada"},
            [
                "Send email.",
                "Using send email, with to: Ada.",
                "Using send email. It is given to: Ada.",
            ],
        ),
        (
            ToolPolicy(spoken_name="the post", description="Sends a letter. It is slow."),
            {"to": "Ada"},
            [
                "The post.",
                "Using the post, with to: Ada.",
                "Using the post. Sends a letter. It is given to: Ada.",
            ],
        ),
        (
            ToolPolicy(description="Sends a letter"),
            {},
            ["Send email.", "Using send email.", "Using send email. Sends a letter."],
        ),
        (TO_ADA, {"to": "Ada", "more": 1}, ["Sending an email to Ada."] * 3),
        (ToolPolicy(announcement="Off it goes!"), {}, ["Off it goes!"] * 3),
        (ToolPolicy(announcement="Up {n} of {n}"), {"n": 3}, ["Up 3 of 3."] * 3),
        (ToolPolicy(announcement="Set {{{n}}}"), {"n": 3}, ["Set {3}."] * 3),
    ],
)
def test_what_is_said_when_a_tool_runs(
    policy: ToolPolicy, arguments: dict[str, object], words: list[str]
) -> None:
    assert said(policy, arguments) == words


def test_long_arguments_are_heard_in_detail_only() -> None:
    terse, normal, detailed = said(NO_POLICY, {"body": "word " * 30})
    assert (terse, normal) == ("Send email.", "Using send email.")
    assert detailed.startswith("Using send email. It is given body: word word")


@pytest.mark.parametrize(
    "arguments",
    [{}, {"cc": "Ada"}, {"to": None}, {"to": ""}, {"to": object()}, {"to": []}, {"To": "Ada"}],
)
def test_an_announcement_whose_arguments_are_not_all_there_is_not_used(
    arguments: dict[str, object],
) -> None:
    assert all("Sending an email" not in words for words in said(TO_ADA, arguments))
    assert said(TO_ADA, arguments) == said(NO_POLICY, arguments)


@pytest.mark.parametrize("name", ["password", "api_key", "access_token"])
def test_sec_1_an_announcement_does_not_say_what_has_a_secret_name(name: str) -> None:
    policy = ToolPolicy(announcement=f"Signing in with {{{name}}}")
    for words in (*said(policy, {name: "swordfish"}), *said(NO_POLICY, {name: "swordfish"})):
        assert "swordfish" not in words
    assert MASK in said(policy, {name: "swordfish"})[1]


@pytest.mark.parametrize("secret", SECRETS)
def test_sec_1_an_announcement_does_not_say_what_looks_like_a_secret(secret: str) -> None:
    for words in said(TO_ADA, {"to": f"x {secret}"}):
        assert " ".join(secret.split()) not in words
        assert MASK in words


@pytest.mark.parametrize("hostile", ["{to}", "{0}", "{x.__class__}", "%s", "{", "}}"])
def test_an_argument_is_never_a_template(hostile: str) -> None:
    assert said(TO_ADA, {"to": hostile})[1] == f"Sending an email to {hostile}."


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_is_given_something_is_said(description: str, argument: str) -> None:
    policy = ToolPolicy(description=description)
    for words in said(policy, {"to": argument}):
        assert words.startswith(("Send email.", "Using send email"))
    assert said(TO_ADA, {"to": argument})[1]
