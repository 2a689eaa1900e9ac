"""What a person hears of a producer's events: the receiver's side, as a pure core (RULES 7).

Events in as they came off any wire, announcements out in the order they are to be said. Any producer's
events, so nothing is taken for granted: fields may be missing, odd or unknown (ENV-3).
Boundary: no clock, no I/O, no voice; what is held of a session ends with it, and sessions are bounded.
Failure policy: never raises on an event; what cannot be understood is not announced.
"""

from __future__ import annotations

import datetime
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from aaep_helpers import vocabulary as v
from aaep_helpers.announcing_words import Ending, begins_as_ending, ending, spoken_duration
from aaep_helpers.catalogue import Summary, default_catalogue
from aaep_helpers.segmentation import Segmenter
from aaep_helpers.speech import speakable

_MAX_SESSIONS: Final = 512
_MAX_OUTPUTS: Final = 32
_REMEMBERED_EVENTS: Final = 4096

# Progress is said sparsely (known-failures 41): every so many percent, or so many seconds apart.
_PERCENT_STEP: Final[dict[v.Verbosity, int]] = {"terse": 50, "normal": 25, "detailed": 10}
_SECONDS_BETWEEN: Final[dict[v.Verbosity, int]] = {"terse": 30, "normal": 10, "detailed": 3}

# Hints that mark no place where a voice could pause (RCV-2).
_NO_PAUSE: Final = ("none", "word")

# What is not said in the middle of a sentence of the answer: the sentence is said as far as it is.
_AFTER_TEXT: Final = v.CRITICAL_TYPES | v.TERMINAL_TYPES | {v.TOOL_INVOKED}


@dataclass(frozen=True, slots=True)
class Announcement:
    """Something to say.

    Attributes:
        text: The words, on one line.
        urgent: Whether to say it at once, before what is still waiting (RCV-1).
        session_id: Which session it is about; "" where the event did not say.
        event_type: The type of the event that caused it, in its `aaep:` form.
    """

    text: str
    urgent: bool
    session_id: str
    event_type: str


@dataclass(slots=True)
class _Session:
    """What is remembered of one session."""

    outputs: dict[str, Segmenter] = field(default_factory=dict)
    output_heard: bool = False
    asking: bool = False
    percent_said: float = 0.0
    progress_words: str = ""
    progress_at: datetime.datetime | None = None
    last: str = ""


