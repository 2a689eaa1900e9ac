"""Cutting text for ears: a stream of tokens into chunks, and long text at its limits."""

from aaep_helpers.segmentation.graphemes import (
    is_safe_boundary,
    safe_cut,
    shorten,
    split_to_limits,
)
from aaep_helpers.segmentation.segmenter import Chunk, Segmenter

__all__ = [
    "Chunk",
    "Segmenter",
    "is_safe_boundary",
    "safe_cut",
    "shorten",
    "split_to_limits",
]
