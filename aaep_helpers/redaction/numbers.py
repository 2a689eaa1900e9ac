"""Numbers that identify a person or a card: which digits in a text are one (SEC-1).

Card numbers (13 to 19 digits, by length, issuer and Luhn's check digit, in the groups people write
them in), and the national ids whose form or check digits tell them from other numbers:

    United States  SSN, with dashes              Brazil   CPF, punctuated, two check digits
    France         NIR, key modulo 97            China    resident id, birth date and check digit
    India          Aadhaar in groups, Verhoeff   Spain    DNI, check letter
    Finland        HETU, check character         Korea    RRN, birth date
    Britain        National Insurance number (its letters and digits; found by `scan`)

Ids that look like any other number (a Canadian SIN, a Dutch BSN) are found by their name only: to
hide one telephone number in ten would harm more listeners than it protects. Also Telegram's bot
tokens, which begin with digits.
Boundary: judges digits at one place of a text. Failure policy: total.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

# A space or dash of any width people and word processors put between groups.
GAP: Final = r"[ \-\u00a0\u2007\u2009\u202f\u2010-\u2015]"
_END: Final = r"(?![A-Za-z_\d])"

# One length or grouping each. Not any grouping: one list of numbers in ten would pass Luhn.
_CARD_SHAPES: Final = tuple(
    re.compile(shape.replace("~", GAP) + _END)
    for shape in (
        r"\d{13,19}",
        r"\d{4}~\d{4}~\d{4}~\d{4}~\d{1,3}",
        r"\d{4}~\d{4}~\d{4}~\d{4}",
        r"\d{4}~\d{6}~\d{4,5}",
        r"\d{4}~\d{3}~\d{3}~\d{3}",
        r"\d{8}~\d{8}",
        r"\d\d(?:~\d\d){7}",
        r"\d(?:~\d){15}",
        r"\d(?:~\d){14}",
    )
)
# By length: how issuers' numbers begin. It spares most timestamps, order and article numbers.
_ISSUER: Final[dict[int, re.Pattern[str]]] = {
    13: re.compile("4"),
    14: re.compile("3[0689]"),
    15: re.compile("3[47]|5[0678]|6"),
    16: re.compile("[456]|2[2-7]|3[0568]|8[12]|9792"),
    17: re.compile("5[0678]|6"),
    18: re.compile("5[0678]|6"),
    19: re.compile("4|5[0678]|6"),
}

# The tables of Verhoeff's rule: the dihedral group's product, and the permutation by place.
_VERHOEFF_PRODUCT: Final = (
    *("0123456789", "1234067895", "2340178956", "3401289567", "4012395678"),
    *("5987604321", "6598710432", "7659821043", "8765932104", "9876543210"),
)
_VERHOEFF_ORDER: Final = (
    *("0123456789", "1576283094", "5803796142", "8916043527"),
    *("9453126870", "4286573901", "2793806415", "7046913258"),
)
_DNI_LETTERS: Final = "TRWAGMYFPDXBNJZSQVHLCKE"
_HETU_CHARACTERS: Final = "0123456789ABCDEFHJKLMNPRSTUVWXY"


def _digits(text: str) -> list[int]:
    return [int(char) for char in text if char.isdecimal()]


def luhn(digits: list[int]) -> bool:
    """Whether the last digit is the check digit of the others, by Luhn's rule."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def is_card_number(text: str) -> bool:
    """Whether these digits, gaps aside, are a payment card's number."""
    digits = _digits(text)
    issuer = _ISSUER.get(len(digits))
    if issuer is None or not issuer.match("".join(map(str, digits))):
        return False
    # One digit throughout is a placeholder, and 0000... passes Luhn.
    return len(set(digits)) > 1 and luhn(digits)


def _is_cpf(text: str) -> bool:
    digits = _digits(text)
    for length in (9, 10):
        total = sum(digit * (length + 1 - place) for place, digit in enumerate(digits[:length]))
        if digits[length] != total * 10 % 11 % 10:
            return False
    return len(set(digits)) > 1


