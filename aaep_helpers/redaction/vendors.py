"""The key formats of vendors, as data: how each begins and what follows (SEC-1).

Boundary: data and the patterns built from it; `scan` decides. A secret without a fixed beginning
(an AWS secret key, a Twilio auth token) cannot be listed here: it is found by the name it is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_LETTERS: Final = re.compile(r"[A-Za-z0-9]*")
_SNAKE: Final = re.compile(r"[A-Za-z0-9_]*")
_DASHED: Final = re.compile(r"[A-Za-z0-9_-]*")
_DOTTED: Final = re.compile(r"[A-Za-z0-9_.-]*")
_UPPER: Final = re.compile(r"[A-Z0-9]*")
_HEX: Final = re.compile(r"[0-9a-f]*")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/=]*")
_PATH: Final = re.compile(r"[A-Za-z0-9_/-]*")


@dataclass(frozen=True, slots=True)
class KeyFormat:
    """One vendor's keys.

    Attributes:
        body: What the characters after the beginning look like.
        minimum: How many of them at least; fewer is an ordinary word such as "sk-learn".
        digit: Whether the body must hold a digit, which every random key of this length does.
    """

    body: re.Pattern[str]
    minimum: int
    digit: bool = True


# No beginning may be the beginning of another (a test holds this): the first that fits is the one.
KEY_FORMATS: Final[dict[str, KeyFormat]] = {
    # Model providers and their tools. "sk-" is OpenAI, Anthropic, DeepSeek, OpenRouter, Langfuse.
    "sk-": KeyFormat(_DASHED, 16),
    "pk-lf-": KeyFormat(_DASHED, 20),
    "gsk_": KeyFormat(_LETTERS, 24),
    "hf_": KeyFormat(_LETTERS, 24),
    "r8_": KeyFormat(_LETTERS, 24),
    "xai-": KeyFormat(_LETTERS, 24),
    "pplx-": KeyFormat(_LETTERS, 24),
    "tvly-": KeyFormat(_DASHED, 16),
    "pcsk_": KeyFormat(_SNAKE, 24),
    "lsv2_": KeyFormat(_SNAKE, 24),
    "fw_": KeyFormat(_LETTERS, 20),
    # Clouds.
    "AKIA": KeyFormat(_UPPER, 16, digit=False),
    "ASIA": KeyFormat(_UPPER, 16, digit=False),
    "AIza": KeyFormat(_DASHED, 30),
    "ya29.": KeyFormat(_DOTTED, 20),
    "GOCSPX-": KeyFormat(_DASHED, 20),
    "LTAI": KeyFormat(_LETTERS, 16),
    "AKID": KeyFormat(_LETTERS, 24),
    "dop_v1_": KeyFormat(_HEX, 32),
    "doo_v1_": KeyFormat(_HEX, 32),
    "dapi": KeyFormat(_HEX, 32),
    "HRKU-": KeyFormat(_DASHED, 20),
    # Code hosts and package registries.
    "ghp_": KeyFormat(_LETTERS, 20),
    "gho_": KeyFormat(_LETTERS, 20),
    "ghu_": KeyFormat(_LETTERS, 20),
    "ghs_": KeyFormat(_LETTERS, 20),
    "ghr_": KeyFormat(_LETTERS, 20),
    "github_pat_": KeyFormat(_SNAKE, 22),
    "glpat-": KeyFormat(_DOTTED, 20),
    "gldt-": KeyFormat(_DASHED, 20),
    "glrt-": KeyFormat(_DASHED, 20),
    "glptt-": KeyFormat(_DASHED, 20),
    "npm_": KeyFormat(_LETTERS, 30),
    "pypi-": KeyFormat(_DASHED, 32),
    "rubygems_": KeyFormat(_HEX, 32),
    "dckr_pat_": KeyFormat(_DASHED, 20),
    # Messages, payments, shops, other services.
    "xoxa-": KeyFormat(_DASHED, 10),
    "xoxb-": KeyFormat(_DASHED, 10),
    "xoxe-": KeyFormat(_DASHED, 10),
    "xoxe.": KeyFormat(_DOTTED, 10),
    "xoxp-": KeyFormat(_DASHED, 10),
    "xoxr-": KeyFormat(_DASHED, 10),
    "xoxs-": KeyFormat(_DASHED, 10),
    "xapp-": KeyFormat(_DASHED, 10),
    "hooks.slack.com/services/": KeyFormat(_PATH, 20),
    "discord.com/api/webhooks/": KeyFormat(_PATH, 20),
    "sk_live_": KeyFormat(_LETTERS, 10),
    "sk_test_": KeyFormat(_LETTERS, 10),
    "rk_live_": KeyFormat(_LETTERS, 10),
    "rk_test_": KeyFormat(_LETTERS, 10),
    "pk_live_": KeyFormat(_LETTERS, 10),
    "whsec_": KeyFormat(_BASE64, 16),
    "sq0atp-": KeyFormat(_DASHED, 20),
    "sq0csp-": KeyFormat(_DASHED, 20),
    "shpat_": KeyFormat(_LETTERS, 24),
    "shpca_": KeyFormat(_LETTERS, 24),
    "shppa_": KeyFormat(_LETTERS, 24),
    "shpss_": KeyFormat(_LETTERS, 24),
    "SG.": KeyFormat(_DOTTED, 30),
    "SK": KeyFormat(_HEX, 32),
    "key-": KeyFormat(_HEX, 32),
    "lin_api_": KeyFormat(_LETTERS, 24),
    "ntn_": KeyFormat(_LETTERS, 30),
    "secret_": KeyFormat(_LETTERS, 32),
    "PMAK-": KeyFormat(_DASHED, 24),
    "NRAK-": KeyFormat(_UPPER, 20),
    "ATATT3": KeyFormat(_DASHED, 40),
    "hvs.": KeyFormat(_DASHED, 20),
    "hvb.": KeyFormat(_DASHED, 20),
    "dp.pt.": KeyFormat(_LETTERS, 30),
    "glsa_": KeyFormat(_SNAKE, 24),
    "figd_": KeyFormat(_DASHED, 24),
    "sbp_": KeyFormat(_HEX, 32),
    "pscale_": KeyFormat(_DOTTED, 30),
    "AGE-SECRET-KEY-1": KeyFormat(_UPPER, 40),
    # Signed tokens (JWT): a JSON object in base64 begins so. `scan` asks for a dot in it as well.
    "eyJ": KeyFormat(_DOTTED, 17),
}

JWT_BEGINNING: Final = "eyJ"

# Words before a credential in an HTTP header; three spellings, so that a cheap test can know them.
AUTH_SCHEMES: Final = ("bearer", "Bearer", "BEARER", "basic", "Basic", "BASIC")


def words_pattern(words: Iterable[str], *, partly: bool = False, after_first: str = "") -> str:
    """A pattern for any of `words`, each letter tried once however many words there are.

    Args:
        words: The literals.
        partly: Also match any beginning of a word, of at least one character.
        after_first: A pattern to put behind the first character, such as a look back.
    """
    by_first: dict[str, set[str]] = {}
    for word in words:
        if word:
            by_first.setdefault(word[0], set()).add(word[1:])
    branches: list[str] = []
    for first, rests in sorted(by_first.items()):
        deeper = words_pattern(rests, partly=partly)
        branch = re.escape(first) + after_first
        if deeper:
            branch += f"(?:{deeper})" + ("?" if partly or "" in rests else "")
        branches.append(branch)
    return "|".join(branches)
