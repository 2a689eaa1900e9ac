"""The W3C traceparent of the OpenTelemetry span the caller is in, if there is one (RULES 1).

Boundary: the only module that knows of OpenTelemetry, which is optional. Failure policy: without it, or
outside a span, there is none.
"""

from __future__ import annotations

try:
    from opentelemetry import trace
except ImportError:  # An optional companion, never a dependency.
    trace = None  # type: ignore[assignment]


def current_traceparent() -> str | None:
    """The traceparent of the current span, such as "00-<32 hex>-<16 hex>-01"; None without one."""
    if trace is None:
        return None
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"
