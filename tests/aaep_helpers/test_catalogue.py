"""The words there are, the words that are used, and that the two are the same (D9)."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aaep_helpers
import aaep_langchain
from aaep_helpers.catalogue import Catalogue, Summary, default_catalogue
from aaep_helpers.errors import InternalError
from aaep_helpers.failures import kinds
from aaep_helpers.session.machine import _NAMED_STATES
from aaep_helpers.vocabulary import VERBOSITIES, Verbosity

PACKAGES = (aaep_helpers, aaep_langchain)

_KINDS = [row for row in vars(kinds).values() if isinstance(row, kinds.Kind)]

# Keys that are put together where they are used, and everything they can become.
COMPOSED: dict[str, set[str]] = {
    "state.{}": {f"state.{name}" for name in _NAMED_STATES},
    "session.cancelled_{}": {"session.cancelled_by_user", "session.cancelled_by_others"},
    "problem.{}": {f"problem.{kind.name}" for kind in _KINDS},
    "remedy.{}": {f"remedy.{kind.remedy}" for kind in _KINDS if kind.remedy},
}

# Entries that no code names, with the reason.
UNUSED: dict[str, str] = {}

# Entries that are parts of other sentences and so end without a full stop.
PARTS = {
    "announce.some_tool",
    "announce.second",
    "announce.seconds",
    "announce.minutes",
    "announce.hours",
    # Of the sentence a gate asks: values, and verbs that others go on from.
    "gate.use_tool",
    "gate.cut",
    "gate.cut_items",
    "gate.unspeakable",
    "gate.bytes",
    "gate.nothing",
    "gate.empty",
    "gate.yes",
    "gate.no",
    "gate.new_line",
}

# Words that mean nothing to somebody who did not build the agent.
JARGON = (
    *("session", "tool call id", "call id", "json", "none", "null", "exception", "token"),
    *("traceback", "stack", "callback", "schema", "payload", "event", "handler", "runtime"),
    *("async", "coroutine", "thread", "http", "api", "url", "boolean", "string", "enum"),
)
# "none" is what a person says of an argument that is not there.
JARGON_ALLOWED: dict[str, set[str]] = {"gate.nothing": {"none"}}

# A sign for what cannot be heard, told apart from the words around it.
MARKED = {"gate.new_line"}


@dataclass(frozen=True)
class Use:
    """A place in the code that says an entry, with the parameters it fills in."""

    key: str
    params: frozenset[str]
    place: str


def raw_entries(language: str = "en") -> dict[str, dict[str, str]]:
    """By key, the templates as they are written."""
    text = files("aaep_helpers.catalogue").joinpath(f"{language}.toml").read_text("utf-8")
    found: dict[str, dict[str, str]] = {}

    def walk(table: Mapping[str, object], prefix: str) -> None:
        for name, value in table.items():
            if isinstance(value, Mapping):
                walk(value, f"{prefix}.{name}".strip("."))
            else:
                assert isinstance(value, str), (prefix, name)
                found.setdefault(prefix, {})[name] = value

    walk(tomllib.loads(text), "")
    return found


ENTRIES = raw_entries()
LANGUAGES = sorted(default_catalogue().languages)


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def wanted(key: str) -> set[str]:
    """The parameters an entry needs, over all its verbosities."""
    return {name for template in ENTRIES[key].values() for name in placeholders(template)}


def _keys(node: ast.expr, scope: ast.AST) -> set[str]:
    """The keys an expression can be; a name is looked up where the call stands."""
    match node:
        case ast.Constant(value=str(key)):
            return {key}
        case ast.IfExp(body=one, orelse=other):
            return _keys(one, scope) | _keys(other, scope)
        case ast.JoinedStr(values=parts):
            pattern = "".join(
                str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts
            )
            return COMPOSED[pattern]
        case ast.Name(id=name):
            return {
                key
                for inner in ast.walk(scope)
                if isinstance(inner, ast.Assign)
                for target in inner.targets
                if isinstance(target, ast.Name) and target.id == name
                for key in _keys(inner.value, scope)
            }
    raise AssertionError(f"line {node.lineno}: this key cannot be read from the source")


def _says_an_entry(node: ast.AST) -> bool:
    """Whether this is Summary.of(...), or the `of` of something that passes it on to Summary.of."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
        return False
    if node.func.attr != "of":
        return False
    if isinstance(node.func.value, ast.Name) and node.func.value.id == "Summary":
        return all(keyword.arg is not None for keyword in node.keywords)
    key = node.args[0]
    key = key.body if isinstance(key, ast.IfExp) else key
    return isinstance(key, ast.Constant) and "." in str(key.value)


