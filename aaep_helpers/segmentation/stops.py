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
from unicodedata import category

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
_OPENERS: Final = re.compile(rf"(?:«[^\S\n]|{ch.as_class(ch.OPENERS)})*")
_WORD: Final = re.compile(rf"[^\W_]+(?:[{ch.APOSTROPHES}][^\W_]+)*")
_SPACED_DOTS: Final = re.compile(r"(?:\.[ \u00a0]+)+\.(?=[^.\w]|$)")
_WIDE: Final = re.compile(ch.as_class(ch.WIDE_STOPS))
_HAN_OR_KANA: Final = re.compile(ch.as_class(ch.HAN_AND_KANA))
_INVISIBLE: Final = re.compile(ch.as_class(ch.INVISIBLE))
_ROMAN: Final = re.compile(r"[IVXLC]+")
_ACRONYM: Final = re.compile(r"[^\W\d_]{1,3}(?:\.-?[^\W\d_]{1,3})+")
_EDGE: Final = ch.OPENERS + ch.BULLETS + " \t\n"
_VOWELLESS: Final = re.compile(r"[b-df-hj-np-tv-xz]{2,4}")
_AFTER_NUMBER: Final = re.compile(r"\d\s?\Z")
_LAST_ABBREVIATION: Final = re.compile(r"(\S+)\.\s*\Z")
_ELISION: Final = re.compile(rf"[^\W\d_]{{1,5}}[{ch.APOSTROPHES}](?=\w\w)")
_WORD_EDGE: Final = ch.OPENERS + ch.BULLETS + ch.DASHES + ch.APOSTROPHES + "`/"


class Verdict(Enum):
    """What a stop turned out to be."""

    BOUNDARY = "boundary"
    INSIDE = "inside"
    WAIT = "wait"


class Evidence(Enum):
    """What the words around a stop say for a boundary there."""

    NONE = "none"
    SOME = "some"
    STRONG = "strong"


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
    if gap == cluster and not _needs_no_space(text, view.begin, stop, cluster):
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
        name = _WORD.match(text, letter, min(end, letter + _LONGEST_WORD))
        name_end = name.end() if name else letter + 1
        if name_end == end and not view.final:
            return Judgement(Verdict.WAIT, stop)
        # A name such as "iPhone" may open a sentence; other small letters go on with it.
        if text[letter:name_end].islower():
            return Judgement(Verdict.INSIDE, cluster)
    return _weigh(view, stop, cluster, cut, letter)


def looks_finished(view: View, stop: int) -> bool:
    """Tell whether the stop at offset `stop` ends the text and, as far as one knows, its sentence.

    Args:
        view: the text and what is known about it.
        stop: offset of the first stop of a cluster, outside code and brackets.
    """
    cluster = _cluster_end(view.text, stop, view.end)
    if skip_white_space(view.text, cluster, view.end) < view.end:
        return False
    if view.text[stop] != "." or cluster - stop > 1:
        return True
    word = _word_before(view.text, stop)
    if not _may_be_short_for_something(word, view.rules) or _is_plain(word, view.rules):
        return True
    return not word[-1].isdigit() and _evidence(word, "", "", "", view.rules) is Evidence.SOME


def _at_end(view: View, stop: int) -> Judgement:
    if view.final:
        return Judgement(Verdict.BOUNDARY, view.end)
    return Judgement(Verdict.WAIT, stop)


def _cluster_end(text: str, stop: int, end: int) -> int:
    spaced = _SPACED_DOTS.match(text, stop, end)
    match = _CLUSTER.match(text, spaced.end() - 1 if spaced else stop, end)
    return match.end() if match else stop + 1


def _needs_no_space(text: str, begin: int, stop: int, cluster: int) -> bool:
    """After a wide stop the next sentence follows at once, unless a quotation goes on."""
    following = text[cluster]
    if following in ch.CONTINUATIONS or following in ch.CLOSING_BRACKETS:
        return False
    if text[cluster - 1] in ch.CJK_CLOSING_QUOTES:
        return following in ch.OPENERS or _is_introduced(text, begin, stop)
    if _WIDE.match(text, stop) is None:
        both = text[stop - 1 : stop] + following
        return text[stop] in "!?" and len(_HAN_OR_KANA.findall(both)) == 2
    return not (text[stop] == ch.WIDE_DOT and following.isdigit())


