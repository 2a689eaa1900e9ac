"""Microseconds per call of what every text and token passes through: redaction, speech, failures.

Run: python -m benchmarks.redaction
"""

from __future__ import annotations

import timeit
from collections.abc import Callable

from aaep_helpers.failures import classify, error_text
from aaep_helpers.redaction import SecretScreen, redact_text, redact_value
from aaep_helpers.speech import speakable

SHORT = "Your balance is fine, and nothing else is due."
NUMBERS = "Transferring 50 euros to Anna on 2026-03-04 at 12:30."
LONG = "The bank answered that the account is in good order and nothing is owed. " * 20
SECRET = "use sk-" + "a1B2c3D4" * 5 + " or password=hunter2, card " + "4111 " * 3 + "1111"
MARKED = "## Result\n\n- **balance**: see [the page](https://example.org/a?b=c)\n- done"
ARGUMENTS = {
    "to": "anna@example.org",
    "amount": 50,
    "note": "rent",
    "api_key": "abc",
    "tags": ["a", "b"],
}
ANSWER = (
    "Your balance is fine. I looked at the last three months, and nothing is owed to anybody; "
    "the rent was paid on the first, as it always is. Shall I send you a list?"
)


def microseconds(function: Callable[[], object], number: int = 20_000) -> float:
    """The best of five runs, per call."""
    return min(timeit.repeat(function, number=number, repeat=5)) / number * 1e6


def tokens(text: str) -> list[str]:
    words = text.split(" ")
    return [words[0], *(f" {word}" for word in words[1:])]


def per_token(text: str) -> float:
    pieces = tokens(text) * 20

    def run() -> None:
        screen = SecretScreen()
        for piece in pieces:
            screen.feed(piece)
        screen.finish()

    return microseconds(run, 20) / len(pieces)


def main() -> None:
    error = ValueError("No account is called Bob.")
    for name, figure in (
        (
            f"redact_text, a sentence of {len(SHORT)} characters",
            microseconds(lambda: redact_text(SHORT)),
        ),
        (f"redact_text, with numbers, {len(NUMBERS)}", microseconds(lambda: redact_text(NUMBERS))),
        (f"redact_text, {len(LONG)}", microseconds(lambda: redact_text(LONG), 5_000)),
        (
            f"redact_text, three secrets, {len(SECRET)}",
            microseconds(lambda: redact_text(SECRET), 5_000),
        ),
        ("redact_value, five arguments", microseconds(lambda: redact_value(ARGUMENTS), 5_000)),
        ("SecretScreen, a token of an ordinary answer", per_token(ANSWER)),
        ("SecretScreen, a token of one with numbers", per_token(NUMBERS)),
        ("speakable, plain", microseconds(lambda: speakable(SHORT))),
        ("speakable, marked", microseconds(lambda: speakable(MARKED), 5_000)),
        ("classify", microseconds(lambda: classify(error), 5_000)),
        ("error_text", microseconds(lambda: error_text(error), 5_000)),
    ):
        print(f"{figure:9.2f} us  {name}")


if __name__ == "__main__":
    main()
