"""Tool calls that wait for their gate: started, not announced, and not run until the gate says so.

A framework's handler hears of a call before its body runs. Of a gated tool it announces nothing then
(SEQ-6, SEQ-7): it keeps the call in its book. The gate, inside the body, claims it at its emitter's desk
by the framework's id of the run, and either announces it after an accept or refuses it. A call whose run
ends before that is gone without a word.

Boundary: finding and claiming; asks nobody, emits nothing itself. Safe from any thread. Failure policy
(D2): what is not found, not held, claimed already or over is never given out, so the gate fails closed.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from aaep_helpers.errors import ProtocolError

if TYPE_CHECKING:
    from aaep_helpers.emitting import AAEPEmitter
    from aaep_helpers.gate_mark import GateMark
    from aaep_helpers.tool_policy import ToolPolicy

logger = logging.getLogger("aaep_helpers.held_calls")


class Standing(StrEnum):
    """How a call stands; it only ever goes forward.

    UNKNOWN is a run no handler knows as a tool call, HELD one that waits for its gate, CLAIMED one whose
    gate is at work, ANNOUNCED one that was told as invoked, REFUSED one that may not run any more.
    """

    UNKNOWN = "unknown"
    HELD = "held"
    CLAIMED = "claimed"
    ANNOUNCED = "announced"
    REFUSED = "refused"


class Announcer(Protocol):
    """Tells listeners that a held call runs."""

    def __call__(self, call: HeldCall, *, confirmed_by: str | None, asked_here: bool) -> None:
        """Emit tool.invoked for `call`.

        Args:
            call: Which call.
            confirmed_by: The reply token of its accept; None where nobody had to be asked.
            asked_here: Whether the question, if any, was heard in this call's own session.

        Raises:
            CallerError: It cannot be announced: its run or session is over, or nobody accepted it.
        """
        ...


@dataclass(slots=True, kw_only=True, eq=False)
class HeldCall:
    """A call of a gated tool that was not announced.

    Attributes:
        run: The framework's id of the tool's run.
        emitter: Whose session it belongs to.
        session_id: Which session.
        call_id: Our own "call_" id of it.
        tool: The tool's name on the wire.
        spoken_name: What it is called in a sentence.
        arguments: What it is given, by name, as the framework told it; the gate has the real ones.
        policy: What is known of the tool, never with less risk than its gate says.
        mark: Whose call it is.
        announcer: Tells listeners that it runs.
        resumed_from: The call that goes on, where a pause interrupted it after it was announced (fact 13).
        returns_when_run: Whether a tool that returns has run its body for sure.
        with_artifact: Whether the tool's result is a pair of content and artifact.
        companions: The same run as other handlers hold it, each for a session of its own; set when claimed.
    """

    run: Hashable
    emitter: AAEPEmitter
    session_id: str
    call_id: str
    tool: str
    spoken_name: str
    arguments: Mapping[str, object]
    policy: ToolPolicy
    mark: GateMark
    announcer: Announcer
    resumed_from: HeldCall | None = None
    returns_when_run: bool = False
    with_artifact: bool = False
    companions: tuple[HeldCall, ...] = ()
    _standing: Standing = Standing.HELD
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def standing(self) -> Standing:
        """How it stands."""
        return self._standing

    def announce(self, confirmed_by: str | None = None) -> None:
        """Say that it runs now; call it after the accept and before anything of the tool has happened.

        A call that goes on after a pause was announced before it, and is not announced again.

        Args:
            confirmed_by: The reply token of the accept; needed where the tool cannot be undone (SEQ-6).

        Raises:
            ProtocolError: It is not claimed, announced already, refused, over, or nobody accepted it.
            CallerError: It could not be announced. The tool must not run, whatever the error.
        """
        if self.policy.irreversible and confirmed_by is None and self.resumed_from is None:
            raise ProtocolError(
                "SEQ-6", f"{self.tool} cannot be undone and nobody has accepted it.", field="tool"
            )
        self._go(Standing.CLAIMED, Standing.ANNOUNCED)
        try:
            self.announcer(self, confirmed_by=confirmed_by, asked_here=True)
        except BaseException:
            self._standing = Standing.REFUSED
            raise
        for companion in self.companions:
            companion._follow(confirmed_by)

    def refuse(self) -> None:
        """Say that it does not run: nothing is announced of it, now or later (SEQ-7).

        Raises:
            ProtocolError: It is not claimed, or was announced or refused already.
        """
        self._go(Standing.CLAIMED, Standing.REFUSED)
        for companion in self.companions:
            companion._go(Standing.CLAIMED, Standing.REFUSED)

    def _follow(self, confirmed_by: str | None) -> None:
        """Announce it to listeners of a session the question was not asked in."""
        try:
            self._go(Standing.CLAIMED, Standing.ANNOUNCED)
            self.announcer(self, confirmed_by=confirmed_by, asked_here=False)
        except Exception:
            # It was accepted: what another session can no longer be told does not stop it.
            logger.exception("The call %s was not announced in %s.", self.call_id, self.session_id)

    def _claim(self) -> bool:
        with self._lock:
            if self._standing is not Standing.HELD:
                return False
            self._standing = Standing.CLAIMED
            return True

    def _go(self, from_: Standing, to: Standing) -> None:
        with self._lock:
            if self._standing is not from_:
                raise ProtocolError(
                    "SEQ-7",
                    f"The call {self.call_id} of {self.tool} is {self._standing}, not {from_}.",
                    field="tool_call_id",
                    session_id=self.session_id,
                )
            self._standing = to


class CallBook(Protocol):
    """What a handler knows of the tool calls under way."""

    def held_call(self, run: Hashable) -> HeldCall | None:
        """The held call of a run that is under way; None where there is none."""
        ...

    def is_announced(self, run: Hashable) -> bool:
        """Whether a run that is under way was told as invoked."""
        ...


class CallDesk:
    """Where gates find their calls: the books of every handler that holds calls for one emitter's gates."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Oldest first, so that of two handlers the same one is always asked through.
        self._books: weakref.WeakValueDictionary[int, CallBook] = weakref.WeakValueDictionary()

    def add_book(self, book: CallBook) -> None:
        """Look into this book as well, for as long as its handler keeps it."""
        with self._lock:
            self._books[id(book)] = book

    def claim(self, run: Hashable, mark: GateMark) -> HeldCall | None:
        """Take a held call: the gate does this first, before it asks anybody anything.

        Args:
            run: The framework's id of the run the gate finds itself in (see `current_run`).
            mark: The gate's own mark, so that no gate takes the call of another.

        Returns:
            The call, to one caller only; None means that the tool must not run (`standing` says why).
        """
        with self._lock:
            held = [
                call
                for book in list(self._books.values())
                if (call := book.held_call(run)) is not None and call.mark is mark
            ]
            own = next((call for call in held if mark.emitter in (None, call.emitter)), None)
            if own is None or not own._claim():
                return None
            own.companions = tuple(call for call in held if call is not own and call._claim())
            return own

    def standing(self, run: Hashable) -> Standing:
        """How the call of a run stands, for the gate that was given none and has to say why.

        ANNOUNCED: the handler could not see that the tool is gated, as where the gate is hidden in a
        lambda, or the gate is called from the body of another tool. HELD: it waits for another gate, or
        the handler's emitter is not the gate's. UNKNOWN: no handler hears this run.
        """
        with self._lock:
            books = list(self._books.values())
        for book in books:
            call = book.held_call(run)
            if call is not None:
                return call.standing
            if book.is_announced(run):
                return Standing.ANNOUNCED
        return Standing.UNKNOWN


RunFinder = Callable[[], Hashable | None]

_finders: list[RunFinder] = []


def register_run_finder(finder: RunFinder) -> None:
    """Let gates ask a framework which run they are in.

    Args:
        finder: Returns the framework's id of the run in whose body it is called; None outside of any.
    """
    if finder not in _finders:
        _finders.append(finder)


def current_run() -> Hashable | None:
    """The run in whose body this is called; None outside of any framework's run, or in a bare thread."""
    return next((run for finder in _finders if (run := finder()) is not None), None)
