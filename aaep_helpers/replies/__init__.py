"""Questions to the user, and what comes of them: tokens, validity, time-outs, waiting (RULES 4)."""

from aaep_helpers.replies.answers import RESPONSE_KINDS, Response, parsed_default
from aaep_helpers.replies.audit import Audit, AuditRecord, AuditTrail
from aaep_helpers.replies.book import QuestionBook
from aaep_helpers.replies.deadline_watch import DeadlineWatch
from aaep_helpers.replies.desk import ReplyDesk
from aaep_helpers.replies.requests import OpenRequest, Settlement
from aaep_helpers.replies.timeouts import LongerTimeouts
from aaep_helpers.replies.validity import Ignored
from aaep_helpers.replies.waiting import wait_in_thread, wait_on_loop

__all__ = [
    "RESPONSE_KINDS",
    "Audit",
    "AuditRecord",
    "AuditTrail",
    "DeadlineWatch",
    "Ignored",
    "LongerTimeouts",
    "OpenRequest",
    "QuestionBook",
    "ReplyDesk",
    "Response",
    "Settlement",
    "parsed_default",
    "wait_in_thread",
    "wait_on_loop",
]
