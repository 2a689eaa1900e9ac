"""What the agent's events say in words: one file a language (design D9)."""

from aaep_helpers.catalogue.catalogue import Catalogue, default_catalogue
from aaep_helpers.catalogue.summary import Summary

__all__ = ["Catalogue", "Summary", "default_catalogue"]
