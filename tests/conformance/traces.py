"""Hand-written conforming traces, told event by event, for the judge's tests.

The teller builds what a listener would hear. It shares nothing with the producer or the judge: it
is the third hand, written from the rules, that the judge is held against.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Event = dict[str, Any]
CORE = "https://aaep-protocol.org/context/v1"
FIRST = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def at(milliseconds: int) -> str:
    moment = FIRST + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Teller:
    """Tells one session; keeps the envelope, the numbers and the state in order."""

    session_id: str = "sess_one"
    numbered: bool = True
    number: int = 0
    clock: int = 0
    state: str = "idle"
    events: list[Event] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)

    def say(self, kind: str, /, **fields: Any) -> Event:
        self.clock += 250
        event: Event = {
            "@context": CORE,
            "type": f"aaep:agent.{kind}",
            "event_id": f"evt_{self.session_id.removeprefix('sess_')}{len(self.events)}",
            "session_id": self.session_id,
            "timestamp": at(self.clock),
            "producer": {"agent_id": "bank-helper", "agent_name": "Bank helper"},
        }
        if self.numbered:
            event["sequence_number"] = self.number
            self.number += 1
        event["localization_hints"] = {"primary_language": "en-US", "text_direction": "ltr"}
        event |= fields
        self.events.append(event)
        return event

    def start(self, **fields: Any) -> None:
        self.say("session.started", **{"summary_normal": "I am on it.", **fields})

    def becomes(self, state: str, **fields: Any) -> None:
        self.say("state.changed", from_state=self.state, to_state=state, **fields)
        self.state = state

    def invoke(self, tool: str, call: str | None = "call_1", **fields: Any) -> None:
        ids = {"tool_call_id": call} if call else {}
        self.say("tool.invoked", **{"tool": tool, "summary_normal": "Working.", **ids, **fields})

    def finish(self, tool: str, call: str | None = "call_1", **fields: Any) -> None:
        ids = {"tool_call_id": call} if call else {}
        self.say("tool.completed", **{"tool": tool, "status": "success", **ids, **fields})

    def text(
        self, chunk: str, output: str | None = "out_1", *, last: bool = False, **fields: Any
    ) -> None:
        key = output or ""
        ids = {"output_id": output} if output else {}
        hint = {"coalesce_hint": "sentence"} if chunk else {}
        position = self.told.get(key, 0)
        self.told[key] = position + len(chunk)
        payload = {"chunk": chunk, "position": position, "complete": last}
        self.say("output.streaming", **{**payload, **ids, **hint, **fields})

    def confirm(self, token: str = "rpl_1", **fields: Any) -> None:
        question: dict[str, Any] = {
            "urgency": "critical",
            "action": "Send 50 euros to Ada",
            "consequence": "The money leaves your account.",
            "reply_token": token,
            "timeout_seconds": 60,
            "default_decision": "reject",
            "risk_level": "high",
            "irreversible": True,
            "allowed_replies": ["accept", "reject"],
            "summary_normal": "May I send 50 euros to Ada?",
        }
        self.say("awaiting.confirmation", **{**question, **fields})

    def clarify(self, token: str = "rpl_2", **fields: Any) -> None:
        question: dict[str, Any] = {
            "urgency": "critical",
            "question": "Which account?",
            "reply_token": token,
            "timeout_seconds": 90,
            "accepted_response_kinds": ["multiple_choice"],
            "choices": [
                {"value": "savings", "label": "Savings account"},
                {"value": "current", "label": "Current account"},
            ],
            "default_response": "current",
            "summary_normal": "Which account do you mean?",
        }
        self.say("awaiting.clarification", **{**question, **fields})

    def complete(self, **fields: Any) -> None:
        self.say("session.completed", **{"summary_normal": "Response ready.", **fields})

    def fail(self, **fields: Any) -> None:
        error = {"urgency": "critical", "error_category": "transient"}
        self.say("session.errored", **{**error, "summary_normal": "It did not work.", **fields})

    def cancel(self, **fields: Any) -> None:
        self.say("session.cancelled", cancelled_by="user", summary_normal="Stopped.", **fields)

    def write(self, *chunks: str, output: str | None = "out_1", **fields: Any) -> None:
        self.becomes("writing_output")
        for chunk in chunks:
            self.text(chunk, output, last=chunk is chunks[-1], **fields)

    def answer(self, text: str = "Done.", output: str | None = "out_1") -> None:
        """The usual way out: write the answer and complete."""
        self.write(text, output=output)
        self.becomes("idle")
        self.complete()


@dataclass(frozen=True)
class Example:
    """A conforming trace and how it came to be heard."""

    events: list[Event]
    options: dict[str, Any] = field(default_factory=dict)


EXAMPLES: dict[str, Callable[[], Example]] = {}


def example(tell: Callable[[], Example]) -> Callable[[], Example]:
    EXAMPLES[tell.__name__] = tell
    return tell


@example
def simple_answer() -> Example:
    teller = Teller()
    teller.start(request_text="What is my balance?", tools_available=["get_balance"])
    teller.becomes("thinking", summary_normal="Thinking.")
    teller.say("progress.updated", progress={"percent": 40, "description": "Reading."})
    teller.write("Your balance is fine. ", "Anything else?")
    teller.becomes("idle")
    teller.complete(duration_ms=900, tool_invocations_count=0, output_summary="A balance.")
    return Example(teller.events)


@example
def unnumbered_answer() -> Example:
    teller = Teller(numbered=False)
    teller.start()
    teller.becomes("thinking")
    teller.answer()
    return Example(teller.events)


@example
def tool_call() -> Example:
    teller = Teller()
    teller.start()
    teller.becomes("thinking")
    teller.becomes("calling_tool")
    teller.invoke("get_balance", args_summary="the current account", risk_level="low")
    teller.say("progress.updated", progress={"step": 1, "total_steps": 2})
    teller.finish("get_balance", duration_ms=12, summary_normal="I have your balance.")
    teller.becomes("thinking")
    teller.answer("You have 20 euros.")
    return Example(teller.events)


@example
def parallel_tools() -> Example:
    """Three calls of two tools, ending in another order, the last two in one stay."""
    teller = Teller()
    teller.start()
    teller.becomes("thinking")
    teller.becomes("calling_tool")
    teller.invoke("get_balance", "call_1")
    teller.invoke("get_rate", "call_2")
    teller.finish("get_rate", "call_2")
    teller.invoke("get_balance", "call_3")
    teller.finish("get_balance", "call_1", status="error", error_message="The bank is closed.")
    teller.finish("get_balance", "call_3")
    teller.invoke("get_rate", "call_4")
    teller.finish("get_rate", "call_4")
    teller.becomes("thinking")
    teller.answer()
    return Example(teller.events)


@example
def text_with_tool() -> Example:
    """Text goes on while a tool runs: calling_tool has priority, then writing_output."""
    teller = Teller()
    teller.start()
    teller.becomes("thinking")
    teller.becomes("writing_output")
    teller.text("Let me look. ")
    teller.becomes("calling_tool")
    teller.invoke("get_balance")
    teller.text("This takes a moment. ")
    teller.finish("get_balance")
    teller.becomes("writing_output")
    teller.text("You have 20 euros.")
    teller.text("", last=True)
    teller.becomes("thinking")
    teller.becomes("writing_output")
    teller.text("Bye.", "out_2", last=True)
    teller.becomes("idle")
    teller.complete()
    return Example(teller.events)


@example
def output_open_through_thinking() -> Example:
    """One output over two model calls; what was held back is heard under calling_tool."""
    teller = Teller()
    teller.start()
    teller.becomes("thinking")
    teller.becomes("writing_output")
    teller.becomes("calling_tool")
    teller.text("I am looking it up. ")
    teller.invoke("get_balance")
    teller.finish("get_balance")
    teller.becomes("thinking")
    teller.becomes("writing_output")
    teller.text("You have 20 euros.", last=True)
    teller.becomes("idle")
    teller.complete()
    return Example(teller.events)


def _asked(teller: Teller, **fields: Any) -> None:
    teller.start()
    teller.becomes("thinking")
    teller.becomes("awaiting_input")
    teller.confirm(**fields)


@example
def confirmation_accepted() -> Example:
    teller = Teller()
    _asked(teller)
    teller.becomes("calling_tool")
    teller.invoke("send_money", risk_level="high", irreversible=True)
    teller.finish("send_money")
    teller.becomes("thinking")
    teller.answer()
    return Example(teller.events)


@example
def confirmation_accepted_as_known() -> Example:
    return Example(confirmation_accepted().events, {"accepted": ["rpl_1"]})


@example
def confirmation_rejected() -> Example:
    """Refused; a harmless tool is called after it."""
    teller = Teller()
    _asked(teller)
    teller.becomes("thinking", summary_normal="I will not send it.")
    teller.becomes("calling_tool")
    teller.invoke("get_balance")
    teller.finish("get_balance")
    teller.becomes("thinking")
    teller.answer()
    return Example(teller.events, {"accepted": []})


@example
def confirmation_asked_again_after_reject() -> Example:
    """Refused, asked again, accepted, run once."""
    teller = Teller()
    _asked(teller, extra_context={"tool": "send_money"})
    teller.becomes("thinking")
    teller.becomes("awaiting_input")
    teller.confirm("rpl_2", extra_context={"tool": "send_money"})
    teller.becomes("calling_tool")
    teller.invoke("send_money", irreversible=True)
    teller.finish("send_money")
    teller.becomes("thinking")
    teller.answer()
    return Example(teller.events, {"accepted": ["rpl_2"]})


@example
def confirmation_timed_out() -> Example:
    teller = Teller()
    _asked(teller)
    teller.clock += 60_000
    teller.becomes("thinking", summary_normal="No answer, so nothing was sent.")
    teller.answer()
    return Example(teller.events, {"accepted": []})


@example
def confirmation_defaulted_to_accept() -> Example:
    """A low-risk, reversible action that goes ahead after the time-out."""
    teller = Teller()
    fields = {"risk_level": "low", "irreversible": False, "default_decision": "accept"}
    _asked(teller, **fields, extra_context={"tool": "set_alarm"})
    teller.clock += 60_000
    teller.becomes("calling_tool")
    teller.invoke("set_alarm")
    teller.finish("set_alarm")
    teller.becomes("thinking")
    teller.answer()
    return Example(teller.events, {"accepted": []})


@example
def parallel_confirmations() -> Example:
    """Two questions at once, one accepted, one refused; each outcome has its state change."""
    teller = Teller()
    _asked(teller)
    teller.confirm("rpl_2", action="Send 70 euros to Bo")
    teller.becomes("awaiting_input", summary_normal="Sending to Ada. Waiting about Bo.")
    teller.invoke("send_money", irreversible=True)
    teller.finish("send_money")
    teller.becomes("thinking", summary_normal="Nothing goes to Bo.")
    teller.answer()
    return Example(teller.events, {"accepted": ["rpl_1"]})


@example
def confirmation_while_a_tool_runs() -> Example:
    teller = Teller()
    teller.start()
    teller.becomes("thinking")
    teller.becomes("calling_tool")
    teller.invoke("get_balance")
    teller.becomes("awaiting_input")
    teller.confirm()
    teller.finish("get_balance")
    teller.becomes("calling_tool")
    teller.invoke("send_money", "call_2", irreversible=True)
    teller.finish("send_money", "call_2")
    teller.becomes("thinking")
    teller.answer()
    return Example(teller.events)


@example
def clarification() -> Example:
    teller = Teller()
    teller.start()
    teller.becomes("thinking")
    teller.becomes("awaiting_input")
    teller.clarify()
    teller.becomes("thinking")
    teller.answer()
    return Example(teller.events)


@example
def question_redelivered() -> Example:
    """The listener reconnected: the open question is sent again, the same event."""
    teller = Teller()
    _asked(teller)
    teller.events.append(dict(teller.events[-1]))
    teller.becomes("thinking")
    teller.answer()
    return Example(teller.events)


@example
def waiting_outside_the_protocol() -> Example:
    """A graph that pauses: awaiting_input with no question of the protocol."""
    teller = Teller()
    teller.start()
    teller.becomes("thinking")
    teller.becomes("awaiting_input", summary_normal="Paused for review.")
    teller.becomes("thinking")
    teller.answer()
    return Example(teller.events)


@example
def handoff() -> Example:
    teller = Teller()
    teller.start()
    teller.becomes("thinking")
    teller.becomes("deciding")
    teller.becomes("handing_off")
    teller.say(
        "handoff.requested",
        urgency="critical",
        reason="You asked for a person.",
        target_kind="human",
        target_uri="https://bank.example/desk",
        summary_normal="I am passing you to a person.",
    )
    teller.becomes("idle")
    teller.complete()
    return Example(teller.events)


@example
def errored_with_open_tool() -> Example:
    """The tool never returned; it is closed as timed out before the error."""
    teller = Teller()
    teller.start()
    teller.becomes("thinking")
    teller.becomes("calling_tool")
    teller.invoke("get_balance")
    teller.finish("get_balance", status="timeout", error_message="The bank did not answer.")
    teller.becomes("thinking")
    teller.fail(error_code="BANK_DOWN", recoverable=True, remediation_hint="Try again later.")
    return Example(teller.events)


@example
def errored_at_once() -> Example:
    teller = Teller()
    teller.start()
    teller.fail(error_category="requires_user")
    return Example(teller.events)


@example
def cancelled() -> Example:
    """Stopped in mid-sentence, with a question open that dies with the session."""
    teller = Teller()
    teller.start()
    teller.becomes("thinking")
    teller.write("I was about to ", "say")
    teller.becomes("awaiting_input")
    teller.confirm()
    teller.cancel(cancellation_reason="user_request", partial_result="I was about to say")
    return Example(teller.events)


@example
def interleaved_sessions() -> Example:
    """Three sessions heard turn by turn, one of another producer with the same event ids."""
    first, second = tool_call().events, Teller("sess_two")
    _asked(second)
    second.becomes("thinking")
    second.answer()
    third = Teller("sess_three")
    third.start()
    third.becomes("thinking")
    third.answer()
    for number, event in enumerate(third.events):
        event["producer"] = {"agent_id": "travel-helper"}
        event["event_id"] = first[number]["event_id"]
    mixed: list[Event] = []
    for place in range(max(len(first), len(second.events))):
        for events in (first, second.events, third.events):
            mixed += events[place : place + 1]
    return Example(mixed)


@example
def late_joiner() -> Example:
    """Joined while a tool ran, a question was open and text had been written."""
    teller = Teller(number=17, state="writing_output", told={"out_1": 120})
    teller.becomes("awaiting_input", summary_normal="A transfer waits for your answer.")
    teller.confirm()
    teller.finish("get_balance", "call_9")
    teller.becomes("calling_tool")
    teller.invoke("send_money", irreversible=True)
    teller.finish("send_money")
    teller.becomes("writing_output")
    teller.text("and that is all.")
    teller.text("", last=True)
    teller.text("", "out_0", last=True, position=12)
    teller.becomes("idle")
    teller.complete()
    return Example(teller.events, {"late": ["sess_one"]})


def heard_only(events: list[Event], *kinds: str) -> list[Event]:
    """What a listener hears who asked for these types, numbers and states rewritten for it."""
    kept = [dict(event) for event in events if event["type"].removeprefix("aaep:agent.") in kinds]
    for number, event in enumerate(kept):
        event["sequence_number"] = number
    return kept


@example
def filtered_to_tools() -> Example:
    critical = ("awaiting.confirmation",)
    kinds = ("tool.invoked", "tool.completed", *critical)
    events = confirmation_while_a_tool_runs().events
    return Example(heard_only(events, *kinds), {"filtered": True})


@example
def filtered_to_text_and_ends() -> Example:
    kinds = ("session.started", "output.streaming", "session.completed")
    return Example(heard_only(text_with_tool().events, *kinds), {"filtered": True})


@example
def filtered_to_states() -> Example:
    kinds = ("state.changed", "awaiting.confirmation")
    return Example(heard_only(confirmation_accepted().events, *kinds), {"filtered": True})


EMOJI = "Hi 👋🏽! Ada 👩‍👩‍👧 sends 𝟝 €. "


def _written(hint: str, *chunks: str) -> Example:
    teller = Teller()
    teller.start()
    teller.becomes("thinking")
    teller.write(*chunks, coalesce_hint=hint)
    teller.becomes("idle")
    teller.complete()
    return Example(teller.events)


@example
def chunked_by_token() -> Example:
    return _written("none", "Hi ", "👋🏽", "! ", "Ada ", "👩‍👩‍👧", " sen", "ds 𝟝", " €. ")


@example
def chunked_by_word() -> Example:
    return _written("word", *(f"{word} " for word in EMOJI.split()))


@example
def chunked_by_completion() -> Example:
    return _written("completion", EMOJI)


@example
def extensions_and_variants() -> Example:
    """Everything a producer may add: a declared extension, a type of its own, other languages."""
    teller = Teller()
    teller.start(summary_normal_es="Estoy en ello.", summary_terse_pt_BR="Já vou.")
    contexts = [CORE, "https://bank.example/context/v1"]
    teller.say(
        "state.changed",
        **{"@context": contexts},
        from_state="idle",
        to_state="thinking",
        aaep_version="1.0.0",
        urgency="background",
        verbosity="detailed",
        correlation_id="00-1-2-01",
        extensions={"bank": {"branch": "9007199254740993"}},
    )
    teller.state = "thinking"
    event = teller.say("own", summary_normal="A coin fell.", coins=3)
    event |= {"type": "bank:coin.fell", "@context": contexts}
    teller.becomes("deciding")
    teller.events[-1]["type"] = "https://aaep-protocol.org/types/agent.state.changed"
    teller.events[-1]["timestamp"] = "2026-03-01T10:00:01.000000+01:00"
    teller.answer()
    return Example(teller.events)
