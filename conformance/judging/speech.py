"""D8 and SEC-1: what is said aloud is for people, and holds no secrets.

Boundary: human-readable text only, wherever an event has some: top-level fields and their language
variants, progress.description, choices, extra_context and packaged_context. The chunks of an output
are judged joined, since a word may be cut anywhere. Failure policy: total; a message never repeats
what looks like a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from conformance.judging import vocabulary as words
from conformance.judging.envelope import variant_base
from conformance.judging.outputs import by_output
from conformance.judging.trace import Fault, Heard, Session
from conformance.judging.values import walk


@dataclass(frozen=True, slots=True)
class Spoken:
    """A piece of human-readable text.

    Attributes:
        heard: the event that carries it (for an output: its first chunk).
        name: the path of the field, for the message.
        base: the field whose kind of text it is; see vocabulary.OWN_WORDS and QUOTED_WORDS.
        text: the text.
    """

    heard: Heard
    name: str
    base: str
    text: str


_NESTED = ("progress", "choices", "extra_context", "packaged_context")


def spoken_texts(event: Heard) -> Iterator[Spoken]:
    """The event's human-readable texts, but for chunks, which are judged joined.

    Extension events are announced by their summary_normal (ENV-3), so their summaries count too.
    """
    for name, value in event.fields.items():
        if not isinstance(name, str) or name == "chunk":
            continue
        base = name if name in words.HUMAN_FIELDS else variant_base(name, words.HUMAN_FIELDS)
        if base is not None and isinstance(value, str) and (event.kind or base in words.SUMMARIES):
            yield Spoken(event, name, base, value)
    if not event.kind:
        return
    for name in _NESTED:
        for path, value in walk(event.get(name)):
            # A choice's value is for the reply; its label is what is read out.
            if isinstance(value, str) and path[-1:] != ("value",):
                base = "context" if name.endswith("context") else "description"
                yield Spoken(event, ".".join((name, *path)), base, value)


_MACHINE_WORDS = (
    (re.compile(r"<class '"), "a class"),
    (re.compile(r"<(?:function|bound method|coroutine object|generator object|module) "), "a repr"),
    (re.compile(r"\bobject at 0x[0-9a-fA-F]+"), "a repr"),
    (re.compile(r"\b[A-Z][A-Za-z]*Message(?:Chunk)?\("), "a message object"),
    (re.compile(r"\b(?:Document|AgentFinish|AgentAction|Command|ToolCall)\([a-z_]+="), "an object"),
    (re.compile(r"\bcontent=['\"\[]"), "a message object"),
    (re.compile(r"\b(?:additional_kwargs|response_metadata|tool_call_chunks)\b"), "message fields"),
    (re.compile(r"\A\s*[\[(]?\{'"), "a dict"),
    (re.compile(r"Traceback \(most recent call last\)"), "a traceback"),
)
# In its own words a producer has no use for these; in text it repeats they may be right.
_OWN_MACHINE_WORDS = (
    (re.compile(r"\{['\"][^'\"]*['\"]:"), "a dict"),
    (re.compile(r"\b(?:[A-Z]+[a-z]+)+(?:Error|Exception)\b"), "a class name"),
)


def for_people(event: Heard) -> Iterator[Fault]:
    """D8, house: summaries, questions and the like hold no reprs, dumps or message objects.

    The producer's own words are held to more than text it repeats: no dict anywhere in them, and no
    exception's class name where a sentence will do.
    """
    for spoken in spoken_texts(event):
        own = _OWN_MACHINE_WORDS if spoken.base in words.OWN_WORDS else ()
        patterns = (*_MACHINE_WORDS, *own)
        what = next((what for pattern, what in patterns if pattern.search(spoken.text)), None)
        if what is not None:
            yield Fault(event, f"{spoken.name} reads like {what}, not like a sentence")


def output_for_people(session: Session) -> Iterator[Fault]:
    """D8, house: the same of the text of outputs, joined, so that no cut hides a repr."""
    for chunks in by_output(session).values():
        text = _joined(chunks)
        for pattern, what in _MACHINE_WORDS:
            match = pattern.search(text)
            if match:
                yield Fault(_chunk_at(chunks, match.start()), f"the text reads like {what}")
                break


def _joined(chunks: list[Heard]) -> str:
    return "".join(event.text("chunk") or "" for event in chunks)


def _chunk_at(chunks: list[Heard], offset: int) -> Heard:
    """The chunk in which the character at an offset of the joined text lies."""
    passed = 0
    for event in chunks:
        passed += len(event.text("chunk") or "")
        if offset < passed:
            return event
    return chunks[-1]


_SECRET_VALUES = (
    (re.compile(r"\bsk-(?:[A-Za-z0-9]+-)*[A-Za-z0-9_]{16,}"), "an API key"),
    (re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})"), "a token"),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), "an access key"),
    (re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"), "a token"),
    (re.compile(r"\bAIza[A-Za-z0-9_-]{30,}"), "an API key"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+"), "a JWT"),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"), "a private key"),
    (re.compile(r"\b[Bb]earer\s+[A-Za-z0-9._~+/-]{16,}"), "a bearer token"),
    (re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@]+:[^\s/:@*•\[]+@"), "a URL with credentials"),
)
_SECRET_NAME = (
    r"(?:pass(?:word|wd|phrase)|pwd|secret|api[_-]?key|access[_-]?(?:key|token)|client_secret)"
)
# A value already masked begins with one of the signs people mask with.
_SECRET_PAIR = re.compile(
    rf"(?:\b|_){_SECRET_NAME}\s*(?:=\s*['\"]?|['\"]\s*:\s*['\"])"
    r"(?!\s|[*•\[<(…]|redacted|removed|hidden|masked)[^\s'\"]{3,}",
    re.IGNORECASE,
)
_SECRET_KEY = re.compile(rf"(?:.*_)?{_SECRET_NAME}", re.IGNORECASE)
_MASKED = re.compile(r"\W*(?:redacted|removed|hidden|masked)?\W*", re.IGNORECASE)
_CARD = re.compile(r"(?<![\d-])[3-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,7}(?![\d-])")


def no_secrets(event: Heard) -> Iterator[Fault]:
    """SEC-1: no secret-shaped value, and no value under a secret's name, in what people read.

    Only what is evident from its shape: vendors' keys, JWT, PEM, bearer tokens, URLs with
    credentials, card numbers by their check digit, ``password=...`` in text, secret-named keys.
    """
    for spoken in spoken_texts(event):
        what = secret_in(spoken.text, pairs=True)
        if what is not None:
            yield Fault(event, f"{spoken.name} holds what looks like {what}")
    for name in ("extra_context", "packaged_context"):
        for path, value in walk(event.get(name)):
            key = path[-1] if path else ""
            if isinstance(value, str) and _SECRET_KEY.fullmatch(key) and not _masked(value):
                yield Fault(event, f"{name} holds a value under the name of a secret")


def _masked(value: str) -> bool:
    return _MASKED.fullmatch(value) is not None


def no_secrets_in_output(session: Session) -> Iterator[Fault]:
    """SEC-1: model output is screened too, for secret-shaped values only; judged joined."""
    for chunks in by_output(session).values():
        text = _joined(chunks)
        for pattern, what in _SECRET_VALUES:
            match = pattern.search(text)
            if match:
                yield Fault(_chunk_at(chunks, match.start()), f"the text holds {what}, by its look")


def secret_in(text: str, *, pairs: bool) -> str | None:
    """What kind of secret the text seems to hold; None when it seems to hold none."""
    for pattern, what in _SECRET_VALUES:
        if pattern.search(text):
            return what
    if pairs and _SECRET_PAIR.search(text):
        return "a password or key with its value"
    for match in _CARD.finditer(text):
        digits = [int(digit) for digit in match[0] if digit.isdecimal()]
        if 13 <= len(digits) <= 19 and _luhn(digits):
            return "a card number"
    return None


def _luhn(digits: list[int]) -> bool:
    """The check-digit rule of payment cards."""
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