def _is_nir(text: str) -> bool:
    # Corsica's departments 2A and 2B count as 19 and 18.
    plain = re.sub(GAP, "", text).replace("2A", "19").replace("2B", "18")
    return plain.isdecimal() and int(plain[:13]) % 97 == 97 - int(plain[13:])


def _is_resident_id(text: str) -> bool:
    total = sum(int(char) * pow(2, 17 - place, 11) for place, char in enumerate(text[:17]))
    return "10X98765432"[total % 11] == text[17].upper()


def _is_aadhaar(text: str) -> bool:
    check = 0
    for place, digit in enumerate(reversed(_digits(text))):
        check = int(_VERHOEFF_PRODUCT[check][int(_VERHOEFF_ORDER[place % 8][digit])])
    return check == 0


def _is_dni(text: str) -> bool:
    return _DNI_LETTERS[int(text[:8]) % 23] == text[-1]


def _is_hetu(text: str) -> bool:
    return _HETU_CHARACTERS[int(text[:6] + text[7:10]) % 31] == text[10]


def _by_form(_: str) -> bool:
    return True


_DAY: Final = r"(?:0[1-9]|[12]\d|3[01])"
_MONTH: Final = r"(?:0[1-9]|1[0-2])"

_IDS: Final[tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...]] = tuple(
    (re.compile(form.replace("~", GAP) + _END), check)
    for form, check in (
        (r"(?!000|666|9)\d{3}([-\u2010-\u2013])(?!00)\d\d\1(?!0000)\d{4}", _by_form),
        (r"\d{3}\.\d{3}\.\d{3}-\d\d", _is_cpf),
        (
            rf"[12]~?\d\d~?(?:{_MONTH}|[2-9]\d)~?(?:\d\d|2[AB])~?\d{{3}}~?\d{{3}}~?\d\d",
            _is_nir,
        ),
        (rf"[1-9]\d{{5}}(?:19|20)\d\d{_MONTH}{_DAY}\d{{3}}[\dXx]", _is_resident_id),
        (r"[2-9]\d{3}~\d{4}~\d{4}(?!~[\d\[])", _is_aadhaar),
        (r"\d{8}-?[A-Z]", _is_dni),
        (rf"{_DAY}{_MONTH}\d\d[-A-FU-Y]\d{{3}}[\dA-FHJ-NPR-Y]", _is_hetu),
        (rf"\d\d{_MONTH}{_DAY}-[1-8]\d{{6}}", _by_form),
    )
)
_BOT_TOKEN: Final = re.compile(r"\d{8,10}:[A-Za-z0-9_-]{35}(?![A-Za-z0-9_])")

# Everything above has eight digits or more, with at most one character between two.
_ENOUGH: Final = re.compile(rf"\d(?:(?:{GAP}|[.A-FU-Y])?\d){{7}}")

# Longer than anything above, with the character after it: what fills it can be judged.
_LONGEST: Final = 48
_UNFINISHED: Final = re.compile(
    rf"(?:[\d.]|{GAP}|(?<=[\d\-])[A-Zx]){{1,{_LONGEST}}}\Z|\d{{8,10}}:[A-Za-z0-9_-]{{0,35}}\Z"
)


def number_end(text: str, at: int) -> int:
    """Where the card number, national id or bot token that begins at `at` ends; -1 if none does.

    Args:
        text: The text.
        at: The place of a digit that no digit or letter stands before.
    """
    if _ENOUGH.match(text, at) is None:
        return -1
    for shape in _CARD_SHAPES:
        match = shape.match(text, at)
        if match is not None and is_card_number(match.group()):
            return match.end()
    for form, check in _IDS:
        match = form.match(text, at)
        if match is not None and check(match.group()):
            return match.end()
    match = _BOT_TOKEN.match(text, at)
    return -1 if match is None else match.end()


def is_unfinished_number(text: str, at: int) -> bool:
    """Whether more text could change what `number_end` says of the digits at `at`."""
    return _UNFINISHED.match(text, at) is not None
