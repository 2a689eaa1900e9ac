"""What an exception means to the person listening: its kind, and what they can do about it.

Boundary: reads exceptions, decides nothing about sessions. Failure policy: never raises, whatever the
exception does when looked at.
"""

from aaep_helpers.failures.classify import classify
from aaep_helpers.failures.kinds import Failure
from aaep_helpers.failures.message import error_text

__all__ = ["Failure", "classify", "error_text"]
