"""The characters that sentence rules turn on, as classes to be put between brackets in a pattern.

Boundary: data only. Stops follow the Unicode property Sentence_Break (STerm and ATerm) for living
scripts.
"""

# Punctuation of many scripts is the subject here, look-alikes included.
# ruff: noqa: RUF001

from __future__ import annotations

from typing import Final

# Stops that may stand inside a word, a number or a name.
DOTS: Final = ".…‥․"
# Stops after which the next sentence may follow without white space.
WIDE_STOPS: Final = "。！？｡．﹒﹖﹗︒︕︖።፧፨။។៕᠃᠉⁇⁈⁉‼꓿"
# Stops of scripts that put white space after them.
SPACED_STOPS: Final = "!?؟۔؝؞।॥։‽⸮܀܁܂߹᙮᜵᜶᥄᥅᪨᪩᪪᪫᭚᭛᭞᭟᰻᰼᱾᱿꘎꘏꛳꛷꡶꡷꣎꣏꤯꧈꧉꩝꩞꩟꫰꫱꯫"
STOPS: Final = DOTS + WIDE_STOPS + SPACED_STOPS

QUOTES: Final = "\"'“”„‟‘’‚‛«»‹›"
CJK_OPENING_QUOTES: Final = "「『“‘《"
CJK_CLOSING_QUOTES: Final = "」』”’》"
OPENING_BRACKETS: Final = "([（［「『【《〈〔〖"
CLOSING_BRACKETS: Final = ")]）］」』】》〉〕〗"
# Marks of writing direction and the like: present in the text, absent from the page.
INVISIBLE: Final = "\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
# Emphasis and strike-through of Markdown.
EMPHASIS: Final = "*_~"

# What may stand between a stop and the end of its sentence.
CLOSERS: Final = "\"'“”’»›)}*_~」』）】》〉〕〗］⁰¹²³⁴⁵⁶⁷⁸⁹" + INVISIBLE
# What may stand between the start of a sentence and its first word.
OPENERS: Final = "\"'“”„‟‘‚«»‹¿¡([{*_~#「『（【《〈〔〖［" + INVISIBLE
# What never begins a sentence on the same line.
CONTINUATIONS: Final = ",;:)]}.…·|&+=<>/\\–—―−、，；：）］」』】》〉-"

EMOJI: Final = (
    "\u203c\u2049\u2122\u2139\u231a-\u231b\u23e9-\u23fa\u2600-\u2775\u2794-\u27bf\u2934\u2935"
    "\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\u20e3\u200d\ufe0f"
    "\U0001f000-\U0001faff\U000e0020-\U000e007f"
)

# Scripts written without spaces between words.
UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
HAN_AND_KANA: Final = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
ARMENIAN: Final = "\u0531-\u0587\u055b-\u055e"
GREEK: Final = "\u0370-\u037d\u037f-\u03ff\u1f00-\u1fff"

# After these a clause ends, a place to breathe; the wide ones need no space after them.
WIDE_CLAUSE_ENDS: Final = "、，；："
CLAUSE_ENDS: Final = ",;:·،؛–—" + WIDE_CLAUSE_ENDS
APOSTROPHES: Final = "'’"
DASHES: Final = "–—―-"
# Also a decimal point.
WIDE_DOT: Final = "．"
COLONS: Final = ":："
WIDE_OPENING_PARENTHESIS: Final = "（"
WIDE_CLOSING_PARENTHESIS: Final = "）"

BULLETS: Final = "•‣⁃◦∙▪▫●○■□–—*+-"


def as_class(characters: str) -> str:
    """Put characters between brackets, so that a pattern can use them.

    Args:
        characters: single characters, and ranges with a hyphen.
    """
    special = str.maketrans({char: chr(92) + char for char in chr(92) + "[]"})
    return f"[{characters.translate(special)}]"