def _is_introduced(text: str, begin: int, stop: int) -> bool:
    """Whether a colon leads to the quotation that ends here, which then ends the sentence."""
    opening = max(text.rfind(mark, begin, stop) for mark in ch.CJK_OPENING_QUOTES)
    return opening > begin and text[opening - 1] in ch.COLONS


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
    if not _may_be_short_for_something(word, view.rules):
        return boundary
    if _is_label(word) and not _INVISIBLE.sub("", text[view.begin : stop - len(word)]).strip(_EDGE):
        return inside
    if _is_plain(word, view.rules):
        return boundary
    next_word = _WORD.match(text, letter, min(view.end, letter + _LONGEST_WORD))
    context = next_word.end() if next_word else letter + 1
    if context == view.end and not view.final:
        return Judgement(Verdict.WAIT, stop)
    following = text[letter:context]
    before = text[max(0, stop - len(word) - _LONGEST_WORD) : stop - len(word)]
    evidence = _evidence(word, before, text[cut], following, view.rules)
    if evidence is Evidence.SOME:
        agreed = vote(view.rules.code, text, view.begin, cut, context)
        return inside if agreed is False else boundary
    return boundary if evidence is Evidence.STRONG else inside


def _word_before(text: str, stop: int) -> str:
    start = stop
    earliest = max(0, stop - _LONGEST_WORD)
    while start > earliest and not text[start - 1].isspace():
        start -= 1
    return _INVISIBLE.sub("", text[start:stop]).lstrip(_WORD_EDGE)


def _may_be_short_for_something(word: str, rules: LanguageRules) -> bool:
    if not word:
        return False
    # A vowel sign is no letter, but Indic abbreviations end with one.
    return word[-1].isalnum() or category(word[-1])[0] == "M" or word.lower() in rules.before_number


def _is_label(word: str) -> bool:
    """A number or a letter alone is an item's label rather than a sentence."""
    return word.isdecimal() or len(word) == 1


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


def _evidence(word: str, before: str, first: str, following: str, rules: LanguageRules) -> Evidence:
    """Weigh a number, an initial, an abbreviation or a short word before the stop.

    Args:
        word: what stands before the stop, in its own case.
        before: some of the text before the word.
        first: the first visible character after the stop.
        following: the first word after it.
        rules: the language's rules.
    """
    lowered = _ELISION.sub("", word.lower())
    numeric = following[:1].isdigit()
    if lowered in rules.before_number and (numeric or _is_number_or_letter(following)):
        return Evidence.NONE
    if word[-1].isdigit():
        return _evidence_after_number(word, before, following, rules)
    if lowered in rules.calendar:
        next_too = numeric or following.lower() in rules.calendar
        return Evidence.NONE if next_too else Evidence.SOME
    starts = following.lower() in rules.starters and first not in "(["
    if lowered in rules.may_be_last:
        return Evidence.STRONG if starts else Evidence.NONE
    if lowered in rules.never_last:
        return Evidence.NONE
    if len(word) <= 2 and not numeric and _AFTER_NUMBER.search(before):
        return Evidence.STRONG if starts else Evidence.SOME
    if len(word) == 1 or _ACRONYM.fullmatch(word) or (rules.ordinals and _ROMAN.fullmatch(word)):
        return Evidence.STRONG if starts and len(following) > 1 else Evidence.NONE
    if starts or "." in word:
        return Evidence.STRONG
    short_name = numeric and len(word) <= 4 and word[0].isupper() and not word.isupper()
    if short_name or (word[1:].islower() and _VOWELLESS.fullmatch(lowered)):
        return Evidence.NONE
    return Evidence.SOME


def _is_number_or_letter(word: str) -> bool:
    return word[:1].isdigit() or len(word) == 1 or _ROMAN.fullmatch(word) is not None


def _evidence_after_number(
    word: str, before: str, following: str, rules: LanguageRules
) -> Evidence:
    if following.lower() in rules.starters:
        return Evidence.STRONG
    if not word.isdigit() or len(word) > 2:
        return Evidence.SOME
    if following[:1].isdigit():
        return Evidence.NONE
    reference = _LAST_ABBREVIATION.search(before)
    if reference is not None and reference[1].lower() in rules.before_number:
        # "No. 7." is no ordinal.
        return Evidence.SOME
    return Evidence.NONE if rules.ordinals else Evidence.SOME
