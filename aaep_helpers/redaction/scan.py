"""Where the secrets in a text are, and the text without them (SEC-1).

One scanner serves whole texts and streams: told that more text may come, it stops at the first
place where that could change its mind. So a streamed text is masked exactly as the whole would be.
Boundary: text in, places out; holds nothing between calls. Failure policy: total, and linear in the
text: every rule looks at a bounded piece or goes on behind what it has looked at.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Final, NamedTuple

from aaep_helpers.redaction.names import Suspicion, suspicion, words
from aaep_helpers.redaction.numbers import GAP, is_unfinished_number, number_end
from aaep_helpers.redaction.vendors import (
    AUTH_SCHEMES,
    JWT_BEGINNING,
    KEY_FORMATS,
    words_pattern,
)

MASK: Final = "[hidden]"

# How far back a name may stand before its colon; a stream keeps this much of what it has released.
CONTEXT: Final = 64
_LONGEST_QUOTED: Final = 512
# base64 of JSON as long as this is nothing to read aloud, signed or not.
_LONGEST_UNDOTTED: Final = 200


class Found(NamedTuple):
    """What a rule says of one place: text[start:end] is a secret; or nothing is, go on at end."""

    start: int
    end: int
    secret: bool


# A rule gets the text, where its beginning was found, and whether the text ends here. None: that
# depends on the text to come.
_Rule = Callable[[str, re.Match[str], bool], Found | None]
# Whether a value is a secret, given that its name may be one's; the flag: it was quoted.
_Judge = Callable[[str, bool], bool]

_PEM: Final = "-----BEGIN "

# Each alternative begins with a character, so that the engine passes it over at a glance, and ends in
# an empty group named after its rule (none: a key). What must stand before comes behind the first
# character: (?<![A-Za-z0-9].) is "at the beginning of a word".
_AT_WORD: Final = r"(?<![A-Za-z0-9].)"
# The two letters of Britain's insurance number; six digits and a letter follow.
_INSURED: Final = ("[A-CEGHJ-PR-TW-Z]", "[A-CEGHJ-NPR-TW-Z]")
_BEGINNING: Final = re.compile(
    "|".join(
        (
            r"\d(?<![A-Za-z_\d+].)(?<!\d\..)(?P<number>)",
            r":(?!//)(?P<assignment>)",
            r"[=\uff1a\uff1d](?P<setting>)",
            r":(?<=[A-Za-z0-9].)//(?P<url>)",
            r"i(?<=[ \t].)s[ \t]{1,3}(?P<phrase>)",
            rf"{_PEM}(?P<pem>)",
            rf"b{_AT_WORD}(?:earer|asic)[ \t]{{1,4}}(?P<scheme>)",
            rf"B{_AT_WORD}(?:earer|asic|EARER|ASIC)[ \t]{{1,4}}(?P<titled_scheme>)",
            rf"{_INSURED[0]}{_AT_WORD}{_INSURED[1]}(?: ?\d\d){{3}} ?[A-D](?![A-Za-z0-9])(?P<insurance>)",
            words_pattern(KEY_FORMATS, after_first=_AT_WORD),
        )
    )
)
_UNFINISHED: Final = re.compile(
    "|".join(
        (
            rf"(?<![A-Za-z0-9])(?:{words_pattern((*KEY_FORMATS, *AUTH_SCHEMES), partly=True)})\Z",
            rf"(?:{words_pattern((_PEM,), partly=True)})\Z",
            r"[:=\uff1a\uff1d]/?\Z",
            r"(?P<phrase>(?<=[ \t])is?\Z)",
            rf"(?<![A-Za-z0-9]){_INSURED[0]}(?:{_INSURED[1]}(?: ?\d){{0,6}} ?[A-D]?)?\Z",
        )
    )
)
# The beginnings that need neither a digit nor a colon, for the cheap test.
_DIGIT_OR_COLON: Final = re.compile(r"[\d:=\uff1a\uff1d]")

_NOT_A_NAME: Final = re.compile(r"[^\w .\-]")
# What may stand between a name and its colon.
_BETWEEN: Final = " \t\"'`*_\\\u201d\u2019\xbb"
_PIN_BEFORE: Final = re.compile(r"(?<![A-Za-z])(?:pin|Pin|PIN)[ \t]*\Z")
_SEPARATOR: Final = re.compile(r"(?:=>|:=|[:=\uff1a\uff1d]{1,3})[ \t*_]{0,8}")
_DIGITS: Final = re.compile(r"\d+")
_WORD: Final = re.compile(r"[A-Za-z0-9_]*")

_QUOTE: Final = re.compile(r"\\?[\"'`\u201c\u2018\xab]")
_CLOSING: Final = {"\u201c": "\u201d", "\u2018": "\u2019", "\xab": "\xbb"}
_QUOTED: Final[dict[str, re.Pattern[str]]] = {
    mark: re.compile(rf"(?:\\.|[^\\\n{mark}])*") for mark in "\"'`\u201d\u2019\xbb"
}
_ESCAPED: Final = re.compile(r"[^\\\n\"'`]*")
# Up to a space or quote, or to the next pair of a list: "a=b,c=d".
_BARE: Final = re.compile(r"(?:[^\s\"'<>`,;&]|[,;&](?![\w.\-]{1,64}[:=]))+")
_GROUPS: Final = re.compile(rf"\d{{1,24}}(?:{GAP}\d{{1,24}}){{1,20}}(?!\w)")
_GROUPS_SO_FAR: Final = re.compile(rf"\d(?:\d|{GAP}){{0,520}}\Z")
_SCHEME: Final = re.compile(r"(?:bearer|basic|token|digest|apikey)[ \t]{1,8}", re.IGNORECASE)
_CALL: Final = re.compile(r"[A-Za-z_][\w.]{0,99}(?:\(\S{0,99}\)|\[\S{0,99}\]|[(\[])[)\].,;:]*")
_ATTRIBUTE: Final = re.compile(r"[a-z_]+(?:\.[a-z_]+)+")
_FILLED_IN_LATER: Final = ("${", "{", "<", "%(")
_BLANK: Final = re.compile(r"\*+|\.+|x+|X+|_+|…")

_CREDENTIAL: Final = re.compile(r"[A-Za-z0-9._~+/=\-]*")
_USERINFO: Final = re.compile(r"[^\s/@:?#\"'<>]{0,128}:[^\s/\"'<>]{1,512}@")
_AUTHORITY: Final = re.compile(r"[^\s/\"'<>]{0,700}")

# A PEM block: label, up to four header lines, lines of base64, the closing line. Line breaks may be
# real, escaped, or between strings in code. Possessive (++), so that nothing is tried twice.
_LABEL: Final = r"[A-Z0-9][A-Z0-9 ]{0,47}-----"
_BREAK: Final = r"(?:[\s\"',]|\\[nrt])"
_LINES: Final = rf"(?:[A-Za-z0-9+/=]{{16,}}+{_BREAK}*+)"
_HEAD: Final = (
    rf"{_PEM}{_LABEL}{_BREAK}*+(?:[A-Za-z][A-Za-z-]{{1,30}}+: [^\n]{{1,120}}+{_BREAK}++){{0,4}}+"
)
_LAST: Final = rf"(?:[A-Za-z0-9+/=]{{1,15}}+{_BREAK}*+)"
_BLOCK: Final = re.compile(rf"{_HEAD}{_LINES}++(?:{_LAST}?-----END {_LABEL}|{_LAST}\Z)?")
_BLOCK_SO_FAR: Final = re.compile(
    rf"{_PEM}[A-Z0-9 -]{{0,60}}\Z"
    rf"|{_HEAD}(?:[A-Za-z][^\n]{{0,160}})?\Z"
    rf"|{_HEAD}{_LINES}*+{_LAST}?\\?(?:-[-A-Z0-9 ]{{0,60}})?\Z"
)

# What is set by these is no secret.
_LITERALS: Final = words("none null nil true false undefined")
# What a colon after "password" is as likely to be followed by as by a password.
_NOT_VALUES: Final = _LITERALS | words(
    "a an and any are as at be by can cannot changed choose confirm correct could denied empty "
    "enter expired expires failed for forgot forgotten from granted has have hidden how i if in "
    "incorrect integer invalid is it its leave length like long may maximum minimum missing must "
    "my n/a never new no not of off ok on one optional or pending please provide provided redacted "
    "required reset see set should show str string strong text that the their then there these "
    "they this to type unknown unset updated use used using valid via was we weak what when where "
    "which will with without wrong yes you your"
)


def _nothing(end: int) -> Found:
    return Found(end, end, False)


def _run_end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return at if match is None else match.end()


def _name_before(text: str, at: int) -> Suspicion:
    before = text[at - 1 : at]
    if not (before.isalnum() or before in _BETWEEN):
        return Suspicion.NONE
    window = text[max(0, at - CONTEXT) : at].rstrip(_BETWEEN)
    return suspicion(_NOT_A_NAME.split(window)[-1])


def _is_told(text: str, at: int) -> bool:
    """Whether the words before "is" name something told in talk: a password, a PIN, a code."""
    return (
        _name_before(text, at) is Suspicion.STRONG
        or _PIN_BEFORE.search(text, max(0, at - 8), at) is not None
    )


def _has_digit(text: str) -> bool:
    return any(map(str.isdecimal, text))


def _number(text: str, match: re.Match[str], whole: bool) -> Found | None:
    at = match.start()
    if not whole and is_unfinished_number(text, at):
        return None
    end = number_end(text, at)
    return Found(at, end, True) if end >= 0 else _nothing(_run_end(_DIGITS, text, at))


def _key(text: str, match: re.Match[str], whole: bool) -> Found | None:
    beginning = match.group()
    form = KEY_FORMATS[beginning]
    start = match.end()
    end = _run_end(form.body, text, start)
    if end == len(text) and not whole:
        return None
    body = text[start:end].rstrip(".")  # the full stop of the sentence
    if len(body) < form.minimum or (form.digit and not _has_digit(body)):
        return _nothing(end)
    if beginning == JWT_BEGINNING and "." not in body and len(body) < _LONGEST_UNDOTTED:
        return _nothing(end)
    last = _run_end(_WORD, text, start + len(body))
    return Found(match.start(), last, True) if whole or last < len(text) else None


def _scheme(text: str, match: re.Match[str], whole: bool) -> Found | None:
    start = match.end()
    end = _run_end(_CREDENTIAL, text, start)
    if end == len(text) and not whole:
        return None
    value = text[start:end].rstrip(".")
    basic = match.group()[1] in "aA"
    if _is_basic(value) if basic else len(value) >= 8 and _has_digit(value):
        return Found(start, start + len(value), True)
    return _nothing(start)


def _is_basic(value: str) -> bool:
    """Whether `value` is user:password in base64, which no English word after "basic" is."""
    if len(value) < 4:
        return False
    padded = value[:1024].rstrip("=")
    try:
        decoded = base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    return b":" in decoded and decoded.isascii()


def _pem(text: str, match: re.Match[str], whole: bool) -> Found | None:
    if not whole and _BLOCK_SO_FAR.match(text, match.start()):
        return None
    block = _BLOCK.match(text, match.start())
    if block is None:
        return _nothing(match.end())
    return Found(block.start(), block.start() + len(block.group().rstrip(" \t\r\n\"',")), True)


def _url(text: str, match: re.Match[str], whole: bool) -> Found | None:
    at = match.end()
    if not whole and _run_end(_AUTHORITY, text, at) == len(text):
        return None
    end = _run_end(_USERINFO, text, at)
    return Found(at, end - 1, True) if end > at else _nothing(at)


def _insurance(text: str, match: re.Match[str], whole: bool) -> Found | None:
    return Found(match.start(), match.end(), True)


def _phrase(text: str, match: re.Match[str], whole: bool) -> Found | None:
    """As in "the password is hunter2": with a digit, since all sorts of words follow "is"."""
    if not _is_told(text, match.start()):
        return _nothing(match.end())
    return _value(text, match.end(), _judge_told, whole)


def _assignment(text: str, match: re.Match[str], whole: bool) -> Found | None:
    name = _name_before(text, match.start())
    if name is Suspicion.NONE:
        return _nothing(match.end())
    start = _run_end(_SEPARATOR, text, match.start())
    set_to = match.group() in "=\uff1d"
    if name is Suspicion.STRONG:
        judge = _judge_set if set_to else _judge_named
    else:
        judge = _judge_given if set_to and start == match.end() else _judge_hinted
    return _value(text, start, judge, whole)


def _value(text: str, start: int, judge: _Judge, whole: bool) -> Found | None:
    """The value at `start`, quoted or up to the next space, if `judge` finds it secret."""
    if not whole and len(text) - start < 2:
        return None
    quote = _QUOTE.match(text, start)
    if quote is not None:
        start = quote.end()
        mark = quote.group()
        closing = mark[:-1] + _CLOSING.get(mark[-1], mark[-1])
        inside = _QUOTED[closing] if len(closing) == 1 else _ESCAPED
        closed = inside.match(text, start, start + _LONGEST_QUOTED)
        end = start if closed is None else closed.end()
        if end >= len(text) - 1 and not whole:
            return None
        if text.startswith(closing, end):
            secret = not text.startswith(_PEM, start) and judge(text[start:end], True)
            return Found(start, end, True) if secret else _nothing(start)
    bare = start
    start = _run_end(_SCHEME, text, start)
    if not whole and (len(text) - start < len(_PEM) or _GROUPS_SO_FAR.match(text, start)):
        return None
    # A block after the name is for its own rule, which knows where it ends.
    if text.startswith((_PEM, MASK, *_FILLED_IN_LATER), start):
        return _nothing(start)
    end = _run_end(_BARE, text, start)
    if end == len(text) and not whole:
        return None
    groups = _GROUPS.match(text, start)
    run = text[start:end] if groups is None else groups.group()
    # Without the punctuation of the sentence around it.
    value = run.rstrip(".,;:?)]}*|\\")
    if _CALL.fullmatch(run) or not judge(value, False):
        return _nothing(bare)
    return Found(start, start + len(value), True)


def _stands_in(value: str, words: frozenset[str]) -> bool:
    return (
        not value
        or value.lower() in words
        or value.startswith(_FILLED_IN_LATER)
        or MASK in value
        or _BLANK.fullmatch(value) is not None
    )


def _judge_set(value: str, quoted: bool) -> bool:
    return not _stands_in(value, _LITERALS)


def _judge_named(value: str, quoted: bool) -> bool:
    return not _stands_in(value, _LITERALS if quoted else _NOT_VALUES)


def _judge_given(value: str, quoted: bool) -> bool:
    return len(value) >= 3 and not _stands_in(value, _LITERALS) and not _ATTRIBUTE.fullmatch(value)


def _judge_hinted(value: str, quoted: bool) -> bool:
    if len(value) < 3 or _stands_in(value, _LITERALS):
        return False
    return _has_digit(value) or (len(value) >= 20 and " " not in value)


def _judge_told(value: str, quoted: bool) -> bool:
    return len(value) >= 3 and _has_digit(value) and not _stands_in(value, _LITERALS)


_RULES: Final[dict[str, _Rule]] = {
    "number": _number,
    "assignment": _assignment,
    "setting": _assignment,
    "url": _url,
    "key": _key,
    "scheme": _scheme,
    "titled_scheme": _scheme,
    "pem": _pem,
    "phrase": _phrase,
    "insurance": _insurance,
}


def _unfinished(text: str, at: int) -> int:
    """Where, from `at` on, the beginning of a secret is cut short by the end of the text."""
    while True:
        match = _UNFINISHED.search(text, at)
        if match is None:
            return len(text)
        if match.lastgroup != "phrase" or _is_told(text, match.start()):
            return match.start()
        at = match.start() + 1


def scan(text: str, at: int = 0, *, whole: bool = True) -> tuple[list[tuple[int, int]], int]:
    """The places of the secrets in `text`, and how far it is decided.

    Args:
        text: The text; what stands before `at` is looked back at, never masked.
        at: Where to begin.
        whole: False if more text may come: what that could change is left undecided.

    Returns:
        The secrets' places in order, and the place before which all is decided.
    """
    secrets: list[tuple[int, int]] = []
    limit = len(text) if whole else _unfinished(text, at)
    while True:
        match = _BEGINNING.search(text, at)
        if match is None or match.start() >= limit:
            return secrets, limit
        found = _RULES[match.lastgroup or "key"](text, match, whole)
        if found is None:
            return secrets, match.start()
        if found.secret:
            secrets.append((found.start, found.end))
        at = found.end
        if at > limit:
            limit = _unfinished(text, at)


def without(text: str, secrets: list[tuple[int, int]], start: int, end: int) -> str:
    """text[start:end] with the mask in place of each secret."""
    parts: list[str] = []
    for begin, stop in secrets:
        parts.append(text[start:begin])
        parts.append(MASK)
        start = stop
    parts.append(text[start:end])
    return "".join(parts)


def is_harmless(text: str) -> bool:
    """A cheap test that most sentences pass: nothing in `text` can be the beginning of a secret."""
    return (
        _DIGIT_OR_COLON.search(text) is None
        and "-----" not in text
        and "asic" not in text
        and "ASIC" not in text
        and "KIA" not in text
        and "SIA" not in text
    )


def redact_text(text: str) -> str:
    """`text` with every secret replaced by "[hidden]"; the same text if there is none (SEC-1).

    Args:
        text: Anything a listener is about to hear.
    """
    if is_harmless(text):
        return text
    secrets, _ = scan(text)
    return without(text, secrets, 0, len(text)) if secrets else text
