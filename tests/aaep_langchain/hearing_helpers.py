"""Hear a real run the way several listeners would, and judge what every one of them heard.

Purpose: no test of the handler looks at a trace that was not judged first, at every boundary.

Boundary: the handler, an emitter, listeners and the judge; agents come from `agents`.

Failure policy: a finding, a fault of the handler, a run left in memory or a session left open fails the
test here, with the trace in words.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final, TypeAlias

from aaep_helpers import AAEPEmitter
from aaep_helpers.events import WireEvent
from aaep_helpers.testing import capture_events
from aaep_helpers.vocabulary import BOUNDARIES
from aaep_langchain import AAEPCallbackHandler
from conformance import explain, judge_trace

Run: TypeAlias = Callable[[AAEPCallbackHandler], Any]

_FILTERED: Final = "filtered"
_SUMMARIES: Final = ("summary_normal", "summary_terse", "summary_detailed")
ENDS: Final = ("session.completed", "session.errored", "session.cancelled")


class Story(list[WireEvent]):
    """What one listener heard, with the questions tests ask about it."""

    @property
    def kinds(self) -> list[str]:
        """The events in order, without the changes of state and the chunks of text."""
        return [
            kind for kind in map(kind_of, self) if kind not in ("state.changed", "output.streaming")
        ]

    @property
    def states(self) -> list[str]:
        """The states entered, in order."""
        return [event["to_state"] for event in self.of("state.changed")]

    @property
    def sessions(self) -> list[str]:
        """The sessions heard, by their first event."""
        return list(dict.fromkeys(event["session_id"] for event in self))

    @property
    def outputs(self) -> list[str]:
        """The text of each output, in the order of their first chunks."""
        return list(self.texts.values())

    @property
    def texts(self) -> dict[str, str]:
        """The text of each output by its id."""
        texts: dict[str, str] = {}
        for event in self.of("output.streaming"):
            texts[event["output_id"]] = texts.get(event["output_id"], "") + event["chunk"]
        return texts

    @property
    def said(self) -> list[str]:
        """The summaries that are announced, in order: all but those of background events."""
        return [
            event["summary_normal"]
            for event in self
            if "summary_normal" in event and event["urgency"] != "background"
        ]

    @property
    def outcome(self) -> str:
        """The kind of the only end there is."""
        (end,) = [kind for kind in map(kind_of, self) if kind in ENDS]
        return end

    def of(self, *kinds: str) -> Story:
        """The events of these kinds."""
        return Story(event for event in self if kind_of(event) in kinds)

    def one(self, kind: str) -> WireEvent:
        """The only event of this kind."""
        found = self.of(kind)
        assert len(found) == 1, f"{len(found)} of {kind} in {self.kinds}"
        return found[0]

    def of_session(self, session_id: str) -> Story:
        """The events of one session."""
        return Story(event for event in self if event["session_id"] == session_id)


def kind_of(event: WireEvent) -> str:
    """A type without its prefix, such as "tool.invoked"."""
    return str(event["type"]).removeprefix("aaep:agent.")


class Hearing:
    """An emitter, a handler, and listeners of every kind; `run` judges all of them.

    Attributes:
        emitter: The emitter they listen to.
        handler: The handler to attach.
        heard: What each listener heard: by boundary, and a filtered, a terse and a detailed one.
        log: What was logged while the runs lasted, by AAEP and by LangChain's callback managers.
    """

    def __init__(self, **handler_kwargs: Any) -> None:
        # Text that waits is flushed by boundaries alone: no test depends on how fast it runs.
        self.emitter = AAEPEmitter("helper", "Helper", quiet_seconds=None)
        self.handler = AAEPCallbackHandler(self.emitter, **handler_kwargs)
        self.heard: dict[str, Story] = {}
        self.log: list[logging.LogRecord] = []
        self._listeners = ExitStack()
        self._growing: dict[str, list[WireEvent]] = {}

    @property
    def story(self) -> Story:
        """What the listener at sentence boundaries heard."""
        return self.heard["sentence"]

    def __enter__(self) -> Hearing:
        for boundary in BOUNDARIES:
            self._listen(boundary, boundary=boundary)
        self._listen(_FILTERED, event_types=["aaep:agent.session.*", "aaep:agent.tool.*"])
        self._listen("terse", verbosity="terse")
        self._listen("detailed", verbosity="detailed")
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._listeners.close()

    def so_far(self, listener: str) -> Story:
        """What one listener has heard by now, in the middle of a run."""
        return Story(self._growing[listener])

    def _listen(self, name: str, **how: Any) -> None:
        self._growing[name] = self._listeners.enter_context(capture_events(self.emitter, **how))

    def judge(self, *, paused: bool = False) -> None:
        """Judge what every listener heard so far."""
        self.heard = {name: Story(events) for name, events in self._growing.items()}
        for name, story in self.heard.items():
            assert story, f"the {name} listener heard nothing"
            findings = judge_trace(
                story, house=True, complete=not paused, filtered=name == _FILTERED
            )
            assert not findings, f"{name}: {explain(findings)}\n{in_words(story)}"
        for boundary in BOUNDARIES:
            assert self.heard[boundary].texts == self.story.texts, boundary
        if not paused:
            assert self.handler.open_runs == 0
            assert not [name for name in self.story.sessions if self.emitter.is_live(name)]

    def run(
        self,
        run: Run,
        *,
        raises: type[BaseException] | None = None,
        paused: bool = False,
        faults: bool = False,
    ) -> Any:
        """Run something with the handler and judge everything that was heard.

        Args:
            run: Gets the handler; attaches it to what it runs.
            raises: What the run is expected to raise.
            paused: Whether a session waits for an answer afterwards.
            faults: Whether errors are expected in the log; the test looks at `log` itself.

        Returns:
            What the run returned, or the exception it raised.
        """
        start = len(self.log)
        with _logged(self.log):
            outcome = run(self.handler) if raises is None else _raised(raises, run, self.handler)
        self.judge(paused=paused)
        if not faults:
            bad = [line.getMessage() for line in self.log[start:] if _is_fault(line)]
            assert not bad, bad
        return outcome


def hear(
    run: Run,
    *,
    raises: type[BaseException] | None = None,
    paused: bool = False,
    faults: bool = False,
    **handler_kwargs: Any,
) -> Story:
    """Run something with a handler, judge what was heard, and return the sentence listener's events."""
    with Hearing(**handler_kwargs) as scene:
        scene.run(run, raises=raises, paused=paused, faults=faults)
        return scene.story


