"""SEC-1: which texts are masked, which are not, and that masking is total, idempotent and linear."""

from __future__ import annotations

import base64
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aaep_helpers.redaction import MASK, is_secret_name, redact_text
from aaep_helpers.redaction.numbers import is_card_number
from aaep_helpers.redaction.scan import is_harmless, scan
from aaep_helpers.redaction.vendors import KEY_FORMATS
from tests.aaep_helpers.secrets import CARD, JWT, PEM, RANDOM, VENDOR_KEYS, fragments


@pytest.mark.parametrize("beginning", sorted(KEY_FORMATS))
def test_every_vendors_key_is_masked_and_its_full_stop_kept(beginning: str) -> None:
    key = VENDOR_KEYS[beginning]
    assert redact_text(f"Use {key}.") == f"Use {MASK}."
    assert redact_text(f"({key})") == f"({MASK})"


def test_no_vendors_beginning_is_the_beginning_of_another() -> None:
    clashes = [
        (one, other)
        for one in KEY_FORMATS
        for other in KEY_FORMATS
        if one != other and other.startswith(one)
    ]
    assert clashes == []


BASIC = base64.b64encode(b"user:pa" + b"ss1").decode()

MASKED = [
    # signed tokens, blocks, headers
    (f"the session {JWT} is over", f"the session {MASK} is over"),
    (PEM, MASK),
    ("key: " + PEM.replace("\n", "\\n"), f"key: {MASK}"),
    (f"see\n{PEM}\nthere", f"see\n{MASK}\nthere"),
    (f"Authorization: Bearer {RANDOM}", f"Authorization: Bearer {MASK}"),
    (f"Authorization: Basic {BASIC}", f"Authorization: Basic {MASK}"),
    (f"send Bearer {RANDOM} along", f"send Bearer {MASK} along"),
    (f"basic {BASIC}", f"basic {MASK}"),
    # URLs
    ("https://ann:pw@host.org/x?y=1", f"https://{MASK}@host.org/x?y=1"),
    ("postgres://u:p@ss@db:5432/x", f"postgres://{MASK}@db:5432/x"),
    ("https://x.org/?api_key=abcd&y=2", f"https://x.org/?api_key={MASK}&y=2"),
    # cards and ids
    (CARD, MASK),
    (" ".join((CARD[:4], CARD[4:8], CARD[8:12], CARD[12:])), MASK),
    ("-".join((CARD[:4], CARD[4:8], CARD[8:12], CARD[12:])), MASK),
    ("card " + "\u00a0".join((CARD[:4], CARD[4:8], CARD[8:12], CARD[12:])), f"card {MASK}"),
    ("378282" + "246310005 ok", f"{MASK} ok"),
    ("3782 822463 " + "10005", MASK),
    (f"card number: {CARD[:4]} {CARD[4:8]} 12", f"card number: {MASK}"),
    ("123-45-" + "6789", MASK),
    ("529.982." + "247-25", MASK),
    ("110105194912" + "31002X", MASK),
    ("12345678" + "Z", MASK),
    ("131052-" + "308T", MASK),
    ("900101-" + "1234567", MASK),
    ("1 84 12 76 451 089" + " 46", MASK),
    ("2341 2341 " + "2346", MASK),
    ("AB 12 34 " + "56 C", MASK),
    ("AB1234" + "56C.", f"{MASK}."),
    ("123456789:" + "A1b2C3d" * 5, MASK),
    # names and values
    ("password=hunter2&user=bob", f"password={MASK}&user=bob"),
    ("PASSWORD = hunter2", f"PASSWORD = {MASK}"),
    ("password: hunter", f"password: {MASK}"),
    ("Password:hunter2.", f"Password:{MASK}."),
    ("{'password': 'hun ter2', 'x': 1}", f"{{'password': '{MASK}', 'x': 1}}"),
    ('{"password": "secret"}', f'{{"password": "{MASK}"}}'),
    ('{\\"password\\": \\"hunter2\\"}', f'{{\\"password\\": \\"{MASK}\\"}}'),
    ('{"pin": 1234}', f'{{"pin": {MASK}}}'),
    ("x=1, token=abc123", f"x=1, token={MASK}"),
    ("**API key:** `abc 123`", f"**API key:** `{MASK}`"),
    ("aws_secret_access_key = abc/def+12", f"aws_secret_access_key = {MASK}"),
    ("AccountKey=abc/def==;EndpointSuffix=x", f"AccountKey={MASK};EndpointSuffix=x"),
    ("Social Security Number: 123 45 6789", f"Social Security Number: {MASK}"),
    ("userPassword='a b c'", f"userPassword='{MASK}'"),
    ("密码：hunter2", f"密码：{MASK}"),
    ("PIN: 4821", f"PIN: {MASK}"),
    ("Your PIN is 4821.", f"Your PIN is {MASK}."),
    ("my password is Hunter2", f"my password is {MASK}"),
    ("your one-time code is 482913", f"your one-time code is {MASK}"),
]