def _uses(path: Path) -> Iterator[Use]:
    tree = ast.parse(path.read_text("utf-8"))
    scopes = [
        node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    for node in ast.walk(tree):
        if not _says_an_entry(node):
            continue
        assert isinstance(node, ast.Call)
        place = f"{path.name}:{node.lineno}"
        names = [keyword.arg for keyword in node.keywords]
        scope = next((scope for scope in scopes if node in set(ast.walk(scope))), tree)
        keys = _keys(node.args[0], scope)
        assert keys, f"{place}: no key"
        for key in keys:
            yield Use(key, frozenset(name for name in names if name), place)


def every_use() -> list[Use]:
    return [
        use
        for package in PACKAGES
        for root in package.__path__
        for path in sorted(Path(root).rglob("*.py"))
        for use in _uses(path)
    ]


USES = every_use()


def test_the_code_says_something() -> None:
    assert len({use.key for use in USES}) > 50
    assert len({use.place for use in USES}) > 50


def test_every_entry_the_code_names_exists() -> None:
    missing = sorted(f"{use.place}: {use.key}" for use in USES if use.key not in ENTRIES)
    assert not missing


def test_every_entry_gets_exactly_the_parameters_it_uses() -> None:
    wrong = sorted(
        f"{use.place}: {use.key} gets {sorted(use.params)}, uses {sorted(wanted(use.key))}"
        for use in USES
        if use.key in ENTRIES and use.params != wanted(use.key)
    )
    assert not wrong


def test_every_entry_is_used_somewhere() -> None:
    used = {use.key for use in USES}
    assert {key for key in ENTRIES if key not in used} == set(UNUSED)


def test_the_composed_keys_are_composed_somewhere() -> None:
    used = {use.key for use in USES}
    assert all(used >= keys for keys in COMPOSED.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_entries_and_parameters(language: str) -> None:
    theirs = raw_entries(language)
    assert theirs.keys() == ENTRIES.keys()
    for key, templates in theirs.items():
        used = {name for template in templates.values() for name in placeholders(template)}
        assert used == wanted(key), key


def every_template() -> Iterator[tuple[str, str, str]]:
    for key, templates in ENTRIES.items():
        for verbosity, template in templates.items():
            yield key, verbosity, template


@pytest.mark.parametrize("key", ENTRIES)
def test_every_entry_has_normal_words_and_only_known_verbosities(key: str) -> None:
    assert "normal" in ENTRIES[key]
    assert set(ENTRIES[key]) <= set(VERBOSITIES)
    assert all(template.strip() for template in ENTRIES[key].values())


@pytest.mark.parametrize("key", ENTRIES)
def test_templates_are_sentences(key: str) -> None:
    for template in ENTRIES[key].values():
        assert "  " not in template
        assert template == template.strip()
        assert "\n" not in template
        assert key in PARTS or re.search(r"[.!?}]$", template), template
        assert not re.search(r"[.!?]{2}|\s[.,!?:;]", template.replace(" ... ", " ")), template
        marks = re.search(r"[<>\[\]|_*`#]", re.sub(r"\{\w+\}", "", template))
        assert key in MARKED or not marks, template
        assert re.match(r"[A-Z{]", template) or key in PARTS, template


def test_templates_have_plain_placeholders() -> None:
    for key, _, template in every_template():
        for _, name, form, conversion in string.Formatter().parse(template):
            assert name is None or name.isidentifier(), (key, template)
            assert not form, (key, template)
            assert conversion is None, (key, template)


def test_no_template_uses_the_words_of_those_who_build_agents() -> None:
    found = {
        (key, word)
        for key, _, template in every_template()
        for word in JARGON
        if re.search(rf"\b{word}s?\b", re.sub(r"\{\w+\}", "", template), re.IGNORECASE)
        and word not in JARGON_ALLOWED.get(key, set())
    }
    assert not found


@pytest.mark.parametrize("key", ENTRIES)
@pytest.mark.parametrize("verbosity", VERBOSITIES)
def test_every_entry_can_be_said(key: str, verbosity: Verbosity) -> None:
    params = {name: f"some {name}" for name in wanted(key)}
    words = default_catalogue().render(Summary.of(key, **params), "en", verbosity)
    if verbosity not in ENTRIES[key]:
        assert words is None
        return
    assert words
    assert "{" not in words
    assert "  " not in words
    for name in placeholders(ENTRIES[key][verbosity]):
        assert f"some {name}" in words or f"Some {name}" in words


@pytest.mark.parametrize("key", ENTRIES)
def test_a_missing_parameter_is_our_own_fault_and_named(key: str) -> None:
    needed = placeholders(ENTRIES[key]["normal"])
    for name in needed:
        params = {other: "x" for other in needed if other != name}
        with pytest.raises(
            InternalError, match=f"Entry '{re.escape(key)}' needs the parameter '{name}'"
        ):
            default_catalogue().render(Summary.of(key, **params), "en", "normal")


def test_a_missing_entry_is_our_own_fault_and_named() -> None:
    with pytest.raises(InternalError, match=r"^The en catalogue has no entry 'tool.unheard_of'\.$"):
        default_catalogue().render(Summary.of("tool.unheard_of"), "en", "normal")


def small(**languages: dict[str, dict[str, str]]) -> Catalogue:
    """A catalogue of a few entries, read the way the files are."""
    from aaep_helpers.catalogue.catalogue import _entries

    return Catalogue(
        languages={tag.replace("_", "-"): _entries(table) for tag, table in languages.items()}
    )


WORDS = small(
    en={
        "failed": {
            "normal": "It failed. {why}",
            "terse": "Failed: {why}",
            "detailed": "{why} Sorry.",
        },
        "late": {"normal": "It came too late.", "terse": "Late."},
        "plain": {"normal": "It just did."},
        "named": {"normal": "{name} is here."},
        "quoted": {"normal": '"{name}" is here.'},
        "two": {"normal": "One {gap} two."},
    }
)


@pytest.mark.parametrize(
    ("verbosity", "words"),
    [
        ("normal", "It failed. It came too late."),
        ("terse", "Failed: Late."),
        # The inner one has no detailed words, so its normal ones are said.
        ("detailed", "It came too late. Sorry."),
    ],
)
def test_a_summary_in_a_summary_is_said_in_place(verbosity: Verbosity, words: str) -> None:
    summary = Summary.of("failed", why=Summary.of("late"))
    assert WORDS.render(summary, "en", verbosity) == words


def test_summaries_nest_as_deep_as_one_likes() -> None:
    summary = Summary.of("late")
    for _ in range(5):
        summary = Summary.of("failed", why=summary)
    assert WORDS.render(summary, "en", "normal") == "It failed. " * 5 + "It came too late."


def test_words_by_hand_may_stand_inside_of_an_entry() -> None:
    by_hand = Summary.words("My own words.", terse="Mine.")
    summary = Summary.of("failed", why=by_hand)
    assert WORDS.render(summary, "en", "normal") == "It failed. My own words."
    assert WORDS.render(summary, "en", "terse") == "Failed: Mine."
    assert WORDS.render(summary, "en", "detailed") == "My own words. Sorry."


def test_words_by_hand_are_the_same_in_every_language_and_not_filled_in() -> None:
    summary = Summary.words("{name} costs 5 {}", detailed="At {length!r}")
    for language in ("en", "xx"):
        assert WORDS.render(summary, language, "normal") == "{name} costs 5 {}"
        assert WORDS.render(summary, language, "detailed") == "At {length!r}"
        assert WORDS.render(summary, language, "terse") is None


def test_a_missing_parameter_of_an_inner_summary_is_found_too() -> None:
    with pytest.raises(InternalError, match="Entry 'named' needs the parameter 'name'"):
        WORDS.render(Summary.of("failed", why=Summary.of("named")), "en", "normal")


@pytest.mark.parametrize(
    ("key", "name", "words"),
    [
        ("named", "the calendar", "The calendar is here."),
        ("named", "école", "École is here."),
        ("named", "42", "42 is here."),
        ("named", "Ada", "Ada is here."),
        ("quoted", "the calendar", '"the calendar" is here.'),
        ("named", "{x}", "{x} is here."),
        ("two", "", "One two."),
        ("two", "and", "One and two."),
    ],
)
def test_only_a_parameter_that_begins_the_sentence_is_capitalised(
    key: str, name: str, words: str
) -> None:
    params = {"gap" if key == "two" else "name": name}
    assert WORDS.render(Summary.of(key, **params), "en", "normal") == words


def test_a_parameter_is_never_a_template() -> None:
    hostile = "{why.__class__} {0} %s"
    assert (
        WORDS.render(Summary.of("failed", why=hostile), "en", "normal") == f"It failed. {hostile}"
    )


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("en", "en"),
        ("en-GB", "en"),
        ("EN-us", "en"),
        ("pt-BR", "pt-BR"),
        ("PT-br", "pt-BR"),
        ("pt-br-x-one", "pt-BR"),
        ("pt", "en"),
        ("pt-PT", "en"),
        ("zh-Hant-TW", "zh"),
        ("xx", "en"),
        ("english", "en"),
        ("", "en"),
        ("-", "en"),
        ("en_US", "en"),
    ],
)
def test_sub_7_the_best_language_there_is(asked: str, answered: str) -> None:
    one = {"plain": {"normal": "x."}}
    assert small(en=one, pt_BR=one, zh=one).language_for(asked) == answered


@settings(deadline=None)
@given(st.text(max_size=20))
def test_sub_7_whatever_is_asked_for_some_language_is_found(asked: str) -> None:
    assert default_catalogue().language_for(asked) in default_catalogue().languages


def test_the_catalogue_that_ships_is_read_once() -> None:
    assert default_catalogue() is default_catalogue()
    assert "en" in default_catalogue().languages


def test_no_two_entries_of_a_room_say_the_same_in_normal_words() -> None:
    same: dict[str, list[str]] = defaultdict(list)
    for key, templates in ENTRIES.items():
        if len(templates) == 1:
            room = key.partition(".")[0]
            same[f"{room}: {templates['normal']}"].append(key)
    assert [keys for keys in same.values() if len(keys) > 1] == []
