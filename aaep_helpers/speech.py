"""The speech form of a text: what is said when marks for the eye are left out (known-failures 42).

Markdown and HTML marks go, their words stay: headings, list items, table cells, link texts, the code
inside fences. A bare URL becomes its host. The ends of such lines become full stops, which a voice
needs. Boundary: text to text, of a whole answer or of any piece of one; no language of its own.
Failure policy: total; what is not understood is left as it is.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final

# Without any of these a text is its own speech form, as most are.
_MARKED: Final = re.compile(
    r"[*_`#\[\]<>|~\\\x00-\x1f\x7f-\x9f\u00a0\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
    r"|&[A-Za-z#]|://|www\.|mailto:|  |\A\s|\s\Z|\A(?:[-+\u2022]\s|-{3}|={3})",
    re.IGNORECASE,
)
# Line breaks and tabs apart, characters nobody hears. Joiners stay: emoji and Persian need them.
_SILENT: Final = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)

_FENCE: Final = re.compile(r"(?:`{3,}|~{3,})[^`]*")
_RULE: Final = re.compile(r"(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,}|={3,}")
_TABLE_RULE: Final = re.compile(r"\|?[\s|:\-]*--[\s|:\-]*\|[\s|:\-]*|\|[\s:]*-+[\s:]*\|")
_DEFINITION: Final = re.compile(r"\[[^\[\]]{1,200}\]:\s+<?\S+:\S*>?.*")
_HEADING: Final = re.compile(r"#{1,6}\s+(.*?)(?:\s+#+)?")
_ITEM: Final = re.compile(r"[-*+\u2022]\s+(?:\[([ xX])\]\s+)?")
_QUOTE: Final = re.compile(r"(?:>\s?)+(?!\d|=)")

_IMAGE_OR_LINK: Final = re.compile(
    r"!?\[([^\[\]]{0,1000})\](?:\((?:[^()\s]|\([^()\s]*\)){0,2000}(?:\s+[\"'][^\"']{0,200}[\"'])?\)"
    r"|\[[^\[\]]{0,200}\])"
)
_FOOTNOTE: Final = re.compile(r"\[\^[^\[\]\s]{1,40}\]:?")
_URL: Final = re.compile(
    r"<?\b(?:(?:https?|ftp|wss?)://|(?=www\.\w))((?:[^\s<>()\"'`\[\]|]|\([^\s<>()\"'`]*\))+)>?",
    re.IGNORECASE,
)
_MAIL: Final = re.compile(r"<?\bmailto:([^\s<>()\"'?]+)(?:\?[^\s<>()\"']*)?>?", re.IGNORECASE)
_TAG: Final = re.compile(
    r"</?(?:a|b|blockquote|br|code|del|details|div|em|h[1-6]|hr|i|img|ins|kbd|li|mark|ol|p|pre|s|small"
    r"|span|strong|sub|summary|sup|table|tbody|td|th|thead|tr|u|ul)(?:\s[^<>]{0,500})?/?>"
    r"|<!--[^<>]{0,1000}-->",
    re.IGNORECASE,
)
_ENTITY: Final = re.compile(
    r"&(?:amp;)*(?:[A-Za-z][A-Za-z0-9]{1,30}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});"
)
_ESCAPE: Final = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>~])")
_MARKS: Final = re.compile(r"\*+|_+|~~+")

# The stops of several scripts: after one of them no other is put.
_STOPS: Final = tuple(
    ".!?:;,\u2026\u3002\uff01\uff1f\uff1a\uff1b\u3001\uff0c\u0964\u061f\u060c\u061b"
)
_BEHIND_URL: Final = ".,;:!?*_~"
_PATH: Final = re.compile(r"[/?#\\]")
_PORT: Final = re.compile(r":\d*\Z")
_MAX_PASSES: Final = 8


def speakable(text: str) -> str:
    """`text` as it is said: without the marks of Markdown and HTML, URLs as hosts, on one line.

    Args:
        text: A whole answer or a piece of it, such as a sentence.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    # A mark may come to light when another goes: "&#42;", "\\*", a link inside emphasis.
    for _ in range(_MAX_PASSES):
        if _MARKED.search(text) is None:
            break
        plain = unicodedata.normalize("NFC", _plain(text))
        if plain == text:
            break
        text = plain
    return text


