"""What the tests of replies share: somebody who asks, somebody who answers, and time that stands still."""

from __future__ import annotations

from typing import Any

from aaep_helpers import AAEPEmitter
from aaep_helpers.clock import Clock, ManualClock, format_timestamp
from aaep_helpers.subscription import CanReply, Subscription
from tests.aaep_helpers.ears import Ear, assert_well_told, new_emitter

Reply = dict[str, Any]


class Room:
    """An emitter with one session, and one listener who can answer."""

    def __init__(self, *, can_reply: CanReply = True, **more: Any) -> None:
        self.clock = more.setdefault("clock", ManualClock())
        self.emitter: AAEPEmitter = new_emitter(**more)
        self.ear = Ear().listen(self.emitter, can_reply=can_reply)
        self.session_id = self.emitter.start_session()

    @property
    def listener(self) -> Subscription:
        assert self.ear.subscription is not None
        return self.ear.subscription

    def confirm(self, action: str = "Send the letter", **more: Any) -> str:
        return self.emitter.await_confirmation(
            session_id=self.session_id,
            action=action,
            **{"consequence": "It is sent.", "timeout_seconds": 60, **more},
        )

    def clarify(self, question: str = "Which account?", **more: Any) -> str:
        return self.emitter.ask_clarification(
            session_id=self.session_id, question=question, **{"timeout_seconds": 60, **more}
        )

    def decision(self, token: str, decision: str = "accept", **more: Any) -> Reply:
        return reply_to(token, self.listener, self.clock, decision=decision, **more)

    def answer(self, token: str, response: object, **more: Any) -> Reply:
        return reply_to(
            token, self.listener, self.clock, type="clarification.reply", response=response, **more
        )

    def accept(self, token: str) -> bool:
        return self.emitter.submit_reply(self.decision(token))

    def outcome(self, token: str) -> str | None:
        settled = self.emitter.settlement(token)
        return None if settled is None else settled.outcome.value

    def why_ignored(self) -> str:
        """The reason on record of the newest reply that did not count."""
        return str([one for one in self.emitter.audit_trail if not one.honored][-1].outcome)

    def last_words(self) -> str:
        return str(self.ear.heard[-1]["summary_normal"])

    def assert_well_told(self, *accepted: str, complete: bool = False) -> None:
        assert_well_told(self.ear.heard, complete=complete, accepted=accepted)


def reply_to(token: str, listener: Subscription, clock: Clock, **more: Any) -> Reply:
    """A reply as a listener would send it now."""
    return {
        "type": "confirmation.reply",
        "reply_token": token,
        "subscription_id": listener.id,
        "timestamp": format_timestamp(clock.epoch_ms()),
        **more,
    }
