"""What a gate was told when its tool was decorated, checked there and then.

Boundary: data. Failure policy: what makes no sense, or would let a tool run that nobody agreed to, is a
ValueError at the decoration, before the program does anything.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from aaep_helpers.replies.timeouts import MAX_SECONDS
from aaep_helpers.tool_policy import ToolPolicy
from aaep_helpers.vocabulary import RiskLevel

OnReject = Literal["raise", "return"]
Action = str | Callable[[Mapping[str, Any]], str]

_ON_REJECT: Final = (None, "raise", "return")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOptions:
    """How one gate asks.

    Attributes:
        risk_level: low, medium or high; None says nothing of it.
        irreversible: Whether what the tool does cannot be undone.
        require_confirmation: True always asks; False asks only where it must; None asks by risk.
        description: What the tool does, in a sentence.
        action: What would be done: a template naming arguments, or a function of them.
        consequence: What follows, in words.
        timeout_seconds: How long an answer is waited for; None goes by the risk (CNF-12).
        on_reject: "raise" or "return"; None returns to an agent and raises in a hand-written loop.
        ask_again_after_refusals: How many refusals of one call in a session end the asking.

    Raises:
        ValueError: One of them is not what it may be, or they contradict each other.
    """

    risk_level: RiskLevel | None = None
    irreversible: bool = False
    require_confirmation: bool | None = None
    description: str | None = None
    action: Action | None = None
    consequence: str | None = None
    timeout_seconds: int | None = None
    on_reject: OnReject | None = None
    ask_again_after_refusals: int = 1

    def __post_init__(self) -> None:
        self.policy()  # Checks the risk.
        # A truthy or falsy stand-in might mean anything; a mistake here costs somebody's money.
        if type(self.irreversible) is not bool:
            raise ValueError("irreversible is True or False.")
        if self.require_confirmation is not None and type(self.require_confirmation) is not bool:
            raise ValueError("require_confirmation is True, False or None.")
        if self.irreversible and self.require_confirmation is False:
            raise ValueError(
                "What cannot be undone is always confirmed (CNF-15): leave require_confirmation out, or "
                "say irreversible=False if it can be undone after all."
            )
        if self.on_reject not in _ON_REJECT:
            raise ValueError('on_reject is "raise", "return" or None.')
        seconds = self.timeout_seconds
        if seconds is not None and (type(seconds) is not int or not 1 <= seconds <= MAX_SECONDS):
            raise ValueError(f"timeout_seconds is a whole number from 1 to {MAX_SECONDS}.")
        times = self.ask_again_after_refusals
        if type(times) is not int or times < 1:
            raise ValueError("ask_again_after_refusals is a whole number, at least 1.")
        for name in ("description", "consequence"):
            text = getattr(self, name)
            if text is not None and not (isinstance(text, str) and text.strip()):
                raise ValueError(f"{name} is a text that says something.")
        if (
            self.action is not None
            and not isinstance(self.action, str)
            and not callable(self.action)
        ):
            raise ValueError("action is a template, or a function of the arguments.")
        if isinstance(self.action, str) and not self.action.strip():
            raise ValueError("action is a text that says something.")

    def policy(self) -> ToolPolicy:
        """The same, for whoever announces the tool."""
        return ToolPolicy(
            risk_level=self.risk_level,
            irreversible=self.irreversible or None,
            description=self.description,
        )

    def asks(self, policy: ToolPolicy) -> bool:
        """Whether the user is asked before a call.

        Args:
            policy: What is known of the tool in all, never with less risk than here.
        """
        if self.require_confirmation or self.irreversible or policy.irreversible:
            return True
        return self.require_confirmation is None and policy.risk_level == "high"

    def check_action(self, names: list[str] | None) -> None:
        """Refuse a template that names something else than an argument.

        Args:
            names: The arguments there are; None where any may come.

        Raises:
            ValueError: It does.
        """
        if not isinstance(self.action, str):
            return
        for _, name, form, conversion in string.Formatter().parse(self.action):
            if name is None:
                continue
            if not name.isidentifier() or form or conversion or (names and name not in names):
                raise ValueError(
                    f"The action {self.action!r} may only name arguments, as in "
                    f"'Send {{amount}} dollars to {{to}}'; {name!r} is none."
                )
