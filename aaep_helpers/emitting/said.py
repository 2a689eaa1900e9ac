"""The words of an emitted event: those its caller brings, or the catalogue's where it brings none.

Boundary: turns arguments into Summary values fit to be said (SEC-1, D7, D8). Failure policy: an unknown
keyword is a TypeError; a value that is no string is left for validation to name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypedDict

from aaep_helpers import events as e
from aaep_helpers import vocabulary as v
from aaep_helpers.catalogue import Summary
from aaep_helpers.errors import EventValidationError, Violation
from aaep_helpers.text import human_text

Extensions = Mapping[str, Mapping[str, object]]


class Said(TypedDict, total=False):
    """Keywords that every emitting method takes besides its own.

    Attributes:
        summary_normal: What listeners are told; left out, the catalogue says it in their language.
        summary_terse: The same in a word or two.
        summary_detailed: The same at length.
        summary: An entry of the catalogue, instead of the three above.
        extensions: Custom data by declared prefix (ENV-5).
    """

    summary_normal: str | None
    summary_terse: str | None
    summary_detailed: str | None
    summary: Summary | None
    extensions: Extensions | None


_KEYWORDS: Final = Said.__annotations__.keys()


def summary_of(said: Said) -> Summary | None:
    """The caller's own words, fit to be said; None where there are none.

    Raises:
        TypeError: A keyword nobody knows, or a terse or detailed summary without a normal one.
    """
    unknown = said.keys() - _KEYWORDS
    if unknown:
        raise TypeError(f"Unexpected keyword argument: {', '.join(sorted(unknown))}")
    normal = said.get("summary_normal")
    alone = [name for name in ("summary_terse", "summary_detailed") if said.get(name) is not None]
    if normal is None and alone:
        raise TypeError(f"{' and '.join(alone)} need summary_normal beside them (TYP-2).")
    if normal is None:
        summary = said.get("summary")
        if summary is None or isinstance(summary, Summary):
            return summary
        return Summary.words(human_text(summary))
    terse = said.get("summary_terse")
    detailed = said.get("summary_detailed")
    return Summary.words(
        human_text(normal),
        terse=None if terse is None else human_text(terse, v.MAX_TERSE_LENGTH),
        detailed=None if detailed is None else human_text(detailed),
    )


def require_text(event_type: str, **arguments: object) -> None:
    """Refuse what is no text where text is looked up, before anything is looked up by it.

    Args:
        event_type: Of the event that is not emitted.
        **arguments: By name.

    Raises:
        EventValidationError: One of them is no text.
    """
    for name, value in arguments.items():
        if not isinstance(value, str):
            raise wrong_argument(event_type, name, f"{name} must be text.")


def optional_text(event_type: str, **arguments: object) -> None:
    """`require_text` of the arguments that are given at all."""
    given = {name: value for name, value in arguments.items() if value is not None}
    require_text(event_type, **given)


def wrong_argument(event_type: str, name: str, message: str) -> EventValidationError:
    """The error for an argument that never reaches the wire by its own name, or too late."""
    return EventValidationError(event_type, (Violation("ENV-1", f"/{name}", message),))


def problem_text(text: str | Summary | None) -> str | Summary | None:
    """A hint or an error's text, fit to be said."""
    return human_text(text, v.MAX_TERSE_LENGTH) if isinstance(text, str) else text


def spoken_form(name: str) -> str:
    """A tool's name as words: `send_email` and `sendEmail` are both said "send email"."""
    if not isinstance(name, str):
        return str(name)
    words = "".join(
        f" {char.lower()}" if _starts_word(name, at) else char for at, char in enumerate(name)
    )
    return " ".join(words.replace("_", " ").replace("-", " ").replace(".", " ").split()) or name


def _starts_word(name: str, at: int) -> bool:
    return at > 0 and name[at].isupper() and name[at - 1].islower()


def tool_completed_summary(
    status: v.ToolStatus, spoken: str, problem: str | Summary | None
) -> Summary:
    """What is said of a tool that has ended."""
    if status == "success":
        return Summary.of("tool.completed", tool=spoken)
    if status == "timeout":
        return Summary.of("tool.unfinished", tool=spoken)
    if problem:
        return Summary.of("tool.failed_because", tool=spoken, problem=problem)
    return Summary.of("tool.failed", tool=spoken)


def progress_summary(progress: e.Progress) -> Summary:
    """What is said of progress: its description where it has one, else its numbers."""
    if progress.description:
        return Summary.of("progress.described", description=progress.description)
    if progress.percent is not None:
        # Not :g here: a percent that is no number is for validation to name.
        percent = f"{progress.percent:g}" if isinstance(progress.percent, (int, float)) else ""
        return Summary.of("progress.percent", percent=percent)
    if progress.step is not None and progress.total_steps is not None:
        return Summary.of("progress.step_of", step=progress.step, total=progress.total_steps)
    if progress.step is not None:
        return Summary.of("progress.step", step=progress.step)
    return Summary.of("progress.total", total=progress.total_steps or 0)


def duration_of(ms: int) -> int:
    """A duration in milliseconds within what an event may carry."""
    return max(0, min(ms, v.MAX_DURATION_MS))


def seconds_of(ms: int) -> str:
    """Milliseconds as seconds to be read aloud: one decimal below ten."""
    return f"{ms / 1000:.1f}" if ms < 10_000 else f"{ms / 1000:.0f}"
