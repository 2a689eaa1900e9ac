"""What a segmenter promises for every input: lossless, whole characters, bounded, steady."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aaep_helpers.segmentation import Chunk, Segmenter, second_vote, segmenter
from aaep_helpers.vocabulary import BOUNDARIES, Boundary

CLUSTER = regex.compile(r"\X")
PROJECT = Path(__file__).parents[3]

PIECES = [
    *"abcXYZ019 \n\t.,;:!?…。！？、।؟։()[]{}「」“”«»\"'`*_~#>|-+•",
    *("Dr. ", "e.g. ", "3.14", "U.S. ", "v1.2.3", "The ", "and ", "etc. ", "1. ", "2) ", "- "),
    *(
        "```",
        "```py\n",
        "\n```\n",
        "\n\n",
        "\r\n",
        "`a. B`",
        "https://a.b/c?d=1. ",
        "... ",
        ". . . ",
    ),
    *(
        "🎉",
        "👨\u200d👩\u200d👦",
        "\u0301",
        "\u200d",
        "\ufe0f",
        "🇩🇪",
        "क्षि",
        "한",
        "\u1112\u1161",
        "ไทย",
    ),
    *(
        "日本語。",
        "「はい。」",
        "\x00",
        "\ud800",
        "\udfff",
        "\u00a0",
        "\u2003",
        "\u2028",
        "\u2029",
        "\x85",
    ),
]
texts = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=60).map("".join),
    st.text(st.characters(), max_size=60),
    st.text(st.sampled_from("a. \n`(\"'"), max_size=200),
)
boundaries = st.sampled_from(BOUNDARIES)
languages = st.sampled_from([None, "en", "de-AT", "zh", "hy", "xx"])
caps = st.sampled_from([None, 8, 20, 64])


def cut_anywhere(text: str, sizes: Sequence[int]) -> list[str]:
    """Cut a text into tokens of the given sizes, over and over."""
    tokens, at, turn = [], 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        tokens.append(text[at : at + size])
        at, turn = at + size, turn + 1
    return tokens


def segment(text: str, sizes: Sequence[int], **options: object) -> list[Chunk]:
    machine = Segmenter(**options)  # type: ignore[arg-type]
    chunks = [chunk for token in cut_anywhere(text, sizes) for chunk in machine.feed(token)]
    return [*chunks, *machine.finish()]


def texts_of(chunks: Sequence[Chunk]) -> list[str]:
    return [chunk.text for chunk in chunks]


sizes = st.lists(st.integers(1, 9), min_size=1, max_size=8)


@settings(max_examples=600)
@given(texts, sizes, boundaries, languages, caps, st.data())
def test_nothing_is_lost_whatever_happens(
    text: str,
    sizes: list[int],
    boundary: Boundary,
    language: str | None,
    cap: int | None,
    data: st.DataObject,
) -> None:
    machine = Segmenter(boundary, language, cap=cap)
    out: list[Chunk] = []
    fed = 0
    for token in cut_anywhere(text, sizes):
        happening = data.draw(st.sampled_from(["feed", "feed", "stall", "stall twice", "end"]))
        ends_at = data.draw(boundaries) if happening == "end" else None
        out += machine.feed(token, ends_at=ends_at)
        fed += len(token)
        for _ in range(
            ["stall", "stall twice"].index(happening) + 1 if "stall" in happening else 0
        ):
            out += machine.flush_stalled()
        assert machine.held == fed - sum(len(chunk.text) for chunk in out)
    out += machine.finish()
    assert "".join(texts_of(out)) == text
    assert all(chunk.text and chunk.hint in BOUNDARIES for chunk in out)
    assert machine.held == 0
    assert machine.finish() == []


@settings(max_examples=600)
@given(texts, sizes, st.sampled_from(["word", "sentence", "paragraph"]), languages, caps)
@example("a.\n1. b", [1], "sentence", "en", None)
def test_chunks_do_not_depend_on_the_tokens(
    text: str, sizes: list[int], boundary: Boundary, language: str | None, cap: int | None
) -> None:
    whole = segment(text, [max(1, len(text))], boundary=boundary, language=language, cap=cap)
    assert segment(text, sizes, boundary=boundary, language=language, cap=cap) == whole


@settings(max_examples=600)
@given(texts, sizes, st.sampled_from(BOUNDARIES[1:]), languages)
def test_grapheme_clusters_stay_whole_across_chunks(
    text: str, sizes: list[int], boundary: Boundary, language: str | None
) -> None:
    clusters = CLUSTER.findall(text)
    ends, at = set(), 0
    for cluster in clusters:
        at += len(cluster)
        ends.add(at)
    cap = max(8, *map(len, clusters)) if clusters else 8
    at = 0
    for chunk in segment(text, sizes, boundary=boundary, language=language, cap=cap):
        at += len(chunk.text)
        assert at in ends


@settings(max_examples=300)
@given(texts, st.sampled_from(["word", "sentence", "paragraph"]), st.sampled_from([8, 30]))
def test_what_is_held_is_bounded(text: str, boundary: Boundary, cap: int) -> None:
    machine = Segmenter(boundary, "en", cap=cap)
    for char in text * 3:
        machine.feed(char)
        assert machine.held < cap + 64


def test_tokens_pass_as_they_are_at_boundary_none() -> None:
    machine = Segmenter("none")
    assert machine.feed("e") == (Chunk("e", "none"),)
    assert machine.feed("\u0301. ") == (Chunk("\u0301. ", "none"),)
    assert machine.feed("") == ()
    assert machine.finish() == []


def test_words_end_after_their_white_space() -> None:
    chunks = segment("Hello  big\nworld, 日本語、中国。 Bye", [3], boundary="word")
    assert texts_of(chunks) == ["Hello  ", "big\n", "world, ", "日本語、", "中国。 ", "Bye"]
    assert [chunk.hint for chunk in chunks] == ["word"] * 5 + ["completion"]


def test_words_of_scripts_without_spaces_end_at_the_cap() -> None:
    chunks = segment("ก" * 140, [7], boundary="word", cap=40)
    assert [len(chunk.text) for chunk in chunks] == [40, 40, 60]
    assert {chunk.hint for chunk in chunks[:-1]} == {"none"}


def test_paragraphs_end_at_blank_lines_and_after_code() -> None:
    text = "One.\nTwo.\n\n```\na\n\nb\n```\nThree\n \nFour"
    chunks = segment(text, [2], boundary="paragraph")
    assert texts_of(chunks) == ["One.\nTwo.\n\n", "```\na\n\nb\n```\n", "Three\n \n", "Four"]
    assert [chunk.hint for chunk in chunks] == ["paragraph"] * 3 + ["completion"]


def test_completion_holds_everything() -> None:
    machine = Segmenter("completion")
    assert [machine.feed("All. ") for _ in range(1000)] == [()] * 1000
    assert machine.flush_stalled() == machine.flush_stalled() == ()
    assert machine.feed("", ends_at="paragraph") == ()
    assert machine.finish() == [Chunk("All. " * 1000, "completion")]


def test_hints_say_what_ended() -> None:
    chunks = segment("One. Two.\n\n- a\n- b\n\nThree", [4], boundary="sentence", language="en")
    assert [chunk.hint for chunk in chunks] == [
        *("sentence", "paragraph", "sentence", "paragraph", "completion"),
    ]


def test_a_known_end_releases_what_is_held() -> None:
    machine = Segmenter("sentence", "en")
    assert machine.feed("See Dr.", ends_at="word") == ()
    assert machine.feed(" Who. It is", ends_at="sentence") == [
        *(Chunk("See Dr. Who. ", "sentence"), Chunk("It is", "sentence")),
    ]
    assert machine.feed("Done.", ends_at="paragraph") == [Chunk("Done.", "paragraph")]
    words = Segmenter("word")
    assert words.feed("one two", ends_at="completion") == [
        *(Chunk("one ", "word"), Chunk("two", "completion")),
    ]


def test_a_known_end_closes_a_code_block() -> None:
    machine = Segmenter("sentence", "en")
    machine.feed("```\ncode. Code", ends_at="paragraph")
    assert texts_of(machine.feed("It is over. Two")) == ["It is over. "]


@pytest.mark.parametrize(
    ("language", "marked"),
    [
        ("en", "It is 3.14 or so. ¦Dr. Who, e.g. in v1.2.3, left the U.S. in May. ¦Ok"),
        (
            "en",
            "See https://a.example/b?c=1.5&d=x.y. ¦It works... ¦Or not?! ¦“Yes.” ¦(No.) ¦He left",
        ),
        (
            "en",
            "1. Open it. ¦Wait.\n¦2. Close it.\n\n¦```\na. B\n\nC. D\n```\n\n¦Run `a. B` now. ¦Done",
        ),
        ("en", "Great! 🎉 ¦It works. ✅👍🏽\n\n¦Then `pip install x`. ¦iPhones too"),
        ("en", "See No. 7. ¦No. ¦It is in Thm. 3 on p. 12. ¦At 5 p.m. on Mon. Feb. 5 we met"),
        ("zh", "他说：“好。”¦我们走吧！¦价格是3.5元。¦完"),
        ("ja", "「元気？」と聞いた。¦はい。¦終"),
        ("ar", "مرحبا! ¦كيف حالك؟ ¦أنا بخير"),
        ("hi", "नमस्ते। ¦डॉ. शर्मा आए हैं। ¦ठीक"),
        ("hy", "Բարև։ ¦Ես լավ եմ: ¦Այո"),
        ("el", "Πού είναι; ¦Εδώ. ¦Ναι"),
        ("am", "ሰላም። ¦ደህና ነኝ።¦እሺ"),
        ("my", "မင်္ဂလာပါ။ ¦ကောင်းပါတယ်။¦ဟုတ်"),
        ("de", "Am 3. Oktober ist z. B. frei. ¦Siehe Nr. 7. ¦Vielleicht auch mehr"),
        ("fr", "Il a dit : « Bonjour. » ¦Puis il est parti"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 500])
def test_tokens_may_cut_anywhere(
    language: str, marked: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_vote, "_segment", None)
    chunks = segment(marked.replace("¦", ""), [size], language=language)
    assert texts_of(chunks) == marked.split("¦")


class TestStall:
    """A stream that has gone quiet."""

    def test_first_whole_words_then_the_rest(self) -> None:
        machine = Segmenter("sentence", "en")
        machine.feed("I am looking into th")
        assert machine.flush_stalled() == (Chunk("I am looking into ", "word"),)
        assert machine.flush_stalled() == (Chunk("th", "none"),)
        assert machine.flush_stalled() == ()
        machine.feed("at now")
        assert machine.flush_stalled() == (Chunk("at ", "word"),)

    def test_a_finished_sentence_goes_whole(self) -> None:
        machine = Segmenter("sentence", "en")
        machine.feed("Let me look that up.")
        assert machine.flush_stalled() == (Chunk("Let me look that up.", "sentence"),)
        assert texts_of(machine.feed(" It takes time. Wait")) == [" It takes time. "]

    @pytest.mark.parametrize("text", ["It costs 3.", "Ask Dr.", "See (it is there."])
    def test_an_unfinished_one_does_not(self, text: str) -> None:
        machine = Segmenter("sentence", "en")
        machine.feed(text)
        last = text.rsplit(" ", 1)[1]
        assert machine.flush_stalled() == (Chunk(text.removesuffix(last), "word"),)

    def test_an_open_cluster_stays(self) -> None:
        machine = Segmenter("sentence", "en")
        machine.feed("Yes \U0001f468\u200d")
        machine.flush_stalled()
        assert machine.flush_stalled() == ()
        machine.feed("\U0001f469!")
        assert texts_of(machine.finish()) == ["\U0001f468\u200d\U0001f469!"]

    def test_white_space_alone_stays(self) -> None:
        machine = Segmenter("word")
        machine.feed("  \n")
        assert machine.flush_stalled() == ()
        assert machine.flush_stalled() == ()
        assert machine.held == 3

    def test_code_goes_in_whole_lines(self) -> None:
        machine = Segmenter("sentence", "en")
        machine.feed("```py\nx = 1\ny = fo")
        assert texts_of(machine.flush_stalled()) == ["```py\nx = 1\n"]
        machine.feed("o\n```\n")
        assert texts_of(machine.flush_stalled()) == ["y = foo\n```\n"]
        assert texts_of(machine.feed("Done. It works.")) == ["Done. "]


def test_text_without_stops_is_cut_at_white_space() -> None:
    chunks = segment("word " * 300, [3], boundary="sentence", language="en")
    assert max(len(chunk.text) for chunk in chunks) <= 400
    assert all(chunk.text.endswith(" ") for chunk in chunks)
    assert {chunk.hint for chunk in chunks[:-1]} == {"word"}


def test_a_clause_end_is_the_better_place() -> None:
    chunks = segment("word " * 60 + "end, " + "word " * 60, [3], boundary="sentence")
    assert chunks[0].text.endswith("end, ")


def test_long_code_is_cut_between_lines() -> None:
    code = "```py\n" + "value = call(argument)  # note. Really\n" * 30 + "```\n"
    chunks = segment(code + "Done. It works.", [5], boundary="sentence", language="en")
    assert all(chunk.text.endswith("\n") for chunk in chunks[:-2])
    assert texts_of(chunks[-2:]) == ["Done. ", "It works."]


@pytest.mark.parametrize(
    "piece", ["a", "a b ", ".", "`", "(", "\n", '"', "1. ", "…", "\u0301", "``` "]
)
def test_work_per_token_does_not_grow(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Count the characters that are joined and looked at, for 4,000 and for 32,000 tokens."""
    seen = 0
    join = Segmenter._join

    def counting_join(self: Segmenter) -> str:
        nonlocal seen
        text = join(self)
        seen += len(text)
        return text

    monkeypatch.setattr(Segmenter, "_join", counting_join)
    per_token = []
    for count in (4_000, 32_000):
        seen = 0
        machine = Segmenter("sentence", "en")
        for _ in range(count):
            machine.feed(piece)
        per_token.append(seen / count)
    assert per_token[1] <= per_token[0] * 1.2 + 1
    assert per_token[1] <= 600


