"""The book of questions: the open ones, and how the others ended; sans-I/O, with time passed in.

It has no clock, no lock and no thread: the desk around it has. Boundary: knows requests and settlements,
not sessions, listeners or waiters. Failure policy: total; a token it does not know was never asked for, or
is too long past to matter, and counts for nothing either way.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from typing import Final, NamedTuple

from aaep_helpers.replies.requests import OpenRequest, Settlement

# CNF-4: used tokens are remembered this long past their session.
REMEMBER_SECONDS: Final = 24 * 3600.0

# And no more than these. What is forgotten before its time is as dead as what is remembered: a token is
# honored only while its question is open, and 128 random bits do not come twice.
REMEMBER_SETTLEMENTS: Final = 16_384
REMEMBER_CHARACTERS: Final = 4_000_000


class Due(NamedTuple):
    """What time has brought.

    Attributes:
        expired: Requests whose time is up.
        marked: Requests of whose remaining time listeners are to be told (CNF-10).
    """

    expired: list[OpenRequest]
    marked: list[OpenRequest]


class QuestionBook:
    """Open questions by token, in the order of their deadlines, and those that ended.

    Args:
        most: How many ended questions are remembered.
        most_characters: How much text of their answers is.
    """

    def __init__(
        self, most: int = REMEMBER_SETTLEMENTS, most_characters: int = REMEMBER_CHARACTERS
    ) -> None:
        self._most = most
        self._most_characters = most_characters
        self._characters = 0
        self._open: dict[str, OpenRequest] = {}
        self._by_session: dict[str, dict[str, None]] = {}
        # By when something is due; entries of what was settled meanwhile are skipped.
        self._agenda: list[tuple[float, int, OpenRequest]] = []
        self._counter = 0
        # Of sessions under way, and of those that ended, with the time until which these are remembered.
        self._ended: OrderedDict[str, Settlement] = OrderedDict()
        self._past: OrderedDict[str, tuple[float, Settlement]] = OrderedDict()
        self._used_in: dict[str, list[str]] = {}

    def __len__(self) -> int:
        return len(self._open)

    @property
    def remembered(self) -> int:
        """How many ended questions are remembered."""
        return len(self._ended) + len(self._past)

    def open(self, request: OpenRequest) -> None:
        """Enter a question that has just been asked."""
        token = request.token
        self._open[token] = request
        self._by_session.setdefault(request.session_id, {})[token] = None
        self._enter(request)

    def request(self, token: str) -> OpenRequest | None:
        """The open question of this token, if it is open."""
        return self._open.get(token)

    def settlement(self, token: str) -> Settlement | None:
        """How the question of this token ended, if it did and is remembered."""
        ended = self._ended.get(token)
        if ended is None and token in self._past:
            ended = self._past[token][1]
        return ended

    def open_in(self, session_id: str) -> list[OpenRequest]:
        """The open questions of a session."""
        return [self._open[token] for token in self._by_session.get(session_id, ())]

    def all_open(self) -> list[OpenRequest]:
        """Every open question."""
        return list(self._open.values())

    def settle(self, token: str, settlement: Settlement) -> bool:
        """Enter how a question ended.

        Returns:
            Whether it was open; one that has ended before keeps the end it had (CNF-4).
        """
        request = self._open.pop(token, None)
        if request is None:
            return False
        session_id = request.session_id
        tokens = self._by_session.get(session_id)
        if tokens is not None:
            tokens.pop(token, None)
            if not tokens:
                del self._by_session[session_id]
        self._ended[token] = settlement
        self._used_in.setdefault(session_id, []).append(token)
        self._characters += _weight(settlement)
        self._tidy()
        return True

    def revise(self, token: str, settlement: Settlement) -> None:
        """Put another end in the place of the one remembered; for a yes that was taken back unused."""
        if token in self._ended:
            self._characters += _weight(settlement) - _weight(self._ended[token])
            self._ended[token] = settlement

    def end_session(self, session_id: str, now: float) -> None:
        """A session is over, and all its questions are settled: from now on its tokens grow old.

        Args:
            session_id: Which session.
            now: The monotonic time.
        """
        until = now + REMEMBER_SECONDS
        for token in self._used_in.pop(session_id, ()):
            settlement = self._ended.pop(token, None)
            if settlement is not None:
                self._past[token] = (until, settlement)
        self.forget(now)

    def forget(self, now: float) -> None:
        """Drop what is past remembering.

        Args:
            now: The monotonic time.
        """
        while self._past:
            token, (until, settlement) = next(iter(self._past.items()))
            if until > now:
                return
            del self._past[token]
            self._characters -= _weight(settlement)

    def due(self, now: float) -> Due:
        """What is due by now; each mark is given once, an expired request until it is settled.

        Args:
            now: The monotonic time.
        """
        due = Due([], [])
        while self._agenda and self._agenda[0][0] <= now:
            _, _, request = heapq.heappop(self._agenda)
            if self._open.get(request.token) is not request:
                continue
            if now >= request.deadline:
                due.expired.append(request)
                continue
            # After a long sleep both marks may have passed: what is left is told once.
            request.marks = [mark for mark in request.marks if mark > now]
            due.marked.append(request)
            self._enter(request)
        for request in due.expired:
            request.marks = []
            self._enter(request)
        return due

    def next_due(self) -> float | None:
        """When something is due next, on the monotonic clock; None where nothing is open."""
        while self._agenda and self._open.get(self._agenda[0][2].token) is not self._agenda[0][2]:
            heapq.heappop(self._agenda)
        return self._agenda[0][0] if self._agenda else None

    def _enter(self, request: OpenRequest) -> None:
        self._counter += 1
        heapq.heappush(self._agenda, (request.next_due(), self._counter, request))

    def _tidy(self) -> None:
        while self.remembered > self._most or self._characters > self._most_characters:
            if self._past:
                _, (_, settlement) = self._past.popitem(last=False)
            else:
                token, settlement = self._ended.popitem(last=False)
                used = self._used_in[settlement.session_id]
                used.remove(token)  # The oldest of its session: the first.
            self._characters -= _weight(settlement)
        # Settled requests wait in the agenda for their time; they are not to outnumber the open ones.
        if len(self._agenda) > 64 + 4 * len(self._open):
            self._agenda = [
                entry for entry in self._agenda if self._open.get(entry[2].token) is entry[2]
            ]
            heapq.heapify(self._agenda)


def _weight(settlement: Settlement) -> int:
    return len(settlement.response) if isinstance(settlement.response, str) else 0
