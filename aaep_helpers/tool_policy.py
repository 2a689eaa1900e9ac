"""What is known of a tool besides its name: how risky it is, and how it is announced.

A policy may be given for a tool by name, in the tool's metadata under "aaep", or both; what is given by
name counts first. Boundary: data and the sentence made from it; decides nothing.
Failure policy: a policy that makes no sense is the caller's mistake, said when it is made (ValueError).
"""

from __future__ import annotations

import dataclasses
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from aaep_helpers.catalogue import Summary
from aaep_helpers.emitting.said import spoken_form
from aaep_helpers.redaction import redact_value
from aaep_helpers.spoken_values import spoken_arguments, spoken_value
from aaep_helpers.text import human_text
from aaep_helpers.vocabulary import RISK_LEVELS, RiskLevel

METADATA_KEY: Final = "aaep"

# In a normal summary arguments are heard only while they are short; at length they are in the detailed.
_HEARD_ARGUMENTS: Final = 80

_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPolicy:
    """How one tool is to be treated and announced.

    Attributes:
        risk_level: low, medium or high; None says nothing of it.
        irreversible: Whether what it does cannot be undone; None says nothing of it.
        spoken_name: What it is called in a sentence, such as "the calendar".
        announcement: What is said when it runs; may name arguments, as in "Sending an email to {to}".
        description: What it does, in a sentence.

    Raises:
        ValueError: The risk is unknown, or the announcement names something else than an argument.
    """

    risk_level: RiskLevel | None = None
    irreversible: bool | None = None
    spoken_name: str | None = None
    announcement: str | None = None
    description: str | None = None

    def __post_init__(self) -> None:
        if self.risk_level is not None and self.risk_level not in RISK_LEVELS:
            raise ValueError(
                f"risk_level is one of {', '.join(RISK_LEVELS)}, not {self.risk_level!r}."
            )
        for _, name, form, conversion in string.Formatter().parse(self.announcement or ""):
            if name is not None and (not name.isidentifier() or form or conversion):
                raise ValueError(
                    f"The announcement {self.announcement!r} may only name arguments, as in "
                    f"'Sending an email to {{to}}'; {name!r} is none."
                )

    @classmethod
    def from_metadata(cls, data: object) -> ToolPolicy:
        """The policy in a tool's metadata: a mapping with the attributes above as keys.

        Raises:
            ValueError: It is no mapping, or has a key nobody knows.
        """
        if isinstance(data, ToolPolicy):
            return data
        if not isinstance(data, Mapping):
            raise ValueError(f'A tool\'s "{METADATA_KEY}" metadata is a mapping.')
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = {str(key) for key in data} - known
        if unknown:
            raise ValueError(
                f'A tool\'s "{METADATA_KEY}" metadata has no {", ".join(sorted(unknown))}; '
                f"it may have {', '.join(sorted(known))}."
            )
        return cls(**cast("Mapping[str, str]", data))  # type: ignore[arg-type]  # checked when made

    def over(self, other: ToolPolicy) -> ToolPolicy:
        """This policy, with what it does not say taken from `other`."""
        said = {
            field.name: value
            for field in dataclasses.fields(self)
            if (value := getattr(self, field.name)) is not None
        }
        return dataclasses.replace(other, **said)

    def at_least(self, other: ToolPolicy) -> ToolPolicy:
        """This policy over `other`, but never with less risk than either of them says."""
        risks = [risk for risk in (self.risk_level, other.risk_level) if risk is not None]
        return dataclasses.replace(
            self.over(other),
            risk_level=max(risks, key=RISK_LEVELS.index, default=None),
            irreversible=self.irreversible or other.irreversible,
        )

    def called(self, tool: str) -> str:
        """What `tool` is called in a sentence."""
        return self.spoken_name or spoken_form(tool)

    def sentence(self, tool: str, arguments: Mapping[str, object]) -> Summary:
        """What is said when `tool` runs with `arguments`.

        An announcement whose arguments are all there is used; else the sentence is made from the tool's
        name, its arguments and, in detail, its description.
        """
        template = self.announcement
        if template is not None:
            safe = redact_value(dict(arguments))  # By name as well: {password} must not be heard.
            given = safe if isinstance(safe, dict) else {}
            values = {name: spoken_value(given.get(name)) for name in _placeholders(template)}
            if all(values.values()):
                return Summary.words(_full_stop(human_text(template.format(**values))))
        said = spoken_arguments(arguments).rstrip(".")
        spoken = self.called(tool)
        if not said:
            return Summary.of("tool.invoked", tool=spoken, about=self._about())
        key = (
            "tool.invoked_with_arguments"
            if len(said) <= _HEARD_ARGUMENTS
            else "tool.invoked_at_length"
        )
        return Summary.of(key, tool=spoken, about=self._about(), arguments=said)

    def _about(self) -> str:
        first = _SENTENCE_END.split((self.description or "").strip(), maxsplit=1)[0]
        return _full_stop(human_text(" ".join(first.split()), 200)) if first else ""


NO_POLICY: Final = ToolPolicy()


def _placeholders(template: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]


def _full_stop(sentence: str) -> str:
    return sentence if sentence[-1:] in ".!?…。" else f"{sentence}."
