"""What may be said aloud: secrets out of text, out of values, out of a model's stream (SEC-1).

Boundary: knows nothing of events, sessions or LangChain. Failure policy: never raises on what it is
given, and in doubt hides.
"""

from aaep_helpers.redaction.names import is_secret_name
from aaep_helpers.redaction.scan import MASK, redact_text
from aaep_helpers.redaction.screen import SecretScreen
from aaep_helpers.redaction.values import OMITTED, redact_value

__all__ = ["MASK", "OMITTED", "SecretScreen", "is_secret_name", "redact_text", "redact_value"]
