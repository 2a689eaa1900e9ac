"""Where the published material lies, for tests that can do without it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

_PROTOCOL: Final = Path(__file__).parents[2].parent / "shared" / "protocol"

RULES: Final = _PROTOCOL / "RULES.md"
PUBLISHED: Final = _PROTOCOL / "schemas"

needs_rules = pytest.mark.skipif(
    not RULES.is_file(), reason="the list of rules is not beside this checkout"
)
needs_published = pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason="the published schemas are not beside this checkout"
)
