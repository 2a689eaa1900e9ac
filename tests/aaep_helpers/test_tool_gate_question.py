"""What a gate asks: what will really be done, with every argument, nothing hidden, no secrets."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aaep_helpers import GateClosedError, aaep_tool
from tests.aaep_helpers.ears import Event
from tests.aaep_helpers.gates import Counter

RISKY: dict[str, Any] = {"risk_level": "high", "irreversible": True}


def asked(*args: Any, gate: dict[str, Any] | None = None, **kwargs: Any) -> Event:
    """The question about a payment with these arguments, which then runs."""
    counter = Counter()

    @aaep_tool(counter.emitter, **{**RISKY, **(gate or {})})
    def pay(to: Any, amount: Any = 50, **more: Any) -> None:
        """Pay somebody. It cannot be had back."""

    with counter.emitter.session():
        pay(*args, **kwargs)
    counter.judge()
    return counter.question


def action(*args: Any, **kwargs: Any) -> str:
    return str(asked(*args, **kwargs)["action"])


def test_by_default_it_says_the_description_and_every_argument() -> None:
    question = asked("Ana", 50, note="For lunch, and more")
    assert question["action"] == (
        "Pay somebody, with to: Ana; amount: 50; note: “For lunch, and more”."
    )
    assert question["consequence"] == "This cannot be undone."
    assert question["extra_context"] == {
        "tool": "pay",
        "arguments": {"to": "Ana", "amount": 50, "note": "For lunch, and more"},
    }
    assert (question["risk_level"], question["irreversible"]) == ("high", True)
    assert question["timeout_seconds"] == 300


def test_summaries_at_every_verbosity() -> None:
    counter = Counter()

    @aaep_tool(counter.emitter, **RISKY)
    def pay(to: str) -> None:
        """Pay somebody."""

    with counter.emitter.session():
        pay("Ana")
    (terse,) = [one for one in counter.terse.heard if "action" in one]
    (detailed,) = [one for one in counter.detailed.heard if "action" in one]
    assert terse["summary_terse"] == "Confirm: Pay somebody, with to: Ana."
    assert counter.question["summary_normal"] == (
        "Your decision is needed. Pay somebody, with to: Ana. This cannot be undone."
    )
    assert detailed["summary_detailed"].endswith("Without an answer it is not done.")


def test_a_template_names_arguments_and_the_others_are_said_after_it() -> None:
    gate = {"action": "Send {amount} dollars to {to}."}
    assert action("Ana", gate=gate) == "Send 50 dollars to Ana."
    assert action("Ana", gate=gate, note="lunch") == "Send 50 dollars to Ana, with note: lunch."


@pytest.mark.parametrize("template", ["{nobody}", "{to.name}", "{to!r}", "{amount:>10}", "{}"])
def test_a_template_that_names_no_argument_is_refused_when_decorated(template: str) -> None:
    def pay(to: str, amount: int) -> None: ...

    with pytest.raises(ValueError, match="only name arguments"):
        aaep_tool(Counter().emitter, action=template)(pay)


def test_an_action_function_gets_its_own_copy() -> None:
    counter = Counter()

    def say(arguments: Any) -> str:
        arguments["to"].append("Mallory")
        return f"Pay {' and '.join(arguments['to'][:-1])}"

    @aaep_tool(counter.emitter, action=say, **RISKY)
    def pay(to: list[str]) -> list[str]:
        return to

    with counter.emitter.session():
        assert pay(["Ana", "Bob"]) == ["Ana", "Bob"]
    assert counter.question["action"] == "Pay Ana and Bob"


@pytest.mark.parametrize("broken", [lambda _: None, lambda _: " ", lambda _: 1 / 0, lambda: "x"])
def test_an_action_function_that_breaks_lets_nothing_run(broken: Callable[..., Any]) -> None:
    with pytest.raises(GateClosedError):
        asked("Ana", gate={"action": broken})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Ana Smith", "“Ana Smith”"),
        ("Ana; amount: 5", "“Ana; amount: 5”"),
        ("Ana” for “5", "“Ana[U+201D] for [U+201C]5”"),
        ("one\n\ntwo", "“one [new line] two”"),
        ("an\u202ea", "“an[U+202E]a”"),
        ("a\u200bna", "“a[U+200B]na”"),
        ("a\u2066na\u2069", "“a[U+2066]na[U+2069]”"),
        ("a\u3164na", "“a[U+3164]na”"),
        ("a\U000e0041na", "“a[U+E0041]na”"),
        ("a\x07na", "“a[U+0007]na”"),
        ("", "empty"),
        (None, "none"),
        (True, "yes"),
        (False, "no"),
        (1234567.5, "1234567.5"),
        (Decimal("0.10"), "0.10"),
        (date(2027, 1, 15), "2027-01-15"),
        ([], "empty"),
        (["Ana", 5], "(Ana, 5)"),
        ({"name": "Ana", "amount": 5}, "(name: Ana, amount: 5)"),
        (b"1234", "data, 4 bytes"),
        (object(), "a value that cannot be read out"),
    ],
)
def test_known_failure_27_what_a_value_sounds_like(value: Any, said: str) -> None:
    assert action(value) == f"Pay somebody, with to: {said}; amount: 50."


def test_known_failure_27_long_arguments_are_cut_with_their_full_length_said() -> None:
    text = action("word " * 2469)
    assert "... 12,345 characters in all" in text
    assert len(text) < 600
    assert "... 5,000 items in all" in action(list(range(5000)))


SECRET = "sk-proj-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"


@pytest.mark.parametrize(
    "arguments",
    [
        {"password": "hunter2-hunter2"},
        {"options": {"api_key": "hunter2-hunter2"}},
        {"headers": [{"name": "Authorization", "value": "hunter2-hunter2"}]},
        {"note": f"use {SECRET} please"},
        {"note": SECRET[:12] + "\u200b" + SECRET[12:]},
        {"note": "x" * 280 + " " + SECRET},
        {SECRET: "x"},
    ],
)
def test_known_failure_27_no_secret_is_in_any_field(arguments: dict[str, Any]) -> None:
    counter = Counter()
    got: list[Any] = []

    @aaep_tool(counter.emitter, **RISKY)
    def pay(**given: Any) -> None:
        got.append(given)

    with counter.emitter.session():
        pay(**arguments)
    heard = json.dumps([counter.ear.heard, counter.detailed.heard], ensure_ascii=False)
    assert "hunter2" not in heard
    assert SECRET[12:] not in heard
    assert got == [arguments]  # It is masked for ears, not for the tool.
    counter.judge()


def test_what_is_confirmed_is_what_runs() -> None:
    ours = {"to": ["Ana"], "amount": 5}
    got: list[Any] = []

    def tamper(event: Event) -> Any:
        ours["to"] = ["Mallory"]
        people.append("Mallory")
        return "accept"

    counter = Counter(tamper)
    people = ["Ana"]

    @aaep_tool(counter.emitter, **RISKY)
    def pay(payment: dict[str, Any], people: list[str], *, tags: tuple[list[str], ...]) -> None:
        got.extend([payment, people, tags])

    with counter.emitter.session():
        pay(ours, people, tags=(people,))
    assert got == [{"to": ["Ana"], "amount": 5}, ["Ana"], (["Ana"],)]
    assert "Mallory" not in counter.question["action"]


def test_a_copy_that_is_changed_while_the_question_is_open_does_not_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[Any] = []

    class Slippery(dict[str, Any]):
        def __deepcopy__(self, memo: Any) -> Slippery:
            return self

    @dataclasses.dataclass
    class Payment:
        to: Slippery

    payment = Payment(Slippery(name="Ana"))

    def tamper(event: Event) -> Any:
        payment.to["name"] = "Mallory"
        return "accept"

    counter = Counter(tamper)

    @aaep_tool(counter.emitter, **RISKY)
    def pay(payment: Payment) -> None:
        done.append(payment)

    with pytest.raises(GateClosedError, match="were changed"), counter.emitter.session():
        pay(payment)
    assert not done


@pytest.mark.parametrize("value", [threading.Lock(), (one for one in (1, 2)), lambda: 5, pytest])
def test_what_cannot_be_frozen_is_not_run(value: Any) -> None:
    with pytest.raises(GateClosedError, match=r"copied|frozen"):
        asked(value)


def test_bad_arguments_are_the_callers_mistake_and_nobody_is_asked() -> None:
    counter = Counter()

    @aaep_tool(counter.emitter, **RISKY)
    def pay(to: str) -> None: ...

    with pytest.raises(TypeError, match="missing"), counter.emitter.session():
        pay()  # type: ignore[call-arg]
    assert not counter.questions


def test_a_keyword_cannot_hide_behind_a_positional_parameter() -> None:
    counter = Counter()

    @aaep_tool(counter.emitter, **RISKY)
    def pay(to: str, /, *rest: str, **more: str) -> None:
        """Pay."""

    with counter.emitter.session():
        pay("Mallory", "Bob", to="Ana")
    assert counter.question["action"] == "Pay, with to: Mallory; rest: (Bob); more to: Ana."


def test_own_words_on_the_consequence_never_leave_out_that_it_cannot_be_undone() -> None:
    question = asked("Ana", gate={"consequence": "The money is gone"})
    assert question["consequence"] == "The money is gone. This cannot be undone."


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(width=16)
    | st.text()
    | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.text(), VALUES, max_size=5))
def test_any_plain_arguments_can_be_asked_about_and_arrive_as_they_are(
    arguments: dict[str, Any],
) -> None:
    counter = Counter()
    got: list[Any] = []

    @aaep_tool(counter.emitter, **RISKY)
    def pay(**given: Any) -> None:
        got.append(given)

    with counter.emitter.session():
        pay(**arguments)
    assert repr(got) == repr([arguments])
    assert counter.question["action"]
