"""What an event says: words given by the caller, or an entry of the catalogue with its parameters.

Boundary: holds no wording of its own and picks no language; a listener's core does, when it renders
(design D10). Failure policy: none, these are values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aaep_helpers.vocabulary import Verbosity


@dataclass(frozen=True, slots=True)
class Summary:
    """The words of one event, in every language and verbosity a listener may want.

    Attributes:
        key: The catalogue entry, such as "tool.invoked"; "" when the words are literal.
        params: Values for the entry's placeholders: text, numbers, or summaries rendered in place.
        literal: Words given by the caller, by verbosity; the same in every language.
    """

    key: str = ""
    params: Mapping[str, str | int | float | Summary] = field(default_factory=dict)
    literal: Mapping[Verbosity, str] = field(default_factory=dict)

    @classmethod
    def of(cls, key: str, **params: str | int | float | Summary) -> Summary:
        """The catalogue entry `key`, filled with `params` when it is rendered."""
        return cls(key=key, params=params)

    @classmethod
    def words(
        cls, normal: str, *, terse: str | None = None, detailed: str | None = None
    ) -> Summary:
        """Literal words, for callers who bring their own."""
        literal: dict[Verbosity, str] = {"normal": normal}
        if terse is not None:
            literal["terse"] = terse
        if detailed is not None:
            literal["detailed"] = detailed
        return cls(literal=literal)
