"""Which names are given to secrets: "db_password", "apiKey", "Social Security number" (SEC-1).

Boundary: judges a name alone, never its value. A name is read as words, so that "token" is one but
"token count", "max_tokens" and "next_page_token" are not. Failure policy: none, it is total.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from typing import Final


class Suspicion(IntEnum):
    """How sure a name makes us that its value is a secret."""

    NONE = 0
    WEAK = 1  # also a word of everyday talk: the value has to look like a secret too
    STRONG = 2


_WORDS: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+")
_MAX_NAME: Final = 256


def words(text: str) -> frozenset[str]:
    """The words of `text`, for lists that read better as a paragraph."""
    return frozenset(text.split())


_STRONG: Final = words(
    "password passwords passwd pwd passphrase passphrases passcode passcodes apikey apikeys "
    "secretkey accesskey privatekey credential credentials creds authorization cvv cvv2 cvc csc "
    "ssn otp totp passwort kennwort senha wachtwoord pincode bearer jwt "
    "contraseña contrasena пароль hasło lösenord adgangskode şifre"
)
_WEAK: Final = words("token secret secrets pin pass auth sig cookie")

# Scripts without spaces glue the name to what is before it.
_ENDINGS: Final = (
    "password",
    "passwd",
    "passwort",
    "apikey",
    "secretkey",
    "accesskey",
    "privatekey",
    "密码",
    "密碼",
    "口令",
    "パスワード",
    "暗証番号",
    "비밀번호",
    "密钥",
    "身份证号",
)

_PAIRS: Final = frozenset(
    {
        *(
            (first, "key")
            for first in words(
                "api access account secret private signing signature encryption master "
                "auth session service storage subscription client ssh gpg deploy license shared"
            )
        ),
        *(
            (first, "code")
            for first in words(
                "security verification auth access sms mfa otp pin recovery backup "
                "passcode authentication time"
            )
        ),
        *((first, "codes") for first in words("recovery backup security")),
        *((first, "keys") for first in words("api access private secret")),
        *((first, "number") for first in words("card security insurance passport pin")),
        *((first, "token") for first in words("access refresh auth bearer api session id csrf")),
        *((first, "secret") for first in words("client app api webhook shared consumer")),
        ("card", "no"),
        ("connection", "string"),
        ("de", "passe"),
        ("national", "id"),
        ("security", "answer"),
        ("social", "security"),
        ("set", "cookie"),
        ("seed", "phrase"),
        ("recovery", "phrase"),
    }
)
# What may follow the telling word and keep it one.
_SUFFIXES: Final = words("value val text string plain raw hash base b64 new old again")
# Tokens that are places in a list or pieces of text, not credentials.
_NOT_BEFORE_TOKEN: Final = words(
    "page next continuation eos bos pad unk sep cls mask stop special per each first last previous "
    "prompt completion output input current start end"
)


def _parts(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name[-_MAX_NAME:])]


@lru_cache(maxsize=2048)
def suspicion(name: str) -> Suspicion:
    """How telling `name` is: an identifier in any spelling, or the last words before a colon."""
    parts = _parts(name)
    while parts:
        found = _of_words(parts, name)
        if found is not Suspicion.NONE or not (parts[-1] in _SUFFIXES or parts[-1].isdigit()):
            return found
        parts.pop()
    return Suspicion.NONE


def _of_words(parts: list[str], name: str) -> Suspicion:
    last = parts[-1]
    before = parts[-2] if len(parts) > 1 else ""
    if last in _STRONG or last.endswith(_ENDINGS) or (before, last) in _PAIRS:
        return Suspicion.STRONG
    if last == "token" and before in _NOT_BEFORE_TOKEN:
        return Suspicion.NONE
    # "db_pass", "smtpPass": one identifier. "we pass: ..." is prose.
    if last == "pass" and before and " " not in name:
        return Suspicion.STRONG
    return Suspicion.WEAK if last in _WEAK else Suspicion.NONE


def is_secret_name(name: str) -> bool:
    """Whether a value under this name is never said aloud, whatever it looks like (SEC-1).

    Args:
        name: A key of a mapping, an argument's or a field's name, in any spelling.
    """
    return suspicion(name) is not Suspicion.NONE
