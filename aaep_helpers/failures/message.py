"""An exception's own message, if a person can be told it (D8, SEC-1).

Boundary: picks and cleans words, adds none. Failure policy: in doubt None, and the caller says its own
sentence.
"""

from __future__ import annotations

import re
from typing import Final

from aaep_helpers.failures.classify import classify
from aaep_helpers.failures.kinds import SIGN_IN
from aaep_helpers.failures.reading import class_names, is_a, item, message, read, text
from aaep_helpers.redaction import redact_text
from aaep_helpers.speech import speakable

MAX_LENGTH: Final = 200

# Where the words end and a dump begins: a dict, a list of dicts, a repr, a traceback, markup.
_DUMP: Final = re.compile(
    r"[{}]|\[(?=[\[{'\"(])|<(?=[A-Za-z/!?])|\bobject at 0x|\b0x[0-9a-f]{6,}|Traceback \(most recent"
    r"|\(type=|\bFile \"|\\[nrt]|={3,}|\b[A-Za-z_]\w*\([^)]*=",
)
_CLASS_BEFORE: Final = re.compile(
    r"(?:[A-Za-z_][\w.]*\.)?[A-Z]\w*(?:Error|Exception|Warning|Exit): +"
)
_NUMBER_BEFORE: Final = re.compile(r"\[(?:Errno|WinError|SSL:[^\]]*) ?-?\d*\] *")
_LABEL: Final = re.compile(
    r"(?:Error code|HTTP|HTTP Error|Status|Error):? ?\d{3}\b[ :.,-]*", re.IGNORECASE
)
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
# Messages that are a key or an object rather than a sentence.
_NOT_SENTENCES: Final = frozenset({"KeyError", "ValidationError", "StopIteration", "SystemExit"})


def error_text(error: BaseException) -> str | None:
    """The reason as the exception gives it: one line, no secrets, no dumps; None if not fit to say.

    Args:
        error: Any exception.

    Returns:
        At most 200 characters, for the error_message of a tool.
    """
    if not _NOT_SENTENCES.isdisjoint(class_names(error)[:-2]):
        return None
    if classify(error).code == SIGN_IN.code:
        return None  # Services repeat the key they did not accept, in whatever shape it has.
    for found in (*_offered(error), message(error)):
        words = _sentence(found)
        if words is not None:
            return words
    return None


def _offered(error: BaseException) -> tuple[str, ...]:
    """Where libraries put the plain message beside the one with everything in it."""
    body = read(error, "body")
    inner = item(body, "error")
    return (
        text(item(inner, "message")),
        text(item(body, "message")),
        text(item(item(read(error, "response"), "Error"), "Message")),
        text(OSError.__dict__["strerror"].__get__(error)) if is_a(error, OSError) else "",
    )


def _sentence(found: str) -> str | None:
    # Redact the whole before cutting: half a secret is not recognised any more.
    line = next((line for line in redact_text(found).splitlines() if line.strip()), "").strip()
    for before in (_CLASS_BEFORE, _NUMBER_BEFORE, _LABEL):
        match = before.match(line)
        if match is not None:
            line = line[match.end() :]
    dump = _DUMP.search(line)
    if dump is not None:
        line = line[: dump.start()].rstrip(" -:,;([=\"'")
    line = speakable(line)
    if len(line) > MAX_LENGTH:
        # At a space, which is never inside a grapheme (D7); text without one is not speech.
        line = line[:MAX_LENGTH].rpartition(" ")[0].rstrip(" ,;:-") + "…"
    return line if len(_WORD.findall(line)) >= 2 else None
