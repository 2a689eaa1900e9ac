"""Judge what an AAEP producer says, from its events alone.

The package sees a producer only as a listener does: a list of events, in the order they were
heard. It shares no code with any producer, so that a mistake made there is not repeated here.
"""

from conformance.findings import Finding, explain
from conformance.judge import judge_trace

__all__ = ["Finding", "explain", "judge_trace"]
