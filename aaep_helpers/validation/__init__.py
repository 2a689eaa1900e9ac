"""Whether an event or message fits its schema, and if not, which rule it breaks and where.

Boundary: shape only. The order of events, who may reply and when are judged elsewhere; who calls
is of no interest here. Failure policy: nothing here raises for what it is given, whatever that is;
every fault of the input is a `Violation`. Only a broken installation raises (InternalError).
"""

from aaep_helpers.validation.checks import (
    explain,
    is_valid_event,
    normalised_type,
    validate_event,
    validate_message,
)
from aaep_helpers.validation.limits import soft_limit_violations
from aaep_helpers.validation.schemas import (
    MESSAGE_TYPES,
    schema_document,
    schema_name,
    schema_names,
    schema_text,
)

__all__ = [
    "MESSAGE_TYPES",
    "explain",
    "is_valid_event",
    "normalised_type",
    "schema_document",
    "schema_name",
    "schema_names",
    "schema_text",
    "soft_limit_violations",
    "validate_event",
    "validate_message",
]
