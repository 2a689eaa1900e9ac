"""Finds sentence and paragraph ends in text that grows: the state of a stream between its tokens.

Boundary: knows Markdown and stops, not buffers or caps; offsets are into the text the caller holds.
Failure policy: an undecided spot is left for later, and what has been looked at is never looked at
again, so that the work is proportional to the text.
"""

from __future__ import annotations

import re
from typing import Final

from aaep_helpers.segmentation import characters as ch
from aaep_helpers.segmentation.blocks import (
    LineKind,
    closes_fence,
    is_blank_line,
    next_inline_item,
    read_line_head,
    skip_white_space,
)
from aaep_helpers.segmentation.languages import rules_for
from aaep_helpers.segmentation.stops import Judgement, Verdict, View, judge_stop, looks_finished
from aaep_helpers.vocabulary import Boundary

# An opening bracket that has not been closed within this many code points was no bracket.
_LONGEST_BRACKET: Final = 240
# Code points of released text that the caller keeps before what it holds.
KEPT_CONTEXT: Final = 48

_SCRIPT_STOPS: Final = rf"(?<={ch.as_class(ch.ARMENIAN)}):|(?<={ch.as_class(ch.GREEK)});"
_SPECIAL: Final = re.compile(
    rf"[\n`{re.escape(ch.OPENING_BRACKETS + ch.CLOSING_BRACKETS)}"
    rf"{ch.STOPS}]|{_SCRIPT_STOPS}"
)
_TRIGGER: Final = re.compile(rf"[\n{ch.STOPS}]")
_TRIGGER_WITH_SCRIPT_STOPS: Final = re.compile(rf"[\n{ch.STOPS}:;]")
_LINE_END: Final = re.compile(r"\n")

Cut = tuple[int, Boundary]


class BlockScanner:
    """Finds the ends of paragraphs: blank lines outside code, and the ends of code blocks.

    Attributes:
        trigger: what a text must contain so that scanning it may find anything.
        waiting: whether a spot is undecided until more text comes.
    """

    trigger: re.Pattern[str] = _LINE_END
    _special: re.Pattern[str] = _LINE_END

    def __init__(self) -> None:
        self.waiting = False
        self._at = 0
        self._begin = 0
        self._line_start = True
        self._line = LineKind.TEXT
        self._fence = ""
        self._block_over = False

    @property
    def in_code_block(self) -> bool:
        """Whether the scanner stands inside a fenced code block."""
        return bool(self._fence)

    def next_cut(self, text: str, begin: int, end: int, *, final: bool) -> Cut | None:
        """Find the next place to cut.

        Args:
            text: what the caller holds; the offsets refer to it.
            begin: offset of what has not been released yet.
            end: offset where the view ends.
            final: whether nothing follows the view.

        Returns:
            The offset after the cut's left side and what ends there; None if there is no more to be
            found in this view.
        """
        self._begin = begin
        self.waiting = False
        while self._at < end:
            found = self._step(text, end, final=final)
            if found is not None:
                self._start_sentence(text, found[0])
                return found
            if self.waiting:
                return None
        return None

    def forced_cut(self, text: str, at: int) -> None:
        """Take note that the text was cut at `at` for another reason than a boundary there.

        An undecided spot shortly before the cut stays in view, as the caller keeps some context.
        """
        earliest = at - KEPT_CONTEXT
        if self._at < earliest:
            self._line_start = self._line_start or text.find("\n", self._at, earliest) >= 0
            self._at = earliest

    def shift(self, removed: int) -> None:
        """Take note that `removed` code points at the start of the text are gone."""
        self._at -= removed

    def _start_sentence(self, text: str, at: int) -> None:
        self._line_start = self._line_start or text.find("\n", self._at, at) >= 0
        self._at = at

    def _wait(self) -> None:
        self.waiting = True

    def _step(self, text: str, end: int, *, final: bool) -> Cut | None:
        if self._line_start:
            return self._read_line_start(text, end, final=final)
        if self._fence:
            return self._in_fence(text, end, final=final)
        match = self._special.search(text, self._at, end)
        if match is None:
            self._at = end
            return None
        self._at = match.start()
        return self._special_character(text, end, final=final)

    def _read_line_start(self, text: str, end: int, *, final: bool) -> Cut | None:
        head = read_line_head(text, self._at, end, final=final)
        if head is None:
            self._wait()
            return None
        self._line_start = False
        self._line = head.kind
        self._fence = head.fence
        self._at = max(self._at, head.end)
        return None

    def _in_fence(self, text: str, end: int, *, final: bool) -> Cut | None:
        newline = text.find("\n", self._at, end)
        if newline < 0:
            self._at = end
            return None
        self._at = newline
        closes = closes_fence(text, newline + 1, end, self._fence, final=final)
        if closes is None:
            self._wait()
        elif closes:
            self._fence = ""
            self._block_over = True
            after = text.find("\n", newline + 1, end)
            self._at = end if after < 0 else after
        else:
            self._at = newline + 1
        return None

    def _special_character(self, text: str, end: int, *, final: bool) -> Cut | None:
        return self._newline(text, end, final=final)

    def _newline(self, text: str, end: int, *, final: bool) -> Cut | None:
        newline = self._at
        following = skip_white_space(text, newline, end)
        if following == end and not final:
            self._wait()
            return None
        if self._block_over or is_blank_line(text, newline, following):
            self._leave_line(following)
            return following, "paragraph"
        line = text.rfind("\n", newline, following) + 1
        head = read_line_head(text, line, end, final=final)
        if head is None:
            self._wait()
            return None
        ends = self._block_ends(text, newline, following, head.kind)
        self._leave_line(following if ends else line)
        return (following, "sentence") if ends else None

    def _leave_line(self, at: int) -> None:
        self._line_start = True
        self._block_over = False
        self._at = at

    def _block_ends(self, text: str, newline: int, following: int, head: LineKind) -> bool:
        del text, newline, following, head
        return False


