"""What gates remember of a session: which calls were refused, and what was confirmed for which call.

Boundary: fingerprints and counts, never arguments. Bounded, and gone with the session. Failure policy:
what is forgotten is asked again, and what was confirmed and is forgotten does not run (D2).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

# In one session; an agent that is refused more often than this is asked about the oldest anew.
_MOST: Final = 1024


@dataclass(slots=True)
class _Notes:
    refused: OrderedDict[tuple[str, str], tuple[int, str]] = field(default_factory=OrderedDict)
    confirmed: OrderedDict[str, str] = field(default_factory=OrderedDict)
    pending: dict[str, tuple[str, str]] = field(default_factory=dict)


class GateMemory:
    """The memory of the gates of one emitter; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: dict[str, _Notes] = {}

    def begin(self, session_id: str, call_id: str, tool: str, fingerprint: str) -> None:
        """A call is about to be asked about.

        Args:
            session_id: In which session.
            call_id: Which call.
            tool: Of which tool.
            fingerprint: Of its arguments.
        """
        with self._lock:
            self._notes(session_id).pending[call_id] = (tool, fingerprint)

    def end(self, session_id: str, call_id: str, refused_because: str | None) -> None:
        """A call was asked about.

        Args:
            session_id: In which session.
            call_id: Which call.
            refused_because: Why it was refused; None where it was not, or by no answer and no lack of one.
        """
        with self._lock:
            notes = self._sessions.get(session_id)
            what = notes.pending.pop(call_id, None) if notes is not None else None
            if notes is None or what is None or refused_because is None:
                return
            count, _ = notes.refused.pop(what, (0, ""))
            notes.refused[what] = (count + 1, refused_because)
            if len(notes.refused) > _MOST:
                notes.refused.popitem(last=False)

    def refusals(
        self, session_id: str, tool: str, fingerprint: str, refused_calls: Collection[str]
    ) -> tuple[int, str]:
        """How often this call was refused in this session, and why the last time.

        Args:
            session_id: In which session.
            tool: Of which tool.
            fingerprint: Of its arguments.
            refused_calls: The calls the session knows as refused: a refusal counts from the moment it is
                one, also while whoever asked has not yet taken note of it.
        """
        what = (tool, fingerprint)
        with self._lock:
            notes = self._sessions.get(session_id)
            if notes is None:
                return 0, ""
            count, reason = notes.refused.get(what, (0, ""))
            fresh = [
                call_id
                for call_id, asked in notes.pending.items()
                if asked == what and call_id in refused_calls
            ]
            return count + len(fresh), reason or "declined"

    def note_confirmation(self, session_id: str, call_id: str, fingerprint: str) -> None:
        """A call was confirmed with these arguments, and with no others (D13)."""
        with self._lock:
            confirmed = self._notes(session_id).confirmed
            confirmed[call_id] = fingerprint
            if len(confirmed) > _MOST:
                confirmed.popitem(last=False)

    def confirmed(self, session_id: str, call_id: str) -> str | None:
        """The fingerprint of what was confirmed for a call; None where nothing is known of it."""
        with self._lock:
            notes = self._sessions.get(session_id)
            return notes.confirmed.get(call_id) if notes else None

    def drop(self, session_id: str) -> None:
        """Forget a session that is over."""
        with self._lock:
            self._sessions.pop(session_id, None)

    def _notes(self, session_id: str) -> _Notes:
        return self._sessions.setdefault(session_id, _Notes())