def test_one_long_text_is_cut_as_its_tokens_are() -> None:
    text = "It is a sentence with words. " * 5_000
    chunks = Segmenter("sentence", "en").feed(text)
    assert len(chunks) == 4_999


@pytest.mark.parametrize(("boundary", "cap"), [("line", None), ("sentence", 7)])
def test_senseless_options_are_refused(boundary: Boundary, cap: int | None) -> None:
    with pytest.raises(ValueError, match="must be"):
        Segmenter(boundary, cap=cap)


TRICKY = "He works at Foo. Bar said NASA. Baz went on."


def test_a_fault_in_the_second_vote_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Panic(BaseException):
        """What a panic in Rust becomes."""

    def panicking(language: str, text: str) -> list[str]:
        raise Panic(language + text)

    monkeypatch.setattr(second_vote, "_segment", panicking)
    assert "".join(texts_of(segment(TRICKY, [3], language="en"))) == TRICKY


def test_the_second_vote_may_refuse_an_unclear_boundary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_vote, "_segment", lambda language, text: [text])
    assert texts_of(segment(TRICKY, [3], language="en")) == [TRICKY]


@pytest.mark.parametrize(
    "text", ["Plan A\u00a0. Next", "Nr\u2003. \ud800 NASA. Yes", "A\u0085. B. C"]
)
def test_the_second_vote_never_sees_what_it_cannot_read(text: str) -> None:
    assert (
        "".join(texts_of(segment(text + " NASA. Foo", [1], language="en"))) == text + " NASA. Foo"
    )


def test_works_without_sentencex() -> None:
    program = (
        "import sys; sys.modules['sentencex'] = None; sys.path.insert(0, sys.argv[1])\n"
        "from aaep_helpers.segmentation import Segmenter\n"
        "machine = Segmenter('sentence', 'en')\n"
        "print([chunk.text for chunk in machine.feed('Ask Dr. Who. NASA. Yes. No')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(PROJECT)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['Ask Dr. Who. ', 'NASA. ']"


def test_the_default_caps_are_what_a_listener_can_bear() -> None:
    assert segmenter._DEFAULT_CAPS == {"word": 48, "sentence": 400, "paragraph": 2000}
