"""What the judge reports, and how it is put to a reader.

Boundary: plain values; knows nothing about events or rules. Failure policy: total, every finding
can be printed, whatever text it quotes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Strength = Literal["M", "S", "H"]

_STRENGTH_WORDS: dict[str, str] = {"M": "must", "S": "should", "H": "house rule"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule, at one place of a trace.

    Attributes:
        rule: the rule's id, such as ``SEQ-9``.
        message: a sentence that says what is wrong, with the facts.
        index: position in the trace of the offending event; -1 for the end of the trace.
        session_id: the session concerned; empty when the event names none.
        strength: M for a must, S for a should, H for a house rule.
    """

    rule: str
    message: str
    index: int
    session_id: str
    strength: Strength = "M"


def explain(findings: Iterable[Finding]) -> str:
    """Readable lines for an assertion message, one finding a line, sessions named once."""
    listed = list(findings)
    if not listed:
        return "no findings"
    by_session: dict[str, list[Finding]] = {}
    for finding in listed:
        by_session.setdefault(finding.session_id, []).append(finding)
    lines = [f"{len(listed)} finding{'s' if len(listed) > 1 else ''}:"]
    for session_id, group in by_session.items():
        lines.append(f"  {_printable(session_id) or '(no session)'}")
        for finding in group:
            where = "at the end" if finding.index < 0 else f"event {finding.index}"
            strength = _STRENGTH_WORDS[finding.strength]
            message = _printable(finding.message)
            lines.append(f"    {where}: {finding.rule} ({strength}): {message}")
    return "\n".join(lines)


def _printable(text: str) -> str:
    """The text without what a UTF-8 terminal or log cannot take (lone surrogates)."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