class SentenceScanner(BlockScanner):
    """Finds the ends of sentences, which every end of a block is too.

    Args:
        language: a BCP 47 tag, or None if the language is unknown.
    """

    trigger = _TRIGGER
    _special = _SPECIAL

    def __init__(self, language: str | None) -> None:
        super().__init__()
        self._rules = rules_for(language)
        self._brackets: list[int] = []
        if language is None or self._rules.code in ("el", "hy"):
            self.trigger = _TRIGGER_WITH_SCRIPT_STOPS

    def shift(self, removed: int) -> None:
        """Take note that `removed` code points at the start of the text are gone."""
        super().shift(removed)
        self._brackets = [at - removed for at in self._brackets if at >= removed]

    def is_finished(self, text: str, begin: int, end: int) -> bool:
        """Tell whether the text would be a finished sentence if nothing followed."""
        if not self.waiting or self._fence or self._line_start or text[self._at] not in ch.STOPS:
            return False
        if self._still_in_bracket(text, end):
            return False
        view = View(text, begin, end, True, self._rules)
        return looks_finished(view, self._at)

    def _start_sentence(self, text: str, at: int) -> None:
        super()._start_sentence(text, at)
        self._brackets.clear()

    def _in_bracket(self, at: int) -> bool:
        while self._brackets and at - self._brackets[0] > _LONGEST_BRACKET:
            del self._brackets[0]
        return bool(self._brackets)

    def _special_character(self, text: str, end: int, *, final: bool) -> Cut | None:
        char = text[self._at]
        if char == "\n":
            return self._newline(text, end, final=final)
        if char == "`":
            return self._code(text, end, final=final)
        if char in ch.OPENING_BRACKETS:
            self._skip_to(text, self._at + 1)
            return None
        if char in ".)" and not self._in_bracket(self._at):
            item = next_inline_item(text, self._begin, self._at, end)
            if item is not None:
                return item, "sentence"
        if char in ch.CLOSING_BRACKETS:
            self._skip_to(text, self._at + 1)
            return None
        return self._stop(text, end, final=final)

    def _skip_to(self, text: str, at: int) -> None:
        """Go on to `at`, taking note of the brackets on the way."""
        for position in range(self._at, at):
            char = text[position]
            if char in ch.OPENING_BRACKETS:
                # The mouth of an emoticon opens nothing.
                if text[position - 1 : position] not in (":", ";"):
                    self._brackets.append(position)
            elif char in ch.CLOSING_BRACKETS and self._brackets:
                self._brackets.pop()
        self._at = at

    def _code(self, text: str, end: int, *, final: bool) -> Cut | None:
        """Skip inline code, which never goes past the line; a lone backtick is a character."""
        start = self._at
        run = start
        while run < end and text[run] == "`":
            run += 1
        line_end = text.find("\n", run, end)
        limit = end if line_end < 0 else line_end
        ticks = text[start:run]
        close = run
        while run < end:
            close = text.find(ticks, close, limit)
            if close < 0:
                break
            close_end = close + len(ticks)
            if close_end == end and not final:
                break
            if text[close_end : close_end + 1] != "`":
                self._at = close_end
                return None
            while text[close : close + 1] == "`":
                close += 1
        if (line_end < 0 or run == end) and not final:
            self._wait()
            return None
        self._at = run
        return None

    def _stop(self, text: str, end: int, *, final: bool) -> Cut | None:
        view = View(text, self._begin, end, final, self._rules)
        judgement: Judgement = judge_stop(view, self._at)
        if judgement.verdict is Verdict.WAIT:
            self._wait()
            return None
        if judgement.verdict is Verdict.INSIDE:
            self._skip_to(text, judgement.at)
            return None
        if self._still_in_bracket(text, judgement.at):
            self._skip_to(text, self._at + 1)
            return None
        blank = is_blank_line(text, self._at, judgement.at)
        return judgement.at, ("paragraph" if blank else "sentence")

    def _still_in_bracket(self, text: str, limit: int) -> bool:
        """Whether a bracket is still open after the closing ones that follow the stop."""
        if not self._in_bracket(self._at):
            return False
        closing = 0
        at = self._at
        while at < limit and not text[at].isspace():
            closing += text[at] in ch.CLOSING_BRACKETS
            at += 1
        return closing < len(self._brackets)

    def _block_ends(self, text: str, newline: int, following: int, head: LineKind) -> bool:
        if self._line in (LineKind.HEADING, LineKind.TABLE):
            return True
        if head is not LineKind.TEXT:
            return not (head is LineKind.QUOTE and self._line is LineKind.QUOTE)
        last = newline
        while last > self._begin and text[last - 1].isspace():
            last -= 1
        introduces = last > self._begin and text[last - 1] in ch.COLONS
        return introduces and not text[following : following + 1].islower()