def assert_never_said(scene: Hearing, *words: str) -> None:
    """None of these words is in any field of anything that anybody heard."""
    for name, story in scene.heard.items():
        wire = json.dumps(story, ensure_ascii=False)
        found = [word for word in words if word in wire]
        assert not found, f"the {name} listener heard {found}\n{in_words(story)}"


def in_words(story: Story) -> str:
    """A trace a person can read, for the message of a failed assertion."""
    lines = []
    for event in story:
        kind = kind_of(event)
        words = event.get("chunk") or next((event[n] for n in _SUMMARIES if n in event), "")
        extra = event.get("to_state") or event.get("status") or ""
        lines.append(f"{event['session_id'][-4:]} {kind} {extra} {words!r}")
    return "\n".join(lines)


def _raised(expected: type[BaseException], run: Run, handler: AAEPCallbackHandler) -> BaseException:
    try:
        run(handler)
    except expected as error:
        return error
    raise AssertionError(f"{expected.__name__} was not raised")


def _is_fault(record: logging.LogRecord) -> bool:
    # LangChain logs what a handler lets out as a warning.
    ours = record.name.startswith("aaep") and record.levelno >= logging.ERROR
    return ours or record.name == "langchain_core.callbacks.manager"


class _Collector(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__(logging.DEBUG)
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record)


@contextmanager
def _logged(records: list[logging.LogRecord]) -> Iterator[None]:
    collector = _Collector(records)
    loggers = [
        logging.getLogger(name)
        for name in ("aaep_langchain", "aaep_helpers", "langchain_core.callbacks.manager")
    ]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(collector)
        logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(collector)
            logger.setLevel(level)
