"""The record of who decided what: one entry for each question that ended and each reply that did not count.

Boundary: keeps records in bounded memory and hands them on; never a reply token, only its hash (CNF-9).
Failure policy: an `audit` callback that raises is logged and changes nothing.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aaep_helpers.clock import format_timestamp

logger = logging.getLogger("aaep_helpers.replies")

# Of each sort, so that a flood of bad replies does not wash the decisions away (SEC-2, T4).
TRAIL_LENGTH: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One decision, or one reply that was not honored.

    Attributes:
        at_ms: When, in milliseconds since 1970-01-01 UTC.
        honored: Whether this is how a question ended; False for a reply that was ignored.
        outcome: How the question ended (accepted, rejected, answered, timed_out, unanswerable, withdrawn,
            cancelled, failed), or why the reply was ignored.
        session_id: In which session; "" where the reply named no question we know.
        kind: confirmation or clarification; "" where that is not known.
        decision: accept or reject; None of a clarification, and of replies that were ignored.
        what: The action or the question, without secrets, cut where long; "" where not known.
        who: The subscription that replied, as the reply claims it; "" where nobody did.
        decided_by: Whom the reply named, without secrets; "" where nobody.
        token_hash: SHA-256 of the reply token, in hexadecimal digits; "" where there was none.
        why: What went wrong, as a sentence; "" where nothing did.
    """

    at_ms: int
    honored: bool
    outcome: str
    session_id: str = ""
    kind: str = ""
    decision: str | None = None
    what: str = ""
    who: str = ""
    decided_by: str = ""
    token_hash: str = ""
    why: str = ""

    @property
    def timestamp(self) -> str:
        """When, as in an event."""
        return format_timestamp(self.at_ms)


Audit = Callable[[AuditRecord], object]


class AuditTrail:
    """The newest records, and whoever else wants them.

    Args:
        audit: Called with each record, on the thread that made it, with no lock held.
        length: How many are kept of each sort.
    """

    def __init__(self, audit: Audit | None = None, length: int = TRAIL_LENGTH) -> None:
        self._audit = audit
        self._lock = threading.Lock()
        self._decided: deque[tuple[int, AuditRecord]] = deque(maxlen=length)
        self._ignored: deque[tuple[int, AuditRecord]] = deque(maxlen=length)
        self._count = 0

    @property
    def records(self) -> tuple[AuditRecord, ...]:
        """What is kept, in the order it was recorded."""
        with self._lock:
            kept = [*self._decided, *self._ignored]
        return tuple(record for _, record in sorted(kept, key=lambda numbered: numbered[0]))

    def record(self, record: AuditRecord) -> None:
        """Keep a record, log it, and hand it on."""
        with self._lock:
            self._count += 1
            (self._decided if record.honored else self._ignored).append((self._count, record))
        logger.log(
            logging.INFO if record.honored else logging.WARNING,
            "%s: %s%s. Session %s, token hash %.12s.%s",
            "A question ended" if record.honored else "A reply was ignored",
            record.outcome,
            f" ({record.decision})" if record.decision is not None else "",
            record.session_id or "unknown",
            record.token_hash or "none",
            f" {record.why}" if record.why else "",
        )
        if self._audit is None:
            return
        try:
            self._audit(record)
        except Exception:
            logger.exception("The audit callback raised; the decision stands.")
