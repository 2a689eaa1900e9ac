"""AAEPEmitter: where sessions are started, told about and ended, and where listeners subscribe.

Usable from any thread and any event loop, and before any loop exists. Boundary: turns arguments into
payloads and moves; the session machine decides what is legal, each listener's core how it is heard.
Failure policy: what a caller asks wrongly raises a CallerError before anything has changed; what a
listener does wrongly is logged by the bus and changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from aaep_helpers import vocabulary as v
from aaep_helpers.bus import Callback, delivery_for
from aaep_helpers.catalogue import Catalogue, Summary, default_catalogue
from aaep_helpers.clock import Clock, SystemClock
from aaep_helpers.emitting.questions import SessionQuestions
from aaep_helpers.emitting.scope import SessionScope
from aaep_helpers.emitting.work import SessionWork
from aaep_helpers.errors import SubscriptionError, UnknownSessionError
from aaep_helpers.listening import ListeningSettings
from aaep_helpers.live_session import after_delivery
from aaep_helpers.rendering import Producer, Renderer
from aaep_helpers.replies import Audit, LongerTimeouts
from aaep_helpers.subscription import CanReply, Subscription, answerable


class AAEPEmitter(SessionScope, SessionQuestions, SessionWork):
    """Emits the AAEP events of one producer.

    Args:
        agent_id: Who speaks, for machines.
        agent_name: Who speaks, for people.
        agent_version: Its version.
        model: The model it runs on.
        manifest_uri: Where its manifest is (SUB-11).
        language: The language of the words its callers bring, a BCP 47 tag.
        quiet_seconds: After how many seconds without new text, text that waits for the end of its
            sentence is said as it is; None never.
        extension_contexts: The context URI of each extension prefix its events may use (ENV-5).
        clock: Where times come from; tests bring a ManualClock.
        catalogue: The words of the events that nobody wrote by hand.
        longer_timeouts: How much more time than asked for users get to answer: a factor of 1 or more, or a
            LongerTimeouts (CNF-12).
        audit: Called with the record of each question that ended and of each reply that did not count.

    Raises:
        ValueError: longer_timeouts would shorten time-outs, or language is no language tag.
    """

    def __init__(
        self,
        agent_id: str = "agent",
        agent_name: str | None = None,
        *,
        agent_version: str | None = None,
        model: str | None = None,
        manifest_uri: str | None = None,
        language: str = "en-US",
        quiet_seconds: float | None = 2.0,
        extension_contexts: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        catalogue: Catalogue | None = None,
        longer_timeouts: float | LongerTimeouts = 1.0,
        audit: Audit | None = None,
    ) -> None:
        if not _is_language(language):
            raise ValueError(f"A language is a BCP 47 tag, such as en or pt-BR, not {language!r}.")
        renderer = Renderer(
            Producer(
                agent_id=agent_id,
                agent_name=agent_name,
                agent_version=agent_version,
                model=model,
                manifest_uri=manifest_uri,
            ),
            language,
            catalogue or default_catalogue(),
            extension_contexts or {},
        )
        super().__init__(renderer, clock or SystemClock(), language, quiet_seconds)
        self._prepare_questions(longer_timeouts, audit)

    def subscribe(
        self,
        callback: Callback,
        event_types: Iterable[str] = ("aaep:agent.*",),
        can_reply: CanReply = False,
        boundary: v.Boundary = "sentence",
        verbosity: v.Verbosity = "normal",
        language: str | None = None,
        *,
        background: bool = False,
        name: str | None = None,
    ) -> Subscription:
        """Let a function hear this producer's events (design D10, D12).

        Args:
            callback: Gets each event as a plain dict of its own. A plain function is called on the emitting
                thread, in order, before the emitting call returns, and may itself emit; a coroutine
                function is awaited on the loop subscribe() is called from.
            event_types: Exact types, or prefixes ending in "*"; critical events always come (SUB-5).
            can_reply: Whether this listener may answer questions (CNF-7): all, none, or only those of the
                kinds given, such as ["clarification"].
            boundary: Where the text of outputs is cut: none, word, sentence, paragraph or completion.
            verbosity: terse, normal or detailed summaries.
            language: Language tag it prefers; None means the producer's.
            background: Give a plain function that may be slow its own thread and bounded queue.
            name: What to call it in the log; None takes the function's own name.

        Returns:
            The subscription; its close() ends it.

        Raises:
            SubscriptionError: An argument is not what it may be, or the emitter is closed.
        """
        if isinstance(event_types, str):
            raise SubscriptionError(
                f"event_types is a list of type names, such as [{event_types!r}], not one string."
            )
        wanted_types = tuple(event_types) if isinstance(event_types, Iterable) else (None,)
        if not all(isinstance(wanted, str) for wanted in wanted_types):
            raise SubscriptionError(
                f"event_types is a list of type names, such as [{v.TOOL_INVOKED!r}]."
            )
        if boundary not in v.BOUNDARIES:
            raise SubscriptionError(
                f"There is no boundary {boundary!r}; it is one of {', '.join(v.BOUNDARIES)}."
            )
        if verbosity not in v.VERBOSITIES:
            raise SubscriptionError(
                f"There is no verbosity {verbosity!r}; it is one of {', '.join(v.VERBOSITIES)}."
            )
        if language is not None and not _is_language(language):
            raise SubscriptionError(
                f"A language is a BCP 47 tag, such as en or pt-BR, not {language!r}."
            )
        answerable(can_reply)  # Before anything is set up.
        settings = ListeningSettings(
            event_types=wanted_types,
            boundary=boundary,
            verbosity=verbosity,
            language=language or self.language,
        )
        called = name or str(getattr(callback, "__qualname__", type(callback).__name__))
        subscription = Subscription(
            settings,
            delivery_for(callback, called, background=background),
            can_reply=can_reply,
            on_close=self._forget,
        )
        with self._lock:
            live = list(self._sessions.values())
            closed = self._closed
            if not closed:
                self._subscriptions.append(subscription)
        if closed:
            subscription.close()
            raise SubscriptionError("This emitter is closed; nothing more will be emitted.")
        for session in live:
            session.join(subscription)
        return subscription

    def close(self, timeout: float = 5.0) -> bool:
        """End every session as cancelled by the system, then let every listener hear the rest.

        Inside of a listener's callback it returns False at once, and the listeners are closed when they have
        heard what is still to be told.

        Args:
            timeout: How many seconds a background listener may take.

        Returns:
            Whether every listener heard everything.
        """
        with self._lock:
            self._closed = True
            live = list(self._sessions.values())
            subscriptions = list(self._subscriptions)
        try:
            for session in live:
                try:
                    self.cancel_session(
                        session_id=session.session_id,
                        cancelled_by="system",
                        summary=Summary.of("session.shut_down"),
                    )
                except UnknownSessionError:
                    continue  # It ended by itself in the meantime.
        finally:
            # Whatever stopped that: nobody is left waiting, and nothing is left to be answered (D2).
            self._desk.close()
        self._quiet.close()

        def close_listeners() -> bool:
            for session in live:
                session.deliver()  # What another thread is telling is heard before.
            heard = True
            for subscription in subscriptions:
                heard = subscription.close(timeout) and heard
            return heard

        return not after_delivery(close_listeners) and close_listeners()

    def __enter__(self) -> AAEPEmitter:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def flush_quiet_text(self) -> None:
        """Let listeners hear text that is still waiting for its boundary, in whole words.

        The emitter does this by itself after `quiet_seconds` without new text.
        """
        with self._lock:
            live = list(self._sessions.values())
        for session in live:
            session.quiet()

    def _forget(self, subscription: Subscription) -> None:
        with self._lock:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)
            live = list(self._sessions.values())
        for session in live:
            session.leave(subscription)
        self._desk.listener_gone()


def _is_language(tag: object) -> bool:
    return isinstance(tag, str) and re.fullmatch(v.LANGUAGE_TAG_PATTERN, tag) is not None
