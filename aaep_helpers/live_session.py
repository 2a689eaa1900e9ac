"""A session that is under way: its machine, its listeners, and the one order in which they hear it.

One record per session, made by the emitter when it starts and dropped by it when it ends. Steps are
decided under a short lock; events then leave through one outbox, drained by whichever thread comes
first, so that every listener hears them in order and may itself emit (design D12).
Boundary: knows the machine, listening cores and subscriptions; not the public API.
Failure policy: an illegal or invalid step raises before anything has changed.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from aaep_helpers import events as e
from aaep_helpers import vocabulary as v
from aaep_helpers.clock import Clock
from aaep_helpers.errors import EventValidationError, ProtocolError
from aaep_helpers.ids import make_id
from aaep_helpers.listening import ListeningCore, ListeningSettings
from aaep_helpers.redaction import SecretScreen
from aaep_helpers.rendering import Chunk, Renderer, own_copy
from aaep_helpers.session import AddText, CloseOutput, Move, Phase, Resolve, SessionMachine, Step
from aaep_helpers.subscription import Subscription

logger = logging.getLogger("aaep_helpers.session")

# A thread that emits while another delivers waits for its turn to be heard, but never for ever: a
# listener that waits for that very thread would otherwise stop both.
_TURN_SECONDS: Final = 5.0

# Code points that are noted at most before they are passed on all the same.
_MOST_NOTED: Final = 200

_ENDINGS: Final = frozenset({e.SessionCompleted, e.SessionErrored, e.SessionCancelled})

# How many listeners' callbacks the current thread is inside of; such a thread never waits its turn.
_inside = threading.local()


def _depth() -> int:
    depth: int = getattr(_inside, "depth", 0)
    return depth


def is_delivering() -> bool:
    """Whether this thread is inside of a listener's callback, so that others wait for it to come back."""
    return _depth() > 0


def after_delivery(action: Callable[[], object]) -> bool:
    """Put `action` off until this thread has left all listeners' callbacks; False where it is in none."""
    if not is_delivering():
        return False
    _inside.put_off = [*getattr(_inside, "put_off", ()), action]
    return True


def _do_what_was_put_off() -> None:
    put_off = getattr(_inside, "put_off", None)
    if put_off:
        _inside.put_off = []
        for action in put_off:
            action()


class _Channel:
    """A listening core and the subscriptions it serves."""

    __slots__ = ("core", "settings", "subscriptions")

    def __init__(
        self,
        settings: ListeningSettings,
        core: ListeningCore,
        subscriptions: tuple[Subscription, ...],
    ) -> None:
        self.settings = settings
        self.core = core
        self.subscriptions = subscriptions


class _Input:
    """The producer's side of an output: how much text it handed in, screened for secrets (SEC-1).

    Most tokens end nothing for anybody. They are only noted, and passed on together with the first token
    that may end something, or before whatever else happens; what is heard, and when, stays the same.
    """

    __slots__ = ("_noted", "noted", "screen", "taken")

    def __init__(self) -> None:
        self.screen = SecretScreen()
        self.taken = 0
        self.noted = 0
        self._noted: list[str] = []

    def note(self, text: str) -> None:
        """Keep text that ends nothing."""
        self._noted.append(text)
        self.noted += len(text)

    def screened(self, text: str = "") -> str:
        """What may be heard now of all that was noted and `text` after it."""
        if self.noted:
            text = "".join((*self._noted, text))
            self._noted.clear()
            self.noted = 0
        return self.screen.feed(text)


