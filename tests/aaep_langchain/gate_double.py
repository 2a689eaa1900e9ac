"""A gate that asks through the session and is answered at once, in the place of the one people answer.

Purpose: what a gate needs of the handler is used here the way a gate uses it, on real tools.

Boundary: marks, claims, asks, announces or refuses; knows no replies, tokens or time-outs.

Failure policy: without a call of its own it raises GateShutError and runs nothing, as any gate must (D2).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Final

from aaep_helpers import AAEPEmitter, Summary, make_id
from aaep_helpers import events as e
from aaep_helpers.gate_mark import GateMark, mark_gated
from aaep_helpers.held_calls import HeldCall, Standing, current_run
from aaep_helpers.session import Ask, Outcome, Resolve
from aaep_helpers.tool_policy import ToolPolicy

DECLINED: Final = "The user declined. Do not try another way."

TRANSFER: Final = ToolPolicy(risk_level="high", irreversible=True)


class GateShutError(PermissionError):
    """The gate was given no call; says how the call it looked for stands."""

    def __init__(self, standing: Standing) -> None:
        super().__init__(f"nothing runs: the call is {standing}")
        self.standing = standing


class GateDouble:
    """Decorates functions so that they ask first.

    Args:
        emitter: Whose sessions it asks in.
        answer: What the user says, to all questions or by call.
        policy: What the gate says of its tools.
        at_question: Called while a question is open.

    Attributes:
        calls: The calls it was given, in order.
    """

    def __init__(
        self,
        emitter: AAEPEmitter,
        answer: bool | Callable[[HeldCall], bool] = True,
        policy: ToolPolicy = TRANSFER,
        at_question: Callable[[HeldCall], object] = lambda call: None,
    ) -> None:
        self.emitter = emitter
        self.calls: list[HeldCall] = []
        self._answer = answer
        self._policy = policy
        self._at_question = at_question

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function` behind the gate, under its own name and signature."""
        mark = GateMark(function.__name__, self.emitter, self._policy)
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def gated_async(*args: Any, **kwargs: Any) -> Any:
                return await function(*args, **kwargs) if self._pass(mark) else DECLINED

            mark_gated(gated_async, mark)
            return gated_async

        @functools.wraps(function)
        def gated(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs) if self._pass(mark) else DECLINED

        mark_gated(gated, mark)
        return gated

    def _pass(self, mark: GateMark) -> bool:
        run = current_run()
        call = self.emitter.calls.claim(run, mark) if run is not None else None
        if call is None:
            raise GateShutError(
                Standing.UNKNOWN if run is None else self.emitter.calls.standing(run)
            )
        self.calls.append(call)
        if call.resumed_from is not None:
            call.announce()  # Accepted before the pause.
            return True
        accepted = self._answer if isinstance(self._answer, bool) else self._answer(call)
        token = self._ask(call, accepted)
        if accepted:
            call.announce(token)
        else:
            call.refuse()
        return accepted

    def _ask(self, call: HeldCall, accepted: bool) -> str:
        token = make_id("rpl")
        question = e.ConfirmationRequested(
            action=f"{call.spoken_name}, call {call.call_id[-4:]}",
            consequence="The money is gone.",
            reply_token=token,
            timeout_seconds=180,
            default_decision="reject",
            summary=Summary.words(f"May I use {call.spoken_name}?"),
            risk_level=call.policy.risk_level,
            irreversible=call.policy.irreversible,
        )
        session = self.emitter._live(call.session_id)
        session.emit(lambda now_ms: (Ask(question, call.call_id), question))
        self._at_question(call)
        outcome = Outcome.ACCEPTED if accepted else Outcome.REJECTED
        resolved = Resolve(token, outcome, Summary.words("You said yes." if accepted else "No."))
        session.emit(lambda now_ms: (resolved, None))
        return token
