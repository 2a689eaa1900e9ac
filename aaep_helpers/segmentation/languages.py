"""What the sentence rules know about a language, built once from the data in `abbreviations.py`.

Boundary: knows languages, not streams. Unknown languages get the rules of all of them together.
Failure policy: any language tag is accepted; one nobody has described gets the universal part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from aaep_helpers.segmentation import abbreviations as data

_ALIASES: Final = {"nb": "no", "nn": "no"}


@dataclass(frozen=True, slots=True)
class LanguageRules:
    """The words that decide whether a full stop ends a sentence; all in lower case, no stop.

    Attributes:
        code: primary language subtag for the second vote, "en" for an unknown language.
        never_last: abbreviations that the sentence always goes on after.
        before_number: abbreviations only if a number or a single letter follows.
        may_be_last: abbreviations that may also end a sentence.
        calendar: short months and days, abbreviations if a number follows.
        starters: words that show, after an abbreviation, that a new sentence begins.
        ordinals: whether a number with a full stop may be an ordinal ("12. Juni").
    """

    code: str
    never_last: frozenset[str]
    before_number: frozenset[str]
    may_be_last: frozenset[str]
    calendar: frozenset[str]
    starters: frozenset[str]
    ordinals: bool


def _words(table: dict[str, str], languages: Iterable[str]) -> frozenset[str]:
    return frozenset(word for language in languages for word in table.get(language, "").split())


@cache
def _rules_for_subtag(subtag: str | None) -> LanguageRules:
    languages = list(data.STARTERS.keys() | data.NEVER_LAST.keys()) if subtag is None else [subtag]
    with_common = ["", *languages]
    starters = _words(data.STARTERS, languages)
    never_last = _words(data.NEVER_LAST, with_common)
    calendar = _words(data.MONTHS_AND_DAYS, languages)
    if subtag is None:
        # One language's abbreviation is another one's word; a letter may be anything.
        never_last -= starters - _words(data.NEVER_LAST, ["", "en"])
        never_last = frozenset(word for word in never_last if len(word) > 1)
        calendar -= never_last
    return LanguageRules(
        code=subtag or "en",
        never_last=never_last,
        before_number=_words(data.BEFORE_NUMBER, with_common),
        may_be_last=_words(data.MAY_BE_LAST, with_common),
        calendar=calendar,
        starters=starters,
        ordinals=subtag is None or subtag in data.ORDINAL_LANGUAGES,
    )


def rules_for(language: str | None) -> LanguageRules:
    """Return the rules of a language.

    Args:
        language: a BCP 47 tag, of which the primary subtag counts; None if unknown.
    """
    if language is None:
        return _rules_for_subtag(None)
    subtag = language.replace("_", "-").split("-", 1)[0].lower()
    return _rules_for_subtag(_ALIASES.get(subtag, subtag))
