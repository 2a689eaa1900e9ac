"""Somebody who answers the questions of gates, and a till that keeps what was really done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from aaep_helpers import AAEPEmitter
from aaep_helpers.clock import Clock
from tests.aaep_helpers.ears import Ear, Event, assert_well_told, new_emitter
from tests.aaep_helpers.replies.asking import reply_to

Answer = Literal["accept", "reject", "nothing"]


class Counter:
    """An emitter, a listener who answers at once, and what the tools did.

    Args:
        answer: What the listener says, always or by question; "nothing" leaves it open.
        can_reply: Whether anybody can answer at all.
    """

    def __init__(
        self,
        answer: Answer | Callable[[Event], Answer] = "accept",
        *,
        can_reply: bool = True,
        **more: Any,
    ) -> None:
        self.emitter: AAEPEmitter = new_emitter(**more)
        self.answer = answer
        self.done: list[Any] = []
        self.questions: list[Event] = []
        self.ear = Ear().listen(self.emitter)
        self.terse = Ear(verbosity="terse").listen(self.emitter)
        self.detailed = Ear(verbosity="detailed").listen(self.emitter)
        self.user = self.emitter.subscribe(self._hear, can_reply=can_reply)

    @property
    def clock(self) -> Clock:
        return self.emitter.clock

    @property
    def question(self) -> Event:
        (question,) = self.questions
        return question

    @property
    def kinds(self) -> list[str]:
        return [kind for kind in self.ear.kinds() if kind != "state.changed"]

    def reply(self, question: Event, answer: str) -> bool:
        reply = reply_to(question["reply_token"], self.user, self.clock, decision=answer)
        return self.emitter.submit_reply(reply, sender=self.user)

    def judge(self, *, complete: bool = True) -> None:
        for ear in (self.ear, self.terse, self.detailed):
            assert_well_told(ear.heard, complete=complete)

    def _hear(self, event: Event) -> None:
        if event["type"] != "aaep:agent.awaiting.confirmation":
            return
        self.questions.append(event)
        answer = self.answer if isinstance(self.answer, str) else self.answer(event)
        if answer != "nothing":
            assert self.reply(event, answer)
