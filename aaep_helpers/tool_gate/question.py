"""The question a gate puts to the user: what would be done, with every argument, and what follows.

Boundary: options and frozen arguments in, the words and data of a question out; asks nobody.
Failure policy: what cannot be put into words raises, and then the tool does not run (D2).
"""

from __future__ import annotations

import copy
import json
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aaep_helpers.catalogue import Summary
from aaep_helpers.redaction import redact_value
from aaep_helpers.replies.words import sentence
from aaep_helpers.text import human_text
from aaep_helpers.tool_gate.options import GateOptions
from aaep_helpers.tool_gate.words import Words
from aaep_helpers.tool_policy import ToolPolicy

# So much of each argument is read out, less where there are many; of all of them together about this.
_HEARD: Final = 300
_HEARD_IN_ALL: Final = 3_000
_SHORTEST: Final = 40

# In data, for a listener's own display: longer, and still well within an event (ENV-7).
_SEEN: Final = 2_000
_SEEN_IN_ALL: Final = 16_000
_SEEN_DEPTH: Final = 3

_FIRST_SENTENCE: Final = re.compile(r"(?<=[.!?])\s")


@dataclass(frozen=True, slots=True)
class Question:
    """What a user is asked.

    Attributes:
        action: What would be done.
        consequence: What follows.
        summary: The question as it is announced, in three verbosities.
        context: The arguments as data.
    """

    action: str
    consequence: str
    summary: Summary
    context: dict[str, object]


def question_about(
    options: GateOptions,
    policy: ToolPolicy,
    *,
    tool: str,
    spoken: str,
    shown: Mapping[str, object],
    language: str,
) -> Question:
    """The question about one call.

    Args:
        options: What the gate was told.
        policy: What is known of the tool in all.
        tool: Its name.
        spoken: What it is called in a sentence.
        shown: Its arguments, frozen.
        language: The language to ask in.

    Raises:
        ValueError: There are no words for it.
    """
    words = Words(language)
    limit = max(_SHORTEST, min(_HEARD, _HEARD_IN_ALL // max(1, len(shown))))
    action = _action(options, policy, spoken, shown, words, limit)
    irreversible = options.irreversible or bool(policy.irreversible)
    consequence = options.consequence or words.of(
        "gate.irreversible" if irreversible else "gate.done_at_once"
    )
    if options.consequence and irreversible:
        # Nobody's own words leave out that there is no way back (SEC-2, T3).
        consequence = f"{sentence(consequence)} {words.of('gate.irreversible')}"
    return Question(
        action,
        consequence,
        Summary.of(
            "gate.asked", action=sentence(action), consequence=sentence(consequence), tool=spoken
        ),
        {"tool": tool, "arguments": speakable(words, shown)},
    )


def _action(
    options: GateOptions,
    policy: ToolPolicy,
    spoken: str,
    shown: Mapping[str, object],
    words: Words,
    limit: int,
) -> str:
    given = options.action
    if given is None:
        about, rest = _about(options, policy, spoken, words), shown
    elif isinstance(given, str):
        names = {name for _, name, _, _ in string.Formatter().parse(given) if name is not None}
        missing = names - shown.keys()
        if missing:
            raise ValueError(f"The call has no argument {', '.join(sorted(missing))} to be named.")
        said = {name: words.named(name, shown[name], limit) for name in names}
        about = given.format_map(said)
        # What the template does not name is heard all the same (known failure 27).
        rest = {name: value for name, value in shown.items() if name not in names}
    else:
        # Of its own copy: what it does to it is not done to the call (D13).
        made = given(copy.deepcopy(dict(shown)))
        if not isinstance(made, str) or not made.strip():
            raise ValueError("The action function gave no text.")
        return words.text(str(made))
    about = about.strip().rstrip(".")
    if not rest:
        return words.of("gate.action", about=about)
    return words.of("gate.action_with_arguments", about=about, arguments=words.pairs(rest, limit))


def _about(options: GateOptions, policy: ToolPolicy, spoken: str, words: Words) -> str:
    described = (options.description or policy.description or "").strip()
    first = _FIRST_SENTENCE.split(described, maxsplit=1)[0]
    return words.text(human_text(" ".join(first.split()), _HEARD)) or words.of(
        "gate.use_tool", tool=words.text(spoken)
    )


def speakable(words: Words, shown: Mapping[str, object]) -> dict[str, object]:
    """Arguments as data for a listener: without secrets, nothing invisible, of bounded size.

    Args:
        words: The words of the language to use.
        shown: The arguments, frozen.
    """
    safe = redact_value(dict(shown))
    data = {
        words.text(str(name)): _seen(words, value, 0)
        for name, value in (safe.items() if isinstance(safe, dict) else ())
    }
    if len(json.dumps(data, ensure_ascii=False)) <= _SEEN_IN_ALL:
        return data
    limit = max(_SHORTEST, _SEEN_IN_ALL // 4 // max(1, len(shown)))
    return {words.text(name)[:64]: words.named(name, value, limit) for name, value in shown.items()}


def _seen(words: Words, value: object, depth: int) -> object:
    if isinstance(value, str):
        return words.value(value, _SEEN) if len(value) > _SEEN else words.text(value)
    if isinstance(value, (list, dict)):
        if depth >= _SEEN_DEPTH or len(value) > 100:
            return words.value(value, _SEEN)
        if isinstance(value, list):
            return [_seen(words, item, depth + 1) for item in value]
        return {words.text(name): _seen(words, item, depth + 1) for name, item in value.items()}
    # ENV-6: a number that a listener's JSON would round, or has no form for, is text.
    if type(value) in (int, float) and not abs(value) <= 2**53:  # type: ignore[arg-type]
        return repr(value)
    return value
