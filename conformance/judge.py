"""judge_trace: one call from a listener's events to findings.

Boundary: applies the table, nothing else. Failure policy: total for JSON-like input of any shape;
what is malformed is reported by the rule it breaks and never raises.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from conformance.findings import Finding
from conformance.judging.trace import Options, read_trace
from conformance.rules import RULES


def judge_trace(
    events: Iterable[Mapping[str, object]],
    *,
    house: bool = False,
    complete: bool = True,
    late: Collection[str] = (),
    filtered: bool = False,
    accepted: Collection[str] | None = None,
) -> list[Finding]:
    """Judge what one listener heard; an empty list means that no rule was seen broken.

    That is not proof of much when little was heard, and of nothing for an empty trace: a caller
    asserts what it expects to hear besides.

    It presumes a listener without a rate budget: under one, chains of state changes collapse
    (SUB-4), and rules about single changes do not hold for what is left.

    Args:
        events: what one listener received, in order; sessions may be interleaved.
        house: also apply the house rules, which our own producer keeps.
        complete: every session in the trace is expected to have ended.
        late: ids of sessions the listener joined in mid-session.
        filtered: the listener asked for some types only; rules that need unheard events are waived.
        accepted: the reply tokens known to have been accepted; None when that is not known.

    Returns:
        The findings by position in the trace, those about its end last.
    """
    options = Options(complete=complete, late=late, filtered=filtered, accepted=accepted)
    trace = read_trace(events, options)
    applied = [rule for rule in RULES if house or rule.strength != "H"]
    found = [finding for rule in applied for finding in rule.findings(trace)]
    return sorted(
        found, key=lambda finding: finding.index if finding.index >= 0 else len(trace.heard)
    )