class LiveSession:
    """One session under way.

    Args:
        session_id: Which.
        renderer: Makes its wire events.
        clock: Where its times come from.
        subscriptions: Who listens from the start.
        correlation_id: Carried on all its events.
    """

    def __init__(
        self,
        session_id: str,
        renderer: Renderer,
        clock: Clock,
        subscriptions: tuple[Subscription, ...],
        correlation_id: str | None,
    ) -> None:
        self.session_id = session_id
        self.machine = SessionMachine(session_id)
        self.lock = threading.Lock()
        self.last_text_at = 0.0
        self._renderer = renderer
        self._clock = clock
        self._correlation_id = correlation_id
        self._key = secrets.token_bytes(16)
        self._last_ms = 0
        self._inputs: dict[str, _Input] = {}
        # Who was sent which open question, by reply token and subscription_id: they may answer it (CNF-3).
        self._asked: dict[str, dict[str, Subscription]] = {}
        self._journal: list[e.Fact | e.TextFact] = []
        self._outbox: deque[tuple[Subscription, e.WireEvent]] = deque()
        self._put = 0
        self._heard = 0
        self._draining = False
        self._waiting = 0
        self._turn = threading.Condition(self.lock)
        self._channels: list[_Channel] = []
        by_settings: dict[ListeningSettings, list[Subscription]] = {}
        for subscription in subscriptions:
            by_settings.setdefault(subscription.settings, []).append(subscription)
        for settings, members in by_settings.items():
            self._channels.append(_Channel(settings, self._core(settings), tuple(members)))

    @property
    def is_over(self) -> bool:
        """Whether its terminal event is out."""
        return self.machine.state.phase is Phase.ENDED

    def now_ms(self) -> int:
        """The time of the next event: never before the last one's (ENV-9)."""
        return max(self._clock.epoch_ms(), self._last_ms)

    def emit(
        self,
        prepare: Callable[[int], tuple[Move, e.Payload | None]],
        *,
        urgency: v.Urgency | None = None,
        extensions: Mapping[str, Mapping[str, object]] | None = None,
        applied: Callable[[], None] | None = None,
    ) -> list[Step]:
        """Make a move and let everybody hear what comes of it.

        Args:
            prepare: Called under the lock with the time in milliseconds; returns the move and the payload
                it tells listeners, which is validated before anything changes.
            urgency: Of what the move says; None takes its type's own.
            extensions: Custom data on that payload's event (ENV-5).
            applied: Called under the lock once the move is made, before anybody hears of it.

        Returns:
            The steps the session took.

        Raises:
            ProtocolError: The move is illegal now.
            EventValidationError: The event would not fit its schema.
        """
        with self.lock:
            now_ms = self.now_ms()
            move, payload = prepare(now_ms)
            # Whose fault comes first: an illegal order is said before a malformed event.
            self.machine.check(move)
            own: e.Fact | None = None
            if payload is not None:
                own = self._fact(payload, now_ms, urgency, extensions)
                event = self._renderer.render(own, self._renderer.language, "normal")
                if extensions:
                    # The caller's to change from now on; late listeners hear what was said (SUB-12).
                    own = replace(own, extensions=own_copy(event["extensions"]))
            self._pass_on_noted(now_ms)
            steps = self._released_text(now_ms) if type(move) in _ENDINGS else []
            steps += self.machine.apply(move, now_ms)
            self._last_ms = now_ms
            if type(move) is Resolve:
                self._asked.pop(move.reply_token, None)
            if applied is not None:
                applied()
            for step in steps:
                if isinstance(step, (e.TextDelta, e.OutputClosed)):
                    self._tell_text(e.TextFact(now_ms, step))
                elif own is not None and step is payload:
                    self._tell(own)
                else:
                    # A move without a payload of its own speaks through the step it causes.
                    self._tell(self._fact(step, now_ms, urgency if payload is None else None))
        self.deliver()
        return steps

    def add_text(
        self,
        output_id: str,
        text: str,
        *,
        position: int | None = None,
        form: e.OutputForm = e.PLAIN_OUTPUT,
        ends_at: v.Boundary | None = None,
        complete: bool = False,
    ) -> bool:
        """Add text to an output, or close it, or both.

        Args:
            output_id: Which output; it opens with its first text.
            text: Well-formed text; may be empty.
            position: Where the caller believes it stands, in code points; None where it does not say.
            form: What the output is made of; counts when it opens.
            ends_at: The boundary the text is known to end at.
            complete: Whether this is all.

        Returns:
            Whether the output is open now.

        Raises:
            ProtocolError: The output is complete already, or the position is not where its text stands.
            EventValidationError: The output_id or its form is malformed.
        """
        with self.lock:
            machine = self.machine
            given = self._inputs.get(output_id)
            taken = given.taken if given is not None else 0
            if (
                position is not None
                and position != taken
                and output_id not in (machine.state.closed_outputs)
            ):
                raise ProtocolError(
                    "SEQ-9",
                    f"Position {position} is not where the text of {output_id} stands: {taken} code "
                    "points were handed in so far.",
                    field="position",
                    session_id=self.session_id,
                )
            if (
                given is not None
                and not complete
                and ends_at is None
                and self._ends_nothing(output_id, given, text)
            ):
                given.taken += len(text)
                given.note(text)
                self.last_text_at = self._clock.monotonic()
                return True
            now_ms = self.now_ms()
            if given is None:
                # What the screen holds back must not hide that the text came too late.
                machine.check(AddText(output_id, text))
                if complete:
                    machine.check(CloseOutput(output_id))
                self._probe_output(output_id, form, now_ms)
                given = self._inputs[output_id] = _Input()
            given.taken += len(text)
            said = given.screened(text)
            if complete:
                said += given.screen.finish()
            steps = machine.apply(AddText(output_id, said, form, ends_at), now_ms)
            if complete:
                steps += machine.apply(CloseOutput(output_id), now_ms)
                del self._inputs[output_id]
            if steps:
                self._last_ms = now_ms
                self.last_text_at = self._clock.monotonic()
            for step in steps:
                if isinstance(step, (e.TextDelta, e.OutputClosed)):
                    self._tell_text(e.TextFact(now_ms, step))
                else:
                    self._tell(self._fact(step, now_ms))
            is_open = bool(machine.state.outputs)
            silent = not self._outbox
        if not silent:
            self.deliver()
        return is_open

    def quiet(self) -> bool:
        """No text came for a while: let listeners hear what is held.

        Returns:
            Whether some text is still held.
        """
        with self.lock:
            now_ms = self.now_ms()
            self._pass_on_noted(now_ms)
            if any(channel.core.holds_text for channel in self._channels):
                for output_id in self.machine.state.outputs:
                    self._tell_text(e.TextFact(now_ms, e.TextQuiet(output_id)))
                self._last_ms = now_ms
            held = any(channel.core.holds_text for channel in self._channels)
        self.deliver()
        return held

    def join(self, subscription: Subscription) -> None:
        """Let a listener in mid-session (SUB-12): it hears where the session stands, then all the rest."""
        with self.lock:
            if self.is_over:
                return
            # Its own core, because it is sent more than those who were there: it is replayed in silence,
            # so that its numbers are the ones it would have had (SUB-13).
            core = self._core(subscription.settings)
            now_ms = self.now_ms()
            self._pass_on_noted(now_ms)
            for fact in self._journal:
                if isinstance(fact, e.Fact):
                    core.feed(fact)
                else:
                    core.feed_text(fact)
            channel = _Channel(subscription.settings, core, (subscription,))
            questions = [
                fact
                for fact in self._journal
                if isinstance(fact, e.Fact)
                and isinstance(fact.payload, (e.ConfirmationRequested, e.ClarificationRequested))
                and fact.payload.reply_token in self.machine.state.questions
            ]
            self._send(channel, core.catch_up(now_ms, questions, self.machine.state.state))
            self._last_ms = now_ms
            self._channels.append(channel)
        self.deliver()

    def leave(self, subscription: Subscription) -> None:
        """Send nothing more to a listener."""
        with self.lock:
            for channel in list(self._channels):
                channel.subscriptions = tuple(
                    member for member in channel.subscriptions if member is not subscription
                )
                if not channel.subscriptions:
                    self._channels.remove(channel)

    def asked(self, reply_token: str) -> Mapping[str, Subscription]:
        """Who was sent an open question, by subscription_id; some may have closed since."""
        return dict(self._asked.get(reply_token, {}))

    def deliver(self) -> None:
        """Let listeners hear what is in the outbox.

        One thread at a time delivers, and goes on until the outbox is empty; other threads wait until
        what they put in was heard. Inside a callback nobody waits: what it emits is heard right after.
        """
        with self.lock:
            if self._draining and (_depth() or not self._take_turn(self._put)):
                return
            if not self._outbox:
                return
            self._draining = True
            subscription, event = self._outbox.popleft()
        _inside.depth = _depth() + 1
        interruption: BaseException | None = None
        try:
            while True:
                try:
                    subscription.deliver(event)
                except BaseException as error:  # noqa: BLE001 - raised below, when all have heard.
                    # KeyboardInterrupt inside a callback: after a session's end nobody else would deliver
                    # the rest.
                    interruption = error
                with self.lock:
                    self._heard += 1
                    if self._waiting:
                        self._turn.notify_all()
                    if not self._outbox:
                        self._draining = False
                        break
                    subscription, event = self._outbox.popleft()
        except BaseException:
            # KeyboardInterrupt between two callbacks: the next emission delivers the rest.
            with self.lock:
                self._draining = False
                self._heard += 1
                self._turn.notify_all()
            raise
        finally:
            _inside.depth -= 1
            if not _inside.depth:
                _do_what_was_put_off()
        if interruption is not None:
            raise interruption

    def _take_turn(self, mine: int) -> bool:
        """Wait, with the lock, until another thread has delivered as many events as `mine`.

        Returns:
            Whether nobody delivers any more, so that this thread may.
        """
        self._waiting += 1
        heard = self._turn.wait_for(
            lambda: self._heard >= mine or not self._draining, _TURN_SECONDS
        )
        self._waiting -= 1
        if not heard:
            logger.warning(
                "A listener of %s has held up the others for %g seconds; its events follow.",
                self.session_id,
                _TURN_SECONDS,
            )
        return not self._draining

    def _core(self, settings: ListeningSettings) -> ListeningCore:
        return ListeningCore(
            self.session_id, settings, self._renderer, self._key, self._correlation_id
        )

    def _fact(
        self,
        payload: e.Payload,
        now_ms: int,
        urgency: v.Urgency | None = None,
        extensions: Mapping[str, Mapping[str, object]] | None = None,
    ) -> e.Fact:
        return e.Fact(
            make_id("evt"),
            self.session_id,
            now_ms,
            payload,
            v.URGENCY_OF_TYPE[payload.TYPE] if urgency is None else urgency,
            extensions,
            self._correlation_id,
        )

    def _tell(self, fact: e.Fact) -> None:
        self._journal.append(fact)
        for channel in self._channels:
            try:
                events = channel.core.feed(fact)
            except EventValidationError as error:
                # Words of the catalogue in a listener's language: ours to answer for. What was asked of us
                # is valid in our own language, which every listener understands better than silence.
                logger.error("An event could not be put into words: %s", error)
                events = []
            self._send(channel, events)
        # The journal keeps what happened, not what it looked like: it is rendered again if need be.
        fact.rendered.clear()

    def _tell_text(self, fact: e.TextFact) -> None:
        self._journal.append(fact)
        for channel in self._channels:
            events = channel.core.feed_text(fact)
            if events:
                self._send(channel, events)

    def _send(self, channel: _Channel, events: list[e.WireEvent]) -> None:
        for event in events:
            if "reply_token" in event:
                asked = self._asked.setdefault(event["reply_token"], {})
                asked.update({member.id: member for member in channel.subscriptions})
            # What a core made is the channel's own; only a second member needs a copy of it.
            first, *others = channel.subscriptions
            copies = [(member, own_copy(event)) for member in others]
            self._outbox.append((first, event))
            self._outbox.extend(copies)
            self._put += 1 + len(copies)

    def _ends_nothing(self, output_id: str, given: _Input, text: str) -> bool:
        """Whether `text` would only be held by every listener until more comes."""
        if (
            not text
            or given.noted > _MOST_NOTED
            or given.screen.held
            or output_id not in self.machine.state.outputs
        ):
            return False
        for channel in self._channels:  # noqa: SIM110 - a generator costs as much as all the rest.
            if not channel.core.only_holds(output_id, text, given.noted):
                return False
        return True

    def _pass_on_noted(self, now_ms: int) -> None:
        """Give listeners' cores the text that was only noted so far; none of it ends anything."""
        for output_id, given in self._inputs.items():
            if given.noted:
                for step in self.machine.apply(AddText(output_id, given.screened()), now_ms):
                    if isinstance(step, e.TextDelta):
                        self._tell_text(e.TextFact(now_ms, step))

    def _probe_output(self, output_id: str, form: e.OutputForm, now_ms: int) -> None:
        """Raise now what would make every event of this output invalid (D6)."""
        probe = Chunk(
            event_id=make_id("evt"),
            output_id=output_id,
            text="",
            position=0,
            complete=False,
            hint="none",
            form=form,
        )
        self._renderer.render_chunk(
            probe,
            session_id=self.session_id,
            at_ms=now_ms,
            sequence_number=0,
            correlation_id=self._correlation_id,
        )

    def _released_text(self, now_ms: int) -> list[Step]:
        """What the screens still hold back, for the session is about to close its outputs."""
        steps: list[Step] = []
        for output_id, given in self._inputs.items():
            steps += self.machine.apply(AddText(output_id, given.screen.finish()), now_ms)
        self._inputs.clear()
        return steps