class Announcer:
    """Turns events into what is said (RCV-1, RCV-2).

    Starts, tool invocations, questions and the three endings are always said; questions and failures
    urgently. Text waits for a place to pause. The same words are not said twice in a row in a session,
    except by questions and failures, and by an answer that repeats itself.

    Args:
        verbosity: Which summaries to prefer, and how much to say.
        language: Language tag of the few words it adds to the producer's.

    Raises:
        ValueError: There is no such verbosity.
    """

    def __init__(self, verbosity: v.Verbosity = "normal", language: str = "en-US") -> None:
        if verbosity not in v.VERBOSITIES:
            raise ValueError(f"verbosity must be one of {', '.join(v.VERBOSITIES)}: {verbosity!r}")
        self._verbosity = verbosity
        self._language = language
        self._sessions: OrderedDict[str, _Session] = OrderedDict()
        self._seen: OrderedDict[str, None] = OrderedDict()

    def feed(self, event: Mapping[str, object]) -> list[Announcement]:
        """What is to be said now that `event` has come; often nothing.

        Args:
            event: A decoded event; one that came before is known by its event_id (TRN-5).
        """
        if type(event) is not dict:
            try:
                event = dict(event)
            except Exception:  # noqa: BLE001 - not decoded JSON; reading it may raise anything
                return []
        kind = _text(event.get("type"))
        if kind.startswith(v.TYPE_IRI_PREFIX):
            kind = "aaep:" + kind.removeprefix(v.TYPE_IRI_PREFIX)
        if not kind or self._is_repeated(_text(event.get("event_id"))):
            return []
        session_id = _text(event.get("session_id"))
        session = self._session(session_id)
        urgent = kind in v.CRITICAL_TYPES or event.get("urgency") == "critical"
        said: list[Announcement] = []
        if kind == v.OUTPUT_STREAMING:
            for text in self._output(event, session):
                said.append(Announcement(text, urgent, session_id, kind))
                session.last = text
            return said
        announce = _RULES.get(kind, Announcer._other)
        texts = list(announce(self, event, session))
        if kind in _AFTER_TEXT:
            # Held text came first, and what follows may interrupt it (SUB-3).
            for text in self._held(session):
                said.append(Announcement(text, False, session_id, v.OUTPUT_STREAMING))
                session.last = text
        for text in texts:
            if text and (urgent or text != session.last):
                said.append(Announcement(text, urgent, session_id, kind))
                session.last = text
        if kind in v.TERMINAL_TYPES:
            self._sessions.pop(session_id, None)
        return said

    def _is_repeated(self, event_id: str) -> bool:
        if not event_id:
            return False
        if event_id in self._seen:
            return True
        self._seen[event_id] = None
        if len(self._seen) > _REMEMBERED_EVENTS:
            self._seen.popitem(last=False)
        return False

    def _session(self, session_id: str) -> _Session:
        session = self._sessions.get(session_id)
        if session is None:
            session = self._sessions[session_id] = _Session()
            if len(self._sessions) > _MAX_SESSIONS:
                self._sessions.popitem(last=False)
        else:
            self._sessions.move_to_end(session_id)
        return session

    def _summary(self, event: Mapping[str, object]) -> str:
        preferred = speakable(_text(event.get(f"summary_{self._verbosity}")))
        return preferred or speakable(_text(event.get("summary_normal")))

    def _words(self, summary: Summary) -> str:
        catalogue = default_catalogue()
        return catalogue.render(summary, catalogue.language_for(self._language), "normal") or ""

    def _tool_name(self, event: Mapping[str, object]) -> str | Summary:
        name = " ".join(re.split(r"[_.\-\s]+", _text(event.get("tool")))).strip()
        return name or Summary.of("announce.some_tool")

    # Each rule below gives the texts one type of event has to say.

    def _output(self, event: Mapping[str, object], session: _Session) -> Iterator[str]:
        """Text as far as it ends where a voice may pause (RCV-2)."""
        chunk = _text(event.get("chunk"))
        output_id = _text(event.get("output_id"))
        complete = event.get("complete") is True
        segmenter = session.outputs.get(output_id)
        if segmenter is None:
            if not chunk:
                return
            if len(session.outputs) >= _MAX_OUTPUTS:
                yield from self._held(session)
            segmenter = session.outputs[output_id] = Segmenter("sentence", _language(event))
        hint = event.get("coalesce_hint")
        pieces = [piece.text for piece in segmenter.feed(chunk)]
        if complete or (hint in v.BOUNDARIES and hint not in _NO_PAUSE):
            pieces.extend(piece.text for piece in segmenter.finish())
        if complete:
            session.outputs.pop(output_id, None)
        # What one event brought is said in one go: the producer cut it as its listener asked.
        text = speakable("".join(pieces))
        if text:
            session.output_heard = True
            yield text

    def _held(self, session: _Session) -> Iterator[str]:
        for segmenter in session.outputs.values():
            text = speakable("".join(piece.text for piece in segmenter.finish()))
            if text:
                session.output_heard = True
                yield text
        session.outputs.clear()

    def _started(self, event: Mapping[str, object], session: _Session) -> Iterator[str]:
        yield self._summary(event) or self._words(Summary.of("announce.started"))

    def _completed(self, event: Mapping[str, object], session: _Session) -> Iterator[str]:
        answer = speakable(_text(event.get("output_summary")))
        summary = self._summary(event)
        if answer and not (session.output_heard or session.outputs) and answer not in summary:
            yield answer
        yield self._ending("completed", summary, event)

    def _errored(self, event: Mapping[str, object], session: _Session) -> Iterator[str]:
        ending = self._ending("errored", self._summary(event), event)
        yield _with(ending, speakable(_text(event.get("remediation_hint"))))

    def _cancelled(self, event: Mapping[str, object], session: _Session) -> Iterator[str]:
        yield self._ending("cancelled", self._summary(event), event)

    def _ending(self, how: Ending, summary: str, event: Mapping[str, object]) -> str:
        """The summary, beginning with how it ended where it does not say so itself (RCV-1)."""
        if summary and (not _is_english(event) or begins_as_ending(how, summary)):
            return summary
        return f"{self._words(ending(how))} {summary}".strip()

    def _state(self, event: Mapping[str, object], session: _Session) -> Iterator[str]:
        session.asking = event.get("to_state") == v.AWAITING_INPUT
        # Idle is what a session is just before it ends; the end says so better.
        if event.get("urgency") != "background" or (
            self._verbosity == "detailed" and event.get("to_state") != v.IDLE
        ):
            yield self._summary(event)

    def _progress(self, event: Mapping[str, object], session: _Session) -> Iterator[str]:
        progress = event.get("progress")
        progress = progress if type(progress) is dict else {}
        text = self._summary(event) or speakable(_text(progress.get("description")))
        percent = _number(progress.get("percent"))
        if not text and percent is not None:
            text = self._words(Summary.of("announce.percent", percent=f"{percent:.0f}"))
        if not text or text == session.progress_words:
            return
        at = _time(event.get("timestamp"))
        if percent is not None:
            further = percent - session.percent_said
            due = further >= _PERCENT_STEP[self._verbosity] or (percent >= 100 and further > 0)
        else:
            due = _is_later(at, session.progress_at, _SECONDS_BETWEEN[self._verbosity])
        # While a question is open, progress is the time running out (CNF-10).
        if due or session.asking:
            session.percent_said = session.percent_said if percent is None else percent
            session.progress_words = text
            session.progress_at = at
            yield text

    def _tool_invoked(self, event: Mapping[str, object], session: _Session) -> Iterator[str]:
        session.asking = False
        yield (
            self._summary(event)
            or speakable(_text(event.get("description")))
            or self._words(Summary.of("announce.tool", tool=self._tool_name(event)))
        )

    def _tool_completed(self, event: Mapping[str, object], session: _Session) -> Iterator[str]:
        status = event.get("status")
        if status not in ("error", "timeout"):
            if self._verbosity == "detailed":
                yield self._summary(event)
            return
        reason = speakable(_text(event.get("error_message")))
        tool = self._tool_name(event)
        fallback = self._words(
            Summary.of("announce.tool_timeout", tool=tool)
            if status == "timeout"
            else Summary.of("announce.tool_error", tool=tool)
        )
        yield self._summary(event) or _with(fallback, reason)

    def _confirmation(self, event: Mapping[str, object], session: _Session) -> Iterator[str]:
        session.asking = True
        text = self._summary(event)
        text = _with(text, _faithful(event.get("action")))
        text = _with(text, _faithful(event.get("consequence")))
        if event.get("irreversible") is True or event.get("reversibility") == "irreversible":
            text = _with(text, self._words(Summary.of("announce.irreversible")))
        seconds = _number(event.get("timeout_seconds"))
        if seconds is not None:
            time = spoken_duration(seconds)
            accepted = event.get("default_decision") == "accept"
            limit = (
                Summary.of("announce.time_then_accept", time=time)
                if accepted
                else Summary.of("announce.time_then_reject", time=time)
            )
            text = _with(text, self._words(limit))
        yield text or self._words(Summary.of("announce.question"))

    def _clarification(self, event: Mapping[str, object], session: _Session) -> Iterator[str]:
        session.asking = True
        text = _with(self._summary(event), _faithful(event.get("question")))
        choices = event.get("choices")
        labels = [
            _faithful(choice.get("label") or choice.get("value"))
            for choice in (choices if type(choices) is list else [])
            if type(choice) is dict
        ]
        offered = "; ".join(label for label in labels if label)
        if offered:
            text = _with(text, self._words(Summary.of("announce.choices", choices=offered)))
        seconds = _number(event.get("timeout_seconds"))
        if seconds is not None:
            text = _with(
                text, self._words(Summary.of("announce.time", time=spoken_duration(seconds)))
            )
        yield text or self._words(Summary.of("announce.question"))

    def _handoff(self, event: Mapping[str, object], session: _Session) -> Iterator[str]:
        yield _with(self._summary(event), _faithful(event.get("reason"))) or self._words(
            Summary.of("announce.handoff")
        )

    def _other(self, event: Mapping[str, object], session: _Session) -> Iterator[str]:
        yield self._summary(event)


