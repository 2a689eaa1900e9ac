"""A call that may not run, and what the agent is told of it.

The agent's model reads this, not the user, who has heard how their question ended. It must not take a
refusal for a glitch and try again or another way (known failure 22). Boundary: words.
Failure policy: none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aaep_helpers.errors import ConfirmationRejected

_WHY: Final = {
    "declined": "The user declined this.",
    "timed_out": "The user did not answer in time, which counts as no.",
    "unanswerable": "Nobody was there who could agree to this, which counts as no.",
    "withdrawn": "The question to the user was taken back, which counts as no.",
    "cancelled": "The session ended before the user agreed to this, which counts as no.",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a call may not run.

    Attributes:
        tool: The tool's name.
        reason: declined, timed_out, unanswerable, withdrawn or cancelled.
        repeated: Whether nobody was asked this time, because the same call was refused before.
    """

    tool: str
    reason: str
    repeated: bool = False

    @property
    def told(self) -> str:
        """What the agent is told."""
        again = (
            " It was refused before in this session, so they were not asked again."
            if self.repeated
            else ""
        )
        return (
            f"{_WHY[self.reason]}{again} The tool {self.tool} was not run and nothing was done. Do not call "
            "it again with the same arguments, and do not try to do the same in another way. Tell the "
            "user that it was not done, or ask them what they want instead."
        )

    def error(self) -> ConfirmationRejected:
        """The same as an exception."""
        return ConfirmationRejected(self.tool, self.reason, self.told)
