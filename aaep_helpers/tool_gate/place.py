"""Where a gate finds itself: in a tool call of an agent, or in a hand-written loop's own session.

Boundary: finds the session, announces the call or refuses it; asks nobody. Failure policy: fails closed.
No session, a call that is announced already or unknown, a thread nobody knows: GateClosedError, which
tells the developer what to attach.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from typing import Final, Protocol

from aaep_helpers.emitting import AAEPEmitter, spoken_form
from aaep_helpers.errors import CallerError, GateClosedError
from aaep_helpers.failures import error_text
from aaep_helpers.gate_mark import GateMark
from aaep_helpers.held_calls import HeldCall, Standing, current_run
from aaep_helpers.ids import make_id
from aaep_helpers.spoken_values import spoken_arguments
from aaep_helpers.tool_gate.question import speakable
from aaep_helpers.tool_gate.words import Words
from aaep_helpers.tool_policy import ToolPolicy
from aaep_helpers.vocabulary import ToolStatus

logger = logging.getLogger("aaep_helpers.tool_gate")

_NOT_ALLOWED: Final = re.compile(r"[^A-Za-z0-9_.-]")

_SHUT: Final = {
    Standing.UNKNOWN: "No AAEPCallbackHandler of this emitter hears this run: attach one to the agent, as "
    'in config={"callbacks": [AAEPCallbackHandler(emitter)]}.',
    Standing.HELD: "Its call waits for another gate, or for the gate of another emitter.",
    Standing.CLAIMED: "Its call is at its gate already: one call passes once.",
    Standing.ANNOUNCED: "Its call was announced before its gate was reached: the gate is hidden from the "
    "agent, as inside a lambda or another tool's body, or was passed before. Give the agent the gated "
    "function itself.",
    Standing.REFUSED: "Its call was refused.",
}
_NO_SESSION: Final = (
    "There is no session here: attach AAEPCallbackHandler(emitter) to the agent, or call the tool inside "
    "`with emitter.session():`. A thread that the tool or the loop starts itself does not inherit either."
)


class Place(Protocol):
    """A call on its way through the gate."""

    session_id: str
    call_id: str
    tool: str
    spoken: str
    policy: ToolPolicy

    @property
    def in_agent(self) -> bool:
        """Whether an agent's model gets the result."""
        ...

    @property
    def with_artifact(self) -> bool:
        """Whether the result is a pair of content and artifact."""
        ...

    @property
    def resumed(self) -> bool:
        """Whether the call goes on that was announced before a pause."""
        ...

    def announce(self, confirmed_by: str | None) -> None:
        """Say that it runs now."""
        ...

    def refuse(self) -> None:
        """Say that it does not."""
        ...

    def done(self, status: ToolStatus, error: BaseException | None = None) -> None:
        """Say that it has ended."""
        ...


@dataclass(slots=True)
class AgentPlace:
    """A tool call of an agent, held for this gate by its handler."""

    held: HeldCall
    session_id: str = field(init=False)
    call_id: str = field(init=False)
    tool: str = field(init=False)
    spoken: str = field(init=False)
    policy: ToolPolicy = field(init=False)

    def __post_init__(self) -> None:
        held = self.held
        self.session_id, self.call_id = held.session_id, held.call_id
        self.tool, self.spoken, self.policy = held.tool, held.spoken_name, held.policy

    @property
    def in_agent(self) -> bool:
        """See Place."""
        return True

    @property
    def with_artifact(self) -> bool:
        """See Place."""
        return self.held.with_artifact

    @property
    def resumed(self) -> bool:
        """See Place."""
        return self.held.resumed_from is not None

    def announce(self, confirmed_by: str | None) -> None:
        """See Place."""
        self.held.announce(confirmed_by)

    def refuse(self) -> None:
        """See Place; a call that is past refusing stays as it is."""
        if self.held.standing is Standing.CLAIMED:
            self.held.refuse()

    def done(self, status: ToolStatus, error: BaseException | None = None) -> None:
        """Nothing: the handler tells of the end."""


@dataclass(slots=True)
class LoopPlace:
    """A call in a hand-written loop: the gate tells of it itself."""

    emitter: AAEPEmitter
    session_id: str
    tool: str
    spoken: str
    policy: ToolPolicy
    arguments: dict[str, object]
    call_id: str = field(default_factory=lambda: make_id("call"))

    @property
    def in_agent(self) -> bool:
        """See Place."""
        return False

    @property
    def with_artifact(self) -> bool:
        """See Place."""
        return False

    @property
    def resumed(self) -> bool:
        """See Place."""
        return False

    def announce(self, confirmed_by: str | None) -> None:
        """See Place."""
        arguments = speakable(Words(self.emitter.language), self.arguments)
        self.emitter.tool_invoked(
            session_id=self.session_id,
            tool=self.tool,
            tool_call_id=self.call_id,
            spoken_name=self.spoken,
            description=self.policy.description,
            args_summary=spoken_arguments(arguments) or None,
            risk_level=self.policy.risk_level,
            irreversible=self.policy.irreversible,
            confirmed_by=confirmed_by,
            summary=self.policy.sentence(self.tool, arguments),
        )

    def refuse(self) -> None:
        """See Place; nothing was said of it."""

    def done(self, status: ToolStatus, error: BaseException | None = None) -> None:
        """See Place; what can no longer be told does not undo what was done."""
        problem = error_text(error) if isinstance(error, Exception) else None
        try:
            self.emitter.tool_completed(
                session_id=self.session_id,
                tool=self.tool,
                tool_call_id=self.call_id,
                status=status,
                error_message=problem or None,
            )
        except CallerError:
            logger.info("The end of %s was not told: its session is over.", self.tool)
        except Exception:
            logger.exception("The end of %s could not be told.", self.tool)


def find_place(
    emitter: AAEPEmitter, mark: GateMark, policy: ToolPolicy, arguments: dict[str, object]
) -> Place:
    """Where this call of a gated tool belongs; the gate does this before it asks anybody.

    Args:
        emitter: The gate's.
        mark: The gate's own.
        policy: What the gate was told.
        arguments: The call's, frozen.

    Raises:
        GateClosedError: Nowhere.
    """
    run = current_run()
    if run is not None:
        held = emitter.calls.claim(run, mark)
        if held is None:
            raise GateClosedError(mark.name, _SHUT[emitter.calls.standing(run)])
        return AgentPlace(held)
    session_id = emitter.current_session()
    if session_id is None:
        raise GateClosedError(mark.name, _NO_SESSION)
    if not emitter.is_live(session_id):
        raise GateClosedError(mark.name, "The session is over.")
    tool = wire_name(mark.name)
    return LoopPlace(emitter, session_id, tool, spoken_form(tool), policy, arguments)


def wire_name(name: str) -> str:
    """A function's name in the form the protocol allows (RULES 2)."""
    allowed = _NOT_ALLOWED.sub("_", name or "tool")[:255]
    return allowed if allowed[0].isalpha() or allowed[0] == "_" else f"_{allowed}"