@pytest.mark.parametrize(("text", "expected"), MASKED)
def test_secrets_are_masked_where_they_stand(text: str, expected: str) -> None:
    assert redact_text(text) == expected


LEFT_ALONE = [
    "token count: 5",
    "max_tokens=500 and next_page_token=abc123def",
    "the secret of success: work hard",
    "pin: see below",
    "GPIO pin: 13",
    "token: a unit of text",
    "The password is required",
    "The password is 8 characters long",
    "Password: must be 8 characters",
    "password: none",
    "password = input('x')",
    "password = os.environ['X']",
    "password=${DB_PASSWORD}",
    "password: <your password>",
    "key: value, monkey=1, author=bob, the author: Bob",
    "Basic JavaScript course",
    "bearer of bad news",
    "sk-learn-is-great and scikit",
    "task-force-2024-abcdefgh-ijklmnop",
    "hf_hub_download_and_more_of_this_kind1",
    "https://user@host/x and https://host:8080/y",
    "order 1234567812345678 shipped",
    "call +44 20 7946 0958 or 612 345 678 or 0049 1511 2345678",
    "1700000000000 and 1700000000000000",
    "550e8400-e29b-41d4-a716-446655440000",
    "ISBN 978-3-16-148410-0",
    # An account is what a payment is confirmed by; SEC-1 names cards and ids, not accounts.
    "IBAN DE89 3704 0044 0532 0130 00",
    "1 2 3 4 5 6 7 8 9 10 11 12",
    "v1.2.3.4 of 2024-01-02T10:11:12Z at 51.5074, -0.1278",
    "the time is 12:30:45, the ratio is 16:9",
    "a - b -- c --- d ---------- e",
    "0000 0000 0000 0000",
    "-----BEGIN CERTIFICATE----- is how such a file starts, and a line follows",
]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert redact_text(text) == text


@pytest.mark.parametrize(
    "name",
    [
        *("password", "DB_PASSWORD", "userPassword", "apiKey", "API_KEY", "api-key", "x-api-key"),
        *("client_secret", "refreshToken", "token", "Authorization", "credentials", "ssn", "cvv"),
        *("private_key", "aws_secret_access_key", "smtp_pass", "password2", "new_password", "otp"),
        *(
            "pin",
            "Social Security number",
            "card number",
            "пароль",
            "mot de passe",
            "connectionString",
        ),
    ],
)
def test_secret_names_in_any_spelling(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", "name", "tokens", "max_tokens", "token_count", "next_page_token", "key", "monkey"),
        *(
            "password_policy",
            "passwordless",
            "secretary",
            "pinned",
            "author",
            "compass",
            "session_id",
        ),
        *("keyboard", "spin", "optional", "access_key_id", "bypass"),
    ],
)
def test_other_names_are_not(name: str) -> None:
    assert not is_secret_name(name)


def test_card_numbers_go_by_length_issuer_and_check_digit() -> None:
    assert is_card_number(CARD)
    assert not is_card_number(CARD[:-1] + "2")
    assert not is_card_number("1" * 16)
    assert not is_card_number("7992739871" + "3")


@settings(deadline=None, max_examples=300)
@given(fragments())
def test_masking_twice_masks_nothing_more(text: str) -> None:
    once = redact_text(text)
    assert redact_text(once) == once


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=80))
def test_masking_is_total_and_adds_nothing_but_masks(text: str) -> None:
    masked = redact_text(text)
    assert len(masked) <= len(text) + text.count(":") * len(MASK) + text.count("=") * len(
        MASK
    ) + len(re.findall(r"\w+", text)) * len(MASK)


@settings(deadline=None, max_examples=300)
@given(fragments())
def test_the_cheap_test_never_hides_a_secret(text: str) -> None:
    if is_harmless(text):
        assert scan(text)[0] == []


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "a",
            "1",
            "1 ",
            "4111 ",
            "3.3.",
            "sk-",
            "eyJ-",
            "SG.",
            ":",
            "=",
            "password:",
            "password=a,",
        ),
        *(
            'password="',
            "a://",
            "a@",
            "-----BEGIN ",
            "-----BEGIN A-----\n",
            "Bearer ",
            "-",
            " ",
            "AB 12",
        ),
        *(
            "password is ",
            "token=a(",
            "password={",
            "a.b",
            "\\",
            "password: \\",
            "key-",
            "x=${",
            "'",
        ),
    ],
)
@pytest.mark.parametrize("ahead", ["", "password: ", "-----BEGIN A-----\n" + "A" * 64, "http://a:"])
def test_long_hostile_texts_come_to_an_end(unit: str, ahead: str) -> None:
    text = ahead + unit * (20_000 // len(unit)) + "!"
    assert redact_text(redact_text(text)) == redact_text(text)
