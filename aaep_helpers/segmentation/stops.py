"""Does this full stop end its sentence? The judgement of one stop in its context.

Boundary: a pure function of a text and offsets into it; the state of the stream (open brackets,
code, lines) belongs to `scanner.py`.
Failure policy: when the right context has not come yet the verdict is WAIT, and a verdict once given
never changes with more text, so that the way the text was cut into tokens does not matter.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, NamedTuple

from aaep_helpers.segmentation import characters as ch
from aaep_helpers.segmentation.blocks import skip_white_space
from aaep_helpers.segmentation.languages import LanguageRules
from aaep_helpers.segmentation.second_vote import vote

_LONGEST_WORD: Final = 40

_CLOSERS: Final = ch.as_class(ch.CLOSERS)
_CLUSTER: Final = re.compile(
    rf"{ch.as_class(ch.STOPS)}+(?:{_CLOSERS}|\[\^?\w{{1,3}}\]|\](?!\()|{ch.as_class(ch.STOPS)}"
    rf"|{ch.as_class(ch.EMOJI)}|[^\S\n]+»(?=\s))*"
)
_EMOJI: Final = re.compile(f"{ch.as_class(ch.EMOJI)}(?:{ch.as_class(ch.EMOJI)}|[^\\S\\n])*")
_OPENERS: Final = re.compile(f"{ch.as_class(ch.OPENERS)}*")
_WORD: Final = re.compile(rf"[^\W_]+(?:[{ch.APOSTROPHES}][^\W_]+)*")
_SPACED_DOTS: Final = re.compile(r"(?:\.[ \u00a0]+)+\.(?=[^.\w]|$)")
_WIDE: Final = re.compile(ch.as_class(ch.WIDE_STOPS))
_HAN_OR_KANA: Final = re.compile(ch.as_class(ch.HAN_AND_KANA))
_INVISIBLE: Final = re.compile(ch.as_class(ch.INVISIBLE))
_ROMAN: Final = re.compile(r"[IVXLC]+")
_ACRONYM: Final = re.compile(r"[^\W\d_]{1,3}(?:\.-?[^\W\d_]{1,3})+")
_WORD_EDGE: Final = ch.OPENERS + ch.DASHES + ch.APOSTROPHES + "`/"
_CJK_CLOSING_QUOTES: Final = ch.CJK_CLOSING_QUOTES


class Verdict(Enum):
    """What a stop turned out to be."""

    BOUNDARY = "boundary"
    INSIDE = "inside"
    WAIT = "wait"


class Judgement(NamedTuple):
    """The verdict on a stop.

    Attributes:
        verdict: whether a sentence ends here.
        at: for a boundary, where to cut; else where to look on.
    """

    verdict: Verdict
    at: int


class View(NamedTuple):
    """What is known when a stop is judged.

    Attributes:
        text: the text the offsets refer to.
        begin: offset where the sentence began.
        end: offset where the view ends.
        final: whether nothing follows the view.
        rules: the language's rules.
    """

    text: str
    begin: int
    end: int
    final: bool
    rules: LanguageRules


def judge_stop(view: View, stop: int) -> Judgement:
    """Judge the stop at offset `stop`, which lies outside code and brackets.

    Args:
        view: the text and what is known about it.
        stop: offset of the first stop of a cluster such as `?!` or `."`.
    """
    text, end = view.text, view.end
    cluster = _cluster_end(text, stop, end)
    if cluster == end:
        return _at_end(view, stop)
    gap = skip_white_space(text, cluster, end)
    if gap == cluster and not _needs_no_space(text, stop, cluster):
        return Judgement(Verdict.INSIDE, cluster)
    if gap == end:
        return _at_end(view, stop)
    cut = _after_emoji(text, cluster, gap, end)
    if cut == end:
        return _at_end(view, stop)
    same_line = text.find("\n", cluster, cut) < 0
    first = text[cut]
    if first in ch.CONTINUATIONS and same_line:
        opens_with_dots = text.startswith("...", cut) or first == "…"
        if not opens_with_dots or text[cluster - 1] in " .":
            return Judgement(Verdict.INSIDE, cluster)
    elif first in ",;:)]}":
        return Judgement(Verdict.INSIDE, cluster)
    opening = _OPENERS.match(text, cut, end)
    letter = opening.end() if opening else cut
    while letter < end and text[letter] in ch.DASHES + ch.DOTS:
        letter += 1
    if letter == end:
        return _at_end(view, stop)
    if text[letter].islower():
        return Judgement(Verdict.INSIDE, cluster)
    return _weigh(view, stop, cluster, cut, letter)


def _at_end(view: View, stop: int) -> Judgement:
    if view.final:
        return Judgement(Verdict.BOUNDARY, view.end)
    return Judgement(Verdict.WAIT, stop)


def _cluster_end(text: str, stop: int, end: int) -> int:
    spaced = _SPACED_DOTS.match(text, stop, end)
    match = _CLUSTER.match(text, spaced.end() - 1 if spaced else stop, end)
    return match.end() if match else stop + 1


def _needs_no_space(text: str, stop: int, cluster: int) -> bool:
    """After a wide stop the next sentence follows at once, unless a quotation goes on."""
    following = text[cluster]
    if following in ch.CONTINUATIONS or following in ch.CLOSING_BRACKETS:
        return False
    if text[cluster - 1] in _CJK_CLOSING_QUOTES:
        return following in ch.OPENERS
    if _WIDE.match(text, stop) is None:
        both = text[stop - 1 : stop] + following
        return text[stop] in "!?" and len(_HAN_OR_KANA.findall(both)) == 2
    return not (text[stop] == ch.WIDE_DOT and following.isdigit())


def _after_emoji(text: str, cluster: int, gap: int, end: int) -> int:
    """An emoji on the same line closes the sentence it follows: cut after it, not before."""
    if text.find("\n", cluster, gap) >= 0:
        return gap
    match = _EMOJI.match(text, gap, end)
    if match is None:
        return gap
    after = skip_white_space(text, match.end(), end)
    return after if after == end or text[after - 1].isspace() else gap


def _weigh(view: View, stop: int, cluster: int, cut: int, letter: int) -> Judgement:
    """Decide by the stop itself and the word before it, now that the next one is not lower case."""
    text = view.text
    inside = Judgement(Verdict.INSIDE, cluster)
    boundary = Judgement(Verdict.BOUNDARY, cut)
    run = text[stop:cluster]
    if run.count(".") == run.count(". ") + 1 and 2 <= run.count(".") <= 3 and ". " in run:
        return inside
    if stop and text[stop - 1] in "[(":
        return inside
    if run[0] != "." or run.startswith(".."):
        return boundary
    word = _word_before(text, stop)
    lists_word = word.lower() in view.rules.before_number
    if not word or not (word[-1].isalnum() or lists_word):
        return boundary
    if _is_plain(word, view.rules):
        return boundary
    next_word = _WORD.match(text, letter, min(view.end, letter + _LONGEST_WORD))
    context = next_word.end() if next_word else letter + 1
    if context == view.end and not view.final:
        return Judgement(Verdict.WAIT, stop)
    following = text[letter:context]
    if not _ends_sentence(word, text[cut], following, view.rules):
        return inside
    agreed = vote(view.rules.code, text, view.begin, cut, context)
    return inside if agreed is False else boundary


def _word_before(text: str, stop: int) -> str:
    start = stop
    earliest = max(0, stop - _LONGEST_WORD)
    while start > earliest and not text[start - 1].isspace():
        start -= 1
    return _INVISIBLE.sub("", text[start:stop]).lstrip(_WORD_EDGE)


def _is_plain(word: str, rules: LanguageRules) -> bool:
    """A word of small letters that no language data lists ends its sentence without more ado."""
    if len(word) < 3 or not word.isalpha() or word[1:] != word[1:].lower():
        return False
    lowered = word.lower()
    if lowered in rules.never_last or lowered in rules.may_be_last:
        return False
    if lowered in rules.before_number or lowered in rules.calendar:
        return False
    return word == lowered or len(word) > 4


def _ends_sentence(word: str, first: str, following: str, rules: LanguageRules) -> bool:
    """Weigh a number, an initial, an abbreviation or a short word before the stop.

    Args:
        word: what stands before the stop, in its own case.
        first: the first visible character after it.
        following: the first word after it.
        rules: the language's rules.
    """
    lowered = word.lower()
    starts = following.lower() in rules.starters
    numeric = following[:1].isdigit() or _ROMAN.fullmatch(following) is not None
    if word[-1].isdigit():
        return _number_ends(word, following, rules, starts=starts)
    if lowered in rules.before_number and (numeric or len(following) == 1):
        return False
    if lowered in rules.calendar:
        return not numeric
    if lowered in rules.may_be_last:
        return starts and first not in "(["
    if lowered in rules.never_last:
        return False
    if len(word) == 1 or _ACRONYM.fullmatch(word):
        return starts and len(following) > 1
    if rules.ordinals and _ROMAN.fullmatch(word):
        return starts
    return True


def _number_ends(word: str, following: str, rules: LanguageRules, *, starts: bool) -> bool:
    if not word.isdigit() or len(word) > 2:
        return True
    if following[:1].isdigit():
        return False
    return starts or not rules.ordinals
