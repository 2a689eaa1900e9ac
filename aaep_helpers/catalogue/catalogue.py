"""The message catalogue: an entry and a verbosity in, a sentence in the listener's language out (D9).

Each language is one TOML file beside this module, named by its tag. Every entry has "normal", and
"terse" or "detailed" where they differ. Boundary: knows nothing of events or listeners.
Failure policy: a missing entry or parameter is our own fault (InternalError) and a test finds it.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from aaep_helpers.catalogue.summary import Summary
from aaep_helpers.errors import InternalError
from aaep_helpers.vocabulary import VERBOSITIES, Verbosity

# A template, parsed once: pairs of literal text and the name of the parameter after it.
_Template = tuple[tuple[str, str | None], ...]
_Entry = Mapping[Verbosity, _Template]

_FALLBACK_LANGUAGE: Final = "en"


def _parse(template: str) -> _Template:
    return tuple((literal, name) for literal, name, _, _ in string.Formatter().parse(template))


def _entries(table: Mapping[str, object], prefix: str = "") -> dict[str, _Entry]:
    found: dict[str, _Entry] = {}
    own: dict[Verbosity, _Template] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            found |= _entries(value, f"{prefix}.{name}" if prefix else name)
        elif isinstance(value, str):
            for verbosity in VERBOSITIES:
                if name == verbosity:
                    own[verbosity] = _parse(value)
    if own:
        found[prefix] = own
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """All entries in all languages.

    Attributes:
        languages: By language tag, the entries by key.
    """

    languages: Mapping[str, Mapping[str, _Entry]]

    @classmethod
    def load(cls) -> Catalogue:
        """Read every language file that ships beside this module."""
        languages: dict[str, Mapping[str, _Entry]] = {}
        for item in files(__package__).iterdir():
            if item.name.endswith(".toml"):
                table = tomllib.loads(item.read_text(encoding="utf-8"))
                languages[item.name.removesuffix(".toml")] = _entries(table)
        return cls(languages=languages)

    @lru_cache(maxsize=256)  # noqa: B019 - a catalogue lives as long as the process.
    def language_for(self, wanted: str) -> str:
        """The language on offer that serves `wanted` best: itself, a shorter tag, else English (SUB-7)."""
        if wanted in self.languages:
            return wanted
        tag = wanted.lower()
        offered = {known.lower(): known for known in self.languages}
        while tag and tag not in offered:
            tag = tag.rpartition("-")[0]
        return offered.get(tag, _FALLBACK_LANGUAGE)

    def render(self, summary: Summary, language: str, verbosity: Verbosity) -> str | None:
        """The words of `summary`; None where it has none of its own at this verbosity.

        Args:
            summary: What to say.
            language: A language this catalogue has (see `language_for`).
            verbosity: "normal" always has words; the other two may not.

        Raises:
            InternalError: The entry or one of its parameters is missing.
        """
        if not summary.key:
            return summary.literal.get(verbosity)
        entry = self.languages[language].get(summary.key)
        if entry is None:
            raise InternalError(f"The {language} catalogue has no entry {summary.key!r}.")
        template = entry.get(verbosity)
        if template is None:
            return None
        parts: list[str] = []
        for literal, name in template:
            parts.append(literal)
            if name is not None:
                if name not in summary.params:
                    raise InternalError(f"Entry {summary.key!r} needs the parameter {name!r}.")
                parts.append(self._parameter(summary.params[name], language, verbosity))
        # A parameter that had nothing to say leaves its two spaces behind; one that comes first, such as a
        # tool's name, begins the sentence.
        words = "".join(parts).replace("  ", " ").strip()
        return words if template[0][0] else words[:1].upper() + words[1:]

    def _parameter(
        self, value: str | int | float | Summary, language: str, verbosity: Verbosity
    ) -> str:
        if isinstance(value, Summary):
            words = self.render(value, language, verbosity)
            if words is None:
                words = self.render(value, language, "normal")
            return words or ""
        return str(value)


@cache
def default_catalogue() -> Catalogue:
    """The catalogue that ships with the library, read once."""
    return Catalogue.load()
