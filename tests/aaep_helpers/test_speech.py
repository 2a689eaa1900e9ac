"""The speech form: marks for the eye go, words and numbers stay (known-failures 42)."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aaep_helpers.speech import speakable

FORMS = [
    ("Hello there.", "Hello there."),
    ("# Title\n\nSome **bold** and *slanted* text.", "Title. Some bold and slanted text."),
    ("Title\n=====\ntext", "Title. text"),
    ("## Title ##", "Title"),
    ("- one\n- two\n* three\n\u2022 four", "one. two. three. four"),
    ("1. one\n2. two", "1. one. 2. two"),
    ("- [x] done\n- [ ] open", "\u2713 done. open"),
    ("> said\n> before", "said before"),
    ("soft\nwrap", "soft wrap"),
    ("one paragraph\n\nanother", "one paragraph. another"),
    ("Which?\n\nThis", "Which? This"),
    ("a\n\n---\n\nb", "a. b"),
    ("```python\nx = 3*4\n```", "x = 3*4."),
    ("run `rm -rf` now", "run rm -rf now"),
    ("| a | b |\n|---|:-:|\n| 1 | 2 |", "a, b. 1, 2"),
    ("See [the docs](https://x.org/a?b 'Docs').", "See the docs."),
    ("See [the docs][1].\n\n[1]: https://x.org/a", "See the docs."),
    ("![a red door](door.png)", "a red door"),
    ("Go to https://www.example.org/a/b?c=d#e.", "Go to example.org."),
    ("(https://u:p@host.org:8080/x)", "(host.org)"),
    ("<https://host.org/x>!", "host.org!"),
    ("www.example.org/path, then", "example.org, then"),
    ("https://en.wikipedia.org/wiki/A_(b) ok", "en.wikipedia.org ok"),
    ("mail mailto:ann@x.org?subject=y", "mail ann@x.org"),
    ("a &lt; b &amp;&amp; c &#8364;5", "a < b && c €5"),
    ("one<br/>two <b>bold</b>", "one two bold"),
    ("this\u200b is \u202ehidden", "this is hidden"),
    ("  spaced   out  ", "spaced out"),
    ("~~old~~ new", "old new"),
    ("***both***", "both"),
    ("这是**重点**内容", "这是重点内容"),
    ("cafe\u0301", "café"),
    (r"2 \* 3", "2 * 3"),
    # pieces of texts
    ("**Note", "Note"),
    ("end of it**.", "end of it."),
    ("```", ""),
    ("---", ""),
    ("", ""),
    ("\n \n", ""),
]


@pytest.mark.parametrize(("text", "said"), FORMS)
def test_forms(text: str, said: str) -> None:
    assert speakable(text) == said


KEPT = [
    "3*4 and 3 * 4 and 2**8 and f(x)*g(y)",
    "snake_case and some_long_name",
    "5 - 3 = 2, and -5 degrees",
    "$5, €7.50, ~5, 50% & more",
    "a < b > c and x <name> y",
    "*.txt files",
    "C# and issue #12",
    "[hidden] and [sic]",
    "it costs 3.14; at 12:30, isn't it?",
    "AT&T and R&D",
    "fish & chips; tea",
    "👩‍👩‍👧 हिन्दी می‌خواهم",
    "1,000.50 or 1/2",
]


@pytest.mark.parametrize("text", KEPT)
def test_words_numbers_and_sums_are_kept(text: str) -> None:
    assert speakable(text) == text


marked = st.text(
    alphabet=st.sampled_from("ab1 .\n*_`#[]()<>|~\\&;-+=!:/é\u0301\u200b密"), max_size=40
) | st.lists(
    st.sampled_from(
        (
            "**",
            "word",
            " ",
            "\n",
            "- ",
            "http://x.org/a",
            "[",
            "](",
            ")",
            "&amp;",
            "lt;",
            "<b>",
            "|",
            "`",
        )
    )
).map("".join)


@settings(deadline=None, max_examples=400)
@given(marked)
@example("&amp;amp;amp;lt;b&gt;")
@example("&#42;&#42;a&#42;&#42;")
@example("[[a](b)](c)")
def test_the_speech_form_of_a_speech_form_is_itself(text: str) -> None:
    said = speakable(text)
    assert speakable(said) == said
    assert "\n" not in said
    assert said == said.strip()
    assert unicodedata.is_normalized("NFC", said)


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=60))
def test_it_takes_anything(text: str) -> None:
    speakable(text)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.from_regex(r"[A-Za-z]{1,8}", fullmatch=True), max_size=12), st.data())
def test_no_word_is_lost(words: list[str], data: st.DataObject) -> None:
    wrap = st.sampled_from(
        (
            "{}",
            "**{}**",
            "*{}*",
            "`{}`",
            "_{}_",
            "[{}](http://h.org/x)",
            "~~{}~~",
            "\n- {}",
            "\n# {}\n",
            "\n> {}",
        )
    )
    text = " ".join(data.draw(wrap).format(word) for word in words)
    assert [word.strip(".") for word in speakable(text).split()] == words


@pytest.mark.parametrize(
    "unit",
    [
        "*",
        "_",
        "[",
        "](",
        "![",
        "<",
        "<b",
        "&amp;",
        "&",
        "`",
        "http://",
        "www.",
        "|",
        "> ",
        "- ",
        "#",
        "\\",
        "(",
        "~~",
        "\n",
        "a|",
        "|-",
        ": -",
        "[a]:",
    ],
)
def test_long_hostile_texts_come_to_an_end(unit: str) -> None:
    speakable(unit * (20_000 // len(unit)))
    speakable("a " + unit * (20_000 // len(unit)) + " b")
