"""AAEPEmitter, by what it does: listeners and sessions, their ends, and what happens in between."""

from aaep_helpers.emitting.emitter import AAEPEmitter
from aaep_helpers.emitting.said import Said, spoken_form

__all__ = ["AAEPEmitter", "Said", "spoken_form"]