def _plain(text: str) -> str:
    """One pass: lines first, then what stands inside them."""
    lines = _SILENT.sub("", text).splitlines()
    said = _joined([_line(line.strip()) for line in lines]) if lines else ""
    said = _FOOTNOTE.sub("", _ESCAPE.sub(r"\1", said))
    said = _IMAGE_OR_LINK.sub(r"\1", said)
    said = _URL.sub(_host, _MAIL.sub(r"\1", said))
    said = _ENTITY.sub(_entity, _TAG.sub(" ", said)).replace("`", "")
    return " ".join(_MARKS.sub(_mark, said).split())


def _line(line: str) -> tuple[str, bool]:
    """A line's words, and whether it stands alone: a heading, an item, a row, or nothing at all."""
    if not line or _FENCE.fullmatch(line) or _RULE.fullmatch(line) or _TABLE_RULE.fullmatch(line):
        return "", True
    if _DEFINITION.fullmatch(line):
        return "", True
    line = line[_end(_QUOTE, line) :]
    heading = _HEADING.fullmatch(line)
    if heading is not None:
        return heading.group(1), True
    item = _ITEM.match(line)
    if item is not None:
        done = item.group(1) in ("x", "X")
        return ("\u2713 " if done else "") + line[item.end() :], True
    if len(line) > 1 and line[0] == line[-1] == "|":
        cells = (cell.strip() for cell in line.strip("|").split("|"))
        return ", ".join(cell for cell in cells if cell), True
    return line, line[:2].strip(".)").isdigit()


def _end(pattern: re.Pattern[str], line: str) -> int:
    match = pattern.match(line)
    return 0 if match is None else match.end()


def _joined(lines: list[tuple[str, bool]]) -> str:
    """The lines as one; where one stands alone a voice pauses, so it ends in a full stop."""
    said: list[str] = []
    alone_before = False
    for words, alone in lines:
        if (alone or alone_before) and said and not said[-1].endswith(_STOPS):
            said[-1] += "."
        if words:
            said.append(words)
            alone_before = alone
    return " ".join(said)


def _host(match: re.Match[str]) -> str:
    """Who a URL leads to, with the punctuation that only stands behind it."""
    rest = match.group(1)
    url = rest.rstrip(_BEHIND_URL)
    authority = _PATH.split(url, maxsplit=1)[0].rpartition("@")[2]
    return _PORT.sub("", authority).removeprefix("www.") + rest[len(url) :]


def _entity(match: re.Match[str]) -> str:
    # "&amp;lt;" was escaped twice; however often it was, it is undone at once.
    name = match.group()[1:]
    while name.startswith("amp;") and len(name) > 4:
        name = name[4:]
    return html.unescape("&" + name)


def _mark(match: re.Match[str]) -> str:
    """A run of stars, underscores or tildes, if it is not arithmetic, a name, a glob or a blank."""
    text = match.string
    before = text[match.start() - 1 : match.start()]
    after = text[match.end() : match.end() + 1]
    run = match.group()
    if before.isspace() and after.isspace():
        return run
    if run[0] == "_":
        between = _is_of_word(before) and _is_of_word(after)
    elif run[0] == "*":
        # Between ASCII only: Chinese and Japanese put emphasis inside a run of letters.
        between = (_is_of_sum(before) and _is_of_sum(after)) or (
            not before.strip() and after == "."
        )
    else:
        between = False
    return run if between else ""


def _is_of_word(char: str) -> bool:
    return char.isalnum()


def _is_of_sum(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char in ("(", ")"))
