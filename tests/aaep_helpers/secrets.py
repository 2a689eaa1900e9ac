"""Secrets that are none, put together from parts so that no scanner of sources takes them for real."""

from __future__ import annotations

from hypothesis import strategies as st

from aaep_helpers.redaction.vendors import JWT_BEGINNING, KEY_FORMATS

RANDOM = "a1B2c3D4" * 4
CARD = "4111" + "1111" * 3
JWT = JWT_BEGINNING + "hbGciOi1" + "." + "eyJzdWIi2" + "." + "AbC3dEf_g-"
PEM = "\n".join(
    (
        "-----BEGIN " + "RSA PRIVATE KEY-----",
        *("A1b2C3d4" * 8,) * 3,
        "x9==",
        "-----END " + "RSA PRIVATE KEY-----",
    )
)


def _body(beginning: str) -> str:
    """Characters that every body allows, of the shape each one needs."""
    form = KEY_FORMATS[beginning]
    if beginning == JWT_BEGINNING:
        return JWT.removeprefix(JWT_BEGINNING)
    for pattern in ("a1b2c3d4", "A1B2C3D4"):
        body = pattern * (form.minimum // 8 + 1)
        match = form.body.match(body)
        if match is not None and match.end() == len(body):
            return body
    raise AssertionError(f"no test body fits {beginning}")


VENDOR_KEYS = {beginning: beginning + _body(beginning) for beginning in KEY_FORMATS}

# Whole secrets, each to be masked whatever stands around it (with a space between).
SECRETS = (
    *VENDOR_KEYS.values(),
    JWT,
    PEM,
    CARD,
    " ".join((CARD[:4], CARD[4:8], CARD[8:12], CARD[12:])),
    "123-45-" + "6789",
    "AB 12 34 " + "56 C",
    "123456789:" + "A1b2C3d" * 5,
)

_PIECES = (
    *SECRETS,
    *(
        "password=hunter2",
        "password: swordfish",
        '"api_key": "ab c1"',
        "token: abc123",
        "my PIN is 4821",
    ),
    *("Bearer " + RANDOM, "Authorization: Basic dXNlcjpwYXNz", "https://u:p@host/x", "密码：abc1"),
    *(
        "**Password:** `x y`",
        "ssn: 123 45 6789 ok",
        "passwords are 1234Z",
        "token=abc",
        "pin",
        "is",
        "i",
    ),
    *(
        "3.14",
        "1 2 3 4 5",
        "2024-01-02",
        "12:30",
        "a",
        "A",
        "US",
        "s",
        "sk",
        "sk-",
        "gh",
        "eyJ",
        "Bearer",
    ),
    *(
        "basic",
        "-----",
        "-----BEGIN ",
        "note: x",
        "http://",
        "the secret",
        "word",
        "don't",
        "密",
        "é",
    ),
    *(
        ".",
        ",",
        ":",
        "=",
        '"',
        "'",
        "\\",
        "-",
        "\n",
        "{",
        "(",
        "4111",
        "4",
        "password",
        "://",
        "[hidden]",
    ),
)


def fragments() -> st.SearchStrategy[str]:
    """Texts of secrets, pieces of secrets and ordinary words, with and without spaces between."""
    piece = st.sampled_from(_PIECES)
    gap = st.sampled_from((" ", " ", "", "\n", ", "))
    return st.lists(st.tuples(piece, gap), max_size=7).map(
        lambda pairs: "".join(piece + gap for piece, gap in pairs)
    )