_Rule = Callable[[Announcer, Mapping[str, object], _Session], Iterator[str]]

_RULES: Final[dict[str, _Rule]] = {
    v.SESSION_STARTED: Announcer._started,
    v.SESSION_COMPLETED: Announcer._completed,
    v.SESSION_ERRORED: Announcer._errored,
    v.SESSION_CANCELLED: Announcer._cancelled,
    v.STATE_CHANGED: Announcer._state,
    v.PROGRESS_UPDATED: Announcer._progress,
    v.TOOL_INVOKED: Announcer._tool_invoked,
    v.TOOL_COMPLETED: Announcer._tool_completed,
    v.AWAITING_CONFIRMATION: Announcer._confirmation,
    v.AWAITING_CLARIFICATION: Announcer._clarification,
    v.HANDOFF_REQUESTED: Announcer._handoff,
}


def _text(value: object) -> str:
    return value if type(value) is str else ""


def _number(value: object) -> float | None:
    if type(value) not in (int, float):
        return None
    number = cast(float, value)
    # NaN and what no duration or percentage is.
    return float(number) if 0 <= number <= 10**9 else None


def _faithful(value: object) -> str:
    """The words of a question on one line, otherwise as they came: marks may matter (RCV-3)."""
    return " ".join(_text(value).split())


def _with(text: str, more: str) -> str:
    """`text` and `more` as sentences, unless it says so already."""
    if not more or _bare(more) in _bare(text):
        return text
    if not text:
        return more
    stop = "" if text.endswith((".", "!", "?", ":", ";", "\u2026", "\u3002", "\u0964")) else "."
    return f"{text}{stop} {more}"


def _bare(text: str) -> str:
    return " ".join(re.findall(r"\w+", text)).casefold()


def _hints(event: Mapping[str, object]) -> str:
    hints = event.get("localization_hints")
    return _text(hints.get("primary_language")) if type(hints) is dict else ""


def _is_english(event: Mapping[str, object]) -> bool:
    language = _hints(event).lower()
    return not language or language == "en" or language.startswith("en-")


def _language(event: Mapping[str, object]) -> str | None:
    tag = _text(event.get("language")) or _hints(event)
    return tag if re.fullmatch(v.LANGUAGE_TAG_PATTERN, tag) else None


def _time(value: object) -> datetime.datetime | None:
    try:
        at = datetime.datetime.fromisoformat(_text(value))
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=datetime.UTC)


def _is_later(at: datetime.datetime | None, before: datetime.datetime | None, seconds: int) -> bool:
    """Whether `at` is so many seconds after `before`; so it is where nothing was said before."""
    if before is None or at is None:
        return before is None
    return (at - before).total_seconds() >= seconds
